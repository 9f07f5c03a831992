"""Systems, which turn one signal into another: whether they are linear, and the same at every place.

Both are tried on random signals that keep `margin` places at each end of the window zero, so that responses have room
and shifts lose nothing: a verdict is about the system, not about what it does at borders. With a smaller margin the
borders take part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule.errors import UsageError
from chainrule.graph.seeds import random_generator
from chainrule.messages import Message
from chainrule.signal.window import Array, System, place_text, response_of, shifted, window_shape

__all__ = ["LinearityTrial", "ShiftTrial", "Verdict", "linearity", "shift_invariance"]

_FUNCTION = Message(
    "system.function",
    en="{function}: the same signal gave two different responses, so this is no system: something random, or what was "
    "computed before, takes part. Fix the seed, or the state it starts from.",
    zh="{function}：同一信号得到了两个不同的响应，因此它不是系统：有随机因素或之前的计算参与其中。"
    "请固定随机种子或初始状态。",
)
_MARGIN = Message(
    "system.margin",
    en="{function}: margin={margin} does not fit a window of shape {shape}; it is a whole number of places at each "
    "end, from 0 to less than half of the shortest side.",
    zh="{function}：margin={margin} 不适合形状为 {shape} 的窗口；它是每一端的位置数，应为从 0 到小于最短边一半的整数。",
)
_COUNT = Message(
    "system.trials",
    en="trials={trials} is no number of trials; make at least one.",
    zh="trials={trials} 不是试验次数；请至少进行一次试验。",
)
_TOLERANCE = Message(
    "system.tolerance",
    en="{function}: tolerance={tolerance!r} is no part of the largest response; give a number, 0 or more.",
    zh="{function}：tolerance={tolerance!r} 不是最大响应的某个比例；请给出不小于 0 的数。",
)
_NO_SHIFT = Message(
    "system.no_shift",
    en="shift_invariance: in a window of shape {shape} with margin={margin} a signal that is shifted loses some of "
    "itself. Use a longer window, or a margin of at least 1.",
    zh="shift_invariance：在形状为 {shape}、margin={margin} 的窗口中，移动信号必然丢失其一部分。"
    "请使用更长的窗口，或至少为 1 的边距。",
)


@dataclass(frozen=True, eq=False)
class LinearityTrial:
    """Two signals x and y, S(a·x + b·y), and a·S(x) + b·S(y)."""

    x: Array
    y: Array
    a: float
    b: float
    of_sum: Array
    sum_of: Array

    @property
    def place(self) -> tuple[int, ...]:
        """Where the two differ most."""
        return _farthest(self.of_sum - self.sum_of)

    def __repr__(self) -> str:
        at = place_text(self.place)
        return (
            f"S(a·x + b·y){at} = {self.of_sum[self.place]:.6g}, but a·S(x){at} + b·S(y){at} = "
            f"{self.sum_of[self.place]:.6g}, with a = {self.a:.3g}, b = {self.b:.3g}"
        )


@dataclass(frozen=True, eq=False)
class ShiftTrial:
    """A signal x, a shift, S(x shifted), and S(x) shifted: NaN where that comes from outside of the window."""

    x: Array
    shift: tuple[int, ...]
    of_shifted: Array
    shifted_of: Array

    @property
    def place(self) -> tuple[int, ...]:
        """Where the two differ most."""
        return _farthest(np.nan_to_num(self.of_shifted - self.shifted_of))

    def __repr__(self) -> str:
        at, shift = place_text(self.place), ", ".join(map(str, self.shift))
        return (
            f"S(x shifted by {shift}){at} = {self.of_shifted[self.place]:.6g}, but S(x) shifted by {shift} has "
            f"{self.shifted_of[self.place]:.6g} there"
        )


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a system had a quality in all trials: true where it had.

    A counterexample disproves it. Trials that all held do not prove it: they are evidence.

    Fields:   quality, what was tried; trials, how many were made; deviation, the largest difference between what should
              be equal, as a part of the largest response; tolerance, up to which that is rounding; example, the first
              trial that failed, or the first of all if none did
    """

    quality: str
    trials: int
    deviation: float
    tolerance: float
    example: LinearityTrial | ShiftTrial

    @property
    def counterexample(self) -> LinearityTrial | ShiftTrial | None:
        """A trial that failed, if one did."""
        return None if self else self.example

    def __bool__(self) -> bool:
        return self.deviation <= self.tolerance

    def __repr__(self) -> str:
        if self:
            return f"Verdict({self.quality} in all {self.trials} trials: largest deviation {self.deviation:.2g})"
        return f"Verdict(not {self.quality}: {self.example})"


