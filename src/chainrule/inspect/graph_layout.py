"""Where the nodes of a drawn graph stand: in columns by their distance from the sources, or in rows if deep or wide."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Point = tuple[float, float]

_DEEPEST, _WIDEST = 8, 12.0  # columns beside each other, and their inches; what has more goes downwards
_BOX_HEIGHT, _ROW_GAP, _LEVEL_GAP = 0.5, 0.42, 0.62  # inches; a level is what stands side by side where it goes down
_MARGIN, _CAPTION = 0.15, 0.35
_SWEEPS = 8


@dataclass(frozen=True, eq=False)
class Layout(Generic[T]):
    """Centers of boxes of one size, in inches from the lower left corner of a picture of some size."""

    centers: Mapping[T, Point]
    box: Point
    size: Point
    downwards: bool

    def edge(self, source: T, user: T) -> tuple[Point, Point]:
        """From the box of what is read to that of what reads it."""
        (x0, y0), (x1, y1), (width, height) = self.centers[source], self.centers[user], self.box
        if self.downwards:
            return (x0, y0 - height / 2), (x1, y1 + height / 2)
        return (x0 + width / 2, y0), (x1 - width / 2, y1)


def layout(inputs: Mapping[T, Sequence[T]], width: float, gap: float) -> Layout[T]:
    """Boxes of a width, with a gap for labels behind them. The nodes come in an order of computation."""
    column, row = placed(inputs)
    columns = 1 + max(column.values())
    rows = [row[node] - min(row.values()) for node in inputs]
    downwards = columns > _DEEPEST or columns * width + (columns - 1) * gap > _WIDEST
    across, along = (width + 0.3, _BOX_HEIGHT + _LEVEL_GAP) if downwards else (_BOX_HEIGHT + _ROW_GAP, width + gap)
    ranks = {node: (along * column[node], across * r) for node, r in zip(inputs, rows, strict=True)}
    depth, breadth = along * (columns - 1), across * max(rows)
    size = (breadth, depth) if downwards else (depth, breadth)
    left, below = _MARGIN + width / 2, _MARGIN + _BOX_HEIGHT / 2
    top = below + (depth if downwards else breadth)
    centers = {
        node: (left + side, top - far) if downwards else (left + far, top - side)
        for node, (far, side) in ranks.items()
    }  # fmt: skip
    whole = (size[0] + 2 * left, size[1] + 2 * below + _CAPTION)
    return Layout(centers, (width, _BOX_HEIGHT), whole, downwards)


def placed(inputs: Mapping[T, Sequence[T]]) -> tuple[dict[T, int], dict[T, float]]:
    """Columns by the longest way from the sources, and rows that leave few edges crossed."""
    column: dict[T, int] = {}
    users: dict[T, list[T]] = {node: [] for node in inputs}
    for node, read in inputs.items():
        column[node] = 1 + max((column[x] for x in read), default=-1)
        for x in read:
            users[x].append(node)
    for node, read in inputs.items():
        if not read and users[node]:  # a source stands next to what reads it first
            column[node] = min(column[user] for user in users[node]) - 1
    columns: list[list[T]] = [[] for _ in range(1 + max(column.values()))]
    for node, k in column.items():
        columns[k].append(node)
    row = {node: k - (len(group) - 1) / 2 for group in columns for k, node in enumerate(group)}
    for sweep in range(_SWEEPS):
        for group in columns if sweep % 2 == 0 else reversed(columns):
            wish = {node: _mean([row[n] for n in (*inputs[node], *users[node])], row[node]) for node in group}
            group.sort(key=wish.__getitem__)
            row.update(_spread([wish[node] for node in group], group))
    return column, row


def _spread(wishes: Sequence[float], group: Sequence[T]) -> dict[T, float]:
    """Rows as near to what is wished as a distance of one allows, in this order, and on the whole in the middle."""
    rows: list[float] = []
    for wish in wishes:
        rows.append(max(wish, rows[-1] + 1) if rows else wish)
    shift = _mean([w - r for w, r in zip(wishes, rows, strict=True)], 0.0)
    return {node: r + shift for node, r in zip(group, rows, strict=True)}


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
