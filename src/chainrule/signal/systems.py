"""Systems, which turn one signal into another: whether they are linear, and the same at every place.

Both are tried on random signals that keep `margin` places at each end of the window zero, so that responses have room
and shifts lose nothing: a verdict is about the system, not about what it does at borders. With a smaller margin the
borders take part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.signal.window import Array, System, place_text, response_of, shifted, window_shape

__all__ = ["Linearity", "NotLinear", "NotShiftInvariant", "ShiftInvariance", "linearity", "shift_invariance"]

_FUNCTION = Message(
    "system.function",
    en="{function}: the same signal gave two different responses, so this is no system: something random, or what was "
    "computed before, takes part. Fix the seed, or the state it starts from.",
    zh="{function}：同一信号得到了两个不同的响应，因此它不是系统：有随机因素或之前的计算参与其中。"
    "请固定随机种子或初始状态。",
)
_MARGIN = Message(
    "system.margin",
    en="{function}: margin={margin} at both ends leaves nothing of a window of shape {shape}. Use a longer window, or "
    "a margin from 0 to less than half of it.",
    zh="{function}：形状为 {shape} 的窗口两端各留 margin={margin} 个位置后没有剩余。"
    "请使用更长的窗口，或从 0 到小于窗口一半的边距。",
)
_NO_SHIFT = Message(
    "system.no_shift",
    en="shift_invariance: in a window of shape {shape} with margin={margin} a signal that is shifted loses some of "
    "itself. Use a longer window, or a margin of at least 1.",
    zh="shift_invariance：在形状为 {shape}、margin={margin} 的窗口中，移动信号必然丢失其一部分。"
    "请使用更长的窗口，或至少为 1 的边距。",
)


@dataclass(frozen=True, eq=False)
class NotLinear:
    """Two signals of which S(a·x + b·y) is not a·S(x) + b·S(y), and the place where they differ most."""

    x: Array
    y: Array
    a: float
    b: float
    of_sum: Array
    sum_of: Array

    @property
    def place(self) -> tuple[int, ...]:
        return _farthest(self.of_sum - self.sum_of)

    def __repr__(self) -> str:
        at = place_text(self.place)
        return (
            f"S(a·x + b·y){at} = {self.of_sum[self.place]:.6g}, but a·S(x){at} + b·S(y){at} = "
            f"{self.sum_of[self.place]:.6g}, with a = {self.a:.3g}, b = {self.b:.3g}"
        )


@dataclass(frozen=True, eq=False)
class Linearity:
    """Whether S(a·x + b·y) = a·S(x) + b·S(y) held in all trials; true where it did.

    A counterexample disproves linearity. Trials that all held do not prove it: they are evidence.

    Fields:   trials, how many were made; deviation, the largest |difference| found, as a part of the largest response;
              tolerance, up to which it is rounding; counterexample, the first one found, or None
    """

    trials: int
    deviation: float
    tolerance: float
    counterexample: NotLinear | None

    def __bool__(self) -> bool:
        return self.counterexample is None

    def __repr__(self) -> str:
        return _verdict("linear", self)


@dataclass(frozen=True, eq=False)
class NotShiftInvariant:
    """A signal whose shifted response is not the response to the shifted signal, and where they differ most.

    Places of the shifted response that come from outside of the window are unknown, NaN.
    """

    x: Array
    shift: tuple[int, ...]
    of_shifted: Array
    shifted_of: Array

    @property
    def place(self) -> tuple[int, ...]:
        return _farthest(np.nan_to_num(self.of_shifted - self.shifted_of))

    def __repr__(self) -> str:
        at, shift = place_text(self.place), ", ".join(map(str, self.shift))
        return (
            f"S(x shifted by {shift}){at} = {self.of_shifted[self.place]:.6g}, but S(x) shifted by {shift} has "
            f"{self.shifted_of[self.place]:.6g} there"
        )


@dataclass(frozen=True, eq=False)
class ShiftInvariance:
    """Whether the response to a shifted signal was the shifted response in all trials; true where it was.

    Fields:   as those of `Linearity`
    """

    trials: int
    deviation: float
    tolerance: float
    counterexample: NotShiftInvariant | None

    def __bool__(self) -> bool:
        return self.counterexample is None

    def __repr__(self) -> str:
        return _verdict("shift-invariant", self)


def linearity(
    system: System,
    shape: int | Sequence[int] = 32,
    *,
    margin: int | None = None,
    trials: int = 20,
    seed: int = 0,
    tolerance: float | None = None,
) -> Linearity:
    """Try whether a system is linear, on pairs of random signals of sizes from a hundredth to a hundred.

        S(a·x + b·y) = a·S(x) + b·S(y)

    Without a margin it is a quarter of the window; without a tolerance it is ε to the power of 2/3, for the ε of the
    response's type.

    Raises:   ShapeError if a response has another shape; UsageError if one signal has two responses; DataError if a
              response is not finite.
    Example:
        >>> linearity(lambda x: np.convolve(x, [0.5, 0.5])[: len(x)])
        Linearity(linear in all 20 trials: largest deviation ...e-16)
        >>> linearity(np.square)
        Linearity(not linear: S(a·x + b·y)[22] = 6.11..., but a·S(x)[22] + b·S(y)[22] = 2.70..., ...)
    """
    test = _test("linearity", system, shape, margin, tolerance)
    worst, found = 0.0, None
    for random, amplitude in _trials(trials, seed):
        x, y = test.signal(random, amplitude), test.signal(random, amplitude)
        a, b = (float(c) for c in random.uniform(0.5, 2.0, 2) * random.choice([-1.0, 1.0], 2))
        parts = a * test.respond(x), b * test.respond(y)
        of_sum, sum_of = test.respond(a * x + b * y), parts[0] + parts[1]
        deviation = _relative(of_sum - sum_of, of_sum, *parts)
        worst = max(worst, deviation)
        if found is None and deviation > test.tolerance:
            found = NotLinear(x, y, a, b, of_sum, sum_of)
    return Linearity(trials, worst, test.tolerance, found)


def shift_invariance(
    system: System,
    shape: int | Sequence[int] = 32,
    *,
    margin: int | None = None,
    trials: int = 20,
    seed: int = 0,
    tolerance: float | None = None,
) -> ShiftInvariance:
    """Try whether a system does the same at every place: time invariance of a series, space invariance of a picture.

        S(x[n − k]) = S(x)[n − k]

    Shifts go up to the margin, to both sides. Raises and arguments are those of `linearity`.

    Example:
        >>> shift_invariance(np.square)
        ShiftInvariance(shift-invariant in all 20 trials: largest deviation 0)
        >>> shift_invariance(lambda x: x * np.arange(32))  # a gain that grows with time
        ShiftInvariance(not shift-invariant: S(x shifted by -7)[13] = -30.2..., but ...)
    """
    test = _test("shift_invariance", system, shape, margin, tolerance)
    if test.margin < 1:
        raise UsageError(_NO_SHIFT(shape=test.shape, margin=test.margin))
    worst, found = 0.0, None
    for random, amplitude in _trials(trials, seed):
        x, shift = test.signal(random, amplitude), test.shift(random)
        of_shifted, response = test.respond(shifted(x, shift)), test.respond(x)
        shifted_of = shifted(response, shift, outside=np.nan)
        deviation = _relative(np.nan_to_num(of_shifted - shifted_of), of_shifted, response)
        worst = max(worst, deviation)
        if found is None and deviation > test.tolerance:
            found = NotShiftInvariant(x, shift, of_shifted, shifted_of)
    return ShiftInvariance(trials, worst, test.tolerance, found)


@dataclass(frozen=True)
class _Test:
    """A system in a window with margins, and up to which part of the largest response a deviation is rounding."""

    function: str
    system: System
    shape: tuple[int, ...]
    margin: int
    tolerance: float

    def respond(self, x: Array) -> Array:
        return response_of(self.function, self.system, x)

    def signal(self, random: np.random.Generator, amplitude: float) -> Array:
        inside = tuple(size - 2 * self.margin for size in self.shape)
        return np.pad(random.normal(0.0, amplitude, inside), self.margin)

    def shift(self, random: np.random.Generator) -> tuple[int, ...]:
        """Anything up to the margin on every axis, but not nothing on all."""
        while True:
            shift = tuple(int(k) for k in random.integers(-self.margin, self.margin + 1, len(self.shape)))
            if any(shift):
                return shift


def _test(function: str, system: System, shape: Any, margin: int | None, tolerance: float | None) -> _Test:
    sizes = window_shape(function, shape)
    kept = min(sizes) // 4 if margin is None else margin
    if not 0 <= 2 * kept < min(sizes):
        raise UsageError(_MARGIN(function=function, margin=kept, shape=sizes))
    test = _Test(function, system, sizes, kept, tolerance or 0.0)
    probe = test.signal(np.random.default_rng(0), 1.0)
    response = test.respond(probe)
    if not np.array_equal(response, test.respond(probe)):
        raise UsageError(_FUNCTION(function=function))
    return test if tolerance is not None else replace(test, tolerance=float(np.finfo(response.dtype).eps) ** (2 / 3))


def _trials(count: int, seed: int) -> Iterator[tuple[np.random.Generator, float]]:
    """Random numbers for each trial and the size of its signals: what bends only large ones, or small, is found too."""
    random = np.random.default_rng(seed)
    for trial in range(count):
        yield random, 10 ** random.uniform(-2, 2) if trial else 1.0


def _relative(difference: Array, *responses: Array) -> float:
    """The largest difference as a part of the largest response."""
    largest = max(float(np.abs(response).max()) for response in responses)
    return float(np.abs(difference).max()) / largest if largest else 0.0


def _farthest(difference: Array) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(np.abs(difference).argmax(), difference.shape))


def _verdict(quality: str, test: Linearity | ShiftInvariance) -> str:
    kind = type(test).__name__
    if test.counterexample is not None:
        return f"{kind}(not {quality}: {test.counterexample})"
    return f"{kind}({quality} in all {test.trials} trials: largest deviation {test.deviation:.2g})"
