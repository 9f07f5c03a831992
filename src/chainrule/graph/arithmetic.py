"""Python's operators on tensors, and a few methods of NumPy's arrays: each applies an operation of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from chainrule.errors import GradientError, GraphError, UsageError
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.graph.tensor import Tensor

_OF_NUMPY = Message(
    "tensor.function_of_numpy",
    en="np.{function} works on arrays, not on tensors, whose derivatives would be lost.{instead} For the numbers alone"
    ": np.{function}(x.numpy()).",
    zh="np.{function} 作用于数组而非张量，否则导数会丢失。{instead}若只需要数值：np.{function}(x.numpy())。",
)
_USE_OURS = Message(
    "tensor.use_ours",
    en=" In place of {function} use cr.{name}.",
    zh="请用 cr.{name} 代替 {function}。",
)
_MADE_OF_OURS = Message(
    "tensor.made_of_ours",
    en=" Compute it with chainrule's functions (most have NumPy's names, such as cr.exp).",
    zh="请用 chainrule 的函数计算（大多与 NumPy 同名，例如 cr.exp）。",
)
_INTO_AN_ARRAY = Message(
    "tensor.into_an_array",
    en="np.{function} cannot write into an array what is computed with tensors. Instead of changing an array in place"
    " (a += x), make a new tensor: a = a + x.",
    zh="np.{function} 不能把由张量算出的结果写入数组。请不要就地修改数组（a += x），而是创建新的张量：a = a + x。",
)
_NO_OPTION = Message(
    "tensor.option_of_numpy",
    en="{method} of a tensor has no {option}=. Leave it out; for a result of another type write"
    " x.astype('float64').{method}().",
    zh="张量的 {method} 没有 {option}= 参数。请去掉它；若需要其他类型的结果，请写 x.astype('float64').{method}()。",
)

_REDUCTIONS = {"multiply": "prod", "logical_and": "all", "logical_or": "any"}  # as what NumPy's functions arrive


class Operators(Protocol):
    """What operators and methods do to tensors; the package gives it to Tensor, since the vocabulary stands above."""

    add: Callable[[Any, Any], Tensor]
    subtract: Callable[[Any, Any], Tensor]
    multiply: Callable[[Any, Any], Tensor]
    divide: Callable[[Any, Any], Tensor]
    floor_divide: Callable[[Any, Any], Tensor]
    remainder: Callable[[Any, Any], Tensor]
    power: Callable[[Any, Any], Tensor]
    matmul: Callable[[Any, Any], Tensor]
    negative: Callable[[Any], Tensor]
    absolute: Callable[[Any], Tensor]
    bitwise_and: Callable[[Any, Any], Tensor]
    bitwise_or: Callable[[Any, Any], Tensor]
    bitwise_xor: Callable[[Any, Any], Tensor]
    bitwise_not: Callable[[Any], Tensor]
    equal: Callable[[Any, Any], Tensor]
    not_equal: Callable[[Any, Any], Tensor]
    less: Callable[[Any, Any], Tensor]
    less_equal: Callable[[Any, Any], Tensor]
    greater: Callable[[Any, Any], Tensor]
    greater_equal: Callable[[Any, Any], Tensor]
    isfinite: Callable[[Any], Tensor]
    isinf: Callable[[Any], Tensor]
    isnan: Callable[[Any], Tensor]
    index: Callable[[Any, Any], Tensor]
    transpose: Callable[..., Tensor]
    reshape: Callable[[Any, Any], Tensor]
    cast: Callable[[Any, Any], Tensor]
    sum: Callable[..., Tensor]
    mean: Callable[..., Tensor]
    max: Callable[..., Tensor]
    min: Callable[..., Tensor]
    named_by_numpy: Callable[[str], str | None]  # what a function of NumPy is called here; None: there is none


class Arithmetic:
    """What makes `x + 1`, `x @ w`, `x[0]` and `x.sum()` of a tensor.

    The methods are the ones that are typed most; every operation is a function, of which `x.sum(1)` is `cr.sum(x, 1)`.
    """

    operators: ClassVar[Operators]

    def __array_ufunc__(self, function: Any, method: str, *operands: Any, **options: Any) -> Tensor:
        """NumPy's operators, as in `array * x`, and what it asks of numbers, as np.isnan, are ours; its other functions
        are refused, since they forget how their result was computed.
        """
        ours = getattr(self.operators, "bitwise_not" if function.__name__ == "invert" else function.__name__, None)
        if ours is None or method != "__call__":
            name = function.__name__
            if method != "__call__":
                name = _REDUCTIONS.get(name, f"{name}.{method}")
            raise UsageError(_OF_NUMPY(function=name, instead=self._use_ours(name) or _MADE_OF_OURS()))
        if options:
            raise UsageError(_INTO_AN_ARRAY(function=function.__name__))
        result: Tensor = ours(*operands)
        return result

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """NumPy's functions of arrays, such as np.median, get the numbers; where they must not, ours is named."""
        try:
            return function._implementation(*arguments, **named)  # noqa: SLF001 - what NumPy itself calls
        except (GradientError, GraphError) as refused:
            module = function.__module__.replace("numpy", "np", 1)
            raise type(refused)(f"{refused}{self._use_ours(function.__name__, module)}") from None

    def _use_ours(self, function: str, module: str = "np") -> str:
        """What chainrule has in place of a function of NumPy; nothing where it has nothing."""
        name = self.operators.named_by_numpy(function)
        return _USE_OURS(function=f"{module}.{function}", name=name) if name else ""

    # Tensors are told apart by identity, so they can be keys although == compares elements.
    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Tensor:
        return self.operators.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return self.operators.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return self.operators.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return self.operators.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return self.operators.multiply(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return self.operators.multiply(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return self.operators.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self.operators.divide(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return self.operators.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return self.operators.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return self.operators.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return self.operators.remainder(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return self.operators.power(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return self.operators.power(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return self.operators.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return self.operators.matmul(other, self)

    def __neg__(self) -> Tensor:
        return self.operators.negative(self)

    def __abs__(self) -> Tensor:
        return self.operators.absolute(self)

    def __and__(self, other: Any) -> Tensor:
        return self.operators.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return self.operators.bitwise_and(other, self)

    def __or__(self, other: Any) -> Tensor:
        return self.operators.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return self.operators.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Tensor:
        return self.operators.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return self.operators.bitwise_xor(other, self)

    def __invert__(self) -> Tensor:
        return self.operators.bitwise_not(self)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.operators.equal(self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self.operators.not_equal(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return self.operators.less(self, other)

    def __le__(self, other: Any) -> Tensor:
        return self.operators.less_equal(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return self.operators.greater(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return self.operators.greater_equal(self, other)

    def __getitem__(self, index: Any) -> Tensor:
        return self.operators.index(self, index)

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        return self.operators.transpose(self)

    def transpose(self, *axes: Any) -> Tensor:
        """`cr.transpose`: x.transpose(1, 0), or x.transpose((1, 0))."""
        return self.operators.transpose(self, _together(axes) if axes else None)

    def reshape(self, *shape: Any) -> Tensor:
        """`cr.reshape`: x.reshape(2, -1), or x.reshape((2, -1))."""
        return self.operators.reshape(self, _together(shape))

    def astype(self, dtype: Any) -> Tensor:
        """`cr.cast`."""
        return self.operators.cast(self, dtype)

    def sum(self, axis: Any = None, *, keepdims: bool = False, **of_numpy: None) -> Tensor:
        """`cr.sum`; so is `np.sum` of a tensor."""
        _refuse_options("sum", of_numpy)
        return self.operators.sum(self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False, **of_numpy: None) -> Tensor:
        """`cr.mean`; so is `np.mean` of a tensor."""
        _refuse_options("mean", of_numpy)
        return self.operators.mean(self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False, **of_numpy: None) -> Tensor:
        """`cr.max`; so is `np.max` of a tensor."""
        _refuse_options("max", of_numpy)
        return self.operators.max(self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False, **of_numpy: None) -> Tensor:
        """`cr.min`; so is `np.min` of a tensor."""
        _refuse_options("min", of_numpy)
        return self.operators.min(self, axis, keepdims=keepdims)


def _refuse_options(method: str, given: dict[str, Any]) -> None:
    """NumPy calls a method with out=None, and dtype=None; anything else would be ignored here."""
    for option, value in given.items():
        if value is not None:
            raise UsageError(_NO_OPTION(method=method, option=option))


def _together(given: tuple[Any, ...]) -> Any:
    """What was given as several arguments, or as one."""
    return given[0] if len(given) == 1 else given
