"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor, number
from chainrule.messages import Message
from chainrule.ops.axes import letters, sized_axis
from chainrule.ops.contraction import counted
from chainrule.ops.creation import arange
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.kinds.elementwise import where
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import reshape

__all__ = ["diag", "diagonal", "trace", "tril", "triu"]

_ONE_AXIS = Message(
    "diagonal.one_axis",
    en="{operation}: axis {axis} of shape {shape} cannot be both rows and columns; name two axes.",
    zh="{operation}：形状 {shape} 的轴 {axis} 不能同时作为行和列；请指定两个轴。",
)
_MATRIX = Message(
    "triangle.rank",
    en="{operation}: shape {shape} has no rows and columns; a matrix has two axes or more.",
    zh="{operation}：形状 {shape} 没有行和列；矩阵至少有两个轴。",
)
_DIAG = Message(
    "diag.rank",
    en="diag: shape {shape} is neither a vector nor a matrix; cr.diagonal takes the diagonals of stacked matrices.",
    zh="diag：形状 {shape} 既不是向量也不是矩阵；堆叠矩阵的对角线请用 cr.diagonal。",
)


def _on_diagonal(operation: str, x: Tensor, offset: int, axis1: int, axis2: int) -> tuple[str, str, int]:
    """The letters of the other axes, the index of x on a diagonal, and how long that is."""
    (a, rows), (b, columns) = (sized_axis(operation, axis, x) for axis in (axis1, axis2))
    if a == b:
        raise ShapeError(_ONE_AXIS(operation=operation, axis=a, shape=show_shape(x.shape)))
    others, read = letters(x), letters(x)
    down, right = max(0, -offset), max(0, offset)
    read[a], read[b] = f"d+{down}", f"d+{right}"
    rest = "".join(f"{name}," for k, name in enumerate(others) if k not in (a, b))
    return rest, ",".join(read), max(0, min(rows - down, columns - right))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The elements whose column is their row plus an offset; they become the last axis.

        y[r,d] = x[d, d + offset, r]

    Raises:   ShapeError if x has no such axes, they are the same, or one is the batch.
    Example:
        >>> diagonal([[1, 2], [3, 4]])
        Tensor([1 4], shape=(2,), dtype=int64)
    """
    x = as_tensor(x)
    rest, read, length = _on_diagonal("diagonal", x, offset, axis1, axis2)
    return Indexed("diagonal", f"y[{rest}d] += x[{read}]")(x, d=length)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of a diagonal. Bools and uint8 are counted as int32.

        y = Σ x[d, d + offset]

    Raises:   ShapeError if x has no such axes, they are the same, or one is the batch.
    Example:
        >>> trace([[1, 2], [3, 4]])
        Tensor(5, shape=(), dtype=int64)
    """
    x = counted(as_tensor(x))
    rest, read, length = _on_diagonal("trace", x, offset, axis1, axis2)
    return Indexed("trace", f"y[{rest.rstrip(',')}] += x[{read}]")(x, d=length)


def diag(x: Any, offset: int = 0) -> Tensor:
    """A matrix that is zero but for a vector on its diagonal; of a matrix, its diagonal.

    Shapes:   (n,) → (n + |offset|, n + |offset|); (n, m) → (length of the diagonal,)
    Raises:   ShapeError if x is neither, or an axis is the batch.
    Example:
        >>> diag([1, 2])
        Tensor([[1 0]
         [0 2]], shape=(2, 2), dtype=int64)
    """
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, offset)
    if x.ndim != 1:
        raise ShapeError(_DIAG(shape=show_shape(x.shape)))
    _, extent = sized_axis("diag", 0, x)
    side = extent + abs(offset)
    return Indexed("diag", f"y[d+{max(0, -offset)},d+{max(0, offset)}] += x[d]")(x, shape=(side, side))


# --------------------------------------------------------------------------------------------------------- triangles
def _columns_after_rows(x: Tensor, offset: int) -> Tensor:
    """Whether an element of a matrix is beyond a diagonal, to the right."""
    rows, columns = x.shape[-2:]
    return arange(columns) > reshape(arange(rows), (rows, 1)) + offset


def _tril(x: Tensor, *, offset: int) -> Tensor:
    return where(_columns_after_rows(x, offset), number(0, x.dtype), x)


def _triu(x: Tensor, *, offset: int) -> Tensor:
    return where(_columns_after_rows(x, offset - 1), x, number(0, x.dtype))


TRIL, TRIU = Composite("tril", _tril), Composite("triu", _triu)


def tril(x: Any, offset: int = 0) -> Tensor:
    """The lower triangle of the last two axes: zero where the column is greater than the row plus an offset.

    Raises:   ShapeError if x has fewer than two axes.
    Example:
        >>> tril([[1, 2], [3, 4]])
        Tensor([[1 0]
         [3 4]], shape=(2, 2), dtype=int64)
    """
    return TRIL(_matrix("tril", x), offset=offset)


def triu(x: Any, offset: int = 0) -> Tensor:
    """The upper triangle of the last two axes: zero where the column is less than the row plus an offset.

    Raises:   ShapeError if x has fewer than two axes.
    Example:
        >>> triu([[1, 2], [3, 4]])
        Tensor([[1 2]
         [0 4]], shape=(2, 2), dtype=int64)
    """
    return TRIU(_matrix("triu", x), offset=offset)


def _matrix(operation: str, x: Any) -> Tensor:
    matrix = as_tensor(x)
    if matrix.ndim < 2:
        raise ShapeError(_MATRIX(operation=operation, shape=show_shape(matrix.shape)))
    return matrix
