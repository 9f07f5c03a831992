"""A call's arguments, read: which arrays they hold, of which kind they are, and which count samples."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, GradientError, GraphError, ShapeError, UsageError
from chainrule.execute.structures import Form, flat, rebuilt
from chainrule.graph.dtype import DType, as_dtype, float32, float64
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import Shape, batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import SOURCE, Tensor, tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message

_NO_SUCH_ARGUMENT = Message(
    "compile.no_such_argument",
    en="{function}: batch={given} names an argument that is not there: it was called with {count}, counted from 0. "
    "It names the arguments whose first axis counts samples.",
    zh="{function}：batch={given} 指定了不存在的参数：调用时有 {count} 个参数，从 0 开始编号。"
    "batch 指定第一个轴为样本的参数。",
)
_NO_SAMPLES = Message(
    "compile.no_samples",
    en="{function}: '{argument}' is one number, but batch={given} says that its first axis counts samples. Give an "
    "array, or leave this argument out of batch=.",
    zh="{function}：“{argument}”是单个数，但 batch={given} 指定其第一个轴为样本。请给出数组，或不要在 batch= 中指定"
    "该参数。",
)
_SIZES = Message(
    "compile.sizes",
    en="{function}: the arguments disagree on the size of the batch: {sizes}. Give every one as many samples.",
    zh="{function}：各参数的批量大小不一致：{sizes}。请让每个参数的样本数相同。",
)
_REFUSED = Message(
    "compile.refused",
    en="{function}: the argument '{argument}' cannot be computed with: {reason}",
    zh="{function}：无法用参数“{argument}”计算：{reason}",
)
_FINISHED = Message(
    "compile.finished",
    en="{function} is compiled and gives finished numbers, so the derivative that goes through its argument "
    "'{argument}' would be lost. Differentiate the function as it was, and compile that: cr.compile(cr.grad(f)).",
    zh="{function} 已编译，只给出计算好的数值，因此经过其参数“{argument}”的导数会丢失。请对原函数求导后再编译："
    "cr.compile(cr.grad(f))。",
)
_NOT_NUMBERS = Message(
    "compile.not_numbers",
    en="{function}: the argument '{argument}' is {given}, and no array of numbers. What decides the shape of the "
    "computation belongs into the function itself, e.g. by functools.partial.",
    zh="{function}：参数“{argument}”是 {given}，不是数值数组。决定计算形状的内容应写入函数本身，例如用 "
    "functools.partial。",
)


@dataclass(frozen=True)
class Leaf:
    """One array of the arguments: its path, its numbers, and whether its first axis counts samples."""

    path: str
    array: Array
    dtype: DType
    samples: bool

    @property
    def shape(self) -> Shape:
        return (batch, *self.array.shape[1:]) if self.samples else self.array.shape


@dataclass(frozen=True)
class Arguments:
    """A call's arguments, read."""

    forms: tuple[Form, ...]
    keywords: tuple[str, ...]
    leaves: list[Leaf]

    @property
    def kind(self) -> Hashable:
        return self.forms, self.keywords, tuple((x.shape, x.dtype.name) for x in self.leaves)

    @property
    def size(self) -> int | None:
        return next((x.array.shape[0] for x in self.leaves if x.samples), None)

    def parts(self, leaves: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments with these in place of the arrays."""
        remaining = iter(leaves)
        values = [rebuilt(form, remaining) for form in self.forms]
        positional = len(values) - len(self.keywords)
        return values[:positional], dict(zip(self.keywords, values[positional:], strict=True))


class Reader:
    """What reads the arguments of one function, `batch` naming those whose first axis counts samples."""

    def __init__(self, function: Callable[..., Any], name: str, batch: tuple[int, ...]) -> None:
        self.name = name
        self.batch = batch
        try:
            self._signature: inspect.Signature | None = inspect.signature(function)
        except (TypeError, ValueError):  # some builtins have none
            self._signature = None

    def read(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Arguments | None:
        """The arguments as arrays; None if they depend on inputs that have no value."""
        if keywords and self._signature is not None:  # one program, whether by position or by name
            fitted = self._signature.bind(*arguments, **keywords)
            arguments, keywords = fitted.args, fitted.kwargs
        for k in self.batch:
            if not -len(arguments) <= k < len(arguments):
                raise UsageError(_NO_SUCH_ARGUMENT(function=self.name, given=self._batch_text(), count=len(arguments)))
        batched = {k % len(arguments) for k in self.batch}
        names = self._names(len(arguments))
        parts = [flat(a, name) for a, name in zip((*arguments, *keywords.values()), (*names, *keywords), strict=True)]
        found = [x for leaves, _, _ in parts for x in leaves]
        if open_inputs(found):
            return None
        doubles = any(getattr(x, "dtype", None) in (np.float64, float64) for x in found)
        leaves = []
        for k, (values, _, paths) in enumerate(parts):
            for x, path in zip(values, paths, strict=True):
                array, dtype = self._numbers(x, path, float64 if doubles else float32)
                if k in batched and not array.ndim:
                    raise ShapeError(_NO_SAMPLES(function=self.name, argument=path, given=self._batch_text()))
                leaves.append(Leaf(path, array, dtype, k in batched))
        self._require_one_size(leaves)
        return Arguments(tuple(form for _, form, _ in parts), tuple(keywords), leaves)

    def _numbers(self, x: Any, path: str, floats: DType) -> tuple[Array, DType]:
        """A leaf as an array of one of chainrule's types; Python's fractions in the type that fits the others."""
        if x is None or isinstance(x, str | bytes):
            raise DTypeError(_NOT_NUMBERS(function=self.name, argument=path, given=repr(x)))
        try:
            if isinstance(x, Tensor):
                return x.numpy(), x.dtype
            if hasattr(x, "__array__"):
                array = np.asarray(x)
                return array, as_dtype(array.dtype)
            if type(x) is float:
                return np.asarray(x, floats.numpy), floats
            made = tensor(x)
            if made.dtype.floating:
                made = tensor(x, floats)
            return made.numpy(), made.dtype
        except GradientError:
            raise GradientError(_FINISHED(function=self.name, argument=path)) from None
        except (DTypeError, GraphError, ShapeError) as reason:
            raise type(reason)(_REFUSED(function=self.name, argument=path, reason=reason)) from None

    def _names(self, count: int) -> list[str]:
        """What the function itself calls its positional arguments."""
        names: list[str] = []
        for p in self._signature.parameters.values() if self._signature is not None else ():
            if p.kind is p.VAR_POSITIONAL:
                names += [f"{p.name}/{k}" for k in range(count - len(names))]
            elif p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
                names.append(p.name)
        return [*names, *(f"argument_{k}" for k in range(len(names), count))][:count]

    def _require_one_size(self, leaves: Sequence[Leaf]) -> None:
        sizes = [(x.path, x.array.shape[0]) for x in leaves if x.samples]
        if len({size for _, size in sizes}) > 1:
            text = ", ".join(f"{path} {size}" for path, size in sizes)
            raise ShapeError(_SIZES(function=self.name, sizes=text))

    def _batch_text(self) -> str:
        return str(self.batch[0] if len(self.batch) == 1 else self.batch)


def open_inputs(values: Sequence[Any]) -> list[Tensor]:
    """The inputs without a value that some of these depend on."""
    waiting = [x for x in values if isinstance(x, Tensor) and x.value is None]
    order = topological(waiting, lambda x: () if x.value is not None else expanded_inputs(x)) if waiting else []
    return [x for x in order if x.operation is SOURCE and x.value is None]
