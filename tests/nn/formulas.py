"""What every loss must do: give the numbers of its formula, in either precision, and the derivatives of them."""

from __future__ import annotations

import numpy as np

from chainrule.autodiff import check_gradients
from chainrule.graph.operation import Array
from chainrule.graph.tensor import tensor
from chainrule.nn.losses.loss import Loss


def check_formula(loss: Loss, outputs: Array, targets: Array, expected: Array) -> None:
    found = loss(tensor(outputs), tensor(targets))
    assert found.shape == (len(outputs),)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10)
    in_float32 = loss(tensor(outputs, "float32"), tensor(targets)).numpy()
    assert in_float32.dtype == np.float32
    np.testing.assert_allclose(in_float32, expected, rtol=2e-5, atol=1e-6)


def check_derivative(loss: Loss, outputs: Array, targets: Array, expected: Array) -> None:
    check_gradients(lambda x: loss(x, tensor(targets)), outputs)
