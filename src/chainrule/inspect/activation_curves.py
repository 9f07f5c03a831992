"""Activations as curves: value and derivative, their range, and where they saturate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff import jvp
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import Tensor, tensor
from chainrule.inspect.style import BLUE, GRAY, RED, YELLOW, Picture, draw_grid
from chainrule.messages import Message
from chainrule.nn.activations import Activate, as_activation
from chainrule.nn.layer import Layer
from chainrule.ops.axes import is_several

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ActivationCurve", "activation_curve", "plot_activations"]

_SEVERAL = Message(
    "activation_curve.several",
    en="{name} is no function of one number: what it gives for one depends on the others, so it has no curve. Draw one"
    " output against one input instead, e.g. of lambda x: softmax(stack([x, 0 * x]), 0)[0].",
    zh="{name} 不是单个数的函数：它对一个数的结果取决于其他数，因此没有曲线。请改为画出一个输出关于一个输入的曲线，例如"
    " lambda x: softmax(stack([x, 0 * x]), 0)[0] 的曲线。",
)
_INTERVAL = Message(
    "activation_curve.interval",
    en="the interval is {low} to {high}; its ends must be finite, the first below the second.",
    zh="区间为 {low} 到 {high}；两端必须有限，且前者小于后者。",
)

_NO_TENSOR = Message(
    "activation_curve.no_tensor",
    en="{name} gives {made}, which is no tensor. Give a function of a tensor, x → y, or a name such as 'relu'.",
    zh="{name} 给出的是 {made}，不是张量。请给出张量的函数 x → y，或 'relu' 之类的名称。",
)
_LAYER = Message(
    "activation_curve.layer",
    en="{name} is a layer, called with a scope as well. Give its function of a tensor, x → y, or a name: 'relu'.",
    zh="{name} 是层，调用时还需要作用域。请给出它的张量函数 x → y，或 'relu' 之类的名称。",
)
_CURVES = Message(
    "activation_curve.curves",
    en="There is nothing to draw: give a list of one or more curves, [activation_curve('tanh')], and columns of 1 or"
    " more.",
    zh="没有可画的内容：请给出由一条或多条曲线组成的列表 [activation_curve('tanh')]，且 columns 不小于 1。",
)

_FAR = 1e4  # where the range is looked for, beside the interval that is drawn
_FLAT = 0.01  # of the steepest slope: less than this passes on next to nothing of a gradient
_POINTS = 401


@dataclass(frozen=True, eq=False)
class ActivationCurve:
    """An activation as numbers.

    x, y, slope   the curve and its derivative; at a kink the derivative is the one that the operation declares
    lowest        the least value that was met anywhere from -10⁴ to 10⁴, and
    highest       the largest; infinite where they still grow at the ends
    flat          whether it is saturated, at each x: from there to an end of the interval the derivative is under 1 %
                  of its largest absolute value

    Where f is not defined, such as log(x) for x < 0, y and slope are NaN; nothing is said of these places.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    slope: NDArray[np.float64]
    lowest: float
    highest: float
    flat: NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"ActivationCurve({self.name}: {self.lowest:.4g} to {self.highest:.4g}, flat {self.flat.mean():.0%})"


