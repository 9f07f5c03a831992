"""Models by name, for the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chainrule.nn.models.all_convolutional import all_cnn
from chainrule.nn.models.convolutional import lenet5
from chainrule.nn.models.dense import mlp
from chainrule.nn.models.published import lenet5_1998
from chainrule.nn.models.residual import resnet
from chainrule.nn.sequential import Sequential

__all__ = ["MODELS"]

# What classifies images of bytes, by name; all take the number of `classes`.
MODELS: dict[str, Callable[..., Sequential]] = {
    "lenet5": lenet5,
    "lenet5_1998": lenet5_1998,
    "mlp": partial(mlp, scale=1 / 255),
    "resnet": resnet,
    "all_cnn": all_cnn,
}
