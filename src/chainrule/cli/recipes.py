"""How each model is trained on pictures of digits unless somebody says otherwise.

Chosen by the accuracy on training digits set aside for that, 5,000 of MNIST's 60,000 and 1,000 of the 10,000 that are
bundled; never on a test set (docs/decisions/0006-recipe.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.nn import MODELS, Layer, RandomShift, Sequential
from chainrule.optim import OPTIMIZERS, Adam, OneCycle, Optimizer, as_optimizer


@dataclass(frozen=True)
class Recipe:
    """What `chainrule train` does where its options say nothing."""

    most_epochs: int = 8
    most_samples: float = math.inf  # that all epochs together may see: many digits need fewer epochs
    batch_size: int = 64
    learning_rate: float = 4e-3  # the peak of one cycle: up over a fifth of the training, then down to nothing
    shift: int = 1  # pixels, at random, of every training image

    def epochs(self, samples: int) -> int:
        """How often to pass over so many training samples."""
        return int(max(1, min(self.most_epochs, self.most_samples // samples)))

    def architecture(self, model: str, classes: int) -> Layer:
        """The model of this name, behind what varies its training images."""
        return Sequential([RandomShift(self.shift), MODELS[model](classes=classes)])

    def optimizer(self, name: str | None, learning_rate: float | None) -> Optimizer:
        """Adam in one cycle; a rate that somebody gave is its peak. Another optimizer keeps to its own or that rate."""
        if name in (None, "adam"):
            return Adam(OneCycle(learning_rate or self.learning_rate, rising=0.2), beta_2=0.99)
        if learning_rate is None or name not in OPTIMIZERS:
            return as_optimizer(str(name))
        return OPTIMIZERS[str(name)](learning_rate=learning_rate)


RECIPES = {
    "lenet5": Recipe(most_samples=240_000, learning_rate=6e-3),
    "lenet5_1998": Recipe(most_epochs=16, learning_rate=2e-3),
    "mlp": Recipe(most_epochs=20),
    "resnet": Recipe(most_epochs=4),
    "all_cnn": Recipe(most_epochs=6, learning_rate=1e-3),
}
