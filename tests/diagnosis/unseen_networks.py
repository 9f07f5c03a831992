"""Small networks for trainings that the diagnosis has not been tuned on, and layers with mistakes in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.graph.tensor import Tensor

_INITIAL = {"relu": "he_uniform", "gelu": "he_uniform", "elu": "he_uniform"}


def dense(
    *units: int,
    to: int,
    activation: str = "relu",
    kernel: str | nn.Initializer | None = None,
    last: str | nn.Initializer = "glorot_uniform",
    bias: str | nn.Initializer = "zeros",
    behind: Callable[[], Any] | None = None,
) -> nn.Sequential:
    """Dense layers, each with a layer like `behind()` behind it, and a last one without activation."""
    initial = kernel or _INITIAL.get(activation, "glorot_uniform")
    hidden: list[Any] = []
    for count in units:
        hidden += [nn.Dense(count, activation, kernel_initializer=initial, bias_initializer=bias)]
        hidden += [] if behind is None else [behind()]
    return nn.Sequential([nn.Flatten(), *hidden, nn.Dense(to, kernel_initializer=last)])


def normalized(*units: int, to: int, momentum: float = 0.9) -> nn.Sequential:
    """Dense layers, batch normalisation, ReLU."""
    hidden: list[Any] = []
    for count in units:
        hidden += [nn.Dense(count, kernel_initializer="he_uniform"), nn.BatchNormalization(momentum), nn.ReLU()]
    return nn.Sequential([nn.Flatten(), *hidden, nn.Dense(to)])


def convolutional(
    to: int = 10,
    *,
    width: int = 12,
    activation: str = "relu",
    kernel: str | nn.Initializer = "he_uniform",
    bias: str | nn.Initializer = "zeros",
    last: str | nn.Initializer = "glorot_uniform",
    first: tuple[Any, ...] = (),
    before_last: tuple[Any, ...] = (),
) -> nn.Sequential:
    """Two convolutions with pooling, and two dense layers."""
    same: dict[str, Any] = {"activation": activation, "kernel_initializer": kernel, "bias_initializer": bias}
    return nn.Sequential([
        *first,
        nn.Conv2D(width, 3, padding="same", **same),
        nn.MaxPool2D(2),
        nn.Conv2D(2 * width, 3, padding="same", **same),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(48, **same),
        *before_last,
        nn.Dense(to, kernel_initializer=last),
    ])  # fmt: skip


def convolutional_normalized(to: int = 10, *, momentum: float = 0.9) -> nn.Sequential:
    """Two strided convolutions with batch normalisation, and the mean over each map."""
    return nn.Sequential([
        nn.Conv2D(16, 3, 2, "same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(momentum),
        nn.ReLU(),
        nn.Conv2D(32, 3, 2, "same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(momentum),
        nn.ReLU(),
        nn.GlobalAveragePooling2D(),
        nn.Dense(to),
    ])  # fmt: skip


def convolutional_residual(to: int = 10) -> nn.Sequential:
    """A strided convolution and two ways past convolutions."""

    def block() -> nn.SkipConnection:
        inner = [nn.Conv2D(12, 3, padding="same", kernel_initializer="he_normal"), nn.ReLU()]
        return nn.SkipConnection(nn.Sequential([nn.GroupNormalization(4), *inner]))

    return nn.Sequential([
        nn.Conv2D(12, 3, 2, "same", activation="relu", kernel_initializer="he_normal"),
        block(),
        block(),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(to),
    ])  # fmt: skip


def residual(to: int, blocks: int = 3, width: int = 32) -> nn.Sequential:
    """Dense layers with ways past them, each behind a layer normalisation."""

    def block() -> nn.SkipConnection:
        inner = [nn.Dense(width, "relu", kernel_initializer="he_uniform"), nn.Dense(width)]
        return nn.SkipConnection(nn.Sequential([nn.LayerNormalization(), *inner]))

    return nn.Sequential([nn.Dense(width), *(block() for _ in range(blocks)), nn.LayerNormalization(), nn.Dense(to)])


def along_time(
    to: int = 4, *, normal: bool = False, kernel: str | nn.Initializer = "he_uniform", momentum: float = 0.9
) -> nn.Sequential:
    """Two convolutions along time, and the mean over it."""
    layers: list[Any] = []
    for filters, window in ((16, 5), (24, 3)):
        layers += [nn.Conv1D(filters, window, padding="same", kernel_initializer=kernel)]
        layers += [nn.BatchNormalization(momentum)] if normal else []
        layers += [nn.ReLU()]
    return nn.Sequential([*layers, nn.GlobalAveragePooling1D(), nn.Dense(to)])


def recurrent(layer: nn.LSTM | nn.GRU | nn.SimpleRNN, to: int) -> nn.Sequential:
    """A recurrent layer, and what is read from its last state."""
    return nn.Sequential([layer, nn.Dense(to)])


def attentive(to: int = 4) -> nn.Sequential:
    """Places that attend to each other, a dense layer for each, and the mean over them."""
    return nn.Sequential([
        nn.Conv1D(16, 3, padding="same"),
        nn.SkipConnection(nn.MultiHeadAttention(2, 8)),
        nn.LayerNormalization(),
        nn.Dense(24, "relu"),
        nn.GlobalAveragePooling1D(),
        nn.Dense(to),
    ])  # fmt: skip


def segmenting(activation: str = "relu") -> nn.Sequential:
    """A score for each pixel, from its surroundings."""
    return nn.Sequential([
        nn.Conv2D(8, 3, padding="same", activation=activation, kernel_initializer="he_uniform"),
        nn.Conv2D(8, 3, padding="same", activation=activation, kernel_initializer="he_uniform"),
        nn.Conv2D(1, 3, padding="same"),
    ])  # fmt: skip


def copying(code: int = 24) -> nn.Sequential:
    """An autoencoder of dense layers for images of 14 × 14 pixels."""
    return nn.Sequential([
        nn.Flatten(),
        nn.Dense(64, "relu", kernel_initializer="he_uniform"),
        nn.Dense(code),
        nn.Dense(64, "relu", kernel_initializer="he_uniform"),
        nn.Dense(196),
        nn.Reshape((14, 14, 1)),
    ])  # fmt: skip


def deep(
    depth: int, width: int, to: int, activation: str | None, kernel: str | nn.Initializer = "glorot_uniform"
) -> nn.Sequential:
    """Many dense layers of one width."""
    hidden = [nn.Dense(width, activation, kernel_initializer=kernel) for _ in range(depth)]
    return nn.Sequential([nn.Flatten(), *hidden, nn.Dense(to)])


def deep_convolutional(
    depth: int, to: int, activation: str, kernel: str | nn.Initializer = "glorot_uniform"
) -> nn.Sequential:
    """Many convolutions of one width, the first of them with strides."""
    same: dict[str, Any] = {"padding": "same", "activation": activation, "kernel_initializer": kernel}
    convolutions = [nn.Conv2D(8, 3, 1 if k else 2, **same) for k in range(depth)]
    return nn.Sequential([*convolutions, nn.Flatten(), nn.Dense(to)])


def denoising() -> nn.Sequential:
    """Each pixel of an image of one color, from its surroundings."""
    return nn.Sequential([
        nn.Conv2D(12, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.Conv2D(12, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.Conv2D(1, 3, padding="same"),
    ])  # fmt: skip


def separable() -> nn.Sequential:
    """A convolution, and two that are separable, each with a normalisation over its channels."""
    return nn.Sequential([
        nn.Conv2D(16, 3, 2, "same", activation="relu", kernel_initializer="he_uniform"),
        nn.SeparableConv2D(24, 3, padding="same"),
        nn.LayerNormalization(),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.SeparableConv2D(32, 3, padding="same"),
        nn.LayerNormalization(),
        nn.ReLU(),
        nn.GlobalAveragePooling2D(),
        nn.Dense(10),
    ])  # fmt: skip


def labeling_pixels() -> nn.Sequential:
    """Three scores for each pixel; batch normalisation."""
    return nn.Sequential([
        nn.Conv2D(12, 5, padding="same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(0.9),
        nn.ReLU(),
        nn.Conv2D(12, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(0.9),
        nn.ReLU(),
        nn.Conv2D(3, 1),
    ])  # fmt: skip


def reading() -> nn.Sequential:
    """A vector for each word, and their mean."""
    return nn.Sequential([nn.Embedding(60, 16), nn.GlobalAveragePooling1D(), nn.Dense(16, "relu"), nn.Dense(4)])


def forecasting() -> nn.Sequential:
    """Two convolutions along time, and four numbers."""
    return nn.Sequential([
        nn.Conv1D(12, 5, activation="relu", kernel_initializer="he_uniform"),
        nn.Conv1D(12, 3, activation="relu", kernel_initializer="he_uniform"),
        nn.Flatten(),
        nn.Dense(4),
    ])  # fmt: skip


def timing() -> nn.Sequential:
    """Convolutions along time, pooled twice, and one number."""
    return nn.Sequential([
        nn.Conv1D(12, 5, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.MaxPool1D(2),
        nn.Conv1D(16, 5, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.MaxPool1D(2),
        nn.Flatten(),
        nn.Dense(1),
    ])  # fmt: skip


def varied(network: nn.Sequential, *variations: nn.Layer) -> nn.Sequential:
    """A network behind layers that vary the training images."""
    return nn.Sequential([*variations, *network.layers])


# ----------------------------------------------------------------------------------------------------------- mistakes
@dataclass(frozen=True)
class SameForAllUnits(nn.Initializer):
    """A weight for each input, which all units share."""

    deviation: float = 0.3

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Any:
        column = self.deviation * np.random.default_rng(stream % 2**32).standard_normal((*shape[:-1], 1))
        return np.broadcast_to(column, shape).astype(np.float32)


def exponentials(x: Tensor, scope: nn.Scope) -> Tensor:
    """A softmax that nobody calls one."""
    raised = cr.exp(x - cr.max(x, axis=-1, keepdims=True))
    return raised / cr.sum(raised, axis=-1, keepdims=True)


def kept_from_one(x: Tensor, scope: nn.Scope) -> Tensor:
    """Probabilities, kept away from 0 and 1."""
    return cr.clip(x, 1e-6, 1.0 - 1e-6)


def unscaled_dropout(x: Tensor, scope: nn.Scope) -> Tensor:
    """Dropout that forgets that fewer neurons are there in training."""
    return cr.dropout(x, 0.6, scope.seed, scope.step, stream=scope.stream()) if scope.training else x


def normal_in_training(x: Tensor, scope: nn.Scope) -> Tensor:
    """Normalises in training only."""
    if not scope.training:
        return x
    mu = cr.mean(x, axis=0, keepdims=True)
    return (x - mu) / cr.sqrt(cr.mean(cr.square(x - mu), axis=0, keepdims=True) + 1e-3)


def larger_in_inference(x: Tensor, scope: nn.Scope) -> Tensor:
    """Scales for the test what was scaled in training already."""
    dropped = nn.Dropout(0.5)(x, scope)
    return dropped if scope.training else -0.5 * dropped


def mean_of_features(x: Tensor, scope: nn.Scope) -> Tensor:
    """A mean along the wrong axis: that of the features of a sample."""
    return cr.mean(x, axis=-1, keepdims=True)


def detached(x: Tensor, scope: nn.Scope) -> Tensor:
    """Stops the gradient."""
    return cr.stop_gradient(x)


def logarithm(x: Tensor, scope: nn.Scope) -> Tensor:
    """The logarithm, of what may be 0."""
    return cr.log(x)


def bare_shares(x: Tensor, scope: nn.Scope) -> Tensor:
    """Each feature's share of their sum, which may be 0."""
    return x / cr.sum(x, axis=-1, keepdims=True)


def bare_standardization(x: Tensor, scope: nn.Scope) -> Tensor:
    """Each sample by its own deviation, and nothing for one that is the same everywhere."""
    mu = cr.mean(x, axis=-1, keepdims=True)
    return (x - mu) / cr.sqrt(cr.mean(cr.square(x - mu), axis=-1, keepdims=True))


def bare_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """0 · log 0 as soon as a probability is 1 in float32."""
    p = cr.sigmoid(outputs[:, 0])
    return -targets * cr.log(p) - (1.0 - targets) * cr.log(1.0 - p)


def relative_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Divides by the target, which may be 0."""
    return cr.mean(cr.absolute(outputs - targets) / cr.absolute(targets), axis=-1)
