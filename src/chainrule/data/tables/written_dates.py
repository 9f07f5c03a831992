"""Dates and times as texts have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["year", "day", "month", "unknown"]

_TIME = r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?: ?(?:(Z|UTC)|([+-][0-9]{2}):?([0-9]{2})))?)?"
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})" + _TIME)
_NEVER = np.datetime64("NaT", "s")


def order_of(texts: Sequence[str]) -> Order | None:
    """What all these dates begin with: the year as in ISO 8601, the day, or the month; "unknown" where day and month
    cannot be told apart, None where they are no dates.

    Example:
        >>> order_of(["2024-03-31", "2024-04-01 12:30"]), order_of(["31/3/2024", "1/4/2024"]), order_of(["3/4/2024"])
        ('year', 'day', 'unknown')
    """
    if all(map(_YEAR_FIRST.fullmatch, texts)):
        return "year" if texts and dates(texts, "year")[1].all() else None
    matches = []
    for text in texts:
        match = _YEAR_LAST.fullmatch(text)
        if match is None:
            return None
        matches.append(match)
    possible: list[Order] = [order for order in ("day", "month") if dates(texts, order)[1].all()]
    if len(possible) == 2:
        return "day" if all(match[2] == "." for match in matches) else "unknown"  # points are between day and month
    return possible[0] if possible else None


def dates(texts: Sequence[str], order: Order) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """The times that texts say, in UTC where they name their zone, and which of them say one; NaT where they do not.
    Those with the year first are read in any order: nothing else begins with four digits.

    Example:
        >>> dates(["31.12.2024", "2025-01-01 00:30", "31.11.2024"], "day")[0]
        array(['2024-12-31T00:00:00', '2025-01-01T00:30:00', 'NaT'],
              dtype='datetime64[s]')
    """
    parts = [_parts(text, order) for text in texts]
    values, exist = _times(np.array([some for some in parts if some], np.int64).reshape(-1, 8))
    times = np.full(len(texts), _NEVER)
    times[[some is not None for some in parts]] = np.where(exist, values, _NEVER)
    return times, ~np.isnat(times)


def _parts(text: str, order: Order) -> list[int] | None:
    """Year, month, day, hour, minute and second, and hours and minutes by which the zone is ahead; None if it is no
    date.
    """
    match = _YEAR_FIRST.fullmatch(text)
    if match is not None:
        order = "year"
    elif order != "year":
        match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    first, last, *time = (int(part or 0) for part in match.group(1, 4, 5, 6, 7, 9, 10))
    middle = int(match[3])
    ahead = -1 if (match[9] or "").startswith("-") else 1
    time[-1] *= ahead
    return [
        *{"year": (first, middle, last), "day": (last, middle, first), "month": (last, first, middle)}[order],
        *time,
    ]


def _times(parts: NDArray[np.int64]) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """The times of rows of such parts, and which of them exist."""
    year, month, day, hour, minute, second, zone_hours, zone_minutes = parts.T
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    days = months.astype("M8[D]") + (day - 1)
    clock = (hour - zone_hours) * 3600 + (minute - zone_minutes) * 60 + second
    exist = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("M8[M]") == months)
    exist &= (hour < 24) & (minute < 60) & (second < 60)
    return days.astype("M8[s]") + clock, exist
