"""Sums of products: totals, means and variances, matrix products."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index as index_of
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import bool_, int32, uint8
from chainrule.graph.extent import Extent, Shape, broadcast, product, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.axes import Axes, letters, normalized_axes, normalized_axis
from chainrule.ops.creation import size
from chainrule.ops.elementwise import multiply, square, stop_gradient
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor, cast, lift_numbers
from chainrule.ops.kinds.elementwise import broadcast_shape
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape

__all__ = ["bilinear", "einsum", "inner", "matmul", "mean", "outer", "sum", "tensordot", "variance"]

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
_EINSUM_TEXT = Message(
    "einsum.text",
    en="einsum: the subscripts come first, a text such as 'ij,jk->ik', and then the tensors; but the first is {given}.",
    zh="einsum：首先是下标文本，例如 'ij,jk->ik'，然后是张量；但第一个参数是 {given}。",
)
_EINSUM_REST = Message(
    "einsum.rest",
    en="einsum: '{subscripts}' says nothing of the axes {shape} that '...' stands for; write '...' behind '->' "
    "as well.",
    zh="einsum：“{subscripts}”没有说明“...”所代表的轴 {shape}；请在“->”之后也写上“...”。",
)
_PAIRS = Message(
    "tensordot.axes",
    en="tensordot: axes={axes} does not pair axes of {left} with axes of {right}; give a number of axes that both "
    "have, or two lists of one length.",
    zh="tensordot：axes={axes} 无法将 {left} 的轴与 {right} 的轴配对；请给出两者都具备的轴数，或两个等长的列表。",
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
    """The mean square of deviations from the mean, in which the mean is a constant to differentiation.

    What is wrong with that, the mean of the deviations, is 0 in value and not in its derivatives; with the square of
    such a zero, all derivatives are right, and the gradient needs no pass over the elements that adds up to 0.
    """
    center = reshape(MEAN(x, axes=axes, keepdims=False), _kept(x, axes))
    deviation = x - stop_gradient(center)
    drift = MEAN(deviation, axes=axes, keepdims=keepdims)
    return MEAN(square(deviation), axes=axes, keepdims=keepdims) - square(drift - stop_gradient(drift))


def _kept(x: Tensor, axes: tuple[int, ...]) -> Shape:
    """The shape of x, with 1 along these axes."""
    return tuple(1 if k in axes else e for k, e in enumerate(x.shape))


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
    leading = broadcast(left, right)
    if not x.ndim or x.shape[-1] != inner or leading is None:
        raise ShapeError(_MATMUL(left=show_shape(x.shape), right=show_shape(w.shape)))
    names = [f"b{k}" for k in range(len(leading))]
    own_x, own_w = _repeated(names, left, leading), _repeated(names, right, leading)
    row, column = ["n"] * (x.ndim > 1), ["o"] * (w.ndim > 1)
    out, a, b = [*names, *row, *column], [*own_x, *row, "i"], [*own_w, "i", *column]
    return Indexed("matmul", f"y[{','.join(out)}] += x[{','.join(a)}] * w[{','.join(b)}]")(x, w)


def outer(x: Any, w: Any) -> Tensor:
    """Every product of an element of x and one of w, each taken as one row.

        y[i,j] = x[i]·w[j]

    Example:
        >>> outer([1.0, 2.0], [3.0, 4.0])
        Tensor([[3. 4.]
         [6. 8.]], shape=(2, 2), dtype=float32)
    """
    rows, columns = (reshape(a, a.size) for a in lift_numbers([x, w]))
    return Indexed("outer", "y[i,j] += x[i] * w[j]")(rows, columns)


def inner(x: Any, w: Any) -> Tensor:
    """Sums of products over the last axes of both.

        y[a,b] = Σᵢ x[a,i]·w[b,i]

    Shapes:   x (a…, i), w (b…, i) → (a…, b…); where one is a number, their product
    Raises:   ShapeError if the last axes differ.
    Example:
        >>> inner([1.0, 2.0], [3.0, 4.0])
        Tensor(11.0, shape=(), dtype=float32)
    """
    x, w = lift_numbers([x, w])
    if not x.ndim or not w.ndim:
        return multiply(x, w)
    rows, columns = [f"a{k}" for k in range(x.ndim - 1)], [f"b{k}" for k in range(w.ndim - 1)]
    left, right = ",".join([*rows, "i"]), ",".join([*columns, "i"])
    return Indexed("inner", f"y[{','.join(rows + columns)}] += x[{left}] * w[{right}]")(x, w)


def tensordot(x: Any, w: Any, axes: int | tuple[Axes, Axes] = 2) -> Tensor:
    """Sum of products over pairs of axes: the last of x and the first of w if a number is given, else those named.

        y[a,b] = Σᵢ x[a,i]·w[i,b]

    Shapes:   x (a…, i…), w (i…, b…) → (a…, b…)
    Raises:   ShapeError if an axis does not exist, or two of a pair differ; UsageError if axes are not paired.
    Example:
        >>> tensordot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
        Tensor(5.0, shape=(), dtype=float32)
    """
    x, w = lift_numbers([x, w])
    left, right = _paired(x, w, axes)
    a, b = [f"a{k}" for k in range(x.ndim)], [f"b{k}" for k in range(w.ndim)]
    kept = [name for k, name in enumerate(a) if k not in left] + [name for k, name in enumerate(b) if k not in right]
    for k, (one, other) in enumerate(zip(left, right, strict=True)):
        a[one] = b[other] = f"i{k}"
    return Indexed("tensordot", f"y[{','.join(kept)}] += x[{','.join(a)}] * w[{','.join(b)}]")(x, w)


def _paired(x: Tensor, w: Tensor, axes: Any) -> tuple[list[int], list[int]]:
    """The axes of x and of w that belong together."""
    try:
        if isinstance(axes, Iterable):
            given = [list(each) if isinstance(each, Iterable) else [each] for each in axes]
        else:
            count = index_of(axes)
            given = [list(range(x.ndim - count, x.ndim)), list(range(count))]
            if not 0 <= count <= min(x.ndim, w.ndim):
                given = []
    except TypeError:
        given = []
    if len(given) != 2 or len(given[0]) != len(given[1]):
        raise UsageError(_PAIRS(axes=axes, left=show_shape(x.shape), right=show_shape(w.shape)))
    left, right = ([normalized_axis("tensordot", a, t) for a in each] for each, t in zip(given, (x, w), strict=True))
    return left, right


def bilinear(x: Any, z: Any, w: Any) -> Tensor:
    """A sum of products of two inputs' features, with a weight for each pair and each output.

        y[n,o] = Σᵢⱼ x[n,i]·w[i,j,o]·z[n,j]

    The weights have the outputs last, as those of dense layers do here; PyTorch has them first.

    Shapes:   x (…, i), z (…, j), w (i, j, o) → (…, o)
    Raises:   ShapeError if sizes differ.
    Example:
        >>> bilinear([[1.0, 2.0]], [[3.0]], [[[1.0]], [[10.0]]])
        Tensor([[63.]], shape=(1, 1), dtype=float32)
    """
    x, z, w = lift_numbers([x, z, w])
    lead = "".join(f"n{k}," for k in range(x.ndim - 1))
    return Indexed("bilinear", f"y[{lead}o] += x[{lead}i] * w[i,j,o] * z[{lead}j]")(x, w, z)


def einsum(subscripts: str, *tensors: Any) -> Tensor:
    """Sum of products in Einstein's notation, one letter for each axis; '...' stands for axes that broadcast.

    Shapes:   as the subscripts say; without '->' the letters that occur once remain, in alphabetical order, behind
              what '...' stands for
    Raises:   UsageError if the subscripts do not fit; ShapeError if the tensors do not.
    Example:
        >>> einsum("ij,ij->i", [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]])
        Tensor([3. 7.], shape=(2,), dtype=float32)
        >>> einsum("...i,i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
        Tensor([3. 7.], shape=(2,), dtype=float32)
    """
    if not isinstance(subscripts, str):
        raise UsageError(_EINSUM_TEXT(given=type(subscripts).__name__))
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    named = "".join(inputs).replace("...", "")
    if not arrow:
        right = "..." * ("..." in left) + "".join(sorted(c for c in set(named) if named.count(c) == 1))
    kept = right.replace("...", "", 1)
    unclear = any(text.count("...") > 1 for text in inputs) or not all(c.isalpha() for c in named + kept)
    if unclear or len(inputs) != len(tensors) or not set(kept) <= set(named):
        raise UsageError(_EINSUM(subscripts=subscripts, count=len(tensors)))
    operands = lift_numbers(tensors)
    hidden = [_hidden(text, x) for text, x in zip(inputs, operands, strict=True)]
    shape = broadcast_shape("einsum", hidden)
    if shape and "..." not in right:
        raise UsageError(_EINSUM_REST(subscripts=subscripts, shape=show_shape(shape)))
    common = [f"e{k}" for k in range(len(shape))]
    factors = []
    for k, (text, own) in enumerate(zip(inputs, hidden, strict=True)):
        factors.append(f"x{k}[{_subscripts(text, _repeated(common, own, shape))}]")
    return Indexed("einsum", f"y[{_subscripts(right, common)}] += {' * '.join(factors)}")(*operands)


def _repeated(names: Sequence[str], own: Shape, shape: Shape) -> list[str]:
    """The indices of a factor whose leading axes broadcast: 0 along those of size 1 that the others make longer."""
    missing = len(shape) - len(own)
    aligned = zip(names[missing:], own, shape[missing:], strict=True)
    return ["0" if e == 1 != whole else name for name, e, whole in aligned]


def _hidden(text: str, x: Tensor) -> Shape:
    """The sizes of the axes that '...' stands for."""
    before, dots, after = text.partition("...")
    return x.shape[len(before) : x.ndim - len(after)] if dots else ()


def _subscripts(text: str, hidden: Sequence[str]) -> str:
    """Einstein's letters as an index formula has them."""
    before, dots, after = text.partition("...")
    return ",".join([*before, *(hidden if dots else ()), *after])
