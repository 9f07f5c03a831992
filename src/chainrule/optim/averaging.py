"""Averages of the weights over a training: less noise than the last ones have. Model.averaged() gives them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph.dtype import float64
from chainrule.graph.tensor import Tensor
from chainrule.ops.elementwise import maximum, minimum, where
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.rounding import floor
from chainrule.optim.optimizer import Applied, Parameters, Scalars, Slots
from chainrule.optim.rates import Rate, check_count
from chainrule.optim.running_mean import running_mean
from chainrule.optim.wrapper import Wrapper

__all__ = ["AVERAGE", "ExponentialAverage", "StochasticWeightAverage"]

AVERAGE = "average"  # the slot of a parameter that holds its average


@dataclass(frozen=True)
class _Average(Wrapper):
    """The training goes on as without it; beside each parameter a slot holds its average."""

    kept: ClassVar[tuple[str, ...]] = (AVERAGE,)

    @abstractmethod
    def past(self, scalars: Scalars, t: Tensor) -> Tensor:
        """The weight of the average so far, the rest being the new parameters'; t is float64."""

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        updated, kept = self.optimizer.apply(parameters, gradients, slots, scalars)
        past = self.past(scalars, cast(scalars["t"], float64))
        averages: dict[str, Slots] = {}
        for name, parameter in updated.items():
            slot = self.slot(AVERAGE, name, parameter.shape)
            averages[name] = {slot: running_mean(slots[name][slot], parameter, past)}
        return updated, {name: {**kept[name], **averages[name]} for name in updated}


@dataclass(frozen=True)
class ExponentialAverage(_Average):
    """An average of the weights that forgets old ones, over about the last 1 / (1 − β) updates.

        a ← β a + (1 − β) θ,  β = min(decay, 1 − 1/t)

    So the first updates are averaged equally, until there are more of them than it looks back: the weights that the
    training began with are forgotten as soon as possible. (PyTorch and Keras begin with a copy of them, whose share
    then is decayᵗ.) `Model.averaged()` is the model with these weights, for evaluate, predict and save; `fit` validates
    with them.

    Source:   Polyak and Juditsky 1992; Kingma and Ba 2015, section 7.2
    Example:
        >>> from chainrule.optim import Adam
        >>> ExponentialAverage(Adam(0.002), decay=0.99).scalars()["decay"]
        0.99
    """

    decay: Rate = 0.999

    rates: ClassVar[tuple[str, ...]] = ("decay",)

    def past(self, scalars: Scalars, t: Tensor) -> Tensor:
        return minimum(self.scalar("decay", scalars), 1.0 - 1.0 / t)


@dataclass(frozen=True)
class StochasticWeightAverage(_Average):
    """The plain mean of the weights after some updates, all of them from the first on, or fewer.

        a = Σ θₜ / n, over t = start + every, start + 2·every, …

    Until the first of these the average is θ itself. Averaged are the weights only: statistics that layers keep, as
    batch normalisation does, stay those of the training. (PyTorch and the paper take these anew, over the data.)
    `Model.averaged()` is the model with these weights, for evaluate, predict and save; `fit` validates with them.

    Units:    start, every: updates
    Raises:   UsageError if start is below 0 or every below 1.
    Source:   Izmailov, Podoprikhin, Garipov, Vetrov and Wilson 2018, algorithm 1; Polyak and Juditsky 1992 for every=1
    """

    start: int = 0
    every: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(type(self).__name__, "start", self.start, lowest=0)
        check_count(type(self).__name__, "every", self.every)

    def past(self, scalars: Scalars, t: Tensor) -> Tensor:
        count = (t - self.start) / self.every
        counts = floor(count) == count
        after = where(counts, 1.0 - 1.0 / maximum(count, 1.0), 1.0)
        return where(count < 1.0, 0.0, after)