def activation_curve(
    activation: str | Activate, interval: tuple[float, float] = (-8.0, 8.0), *, name: str | None = None
) -> ActivationCurve:
    """The curve of an activation, by name or as a function of a tensor, and of its derivative.

        y = f(x),  slope = f'(x), from the derivative that the operation declares

    Raises:   UsageError if the name is not known, or the interval is none; ShapeError if it is no function of one
              number, such as softmax.
    Example:
        >>> activation_curve("tanh")
        ActivationCurve(tanh: -1 to 1, flat 63%)
        >>> activation_curve("relu")
        ActivationCurve(relu: 0 to inf, flat 50%)
    """
    low, high = interval if is_several(interval) and len(interval) == 2 else (interval, interval)
    if not (isinstance(low, Real) and isinstance(high, Real) and math.isfinite(high - low) and low < high):
        raise UsageError(_INTERVAL(low=low, high=high))
    function = as_activation(activation)
    called = name or (activation if isinstance(activation, str) else _name_of(function))
    x = np.linspace(low, high, _POINTS)
    far = np.concatenate([-np.geomspace(_FAR, 1e-3, 400), [0.0], np.geomspace(1e-3, _FAR, 400)])
    everywhere = np.concatenate([x, far])
    if isinstance(activation, Layer):
        raise UsageError(_LAYER(name=called))
    made = function(tensor(everywhere))
    if not isinstance(made, Tensor):
        raise UsageError(_NO_TENSOR(name=called, made=type(made).__name__))
    y, slope = (part.numpy() for part in jvp(function, (tensor(everywhere),), (tensor(np.ones_like(everywhere)),)))
    alone = function(tensor(everywhere[:3])).numpy()
    if y.shape != everywhere.shape or not np.array_equal(alone, y[:3], equal_nan=True):
        raise ShapeError(_SEVERAL(name=called))
    slope = np.where(np.isnan(y), np.nan, slope)
    steepest = np.abs(slope[np.isfinite(slope)]).max(initial=0.0)
    small = (np.abs(slope[:_POINTS]) < _FLAT * steepest) | (steepest == 0)
    to_the_end = np.logical_and.accumulate
    far_ends = [_POINTS, -1]  # on the left and on the right
    grows = (np.abs(slope[far_ends]) > 1e-6) & np.isfinite(y[far_ends])
    ends = [(y[_POINTS], slope[_POINTS] > 0), (y[-1], slope[-1] < 0)]
    down = [grown and falls for grown, (_, falls) in zip(grows, ends, strict=True)]
    up = [grown and not falls for grown, (_, falls) in zip(grows, ends, strict=True)]
    return ActivationCurve(
        name=called,
        x=x,
        y=y[:_POINTS],
        slope=slope[:_POINTS],
        lowest=-np.inf if any(down) else float(np.nanmin(y)),
        highest=np.inf if any(up) else float(np.nanmax(y)),
        flat=to_the_end(small) | to_the_end(small[::-1])[::-1],
    )


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__)


def plot_activations(curves: Sequence[ActivationCurve], columns: int = 4) -> Picture:
    """Each activation with its derivative; where it is saturated the ground is yellow."""
    if not is_several(curves) or not curves or columns < 1:
        raise UsageError(_CURVES())
    columns = min(columns, len(curves))
    rows = -(-len(curves) // columns)

    def drawing(grid: list[list[Axes]]) -> None:
        cells = [axes for row in grid for axes in row]
        for axes, curve in zip(cells, curves, strict=False):
            axes.axhline(0, color=GRAY, linewidth=0.6)
            axes.axvline(0, color=GRAY, linewidth=0.6)
            inside = (0, 1)  # of the axes, from bottom to top
            axes.fill_between(
                curve.x, *inside, where=curve.flat, transform=axes.get_xaxis_transform(), color=YELLOW, alpha=0.25, lw=0
            )
            axes.plot(curve.x, _broken(curve.y), color=BLUE, label="f(x)")
            axes.plot(curve.x, _broken(curve.slope), color=RED, linestyle="--", label="f′(x)")
            axes.set_title(f"{curve.name}: {_bound(curve.lowest)} to {_bound(curve.highest)}")
        for axes in cells[len(curves) :]:
            axes.set_axis_off()
        cells[0].figure.legend(*cells[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)

    return draw_grid(rows, columns, drawing, size=(2.3 * columns, 1.9 * rows + 0.4))


def _broken(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """With a gap at each jump, which is no steep line."""
    jumps = np.abs(np.diff(y)) > 0.2 * max(np.ptp(y), 1e-12)
    return np.where(np.append(jumps, False), np.nan, y)


def _bound(value: float) -> str:
    return "∞" if value == np.inf else "−∞" if value == -np.inf else f"{value:.3g}".replace("-", "−")
