"""The one style of all pictures: colours, type, sizes, and how a picture is shown and kept.

Colours are Okabe and Ito's eight, which people with any kind of colour vision tell apart; where a number becomes a
colour, its lightness rises with it (cividis), or falls to both sides of zero (PuOr). Words in pictures are English, or
symbols: no font with Chinese letters is on every machine.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import UsageError
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = ["Animation", "Picture", "as_image", "draw", "draw_grid"]

_EXTRA = Message(
    "inspect.extra",
    en='Pictures need {package}, which is not installed. Install it: pip install "chainrule[plot]".',
    zh='绘图需要 {package}，但它尚未安装。请安装：pip install "chainrule[plot]"。',
)
_ENDING = Message(
    "inspect.ending",
    en="'{path}' ends in '{ending}'; {what} can be saved as {known}.",
    zh="“{path}”的扩展名是“{ending}”；{what}可保存为 {known}。",
)
_FRAMES = Message(
    "inspect.frames",
    en="an animation of {frames} frames at {rate} per second cannot be shown; give 1 frame or more, and above 0 to 100"
    " per second.",
    zh="无法显示每秒 {rate} 帧、共 {frames} 帧的动画；帧数应不小于 1，每秒帧数应大于 0 且不超过 100。",
)
_MOST = Message(
    "inspect.most",
    en="most={most!r}; give how many are drawn at most, a whole number, 1 or more.",
    zh="most={most!r}；请给出最多画多少个，为不小于 1 的整数。",
)
_RECORDS = Message(
    "inspect.records",
    en="There is nothing to draw: give one or more records by their names, {{'name': {maker}(…)}}.",
    zh="没有可画的内容：请按名称给出一个或多个记录，例如 {{'名称': {maker}(…)}}。",
)
_PICTURE = Message("inspect.picture", en="a picture", zh="图片")
_ANIMATION = Message("inspect.animation", en="an animation", zh="动画")

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = COLORS = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
BEYOND = "#CFE3F2"  # between images, and beyond them: no gray and no colour of a map
GRAY = "#666666"  # for what only helps to read: axes at zero, other people's curves
LINES = (BLUE, ORANGE, RED, SKY, BLACK, GREEN, PURPLE)  # neighbours differ in lightness; yellow is too pale on white
SEQUENTIAL, DIVERGING = "cividis", "PuOr"

_SETTINGS: Any = {  # some releases of Matplotlib list all names in the type
    "axes.grid": False,
    "axes.labelsize": 9,
    "axes.prop_cycle": f"cycler(color={list(LINES)})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "figure.dpi": 110,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "nearest",
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.dpi": 150,
    "svg.hashsalt": "chainrule",  # the same picture is the same file
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture: shown by itself in a notebook, saved with `save`, changed through Matplotlib's `figure`.

    Example:
        >>> picture = draw(lambda axes: axes.plot([0, 1], [1, 0]))
        >>> picture
        Picture(6.0 × 3.6 inches)
    """

    figure: Figure

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as PNG, SVG or PDF, which the ending of the path decides; the same picture gives the same bytes.

        Raises:   UsageError if it has another ending; OSError if the path cannot be written.
        """
        target = Path(path)
        ending = _checked_ending(target, ("png", "svg", "pdf"), _PICTURE())
        target.write_bytes(self._bytes(ending))
        return target

    def _bytes(self, kind: str) -> bytes:
        import matplotlib

        content = io.BytesIO()
        # Neither the hour nor the version, so that a picture made again is no change.
        nameless = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None, "Producer": None}}
        with matplotlib.rc_context(_SETTINGS):
            self.figure.savefig(content, format=kind, metadata=nameless[kind])
        return content.getvalue()

    def _repr_png_(self) -> bytes:
        return self._bytes("png")

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"{type(self).__name__}({width:.1f} × {height:.1f} inches)"


@dataclass(frozen=True, eq=False)
class Animation:
    """Pictures one after the other, `draw_frame(k)` making the figure show frame k; saved as GIF."""

    figure: Figure
    draw_frame: Callable[[int], None]
    frames: int
    frames_per_second: float = 12.0

    def __post_init__(self) -> None:
        if not (self.frames >= 1 and 0 < self.frames_per_second <= 100):
            raise UsageError(_FRAMES(frames=self.frames, rate=self.frames_per_second))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as GIF.

        Raises:   UsageError if the path has another ending; OSError if it cannot be written.
        """
        import matplotlib
        from matplotlib.animation import FuncAnimation, PillowWriter

        target = Path(path)
        _checked_ending(target, ("gif",), _ANIMATION())
        with matplotlib.rc_context(_SETTINGS):
            film = FuncAnimation(self.figure, _in_place(self.draw_frame), frames=self.frames)
            pace: Any = self.frames_per_second  # Matplotlib's type wants a whole number, and takes any
            film.save(str(target), writer=PillowWriter(fps=pace))
        return target

    def picture(self, frame: int) -> Picture:
        """One of its frames."""
        self.draw_frame(frame)
        return Picture(self.figure)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.frames} frames, {self.frames_per_second:g} per second)"


def _in_place(draw_frame: Callable[[int], None]) -> Callable[[int], Sequence[Any]]:
    def drawn(frame: int) -> Sequence[Any]:
        draw_frame(frame)
        return ()

    return drawn


