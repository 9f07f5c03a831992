"""Adam against algorithm 1 of Kingma and Ba 2015, written out in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import square
from chainrule.optim import Adam
from tests.optim.sequence import sequence

START = np.array([1.0, -2.0, 3.0, 1e-3, -1e3])


def loss(theta: Tensor) -> Tensor:
    return 0.5 * sum(square(theta))


def test_the_published_equations():
    theta, m, v = START, np.zeros(5), np.zeros(5)
    for t, found in enumerate(sequence(Adam(0.01), loss, START, 30), start=1):
        g = theta
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta = theta - 0.01 * m_hat / (np.sqrt(v_hat) + 1e-8)
        np.testing.assert_allclose(found["theta"], theta, rtol=1e-12)
        np.testing.assert_allclose(found["m"], m, rtol=1e-12)
        np.testing.assert_allclose(found["v"], v, rtol=1e-12)


def test_the_first_two_steps_by_hand():
    """θ = 1, g = θ: m̂ = 1, v̂ = 1, θ₁ = 1 − η / (1 + ε); then g = θ₁."""
    eta, epsilon = 0.1, 1e-8
    first, second = (s["theta"].item() for s in sequence(Adam(eta), loss, np.array(1.0), 2))
    theta = 1 - eta / (1 + epsilon)
    assert first == pytest.approx(theta, rel=1e-15)
    m_hat = (0.9 * 0.1 + 0.1 * theta) / (1 - 0.81)
    v_hat = (0.999 * 0.001 + 0.001 * theta**2) / (1 - 0.998001)
    assert second == pytest.approx(theta - eta * m_hat / (math.sqrt(v_hat) + epsilon), rel=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_first_step_is_the_rate_whatever_the_size_of_the_gradient(dtype):
    (found,) = sequence(Adam(0.01), loss, START, 1, dtype)
    expected = START - 0.01 * np.sign(START) / (1 + 1e-8 / np.abs(START))
    np.testing.assert_allclose(found["theta"], expected, rtol=1e-6 if dtype == "float32" else 1e-13)


def test_without_the_correction_the_first_estimates_are_too_small():
    (found,) = sequence(Adam(), loss, START, 1)
    np.testing.assert_allclose(found["m"], 0.1 * START, rtol=1e-13)
    np.testing.assert_allclose(found["v"], 0.001 * START**2, rtol=1e-13)


def test_in_float32_the_small_differences_are_those_of_float64():
    """1 − β₂ formed in float32 would be 0.00100004649 in place of 0.001, and 1 − β₂ᵗ as wrong."""
    (found,) = sequence(Adam(), loss, np.ones(1), 1, "float32")
    assert found["v"].item() == np.float32(1 - 0.999)
    assert abs(float(np.float32(1) - np.float32(0.999)) / 0.001 - 1) > 1e-5
    double, single = (sequence(Adam(), loss, START, 20, dtype)[-1]["theta"] for dtype in ("float64", "float32"))
    np.testing.assert_allclose(single, double, rtol=1e-6)


def test_a_gradient_of_zero_moves_nothing():
    (found,) = sequence(Adam(), loss, np.zeros(3), 1)
    np.testing.assert_array_equal(found["theta"], np.zeros(3))


def test_rare_features_take_larger_steps_for_their_gradient():
    """η/(√v̂ + ε), the effective rate, is larger where gradients were small or seldom (Z2)."""
    (found,) = sequence(Adam(), loss, np.array([0.01, 1.0]), 1)
    rates = 0.001 / (np.sqrt(found["v"] / (1 - 0.999)) + 1e-8)
    assert rates[0] == pytest.approx(100 * rates[1], rel=1e-4)
