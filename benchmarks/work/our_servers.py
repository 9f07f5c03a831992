"""chainrule's models to be served."""

from __future__ import annotations

import chainrule as cr
from chainrule.data.pictures import PictureInputs
from chainrule.data.preparation import Preparation
from chainrule.data.targets import Classes
from chainrule.runs.trained import Trained


def lenet5() -> Trained:
    """LeNet-5, untrained, which takes pictures and answers with ten probabilities."""
    preparation = Preparation(PictureInputs(28, 28, 1), Classes("digit", tuple("0123456789")))
    return Trained("digits", cr.Model(cr.nn.lenet5(), (28, 28, 1)), preparation)
