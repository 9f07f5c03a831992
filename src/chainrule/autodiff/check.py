"""Derivatives checked against central differences, for those who write their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule.autodiff.forward import jvp
from chainrule.autodiff.reverse import vjp
from chainrule.errors import GradientError, UsageError
from chainrule.graph.dtype import float64
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor, tensor
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import as_tensor

_WRONG = Message(
    "check_gradients.wrong",
    en="the {mode} derivative by argument {argument} is {derived}, but central differences give {numeric} along the "
    "same direction (tolerance {tolerance}). Check the partial derivatives of the operations used, or move the point "
    "away from a kink.",
    zh="对第 {argument} 个参数的 {mode} 导数为 {derived}，但沿同一方向的中心差分为 {numeric}（容差 {tolerance}）。"
    "请检查所用操作的偏导数，或让取值点远离不可导点。",
)
_NUMBERS = Message(
    "check_gradients.numbers",
    en="check_gradients: directions={directions!r} and tolerance={tolerance!r}: give 1 or more directions, and a "
    "tolerance of 0 or more.",
    zh="check_gradients：directions={directions!r}、tolerance={tolerance!r}：请给出不小于 1 的方向数"
    "和不小于 0 的容差。",
)


def check_gradients(
    function: Callable[..., Tensor], *arguments: Any, directions: int = 3, tolerance: float = 1e-6, seed: int = 0
) -> None:
    """Compare both modes with central differences along random directions, in float64.

        ∂f/∂x · v ≈ (f(x + h·v) - f(x - h·v)) / 2h,  h = 6e-6 · max(1, |x|)

    Nothing is returned: a derivative that is wrong raises.

    Raises:   GradientError naming the argument, the mode and both numbers, where they differ by more than `tolerance`
              times their size (at least 1); UsageError for directions or a tolerance that are none.
    Example:
        >>> check_gradients(lambda x: x * x, [1.0, 2.0])
    """
    counts = isinstance(directions, Integral) and directions >= 1
    if not (counts and isinstance(tolerance, Real) and tolerance >= 0):
        raise UsageError(_NUMBERS(directions=directions, tolerance=tolerance))
    points = [as_tensor(a) for a in arguments]
    points = [tensor(p.numpy(), float64) if p.dtype.floating else p for p in points]
    generator = random_generator(seed)
    for k, point in enumerate(points):
        if not point.dtype.floating:
            continue

        def along(x: Any, k: int = k) -> Tensor:
            return function(*[x if j == k else p for j, p in enumerate(points)])

        x = point.numpy()
        for _ in range(directions):
            v = generator.standard_normal(x.shape)
            _compare(along, x, v, generator, k, tolerance)


def _compare(
    function: Callable[[Any], Tensor],
    x: Array,
    v: Array,
    generator: np.random.Generator,
    argument: int,
    tolerance: float,
) -> None:
    h = 6e-6 * max(1.0, float(np.max(np.abs(x), initial=0.0)))
    y, pull = vjp(function, tensor(x))
    weights = generator.standard_normal(y.numpy().shape)
    ends: Sequence[Array] = [function(tensor(x + s * h * v)).numpy() for s in (1, -1)]
    numeric = float(np.sum(weights * (ends[0] - ends[1])) / (2 * h))
    reverse = float(np.sum(pull(tensor(weights))[0].numpy() * v))
    forward = float(np.sum(weights * jvp(function, [tensor(x)], [tensor(v)])[1].numpy()))
    for mode, derived in (("reverse", reverse), ("forward", forward)):
        if not abs(derived - numeric) <= tolerance * max(1.0, abs(numeric), float(np.abs(weights * ends[0]).sum())):
            raise GradientError(
                _WRONG(mode=mode, argument=argument, derived=derived, numeric=numeric, tolerance=tolerance)
            )
