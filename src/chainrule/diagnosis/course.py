"""What a training did so far, as numbers: what checks of its course look at, and what is kept with a saved model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.rewriting import RATE, usual_rate, with_open_rate
from chainrule.diagnosis.task import Task, numbers_of_each, output_layers
from chainrule.train import Recording
from chainrule.train.statistics import layer_outputs

STRETCHES = 40
USUAL_FIRST_RATIO = 0.01  # of update to weight in a first step: 0.001 to 0.1 where trainings go well, later a tenth


@dataclass(frozen=True)
class Facts:
    """What does not change while a training runs.

    samples, validation_samples   how many there are; validation_samples is 0 where there are none
    optimizer                     by the name of its class
    call                          the optimizer as one writes it, its learning rate left open; None: it has none
    default_rate                  the learning rate that such an optimizer has where nobody says another one
    parameter_sizes               how many numbers each parameter has
    fresh                         whether the model had not been trained before
    constant_inputs               whether the inputs are the same for all samples
    constant_loss                 the loss of the best answer that does not look at the inputs; None: not known
    sizes                         how many numbers a layer gives for each sample, by its path, from first to last
    output_layers                 the layers that give the network's outputs
    """

    samples: int
    validation_samples: int
    batch_size: int
    optimizer: str
    constant_loss: float | None
    call: str | None = None
    default_rate: float | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    output_layers: Sequence[str] = ()
    parameter_sizes: Mapping[str, int] = field(default_factory=dict)
    fresh: bool = True
    constant_inputs: bool = False

    @classmethod
    def of(cls, task: Task) -> Facts:
        """Those of a task."""
        return cls(
            samples=len(task.samples),
            validation_samples=len(task.validation or ()),
            batch_size=task.batch_size,
            optimizer=type(task.optimizer).__name__,
            constant_loss=task.constant_loss,
            call=with_open_rate(task.optimizer),
            default_rate=usual_rate(task.optimizer),
            sizes={path: numbers_of_each(y) for path, y in layer_outputs(task.network).items()},
            output_layers=output_layers(task.network),
            parameter_sizes={name: int(np.size(value)) for name, value in task.model.parameters.items()},
            fresh=task.is_fresh,
            constant_inputs=task.has_constant_inputs,
        )

    def optimizer_at(self, rate: float) -> str:
        """The optimizer with another learning rate, as a line of code."""
        return f"{self.optimizer}()" if self.call is None else self.call.replace(RATE, f"{rate:.2g}")


@dataclass(frozen=True)
class Failure:
    """Where the first value came from that was infinite or no number, and ended a training.

    epoch, step   when it was made, both from 1 on
    dtype         in which type
    value         of the loss, where the operation is not known, because the value is finite when computed once more
    operation     what made it
    part          the layer it stands in, "loss", or ∂loss/∂ of a parameter
    where         the line on which it was built; empty where nobody wrote one, as for a command's network
    example       the operation with numbers that went in and came out
    largest       the largest number that went into it
    """

    epoch: int
    step: int
    dtype: str
    value: str
    operation: str = ""
    part: str = ""
    where: str = ""
    example: str = ""
    largest: float = 0.0


@dataclass(frozen=True, eq=False)
class Course:
    """A training so far.

    losses      of each step (T,), as they were computed: penalties included, before the step's update
    rates       the learning rate at each step (T,); NaN where the optimizer has none
    logs        means of each complete epoch, by the history's names
    recording   numbers of layers and parameters
    steps_left  how many are to come, if nothing ends it before; 0: it is over
    failure     why a loss or a parameter became infinite or NaN; None: none did
    kept        the epoch, from 0 on, whose parameters are restored, should it end here; None: the last one's are kept
    """

    facts: Facts
    losses: NDArray[np.float64]
    rates: NDArray[np.float64]
    logs: Mapping[str, tuple[float, ...]]
    recording: Recording
    steps_left: int = 0
    failure: Failure | None = None
    kept: int | None = None

    @property
    def diverged(self) -> bool:
        """Whether a loss or a parameter became infinite or NaN."""
        return self.failure is not None

    @property
    def ended(self) -> bool:
        """Whether it is over: all epochs are done, a callback has stopped it, or it diverged."""
        return self.steps_left == 0

    @property
    def done(self) -> float:
        """The share of its steps that are done: 1 at the end."""
        steps = len(self.losses)
        return steps / (steps + self.steps_left) if steps else 0.0

    @property
    def epochs_done(self) -> int:
        return len(self.logs.get("loss", ()))

    @property
    def ratios(self) -> dict[str, NDArray[np.float64]]:
        """update / weight at the recorded steps, of each parameter that was not 0 at first: kernels, not biases."""
        parameters = self.recording.parameters.items()
        return {name: own.ratio for name, own in parameters if own.weight.size and own.weight[0] > 0}

    @property
    def sensitivities(self) -> dict[str, NDArray[np.float64]]:
        """‖gradient‖ · ‖weight‖ / |loss| at the recorded steps, of the same parameters.

        So many per cent, at most, does the loss change when a parameter changes by one per cent of its size.
        """
        own, steps = self.recording.parameters, self.recording.steps
        first = steps[0] if len(steps) else 0
        if not len(self.losses):
            return {}
        losses = np.abs(self.losses[np.minimum(steps - first, len(self.losses) - 1)])
        with np.errstate(all="ignore"):
            return {
                name: own[name].gradient * own[name].weight * self.facts.parameter_sizes.get(name, 1) / losses
                for name in self.ratios
            }

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """Means of the losses of successive steps, of 40 stretches or fewer, of at least 3 steps each.

        Of a training that diverged those that were finite; of one that goes on the stretches that are whole, of the
        length that they have at its end, so that a mean that is known is not averaged away later.
        """
        finite = self.losses[np.isfinite(self.losses)]
        if not len(finite):
            return finite
        steps = len(finite) + self.steps_left  # how many are planned may be beyond what memory holds
        stretches = max(1, min(STRETCHES, steps // 3))
        length, longer = divmod(steps, stretches)
        ends = np.arange(1, stretches + 1) * length + np.minimum(np.arange(1, stretches + 1), longer)
        whole = ends[ends <= len(finite)]
        means = [float(part.mean()) for part in np.split(finite, whole)[:-1]]
        return np.array([mean for mean in means if np.isfinite(mean)])

    @property
    def scale(self) -> float:
        """What losses are measured by: that of an answer that does not look at the inputs, or else the first one.

        Infinite where it tells nothing: for losses below 0, and for a model that had been trained before.
        """
        finite = self.losses[np.isfinite(self.losses)]
        if (finite < 0).any() or (self.facts.constant_loss is None and not self.facts.fresh):
            return math.inf
        if self.facts.constant_loss is not None and self.facts.constant_loss > 0:
            return self.facts.constant_loss
        first = float(self.losses[0]) if len(self.losses) else 0.0
        return abs(first) if np.isfinite(first) and first else 1.0

    @property
    def first_ratios(self) -> NDArray[np.float64]:
        """update / weight in the first step, of the kernels of which it is known.

        They are 0 where updates are lost in rounding, and infinite where they overflow although gradients are finite.
        """
        own = self.recording.parameters
        first = [ratio[0] for name, ratio in self.ratios.items() if not np.isinf(own[name].gradient[0])]
        return np.array([ratio for ratio in first if not np.isnan(ratio)])

    def usual_rate(self) -> float | None:
        """The learning rate at which the first step would have changed weights by a usual share of their size.

        Where that step was too small or too large to be measured, the one that the optimizer has by default. None
        where there is no rate, or nothing was recorded.
        """
        first = self.first_ratios
        if not first.size or not self.rates.size or not self.rates[0] > 0:
            return None
        measured = first[(first > 0) & np.isfinite(first)]
        if not measured.size:
            return self.facts.default_rate
        return rounded(float(self.rates[0] * USUAL_FIRST_RATIO / np.median(measured)))

    def easier_rate(self) -> float | None:
        """A tenth of the highest learning rate so far, or less: the one that is usual in the first step. None where the
        optimizer has no rate.
        """
        if math.isnan(self.highest_rate):
            return None
        return rounded(min(self.highest_rate / 10, self.usual_rate() or np.inf))

    def easier(self) -> dict[str, Any]:
        """What remedies say that take smaller steps: an optimizer, as a line of code, and its rate; where the optimizer
        has no rate only what it is called, for other words.
        """
        rate = self.easier_rate()
        if rate is None:
            return {"optimizer": self.facts.optimizer}
        return {"optimizer": self.facts.optimizer_at(rate), "rate": rate}

    @property
    def highest_rate(self) -> float:
        """The highest learning rate so far; NaN where there is none."""
        rates = self.rates[np.isfinite(self.rates)]
        return float(rates.max(initial=0.0)) if rates.size else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """As plain data and arrays."""
        return {
            "facts": asdict(self.facts),
            "losses": self.losses,
            "rates": self.rates,
            "logs": {name: list(values) for name, values in self.logs.items()},
            "recording": self.recording.memory(),
            "steps_left": self.steps_left,
            "failure": None if self.failure is None else asdict(self.failure),
            "kept": self.kept,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Course:
        """What `as_dict` gave."""
        recording = Recording()
        recording.recall(data["recording"])
        return cls(
            facts=Facts(**data["facts"]),
            losses=np.asarray(data["losses"], np.float64),
            rates=np.asarray(data["rates"], np.float64),
            logs={name: tuple(values) for name, values in data["logs"].items()},
            recording=recording,
            steps_left=data["steps_left"],
            failure=None if data["failure"] is None else Failure(**data["failure"]),
            kept=data["kept"],
        )


def rounded(rate: float) -> float:
    """A rate as one would try it: with one digit."""
    return float(f"{rate:.1g}")
