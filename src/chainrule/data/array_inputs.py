"""Arrays of numbers as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.data.inputs import Inputs
from chainrule.data.moments import mean_and_deviation
from chainrule.data.records import Arrays, Records
from chainrule.errors import DataError
from chainrule.messages import Message

_OTHER_RECORDS = Message(
    "array_inputs.other_records",
    en="The model was trained on arrays, but {given} are given. Give arrays whose samples have shape {shape}.",
    zh="该模型是用数组训练的，但给出的是 {given}。请给出样本形状为 {shape} 的数组。",
)
_SHAPE = Message(
    "array_inputs.shape",
    en="The samples have shape {given}, but the model was trained on samples of shape {shape}. Give as many numbers for"
    " each sample, in the same order.",
    zh="样本的形状为 {given}，而模型是用形状为 {shape} 的样本训练的。请为每个样本按相同顺序给出同样多的数。",
)

_PIECE = 1 << 20  # numbers that are scaled in one go, in float64


@dataclass(frozen=True)
class ArrayInputs(Inputs):
    """Samples of one array: rows of numbers are brought to mean 0 and deviation 1, column by column; all else stays as
    it is, such as the bytes of images, which models scale themselves.

        x = (value - mean) / deviation

    shape              that of a sample
    means, deviations  of the columns to train on, 1 where a column is constant; empty where nothing is scaled

    Example:
        >>> inputs = ArrayInputs.learned(Arrays((np.array([[1, 5], [3, 5]]),)))
        >>> inputs.of(Arrays((np.array([[4, 6]]),)))
        array([[2., 1.]], dtype=float32)
    """

    shape: tuple[int, ...]
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()
    kind = "arrays"

    @classmethod
    def learned(cls, records: Arrays) -> Self:
        """What the samples to train on are like."""
        (x,) = records.arrays
        if x.ndim != 2:
            return cls(x.shape[1:])
        means, deviations = mean_and_deviation(x)
        return cls(x.shape[1:], tuple(means.tolist()), tuple(deviations.tolist()))

    def of(self, records: Records) -> NDArray[Any]:
        if not isinstance(records, Arrays) or len(records.arrays) != 1:
            raise DataError(_OTHER_RECORDS(given=type(records).__name__, shape=self.shape))
        (x,) = records.arrays
        if x.shape[1:] != self.shape:
            raise DataError(_SHAPE(given=x.shape[1:], shape=self.shape))
        if not self.means:
            return x
        means, deviations, scaled = np.array(self.means), np.array(self.deviations), np.empty(x.shape, np.float32)
        rows = max(1, _PIECE // len(means))
        with np.errstate(over="ignore"):  # what is too large is infinite
            for start in range(0, len(x), rows):
                scaled[start : start + rows] = (x[start : start + rows] - means) / deviations
        return scaled

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        shape = tuple(int(extent) for extent in data["shape"])
        means, deviations = (tuple(map(float, data[name])) for name in ("means", "deviations"))
        if len(means) != len(deviations) or len(means) not in (0, *shape[-1:]):
            raise ValueError(data)
        if not np.isfinite((means, deviations)).all() or min(deviations, default=1.0) <= 0:
            raise ValueError(data)
        return cls(shape, means, deviations)
