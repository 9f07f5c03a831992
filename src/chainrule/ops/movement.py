"""Movement: the same elements in another arrangement, and arrays put together."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as index_of
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, as_dtype, float32, int64
from chainrule.graph.expression import Buffer, Coordinate, Expression, Index, Read, Size, call
from chainrule.graph.extent import Batch, Extent, Shape, concrete, concrete_shape, is_extent, product, show_shape
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import FLOOR_DIVIDE, REMAINDER, convert
from chainrule.graph.tensor import Leaf, Tensor, apply, number
from chainrule.messages import Message
from chainrule.ops.axes import Sizes, as_shape, letters, normalized_axis
from chainrule.ops.elementwise import where
from chainrule.ops.kinds import elementwise as kind
from chainrule.ops.kinds.conversion import as_tensor, lift
from chainrule.ops.kinds.indexed import Indexed

__all__ = [
    "arange", "broadcast_to", "concatenate", "flatten", "full", "ones", "pad", "reshape", "size", "transpose", "zeros",
]  # fmt: skip

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
_PERMUTATION = Message(
    "transpose.permutation",
    en="transpose: {axes} is not an order of the {rank} axes of shape {shape}.",
    zh="transpose：{axes} 不是形状 {shape} 的 {rank} 个轴的排列。",
)
_CONCATENATE = Message(
    "concatenate.shapes",
    en="concatenate: shapes {shapes} differ in an axis other than {axis}, or have the batch axis there.",
    zh="concatenate：形状 {shapes} 在轴 {axis} 以外存在差异，或批量轴位于该轴。",
)
_NOTHING = Message(
    "concatenate.nothing",
    en="concatenate: there is nothing to put together; give at least one tensor.",
    zh="concatenate：没有可拼接的张量；请至少给出一个。",
)
_PAD = Message(
    "pad.widths",
    en="pad: {widths} does not fit shape {shape}: give (before, after), both at least 0, for each of its {rank} axes; "
    "the batch axis takes (0, 0).",
    zh="pad：{widths} 与形状 {shape} 不符：请为 {rank} 个轴各给出不小于 0 的 (前, 后)；批量轴只能是 (0, 0)。",
)
_INDEX = Message(
    "index.kind",
    en="an index of {kind} cannot be used on a tensor of shape {shape}; use integers, slices, None, ... or an integer "
    "tensor, no more than it has axes.",
    zh="不能对形状为 {shape} 的张量使用 {kind} 下标；请使用整数、切片、None、... 或整数张量，且不超过其轴数。",
)
_STEP = Message(
    "index.step",
    en="a slice of step 0 of a tensor of shape {shape} would never end; steps are positive or negative.",
    zh="对形状为 {shape} 的张量以步长 0 切片永远不会结束；步长应为正数或负数。",
)
_INDEX_RANGE = Message(
    "index.range",
    en="index {index} is out of range for axis {axis} of shape {shape}.",
    zh="下标 {index} 超出形状 {shape} 的轴 {axis} 的范围。",
)
_INDEX_BATCH = Message(
    "index.batch",
    en="the batch axis of shape {shape} has no size yet and can only be taken whole, with ':'.",
    zh="形状 {shape} 的批量轴尚无大小，只能用“:”整体选取。",
)


# ---------------------------------------------------------------------------------------------------- new tensors
def full(shape: Sizes, value: Any, dtype: DType | DTypeLike = float32) -> Tensor:
    """A tensor filled with one value.

    Shapes:   → shape
    Example:
        >>> full((2,), 3)
        Tensor([3. 3.], shape=(2,), dtype=float32)
    """
    shape = as_shape("full", shape)
    value = value if isinstance(value, Tensor) else number(value, as_dtype(dtype))
    return broadcast_to(value, shape)


def zeros(shape: Sizes, dtype: DType | DTypeLike = float32) -> Tensor:
    """A tensor of zeros.

    Shapes:   → shape
    Example:
        >>> zeros(2)
        Tensor([0. 0.], shape=(2,), dtype=float32)
    """
    return full(shape, 0, dtype)


def ones(shape: Sizes, dtype: DType | DTypeLike = float32) -> Tensor:
    """A tensor of ones.

    Shapes:   → shape
    Example:
        >>> ones(2)
        Tensor([1. 1.], shape=(2,), dtype=float32)
    """
    return full(shape, 1, dtype)


class Arange(Leaf):
    """The numbers 0 … extent - 1."""

    name = "arange"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type((attributes["extent"],), int64)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.arange(concrete(y.attributes["extent"], batch), dtype=np.int64)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        (axis,) = axes_of(output)
        return (nest([axis], output, Coordinate(Affine.of(axis))),)


class SizeOf(Leaf):
    """The number that an extent stands for."""

    name = "size"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type((), attributes["dtype"])

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.asarray(concrete(y.attributes["extent"], batch), y.dtype.numpy)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        return (nest((), output, call(convert(y.dtype), Size(y.attributes["extent"]))),)


ARANGE, SIZE = Arange(), SizeOf()


def arange(extent: Extent) -> Tensor:
    """The numbers 0 … extent - 1, as int64.

    Shapes:   → (extent,)
    Example:
        >>> arange(3)
        Tensor([0 1 2], shape=(3,), dtype=int64)
    """
    (extent,) = as_shape("arange", extent)
    return apply(ARANGE, extent=extent)


def size(extent: Extent, dtype: DType | DTypeLike = float32) -> Tensor:
    """The number that an extent stands for: how many samples a batch has is known only when one is there.

    Shapes:   → ()
    Example:
        >>> size(3)
        Tensor(3.0, shape=(), dtype=float32)
    """
    return (
        number(extent, as_dtype(dtype))
        if isinstance(extent, int)
        else apply(SIZE, extent=extent, dtype=as_dtype(dtype))
    )


# ------------------------------------------------------------------------------------------------------ rearranging
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


# ---------------------------------------------------------------------------------------------- parts, and together
def pad(x: Any, widths: Sequence[tuple[int, int]], value: float = 0) -> Tensor:
    """x with `before` and `after` elements of one value added to each axis.

    Shapes:   x (…, a, …) → (…, before + a + after, …)
    Raises:   ShapeError if widths do not fit x.
    Example:
        >>> pad([1.0, 2.0], [(1, 2)])
        Tensor([0. 1. 2. 0. 0.], shape=(5,), dtype=float32)
    """
    x = as_tensor(x)
    try:
        pairs = [(index_of(before), index_of(after)) for before, after in widths]
    except (TypeError, ValueError):
        pairs = []
    bad = len(pairs) != x.ndim or any(min(w) < 0 for w in pairs)
    if bad or any(w != (0, 0) and isinstance(e, Batch) for w, e in zip(pairs, x.shape, strict=True)):
        raise ShapeError(_PAD(widths=widths, shape=show_shape(x.shape), rank=x.ndim))
    widths = pairs
    if all(w == (0, 0) for w in widths):
        return as_tensor(x)
    shape = tuple(e if isinstance(e, Batch) else a + e + b for e, (a, b) in zip(x.shape, widths, strict=True))
    names = letters(x)
    moved = [f"{name}+{before}" if before else name for name, (before, _) in zip(names, widths, strict=True)]
    operation = Indexed("pad", f"y[{','.join(moved)}] += x[{','.join(names)}]")
    padded = operation(x, shape=shape)
    if value == 0:
        return padded
    inside = operation(broadcast_to(True, x.shape), shape=shape)
    return where(inside, padded, value)


class Concatenate(Primitive):
    """Tensors one behind the other along an axis."""

    name = "concatenate"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        axis = attributes["axis"]
        rests = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in inputs}
        extents = [x.shape[axis] for x in inputs if axis < x.ndim]
        sizes = [e for e in extents if isinstance(e, int)]
        if len(rests) > 1 or len(sizes) < len(inputs):
            raise ShapeError(_CONCATENATE(shapes=" ".join(show_shape(x.shape) for x in inputs), axis=axis))
        shape = inputs[0].shape
        return Type((*shape[:axis], sum(sizes), *shape[axis + 1 :]), inputs[0].dtype)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.concatenate(inputs, y.attributes["axis"])

    def _starts(self, y: Tensor) -> list[int]:
        sizes = [x.shape[y.attributes["axis"]] for x in y.inputs]
        return [sum(e for e in sizes[:k] if isinstance(e, int)) for k in range(len(sizes))]

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        nests = []
        for x, start in zip(inputs, self._starts(y), strict=True):
            axes = axes_of(x)
            index = [Affine.of(a) + (start if k == y.attributes["axis"] else 0) for k, a in enumerate(axes)]
            nests.append(nest(axes, output, Read(x, tuple(map(Affine.of, axes))), index))
        return nests

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        if all(t is None for t in tangents):
            return None
        filled = [zeros(x.shape, x.dtype) if t is None else t for x, t in zip(y.inputs, tangents, strict=True)]
        return apply(self, *filled, **y.attributes)

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        axis = y.attributes["axis"]
        lead = (slice(None),) * axis
        sizes = [x.shape[axis] for x in y.inputs]
        return [
            cotangent[(*lead, slice(start, start + extent))] if isinstance(extent, int) else None
            for start, extent in zip(self._starts(y), sizes, strict=True)
        ]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return apply(self, *all_batched(inputs, batched), axis=y.attributes["axis"] + 1)


CONCATENATE = Concatenate()


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors one behind the other along an axis.

    Shapes:   (…, a, …), (…, b, …) → (…, a + b, …)
    Raises:   ShapeError if they differ elsewhere.
    Example:
        >>> concatenate([[1, 2], [3]])
        Tensor([1 2 3], shape=(3,), dtype=int64)
    """
    if not tensors:
        raise UsageError(_NOTHING())
    operands = lift(tensors)
    return apply(CONCATENATE, *operands, axis=normalized_axis("concatenate", axis, operands[0]))


