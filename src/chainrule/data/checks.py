"""Refusing data that no network can learn from, before the first step rather than after an hour."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_NO_SAMPLE_AXIS = Message(
    "data.no_sample_axis",
    en="{name} is a single number; the first axis must count the samples. Give an array such as [{value}].",
    zh="{name} 只是一个数；第一个轴必须是样本轴。请给出数组，例如 [{value}]。",
)
_NO_ARRAY = Message(
    "data.no_array",
    en="{name} is {kind}, not an array of samples. Give an array or a list of rows, or a tuple of arrays for several"
    " inputs or targets.",
    zh="{name} 是 {kind}，不是样本数组。请给出数组或由各行组成的列表；若有多个输入或目标，请给出由数组组成的元组。",
)
_EMPTY = Message(
    "data.empty",
    en="{name} has shape {shape}: there are no values in it. Give at least one sample.",
    zh="{name} 的形状为 {shape}，其中没有任何数值。请至少给出一个样本。",
)
_LENGTHS = Message(
    "data.lengths",
    en="{first} has {first_length} samples but {name} has {length}. Each sample needs one entry in both;"
    " check how they were read or cut.",
    zh="{first} 有 {first_length} 个样本，而 {name} 有 {length} 个。"
    "每个样本在两者中都应有一项；请检查它们是如何读取或截取的。",
)
_NOT_NUMBERS = Message(
    "data.not_numbers",
    en="{name} holds {dtype}, not numbers. Make numbers of it, such as numpy.unique(labels, return_inverse=True)[1] of"
    " the names of classes.",
    zh="{name} 的类型是 {dtype}，不是数值。请将其转换为数值，例如类别名称可用"
    " numpy.unique(labels, return_inverse=True)[1]。",
)
_NOT_FINITE = Message(
    "data.not_finite",
    en="{name} holds NaN or infinity at {count} of its {size} places, first {value} at {index}."
    " Remove these samples or fill the gaps, e.g. with numpy.nan_to_num.",
    zh="{name} 的 {size} 个值中有 {count} 个是 NaN 或无穷，第一个是位于 {index} 的 {value}。"
    "请删除这些样本或填补空缺，例如用 numpy.nan_to_num。",
)
_LABEL_TYPE = Message(
    "data.label_type",
    en="{name} holds {dtype}; class labels are integers from 0 to {last}. Convert them, e.g. {name}.astype('int64').",
    zh="{name} 的类型是 {dtype}；类别标签应为 0 到 {last} 的整数。请先转换，例如 {name}.astype('int64')。",
)
_LABEL_RANGE = Message(
    "data.label_range",
    en="{name} has label {value} at {index}; with {classes} classes labels go from 0 to {last}."
    " Count classes from 0, or give the network more outputs.",
    zh="{name} 在 {index} 处的标签为 {value}；共有 {classes} 个类别时，标签应为 0 到 {last}。"
    "请从 0 开始编号，或增加网络的输出个数。",
)
_BATCH_SIZE = Message(
    "data.batch_size",
    en="batch_size is {size!r}; it must be a whole number of samples, at least 1.",
    zh="batch_size 为 {size!r}；它必须是不小于 1 的整数（样本个数）。",
)
_BATCH_TOO_LARGE = Message(
    "data.batch_too_large",
    en="batch_size is {size}, but there are only {samples} samples. Choose a batch_size of at most {samples},"
    " or read more data.",
    zh="batch_size 为 {size}，但只有 {samples} 个样本。请把 batch_size 设为不超过 {samples}，或读入更多数据。",
)

PIECE = 1 << 22  # values that are looked at in one go: an array may be larger than the memory


def check_samples(arrays: Mapping[str, NDArray[Any]]) -> int:
    """The number of samples in arrays that belong together, such as {"x": x, "y": y}, once they are found to be sound.

    Raises:   DataError if an array is empty, is not numeric, holds NaN or infinity, or if their first axes differ.
    Example:
        >>> check_samples({"x": np.zeros((3, 28, 28, 1)), "y": np.array([0, 7, 1])})
        3
    """
    for name, array in arrays.items():
        if array.ndim == 0 and array.dtype.kind not in "buif":
            raise DataError(_NO_ARRAY(name=name, kind="None" if array.item() is None else type(array.item()).__name__))
        if array.ndim == 0:
            raise DataError(_NO_SAMPLE_AXIS(name=name, value=array))
        if array.size == 0:
            raise DataError(_EMPTY(name=name, shape=array.shape))
        check_finite(name, array)
    (first, array), *others = arrays.items()
    for name, other in others:
        if len(other) != len(array):
            raise DataError(_LENGTHS(first=first, first_length=len(array), name=name, length=len(other)))
    return len(array)


def check_finite(name: str, array: NDArray[Any]) -> None:
    """Refuse what is not numeric and what is NaN or infinite; `name` is what the message calls the array."""
    if array.dtype.kind not in "buif":
        raise DataError(_NOT_NUMBERS(name=name, dtype=array.dtype))
    if array.dtype.kind != "f":
        return
    first, count = None, 0
    for start, piece in _pieces(array):
        finite = np.isfinite(piece)
        if not finite.all():
            count += finite.size - np.count_nonzero(finite)
            where = _first(~finite)
            first = first or (where if start is None else (start + where[0], *where[1:]))
    if first is not None:
        place = _place(name, first)
        raise DataError(_NOT_FINITE(name=name, count=count, size=array.size, value=array[first], index=place))


def _pieces(array: NDArray[Any]) -> Iterator[tuple[int | None, NDArray[Any]]]:
    """An array in pieces along its first axis, so that what is made of each stays small; None for one without axes."""
    if array.ndim == 0 or array.size <= PIECE:
        yield 0 if array.ndim else None, array
        return
    rows = max(1, PIECE * len(array) // array.size)
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def check_labels(labels: NDArray[Any], classes: int, name: str = "y") -> None:
    """Refuse labels that are not integers from 0 to classes - 1.

    Raises:   DataError, naming the first label that is out of range.
    Example:
        >>> check_labels(np.array([3, 0, 9]), classes=10)
    """
    if labels.dtype.kind not in "bui":
        raise DataError(_LABEL_TYPE(name=name, dtype=labels.dtype, last=classes - 1))
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        index = _first(outside)
        place = _place(name, index)
        raise DataError(_LABEL_RANGE(name=name, value=labels[index], index=place, classes=classes, last=classes - 1))


def check_batch_size(batch_size: SupportsIndex, samples: int) -> int:
    """The batch size, once it is found to be a whole number between 1 and the number of samples.

    Raises:   UsageError if it is not a positive whole number; DataError if it is larger than the data.
    Example:
        >>> check_batch_size(32, samples=100)
        32
    """
    try:
        size = operator.index(batch_size)
    except TypeError:
        raise UsageError(_BATCH_SIZE(size=batch_size)) from None
    if size < 1:
        raise UsageError(_BATCH_SIZE(size=size))
    if size > samples:
        raise DataError(_BATCH_TOO_LARGE(size=size, samples=samples))
    return size


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(mask), mask.shape))


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]"
