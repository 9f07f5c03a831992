"""Charts as SVG in a page: curves and points with axes, in the page's own colours, without a script or a package.

Curves and points carry the classes chart-1 and chart-2, so that a page for light and dark can give them other colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Curve", "curves", "scatter"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 380, 230, 56, 14, 26, 38  # pixels
_BESIDE_Y = 14  # for the name of a vertical axis
# Blue and orange, which people with any kind of colour vision tell apart; the second line is dashed as well.
_STYLES = ('class="chart-1" stroke="#0072B2"', 'class="chart-2" stroke="#E69F00" stroke-dasharray="5 3"')
_MOST_TICKS = 5
_SMALLEST, _LARGEST = 1e-300, 1e300  # differences and numbers with which one can still reckon
_MOST_POINTS = 400  # of a curve: more than there are pixels

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """A line through points, from left to right, broken where a value is not finite; the second kind is dashed."""

    name: str
    points: Points
    second: bool = False


def curves(title: str, drawn: Sequence[Curve], *, across: str, description: str) -> str:
    """One or two curves over whole numbers, such as epochs, that `across` names.

    Example:
        >>> curves("loss", [Curve("training", [(1, 2.0), (2, 1.0)])], across="epoch", description="falls")[:49]
        '<svg role="img" aria-label="falls" width="380" he'
    """
    points = [point for curve in drawn for point in curve.points]
    frame = _Frame.around(points, whole=True)
    return _svg(
        title,
        description,
        [
            *_legend([(curve.name, _STYLES[curve.second]) for curve in drawn if len(drawn) > 1]),
            *frame.axes(across),
            *(_line(frame, curve) for curve in drawn),
        ],
    )


def scatter(title: str, points: Points, *, across: str, up: str, description: str) -> str:
    """Points, and the line on which both numbers are equal: right predictions lie on it."""
    frame = _Frame.around([*points, *((y, x) for x, y in points)])
    low, high = frame.left, frame.right
    ends = f"M{frame.at(low, low)}L{frame.at(high, high)}"
    dots = "".join(f"M{frame.at(x, y)}h0" for x, y in points if _drawable(x) and _drawable(y))
    return _svg(
        title,
        description,
        [
            *frame.axes(across),
            f'<text x="{_BESIDE_Y}" y="{_TOP - 6}" text-anchor="start">{escape(up)}</text>',
            f'<path d="{ends}" fill="none" stroke="currentColor" stroke-opacity="0.5" stroke-dasharray="2 3" />',
            f'<path d="{dots}" fill="none" {_STYLES[0]} stroke-width="4" stroke-opacity="0.6"'
            ' stroke-linecap="round" />',
        ],
        room=16,
    )


def _svg(title: str, description: str, parts: Iterable[str], *, room: int = 0) -> str:
    """A chart; `room` is left above it for what does not stand beside the title."""
    about = escape(description)
    lines = [
        f'<svg role="img" aria-label="{about}" width="{_WIDTH}" height="{_HEIGHT + room}"'
        f' viewBox="0 {-room} {_WIDTH} {_HEIGHT + room}" xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'
        ' font-size="11" fill="currentColor">',
        f"<title>{about}</title>",
        f'<text x="{_BESIDE_Y if room else _LEFT}" y="{14 - room}" font-weight="bold">{escape(title)}</text>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Frame:
    """What part of the plane is drawn.

    whole   whether ticks across stand at whole numbers only
    """

    left: float
    right: float
    low: float
    high: float
    whole: bool

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]], *, whole: bool = False) -> _Frame:
        finite = [(x, y) for x, y in points if _drawable(x) and _drawable(y)] or [(0.0, 0.0), (1.0, 1.0)]
        xs, ys = zip(*finite, strict=True)
        left, right = (min(xs), max(xs)) if whole else _widened(min(xs), max(xs))
        return cls(left, right, *_widened(min(ys), max(ys)), whole)

    def at(self, x: float, y: float) -> str:
        """The place of a point in pixels."""
        share = (x - self.left) / (self.right - self.left) if self.right > self.left else 0.5
        across = _LEFT + (_WIDTH - _LEFT - _RIGHT) * share
        down = _TOP + (_HEIGHT - _TOP - _BOTTOM) * ((self.high - y) / (self.high - self.low))
        return f"{across:.1f} {down:.1f}"

    def axes(self, across: str) -> list[str]:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        lines = [
            f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor" stroke-opacity="0.5" />'
        ]
        for value in _ticks(self.low, self.high):
            height = float(self.at(self.left, value).split()[1])
            lines.append(
                f'<path d="M{_LEFT} {height}H{right}" stroke="currentColor" stroke-opacity="0.12" />'
                f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{value:.6g}</text>'
            )
        for value in _ticks(self.left, self.right, whole=self.whole):
            place = self.at(value, self.low).split()[0]
            lines.append(f'<text x="{place}" y="{bottom + 14}" text-anchor="middle">{value:.6g}</text>')
        lines.append(f'<text x="{(_LEFT + right) / 2}" y="{bottom + 30}" text-anchor="middle">{escape(across)}</text>')
        return lines


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = next(m for m in (0.05 * (high - low), 0.05 * abs(low), 0.5) if m > _SMALLEST)
    return low - margin, high + margin


def _drawable(value: float) -> bool:
    return abs(value) < _LARGEST  # which no NaN is


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers from low to high, a few."""
    if high <= low:
        return [low]
    span = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(span))
    step = next(power * round_one for round_one in (1, 2, 5, 10) if power * round_one >= span * (1 - 1e-9))
    if whole:
        step = max(1.0, step)
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _line(frame: _Frame, curve: Curve) -> str:
    """The curve, broken where a value is not finite; a single point is a dot."""
    style, points = _STYLES[curve.second], _thinned(curve.points)
    if len(points) == 1 and _drawable(points[0][1]):
        across, down = frame.at(*points[0]).split()
        return f'<circle cx="{across}" cy="{down}" r="3" fill="none" {style} stroke-width="2" />'
    path, pen = "", "M"
    for x, y in points:
        if not _drawable(y):
            pen = "M"
            continue
        path += f"{pen}{frame.at(x, y)}"
        pen = "L"
    return f'<path d="{path}" fill="none" {style} stroke-width="2" stroke-linejoin="round" />'


def _thinned(points: Points) -> Points:
    """So many that a line looks the same, its ends among them."""
    if len(points) <= _MOST_POINTS:
        return points
    return [points[k * (len(points) - 1) // (_MOST_POINTS - 1)] for k in range(_MOST_POINTS)]


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    """In the line of the title, where no curve is."""
    lines, right = [], _WIDTH - _RIGHT
    for label, style in reversed(entries):
        lines.append(f'<text x="{right}" y="14" text-anchor="end">{escape(label)}</text>')
        right -= 6 * len(label) if label.isascii() else 12 * len(label)
        lines.append(f'<path d="M{right - 24} 10H{right - 6}" fill="none" {style} stroke-width="2" />')
        right -= 34
    return lines