def index(x: Tensor, key: Any) -> Tensor:
    """x[key]: integers, slices of any step, None and ... ; what Python's brackets do."""
    entries = list(key) if isinstance(key, tuple) else [key]
    taken = sum(e is not None and e is not Ellipsis for e in entries)
    if not any(e is Ellipsis for e in entries):
        entries.append(Ellipsis)
    place = next(k for k, e in enumerate(entries) if e is Ellipsis)
    entries[place : place + 1] = [slice(None)] * (x.ndim - taken)
    if taken > x.ndim or any(e is Ellipsis for e in entries):
        raise ShapeError(_INDEX(kind=f"{taken} entries", shape=show_shape(x.shape)))
    read: list[str] = []
    written: list[str] = []
    extents: dict[str, Extent] = {}
    for entry in entries:
        axis = len(read)
        if entry is None:
            written.append("0")
            continue
        text, extent = _one_index(x, axis, entry)
        read.append(text)
        if extent is not None:
            written.append(f"a{axis}")
            extents[f"a{axis}"] = extent
    return Indexed("slice", f"y[{','.join(written)}] += x[{','.join(read)}]")(x, **extents)


def _one_index(x: Tensor, axis: int, entry: int | slice | EllipsisType) -> tuple[str, Extent | None]:
    """The text of one index, and the size of the axis that remains, if one does."""
    extent = x.shape[axis]
    if isinstance(extent, Batch):
        if entry == slice(None):
            return f"a{axis}", extent
        raise ShapeError(_INDEX_BATCH(shape=show_shape(x.shape)))
    if isinstance(entry, slice):
        if entry.step == 0:
            raise UsageError(_STEP(shape=show_shape(x.shape)))
        try:
            start, stop, step = entry.indices(extent)
        except TypeError:
            kind = f"slice({entry.start}, {entry.stop}, {entry.step})"
            raise ShapeError(_INDEX(kind=kind, shape=show_shape(x.shape))) from None
        count = len(range(start, stop, step))
        moved = f"a{axis}" if step == 1 else f"{'-' if step < 0 else ''}{abs(step)}*a{axis}"
        return (f"{moved}+{start}" if start and count else moved if count else f"a{axis}"), count
    if isinstance(entry, bool | EllipsisType) or not hasattr(entry, "__index__"):
        raise ShapeError(_INDEX(kind=type(entry).__name__, shape=show_shape(x.shape)))
    position = entry.__index__()
    if not -extent <= position < extent:
        raise ShapeError(_INDEX_RANGE(index=position, axis=axis, shape=show_shape(x.shape)))
    return str(position % extent), None
