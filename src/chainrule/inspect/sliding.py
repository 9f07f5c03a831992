"""A kernel that slides along a signal: each place's products, and their sum, which is one number of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.inspect.signals import heights
from chainrule.inspect.style import BLUE, GRAY, GREEN, ORANGE, RED, Animation, Picture, new_figure
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "SlidingKernel", "animate_sliding", "plot_sliding", "sliding_convolution", "sliding_correlation",
]  # fmt: skip

Array = NDArray[Any]

MOST_TERMS = 8  # that are written out

_SERIES = Message(
    "sliding.series",
    en="{function}: x {x} and h {h} must be two series, each of one axis and at least one number.",
    zh="{function}：x {x} 和 h {h} 必须是两个序列，各有一个轴且至少有一个数。",
)
_PLACE = Message(
    "sliding.place",
    en="plot_sliding: there is no sum for n = {n}; this kernel slides from n = {first} to {last}.",
    zh="plot_sliding：n = {n} 处没有求和；该卷积核从 n = {first} 滑动到 {last}。",
)


@dataclass(frozen=True, eq=False)
class SlidingKernel:
    """Everything of a convolution, or a cross-correlation, of two series, place by place.

    Fields:   flipped, whether the kernel is (convolution) or not; n (places,), all at which the two overlap;
              k (points,), the points below; x (points,), the signal with zeros around it; moved (places, points), the
              kernel where it lies for each n; products (places, points); sums (places,), the result
    """

    flipped: bool
    n: Array
    k: Array
    x: Array
    moved: Array
    products: Array
    sums: Array

    def __repr__(self) -> str:
        name = "convolution" if self.flipped else "cross-correlation"
        return f"SlidingKernel({name}, n = {self.n[0]} … {self.n[-1]}, sums {np.round(self.sums, 4).tolist()})"


def sliding_convolution(x: Any, h: Any) -> SlidingKernel:
    """Slide the flipped kernel along a signal.

        y[n] = Σₖ x[k]·h[n − k]

    Raises:   ShapeError if the two are not series.
    Example:
        >>> sliding_convolution([1.0, 2.0, 3.0], [1.0, 10.0])
        SlidingKernel(convolution, n = 0 … 3, sums [1.0, 12.0, 23.0, 30.0])
    """
    signal, kernel = _series("sliding_convolution", x, h)
    n = np.arange(len(signal) + len(kernel) - 1)
    return _slid(signal, kernel[::-1], n, n - len(kernel) + 1, flipped=True)


def sliding_correlation(x: Any, h: Any) -> SlidingKernel:
    """Slide the kernel along a signal as it is, which is what convolutional layers do.

        y[n] = Σₖ x[k]·h[k − n]

    Raises:   ShapeError if the two are not series.
    Example:
        >>> sliding_correlation([1.0, 2.0, 3.0], [1.0, 10.0])
        SlidingKernel(cross-correlation, n = -1 … 2, sums [10.0, 21.0, 32.0, 3.0])
    """
    signal, kernel = _series("sliding_correlation", x, h)
    n = np.arange(1 - len(kernel), len(signal))
    return _slid(signal, kernel, n, n, flipped=False)


def plot_sliding(record: SlidingKernel, n: int) -> Picture:
    """The sum for one n: signal and kernel, their products, and the results up to there.

    Raises:   UsageError if the kernel does not come to n.
    Example:
        >>> plot_sliding(sliding_convolution([1.0, 2.0, 3.0], [1.0, 10.0]), 2)
        Picture(6.4 × 5.2 inches)
    """
    places = np.flatnonzero(record.n == n)
    if not len(places):
        raise UsageError(_PLACE(n=n, first=record.n[0], last=record.n[-1]))
    return animate_sliding(record).picture(int(places[0]))


def animate_sliding(record: SlidingKernel) -> Animation:
    """The kernel slides along the signal, one n in each frame.

    Example:
        >>> animate_sliding(sliding_convolution([1.0, 2.0, 3.0], [1.0, 10.0]))
        Animation(4 frames, 1.5 per second)
    """
    shown = _Frame()
    figure = new_figure(3, 1, lambda grid: shown.prepare([axes for (axes,) in grid], record), size=(6.4, 5.2))
    return Animation(figure, lambda frame: shown.show(record, frame), len(record.n), frames_per_second=1.5)


class _Frame:
    """The parts of the figure that change from frame to frame."""

    def prepare(self, rows: list[Axes], record: SlidingKernel) -> None:
        """Draw what stays, and make what changes."""
        lie, multiply, add = rows
        kernel = "h[n − k]" if record.flipped else "h[k − n]"
        for axes in rows:
            axes.axhline(0, color=GRAY, linewidth=0.8, zorder=0)
            axes.set_xticks(record.k)
            axes.set_xlim(record.k[0] - 0.6, record.k[-1] + 0.6)
        lie.set_ylim(*heights(record.x, record.moved))
        multiply.set_ylim(*heights(record.products))
        add.set_ylim(*heights(record.sums))
        _Stems(lie, BLUE, "x[k]").set(record.k - 0.12, record.x)
        self.kernel = _Stems(lie, ORANGE, kernel)
        self.products = _Stems(multiply, GREEN)
        self.sums = _Stems(add, BLUE)
        self.sum = _Stems(add, RED)
        self.titles = lie.set_title(" "), multiply.set_title(" "), add.set_title(" ")
        lie.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
        lie.set_xlabel("k")
        multiply.set_ylabel(f"x[k]·{kernel}")
        multiply.set_xlabel("k")
        add.set_ylabel("y[n]")
        add.set_xlabel("n")

    def show(self, record: SlidingKernel, frame: int) -> None:
        """Put the kernel where it lies in this frame."""
        n, size = record.n[frame], len(record.k) - len(record.n) + 1
        seen = slice(frame, frame + size)  # where the kernel lies: one point further in each frame
        self.kernel.set(record.k[seen] + 0.12, record.moved[frame][seen])
        self.products.set(record.k[seen], record.products[frame][seen])
        self.sums.set(record.n[:frame], record.sums[:frame])
        self.sum.set(record.n[frame : frame + 1], record.sums[frame : frame + 1])
        flipped = "flipped and moved" if record.flipped else "moved"
        terms = [p for p in record.products[frame] if p]
        added = " + ".join(_text(p) if p > 0 or not k else f"({_text(p)})" for k, p in enumerate(terms)) or "0"
        added = added if len(terms) <= MOST_TERMS else f"the sum of {len(terms)} products"
        result = f" = {_text(record.sums[frame])}" if len(terms) > 1 else ""
        texts = f"The kernel, {flipped} to n = {_text(n)}", "The products", f"y[{_text(n)}] = {added}{result}"
        for title, text in zip(self.titles, texts, strict=True):
            title.set_text(text)


class _Stems:
    """Stems of one colour that can be changed."""

    def __init__(self, axes: Axes, color: str, label: str | None = None) -> None:
        self.stems = axes.vlines([], [], [], color=color, linewidth=1.4)
        (self.heads,) = axes.plot([], [], "o", color=color, markersize=5, label=label)

    def set(self, places: Array, values: Array) -> None:
        self.stems.set_segments([np.array([(k, 0.0), (k, value)]) for k, value in zip(places, values, strict=True)])
        self.heads.set_data(places, values)


def _slid(signal: Array, kernel: Array, n: Array, begins: Array, *, flipped: bool) -> SlidingKernel:
    """The record of a kernel, as it lies, whose first number comes to the place `begins` for each n."""
    size = len(kernel)
    k = np.arange(1 - size, len(signal) + size - 1)
    x = np.pad(signal, size - 1)
    moved = np.zeros((len(n), len(k)), kernel.dtype)
    columns = begins[:, None] + np.arange(size) + size - 1
    moved[np.arange(len(n))[:, None], columns] = kernel
    products = x * moved
    return SlidingKernel(flipped, n, k, x, moved, products, products.sum(axis=1))


def _series(function: str, x: Any, h: Any) -> tuple[Array, Array]:
    signal, kernel = tensor(x).numpy(), tensor(h).numpy()
    if signal.ndim != 1 or kernel.ndim != 1 or not signal.size or not kernel.size:
        raise ShapeError(_SERIES(function=function, x=signal.shape, h=kernel.shape))
    # whole numbers without a limit that products of pixels would reach: 200 · 2 is 144 in uint8
    exact = [s if s.dtype.kind == "f" else s.astype(np.int64) for s in (signal, kernel)]
    return exact[0], exact[1]


def _text(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")
