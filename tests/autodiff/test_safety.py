"""Derivatives where a branch that is not taken is infinite."""

import pytest

import chainrule as cr


@pytest.mark.parametrize(
    "function",
    [
        lambda x: cr.log(cr.relu(x)),
        lambda x: cr.log(cr.maximum(x, 0.0)),
        lambda x: cr.log(-cr.minimum(-x, 0.0)),
        lambda x: cr.log(cr.where(x > 0, x, 0.0)),
        lambda x: cr.log(cr.clip(x, 0.0, 9.0)),
    ],
)
def test_an_infinite_derivative_behind_a_condition_that_fails_is_zero(function):
    assert float(cr.grad(function)(-1.0)) == 0


def test_a_tangent_of_the_branch_not_taken_is_left_out():
    assert float(cr.jvp(lambda x: cr.where(x > 0, cr.sqrt(x), 0.0), [0.0], [1.0])[1]) == 0
