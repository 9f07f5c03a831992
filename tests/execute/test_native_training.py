"""Many training steps as native code: the reference's numbers, the same bits for any threads, every instruction set."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from chainrule.autodiff.arguments import leaves
from chainrule.compiler.target import Target, available
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.nn import L2, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Sequential, trace
from chainrule.optim import Adam, Nesterov
from chainrule.train.metrics import objective
from chainrule.train.samples import Samples
from chainrule.train.step import TrainingStep
from chainrule.train.stepper import Kept, NativeStepper, ReferenceStepper, Series, Stepper
from tests.counts import full, scaled
from tests.execute.agreement import difference, quick_target
from tests.execute.random_models import random_model

SAMPLES = 120
SIZES = (1, 15, 16, 17, 33)


def architecture() -> Sequential:
    """Everything that a step may have: windows, maxima, statistics of a batch, randomness, penalties."""
    return Sequential([
        Conv2D(5, 3, activation="relu", kernel_penalty=L2(1e-3)), MaxPool2D(2), BatchNormalization(momentum=0.9),
        Conv2D(3, 2, padding="same", activation="tanh"), Flatten(), Dropout(0.3), Dense(17, "softplus"), Dropout(0.5),
        Dense(4),
    ])  # fmt: skip


@cache
def training(dtype: str = "float32", optimizer: str = "adam") -> tuple[TrainingStep, Samples]:
    """A step and its data: images of bytes, labels of 32 bits, weights some of which are 0."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (SAMPLES, 7, 9, 2)).astype(np.uint8)
    labels = random.integers(0, 4, SAMPLES).astype(np.int32)
    weight = random.integers(0, 5, SAMPLES).astype(np.float32) / 2  # whose sums are exact in float32
    samples = Samples((images,), (labels,), weight)
    rule = Adam(0.01) if optimizer == "adam" else Nesterov(0.01)
    network = trace(lambda x, scope: architecture()(x / 128.0 - 1.0, scope), [(7, 9, 2)], dtype=dtype)
    return TrainingStep(network, objective("cross_entropy", ["accuracy"]), rule, samples), samples


def start(step: TrainingStep, samples: Samples, stepper: Stepper) -> Stepper:
    network = step.network
    stepper.write(Kept(network.initial_parameters(1), step.initial_slots(), network.initial_states()))
    return stepper


def native(step: TrainingStep, samples: Samples, target: Target | None = None) -> Stepper:
    program = NativeProgram(leaves(step.outputs), step.carried, step.sum_numbers[0], target or quick_target())
    return start(step, samples, NativeStepper(step, samples, program))


def reference(step: TrainingStep, samples: Samples) -> Stepper:
    return start(step, samples, ReferenceStepper(step, samples))


def series(step: TrainingStep, size: int, count: int, first: int = 0) -> Series:
    """Steps on shuffled batches; the learning rate falls from step to step."""
    scalars = {**step.network.scalar_values(), **step.optimizer.scalars()}
    random = np.random.default_rng([size, first])
    places = [random.permutation(SAMPLES)[:size].astype(np.int64) for _ in range(count)]
    turned = [{**scalars, "learning_rate": scalars["learning_rate"] / (1 + 0.1 * k)} for k in range(count)]
    return Series(places, turned, seed=5, step=first, update=first + 1)


def arrays(kept: Kept) -> list[np.ndarray]:
    slots = [x for own in kept.slots.values() for x in own.values()]
    return [*kept.parameters.values(), *slots, *kept.states.values()]


def bits(stepper: Stepper, losses: Sequence[object] = ()) -> list[bytes]:
    return [*(x.tobytes() for x in arrays(stepper.read())), *(np.asarray(x).tobytes() for x in losses)]


def run(stepper: Stepper, step: TrainingStep, sizes: Sequence[int], count: int) -> list[float]:
    """Steps on batches of each size in turn."""
    found = []
    for k, size in enumerate(sizes):
        done = stepper.run(series(step, size, count, first=k * count))
        assert len(done) == count
        found += [sums.loss for sums in done]
    return found


@pytest.mark.parametrize("optimizer", ["adam", "nesterov"] if full() else ["adam"])
def test_two_hundred_steps_are_the_references(optimizer):
    """In float64, with dropout on: losses, parameters, slots and running means to 1e-8."""
    step, samples = training("float64", optimizer)
    ours, theirs = native(step, samples), reference(step, samples)
    count = 200 // len(SIZES)
    np.testing.assert_allclose(run(ours, step, SIZES, count), run(theirs, step, SIZES, count), rtol=1e-8, atol=1e-8)
    for actual, wanted in zip(arrays(ours.read()), arrays(theirs.read()), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-8, atol=1e-8, strict=True)


def with_threads(monkeypatch, dtype: str) -> tuple[TrainingStep, NativeStepper]:
    """A stepper with memory for 7 threads, which may then run with fewer."""
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "7")
    step, samples = training(dtype)
    stepper = native(step, samples)
    assert isinstance(stepper, NativeStepper)
    return step, stepper


