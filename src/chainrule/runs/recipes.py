"""How each network is trained unless somebody says otherwise.

Those for digits were chosen by the accuracy on training digits set aside for that, 5,000 of MNIST's 60,000 and 1,000 of
the 10,000 that are bundled; never on a test set (docs/decisions/0006-recipe.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chainrule.optim import (
    OPTIMIZERS,
    Adam,
    ClipByGlobalNorm,
    ExponentialAverage,
    OneCycle,
    Optimizer,
    SkipNonFinite,
    StochasticWeightAverage,
    as_optimizer,
)
from chainrule.runs.configuration import TrainSettings

_MOST_PASSES = 100


@dataclass(frozen=True)
class Recipe:
    """What a training does where its configuration says nothing."""

    most_epochs: int = 8
    most_samples: float = math.inf  # that all epochs together may see: many digits need fewer epochs
    batch_size: int = 64
    learning_rate: float = 4e-3  # the peak of one cycle: up over a fifth of the training, then down to nothing
    shift: int = 1  # pixels, at random, of every training image
    patience: int = 0  # epochs without a lower validation loss, where there are samples to validate with; 0: any number

    def epochs(self, samples: int) -> int:
        """How often to pass over so many training samples: of few, as often as makes the steps of 10,000."""
        passes = min(_MOST_PASSES, max(self.most_epochs, self.most_epochs * 10_000 // samples))
        return int(max(1, min(passes, self.most_samples // samples)))


RECIPES = {
    "lenet5": Recipe(most_samples=240_000, learning_rate=6e-3),
    "lenet5_1998": Recipe(most_epochs=16, learning_rate=2e-3),
    "mlp": Recipe(most_epochs=20),
    "resnet": Recipe(most_epochs=4),
    "all_cnn": Recipe(most_epochs=6, learning_rate=1e-3),
}
TABLE = Recipe(most_epochs=20, most_samples=3_000_000, batch_size=32, learning_rate=5e-3, shift=0, patience=10)


def rate_of(settings: TrainSettings, recipe: Recipe) -> float:
    """The learning rate where none is given, or one is to be found: the recipe's for Adam, else the optimizer's own."""
    if settings.optimizer == "adam":
        return recipe.learning_rate
    return as_optimizer(settings.optimizer).scalars()["learning_rate"]


def optimizer_of(settings: TrainSettings, rate: float, steps: int) -> Optimizer:
    """The optimizer of a training of so many steps at a rate: Adam in one cycle, whose peak it is; another one keeps to
    it. Clipping, averaging and skipping are put around it.
    """
    chosen: Any
    if settings.optimizer == "adam":
        chosen = Adam(OneCycle(rate, rising=0.2), beta_2=0.99)
    else:
        chosen = OPTIMIZERS[settings.optimizer](learning_rate=rate)
    if settings.clip_norm is not None:
        chosen = ClipByGlobalNorm(chosen, settings.clip_norm)
    match settings.average:
        case "ema":
            chosen = ExponentialAverage(chosen)
        case "swa":
            chosen = StochasticWeightAverage(chosen, start=3 * steps // 4)
    if settings.non_finite == "skip":
        chosen = SkipNonFinite(chosen)
    optimizer: Optimizer = chosen
    return optimizer
