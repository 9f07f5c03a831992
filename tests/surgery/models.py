"""Models with numbers of their own everywhere, statistics included, so that nothing is 0 or 1 by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.graph.operation import Array
from chainrule.train.model import Model


def filled(architecture: Any, shape: Sequence[int], seed: int = 0) -> Model:
    """A model of layers, or of any architecture, whose arrays are random."""
    model = Model(nn.Sequential(architecture) if isinstance(architecture, list) else architecture, tuple(shape))
    random = np.random.default_rng(seed)
    scale = {name: 1 / np.sqrt(max(value.size / value.shape[-1], 1)) for name, value in model.parameters.items()}
    model.parameters = {
        name: (scale[name] * random.standard_normal(value.shape)).astype(np.float32)
        for name, value in model.parameters.items()
    }
    model.states = {
        name: random.uniform(0.5, 2.0, value.shape).astype(np.float32) for name, value in model.states.items()
    }
    return model


def samples(shape: Sequence[int], count: int = 3, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


def predicted(model: Model, x: Array) -> Array:
    """By the reference executor, which compiles nothing."""
    found: Array = model.predict(x, executor="reference")
    return found


def assert_same_outputs(model: Model, other: Model, shape: Sequence[int]) -> None:
    """In inference, to rounding."""
    x = samples(shape)
    expected = predicted(model, x)
    np.testing.assert_allclose(predicted(other, x), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
