"""A type checker for loop nests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DType, bool_
from chainrule.graph.expression import (
    Buffer,
    Call,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Index,
    Monoid,
    Read,
    Reduce,
    Size,
)
from chainrule.graph.extent import Batch, is_extent, product, show_shape
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.scalar import WHERE
from chainrule.messages import Message

_TWICE = Message("nests.twice", en="axis {axis} is bound twice", zh="轴 {axis} 被绑定两次")
_EXTENT = Message("nests.extent", en="{extent} is not the size of an axis", zh="{extent} 不是轴的尺寸")
_ORDERED = Message(
    "nests.ordered",
    en="the ordered axis {axis} is not an axis of the nest",
    zh="有序轴 {axis} 不是该嵌套的轴",
)
_UNBOUND = Message(
    "nests.unbound", en="index {index} uses the unbound axis {axis}", zh="下标 {index} 使用了未绑定的轴 {axis}"
)
_RANK = Message(
    "nests.rank",
    en="{buffer} {shape} is met with {count} indices",
    zh="{buffer} {shape} 使用了 {count} 个下标",
)
_OUTSIDE = Message(
    "nests.outside",
    en="index {index} leaves an axis of size {extent} of {buffer}",
    zh="下标 {index} 超出 {buffer} 大小为 {extent} 的轴",
)
_INDEX_TYPE = Message(
    "nests.index_type", en="an index of {buffer} is {dtype}, not an integer", zh="{buffer} 的下标为 {dtype}，不是整数"
)
_NOT_READABLE = Message(
    "nests.not_readable",
    en="{buffer} is read, which is not an input (the output may be read along ordered axes only)",
    zh="读取了 {buffer}，它不是输入（输出只能沿有序轴读取）",
)
_WRITTEN = Message("nests.written", en="{buffer} is written, which is not the output", zh="写入了 {buffer}，它不是输出")
_STORED = Message(
    "nests.stored",
    en="a value of type {dtype} is stored in {buffer}, which is {expected}",
    zh="类型为 {dtype} 的值存入了类型为 {expected} 的 {buffer}",
)
_COVERAGE = Message(
    "nests.coverage",
    en="{written} elements of {buffer} are written, but it has {size}",
    zh="写入了 {buffer} 的 {written} 个元素，但它有 {size} 个",
)
_ARITY = Message(
    "nests.arity",
    en="{function} takes {expected} arguments, but has {given}",
    zh="{function} 需要 {expected} 个参数，但有 {given} 个",
)
_MIXED = Message("nests.mixed", en="{function} is given {dtypes}", zh="{function} 的参数类型为 {dtypes}")
_CONDITION = Message(
    "nests.condition",
    en="the condition {condition} is not an affine index and an extent",
    zh="条件 {condition} 不是仿射下标和尺寸",
)
_MONOID = Message(
    "nests.monoid",
    en="the monoid {monoid} does not combine {dtypes} to the same, or has no component {item}",
    zh="幺半群 {monoid} 不能将 {dtypes} 合并为同样的类型，或没有第 {item} 个分量",
)
_NOT_A_VALUE = Message("nests.not_a_value", en="{expression} has no value in a nest", zh="{expression} 在嵌套中没有值")


def problem(nests: Sequence[LoopNest], output: Buffer, inputs: Sequence[Buffer]) -> str | None:
    """The first thing that is wrong with nests that are to write every element of the output from the inputs.

    Every axis is bound, once; types and ranks fit; what no guard protects stays inside its buffer; as many elements are
    written as there are. That none is written twice is left to tests that run the nests.
    """
    return next(_problems(nests, output, inputs), None)


def _problems(nests: Sequence[LoopNest], output: Buffer, inputs: Sequence[Buffer]) -> Iterator[str]:
    written = [0, 0]  # elements for each sample of the batch, and others
    for nest in nests:
        readable = [*inputs, output] if nest.ordered else inputs
        yield from _Scope(frozenset(readable), frozenset()).nest(nest, output)
        if not any(o.accumulate for o in nest.outputs):
            count = product(axis.extent for axis in nest.axes)
            written[isinstance(count, int)] += count if isinstance(count, int) else count.multiple
    size = product(output.shape)
    if written != ([0, size] if isinstance(size, int) else [size.multiple, 0]):
        parts = [Batch(written[0])] * (written[0] > 0) + [written[1]] * (written[1] > 0)
        yield _COVERAGE(written=" + ".join(map(str, parts)) or 0, buffer=output.name, size=size)


class _Scope:
    """What an expression may use: buffers, axes, and whether guards keep its reads inside.

    `seen` are the parts that have been gone through here: parts may be shared, and paths grow exponentially. Problems
    come from the inside out: whatever is asked for its type has none.
    """

    def __init__(self, buffers: frozenset[Buffer], axes: frozenset[Axis], guarded: bool = False) -> None:
        self.buffers, self.axes, self.guarded = buffers, axes, guarded
        self.seen: set[int] = set()

    def binding(self, axes: Sequence[Axis]) -> _Scope:
        return _Scope(self.buffers, self.axes | set(axes), self.guarded)

    def nest(self, nest: LoopNest, output: Buffer) -> Iterator[str]:
        yield from self.new_axes(nest.axes)
        yield from (_ORDERED(axis=axis.name) for axis in nest.ordered if axis not in nest.axes)
        inner = self.binding(nest.axes)
        for o in nest.outputs:
            if o.buffer is not output:
                yield _WRITTEN(buffer=o.buffer.name)
            yield from inner.access(o.buffer, o.index)
            yield from inner.value(o.value)
            if o.value.dtype != o.buffer.dtype:
                yield _STORED(dtype=o.value.dtype, buffer=o.buffer.name, expected=o.buffer.dtype)

    def new_axes(self, axes: Sequence[Axis]) -> Iterator[str]:
        yield from (_EXTENT(extent=axis.extent) for axis in axes if not is_extent(axis.extent))
        yield from (_TWICE(axis=a.name) for k, a in enumerate(axes) if a in self.axes or a in axes[:k])

    def affine(self, index: Affine) -> Iterator[str]:
        yield from (_UNBOUND(index=index, axis=axis.name) for axis in index.axes if axis not in self.axes)

    def access(self, buffer: Buffer, index: Sequence[Index]) -> Iterator[str]:
        if len(index) != len(buffer.shape):
            yield _RANK(buffer=buffer.name, shape=show_shape(buffer.shape), count=len(index))
        for i, extent in zip(index, buffer.shape, strict=False):
            if isinstance(i, Affine):
                yield from self.affine(i)
                if not self.guarded and not i.within(extent):
                    yield _OUTSIDE(index=i, extent=extent, buffer=buffer.name)
            else:
                yield from self.value(i)
                if i.dtype.floating or i.dtype is bool_:
                    yield _INDEX_TYPE(buffer=buffer.name, dtype=i.dtype)

    def value(self, e: Expression) -> Iterator[str]:
        if id(e) in self.seen:
            return
        self.seen.add(id(e))
        match e:
            case Constant(value) if isinstance(value, bool | int | float):
                pass
            case Size(extent) if is_extent(extent):
                pass
            case Coordinate(index):
                yield from self.affine(index)
            case Read(buffer, index):
                if buffer not in self.buffers:
                    yield _NOT_READABLE(buffer=buffer.name)
                yield from self.access(buffer, index)
            case Call():
                yield from self.call(e)
            case Guard():
                yield from self.guard(e)
            case Reduce():
                yield from self.reduce(e)
            case _:
                yield _NOT_A_VALUE(expression=e)

    def call(self, e: Call) -> Iterator[str]:
        for argument in e.arguments:
            yield from self.value(argument)
        dtypes = [a.dtype for a in e.arguments]
        if len(dtypes) != e.function.arity:
            yield _ARITY(function=e.function.name, expected=e.function.arity, given=len(dtypes))
        conditions, operands = (dtypes[:1], dtypes[1:]) if e.function is WHERE else ([], dtypes)
        if len(set(operands)) > 1 or set(conditions) - {bool_}:
            yield _MIXED(function=e.function.name, dtypes=", ".join(map(str, dtypes)))

    def guard(self, e: Guard) -> Iterator[str]:
        for condition in e.conditions:
            match condition:
                case (Affine() as index, extent) if is_extent(extent):
                    yield from self.affine(index)
                case _:
                    yield _CONDITION(condition=condition)
        yield from _Scope(self.buffers, self.axes, guarded=True).value(e.value)

    def reduce(self, e: Reduce) -> Iterator[str]:
        yield from self.new_axes(e.axes)
        inner = self.binding(e.axes)
        for argument in e.arguments:
            yield from inner.value(argument)
        dtypes = [a.dtype for a in e.arguments]
        if e.item not in range(len(dtypes)) or not _combines(e.monoid, dtypes):
            yield _MONOID(monoid=e.monoid.name, dtypes=", ".join(map(str, dtypes)), item=e.item)


def _combines(monoid: Monoid, dtypes: Sequence[DType]) -> bool:
    """Whether the monoid makes a tuple of these types from two of them."""
    if len(dtypes) != len(monoid.identity):
        return False
    zeros = tuple(Constant(0, dtype) for dtype in dtypes)
    return [e.dtype for e in monoid.combine(zeros, zeros)] == list(dtypes)
