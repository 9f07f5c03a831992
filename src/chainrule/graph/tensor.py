"""A node of the dataflow graph: the result of applying an operation to tensors."""

from __future__ import annotations

import os
import reprlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Number
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule.errors import DTypeError, GraphError, NoAxesError, ShapeError
from chainrule.graph.arithmetic import Arithmetic
from chainrule.graph.dtype import DType, as_dtype, bool_, float32, int64, unsupported
from chainrule.graph.expression import Buffer, Constant
from chainrule.graph.extent import Extent, is_extent, product, show_shape
from chainrule.graph.looking import taking_out
from chainrule.graph.loopnest import LoopNest, nest
from chainrule.graph.operation import Array, Attributes, Expandable, Operation, Primitive, Type
from chainrule.messages import Message

_PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep
_line: ContextVar[str | None] = ContextVar("line", default=None)  # that of all that is made meanwhile; None: look

_UNBOUND = Message(
    "tensor.unbound",
    en="there is no value yet: it depends on the input '{input}' ({where}), which nothing is bound to. Evaluate with a "
    "value for that input, e.g. cr.evaluate([y], {{{input}: ...}}).",
    zh="还没有值：它依赖输入“{input}”（{where}），而该输入尚未绑定。请为该输入给出值后求值，例如 "
    "cr.evaluate([y], {{{input}: ...}})。",
)
_BUILT_AT = Message("tensor.built_at", en=", built at {where}", zh="（构建于 {where}）")
_NOT_SCALAR = Message(
    "tensor.not_scalar",
    en="a tensor of shape {shape} ({where}) is not one number; reduce it first, e.g. with cr.sum or an index.",
    zh="形状为 {shape} 的张量（{where}）不是单个数；请先归约，例如使用 cr.sum 或下标。",
)
_ZERO_AXES = Message(
    "tensor.no_length",
    en="a tensor without axes ({where}) has no length and cannot be iterated over; its number is x.item().",
    zh="没有轴的张量（{where}）没有长度，也不能迭代；其数值为 x.item()。",
)
_NOT_AN_INDEX = Message(
    "tensor.not_an_index",
    en="a tensor of {dtype} ({where}) cannot count or index; convert it with cr.cast(x, 'int64').",
    zh="类型为 {dtype} 的张量（{where}）不能用于计数或下标；请用 cr.cast(x, 'int64') 转换。",
)
_DOES_NOT_FIT = Message(
    "number.does_not_fit",
    en="the number {value} does not fit {dtype}, which holds {low} to {high}. Use a wider type; a tensor beside "
    "it is cast to one with e.g. cr.cast(x, 'int64').",
    zh="数字 {value} 超出 {dtype} 的范围（{low} 到 {high}）。请使用更宽的类型；可用例如 "
    "cr.cast(x, 'int64') 转换与其运算的张量。",
)
_HOLDS_TENSORS = Message(
    "tensor.holds_tensors",
    en="a list of tensors cannot be made into one by their numbers: how these were computed, and so every derivative, "
    "would be lost. Put the tensors together with cr.stack or cr.concatenate; for the numbers alone, make the list of "
    "float(t).",
    zh="不能仅凭数值将张量列表变成一个张量：其计算过程以及所有导数都会丢失。请用 cr.stack 或 "
    "cr.concatenate 合并；若只需要数值，请用 float(t) 构造列表。",
)
_RAGGED = Message(
    "tensor.ragged",
    en="these numbers do not form a tensor: {reason} Give every row as many entries.",
    zh="这些数字无法构成张量：{reason} 请让每一行的元素个数相同。",
)
_NOT_NUMBERS = Message(
    "tensor.not_numbers",
    en="{data} cannot be made into a tensor: it holds {kind}, not numbers. Turn it into numbers first, e.g. names of "
    "classes into their places in a list.",
    zh="{data} 无法变成张量：其中是 {kind}，不是数字。请先转换为数字，例如把类别名称换成其在列表中的位置。",
)
_NOT_AN_EXTENT = Message(
    "tensor.not_an_extent",
    en="input '{name}': {extent} is not the size of an axis. Sizes are integers, at least 0; the number of samples is "
    "cr.batch.",
    zh="输入“{name}”：{extent} 不是轴的尺寸。尺寸为非负整数；样本数请用 cr.batch。",
)


