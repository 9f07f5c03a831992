"""Sums of products: totals, means and variances, matrix products."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import bool_, int32, uint8
from chainrule.graph.extent import Extent, product, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, letters, normalized_axes
from chainrule.ops.creation import size
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast, lift_numbers
from chainrule.ops.kinds.indexed import Indexed

__all__ = ["einsum", "matmul", "mean", "sum", "variance"]

_MATMUL = Message(
    "matmul.shapes",
    en="matmul: the last axis of {left} must equal the second last of {right} (or the only one of a vector), and "
    "leading axes must broadcast.",
    zh="matmul：{left} 的最后一轴必须等于 {right} 的倒数第二轴（向量则为其唯一的轴），且前导轴必须可广播。",
)
_EINSUM = Message(
    "einsum.notation",
    en="einsum: '{subscripts}' does not fit {count} tensors; write e.g. 'ij,jk->ik', one letter for each axis.",
    zh="einsum：“{subscripts}”与 {count} 个张量不符；请写成例如 'ij,jk->ik'，每个轴一个字母。",
)


# ------------------------------------------------------------------------------------------------ sums and means
def sum(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Total over some axes, or all; bools and uint8 are counted as int32.

        y[a0] = Σ x[a0,a1]

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=1)
        Tensor([3. 7.], shape=(2,), dtype=float32)
    """
    x = counted(as_tensor(x))
    axes = normalized_axes("sum", axis, x)
    names = letters(x)
    kept = ["0" if k in axes else name for k, name in enumerate(names) if keepdims or k not in axes]
    return Indexed("sum", f"y[{','.join(kept)}] += x[{','.join(names)}]")(x) if axes else x


def counted(x: Tensor) -> Tensor:
    """x in a type that can hold totals of it."""
    return cast(x, int32) if x.dtype in (bool_, uint8) else x


def _count(x: Tensor, axes: tuple[int, ...]) -> Extent:
    return product(x.shape[a] for a in axes)


def _mean(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return sum(x, axes, keepdims=keepdims) / size(_count(x, axes), x.dtype)


def _variance(x: Tensor, *, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    deviation = x - MEAN(x, axes=axes, keepdims=True)
    return MEAN(deviation * deviation, axes=axes, keepdims=keepdims)


MEAN = Composite("mean", _mean)
VARIANCE = Composite("variance", _variance)


def mean(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Mean over some axes, or all.

        y = Σ x / k, of k elements

    Example:
        >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
        Tensor([2. 3.], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    return MEAN(x, axes=normalized_axes("mean", axis, x), keepdims=keepdims)


def variance(x: Any, axis: Axes = None, *, keepdims: bool = False) -> Tensor:
    """Biased variance over some axes, or all (NumPy's default, and batch normalisation's σ²_B).

        y = Σ (x - mean)² / k, of k elements

    Example:
        >>> variance([1.0, 2.0, 3.0])
        Tensor(0.6666667, shape=(), dtype=float32)
    """
    x = as_floats(x)
    return VARIANCE(x, axes=normalized_axes("variance", axis, x), keepdims=keepdims)


# ------------------------------------------------------------------------------------------------ matrix products
def matmul(x: Any, w: Any) -> Tensor:
    """Matrix product; leading axes are batches and broadcast, as in NumPy.

        y[n,o] = Σᵢ x[n,i]·w[i,o]

    Shapes:   x (…, n, i), w (…, i, o) → (…, n, o); a vector stands for one row, or one column
    Raises:   ShapeError if axis i differs.
    Example:
        >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
        Tensor([[11.]], shape=(1, 1), dtype=float32)
    """
    x, w = lift_numbers([x, w])
    left, right = x.shape[:-2], w.shape[:-2]
    inner = w.shape[-2] if w.ndim > 1 else w.shape[-1] if w.ndim else None
    rank = max(len(left), len(right))
    aligned = list(zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True))
    if not x.ndim or x.shape[-1] != inner or any(a != b and 1 not in (a, b) for a, b in aligned):
        raise ShapeError(_MATMUL(left=show_shape(x.shape), right=show_shape(w.shape)))
    names = [f"b{k}" for k in range(rank)]
    own_x = ["0" if a == 1 != b else v for v, (a, b) in zip(names, aligned, strict=True)][rank - len(left) :]
    own_w = ["0" if b == 1 != a else v for v, (a, b) in zip(names, aligned, strict=True)][rank - len(right) :]
    row, column = ["n"] * (x.ndim > 1), ["o"] * (w.ndim > 1)
    out, a, b = [*names, *row, *column], [*own_x, *row, "i"], [*own_w, "i", *column]
    return Indexed("matmul", f"y[{','.join(out)}] += x[{','.join(a)}] * w[{','.join(b)}]")(x, w)


def einsum(subscripts: str, *tensors: Any) -> Tensor:
    """Sum of products in Einstein's notation, one letter for each axis.

    Shapes:   as the subscripts say; without '->' the letters that occur once remain, in alphabetical order
    Raises:   UsageError if the subscripts do not fit; ShapeError if the tensors do not.
    Example:
        >>> einsum("ij,ij->i", [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]])
        Tensor([3. 7.], shape=(2,), dtype=float32)
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    joined = "".join(inputs)
    if not arrow:
        right = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    known = set(joined)
    if len(inputs) != len(tensors) or not all(c.isalpha() for c in joined + right) or not set(right) <= known:
        raise UsageError(_EINSUM(subscripts=subscripts, count=len(tensors)))
    factors = " * ".join(f"x{k}[{','.join(letters)}]" for k, letters in enumerate(inputs))
    return Indexed("einsum", f"y[{','.join(right)}] += {factors}")(*lift_numbers(tensors))
