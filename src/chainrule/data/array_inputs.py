"""Arrays of numbers as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.data.failures import Failures, refuse
from chainrule.data.inputs import Inputs
from chainrule.data.moments import of_pieces
from chainrule.data.pictures.inputs import PictureInputs
from chainrule.data.pictures.records import Pictures
from chainrule.data.records import Arrays, Records
from chainrule.errors import DataError
from chainrule.messages import Message

_OTHER_RECORDS = Message(
    "array_inputs.other_records",
    en="The model was trained on arrays, not on {given}. Give arrays whose samples have shape {shape}.",
    zh="该模型是用数组训练的，但给出的是 {given}。请给出样本形状为 {shape} 的数组。",
)
_SHAPE = Message(
    "array_inputs.shape",
    en="The samples have shape {given}, but the model was trained on samples of shape {shape}. Give as many numbers for"
    " each sample, in the same order.",
    zh="样本的形状为 {given}，而模型是用形状为 {shape} 的样本训练的。请为每个样本按相同顺序给出同样多的数。",
)
_NO_BYTES = Message(
    "array_inputs.no_bytes",
    en="The model was trained on bytes, whole numbers from 0 to 255, but {dtype} from {least:g} to {most:g} are given."
    " Give what it was trained on, such as (255 * x).astype('uint8') where values go from 0 to 1.",
    zh="该模型是用字节（0 到 255 的整数）训练的，但给出的是 {least:g} 到 {most:g} 的 {dtype}。"
    "请给出与训练时相同的数据，例如取值为 0 到 1 时给出 (255 * x).astype('uint8')。",
)
_BYTES = Message(
    "array_inputs.bytes",
    en="The model was trained on numbers that were no bytes, but uint8 are given. Give them as they were for the"
    " training, such as x / 255 where values went from 0 to 1, or x.astype('float32') if they went to 255.",
    zh="该模型不是用字节训练的，但给出的是 uint8。请给出与训练时相同的数值：若训练时取值为 0 到 1，"
    "请给出 x / 255；若训练时取值到 255，请给出 x.astype('float32')。",
)

Values = Literal["bytes", "numbers"]
_PIECE = 1 << 20  # numbers that are scaled in one go, in float64


@dataclass(frozen=True)
class ArrayInputs(Inputs):
    """Samples of one array: rows of numbers are brought to mean 0 and deviation 1, column by column; all else stays as
    it is, such as the bytes of images, which models scale themselves.

        x = (value - mean) / deviation

    shape              that of a sample
    means, deviations  of the columns to train on, 1 where a column is constant; empty where nothing is scaled
    values             "bytes" if those to train on were uint8, else "numbers". For bytes, whole numbers from 0 to 255
                       of any type may be given; bytes for numbers only in rows, which are scaled whatever holds them

    Example:
        >>> inputs = ArrayInputs.learned(Arrays((np.array([[1, 5], [3, 5]]),)))
        >>> inputs.of(Arrays((np.array([[4, 6]]),)))
        array([[2., 1.]], dtype=float32)
    """

    shape: tuple[int, ...]
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()
    values: Values = "numbers"
    kind = "arrays"

    @classmethod
    def learned(cls, records: Arrays) -> Self:
        """What the samples to train on are like."""
        (x,) = records.whole
        values: Values = "bytes" if x.dtype == np.uint8 else "numbers"
        if x.ndim != 2:
            return cls(x.shape[1:], values=values)
        means, deviations = of_pieces(piece.arrays[0] for piece in records.pieces())
        return cls(x.shape[1:], tuple(means.tolist()), tuple(deviations.tolist()), values)

    def of(self, records: Records) -> NDArray[Any]:
        x, failures = self.of_usable(records)
        refuse(failures, len(records))
        return x

    def of_usable(self, records: Records) -> tuple[NDArray[Any], Failures]:
        match records, self.shape:
            case Arrays(arrays=(x,)), _:
                return self._of_array(x), {}
            case Pictures(), (height, width, 1 | 3 as channels):
                images, failures = PictureInputs(height, width, channels).of_usable(records)
                return self._of_array(images), failures
        raise DataError(_OTHER_RECORDS(given=records.word(), shape=self.shape))

    def _of_array(self, x: NDArray[Any]) -> NDArray[Any]:
        if x.shape[1:] != self.shape:
            raise DataError(_SHAPE(given=x.shape[1:], shape=self.shape))
        if self.values == "bytes":
            x = _in_bytes(x)
        elif x.dtype == np.uint8 and not self.means:
            raise DataError(_BYTES())
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
        if data["values"] not in get_args(Values):
            raise ValueError(data)
        return cls(shape, means, deviations, data["values"])


def _in_bytes(x: NDArray[Any]) -> NDArray[np.uint8]:
    """The same numbers as uint8.

    Raises:   DataError if there are others than whole ones from 0 to 255.
    """
    if x.dtype == np.uint8:
        return x
    least, most = x.min(), x.max()
    if least < 0 or most > 255 or (x != np.floor(x)).any():
        raise DataError(_NO_BYTES(dtype=x.dtype, least=least, most=most))
    return x.astype(np.uint8)
