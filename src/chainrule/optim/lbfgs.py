"""L-BFGS: few, expensive steps for small problems, along a direction that knows the loss's curvature."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from chainrule.autodiff.reverse import gradients
from chainrule.graph.extent import Shape
from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import add, clip, maximum, minimum, sqrt, where
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import LossFunction, Optimizer, Parameters, Scalars, Slots, StepResult
from chainrule.optim.rates import Rate, check_count

__all__ = ["LBFGS"]

Vector: TypeAlias = Parameters  # all parameters' arrays together, as one vector
Pair: TypeAlias = tuple[Vector, Vector]  # a step s, and by how much it changed the gradient, y

DECREASE = 1e-4  # the part of the decrease promised by the slope that a step must bring: Armijo's condition
FLAT = 1e-10  # a curvature s·y so much smaller than y·y is rounding


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Quasi-Newton steps: gradients of the last steps tell how the loss is curved, and so where its minimum should be.

        s = θₖ₊₁ − θₖ,  y = gₖ₊₁ − gₖ,  of the last `history` steps
        d = −H g, with H from all (s, y) by the two-loop recursion
        θ ← θ + a d,  a: the first of a = η, and then smaller ones, with L(θ + a d) ≤ L(θ) + 10⁻⁴ a d·g

    A smaller a is where a parabola through what is known has its minimum, between a tenth and half of the last. A pair
    (s, y) with s·y ≤ 0 is left out. If no trial is good enough the parameters stay, the history is forgotten, and the
    next step follows the gradient, as the first one does, with a length of at most η.

    It works on one loss: all samples in each step (`batch_size` None is all of them here), and no dropout or other
    randomness. It costs one gradient and `trials` losses a step, and 2·history + 2 arrays for each parameter.

    Units:    learning_rate η: 1 is the full step
    Raises:   UsageError if history or trials are below 1; from fit, where batches are smaller than the data.
    Source:   Nocedal 1980; Nocedal and Wright 2006, Numerical optimization, algorithms 7.4 and 7.5, section 3.5
    """

    learning_rate: Rate = 1.0
    history: int = 10
    trials: int = 8

    full_batch: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(type(self).__name__, "history", self.history)
        check_count(type(self).__name__, "trials", self.trials)

    def slots(self, name: str, shape: Shape) -> dict[str, float]:
        pairs = [f"{kind}_{k}" for k in range(self.history) for kind in "sy"]
        return dict.fromkeys(["gradient", "step", *pairs], 0.0)

    def step(
        self, loss_fn: LossFunction, parameters: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> StepResult:
        def slot(name: str) -> Vector:
            return {parameter: own[name] for parameter, own in slots.items()}

        loss, aux = loss_fn(parameters)
        gradient = dict(zip(parameters, gradients(loss, list(parameters.values())), strict=True))
        past = [(slot(f"s_{k}"), slot(f"y_{k}")) for k in range(self.history)]
        pairs = _with(past, (slot("step"), _sum(gradient, slot("gradient"), -1.0)))
        direction = _direction(gradient, pairs)
        rate = cast(scalars["learning_rate"], loss.dtype)
        length = _first_that_lowers(
            lambda a: loss_fn(_sum(parameters, direction, a))[0], loss, _dot(direction, gradient), rate, self.trials
        )
        moved = length > 0.0
        step = _where(moved, {n: length * d for n, d in direction.items()})
        kept = {"gradient": gradient, "step": step}
        for k, (s, y) in enumerate(pairs):
            kept |= {f"s_{k}": _where(moved, s), f"y_{k}": _where(moved, y)}
        new = {name: {slot: vector[name] for slot, vector in kept.items()} for name in parameters}
        return StepResult(loss, aux, _sum(parameters, step, 1.0), new)


def _with(pairs: list[Pair], newest: Pair) -> list[Pair]:
    """The newest pair before the others, the oldest of which falls out; or these, if its curvature is not positive."""
    s, y = newest
    useful = _dot(s, y) > FLAT * _dot(y, y)
    shifted = zip([newest, *pairs], pairs, strict=False)
    return [(_where(useful, s, old_s), _where(useful, y, old_y)) for (s, y), (old_s, old_y) in shifted]


def _direction(gradient: Vector, pairs: list[Pair]) -> Vector:
    """−H g by two loops over the pairs, newest first; pairs of zeros, where there are none yet, change nothing."""
    curvatures = [_dot(s, y) for s, y in pairs]
    inverse = [where(c > 0.0, 1.0 / where(c > 0.0, c, 1.0), 0.0) for c in curvatures]
    q, alphas = gradient, []
    for rho, (s, y) in zip(inverse, pairs, strict=True):
        alphas.append(rho * _dot(s, q))
        q = _sum(q, y, -alphas[-1])
    y = pairs[0][1]
    steep = 1.0 / maximum(sqrt(_dot(gradient, gradient)), 1.0)
    scale = where(curvatures[0] > 0.0, curvatures[0] / where(curvatures[0] > 0.0, _dot(y, y), 1.0), steep)
    r = {name: scale * part for name, part in q.items()}
    for rho, alpha, (s, y) in reversed(list(zip(inverse, alphas, pairs, strict=True))):
        r = _sum(r, s, alpha - rho * _dot(y, r))
    return {name: -part for name, part in r.items()}


def _first_that_lowers(
    loss_at: Callable[[Tensor], Tensor], loss: Tensor, slope: Tensor, first: Tensor, trials: int
) -> Tensor:
    """The first length, of `first` and smaller ones, at which the loss is low enough; 0 if there is none."""
    a, found = first, 0.0 * first
    for _ in range(trials):
        value = loss_at(a)
        enough = value <= loss + DECREASE * a * minimum(slope, 0.0)
        found = where(found > 0.0, found, where(enough, a, 0.0))
        above = value - loss - slope * a  # above the tangent: with it the parabola's minimum is at −slope a² / 2 above
        parabola = where(above > 0.0, -slope * a * a / (2.0 * where(above > 0.0, above, 1.0)), 0.0)
        a = clip(parabola, 0.1 * a, 0.5 * a)
    return found


def _dot(a: Vector, b: Vector) -> Tensor:
    return functools.reduce(add, [sum(a[name] * b[name]) for name in a])


def _sum(a: Vector, b: Vector, factor: Tensor | float) -> Vector:
    """a + factor · b."""
    return {name: a[name] + factor * b[name] for name in a}


def _where(condition: Tensor, a: Vector, b: Vector | None = None) -> Vector:
    """a where the condition holds, else b, or zeros."""
    return {name: where(condition, part, 0.0 if b is None else b[name]) for name, part in a.items()}
