"""Element types, and the type that results when two of them meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from chainrule.errors import DTypeError
from chainrule.messages import Message, suggestion

_UNSUPPORTED = Message(
    "dtype.unsupported",
    en="dtype {dtype} is not supported; chainrule computes with {known}. Convert the data first, e.g. with "
    "x.astype('float32').",
    zh="不支持数据类型 {dtype}；chainrule 使用 {known}。请先转换数据，例如 x.astype('float32')。",
)


@dataclass(frozen=True)
class DType:
    """An element type; `order` is its place in promotion: the later of two types wins."""

    name: str
    order: int

    @property
    def numpy(self) -> np.dtype[np.generic]:
        return np.dtype(self.name)

    @property
    def floating(self) -> bool:
        return self.order >= float32.order

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return as_dtype, (self.name,)  # a copy is the same object: types are compared by identity


bool_ = DType("bool", 0)
uint8 = DType("uint8", 1)
int32 = DType("int32", 2)
int64 = DType("int64", 3)
float32 = DType("float32", 4)
float64 = DType("float64", 5)

DTYPES = (bool_, uint8, int32, int64, float32, float64)
_BY_NAME = {d.name: d for d in DTYPES}


def as_dtype(dtype: DType | DTypeLike) -> DType:
    """The element type of this name, NumPy type or element type."""
    if isinstance(dtype, DType):
        return dtype
    try:
        name = np.dtype(dtype).name
    except TypeError:  # not even NumPy knows it
        name = str(dtype)
        raise unsupported(name, suggestion(name, _BY_NAME)) from None
    if name not in _BY_NAME:
        raise unsupported(name)
    return _BY_NAME[name]


def unsupported(name: str, meant: str = "") -> DTypeError:
    """That there is no element type of this name, and which may have been meant."""
    return DTypeError(_UNSUPPORTED(dtype=name, known=", ".join(_BY_NAME)) + meant)


def promote(*dtypes: DType) -> DType:
    """The type of a result: an integer with a float gives that float, otherwise the wider type wins."""
    return max(dtypes, key=lambda d: d.order)


def promote_number(number: bool | int | float, dtype: DType) -> DType:
    """The type of a Python number beside a tensor: it follows the tensor unless its kind cannot hold it."""
    needed = bool_ if isinstance(number, bool) else int32 if isinstance(number, int) else float32
    if isinstance(number, int) and not isinstance(number, bool) and dtype is uint8:
        return uint8
    return promote(dtype, needed)
