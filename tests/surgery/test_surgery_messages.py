"""Wrong uses of surgery: what is said, compared with a snapshot.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/surgery/test_surgery_messages.py` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn, surgery
from chainrule.graph.tensor import tensor
from chainrule.train.model import Model
from tests.refusals import Refusals


def convolutional(layers: Any, shape: tuple[int, ...] = (4, 4, 2)) -> Callable[[], Model]:
    """What makes it fully convolutional."""
    architecture = nn.Sequential(layers) if isinstance(layers, list) else layers
    return lambda: surgery.to_fully_convolutional(Model(architecture, shape))


def larger(shape: Any) -> Callable[[], Model]:
    return lambda: surgery.to_fully_convolutional(Model(nn.mlp(), (4, 4, 2)), shape)


def squeezed(x: Any, scope: Any) -> Any:
    """Each channel weighed by its mean over the whole map."""
    weights = nn.Dense(2, "sigmoid", name="weights")(nn.GlobalAveragePooling2D(name="mean")(x, scope), scope)
    return HEAD(x * weights[:, None, None, :], scope)


HEAD = nn.Sequential([nn.Flatten(name="flatten"), nn.Dense(3, name="scores")])
PLACES = tensor(np.ones((4, 4, 1), np.float32))
wrong: Any = surgery  # called as the type checker would not allow

WRONG: dict[str, Callable[[], Any]] = {
    "features of a layer that is not there": lambda: surgery.features(Model(nn.lenet5(), (28, 28, 1)), "conv3"),
    "features of no layer": lambda: surgery.features(Model(nn.Dense(2), (3,)), []),
    "features of a number": lambda: wrong.features(Model(nn.Dense(2), (3,)), 1),
    "features of a model that is not built": lambda: surgery.features(Model(nn.Dense(2)), "dense"),
    "collapse of a model that is not built": lambda: surgery.collapse(Model(nn.Dense(2))),
    "larger rows of numbers": lambda: surgery.to_fully_convolutional(Model(nn.Dense(2), (3,))),
    "larger images, two inputs": lambda: surgery.to_fully_convolutional(
        Model(lambda x, scope: x[0] + x[1], ((4, 4, 1), (4, 4, 1)))
    ),
    "smaller images": larger((3, 8, 2)),
    "images of another depth": larger((8, 8, 3)),
    "a size for one axis": larger((8,)),
    "sizes that are no numbers": larger("8x8"),
    "a flattened map as output": convolutional([nn.Conv2D(3, 3), nn.Flatten()]),
    "normalisation behind Flatten": convolutional([nn.Flatten(), nn.BatchNormalization(), nn.Dense(2)]),
    "softmax behind Flatten": convolutional([nn.Flatten(), nn.Softmax(), nn.Dense(2)]),
    "weights for places": convolutional(lambda x, scope: HEAD(x * PLACES, scope)),
    "squeeze and excitation": convolutional(squeezed),
    "group normalisation": convolutional([nn.GroupNormalization(2), nn.Flatten(), nn.Dense(2)]),
    "upsampling": convolutional([nn.UpSampling2D(2), nn.Flatten(), nn.Dense(2)]),
    "rows of a map": convolutional([nn.Reshape((16, 2)), nn.Flatten(), nn.Dense(2)]),
    "adaptive pooling of another size": convolutional([nn.AdaptiveAveragePooling2D(3), nn.Flatten(), nn.Dense(2)]),
    "windows beyond the map": convolutional([nn.AveragePooling2D(3, ceil_mode=True), nn.Flatten(), nn.Dense(2)]),
    "one row of the map": convolutional(lambda x, scope: HEAD(x[:, 1], scope)),
}

REFUSALS = Refusals(Path(__file__).with_name("surgery_messages.txt"), WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_text_is_left_over():
    REFUSALS.check_that_none_is_left_over()
