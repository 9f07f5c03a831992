"""What penalties take of each weight, by their formulas, and what is left of weights (R3)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import inspect, nn
from chainrule.errors import UsageError
from chainrule.optim import SGD, MaxNorm
from chainrule.train.model import Model

X = np.random.default_rng(0).standard_normal((12, 5)).astype(np.float32)
Y = np.arange(12) % 3


def model(penalty: nn.Penalty | None = None) -> Model:
    return Model(nn.Dense(3, kernel_penalty=penalty, name="dense"), (5,), seed=2)


def pull(penalty: nn.Penalty | None = None, **options) -> inspect.WeightPull:
    return inspect.weight_pull(model(penalty), X, Y, "dense/kernel", executor="reference", **options)


def test_the_pull_of_each_penalty_is_its_formula():
    """θ ← θ - η(∂ℓ/∂θ + 2λθ) for L2, λ sign θ for L1, both for both; nothing without."""
    weights = np.asarray(model().parameters["dense/kernel"], np.float64)
    for penalty, expected in (
        (None, 0 * weights),
        (nn.L2(0.03), -0.2 * 2 * 0.03 * weights),
        (nn.L1(0.02), -0.2 * 0.02 * np.sign(weights)),
        (nn.L1L2(0.02, 0.03), -0.2 * (0.02 * np.sign(weights) + 2 * 0.03 * weights)),
    ):
        record = pull(penalty, learning_rate=0.2)
        np.testing.assert_allclose(record.by_penalty, expected, atol=2e-7)
        np.testing.assert_array_equal(record.weights, weights)
    assert pull(nn.L2(0.03), learning_rate=0.2).slope == pytest.approx(2 * 0.2 * 0.03, rel=1e-4)


def test_the_pull_of_a_bound_is_towards_zero_and_per_unit():
    record = pull(bound=lambda optimizer: MaxNorm(optimizer, 0.5))
    moved = record.weights + record.by_loss
    lengths = np.sqrt(np.square(moved).sum(0))
    np.testing.assert_allclose(moved + record.by_penalty, moved * np.minimum(0.5 / lengths, 1), atol=1e-6)


def test_the_model_stays_as_it_is():
    own = model(nn.L2(0.1))
    before = dict(own.parameters)
    inspect.weight_pull(own, X, Y, "dense/kernel", executor="reference")
    assert all(own.parameters[name] is value for name, value in before.items())
    assert own.training_state is None


def test_l1_leaves_few_weights_l2_small_ones_and_a_bound_short_ones():
    """Two of five inputs tell the class; the other three are noise."""
    random = np.random.default_rng(1)
    x = random.standard_normal((200, 6)).astype(np.float32)
    y = (x[:, 0] - x[:, 1] > 0).astype(np.int64)
    models = {}
    for name, penalty in (("none", None), ("L1", nn.L1(0.03)), ("L2", nn.L2(0.03)), ("bound", None)):
        models[name] = Model(nn.Dense(2, kernel_penalty=penalty, name="dense"), (6,))
        rule = MaxNorm(SGD(0.3), 0.5) if name == "bound" else SGD(0.3)
        models[name].fit(x, y, optimizer=rule, epochs=30, batch_size=200, verbose=0, executor="reference")
        models[name].fit(x, y, optimizer=SGD(0.02) if name != "bound" else rule, epochs=30, batch_size=200, verbose=0,
                         executor="reference")  # fmt: skip
    record = inspect.weight_distributions(models, "dense/kernel")
    small = record.small(0.02)
    assert small["L1"] >= 0.5 > small["L2"]
    assert np.abs(record.weights["L2"]).max() < np.abs(record.weights["none"]).max()
    np.testing.assert_array_less(record.lengths["bound"], 0.5 + 1e-5)
    assert (record.lengths["none"] > 0.5).any()
    axes = inspect.plot_weight_distributions(record).figure.axes
    assert sum(patch.get_height() for patch in axes[0].patches) == 12
    np.testing.assert_allclose(axes[4].lines[0].get_ydata(), np.sort(record.lengths["none"]))


def test_the_picture_of_pulls_has_a_point_for_each_weight():
    (axes,) = inspect.plot_weight_pulls({"L2": pull(nn.L2(0.1))}).figure.axes
    np.testing.assert_allclose(axes.lines[-1].get_xdata(), pull(nn.L2(0.1)).weights.ravel())


def test_refusals():
    with pytest.raises(UsageError, match=r"has no parameter 'kernel'\. Its parameters: dense/kernel, dense/bias"):
        inspect.weight_pull(model(), X, Y, "kernel")
    with pytest.raises(UsageError, match="b has no parameter"):
        inspect.weight_distributions({"a": model(), "b": Model(nn.Dense(2, name="other"), (5,))}, "dense/kernel")
    with pytest.raises(UsageError, match="give a dict of models"):
        inspect.weight_distributions([model()], "dense/kernel")
