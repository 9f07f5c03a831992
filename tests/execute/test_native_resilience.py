"""Native programs where something around them is unusual: deep graphs, forks, failures of the compiler itself."""

import inspect
import os
import sys
import threading
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DivergedError, UsageError
from chainrule.execute import choice
from chainrule.execute.native import NativeProgram
from chainrule.execute.reference import Program
from chainrule.train import Model


def test_a_long_chain_of_cheap_operations_needs_no_deep_stack():
    x = cr.input_tensor("x", (5,))
    y = x
    for _ in range(300):
        y = cr.tanh(y * 1.01)
    values = {x: np.linspace(-1, 1, 5, dtype=np.float32)}
    assert np.allclose(NativeProgram([y]).run(values)[0], Program([y]).run(values)[0], atol=1e-6)


@pytest.mark.usefixtures("compiled_quickly")
def test_a_deep_network_trains():
    """With a stack of a third of Python's, where 32 layers stand for a hundred."""
    layers = [cr.nn.Dense(4, "tanh") for _ in range(32)]
    model = Model(cr.nn.Sequential([*layers, cr.nn.Dense(3)]), input_shape=(4,))
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 300)
    try:
        history = model.fit(np.ones((20, 4)), np.arange(20) % 3, batch_size=16, executor="native", verbose=0)
    finally:
        sys.setrecursionlimit(usual)
    assert np.isfinite(history.history["loss"]).all()


def test_a_child_can_run_what_another_thread_of_its_parent_was_running():
    x = cr.input_tensor("x", (400, 400))
    program = NativeProgram([cr.matmul(cr.tanh(x), cr.tanh(x))])
    values = {x: np.ones((400, 400), np.float32)}
    running = threading.Event()
    ended = threading.Event()

    def repeat():
        while not ended.is_set():
            program.run(values)
            running.set()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        assert running.wait(60)
        for _ in range(5):
            child = os.fork()
            if child == 0:
                program.run(values)
                os._exit(0)
            deadline = time.monotonic() + 30
            while (found := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            if found[0] == 0:
                os.kill(child, 9)
                os.waitpid(child, 0)
            assert found == (child, 0)
    finally:
        ended.set()
        thread.join()


def test_a_failure_of_the_compiler_is_said_and_the_reference_takes_over(monkeypatch, capsys):
    def fail(*_, **__):
        raise AssertionError("this cannot be")

    monkeypatch.setattr(choice, "NativeProgram", fail)
    x = cr.input_tensor("x", (2,))
    made = choice.program([x * 2])
    assert made.run({x: [1.0, 2.0]})[0].tolist() == [2.0, 4.0]
    assert "AssertionError: this cannot be" in capsys.readouterr().err
    with pytest.raises(AssertionError):
        choice.program([x * 2], "native")


def test_a_mistake_in_the_environment_is_the_user_s_and_no_failure_of_the_compiler(monkeypatch):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "two")
    x = cr.input_tensor("x", (2,))
    with pytest.raises(UsageError, match="'two'"):
        choice.program([x * 2])


def test_a_tensor_that_was_looked_at_is_an_input_like_any_other():
    t = cr.tensor([1.0, 2.0]) * 2
    t.numpy()
    x = cr.input_tensor("x", (2,))
    assert NativeProgram([x * t]).run({x: [3.0, 5.0]})[0].tolist() == [6.0, 20.0]


@pytest.mark.parametrize("executor", ["native", "reference"])
@pytest.mark.parametrize("good_steps", [1, 2, 3, 6])
def test_the_parameters_after_a_divergence_are_those_whose_loss_was_last_finite(executor, good_steps):
    """The sample that breaks the loss comes after so many good steps; what the last of them made is given up."""
    x = np.ones((8, 1), np.float32)
    x[good_steps] = 1e38
    model = Model(cr.nn.Dense(1, kernel_initializer="ones"), input_shape=(1,))
    rule = cr.optim.SGD(0.01)
    with pytest.raises(DivergedError):
        model.fit(
            x, np.zeros(8), loss="mean_squared_error", optimizer=rule, batch_size=1, shuffle=False, epochs=1,
            executor=executor, verbose=0,
        )  # fmt: skip
    expected = Model(cr.nn.Dense(1, kernel_initializer="ones"), input_shape=(1,))
    if good_steps > 1:
        kept = slice(0, good_steps - 1)
        expected.fit(
            x[kept], np.zeros(8)[kept], loss="mean_squared_error", optimizer=rule, batch_size=1, shuffle=False,
            executor=executor, verbose=0,
        )  # fmt: skip
    assert model.training_state.step == good_steps - 1
    for name, value in expected.parameters.items():
        assert np.array_equal(model.parameters[name], value)


def test_random_numbers_are_not_repeated_for_every_point_of_a_tile():
    """Dropout behind a dense layer once took 18 seconds to compile: its random numbers stood in the layer's tile."""
    x = cr.input_tensor("x", (cr.batch, 784))
    w, seed = cr.input_tensor("w", (784, 64)), cr.input_tensor("seed", (), np.int64)
    program = NativeProgram([cr.inverted_dropout(cr.relu(cr.matmul(x, w)), 0.3, seed)])
    assert max(len(kernel.code) for kernel in program.compiled.kernels) < 40_000


def test_a_random_number_of_a_sample_is_drawn_once_not_for_each_of_its_pixels():
    """It was once computed in the innermost loop: flips of images took a hundred times as long as copying them."""
    x, seed = cr.input_tensor("x", (cr.batch, 28, 28)), cr.input_tensor("seed", (), np.int64)
    program = NativeProgram([cr.where(cr.bernoulli((cr.batch, 1, 1), 0.5, seed), x, 0.0)])
    (code,) = [k.code for k in program.compiled.kernels if "multiply_high" in k.code]
    outside, _, inside = code.rpartition("for (")
    assert "multiply_high" in outside
    assert "multiply_high" not in inside
