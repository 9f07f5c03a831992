"""Derivatives as matrices: combinations of reverse mode, forward mode and batching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from chainrule.autodiff.arguments import check_function
from chainrule.autodiff.batching import vmap
from chainrule.autodiff.forward import jvp
from chainrule.autodiff.reverse import NOT_SCALAR, vjp
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import product, show_shape
from chainrule.graph.tensor import Tensor, number
from chainrule.messages import Message, suggestion
from chainrule.ops.creation import arange
from chainrule.ops.gathering import one_hot
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.movement import reshape, transpose

_MODE = Message(
    "jacobian.mode",
    en="jacobian: mode='{mode}' is not known; use 'reverse' (few results) or 'forward' (few arguments).{suggestion}",
    zh="jacobian：未知的 mode='{mode}'；请使用 'reverse'（结果较少）或 'forward'（参数较少）。{suggestion}",
)

Mode = Literal["reverse", "forward"]


def _basis(like: Tensor) -> Tensor:
    """All directions of one element, in front of the axes of a tensor."""
    count = product(like.shape)
    return reshape(one_hot(arange(count), count, like.dtype), (count, *like.shape))  # type: ignore[arg-type]


def jacobian(function: Callable[[Any], Tensor], mode: Mode = "reverse") -> Callable[[Any], Tensor]:
    """A function that gives every derivative of every result.

        J[i…, j…] = ∂yᵢ/∂xⱼ

    Reverse mode takes one sweep for each result, forward mode one for each argument; either is batched.

    Shapes:   x (j…), y (i…) → (i…, j…)
    Raises:   UsageError if the mode is neither.
    Example:
        >>> jacobian(lambda x: x * x)([1.0, 2.0])
        Tensor([[2. 0.]
         [0. 4.]], shape=(2, 2), dtype=float32)
    """
    check_function("jacobian", function)
    if mode not in ("reverse", "forward"):
        raise UsageError(_MODE(mode=mode, suggestion=suggestion(mode, ("reverse", "forward"))))

    def reverse(x: Any) -> Tensor:
        y, pull = vjp(function, as_tensor(x))
        rows: Tensor = vmap(lambda direction: pull(direction)[0])(_basis(y))
        return reshape(rows, (*y.shape, *rows.shape[1:]))

    def forward(x: Any) -> Tensor:
        x = as_tensor(x)
        columns: Tensor = vmap(lambda direction: jvp(function, [x], [direction])[1])(_basis(x))
        columns = transpose(columns, [*range(1, columns.ndim), 0])
        return reshape(columns, (*columns.shape[:-1], *x.shape))

    return reverse if mode == "reverse" else forward


def _gradient(function: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """The gradient, unchecked: the second derivative of a piecewise linear function is zero, not an error."""

    def transformed(x: Any) -> Tensor:
        y, pull = vjp(function, as_tensor(x))
        if y.shape != ():
            raise ShapeError(NOT_SCALAR(shape=show_shape(y.shape)))
        found: Tensor = pull(number(1.0, y.dtype))[0]
        return found

    return transformed


def hessian(function: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """A function that gives every second derivative of a function that gives one number (forward over reverse).

        H[i…, j…] = ∂²f/∂xᵢ∂xⱼ

    Shapes:   x (i…) → (i…, i…)
    Example:
        >>> hessian(lambda x: x[0] * x[0] * x[1])([1.0, 2.0])
        Tensor([[4. 2.]
         [2. 0.]], shape=(2, 2), dtype=float32)
    """
    check_function("hessian", function)
    return jacobian(_gradient(function), "forward")


def hvp(function: Callable[[Any], Tensor], x: Any, direction: Any) -> Tensor:
    """The product of a Hessian with a direction, without the Hessian (forward over reverse).

        H·v = ∂/∂t ∇f(x + t·v)

    Shapes:   x (i…), v (i…) → (i…)
    Source:   Pearlmutter 1994, Fast exact multiplication by the Hessian
    Example:
        >>> hvp(lambda x: x[0] * x[0] * x[1], [1.0, 2.0], [1.0, 0.0])
        Tensor([4. 2.], shape=(2,), dtype=float32)
    """
    check_function("hvp", function)
    found: Tensor = jvp(_gradient(function), [x], [direction])[1]
    return found
