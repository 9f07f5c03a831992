"""Operands made ready for an operation: numbers become tensors, mixed types become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import DTypeLike

from chainrule.errors import DTypeError
from chainrule.graph.affine import Affine
from chainrule.graph.dtype import DType, as_dtype, bool_, float32, int32, promote, promote_number
from chainrule.graph.expression import Buffer, Read, call
from chainrule.graph.loopnest import LoopNest, axes_of, nest
from chainrule.graph.operation import Array, Attributes, Primitive, Type
from chainrule.graph.scalar import convert
from chainrule.graph.tensor import Tensor, apply, number, tensor
from chainrule.messages import Message

_INTEGERS = Message(
    "conversion.integers",
    en="this operation is on integers, but was given {dtype}. Convert it with cr.cast(x, 'int64').",
    zh="该操作只用于整数，但得到的是 {dtype}。请用 cr.cast(x, 'int64') 转换。",
)
_BITS = Message(
    "conversion.bits",
    en="& | ^ and ~ are for conditions and integers, but were given {dtype}. A comparison needs its parentheses, as in "
    "(x > 0) & (y < 1); numbers become conditions with cr.cast(x, 'bool').",
    zh="& | ^ 与 ~ 只用于条件和整数，但得到的是 {dtype}。比较必须加括号，如 (x > 0) & (y < 1)；"
    "可用 cr.cast(x, 'bool') 将数字转换为条件。",
)


class Cast(Primitive):
    """The same numbers in another type. Linear between floats; conversions to and from integers stop the gradient."""

    name = "cast"

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return Type(inputs[0].shape, attributes["dtype"])

    def evaluate(self, y: Tensor, inputs: Sequence[Array], batch: int | None) -> Array:
        return inputs[0].astype(y.dtype.numpy)

    def lower(self, y: Tensor, output: Buffer, inputs: Sequence[Buffer]) -> Sequence[LoopNest]:
        axes = axes_of(output)
        return (nest(axes, output, call(convert(y.dtype), Read(inputs[0], tuple(map(Affine.of, axes))))),)

    def jvp(self, y: Tensor, tangents: Sequence[Tensor | None]) -> Tensor | None:
        return cast(tangents[0], y.dtype) if tangents[0] is not None else None

    def vjp(self, y: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
        floating = y.inputs[0].dtype.floating
        return [cast(cotangent, y.inputs[0].dtype) if floating else None]

    def vmap(self, y: Tensor, inputs: Sequence[Tensor], batched: Sequence[bool]) -> Tensor:
        return cast(inputs[0], y.dtype)


CAST = Cast()


def cast(x: Any, dtype: DType | DTypeLike) -> Tensor:
    """x with its numbers in another type.

    Shapes:   x (…) → (…)
    Raises:   DTypeError if the type is not one of chainrule's.
    Example:
        >>> cast([1.7, -1.7], "int32")
        Tensor([ 1 -1], shape=(2,), dtype=int32)
    """
    x = as_tensor(x)
    dtype = as_dtype(dtype)
    return x if x.dtype == dtype else apply(CAST, x, dtype=dtype)


def as_tensor(x: Any) -> Tensor:
    """x itself if it is a tensor, otherwise the tensor made from it."""
    return x if isinstance(x, Tensor) else tensor(x)


def as_floats(x: Any) -> Tensor:
    """x itself if its numbers are floats, otherwise as float32."""
    x = as_tensor(x)
    return cast(x, promote(x.dtype, float32))


def lift(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of one type: the widest of the tensors', which Python numbers follow unless their kind does not fit."""
    operands = [x if isinstance(x, Tensor | bool | int | float) else tensor(x) for x in operands]
    dtype = promote(bool_, *(x.dtype for x in operands if isinstance(x, Tensor)))
    for x in operands:
        if not isinstance(x, Tensor):
            dtype = promote_number(x, dtype)
    return [cast(x, dtype) if isinstance(x, Tensor) else number(x, dtype) for x in operands]


def lift_numbers(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of one type that can be counted with: bools become integers."""
    lifted = lift(operands)
    return [cast(x, promote(x.dtype, int32)) if x.dtype is bool_ else x for x in lifted]


def lift_floats(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of one floating type: integers become float32 unless a wider float is among them."""
    lifted = lift(operands)
    return [cast(x, promote(x.dtype, float32)) for x in lifted]


def lift_integers(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of one integer type; floats are refused."""
    lifted = lift_numbers(operands)
    if lifted[0].dtype.floating:
        raise DTypeError(_INTEGERS(dtype=lifted[0].dtype))
    return lifted


def lift_bits(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of one type that consists of bits, integers or bools; floats are refused."""
    lifted = lift(operands)
    if lifted[0].dtype.floating:
        raise DTypeError(_BITS(dtype=lifted[0].dtype))
    return lifted


def lift_conditions(operands: Iterable[Any]) -> list[Tensor]:
    """Tensors of bools: numbers are true unless zero."""
    return [cast(x, bool_) for x in lift(operands)]


def lift_selection(operands: Iterable[Any]) -> list[Tensor]:
    """A condition, and the tensors it selects from, of one type."""
    condition, *choices = operands
    return [*lift_conditions([condition]), *lift(choices)]
