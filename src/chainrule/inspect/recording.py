"""Pictures of a recording: layers and parameters over a training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UsageError
from chainrule.inspect.style import GRAY, SEQUENTIAL, Picture, draw, draw_grid
from chainrule.messages import Message, suggestion
from chainrule.train.recording import Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_passing", "plot_recording"]

_NOTHING = Message(
    "plot_recording.nothing",
    en="There is nothing to draw: {given} has no looks. Give a recording that a training has filled, recording ="
    " model.record(); model.fit(x, y, callbacks=[recording]).",
    zh="没有可绘制的内容：{given} 没有任何记录。请给出训练填充过的记录，recording = model.record();"
    " model.fit(x, y, callbacks=[recording])。",
)
_LAYER = Message(
    "plot_recording.layer",
    en="'{layer}' ends in no activation that was recorded; those that do: {known}.{suggestion}",
    zh="“{layer}”没有以已记录的激活函数结尾；有的层是：{known}。{suggestion}",
)

USUAL_RATIO = 1e-3  # of update to weight; within a factor of ten little is wrong
_NAMED = 12  # lines that a legend can hold


def plot_recording(recording: Recording) -> Picture:
    """How large each layer's outputs, their derivatives, and each kernel's updates are, step by step.

    Lines go from dark, the first layer, to bright, the last: where derivatives fan out, gradients vanish or explode on
    their way. Biases, and other parameters with one axis, are left out.

    Raises:   UsageError if nothing was recorded.
    """
    _check(recording)
    steps = recording.steps
    layers, kernels = recording.layers, _kernels(recording)

    def drawing(grid: list[list[Axes]]) -> None:
        (spread, slopes), (gradients, ratios) = grid
        _lines(spread, steps, {path: own.deviation for path, own in layers.items()})
        _lines(slopes, steps, {path: passing.mean(1) for path, passing in _passing(recording).items()}, log=False)
        _lines(gradients, steps, {path: own.gradient for path, own in layers.items()})
        _lines(ratios, steps, {name: its.ratio for name, its in kernels.items()})
        ratios.axhspan(USUAL_RATIO / 10, USUAL_RATIO * 10, color=GRAY, alpha=0.15, lw=0)
        spread.set_title("standard deviation of outputs")
        slopes.set_title("share of outputs where the slope is ≥ 0.01")
        slopes.set_ylim(-0.03, 1.03)
        gradients.set_title("rms of the loss's derivative by outputs")
        ratios.set_title("update / weight (usual: gray)")
        for axes in (gradients, ratios):
            axes.set_xlabel("step")
        for axes in (spread, slopes, gradients, ratios):
            axes.legend(*_ends(axes), loc="center left", bbox_to_anchor=(1.0, 0.5))

    return draw_grid(2, 2, drawing, size=(10.4, 6.0))


def plot_passing(recording: Recording, layer: str) -> Picture:
    """For each unit of a layer, step by step, the share of the batch on which it passes a gradient: dark ones are dead.

    Units are in the order of that share at the last look.

    Raises:   UsageError if nothing was recorded, or the layer ends in no activation.
    """
    _check(recording)
    known = _passing(recording)
    if layer not in known:
        raise UsageError(_LAYER(layer=layer, known=", ".join(known) or "-", suggestion=suggestion(layer, known)))
    shares = known[layer]
    shares = shares[:, np.argsort(-shares[-1], kind="stable")]

    def drawing(axes: Axes) -> None:
        edges = _edges(recording.steps)
        mesh = axes.pcolormesh(edges, np.arange(shares.shape[1] + 1), shares.T, vmin=0, vmax=1, rasterized=True)
        axes.invert_yaxis()
        axes.set_xlabel("step")
        axes.set_ylabel("unit, in order of the last look")
        silent = int((shares[-1] == 0).sum())
        axes.set_title(f"{layer}: {silent} of {shares.shape[1]} units pass no gradient at the end")
        axes.figure.colorbar(mesh, ax=axes, label="share of the batch with a slope ≥ 0.01")

    return draw(drawing, size=(6.4, 3.8))


def _check(recording: Any) -> None:
    if not isinstance(recording, Recording) or not len(recording.steps):
        raise UsageError(
            _NOTHING(given=repr(recording) if isinstance(recording, Recording) else type(recording).__name__)
        )


def _passing(recording: Recording) -> dict[str, NDArray[np.float64]]:
    return {path: own.passing for path, own in recording.layers.items() if own.passing is not None}


def _kernels(recording: Recording) -> dict[str, Any]:
    biases = ("bias", "beta", "gamma")
    return {n: p for n, p in recording.parameters.items() if n.rpartition("/")[2] not in biases}


def _lines(
    axes: Axes, steps: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]], *, log: bool = True
) -> None:
    from matplotlib import colormaps

    colors = colormaps[SEQUENTIAL](np.linspace(0.0, 0.92, max(len(values), 2)))
    for color, (name, line) in zip(colors, values.items(), strict=False):
        shown = np.where(np.isfinite(line) & (line > 0), line, np.nan) if log else line
        if np.isnan(shown).all():  # such as derivatives by what comes before the first parameter
            continue
        axes.plot(steps, shown, color=color, label=name, marker="o" if len(steps) == 1 else "", linewidth=1.3)
    if log:
        axes.set_yscale("log")


def _ends(axes: Axes) -> tuple[list[Any], list[str]]:
    """The lines of a legend: all, or the first and the last where they are too many."""
    handles, labels = axes.get_legend_handles_labels()
    chosen = range(len(labels)) if len(labels) <= _NAMED else (0, len(labels) // 2, len(labels) - 1)
    return [handles[k] for k in chosen], [labels[k] for k in chosen]


def _edges(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bounds between looks, half way from one to the next."""
    middles = (steps[1:] + steps[:-1]) / 2
    first = middles[0] - steps[0] if len(middles) else 0.5
    last = steps[-1] - middles[-1] if len(middles) else 0.5
    return np.array([steps[0] - first, *middles, steps[-1] + last])
