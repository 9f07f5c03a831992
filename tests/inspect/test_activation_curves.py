"""Range, slope and saturation of activations, against what is known of them."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import special

import chainrule as cr
from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import activation_curve, plot_activations
from chainrule.ops.elementwise import maximum

untyped: Any = cr.inspect  # for calls that a type checker refuses too

RANGES = {
    "linear": (-math.inf, math.inf),
    "step": (0, 1),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, math.inf),
    "leaky_relu": (-math.inf, math.inf),
    "elu": (-1, math.inf),
    "softplus": (0, math.inf),
    "silu": (-0.27846454, math.inf),
    "gelu": (-0.16997120, math.inf),
}  # the minima of SiLU and GELU: W(1/e) and the root of Φ(x) + x φ(x), by SciPy


@pytest.mark.parametrize("name", RANGES)
def test_range(name):
    curve = activation_curve(name)
    assert (curve.lowest, curve.highest) == pytest.approx(RANGES[name], abs=1e-4)


def test_slope_is_the_derivative():
    curve = activation_curve("sigmoid", (-3, 3))
    np.testing.assert_allclose(curve.y, special.expit(curve.x))
    np.testing.assert_allclose(curve.slope, curve.y * (1 - curve.y))


def test_saturation():
    """tanh′ = 1 − tanh² is under 1 % beyond artanh √0.99 = 2.993; ReLU left of its kink; ELU on the left."""
    tanh = activation_curve("tanh")
    np.testing.assert_array_equal(tanh.flat, np.abs(tanh.x) > math.atanh(math.sqrt(0.99)))
    relu = activation_curve("relu")
    np.testing.assert_array_equal(relu.flat, relu.x <= 0)
    assert not activation_curve("leaky_relu").flat.any()
    assert activation_curve("step").flat.all()


def test_a_minimum_is_no_saturation():
    silu = activation_curve("silu", (-5, 5))
    assert not silu.flat[np.abs(silu.x - -1.2785) < 0.2].any()


def test_a_function_of_ones_own():
    curve = activation_curve(lambda x: maximum(-x, 2.0 * x), name="maxout of two")
    assert (curve.name, curve.lowest, curve.highest) == ("maxout of two", 0, math.inf)


def test_what_has_no_curve_is_refused():
    with pytest.raises(ShapeError, match="softmax is no function of one number"):
        activation_curve("softmax")
    with pytest.raises(UsageError, match=r"the interval is 2 to 1"):
        activation_curve("tanh", (2, 1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: untyped.activation_curve(lambda x: 3), "lambda> gives int, which is no tensor"),
        (lambda: untyped.activation_curve(cr.nn.PReLU()), "PReLU is a layer"),
        (lambda: untyped.activation_curve("tanh", 8), "the interval is 8 to 8"),
        (lambda: untyped.activation_curve("tanh", (1, 2, 3)), "its ends must be finite"),
        (lambda: untyped.plot_activations([]), "one or more curves"),
        (lambda: untyped.plot_activations(untyped.activation_curve("tanh")), "give a list"),
    ],
)
def test_what_is_no_function_or_no_list_is_refused(call, text):
    with pytest.raises(UsageError, match=text):
        call()


def test_a_function_that_is_not_defined_everywhere_has_a_curve_where_it_is():
    curve = activation_curve(cr.log, (-1.0, 1.0))
    assert curve.name == "log"
    np.testing.assert_array_equal(np.isnan(curve.y), curve.x < 0)
    assert (curve.lowest, curve.highest) == (-math.inf, math.inf)
    assert not curve.flat[curve.x < 0].any()
    np.testing.assert_allclose(curve.slope[curve.x > 0], 1 / curve.x[curve.x > 0])


def test_the_picture_has_both_curves_and_no_line_across_a_jump():
    step, tanh = plot_activations([activation_curve("step"), activation_curve("tanh")]).figure.axes
    value, slope = tanh.lines[2:]
    np.testing.assert_allclose(slope.get_ydata(), 1 - value.get_ydata() ** 2)
    assert np.isnan(step.lines[2].get_ydata()).sum() == 1
    assert cr.inspect.plot_activations is plot_activations