class Tensor(Arithmetic):
    """An immutable node: operation, inputs, attributes, shape, dtype, and the user's line that made it.

    A tensor made from numbers evaluates when somebody looks: `print(t)`, `t.numpy()`, `float(t)`, `if t > 0`. Its value
    is kept, and evaluation of what depends on it starts there; differentiation still sees the whole graph. Inside a
    function that is being differentiated one may look, as print and if do, but not take out numbers through which the
    derivative goes.

    Example:
        >>> t = tensor([1.0, 2.0]) * 3
        >>> t
        Tensor([3. 6.], shape=(2,), dtype=float32)
        >>> t.operation.name
        'multiply'
    """

    evaluator: ClassVar[Callable[[Tensor], Array]]

    def __init__(
        self,
        operation: Operation,
        inputs: tuple[Tensor, ...],
        attributes: Attributes,
        type: Type,
        *,
        name: str = "",
        value: Array | None = None,
        where: str = "",
    ) -> None:
        self.operation = operation
        self.inputs = inputs
        self.attributes = attributes
        self.shape = type.shape
        self.dtype = type.dtype
        self.name = name
        self.value = value
        self.where = where

    # ------------------------------------------------------------------------------------------------ what it is
    @property
    def type(self) -> Type:
        return Type(self.shape, self.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Extent:
        return product(self.shape)

    @property
    def expansion(self) -> Tensor:
        """The body of a composite operation, applied to this node's inputs; made once and shared by all who expand."""
        if "_expansion" not in self.__dict__:
            self.__dict__.setdefault("_expansion", self._expanded())  # where two threads make it, the first one stays
        body: Tensor = self.__dict__["_expansion"]
        return body

    def _expanded(self) -> Tensor:
        assert isinstance(self.operation, Expandable)
        before = _line.set(self.where)
        try:
            return self.operation.expand(self.inputs, self.attributes)
        finally:
            _line.reset(before)

    def __repr__(self) -> str:
        try:
            value = str(seen(self))
        except GraphError:
            value = self.name or self.operation.name
        return f"Tensor({value}, shape={show_shape(self.shape)}, dtype={self.dtype})"

    def _repr_html_(self) -> str:
        from chainrule.graph.notebook import as_html  # which knows tensors

        return as_html(self)

    def describe(self) -> str:
        """Operation, name and origin, for messages."""
        label = f"'{self.name}'" if self.name else self.operation.name
        return f"{label} {show_shape(self.shape)}{built_at(self.where)}"

    # ------------------------------------------------------------------------------------------------ its value
    def numpy(self) -> Array:
        """The value, as an array that cannot be written to."""
        value = seen(self)
        taking_out.get()(self)
        return value

    def item(self) -> Any:
        """The value of a tensor with one element, as a Python number."""
        value = _seen_number(self)
        taking_out.get()(self)
        return value

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(_seen_number(self))

    def __bool__(self) -> bool:
        return bool(_seen_number(self))

    def __index__(self) -> int:
        if self.dtype.floating:
            raise DTypeError(_NOT_AN_INDEX(dtype=self.dtype, where=self.where))
        return int(_seen_number(self))

    def __format__(self, spec: str) -> str:
        return format(_seen_number(self), spec) if spec else str(self)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().copy().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.numpy().__dlpack_device__()

    def __len__(self) -> int:
        if not self.shape:
            raise NoAxesError(_ZERO_AXES(where=self.where))
        extent = self.shape[0]
        return extent if isinstance(extent, int) else len(seen(self))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[k] for k in range(len(self)))


def apply(operation: Operation, *inputs: Tensor, **attributes: Any) -> Tensor:
    """A new node; its shape and dtype are checked here."""
    return Tensor(operation, inputs, attributes, operation.infer(inputs, attributes), where=caller())


def caller() -> str:
    """The user's line: the innermost one outside this package, as file:line. A body is made on its composite's line."""
    if (at := _line.get()) is not None:
        return at
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() takes a thousand times as long
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"


@contextmanager
def on_no_line() -> Iterator[None]:
    """What is made meanwhile is on no user's line: a command makes it."""
    before = _line.set("")
    try:
        yield
    finally:
        _line.reset(before)


def built_at(where: str) -> str:
    """The end of a phrase about what was made on this line; empty where it is not known."""
    return _BUILT_AT(where=where) if where else ""


def seen(tensor: Tensor) -> Array:
    """The value for what only looks: text, conditions, whole numbers. No derivative is lost by these."""
    if tensor.value is None:
        tensor.value = frozen(Tensor.evaluator(tensor))
    return tensor.value


def _seen_number(tensor: Tensor) -> Any:
    value = seen(tensor)
    if value.size != 1:
        raise ShapeError(_NOT_SCALAR(shape=show_shape(tensor.shape), where=tensor.where))
    return value.reshape(()).item()


def frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


# ---------------------------------------------------------------------------------------------------------- leaves
class Leaf(Primitive):
    """A node without inputs: its type stands in its attributes, and there is nothing to differentiate."""

    def __reduce__(self) -> str:
        return self.name.upper()  # a copy is the same object: leaves are told by identity

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(attributes["shape"], attributes["dtype"])

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        return ()

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return y


class _Source(Leaf):
    """An array from outside: numbers given when the node was made, or an input still to be bound."""

    name = "source"

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        raise GraphError(_UNBOUND(input=y.name, where=y.where))

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        return ()


class _Number(Leaf):
    """One number that is part of the graph itself."""

    name = "number"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        value, dtype = attributes["value"], attributes["dtype"]
        if isinstance(value, int) and not dtype.floating and dtype is not bool_:
            _require_range(value, dtype)
        return super().infer(inputs, attributes)

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return np.asarray(y.attributes["value"], y.dtype.numpy)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        return (nest((), output, Constant(y.attributes["value"], y.dtype)),)


SOURCE, NUMBER = _Source(), _Number()


def input_tensor(name: str, shape: Sequence[Extent], dtype: DType | DTypeLike = float32) -> Tensor:
    """An input that has no value until one is bound to it; its shape may hold the batch axis.

    Raises:   ShapeError if a size is not one; DTypeError if the type is not one of chainrule's.
    Example:
        >>> from chainrule.graph.extent import batch
        >>> input_tensor("x", (batch, 3))
        Tensor(x, shape=(batch, 3), dtype=float32)
    """
    type = Type(tuple(shape), as_dtype(dtype))
    for extent in type.shape:
        if not is_extent(extent):
            raise ShapeError(_NOT_AN_EXTENT(name=name, extent=extent))
    return Tensor(SOURCE, (), {"shape": type.shape, "dtype": type.dtype}, type, name=name, where=caller())


def number(value: bool | int | float, dtype: DType) -> Tensor:
    """A number as part of the graph."""
    return apply(NUMBER, shape=(), dtype=dtype, value=value)


def tensor(data: ArrayLike | Tensor, dtype: DType | DTypeLike | None = None) -> Tensor:
    """A tensor made from numbers, of which it keeps a copy.

    Shapes:   that of the data
    Raises:   DTypeError if the data's type is not one of chainrule's, ShapeError if rows differ in length, GraphError
              if the data is a list that holds tensors.
    Example:
        >>> tensor([[1, 2], [3, 4]])
        Tensor([[1 2]
         [3 4]], shape=(2, 2), dtype=int64)
    """
    if isinstance(data, Tensor):
        data = data.numpy()
    if _holds_tensors(data):
        raise GraphError(_HOLDS_TENSORS())
    python = not hasattr(data, "__array__")
    try:
        array = np.asarray(data)
    except ValueError as reason:
        raise ShapeError(_RAGGED(reason=reason)) from reason
    if array.dtype.kind not in "biuf":
        _refuse(data, array)
    kind = as_dtype(dtype) if dtype is not None else default_dtype(array) if python else as_dtype(array.dtype)
    if array.dtype.kind in "iu" and array.size and not kind.floating and kind is not bool_:
        _require_range(int(array.min()), kind)
        _require_range(int(array.max()), kind)
    array = frozen(np.array(array, kind.numpy, order="C"))
    type = Type(array.shape, kind)
    return Tensor(SOURCE, (), {"shape": type.shape, "dtype": kind}, type, value=array, where=caller())


def _require_range(value: int, dtype: DType) -> None:
    limits = np.iinfo(dtype.name)
    if not limits.min <= value <= limits.max:
        raise DTypeError(_DOES_NOT_FIT(value=value, dtype=dtype, low=limits.min, high=limits.max))


def _holds_tensors(data: object) -> bool:
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(x for x in item if isinstance(x, list | tuple | Tensor))
        elif isinstance(item, Tensor):
            return True
    return False


def _refuse(data: object, array: Array) -> NoReturn:
    """Say what data hold that are no numbers, or of which type numbers are that nothing is computed with."""
    for first in array.reshape(-1)[:1].tolist():
        if not isinstance(first, Number):
            raise DTypeError(_NOT_NUMBERS(data=reprlib.repr(data), kind=type(first).__name__))
    raise unsupported(array.dtype.name)


def default_dtype(array: Array) -> DType:
    """The type of Python numbers: float32 where one has a point, otherwise int64 or bool."""
    return float32 if array.dtype.kind == "f" else int64 if array.dtype.kind in "iu" else as_dtype(array.dtype)
