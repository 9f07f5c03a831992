"""Activations among features: one half of them gates the other, or the largest of a few goes on."""

from __future__ import annotations

from operator import index
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.activations import sigmoid
from chainrule.ops.axes import normalized_axis
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_floats, as_tensor
from chainrule.ops.movement import reshape
from chainrule.ops.selection import max

__all__ = ["glu", "maxout"]

_HALVES = Message(
    "glu.halves",
    en="glu: axis {axis} of x {x} cannot be halved; one half gates the other, so its size must be even and known.",
    zh="glu：x {x} 的第 {axis} 轴无法对半分；一半控制另一半，其大小必须为已知的偶数。",
)
_COUNT = Message(
    "maxout.count",
    en="maxout: pieces={pieces} is not a number of features, 1 or more, the largest of which goes on.",
    zh="maxout：pieces={pieces} 不是特征数（每组取最大值），应不小于 1。",
)
_PIECES = Message(
    "maxout.pieces",
    en="maxout: axis {axis} of x {x} cannot be divided into groups of pieces={pieces}, the largest of which goes on; "
    "its size must be a multiple of pieces.",
    zh="maxout：x {x} 的第 {axis} 轴无法按 pieces={pieces} 分组（每组取最大值）；其大小必须是 pieces 的倍数。",
)


def _glu(x: Tensor, *, axis: int) -> Tensor:
    extent = x.shape[axis]
    assert isinstance(extent, int)
    before, half = (slice(None),) * axis, extent // 2
    return x[(*before, slice(half))] * sigmoid(x[(*before, slice(half, None))])


GLU = Composite("glu", _glu)


def glu(x: Any, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half along an axis, let through as far as the second half says.

        y = a · sigmoid(b),  x = (a, b)

    Shapes:   x (…, 2k) → (…, k)
    Raises:   ShapeError if the axis does not exist or its size is odd.
    Source:   Dauphin, Fan, Auli and Grangier 2017
    Example:
        >>> glu([3.0, 5.0, 0.0, 100.0])
        Tensor([1.5 5. ], shape=(2,), dtype=float32)
    """
    x = as_floats(x)
    place = normalized_axis("glu", axis, x)
    extent = x.shape[place]
    if not isinstance(extent, int) or extent % 2:
        raise ShapeError(_HALVES(axis=axis, x=show_shape(x.shape)))
    return GLU(x, axis=place)


def _maxout(x: Tensor, *, pieces: int, axis: int) -> Tensor:
    extent = x.shape[axis]
    assert isinstance(extent, int)
    return max(reshape(x, (*x.shape[:axis], extent // pieces, pieces, *x.shape[axis + 1 :])), axis + 1)


MAXOUT = Composite("maxout", _maxout)


def maxout(x: Any, pieces: int, axis: int = -1) -> Tensor:
    """The largest of each few neighbours along an axis.

        y[…,i] = max over j of x[…, i·pieces + j]

    Of dense features this is a convex function of straight pieces that is learned.

    Shapes:   x (…, k·pieces) → (…, k)
    Raises:   UsageError if pieces is no number above 0; ShapeError if the axis does not exist, or its size is no
              multiple of pieces.
    Source:   Goodfellow, Warde-Farley, Mirza, Courville and Bengio 2013
    Example:
        >>> maxout([1.0, 4.0, -2.0, -3.0], 2)
        Tensor([ 4. -2.], shape=(2,), dtype=float32)
    """
    x = as_tensor(x)
    place = normalized_axis("maxout", axis, x)
    extent = x.shape[place]
    try:
        count = index(pieces)
    except TypeError:
        count = 0
    if count < 1:
        raise UsageError(_COUNT(pieces=repr(pieces)))
    if not isinstance(extent, int) or extent % count:
        raise ShapeError(_PIECES(axis=axis, x=show_shape(x.shape), pieces=count))
    return MAXOUT(x, pieces=count, axis=place)
