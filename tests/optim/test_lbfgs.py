"""L-BFGS: its direction against the matrix that it stands for, its minima against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from chainrule.errors import UsageError
from chainrule.execute import evaluate
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn import L2, Dense, Sequential
from chainrule.ops.contraction import matmul, mean, sum
from chainrule.ops.elementwise import square, stop_gradient, where
from chainrule.ops.exponential import exp, log
from chainrule.optim import LBFGS
from chainrule.optim.lbfgs import _direction
from chainrule.train import Model
from tests.optim.sequence import sequence, sequences
from tests.train.problems import clusters


def rosenbrock(x: Tensor) -> Tensor:
    return 100.0 * square(x[1] - square(x[0])) + square(1.0 - x[0])


@pytest.mark.parametrize(("history", "steps"), [(10, 45), (1, 75)])
def test_rosenbrock(history, steps):
    """From the customary start. (SciPy's L-BFGS-B takes 36 steps with a history of 10.)"""
    found = sequence(LBFGS(history=history), rosenbrock, np.array([-1.2, 1.0]), steps)
    np.testing.assert_allclose(found[-1]["theta"], [1.0, 1.0], rtol=1e-9)
    losses = [100 * (y - x**2) ** 2 + (1 - x) ** 2 for x, y in (values["theta"] for values in found)]
    assert (np.diff(losses) <= 0).all()


def test_the_direction_is_that_of_the_bfgs_matrix():
    """H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, from the oldest pair to the newest, beginning with γ I."""
    random = np.random.default_rng(0)
    curvature = np.diag([1.0, 4.0, 0.5, 2.0])
    steps = random.standard_normal((3, 4))
    pairs = [(s, curvature @ s) for s in steps]  # the newest first
    s, y = pairs[0]
    h = np.eye(4) * (s @ y) / (y @ y)
    for s, y in reversed(pairs):
        rho, one = 1 / (y @ s), np.eye(4)
        h = (one - rho * np.outer(s, y)) @ h @ (one - rho * np.outer(y, s)) + rho * np.outer(s, s)
    gradient = random.standard_normal(4)

    def vector(values: Array) -> dict[str, Tensor]:
        return {"a": tensor(values[:1]), "b": tensor(values[1:])}

    zeros = np.zeros(4)  # a history that is not full yet
    found = _direction(vector(gradient), [*((vector(s), vector(y)) for s, y in pairs), (vector(zeros), vector(zeros))])
    np.testing.assert_allclose(np.concatenate(evaluate(list(found.values()))), -h @ gradient, rtol=1e-12)


X = np.random.default_rng(3).standard_normal((60, 4))
SIGNS = np.where(X @ [1.0, -2.0, 0.5, 0.0] + np.random.default_rng(4).standard_normal(60) > 0, 1.0, -1.0)


def logistic(parameters: dict[str, Tensor]) -> Tensor:
    margin = SIGNS * (matmul(X, parameters["w"]) + parameters["b"])
    return mean(log(1.0 + exp(-margin))) + 0.01 * sum(square(parameters["w"]))


def test_logistic_regression():
    def loss(theta: Array) -> float:
        return float(np.mean(np.log1p(np.exp(-SIGNS * (X @ theta[:4] + theta[4])))) + 0.01 * theta[:4] @ theta[:4])

    best = optimize.minimize(loss, np.zeros(5), method="BFGS", tol=1e-10)
    history = sequences(LBFGS(history=5), logistic, {"w": np.zeros(4), "b": np.zeros(())}, 25)
    _, found, _ = history[-1]
    assert history[-1][0] == pytest.approx(best.fun, rel=1e-12)
    np.testing.assert_allclose([*found["w"], found["b"]], best.x, rtol=1e-5, atol=1e-6)


def test_the_first_step_follows_the_gradient_at_most_as_far_as_the_rate():
    for start, step in ((np.array([30.0, 40.0]), 1.0), (np.array([0.3, 0.4]), 0.5)):
        found = sequence(LBFGS(), lambda theta: 0.5 * sum(square(theta)), start, 1)[0]["theta"]
        np.testing.assert_allclose(found, start * (1 - step / np.linalg.norm(start)), atol=1e-14)


def test_the_line_search_shortens_steps_by_parabolas():
    """From 1 along d = −1 with η = 4 to −3; a parabola through θ² there is θ² itself, whose minimum is at a = 1."""
    for eta, minimum in ((4.0, 0.0), (15.0, -0.5)):  # but a is a tenth of 15 at least
        found = sequence(LBFGS(eta), lambda theta: sum(square(theta)), np.array([1.0]), 1)[0]["theta"]
        np.testing.assert_allclose(found, [minimum], atol=1e-14)


def test_a_loss_that_is_not_finite_is_too_far():
    """−log has no value below 0: from 3 the first trials of length 50 lead there."""
    history = sequence(LBFGS(50.0), lambda theta: sum(theta - log(theta)), np.array([3.0]), 12)
    np.testing.assert_allclose(history[-1]["theta"], [1.0], rtol=1e-6)


def test_where_no_trial_lowers_the_loss_the_history_is_forgotten():
    """A gradient of the wrong sign: the parameters stay, and the loss with them."""

    def wrong(theta: Tensor) -> Tensor:
        honest = sum(square(theta))
        return 2.0 * stop_gradient(honest) - honest

    for found in sequence(LBFGS(trials=3), wrong, np.array([1.0, 2.0]), 3):
        np.testing.assert_array_equal(found["theta"], [1.0, 2.0])
        assert not any(found[f"{kind}_{k}"].any() for kind in "sy" for k in range(10))


def test_at_the_minimum_it_stays():
    for found in sequence(LBFGS(), lambda theta: sum(square(theta)), np.zeros(2), 3, "float32"):
        np.testing.assert_array_equal(found["theta"], np.zeros(2))


def test_pairs_of_negative_curvature_are_left_out():
    """Near the top of a hill gradients grow along the way down."""
    found = sequence(LBFGS(), lambda t: sum(where(t < 1.0, -square(t), t * t - 4.0 * t + 2.0)), np.array([0.1]), 20)
    assert not found[1]["s_0"].any()
    np.testing.assert_allclose(found[-1]["theta"], [2.0], rtol=1e-6)


def test_fit_with_all_samples():
    """Softmax regression with weight decay, in float32: as low as SciPy gets with the same loss."""
    x, y = clusters(60)
    model = Model(Sequential([Dense(3, kernel_penalty=L2(0.01))]))
    model.fit(x, y, optimizer=LBFGS(history=5, trials=3), epochs=40, verbose=0, executor="reference")

    def loss(theta: Array) -> float:
        kernel, bias = theta[:15].reshape(5, 3), theta[15:]
        logits = x @ kernel + bias
        top = logits.max(1)
        per_sample = top + np.log(np.exp(logits - top[:, None]).sum(1)) - logits[np.arange(60), y]
        return float(per_sample.mean() + 0.01 * (kernel**2).sum())

    best = optimize.minimize(loss, np.zeros(18), method="BFGS")
    found = np.concatenate([model.parameters[f"dense/{name}"].ravel() for name in ("kernel", "bias")])
    assert loss(found.astype(np.float64)) == pytest.approx(best.fun, rel=1e-6)
    np.testing.assert_allclose(model.parameters["dense/kernel"], best.x[:15].reshape(5, 3), atol=2e-3)


def test_smaller_batches_are_refused():
    x, y = clusters(60)
    model = Model(Sequential([Dense(3)]))
    with pytest.raises(UsageError, match="LBFGS needs all 60 samples in each step, but batch_size is 32"):
        model.fit(x, y, optimizer=LBFGS(), batch_size=32, verbose=0)


@pytest.mark.parametrize("wrong", [{"history": 0}, {"trials": 2.5}, {"learning_rate": 0.0}])
def test_senseless_numbers_are_refused(wrong):
    with pytest.raises(UsageError, match=f"LBFGS.*{next(iter(wrong))} must be"):
        LBFGS(**wrong)
