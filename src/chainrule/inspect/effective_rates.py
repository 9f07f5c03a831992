"""The learning rate that each parameter gets from Adam."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UsageError
from chainrule.execute import Program
from chainrule.graph.dtype import float64, int64
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import input_tensor, tensor
from chainrule.inspect.style import BLACK, BLUE, LINES, RED, Picture, draw, draw_grid, only_whole
from chainrule.messages import Message
from chainrule.nn.ranges import is_within
from chainrule.optim.adam import Adam
from chainrule.train.callback import Callback
from chainrule.train.loop import Training

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AdamStart", "EffectiveRates", "adam_start", "plot_adam_start", "plot_effective_rates"]

_NOT_ADAM = Message(
    "effective_rates.not_adam",
    en="EffectiveRates reads Adam's v, but the optimizer is {optimizer}. Train with Adam or AdamW.",
    zh="EffectiveRates 读取的是 Adam 的 v，而优化器是 {optimizer}。请用 Adam 或 AdamW 训练。",
)
_UNKNOWN = Message(
    "effective_rates.unknown",
    en="there are no rates of '{name}'; recorded are {known}.",
    zh="没有“{name}”的学习率；已记录的有：{known}。",
)


_AXIS = Message(
    "effective_rates.axis",
    en="axis={axis!r} and labels={labels!r} do not fit '{name}', which has shape {shape}. Give one of its axes, and a"
    " label for each place along it, or None.",
    zh="axis={axis!r}、labels={labels!r} 与形状为 {shape} 的“{name}”不符。请给出它的某个轴，"
    "并为该轴上每个位置给出一个标签，或用 None。",
)
_START = Message(
    "effective_rates.start",
    en="gradient={gradient!r} and steps={steps!r}: give a finite gradient other than 0, whose square is a number too,"
    " and 1 or more steps.",
    zh="gradient={gradient!r}、steps={steps!r}：请给出有限且不为 0、其平方也可表示的梯度，以及不小于 1 的步数。",
)


_LARGEST = 1e150  # of a gradient, whose square is a number too


class EffectiveRates(Callback):
    """A callback that keeps, after each epoch, the rate that Adam gives to each parameter.

        η / (√v̂ + ε),  v̂ = v / (1 − β₂ᵗ)

    rates   by the parameter's name, for each epoch an array of the parameter's shape

    A training begins them anew; one that is resumed goes on with those it had.

    Parameters that see a gradient rarely, such as weights of rare features, have a small v and so a *large* rate.

    Raises:   UsageError from `fit` if the optimizer is not Adam.
    Source:   Kingma and Ba 2015
    """

    def __init__(self) -> None:
        self.rates: dict[str, list[NDArray[np.floating[Any]]]] = {}

    def on_train_begin(self, training: Training) -> None:
        if not isinstance(training.optimizer, Adam):
            raise UsageError(_NOT_ADAM(optimizer=type(training.optimizer).__name__))

    def on_epoch_end(self, training: Training) -> None:
        optimizer, state = training.optimizer, training.state
        assert isinstance(optimizer, Adam)
        scalars = training.scalars
        correction = 1 - scalars["beta_2"] ** state.update
        for name, slots in state.slots.items():
            rate = scalars["learning_rate"] / (np.sqrt(slots["v"] / correction) + optimizer.epsilon)
            self.rates.setdefault(name, []).append(rate)

    def memory(self) -> dict[str, Any]:
        return {"rates": self.rates}

    def recall(self, memory: dict[str, Any]) -> None:
        self.rates = {name: list(rates) for name, rates in memory.get("rates", {}).items()}


def plot_effective_rates(
    record: EffectiveRates, name: str, *, axis: int = 0, labels: list[str] | None = None
) -> Picture:
    """The median rate of a parameter's entries along one axis, such as one for each input, epoch by epoch.

    Raises:   UsageError if nothing of this name was recorded, or axis or labels do not fit it.
    """
    if name not in record.rates:
        raise UsageError(_UNKNOWN(name=name, known=", ".join(record.rates) or "-"))
    rates = np.array(record.rates[name])
    shape = rates.shape[1:]
    known = isinstance(axis, Integral) and 0 <= axis < len(shape)
    if not known or (labels is not None and len(labels) != shape[axis]):
        raise UsageError(_AXIS(axis=axis, labels=labels, name=name, shape=show_shape(shape)))
    others = tuple(k for k in range(1, rates.ndim) if k != axis + 1)
    medians = np.median(rates, others)

    def drawing(axes: Axes) -> None:
        for k, curve in enumerate(medians.T):
            text = labels[k] if labels else f"{name}[{k}]"
            axes.semilogy(range(1, len(curve) + 1), curve, color=LINES[k % len(LINES)], label=text)
        axes.set_xlabel("epoch")
        only_whole(axes.xaxis)
        axes.set_ylabel("η / (√v̂ + ε)")
        axes.figure.legend(loc="outside lower center", ncols=4)

    return draw(drawing, size=(5.4, 3.4))


@dataclass(frozen=True, eq=False)
class AdamStart:
    """Adam's estimates in its first steps for one gradient that never changes, with the corrections and without.

    m, v         the running means (T,), which start at 0 and so are too small at first
    m_hat, v_hat the corrected ones (T,): right from the first step on
    steps        what Adam's step is, in units of η: 1 from the first on; and
    uncorrected  |m|/√v, what it would be without: (1 − β₁)/√(1 − β₂) at first, which is 3.2 for the usual values
    """

    m: NDArray[np.float64]
    v: NDArray[np.float64]
    m_hat: NDArray[np.float64]
    v_hat: NDArray[np.float64]
    steps: NDArray[np.float64]
    uncorrected: NDArray[np.float64]


def adam_start(gradient: float = 2.0, *, beta_1: float = 0.9, beta_2: float = 0.999, steps: int = 50) -> AdamStart:
    """The first steps of Adam for a constant gradient, as its own update makes them.

        mₜ = (1 − β₁ᵗ) g,  vₜ = (1 − β₂ᵗ) g²,  m̂ = g,  v̂ = g²

    Raises:   UsageError for a gradient or steps that are none.
    Source:   Kingma and Ba 2015, section 3
    Example:
        >>> start = adam_start(2.0)
        >>> start.m[:2].round(3), start.m_hat[:2].round(3), start.uncorrected[:2].round(2)
        (array([0.2 , 0.38]), array([2., 2.]), array([3.16, 4.25]))
    """
    rule = Adam(1.0, beta_1, beta_2)
    square = float(gradient) ** 2 if is_within(gradient, -_LARGEST, _LARGEST) else 0.0
    if not (square > 0 and isinstance(steps, Integral) and steps >= 1):
        raise UsageError(_START(gradient=gradient, steps=steps))
    slots = {name: input_tensor(name, (), float64) for name in ("m", "v")}
    scalars = {name: input_tensor(name, (), float64) for name in rule.scalars()}
    t = input_tensor("t", (), int64)
    parameter, after = rule.update(tensor(0.0, float64), tensor(gradient, float64), slots, {**scalars, "t": t})
    made = Program([parameter, after["m"], after["v"]])
    rates = {scalars[name]: value for name, value in rule.scalars().items()}
    m, v, taken = np.zeros((3, steps + 1))
    for k in range(1, steps + 1):
        moved, m[k], v[k] = made.run({slots["m"]: m[k - 1], slots["v"]: v[k - 1], t: k, **rates})
        taken[k] = -moved
    times = np.arange(1, steps + 1)
    m, v, taken = m[1:], v[1:], taken[1:] * np.sign(gradient)
    return AdamStart(m, v, m / (1 - beta_1**times), v / (1 - beta_2**times), taken, np.abs(m) / np.sqrt(v))


def plot_adam_start(start: AdamStart) -> Picture:
    """The estimates and the step they make, corrected and not."""

    def drawing(grid: list[list[Axes]]) -> None:
        estimates, steps = grid[0]
        t = np.arange(1, len(start.m) + 1)
        for values, corrected, color, name in ((start.m, start.m_hat, BLUE, "m"), (start.v, start.v_hat, RED, "v")):
            estimates.plot(t, values, color=color, linestyle="--", label=f"{name}, starts at 0")
            estimates.plot(t, corrected, color=color, label=f"{name}\u0302, corrected")
        estimates.set_title("Estimates of a constant gradient")
        estimates.figure.legend(*estimates.get_legend_handles_labels(), loc="outside lower left", ncols=2)
        steps.plot(t, start.uncorrected, color=BLACK, linestyle="--", label="without")
        steps.plot(t, start.steps, color=BLACK, label="with the corrections")
        steps.set_ylim(bottom=0)
        steps.set_title("Step / η")
        steps.legend()
        for axes in (estimates, steps):
            axes.set_xlabel("step t")

    return draw_grid(1, 2, drawing, size=(7.6, 3.6))
