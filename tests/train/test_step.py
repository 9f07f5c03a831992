"""The graphs of a step: what they compute, on numbers that can be checked by hand or with NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from chainrule.autodiff.reverse import gradients
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.nn import L2, BatchNormalization, Dense, Dropout, Sequential, trace
from chainrule.ops import cast, mean, one_hot, sum
from chainrule.ops.selection import argmax
from chainrule.optim import SGD, Optimizer, StepResult
from chainrule.train import EvaluationStep, TrainingStep
from chainrule.train.metrics import objective
from chainrule.train.samples import as_samples

X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0], [-2.0, 1.0]])
Y = np.array([1.0, 0.0, 2.0, -1.0])
W = np.array([2.0, 0.0, 1.0, 0.5], np.float32)


def step_of(architecture, optimizer=None, loss="mean_squared_error", metrics=(), y=Y, weight=None):
    network = trace(architecture, [(2,)])
    samples = as_samples(X, y, weight)
    step = TrainingStep(network, objective(loss, metrics), optimizer or SGD(0.1), samples)
    states = network.initial_states()
    scalars = {**network.scalar_values(), **step.optimizer.scalars()}

    def run(parameters=None, **changes):
        given = parameters or network.initial_parameters(0)
        counters = {"seed": 0, "step": 0, "update": 1}
        return given, step.run(
            step.bindings(samples, given, states, step.initial_slots(), {**scalars, **changes}, **counters)
        )

    return step, run


def test_a_step_on_a_neuron_by_hand():
    _, run = step_of(Dense(1), metrics=["mean_absolute_error"], weight=W)
    given, values = run()
    w, b = given["dense/kernel"][:, 0], given["dense/bias"]
    error = X @ w + b - Y
    assert values.sums.loss == pytest.approx((W * error**2).sum() / W.sum(), rel=1e-6)
    assert values.sums.weight == W.sum()
    assert values.sums.metrics["mean_absolute_error"] == pytest.approx(np.abs(error).sum(), rel=1e-6)
    gradient = 2 * (W * error) @ X / W.sum()
    assert values.parameters["dense/kernel"][:, 0] == pytest.approx(w - 0.1 * gradient, rel=1e-5)
    assert values.parameters["dense/bias"] == pytest.approx(b - 0.1 * 2 * (W * error).sum() / W.sum(), rel=1e-5)


def test_weight_decay():
    """θ ← θ − η(∂ℓ/∂θ + 2λθ), with λ an input of the step; the penalty counts once, whatever the weights."""
    _, plain = step_of(Dense(1), weight=W)
    _, run = step_of(Dense(1, kernel_penalty=L2(0.25)), weight=W)
    for factor in (0.25, 3.0):
        given, values = run(**{"dense/kernel_penalty": factor})
        kernel = given["dense/kernel"]
        _, without = plain(given)
        assert values.sums.loss == pytest.approx(without.sums.loss + factor * (kernel**2).sum(), rel=1e-6)
        decayed = without.parameters["dense/kernel"] - 0.1 * 2 * factor * kernel
        assert values.parameters["dense/kernel"] == pytest.approx(decayed, rel=1e-5)


def test_evaluation_has_the_penalties_but_neither_dropout_nor_batch_statistics():
    architecture = Sequential([BatchNormalization(), Dropout(0.5), Dense(1, kernel_penalty=L2(0.25))])
    network, samples = trace(architecture, [(2,)]), as_samples(X, Y)
    parameters = network.initial_parameters(0)
    sums = EvaluationStep(network, objective("mean_squared_error", ()), samples).run(
        samples, parameters, network.initial_states(), network.scalar_values()
    )
    kernel = parameters["dense/kernel"]
    error = (X / np.sqrt(1 + 1e-3)) @ kernel[:, 0] - Y
    assert sums.loss == pytest.approx((error**2).mean() + 0.25 * (kernel**2).sum(), rel=1e-5)


def test_a_penalty_on_what_the_samples_do_is_left_to_training():
    def architecture(x, scope):
        h = dense(x, scope)
        scope.penalty(0.5 * mean(h * h))
        return h

    dense = Dense(1)
    network, samples = trace(architecture, [(2,)]), as_samples(X, Y)
    parameters = network.initial_parameters(0)
    goal = objective("mean_squared_error", ())
    evaluated = EvaluationStep(network, goal, samples).run(samples, parameters, {}, {})
    step = TrainingStep(network, goal, SGD(), samples)
    slots, rate = {n: {} for n in parameters}, {"learning_rate": 0.1}
    trained = step.run(step.bindings(samples, parameters, {}, slots, rate, seed=0, step=0, update=1))
    output = X @ parameters["dense/kernel"] + parameters["dense/bias"]
    assert trained.sums.loss - evaluated.loss == pytest.approx(0.5 * (output**2).mean(), rel=1e-5)


def test_samples_whose_weights_are_all_zero_teach_nothing():
    step, _ = step_of(Dense(1), weight=W)
    samples = as_samples(X, Y, W)
    nothing = samples.batch(np.array([1]))
    parameters = step.network.initial_parameters(0)
    slots, counters = step.initial_slots(), {"seed": 0, "step": 0, "update": 1}
    values = step.run(step.bindings(nothing, parameters, {}, slots, {"learning_rate": 0.1}, **counters))
    assert values.sums.loss == 0
    assert all((values.parameters[name] == value).all() for name, value in parameters.items())


@dataclass(frozen=True)
class LookingAhead(Optimizer):
    """Takes the gradient elsewhere than at the parameters, as an optimizer with a step of its own may."""

    learning_rate: float = 0.1

    def step(self, loss_fn, parameters, slots, scalars):
        eta = cast(scalars["learning_rate"], "float32")
        loss, aux = loss_fn(parameters)

        def moved(by, loss):
            found = dict(zip(parameters, gradients(loss, list(by.values())), strict=True))
            return {name: parameter - eta * found[name] for name, parameter in parameters.items()}

        ahead = moved(parameters, loss)
        there, _ = loss_fn(ahead)
        return StepResult(there, aux, moved(ahead, there), slots)


def test_an_optimizer_may_ask_for_the_loss_anywhere():
    _, run = step_of(Dense(1, use_bias=False), LookingAhead())
    given, values = run()

    def gradient(w):
        return 2 * X.T @ (X @ w - Y) / len(Y)

    w = given["dense/kernel"][:, 0].astype(np.float64)
    ahead = w - 0.1 * gradient(w)
    assert values.sums.loss == pytest.approx(((X @ ahead - Y) ** 2).mean(), rel=1e-5)
    assert values.parameters["dense/kernel"][:, 0] == pytest.approx(w - 0.1 * gradient(ahead), rel=1e-5)


# --------------------------------------------------------------------------------------------- what cannot be trained
LABELS = np.array([0, 1, 1, 0])


def wrong(outputs, targets):
    return cast(argmax(outputs) != targets, "float32")


@pytest.mark.parametrize("penalty", [None, L2(0.1)])
def test_a_loss_that_is_not_differentiable_is_refused_by_the_name_of_the_node(penalty):
    """A penalty alone does not make it one that the samples can teach."""
    with pytest.raises(GradientError, match="only through argmax"):
        step_of(Dense(2, kernel_penalty=penalty), loss=wrong, y=LABELS)
    with pytest.raises(GradientError, match="only through greater"):
        step_of(Dense(2, "step", kernel_penalty=penalty), y=np.eye(2)[LABELS])


def test_a_loss_that_no_parameter_influences_is_refused():
    with pytest.raises(GradientError, match=r"no parameter influences the loss.*'y'"):
        step_of(Dense(2), loss=lambda outputs, targets: sum(one_hot(targets, 2), -1), y=LABELS)
    with pytest.raises(GradientError, match=r"no parameter influences the loss.*'x'"):
        step_of(lambda x, scope: (dense(x, scope), x)[1], y=X)


dense = Dense(2)


def test_a_network_without_parameters_is_refused():
    with pytest.raises(UsageError, match="no parameters"):
        step_of(lambda x, scope: x, y=X)


def test_a_loss_and_a_metric_give_one_number_per_sample():
    with pytest.raises(ShapeError, match=r"loss gives shape \(\), but must give one number for each sample"):
        step_of(Dense(2), loss=lambda outputs, targets: mean(outputs), y=LABELS)

    def errors(outputs, targets):
        return outputs - targets

    with pytest.raises(ShapeError, match=r"errors gives shape \(batch, 2\)"):
        step_of(Dense(2), metrics=[errors], y=X)


def test_targets_that_do_not_fit_the_outputs():
    with pytest.raises(ShapeError, match=r"MeanSquaredError: the outputs have shape \(batch, 2\)"):
        step_of(Dense(2), y=Y)
