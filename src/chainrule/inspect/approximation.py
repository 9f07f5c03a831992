"""Universal approximation: networks of growing width, each fitted to one and the same function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.inspect.style import BLACK, LINES, Picture, draw_grid
from chainrule.messages import Message
from chainrule.nn.activations import Activate
from chainrule.nn.dense import Dense
from chainrule.nn.initializers import Normal
from chainrule.nn.ranges import is_within
from chainrule.nn.sequential import Sequential
from chainrule.ops.axes import is_several
from chainrule.optim.adam import Adam
from chainrule.optim.schedules import Cosine
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Approximations", "approximations", "plot_approximations"]

_FUNCTION = Message(
    "approximation.function",
    en="the function turned {given} points into shape {made}; give one of an array that gives a number for each point.",
    zh="该函数把 {given} 个点变成形状 {made}；请给出以数组为参数、对每个点给出一个数的函数。",
)
_WIDTHS = Message(
    "approximation.widths",
    en="widths is {widths!r}; give one or more numbers of neurons, each a whole number above 0.",
    zh="widths 为 {widths!r}；请给出一个或多个神经元个数，均为大于 0 的整数。",
)

_NOT_FINITE = Message(
    "approximation.not_finite",
    en="the function gives {value} for x = {x:g}; choose an interval in which it is finite.",
    zh="该函数在 x = {x:g} 处给出 {value}；请选择函数值有限的区间。",
)
_INTERVAL = Message(
    "approximation.interval",
    en="interval={interval!r} and points={points!r}: give two finite ends, the first below the second, and a whole"
    " number of points, 2 or more.",
    zh="interval={interval!r}、points={points!r}：请给出两个有限的端点（前者小于后者），以及不小于 2 的整数点数。",
)
_SEEDS = Message(
    "approximation.seeds",
    en="seeds is {seeds!r}; give a list of one or more, the best of which counts.",
    zh="seeds 为 {seeds!r}；请给出一个或多个种子的列表，取其中最好的结果。",
)

_BATCH = 32


@dataclass(frozen=True, eq=False)
class Approximations:
    """A function and what networks of several widths made of it.

    x, target     points (P,) and the function there (P,)
    widths        neurons in the hidden layer of each network (W,)
    fits          what the best of its seeds made of the points (W, P)
    errors        the root of its mean squared error (W,), and
    largest       its largest absolute error on these points (W,)
    """

    x: NDArray[np.float64]
    target: NDArray[np.float64]
    widths: tuple[int, ...]
    fits: NDArray[np.float64]
    errors: NDArray[np.float64]
    largest: NDArray[np.float64]

    def __repr__(self) -> str:
        pairs = zip(self.widths, self.errors, strict=True)
        return f"Approximations({', '.join(f'{width} neurons: {error:.2g}' for width, error in pairs)})"


def approximations(
    function: Callable[[NDArray[np.float64]], Any],
    widths: Sequence[int] = (1, 2, 4, 8, 16, 32),
    *,
    interval: tuple[float, float] = (-1.0, 1.0),
    activation: str | Activate = "tanh",
    points: int = 256,
    epochs: int = 400,
    learning_rate: float = 0.02,
    seeds: Sequence[int] = (0, 1),
) -> Approximations:
    """Networks with one hidden layer, fitted to points of a function; the best seed of each width.

        y = v·f(w x + b) + c,  with 1, 2, 4, … neurons in f

    A continuous function can be approximated as closely as one likes by enough neurons. What training finds is another
    matter: the error that is reported is that of the network it found, so it need not fall at each step.

    Raises:   ShapeError if the function gives no number for each point; DataError if one is not finite; UsageError for
              widths, seeds, points or an interval that are none.
    Source:   Cybenko 1989; Hornik, Stinchcombe and White 1989
    Example:
        >>> found = approximations(np.abs, (1, 8), epochs=300, seeds=[0])
        >>> bool(found.errors[1] < found.errors[0])
        True
    """
    if np.ndim(widths) != 1 or not len(widths) or not all(isinstance(w, Integral) and w >= 1 for w in widths):
        raise UsageError(_WIDTHS(widths=widths))
    if np.ndim(seeds) != 1 or not len(seeds):
        raise UsageError(_SEEDS(seeds=seeds))
    ends = tuple(interval) if is_several(interval) else ()
    rising = all(is_within(end, -np.inf, np.inf) for end in ends) and len(ends) == 2 and ends[0] < ends[1]
    if not (rising and isinstance(points, Integral) and points >= 2):
        raise UsageError(_INTERVAL(interval=interval, points=points))
    x = np.linspace(*interval, points)
    target = np.asarray(function(x), np.float64)
    if target.shape != x.shape:
        raise ShapeError(_FUNCTION(given=points, made=show_shape(target.shape)))
    if not np.isfinite(target).all():
        place = np.flatnonzero(~np.isfinite(target))[0]
        raise DataError(_NOT_FINITE(value=target[place], x=x[place]))
    middle, half = (interval[0] + interval[1]) / 2, (interval[1] - interval[0]) / 2
    spread = target.std() or 1.0
    inputs, targets = ((x - middle) / half)[:, None], (target - target.mean()) / spread
    fits = []
    for width in widths:
        found = []
        for seed in seeds:
            # slopes of some size, so that bends lie inside the interval
            hidden = Dense(int(width), activation, kernel_initializer=Normal(deviation=3.0), bias_initializer="normal")
            model = Model(Sequential([hidden, Dense(1)]), (1,), seed=seed)
            rule = Adam(Cosine(learning_rate))
            model.fit(
                inputs, targets, loss="mean_squared_error", optimizer=rule, epochs=epochs,
                batch_size=min(_BATCH, points), verbose=0,
            )  # fmt: skip
            found.append(np.asarray(model.predict(inputs), np.float64)[:, 0] * spread + target.mean())
        fits.append(min(found, key=lambda fit: float(np.square(fit - target).mean())))
    wrong = np.array(fits) - target
    return Approximations(
        x, target, tuple(map(int, widths)), np.array(fits), np.sqrt(np.square(wrong).mean(1)), np.abs(wrong).max(1)
    )


def plot_approximations(found: Approximations) -> Picture:
    """The function with what networks of different widths made of it, and their errors against the width."""

    def drawing(grid: list[list[Axes]]) -> None:
        curves, errors = grid[0]
        curves.plot(found.x, found.target, color=BLACK, linewidth=3, alpha=0.35, label="the function")
        shown = sorted({0, len(found.widths) // 2, len(found.widths) - 1})
        for k, place in enumerate(shown):
            width = found.widths[place]
            label = f"{width} neuron" + "s" * (width > 1)
            curves.plot(found.x, found.fits[place], color=LINES[k], linewidth=1.2, label=label)
        curves.set_xlabel("x")
        curves.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
        curves.set_title("More neurons follow more closely")
        for values, marker, label in ((found.largest, "s--", "largest"), (found.errors, "o-", "root mean square")):
            errors.loglog(found.widths, values, marker, color=LINES[0], markersize=4, label=label)
        errors.set_xticks(found.widths, [str(w) for w in found.widths])
        errors.minorticks_off()
        errors.set_xlabel("neurons in the hidden layer")
        errors.set_title("Error")
        errors.legend()

    return draw_grid(1, 2, drawing, size=(8.0, 3.6))