@pytest.mark.parametrize("dtype", ["float32", "float64"] if full() else ["float32"])
def test_the_bits_do_not_depend_on_threads(monkeypatch, dtype):
    step, stepper = with_threads(monkeypatch, dtype)
    before = stepper.memory()
    for size in (1, 16, 33, 113):
        found = []
        for threads in (1, 2, 3, 4, 7):
            stepper._program._threads = threads
            stepper.restore(before)
            found.append(bits(stepper, run(stepper, step, [size], 3)))
        assert all(other == found[0] for other in found[1:]), size


def test_the_bits_do_not_depend_on_timing(monkeypatch):
    step, stepper = with_threads(monkeypatch, "float32")
    before = stepper.memory()
    found = set()
    for k in range(scaled(100)):
        stepper._program._threads = 2 + k % 3
        stepper.restore(before)
        found.add(tuple(bits(stepper, run(stepper, step, [113, 33], 4))))
    assert len(found) == 1


def test_steps_in_one_call_are_steps_one_by_one():
    step, samples = training()
    together, alone = native(step, samples), native(step, samples)
    whole = series(step, 17, 12)
    losses = [sums.loss for sums in together.run(whole)]
    for k in range(12):
        one = Series(whole.places[k : k + 1], whole.scalars[k : k + 1], whole.seed, whole.step + k, whole.update + k)
        assert alone.run(one)[0].loss == losses[k]
    assert bits(together) == bits(alone)


def test_programs_at_once_in_two_threads():
    """Each of them as if it were alone, whoever gets the team of threads."""
    steps = [training("float32", "adam"), training("float32", "nesterov")]
    serial = []
    for step, samples in steps:
        stepper = native(step, samples)
        serial.append(bits(stepper, run(stepper, step, SIZES, 20)))
    steppers = [native(step, samples) for step, samples in steps]
    found: dict[int, list[bytes]] = {}

    def work(k: int) -> None:
        found[k] = bits(steppers[k], run(steppers[k], steps[k][0], SIZES, 20))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[0], found[1]] == serial


def test_one_program_from_two_threads():
    """Runs of one program wait for each other; each gets the values of its own inputs."""
    model = random_model(3)
    outputs = model.outputs(model.step, inside=True)
    program = NativeProgram(outputs, target=quick_target())
    bindings = [model.bindings(model.step, model.samples(size)) for size in (5, 40)]
    wanted = [[x.tobytes() for x in program.run(bound)] for bound in bindings]
    wrong: list[int] = []

    def work(k: int) -> None:
        runs = ([x.tobytes() for x in program.run(bindings[k])] for _ in range(30))
        wrong.extend(k for found in runs if found != wanted[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_loss_that_is_not_finite_changes_nothing(monkeypatch, threads):
    """Steps end before it; parameters, slots and running means are those of the step before, in both executors."""
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", str(threads))
    random = np.random.default_rng(0)
    x, y = random.standard_normal((64, 6)).astype(np.float32), random.integers(0, 3, 64)
    x[50, 2] = np.inf
    samples = Samples((x,), (y,))
    layers = Sequential([Dense(9, "relu"), BatchNormalization(), Dense(3)])
    step = TrainingStep(trace(layers, [(6,)]), objective("cross_entropy", ()), Adam(0.01), samples)
    scalars = {**step.network.scalar_values(), **step.optimizer.scalars()}
    places = [np.arange(16 * k, 16 * k + 16) for k in range(4)]  # the last has the infinity
    steps = Series([*places, places[0]], [scalars] * 5, 0, 0, 1)
    ours, theirs, before = native(step, samples), reference(step, samples), native(step, samples)
    before.run(steps.first(3))
    losses: list[float] = []
    # in a thread of its own: threads that do not agree that the loss is not finite wait for each other for ever
    thread = threading.Thread(target=lambda: losses.extend(sums.loss for sums in ours.run(steps)), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert len(losses) == len(theirs.run(steps)) == 4
    assert [bool(np.isfinite(loss)) for loss in losses] == [True, True, True, False]
    assert bits(ours) == bits(before)


@pytest.mark.parametrize("name", [target.name for target in available()[:: 1 if full() else -2]])
def test_every_instruction_set_keeps_the_bound(name):
    """Lanes, registers and the order of sums differ; what is computed does not."""
    target = quick_target(next(t for t in available() if t.name == name), "-O2" if full() else "-O0")
    for seed in range(1000, 1000 + scaled(30, one_in=15)):
        model = random_model(seed)
        outputs = model.outputs(model.step, inside=bool(seed % 2))
        program = NativeProgram(outputs, target=target)
        for size in (1 + seed % 9, 16 + seed % 23):
            samples = model.samples(size)
            exact = model.exact(samples, inside=bool(seed % 2))
            bindings = model.bindings(model.step, samples)
            columns = (outputs, program.run(bindings), Program(outputs).run(bindings), exact.outputs, exact.spread)
            for y, actual, wanted, true, spread in zip(*columns, strict=True):
                message = difference(actual, wanted, true, spread)
                assert not message or not exact.decided, f"model {seed}, {size} samples, {y.describe()}: {message}"
