"""Optimizers by name, and of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import sign, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim import OPTIMIZERS, GradientRule, as_optimizer
from tests.optim.sequence import sequence


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_named_optimizer_descends(name, dtype):
    start = np.array([1.0, -2.0])
    history = sequence(as_optimizer(name), lambda theta: sum(square(theta)), start, 15, dtype)
    losses = [np.sum(start**2), *(np.sum(values["theta"] ** 2) for values in history)]
    assert losses[-1] < losses[0]
    assert history[-1]["theta"].dtype == dtype


def test_unknown_names():
    with pytest.raises(UsageError, match=r"'adan' is not known; choose one of: sgd, momentum.*Did you mean 'adam'\?"):
        as_optimizer("adan")


def test_a_rule_of_ones_own_writes_its_equation_only():
    @dataclass(frozen=True)
    class SignDescent(GradientRule):
        learning_rate: float = 0.1
        decay: float = 0.5
        rates: ClassVar = ("learning_rate", "decay")

        def update(self, parameter, gradient, slots, scalars):
            eta, decay = (cast(scalars[name], parameter.dtype) for name in self.rates)
            return parameter * decay - eta * sign(gradient), {}

    rule = SignDescent()
    assert as_optimizer(rule) is rule
    assert rule.scalars() == {"learning_rate": 0.1, "decay": 0.5}

    def loss(theta: Tensor) -> Tensor:
        return sum(square(theta))

    (found,) = sequence(rule, loss, np.array([1.0, -1.0]), 1)
    np.testing.assert_allclose(found["theta"], [0.4, -0.4])
