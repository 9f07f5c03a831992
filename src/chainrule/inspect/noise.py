"""Noise at the input against error at the output: how robust models are, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_samples
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.seeds import random_generator
from chainrule.inspect.style import GRAY, LINES, Picture, draw_grid
from chainrule.messages import Message
from chainrule.nn.ranges import is_within
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NoiseRobustness", "noise_robustness", "plot_noise_robustness"]

_MODELS = Message(
    "noise.models",
    en="models is {given}; give a dict of models by the names they shall have in the picture: {{'tanh': model}}.",
    zh="models 为 {given}；请给出以图中名称为键的模型字典：{{'tanh': model}}。",
)
_LEVELS = Message(
    "noise.levels",
    en="the noise level {level!r} is not a number above 0. Levels are the noise's standard deviation over that of x.",
    zh="噪声水平 {level!r} 不是大于 0 的数。噪声水平是噪声标准差与 x 标准差之比。",
)
_LIST = Message(
    "noise.list",
    en="levels is {levels!r}, repeats {repeats!r}; give a list of one or more levels, and a whole number of repeats, 1"
    " or more.",
    zh="levels 为 {levels!r}，repeats 为 {repeats!r}；请给出一个或多个噪声水平的列表，以及不小于 1 的整数重复次数。",
)
_NO_SPREAD = Message(
    "noise.no_spread",
    en="{what} the same for all {samples} samples, so there is no spread to measure noise by. Give two or more samples"
    " that differ{remedy}.",
    zh="{what}对全部 {samples} 个样本都相同，因此没有可用来度量噪声的离散程度。请给出两个以上不同的样本{remedy}。",
)
_OF_X = Message("noise.of_x", en="x is", zh="输入 x ")
_OF_OUTPUTS = Message("noise.of_outputs", en="the outputs of model '{name}' are", zh="模型“{name}”的输出")
_OTHER_MODEL = Message("noise.other_model", en=", or a model that tells them apart", zh="，或能区分它们的模型")
_SCORES = Message(
    "noise.scores",
    en="model '{name}' turns {x} into {scores}; noise is measured at vectors of outputs, (N, M).",
    zh="模型“{name}”把 {x} 变成 {scores}；噪声是在输出向量 (N, M) 上测量的。",
)


@dataclass(frozen=True, eq=False)
class NoiseRobustness:
    """What noise at the input does to the outputs of models.

    levels      the noise's standard deviation, over that of the inputs (L,)
    errors      by model, the standard deviation of the outputs' change over that of the outputs (L,); a model that
                passes all noise on unchanged has errors like the levels
    changed     by model, the share of samples whose class changes (L,)
    """

    levels: NDArray[np.float64]
    errors: dict[str, NDArray[np.float64]]
    changed: dict[str, NDArray[np.float64]]

    def __repr__(self) -> str:
        parts = [f"{name}: {error[-1]:.2g}" for name, error in self.errors.items()]
        return f"NoiseRobustness(at {self.levels[-1]:g} of the input's spread: {', '.join(parts)} of the output's)"


def noise_robustness(
    models: Mapping[str, Model],
    x: ArrayLike,
    levels: Sequence[float] = (0.05, 0.1, 0.2, 0.4, 0.8),
    *,
    threshold: float = 0.0,
    repeats: int = 4,
    seed: int = 0,
) -> NoiseRobustness:
    """How far the outputs of models move when normal noise is added to their inputs.

        error(s) = √mean‖M(x + s σₓ ε) − M(x)‖² / √mean‖M(x) − mean M(x)‖²,  ε ~ N(0, 1)

    All models meet the same noise. A linear model's error is a straight line in s. The class of a single score is
    M(x) > threshold: a logit has it at 0, a probability at 0.5.

    Units:    levels s: standard deviations of x
    Raises:   UsageError for levels or models that are none; ShapeError for outputs that are no vectors; DataError for
              samples, or outputs, without any spread.
    Example:
        >>> from chainrule.nn import Dense
        >>> linear = Model(Dense(1), (4,))
        >>> x = np.random.default_rng(0).standard_normal((500, 4))
        >>> noise_robustness({"linear": linear}, x, [0.2, 0.4]).errors["linear"].round(1)
        array([0.2, 0.4])
    """
    if not hasattr(models, "items") or not models:
        raise UsageError(_MODELS(given=repr(models)))
    if np.ndim(levels) != 1 or not len(levels) or not (isinstance(repeats, Integral) and repeats >= 1):
        raise UsageError(_LIST(levels=levels, repeats=repeats))
    for level in levels:
        if not (is_within(level, 0, np.inf) and level > 0):
            raise UsageError(_LEVELS(level=level))
    given = np.asarray(x)
    check_samples({"x": given})
    samples = given.astype(np.float32)
    if not np.ptp(samples):
        raise DataError(_NO_SPREAD(what=_OF_X(), samples=len(samples), remedy=""))
    random = random_generator(seed)
    noise = random.standard_normal((repeats, *samples.shape), np.float32) * samples.std()
    errors, changed = {}, {}
    for name, model in models.items():
        check_model(model)
        scores = model.predict(samples)
        if isinstance(scores, tuple) or scores.ndim != 2:
            shapes = ", ".join(show_shape(y.shape) for y in (scores if isinstance(scores, tuple) else (scores,)))
            raise ShapeError(_SCORES(name=name, x=show_shape(samples.shape), scores=shapes))
        clean = np.asarray(scores, np.float64)
        spread = np.sqrt(np.square(clean - clean.mean(0)).mean())
        if not spread:
            remedy = _OTHER_MODEL()
            raise DataError(_NO_SPREAD(what=_OF_OUTPUTS(name=name), samples=len(samples), remedy=remedy))
        found = []
        for level in levels:
            noisy = (samples + np.float32(level) * noise).reshape(-1, *samples.shape[1:])
            moved = np.asarray(model.predict(noisy), np.float64).reshape(repeats, *clean.shape)
            error = np.sqrt(np.square(moved - clean).mean()) / spread
            found.append((error, np.mean(_classes(moved, threshold) != _classes(clean, threshold))))
        errors[name], changed[name] = np.array(found).T
    return NoiseRobustness(np.array(levels, np.float64), errors, changed)


def _classes(scores: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    return scores.argmax(-1) if scores.shape[-1] > 1 else (scores[..., 0] > threshold).astype(np.int64)


def plot_noise_robustness(found: NoiseRobustness) -> Picture:
    """Error of the outputs, and share of changed classes, against the noise; gray: noise passed on as it is."""

    def drawing(grid: list[list[Axes]]) -> None:
        error, share = grid[0]
        error.plot(found.levels, found.levels, color=GRAY, linestyle=":", label="noise passed on unchanged")
        for k, name in enumerate(found.errors):
            style: dict[str, Any] = {"color": LINES[k % len(LINES)], "marker": "os^Dv"[k % 5], "markersize": 4}
            error.plot(found.levels, found.errors[name], label=name, **style)
            share.plot(found.levels, 100 * found.changed[name], **style)
        error.set_ylabel("error of the output / its spread")
        share.set_ylabel("changed classes (%)")
        for axes in (error, share):
            axes.set_xlabel("noise of the input / its spread")
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
        error.figure.legend(loc="outside lower center", ncols=len(found.errors) + 1)

    return draw_grid(1, 2, drawing, size=(7.6, 3.4))
