"""The picture of a range test: the loss while the learning rate rises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.inspect.style import BLUE, GRAY, RED, Picture, draw
from chainrule.train.learning_rate_range import LearningRateRange

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_learning_rates"]

_ROOM = 0.12  # of the height of the curve, above and below it


def plot_learning_rates(record: LearningRateRange) -> Picture:
    """The loss against the learning rate: of each batch, pale, and its running mean; what was found is marked.

    The suggestion is a dot on the running mean; a dashed line stands where the test ended early, as the loss rose too
    far. The losses of single batches may leave the picture.

    Raises:   UsageError where Matplotlib is not installed.
    Example:
        >>> from chainrule.train import LearningRateRange
        >>> rates, losses = np.array([0.001, 0.01, 0.1, 1.0]), np.array([2.0, 1.8, 0.5, 1.0])
        >>> record = LearningRateRange(rates, losses, losses, 2.0, 0.01, steepest=0.1, lowest=0.1, diverged=None)
        >>> plot_learning_rates(record)
        Picture(6.0 × 3.4 inches)
    """

    def drawing(axes: Axes) -> None:
        rates, smoothed = record.rates, record.smoothed
        axes.plot(rates, record.losses, color=BLUE, linewidth=0.8, alpha=0.35, label="loss of each batch")
        axes.plot(rates, smoothed, color=BLUE, label="running mean")
        axes.set_xscale("log")
        low, high = smoothed.min(), max(record.start, min(smoothed.max(), 2 * record.start - smoothed.min()))
        room = _ROOM * (high - low) or 0.5
        axes.set_ylim(low - room, high + room)
        if record.suggestion is not None:
            height = float(np.interp(np.log(record.suggestion), np.log(rates), smoothed))
            axes.axvline(record.suggestion, color=GRAY, linewidth=0.8, linestyle=":", zorder=0)
            axes.plot(
                [record.suggestion], [height], "o", color=RED, label=f"suggestion {record.suggestion:g}", zorder=3
            )
        if record.diverged is not None:
            axes.axvline(record.diverged, color=RED, linewidth=1.0, linestyle="--", label="diverged")
        axes.set_xlabel("learning rate")
        axes.set_ylabel("loss")
        axes.legend(loc="lower left")

    return draw(drawing, size=(6.0, 3.4))
