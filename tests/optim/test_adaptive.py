"""Adaptive rules: their first steps by hand, their equations written in NumPy, and what PyTorch gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import square
from chainrule.optim import (
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    CenteredRMSProp,
    Cosine,
    GradientRule,
    Lion,
    Nadam,
    RMSProp,
)
from tests.optim.sequence import sequence

CURVATURE = np.array([[1.0, 10.0], [0.1, 3.0]])
START = np.array([[1.0, -2.0], [3.0, 0.5]])


def loss(theta: Tensor) -> Tensor:
    return 0.5 * sum(square(theta) * CURVATURE)


# Ten steps of torch.optim 2.13 in float64, with the numbers written here and everything else as it is by default.
PYTORCH = [
    (Adagrad(0.1), [0.5537312003777336, -1.523979447509851, 2.514877214617788, 0.12227451360561888]),
    (Adadelta(1.0, 0.9), [0.9665971863702767, -1.966422746832635, 2.9663666390270333, 0.46694583485599156]),
    (RMSProp(0.01, 0.9), [0.8320524182835518, -1.8292852634687027, 2.8283981306653687, 0.33808429129947565]),
    (CenteredRMSProp(0.01, 0.9), [0.785332906240395, -1.780207760677297, 2.778598313145712, 0.29693489258067857]),
    (AdamW(0.01, weight_decay=0.1), [0.8908794961879619, -1.880740512729226, 2.8707273206378803, 0.3962718496096989]),
    (AMSGrad(0.01, beta_2=0.9), [0.9000163416240744, -1.9000039202229957, 2.900001722175196, 0.4000711452067011]),
    (Adamax(0.01), [0.9021174861939083, -1.9008398190920153, 2.9004108707707967, 0.4046318437828098]),
]


@pytest.mark.parametrize(("rule", "expected"), PYTORCH, ids=lambda value: type(value).__name__)
def test_ten_steps_are_those_of_pytorch(rule: GradientRule, expected: list[float]):
    found = sequence(rule, loss, START, 10)[-1]["theta"]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-13)


def nadam(theta: Array) -> Iterator[Array]:
    m = v = np.zeros_like(theta)
    for t in range(1, 100):
        g = CURVATURE * theta
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        m_hat = 0.9 * m / (1 - 0.9 ** (t + 1)) + 0.1 * g / (1 - 0.9**t)
        theta = theta - 0.01 * m_hat / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
        yield theta


def lion(theta: Array) -> Iterator[Array]:
    m = np.zeros_like(theta)
    while True:
        g = CURVATURE * theta
        c, m = 0.9 * m + 0.1 * g, 0.99 * m + 0.01 * g
        theta = theta - 0.01 * (np.sign(c) + 0.3 * theta)
        yield theta


@pytest.mark.parametrize(
    ("rule", "published"), [(Nadam(0.01, beta_2=0.99), nadam), (Lion(0.01, weight_decay=0.3), lion)]
)
def test_the_published_equations(rule: GradientRule, published: Callable[[Array], Iterator[Array]]):
    for found, theta in zip(sequence(rule, loss, START, 30), published(START), strict=False):
        np.testing.assert_allclose(found["theta"], theta, rtol=1e-11)


# θ = 2, g = θ: what the first step subtracts, by hand.
FIRST = [
    (Adagrad(0.1, epsilon=0.5), 0.1 * 2 / (2 + 0.5)),
    (Adadelta(1.0, 0.75, epsilon=3.0), (3.0 / (1 + 3.0)) ** 0.5 * 2),  # v = g² / 4 = 1
    (RMSProp(0.1, 0.75, epsilon=1.0), 0.1 * 2 / (1 + 1.0)),
    (CenteredRMSProp(0.1, 0.5, epsilon=1.0), 0.1 * 2 / (1 + 1.0)),  # v = 2, m = 1
    (Nadam(0.1, 0.5, epsilon=1e-300), 0.1 * (0.5 / 0.75 + 0.5 / 0.5 * 2) / 2),  # m = 1, m̂ = 0.5 / (1 − 0.25) + g
    (AMSGrad(0.1, epsilon=1e-300), 0.1),
    (Adamax(0.1, epsilon=1e-300), 0.1),
    (Lion(0.1), 0.1),
]


@pytest.mark.parametrize(("rule", "step"), FIRST, ids=lambda value: type(value).__name__)
def test_the_first_step_by_hand(rule: GradientRule, step: float):
    (found,) = sequence(rule, lambda theta: 0.5 * square(theta), np.array(2.0), 1)
    assert found["theta"] == pytest.approx(2 - step, rel=1e-14)


@pytest.mark.parametrize("rule", [AdamW(0.1, weight_decay=0.5), Lion(0.1, weight_decay=0.5)])
def test_kernels_decay_and_vectors_do_not(rule: GradientRule):
    """Under a loss that does not see them, they shrink by 1 − ηλ each step; the moments know nothing of it."""
    for shape, factor in (((2, 1), 0.95), ((2,), 1.0), ((), 1.0)):
        for k, found in enumerate(sequence(rule, lambda theta: sum(0.0 * theta), np.full(shape, 4.0), 3), start=1):
            np.testing.assert_allclose(found["theta"], 4.0 * factor**k, rtol=1e-14)
            assert not found["m"].any()


def test_weight_decay_follows_its_schedule():
    rule = AdamW(0.1, weight_decay=Cosine(0.5))
    assert rule.scalars(2, 4)["weight_decay"] == 0.25
    found = sequence(rule, lambda theta: sum(0.0 * theta), np.full((1, 1), 4.0), 4)[-1]["theta"]
    factors = [1 - 0.1 * Cosine(0.5)(step, 4) for step in range(4)]
    np.testing.assert_allclose(found, 4.0 * np.prod(factors), rtol=1e-14)


def test_without_decay_adamw_is_adam():
    plain, decaying = (sequence(rule, loss, START, 5) for rule in (Adam(0.01), AdamW(0.01, weight_decay=0.0)))
    assert all((a["theta"] == b["theta"]).all() for a, b in zip(plain, decaying, strict=True))


def test_the_rate_of_amsgrad_never_rises():
    """Large gradients, then small ones: Adam's steps grow to η again, these do not."""
    start = np.array([1e3])
    ours = sequence(AMSGrad(100.0, 0.0, 0.5), lambda theta: sum(square(theta)), start, 60)
    adam = sequence(Adam(100.0, 0.0, 0.5), lambda theta: sum(square(theta)), start, 60)
    assert (np.diff([values["largest_v"].item() for values in ours]) >= 0).all()
    steps = [abs(history[-1]["theta"] - history[-2]["theta"]).item() for history in (ours, adam)]
    assert steps == pytest.approx([0.05, 100.0], rel=0.2)


def test_a_gradient_that_stays_the_same_has_no_deviation():
    """Rounding puts its mean square below the square of its mean; the root is then that of 0."""
    history = sequence(CenteredRMSProp(1e-3, 0.5, epsilon=0.1), lambda t: sum(0.3 * t), np.ones(1), 30, "float32")
    assert any((values["v"] - values["m"] ** 2 < 0).any() for values in history)
    assert all(np.isfinite(values["theta"]).all() for values in history)


@pytest.mark.parametrize("rule", [rule for rule, _ in FIRST], ids=lambda rule: type(rule).__name__)
def test_a_gradient_of_zero_moves_nothing(rule: GradientRule):
    for found in sequence(type(rule)(), lambda theta: sum(0.0 * theta), np.ones(3), 2, "float32"):
        np.testing.assert_array_equal(found["theta"], np.ones(3))


@pytest.mark.parametrize("rule", [rule for rule, _ in FIRST], ids=lambda rule: type(rule).__name__)
def test_float32_is_float64_rounded(rule: GradientRule):
    double, single = (sequence(type(rule)(), loss, START, 20, dtype)[-1]["theta"] for dtype in ("float64", "float32"))
    np.testing.assert_allclose(single, double, rtol=1e-6)