def draw(drawing: Callable[[Axes], object], *, size: tuple[float, float] = (6.0, 3.6)) -> Picture:
    """A picture of one pair of Matplotlib's axes, on which `drawing` draws, in the style of all pictures here.

    Units:    inches
    Raises:   UsageError where Matplotlib is not installed.
    Example:
        >>> draw(lambda axes: axes.plot([0, 1, 2], [0, 1, 4]), size=(4, 3))
        Picture(4.0 × 3.0 inches)
    """
    return draw_grid(1, 1, lambda axes: drawing(axes[0][0]), size=size)


def draw_grid(
    rows: int, columns: int, drawing: Callable[[list[list[Axes]]], object], *, size: tuple[float, float] | None = None
) -> Picture:
    """A picture of rows × columns axes, which `drawing` gets as a list of rows; without a size each is 2.2 by 2.2.

    Units:    inches
    Raises:   UsageError where Matplotlib is not installed.
    Example:
        >>> draw_grid(1, 2, lambda axes: axes[0][1].plot([0, 1], [1, 0]))
        Picture(4.4 × 2.2 inches)
    """
    return Picture(new_figure(rows, columns, drawing, size=size))


def new_figure(
    rows: int, columns: int, drawing: Callable[[list[list[Axes]]], object], *, size: tuple[float, float] | None = None
) -> Figure:
    """The figure in it, in our style, without Matplotlib's global state: nothing of the caller's changes.

    Raises:   UsageError where Matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(_EXTRA(package="Matplotlib")) from None
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=size or (2.2 * columns, 2.2 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        drawing([list(row) for row in axes])
    return figure


def as_image(axes: Axes, image: Any, title: str = "", *, signed: bool = False) -> None:
    """Show a map (rows, columns) or a colour image (rows, columns, 3) without ticks.

    A signed map has zero in the middle of its colours, so that their lightness says how far from zero a number is.

    Example:
        >>> draw(lambda axes: as_image(axes, [[1.0, -2.0], [0.0, 0.5]], "weights", signed=True), size=(2, 2))
        Picture(2.0 × 2.0 inches)
    """
    import numpy as np

    values = np.asarray(image)
    reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0  # what is not a number is left white
    if values.ndim == 3 and np.isnan(values).any():  # a colour that is none is transparent
        values = np.nan_to_num(np.concatenate([values, ~np.isnan(values).any(-1, keepdims=True)], -1))
    limits: dict[str, Any] = {"cmap": DIVERGING, "vmin": -reach, "vmax": reach} if signed else {}
    axes.imshow(values, **limits)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():  # a frame, without which a white border of the map could not be seen
        side.set(visible=True, color=GRAY, linewidth=0.5)
    if title:
        axes.set_title(title)


def tiled(tiles: Any, columns: int, *, gap: int = 1) -> Any:
    """Maps (n, rows, columns), or colour images (n, rows, columns, 3), side by side as one image, NaN between them.

    One image draws many times faster than axes for each would.

    Example:
        >>> import numpy as np
        >>> tiled(np.arange(3.0).reshape(3, 1, 1), 2)
        array([[ 0., nan,  1.],
               [nan, nan, nan],
               [ 2., nan, nan]])
    """
    import numpy as np

    values = np.asarray(tiles, float)
    count, height, width, *color = values.shape
    rows = -(-count // columns)
    made = np.full((rows * columns, height + gap, width + gap, *color), np.nan)
    made[:count, :height, :width] = values
    grid = made.reshape(rows, columns, height + gap, width + gap, *color).swapaxes(1, 2)
    return grid.reshape(rows * (height + gap), columns * (width + gap), *color)[: -gap or None, : -gap or None]


def label_tiles(
    axes: Axes, size: tuple[int, int], *, rows: Sequence[str] = (), columns: Sequence[str] = (), gap: int = 1
) -> None:
    """Names at the rows and above the columns of a tiled image, whose tiles have that height and width."""
    for axis, names, extent in ((axes.yaxis, rows, size[0]), (axes.xaxis, columns, size[1])):
        axis.set_ticks([k * (extent + gap) + (extent - 1) / 2 for k in range(len(names))], names)
        axis.set_tick_params(length=0)
    axes.xaxis.tick_top()


def without_frame(axes: Axes) -> None:
    """No line around an image: one of tiles has no border of its own."""
    for side in axes.spines.values():
        side.set_visible(False)


def only_whole(axis: Axis) -> None:
    """Ticks at whole numbers only, for what is counted."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True))


def check_most(most: int) -> None:
    """Refuse a number of parts to draw that is none.

    Raises:   UsageError
    """
    if not (isinstance(most, Integral) and int(most) >= 1):
        raise UsageError(_MOST(most=most))


def check_records(records: object, kind: type, maker: str) -> None:
    """Refuse to draw what is no dict of records of one kind, or an empty one, naming the function that makes them.

    Raises:   UsageError
    """
    if not (isinstance(records, Mapping) and records and all(isinstance(r, kind) for r in records.values())):
        raise UsageError(_RECORDS(maker=maker))


def readable_logarithms(axis: Axis) -> None:
    """Ticks at 1, 2 and 5 of each power of ten, written out: for a logarithmic axis over few powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _checked_ending(path: Path, known: Sequence[str], what: str) -> str:
    ending = path.suffix[1:].lower()
    if ending not in known:
        raise UsageError(_ENDING(path=path, ending=path.suffix, what=what, known=", ".join(f".{k}" for k in known)))
    return ending
