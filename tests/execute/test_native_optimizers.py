"""Every optimizer as native code: the reference's arrays after many steps, and a loss that has fallen."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.autodiff.arguments import leaves
from chainrule.execute.native import NativeProgram
from chainrule.nn import L1, L1L2, L2, ActivityPenalty, Dense, Sequential, trace
from chainrule.optim import (
    LBFGS,
    OPTIMIZERS,
    AccumulateGradients,
    Adam,
    ClipByGlobalNorm,
    ClipByNorm,
    ClipByValue,
    ExponentialAverage,
    MaxNorm,
    Momentum,
    Optimizer,
    StochasticWeightAverage,
)
from chainrule.train.metrics import objective
from chainrule.train.samples import Samples
from chainrule.train.step import TrainingStep
from chainrule.train.stepper import Kept, NativeStepper, ReferenceStepper, Series, Stepper
from tests.execute.agreement import quick_target

SAMPLES = 48

# How far the loss falls in 60 steps on mini-batches of 16, or 20 on all samples, at a rate that suits the rule.
CASES: dict[str, tuple[Optimizer, float]] = {
    name: (OPTIMIZERS[name](learning_rate=rate), factor)
    for name, (rate, factor) in {
        "sgd": (0.1, 0.2),
        "momentum": (0.02, 0.2),
        "nesterov": (0.02, 0.2),
        "adam": (0.02, 0.2),
        "adamw": (0.02, 0.2),
        "adamax": (0.03, 0.2),
        "nadam": (0.02, 0.2),
        "amsgrad": (0.02, 0.2),
        "adagrad": (0.1, 0.2),
        "adadelta": (10.0, 0.2),
        "rmsprop": (0.02, 0.2),
        "centered_rmsprop": (0.01, 0.2),
        "lion": (0.03, 0.2),
        "random_perturbation": (0.1, 0.7),
    }.items()
}
CASES |= {
    "clipping": (ClipByValue(ClipByNorm(Momentum(0.03), 0.3), 0.2), 0.2),
    "bounds": (MaxNorm(ClipByGlobalNorm(MaxNorm(Adam(0.02), 1.2), 0.3), 1.0, ("dense/bias",)), 0.3),
    "averages": (StochasticWeightAverage(ExponentialAverage(Momentum(0.02), 0.9), 10, 3), 0.2),
    "lbfgs": (LBFGS(history=2, trials=3), 0.02),
    "accumulation": (AccumulateGradients(ClipByGlobalNorm(ExponentialAverage(Adam(0.05)), 1.0), 4), 0.3),
}


def training(optimizer: Optimizer) -> tuple[TrainingStep, Samples]:
    random = np.random.default_rng(0)
    x = random.standard_normal((SAMPLES, 4))
    samples = Samples((x,), (np.tanh(x @ random.standard_normal((4, 2))),))
    neurons = Dense(2, "tanh", kernel_penalty=L1L2(1e-4, 1e-4), bias_penalty=L1(1e-4))
    network = trace(Sequential([neurons, ActivityPenalty(L2(1e-4))]), [(4,)], dtype="float64")
    return TrainingStep(network, objective("mean_squared_error", ()), optimizer, samples), samples


def run(step: TrainingStep, stepper: Stepper, size: int, count: int) -> list[float]:
    network = step.network
    stepper.write(Kept(network.initial_parameters(1), step.initial_slots(), network.initial_states()))
    random = np.random.default_rng(1)
    places = [random.permutation(SAMPLES)[:size].astype(np.int64) for _ in range(count)]
    scalars = [{**step.network.scalar_values(), **step.optimizer.scalars(k, count)} for k in range(count)]
    return [float(sums.loss) for sums in stepper.run(Series(places, scalars, seed=5, step=0, update=1))]


def arrays(kept: Kept) -> list[np.ndarray]:
    return [*kept.parameters.values(), *(x for own in kept.slots.values() for x in own.values())]


def test_every_named_optimizer_is_here():
    assert not OPTIMIZERS.keys() - CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_many_steps_are_the_references_and_the_loss_falls(name):
    optimizer, factor = CASES[name]
    step, samples = training(optimizer)
    program = NativeProgram(leaves(step.outputs), step.carried, step.sum_numbers[0], quick_target())
    ours, theirs = NativeStepper(step, samples, program), ReferenceStepper(step, samples)
    size, count = (SAMPLES, 20) if optimizer.full_batch else (16, 60)
    losses = run(step, ours, size, count)
    np.testing.assert_allclose(losses, run(step, theirs, size, count), rtol=1e-8, atol=1e-10)
    for actual, wanted in zip(arrays(ours.read()), arrays(theirs.read()), strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-8, atol=1e-10, strict=True)
    assert np.mean(losses[-5:]) < factor * losses[0]
