"""What a network gets of each column of a table: learned from the rows to train on, alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.data.moments import mean_and_deviation
from chainrule.data.tables.kinds import Column, Date, Kind, Number, YesNo, as_texts
from chainrule.data.tables.written_dates import Order

Reason = Literal["empty", "constant", "identifier", "text", "mostly_numbers", "order_of_dates", "forms_of_dates"]

_FARTHEST = 1e6  # deviations from the mean; squares of such numbers are finite in float32


class LearnedColumn(ABC):
    """What a network gets of a column; derived classes are frozen dataclasses of plain values.

    tag    what files call it
    name   the column's
    """

    tag: ClassVar[str]
    name: str

    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""
        return {"column": self.tag, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    @abstractmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What as_data made into data; whatever Python raises says that it is no such data."""


class NumericColumn(LearnedColumn):
    """A column of which a network gets numbers."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """How it is read."""

    @abstractmethod
    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The numbers (rows, k) for values of the kind; finite, whatever these are."""


@dataclass(frozen=True)
class Standard:
    """How far numbers lie above the mean of those to train on, in deviations; the median where nothing is known.

    x = (value - mean) / deviation
    """

    median: float
    mean: float
    deviation: float

    @classmethod
    def learned(cls, values: NDArray[np.float64]) -> Self:
        """That of these values, some of which are NaN, but not all."""
        median = float(np.median(values[~np.isnan(values)]))
        filled = np.where(np.isnan(values), median, values)
        mean, deviation = mean_and_deviation(filled)
        return cls(median, float(mean), float(deviation))

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """These values, NaN among them or not."""
        filled = np.where(np.isnan(values), self.median, values)
        with np.errstate(over="ignore"):
            scaled: NDArray[np.float64] = (filled - self.mean) / self.deviation
        return np.clip(scaled, -_FARTHEST, _FARTHEST)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What dataclasses.asdict made into data; whatever Python raises says that it is no such data."""
        numbers = float(data["median"]), float(data["mean"]), float(data["deviation"])
        if not (np.isfinite(numbers).all() and numbers[2] > 0):
            raise ValueError(numbers)
        return cls(*numbers)


@dataclass(frozen=True)
class NumberColumn(NumericColumn):
    """Numbers, standardised, or yes and no as 1 and 0; and, beside them, 1 where they are missing if some were.

    yes_no      whether it is a column of yes and no
    indicator   whether rows to train on lacked it
    """

    name: str
    yes_no: bool
    indicator: bool
    standard: Standard
    tag = "number"

    @classmethod
    def learned(cls, name: str, kind: Kind, values: NDArray[np.float64]) -> Self:
        """That of the rows to train on."""
        return cls(name, kind == YesNo(), bool(np.isnan(values).any()), Standard.learned(values))

    @property
    def kind(self) -> Kind:
        return YesNo() if self.yes_no else Number()

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        parts = [self.standard.of(values)]
        if self.indicator:
            parts.append(np.isnan(values).astype(np.float64))
        return np.stack(parts, 1)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            str(data["name"]), bool(data["yes_no"]), bool(data["indicator"]), Standard.from_data(data["standard"])
        )


@dataclass(frozen=True)
class DateColumn(NumericColumn):
    """Dates as numbers: their days, standardised, and sine and cosine of the place in the year, the week and the day.

    order            what texts begin with
    year, week, day  whether there are sine and cosine of the place in it: only where the dates to train on differ
    indicator        whether rows to train on lacked it
    """

    name: str
    order: Order
    year: bool
    week: bool
    day: bool
    indicator: bool
    standard: Standard
    tag = "date"

    @classmethod
    def learned(cls, name: str, kind: Date, values: NDArray[np.datetime64]) -> Self:
        """That of the rows to train on."""
        known = values[~np.isnat(values)]
        varies = {part: bool(len(np.unique(turn)) > 1) for part, turn in _turns(known).items()}
        return cls(
            name, kind.order, **varies, indicator=len(known) < len(values), standard=Standard.learned(_days(values))
        )

    @property
    def kind(self) -> Kind:
        return Date(self.order)

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        missing = np.isnat(values)
        parts = [self.standard.of(_days(values))]
        for part, turn in _turns(values).items():
            if getattr(self, part):
                angle = 2 * np.pi * np.where(missing, 0.0, turn)
                parts += [np.where(missing, 0.0, np.sin(angle)), np.where(missing, 0.0, np.cos(angle))]
        if self.indicator:
            parts.append(missing.astype(np.float64))
        return np.stack(parts, 1)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        order = str(data["order"])
        if order not in get_args(Order):
            raise ValueError(order)
        parts = {part: bool(data[part]) for part in ("year", "week", "day", "indicator")}
        return cls(str(data["name"]), order, **parts, standard=Standard.from_data(data["standard"]))  # type: ignore[arg-type]


@dataclass(frozen=True)
class CategoryColumn(LearnedColumn):
    """Texts as codes: 0 for one that is missing, rare or unknown, else its place among the labels, from 1 on.

    labels   the texts that at least three rows to train on have, sorted; of a column that was declared as a category
             all of them, where none is that frequent
    """

    name: str
    labels: tuple[str, ...]
    tag = "category"

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.labels) + 1

    def codes(self, column: Column) -> NDArray[np.int32]:
        """That of each row."""
        code = {label: k for k, label in enumerate(self.labels, 1)}
        texts = as_texts(column)
        return np.array([code.get(text, 0) for text in texts.different], np.int32)[texts.codes]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(str(data["name"]), tuple(map(str, data["labels"])))


@dataclass(frozen=True)
class IgnoredColumn(LearnedColumn):
    """A column that nothing can be learned from.

    reason   why
    detail   what the reason is about: the only value of a constant column, the first text among numbers, a date that is
             not written as the first one
    """

    name: str
    reason: Reason
    detail: str = ""
    tag = "ignored"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        reason = str(data["reason"])
        if reason not in get_args(Reason):
            raise ValueError(reason)
        return cls(str(data["name"]), reason, str(data["detail"]))  # type: ignore[arg-type]


def column_from_data(data: Mapping[str, Any]) -> LearnedColumn:
    """What LearnedColumn.as_data made into data; whatever Python raises says that it is no such data."""
    kinds: dict[str, type[LearnedColumn]] = {
        kind.tag: kind for kind in (NumberColumn, DateColumn, CategoryColumn, IgnoredColumn)
    }
    return kinds[data["column"]].from_data(data)


def _days(values: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Days since 1970; NaN for NaT."""
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / 86400)


def _turns(values: NDArray[np.datetime64]) -> dict[str, NDArray[np.float64]]:
    """Where times stand in the year, in the week and in the day, from 0 to below 1."""
    days = values.astype("M8[D]")
    of_year = (days - values.astype("M8[Y]")).astype(np.int64)
    of_week = (days.astype(np.int64) - 4) % 7  # the first of January 1970 was a Thursday
    of_day = (values - days).astype(np.int64)
    return {"year": of_year / 366, "week": of_week / 7, "day": of_day / 86400}
