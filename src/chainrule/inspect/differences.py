"""Derivatives beside differences: how near a slope between two points comes to the derivative, and why not nearer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.autodiff.forward import jvp
from chainrule.autodiff.reverse import vjp
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.dtype import float64
from chainrule.graph.extent import show_shape
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor, tensor
from chainrule.inspect.style import BLACK, BLUE, ORANGE, Picture, draw
from chainrule.messages import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DifferenceErrors", "difference_errors", "plot_difference_errors"]

_NOT_ONE_NUMBER = Message(
    "inspect.difference_result",
    en="the function gives shape {shape}; differences are looked at of one number. Reduce it, e.g. with cr.sum.",
    zh="函数给出的形状为 {shape}；差分只针对单个数。请先归约，例如使用 cr.sum。",
)
_STEPS = Message(
    "inspect.difference_steps",
    en="steps={steps} are to be numbers above 0.",
    zh="steps={steps} 应为大于 0 的数。",
)


@dataclass(frozen=True, eq=False)
class DifferenceErrors:
    """How far differences are from the derivative along a direction, against their step.

    steps                   the steps h, of the length of the direction
    forward, reverse        the derivative by each mode
    one_sided, central      |difference - derivative| for each step, relative to the derivative's size
    """

    steps: NDArray[np.float64]
    forward: float
    reverse: float
    one_sided: NDArray[np.float64]
    central: NDArray[np.float64]

    def __repr__(self) -> str:
        k = int(np.argmin(self.central))
        return (
            f"DifferenceErrors(derivative {self.reverse:.6g}; modes differ by {abs(self.forward - self.reverse):.1g}; "
            f"central differences are nearest, {self.central[k]:.1g}, at h = {self.steps[k]:.0g})"
        )


def difference_errors(
    function: Callable[[Any], Tensor], x: ArrayLike, *, steps: Sequence[float] | None = None, seed: int = 0
) -> DifferenceErrors:
    """A function's derivative along a random direction v, beside its differences with smaller and smaller steps.

        (f(x + hv) - f(x)) / h        error of order h, and ε/h from rounding
        (f(x + hv) - f(x - hv)) / 2h  error of order h², and ε/h from rounding

    All in float64, where ε is about 1e-16; `steps` are 1e-1 to 1e-12 without others.

    Raises:   ShapeError if the function gives more than one number; UsageError if a step is not above 0.
    Example:
        >>> difference_errors(lambda x: x * x * x, 2.0).central[:3].round(8)
        array([8.3333e-04, 8.3300e-06, 8.0000e-08])
    """
    h = 10.0 ** -np.arange(1.0, 13.0) if steps is None else np.asarray(steps, float)
    if h.ndim != 1 or h.size == 0 or not (h > 0).all():
        raise UsageError(_STEPS(steps=steps))
    point = tensor(np.asarray(x, float), float64)
    v = random_generator(seed).standard_normal(point.numpy().shape)
    v /= np.linalg.norm(v)
    y, pull = vjp(function, point)
    if y.shape != ():
        raise ShapeError(_NOT_ONE_NUMBER(shape=show_shape(y.shape)))
    reverse = float(np.sum(pull(1.0)[0].numpy() * v))
    forward = float(jvp(function, [point], [v])[1])
    ahead, behind = ([float(function(tensor(point.numpy() + s * v))) for s in sign * h] for sign in (1, -1))
    size = abs(reverse) or 1.0
    one_sided = np.abs((np.array(ahead) - float(y)) / h - reverse) / size
    central = np.abs((np.array(ahead) - np.array(behind)) / (2 * h) - reverse) / size
    return DifferenceErrors(h, forward, reverse, one_sided, central)


def plot_difference_errors(record: DifferenceErrors) -> Picture:
    """Both errors against the step: falling with it, until rounding makes them rise again."""

    def drawing(axes: Axes) -> None:
        for errors, color, marker, label in (
            (record.one_sided, ORANGE, "s", "one-sided difference"),
            (record.central, BLUE, "o", "central difference"),
        ):
            axes.loglog(record.steps, errors, color=color, marker=marker, markersize=4, label=label)
        modes = abs(record.forward - record.reverse) / (abs(record.reverse) or 1.0)
        shown = f"forward and reverse mode differ by {modes:.0e}" if modes else "forward and reverse mode agree exactly"
        axes.set_title(f"Differences come near to the derivative; {shown}")
        axes.axhline(np.finfo(float).eps, color=BLACK, linewidth=0.8, linestyle=":", label="precision of float64")
        axes.set_xlabel("step h")
        axes.set_ylabel("relative error")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return draw(drawing, size=(7.2, 3.4))
