"""Movement: the same elements in another arrangement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.errors import ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.expression import Buffer, Coordinate, Expression, Index, Read, Size, call
from chainrule.graph.extent import Batch, Extent, Shape, concrete_shape, is_extent, product, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import FLOOR_DIVIDE, REMAINDER
from chainrule.graph.tensor import Tensor, apply
from chainrule.messages import Message
from chainrule.ops.axes import Sizes, as_shape, letters, normalized_axes, normalized_axis
from chainrule.ops.kinds import elementwise as kind
from chainrule.ops.kinds.conversion import as_tensor
from chainrule.ops.kinds.indexed import Indexed

__all__ = ["broadcast_to", "flatten", "moveaxis", "ravel", "reshape", "swapaxes", "transpose"]

_RESHAPE = Message(
    "reshape.size",
    en="reshape: {shape} has {size} elements, but {target} has {wanted}. One size may be -1, to be worked out.",
    zh="reshape：{shape} 有 {size} 个元素，但 {target} 有 {wanted} 个。可以将一个大小设为 -1 由程序推算。",
)
_REST = Message(
    "reshape.rest",
    en="reshape: no size for -1 in {target} fits the {size} elements of {shape}: the other sizes make {others}.",
    zh="reshape：{target} 中的 -1 无法推算：{shape} 有 {size} 个元素，而其他大小之积为 {others}。",
)
_UNKNOWN = Message(
    "reshape.unknown",
    en="reshape: {target} has several sizes of -1, but only one can be worked out.",
    zh="reshape：{target} 中有多个 -1，但只能推算其中一个。",
)
_RESHAPE_BATCH = Message(
    "reshape.batch",
    en="reshape: the batch axis of {shape} stays outermost; {target} moves or splits it. Transpose it to "
    "the front first.",
    zh="reshape：{shape} 的批量轴必须保持在最外层；{target} 移动或拆分了它。请先将其转置到最前面。",
)
_MOVES = Message(
    "moveaxis.moves",
    en="moveaxis: axes {source} cannot be moved to {destination}: give as many places as axes.",
    zh="moveaxis：无法将轴 {source} 移到 {destination}：位置的个数应与轴的个数相同。",
)
_PERMUTATION = Message(
    "transpose.permutation",
    en="transpose: {axes} is not an order of the {rank} axes of shape {shape}; name each of them once.",
    zh="transpose：{axes} 不是形状 {shape} 的 {rank} 个轴的排列；每个轴应恰好出现一次。",
)


def broadcast_to(x: Any, shape: Sequence[Extent]) -> Tensor:
    """x repeated along new leading axes and along axes of size 1, as NumPy's broadcasting does.

    Shapes:   x → shape
    Raises:   ShapeError if x's sizes are neither 1 nor those of shape.
    Example:
        >>> broadcast_to([1.0, 2.0], (2, 2))
        Tensor([[1. 2.]
         [1. 2.]], shape=(2, 2), dtype=float32)
    """
    return kind.broadcast_to(as_tensor(x), as_shape("broadcast_to", shape))


def all_batched(inputs: Sequence[Tensor], batched: Sequence[bool]) -> list[Tensor]:
    """The inputs, those without the batch axis repeated along it."""
    size = next(x.shape[0] for x, b in zip(inputs, batched, strict=True) if b)
    return [x if b else broadcast_to(x, (size, *x.shape)) for x, b in zip(inputs, batched, strict=True)]


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """x with its axes in another order; reversed by default.

        y[a1,a0] = x[a0,a1]

    Raises:   ShapeError if axes is not an order of x's axes.
    Example:
        >>> transpose([[1, 2], [3, 4]])
        Tensor([[1 3]
         [2 4]], shape=(2, 2), dtype=int64)
    """
    x = as_tensor(x)
    order = list(range(x.ndim))[::-1] if axes is None else [a % x.ndim if -x.ndim <= a < x.ndim else a for a in axes]
    if sorted(order) != list(range(x.ndim)):
        raise ShapeError(_PERMUTATION(axes=axes, rank=x.ndim, shape=show_shape(x.shape)))
    names = letters(x)
    return Indexed("transpose", f"y[{','.join(names[a] for a in order)}] += x[{','.join(names)}]")(x)


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """x with two axes exchanged.

    Raises:   ShapeError if an axis does not exist.
    Example:
        >>> swapaxes([[1, 2], [3, 4]], 0, 1)
        Tensor([[1 3]
         [2 4]], shape=(2, 2), dtype=int64)
    """
    x = as_tensor(x)
    a, b = (normalized_axis("swapaxes", axis, x) for axis in (axis1, axis2))
    order = list(range(x.ndim))
    order[a], order[b] = b, a
    return x if a == b else transpose(x, order)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """x with one axis, or several, at other places; the others keep their order.

    Raises:   ShapeError if an axis does not exist, is named twice, or the two do not have one length.
    Example:
        >>> moveaxis([[[1, 2]], [[3, 4]]], 0, -1)
        Tensor([[[1 3]
          [2 4]]], shape=(1, 2, 2), dtype=int64)
    """
    x = as_tensor(x)
    pairs = []
    for axes in (source, destination):
        given = axes if isinstance(axes, Iterable) else (axes,)
        normalized_axes("moveaxis", axes, x)  # refuses what is there twice
        pairs.append([normalized_axis("moveaxis", a, x) for a in given])
    moved, places = pairs
    if len(moved) != len(places):
        raise ShapeError(_MOVES(source=source, destination=destination))
    order = [a for a in range(x.ndim) if a not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return x if order == list(range(x.ndim)) else transpose(x, order)


class Reshape(Primitive):
    """The same elements in the same row-major order, with other sizes."""

    name = "reshape"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        (x,), target = inputs, attributes["shape"]
        wanted = product(target)
        if wanted != x.size or not all(map(is_extent, target)):
            raise ShapeError(_RESHAPE(shape=show_shape(x.shape), size=x.size, target=show_shape(target), wanted=wanted))
        for s in (x.shape, target):
            outermost = next((e for e in s if e != 1), 1)
            if any(isinstance(e, Batch) for e in s) and not isinstance(outermost, Batch):
                raise ShapeError(_RESHAPE_BATCH(shape=show_shape(x.shape), target=show_shape(target)))
        return Type(target, x.dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return inputs[0].reshape(concrete_shape(y.shape, batch))

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        digits = _common_digits(inputs[0].shape, output.shape)
        if digits is not None:
            read, written, axes = digits
            return (nest(axes, output, Read(inputs[0], read), written),)
        axes = axes_of(output)
        return (nest(axes, output, Read(inputs[0], _digits_of(row_major(axes), inputs[0].shape))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return reshape(tangents[0], y.shape) if tangents[0] is not None else None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return [reshape(cotangent, y.inputs[0].shape)]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        (x,), shape, before = inputs, y.shape, y.inputs[0].shape
        if shape and isinstance(shape[0], Batch) and shape[0] == before[0]:  # a batch inside stays in front of all
            behind = transpose(x, [1, 0, *range(2, x.ndim)])
            moved = reshape(behind, (shape[0], x.shape[0], *shape[1:]))
            return transpose(moved, [1, 0, *range(2, moved.ndim)])
        return reshape(x, (x.shape[0], *shape))


RESHAPE = Reshape()


def row_major(axes: Sequence[Axis]) -> Affine:
    """The position of a point in row-major order; the outermost extent is not needed, so it may be the batch."""
    total, step = Affine(), 1
    for k, axis in reversed(list(enumerate(axes))):
        total = total + Affine.of(axis, step)
        if k:
            assert isinstance(axis.extent, int)
            step *= axis.extent
    return total


def _digits_of(position: Affine, shape: Shape) -> tuple[Index, ...]:
    """The index in a row-major array of this shape that stands at a position."""
    index: list[Expression] = []
    rest: Expression = Coordinate(position)
    for extent in reversed(shape[1:]):
        index.append(call(REMAINDER, rest, Size(extent)))
        rest = call(FLOOR_DIVIDE, rest, Size(extent))
    return (*([rest] if shape else []), *reversed(index))


def _common_digits(source: Shape, target: Shape) -> tuple[tuple[Affine, ...], tuple[Affine, ...], list[Axis]] | None:
    """Both shapes as digits of one mixed-radix number, from the last axis on; None where their sizes do not nest."""
    read, written = [Affine() for _ in source], [Affine() for _ in target]
    left, right = list(source), list(target)
    steps = {"read": 1, "written": 1}
    axes: list[Axis] = []
    while left or right:
        a, b = left[-1] if left else 1, right[-1] if right else 1
        if a == 1 and left:
            left.pop()
            steps["read"] = 1
            continue
        if b == 1 and right:
            right.pop()
            steps["written"] = 1
            continue
        divisor = _smaller_divisor(a, b)
        if divisor is None:
            return None
        axis = Axis(f"d{len(axes)}", divisor)
        axes.append(axis)
        read[len(left) - 1] = read[len(left) - 1] + Affine.of(axis, steps["read"])
        written[len(right) - 1] = written[len(right) - 1] + Affine.of(axis, steps["written"])
        left[-1], right[-1] = _divided(a, divisor), _divided(b, divisor)
        for key in steps:
            steps[key] = steps[key] * divisor if isinstance(divisor, int) else steps[key]
    return tuple(read), tuple(written), axes[::-1]


def _smaller_divisor(a: Extent, b: Extent) -> Extent | None:
    if isinstance(a, Batch) and isinstance(b, Batch):
        return a if a == b else b if a.multiple % b.multiple else None
    if isinstance(a, Batch):
        a, b = b, a
    assert isinstance(a, int)
    whole = b.multiple if isinstance(b, Batch) else b
    if a == 0 or whole == 0:
        return None
    if whole % a == 0:
        return a
    return whole if isinstance(b, int) and a % whole == 0 else None


def _divided(extent: Extent, divisor: Extent) -> Extent:
    if extent == divisor:
        return 1
    assert isinstance(divisor, int)
    return Batch(extent.multiple // divisor) if isinstance(extent, Batch) else extent // divisor


def reshape(x: Any, shape: Sizes) -> Tensor:
    """x's elements in the same row-major order, with other sizes; one size may be -1, to be worked out.

    Raises:   ShapeError if the number of elements differs, or the batch axis would not stay outermost.
    Example:
        >>> reshape([1, 2, 3, 4], (2, -1))
        Tensor([[1 2]
         [3 4]], shape=(2, 2), dtype=int64)
    """
    x = as_tensor(x)
    target = as_shape("reshape", shape, least=-1)
    if target.count(-1) == 1:
        others = product(e for e in target if e != -1)
        missing = _quotient(x.size, others)
        if missing is None:
            raise ShapeError(_REST(shape=show_shape(x.shape), size=x.size, target=show_shape(target), others=others))
        target = tuple(missing if e == -1 else e for e in target)
    if -1 in target:
        raise ShapeError(_UNKNOWN(target=show_shape(target)))
    return x if x.shape == target else apply(RESHAPE, x, shape=target)


def _quotient(whole: Extent, part: Extent) -> Extent | None:
    if isinstance(whole, Batch):
        divisor = part.multiple if isinstance(part, Batch) else part
        if divisor == 0 or whole.multiple % divisor:
            return None
        return whole.multiple // divisor if isinstance(part, Batch) else Batch(whole.multiple // divisor)
    return whole // part if isinstance(part, int) and part and whole % part == 0 else None


def flatten(x: Any) -> Tensor:
    """Each sample's elements in one row.

    Shapes:   x (n, …) → (n, product of the others)
    Example:
        >>> flatten([[[1, 2], [3, 4]]])
        Tensor([[1 2 3 4]], shape=(1, 4), dtype=int64)
    """
    x = as_tensor(x)
    samples = x.shape[normalized_axis("flatten", 0, x)]
    return reshape(x, (samples, product(x.shape[1:])))


def ravel(x: Any) -> Tensor:
    """All elements in one row, in row-major order.

    Example:
        >>> ravel([[1, 2], [3, 4]])
        Tensor([1 2 3 4], shape=(4,), dtype=int64)
    """
    x = as_tensor(x)
    return reshape(x, x.size)
