"""A small network of images whose numbers are its own, for what is seen of networks."""

from __future__ import annotations

import numpy as np

from chainrule import nn
from chainrule.graph.operation import Array
from chainrule.train.model import Model
from tests.surgery.models import filled

SHAPE = (10, 9, 2)


def small() -> Model:
    """Convolutions with and without padding, pooling, normalisation, dropout, and scores."""
    layers = [
        nn.Conv2D(3, 3, padding="same", activation="relu", name="first"),
        nn.Dropout(0.5, name="dropped"),
        nn.MaxPool2D(2, name="pool"),
        nn.BatchNormalization(name="norm"),
        nn.Conv2D(4, 2, activation="relu", name="second"),
        nn.Flatten(name="flat"),
        nn.Dense(5, name="scores"),
    ]
    return filled(layers, SHAPE)


def images(count: int, seed: int = 0) -> Array:
    """Images of its input."""
    return np.random.default_rng(seed).standard_normal((count, *SHAPE)).astype(np.float32)
