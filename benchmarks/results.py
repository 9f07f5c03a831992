"""What a run found, as data: everything that the table, the Markdown and the plots show is read from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.row import OURS, Limit, Row, Sample, Times
from benchmarks.statistics import Interval, Spread, median_interval, paired

FORMAT = 1


@dataclass(frozen=True)
class Column:
    """One contestant: its rounds in the row's unit, in the order of measuring."""

    name: str
    values: list[float]
    cores: float | None = None
    peak_bytes: int | None = None

    @property
    def spread(self) -> Spread:
        return Spread.of(self.values)


@dataclass(frozen=True)
class Ratio:
    """How many times better chainrule is than a peer: the median of all rounds, and an interval for it."""

    against: str
    median: float
    interval: Interval


@dataclass(frozen=True)
class Goal:
    """A target, and what was reached of it: at least so many times better than a peer, or at most so much alone."""

    against: str | None
    bound: float
    stretch: float
    reached: float
    verdict: str


@dataclass(frozen=True)
class Result:
    """A row after it was measured; `remarks` say who was left out, and why."""

    row: str
    sentence: str
    unit: str
    columns: list[Column]
    ratios: list[Ratio]
    goal: Goal | None
    remarks: list[str]
    axis: str | None = None

    @classmethod
    def of(cls, row: Row, samples: Mapping[str, Sample], remarks: list[str]) -> Self:
        unit = row.unit
        columns = [
            Column(name, [unit.shown(v) for v in sample.values], sample.cores, sample.peak_bytes)
            for name, sample in samples.items()
        ]
        ratios = []
        if OURS in samples and row.axis is None:
            ours = samples[OURS].values
            for name, sample in samples.items():
                if name != OURS:
                    # Seconds or bytes for the same work, so that less is better whatever is shown.
                    rounds = paired(sample.values, ours)
                    ratios.append(Ratio(name, Spread.of(rounds).median, median_interval(rounds)))
        return cls(row.name, row.sentence, unit.name, columns, ratios, _goal(row, columns, ratios), remarks, row.axis)


@dataclass(frozen=True)
class Run:
    """All rows of a run, and where it was made."""

    environment: dict[str, str]
    results: list[Result]

    def save(self, path: Path) -> None:
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """A run that was saved.

        Raises:   ValueError if another version of this program saved it.
        """
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("format") != FORMAT:
            raise ValueError(f"{path} has format {found.get('format')}, and this program reads {FORMAT}")
        return cls(found["environment"], [_result(entry) for entry in found["results"]])


def _result(entry: dict[str, Any]) -> Result:
    columns = [Column(**column) for column in entry["columns"]]
    ratios = [Ratio(**{**ratio, "interval": Interval(**ratio["interval"])}) for ratio in entry["ratios"]]
    goal = None if entry["goal"] is None else Goal(**entry["goal"])
    return Result(**{**entry, "columns": columns, "ratios": ratios, "goal": goal})


def _goal(row: Row, columns: list[Column], ratios: list[Ratio]) -> Goal | None:
    target = row.target
    if isinstance(target, Times):
        met = [r for r in ratios if target.against in (r.against, None)]
        if not met:
            return None
        closest = min(met, key=lambda r: r.median)
        verdict = _verdict(closest.median >= target.at_least, closest.median >= target.stretch)
        return Goal(closest.against, target.at_least, target.stretch, closest.median, verdict)
    if isinstance(target, Limit):
        reached = next((c.spread.median for c in columns if c.name == OURS), None)
        if reached is None:
            return None
        verdict = _verdict(reached <= target.at_most, reached <= target.stretch)
        return Goal(None, target.at_most, target.stretch, reached, verdict)
    return None


def _verdict(reached: bool, stretched: bool) -> str:
    if not reached:
        return "missed"
    return "stretch reached" if stretched else "reached"
