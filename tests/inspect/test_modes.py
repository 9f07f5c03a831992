"""Reverse mode pays for each result, forward mode for each input, and neither for the other."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, UsageError
from chainrule.inspect import mode_costs, plot_mode_costs
from chainrule.inspect.modes import operations


def test_operations_are_counted_with_the_products_that_are_summed():
    x, w = cr.tensor(np.ones((2, 3))), cr.tensor(np.ones((3, 4)))
    assert operations([x @ w]) == 2 * 3 * 4
    assert operations([cr.tanh(x @ w)]) == 2 * 3 * 4 + 2 * 4
    assert operations([cr.sum(x)]) == 6


def test_each_mode_pays_for_one_side_only():
    costs = mode_costs(sizes=(1, 8, 64), fixed=2, repeats=1)
    for mode, varied in (("reverse", "inputs"), ("forward", "results")):
        flat = costs.ratio(mode, varied)
        assert flat.max() < 1.5 * flat.min()
    for mode, varied in (("reverse", "results"), ("forward", "inputs")):
        rising = costs.ratio(mode, varied)
        assert rising[2] - rising[1] == pytest.approx(64 - 8, rel=0.05)  # the function once more for each sweep
    assert (costs.reverse_seconds > 0).all()


def test_a_function_of_ones_own_is_measured():
    costs = mode_costs(lambda n, m: (lambda x: cr.sum(x * x) * np.ones(m), np.ones(n)), sizes=(2, 6), repeats=1)
    assert costs.function.tolist() == [[2 * 2 + 1, 2 * 6 + 1], [1 + 1 + 2, 1 + 1 + 6]]


def test_the_picture_holds_the_record():
    costs = mode_costs(sizes=(1, 4), repeats=1)
    above, _, below, _ = plot_mode_costs(costs).figure.axes
    reverse, forward = above.lines[1:]
    np.testing.assert_array_equal(reverse.get_ydata(), costs.ratio("reverse", "inputs"))
    np.testing.assert_array_equal(forward.get_ydata(), costs.ratio("forward", "inputs"))
    np.testing.assert_array_equal(below.lines[1].get_ydata(), 1e3 * costs.forward_seconds[0])


def test_wrong_sizes_and_functions_are_refused():
    with pytest.raises(UsageError, match="sizes=\\(4,\\)"):
        mode_costs(sizes=(4,))
    with pytest.raises(ShapeError, match=r"made for 1 inputs and 1 results takes \(2,\)"):
        mode_costs(lambda n, m: (lambda x: x, np.ones(2)), repeats=1)
