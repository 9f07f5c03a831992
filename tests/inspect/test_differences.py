"""Differences err by their step, and below it by rounding; the modes of differentiation by neither."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import difference_errors, plot_difference_errors


def test_errors_are_those_of_the_closed_formulas():
    errors = difference_errors(lambda x: x * x * x, 2.0, steps=[0.1, 0.01])
    assert abs(errors.reverse) == abs(errors.forward) == 12.0
    np.testing.assert_allclose(errors.central, np.array([0.1, 0.01]) ** 2 / 12, 1e-6)  # h² of 12
    sign = np.sign(errors.reverse)
    np.testing.assert_allclose(errors.one_sided, np.array([0.6 + sign * 0.01, 0.06 + sign * 0.0001]) / 12, 1e-6)


def test_a_smaller_step_helps_until_rounding_does_not():
    errors = difference_errors(lambda x: cr.sum(cr.tanh(x) * cr.exp(x)), [0.3, -1.2, 0.8])
    for error, order in ((errors.one_sided, 1), (errors.central, 2)):
        np.testing.assert_allclose(error[1] / error[2], 10.0**order, 0.1)
        assert error[-1] > 10 * error.min()
    assert abs(errors.forward - errors.reverse) <= 1e-14 * abs(errors.reverse)
    assert "modes differ" in repr(errors)


def test_the_picture_holds_the_record():
    errors = difference_errors(cr.sin, 0.5)
    (axes,) = plot_difference_errors(errors).figure.axes
    for line, held in zip(axes.lines, (errors.one_sided, errors.central), strict=False):
        np.testing.assert_array_equal(line.get_xdata(), errors.steps)
        np.testing.assert_array_equal(line.get_ydata(), held)


def test_what_is_not_one_number_or_no_step_is_refused():
    with pytest.raises(ShapeError, match=r"gives shape \(2,\)"):
        difference_errors(cr.tanh, [1.0, 2.0])
    with pytest.raises(UsageError, match="above 0"):
        difference_errors(cr.tanh, 1.0, steps=[0.1, 0.0])