def linearity(
    system: System,
    shape: int | Sequence[int] = 32,
    *,
    margin: int | None = None,
    trials: int = 20,
    seed: int = 0,
    tolerance: float | None = None,
) -> Verdict:
    """Try whether a system is linear, on pairs of random signals of sizes from a hundredth to a hundred.

        S(a·x + b·y) = a·S(x) + b·S(y)

    Without a margin it is a quarter of the window; without a tolerance it is ε to the power of 2/3, for the ε of the
    response's type.

    Raises:   ShapeError if a response has another shape; UsageError if one signal has two responses; DataError if a
              response is not finite.
    Example:
        >>> linearity(lambda x: np.convolve(x, [0.5, 0.5])[: len(x)])
        Verdict(linear in all 20 trials: largest deviation ...e-16)
        >>> linearity(np.square)
        Verdict(not linear: S(a·x + b·y)[22] = 6.11..., but a·S(x)[22] + b·S(y)[22] = 2.70..., ...)
    """
    test = _test("linearity", system, shape, margin, tolerance)
    made = []
    for random, amplitude in _trials(trials, seed):
        x, y = test.signal(random, amplitude), test.signal(random, amplitude)
        a, b = (float(c) for c in random.uniform(0.5, 2.0, 2) * random.choice([-1.0, 1.0], 2))
        parts = a * test.respond(x), b * test.respond(y)
        trial = LinearityTrial(x, y, a, b, test.respond(a * x + b * y), parts[0] + parts[1])
        made.append((_relative(trial.of_sum - trial.sum_of, trial.of_sum, *parts), trial))
    return _verdict("linear", made, test.tolerance)


def shift_invariance(
    system: System,
    shape: int | Sequence[int] = 32,
    *,
    margin: int | None = None,
    trials: int = 20,
    seed: int = 0,
    tolerance: float | None = None,
) -> Verdict:
    """Try whether a system does the same at every place: time invariance of a series, space invariance of a picture.

        S(x[n − k]) = S(x)[n − k]

    Shifts go up to half of the margin, to both sides. Raises and arguments are those of `linearity`.

    Example:
        >>> shift_invariance(np.square)
        Verdict(shift-invariant in all 20 trials: largest deviation 0)
        >>> shift_invariance(lambda x: x * np.arange(32))  # a gain that grows with time
        Verdict(not shift-invariant: S(x shifted by -4)[16] = -37.2..., but ...)
    """
    test = _test("shift_invariance", system, shape, margin, tolerance)
    if test.margin < 1:
        raise UsageError(_NO_SHIFT(shape=test.shape, margin=test.margin))
    made = []
    for random, amplitude in _trials(trials, seed):
        x, shift = test.signal(random, amplitude), test.shift(random)
        response = test.respond(x)
        trial = ShiftTrial(x, shift, test.respond(shifted(x, shift)), shifted(response, shift, outside=np.nan))
        difference = np.nan_to_num(trial.of_shifted - trial.shifted_of)
        made.append((_relative(difference, trial.of_shifted, response), trial))
    return _verdict("shift-invariant", made, test.tolerance)


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
        """Up to half of the margin on every axis, so that the other half is left for responses; not 0 on all."""
        reach = max(1, self.margin // 2)
        while True:
            shift = tuple(int(k) for k in random.integers(-reach, reach + 1, len(self.shape)))
            if any(shift):
                return shift


def _test(function: str, system: System, shape: Any, margin: int | None, tolerance: float | None) -> _Test:
    sizes = window_shape(function, shape)
    kept = min(sizes) // 4 if margin is None else margin
    if not isinstance(kept, Integral) or not 0 <= 2 * kept < min(sizes):
        raise UsageError(_MARGIN(function=function, margin=kept, shape=sizes))
    if tolerance is not None and not (isinstance(tolerance, Real) and tolerance >= 0):
        raise UsageError(_TOLERANCE(function=function, tolerance=tolerance))
    test = _Test(function, system, sizes, kept, tolerance or 0.0)
    probe = test.signal(np.random.default_rng(0), 1.0)
    response = test.respond(probe)
    if not np.array_equal(response, test.respond(probe)):
        raise UsageError(_FUNCTION(function=function))
    return test if tolerance is not None else replace(test, tolerance=float(np.finfo(response.dtype).eps) ** (2 / 3))


def _trials(count: int, seed: int) -> Iterator[tuple[np.random.Generator, float]]:
    """Random numbers for each trial and the size of its signals: what bends only large ones, or small, is found too."""
    if not isinstance(count, Integral) or count < 1:
        raise UsageError(_COUNT(trials=count))
    random = random_generator(seed)
    for trial in range(count):
        yield random, 10 ** random.uniform(-2, 2) if trial else 1.0


def _verdict(quality: str, made: Sequence[tuple[float, LinearityTrial | ShiftTrial]], tolerance: float) -> Verdict:
    failed = [trial for deviation, trial in made if deviation > tolerance]
    example = failed[0] if failed else made[0][1]
    return Verdict(quality, len(made), max(deviation for deviation, _ in made), tolerance, example)


def _relative(difference: Array, *responses: Array) -> float:
    """The largest difference as a part of the largest response."""
    largest = max(float(np.abs(response).max()) for response in responses)
    return float(np.abs(difference).max()) / largest if largest else 0.0


def _farthest(difference: Array) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(np.abs(difference).argmax(), difference.shape))
