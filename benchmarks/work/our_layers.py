"""chainrule's networks of one kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import chainrule as cr
from benchmarks.turns import Turns
from benchmarks.work import layers, ours

nn = cr.nn
Architecture = Callable[[Any, cr.nn.Scope], Any]


def depthwise() -> Architecture:
    """A small MobileNet: blocks of a depthwise convolution and one of a pixel, each batch-normalised."""

    def normalized(convolution: cr.nn.Layer) -> list[cr.nn.Layer]:
        return [convolution, nn.BatchNormalization(), nn.ReLU()]

    stem, *channels = layers.DEPTHWISE_CHANNELS
    parts = normalized(nn.Conv2D(stem, 3, padding=1, use_bias=False))
    for filters, stride in zip(channels, layers.DEPTHWISE_STRIDES, strict=True):
        parts += normalized(nn.DepthwiseConv2D(3, stride, padding=1, use_bias=False))
        parts += normalized(nn.Conv2D(filters, 1, use_bias=False))
    return nn.Sequential([*parts, nn.GlobalAveragePooling2D(), nn.Dense(10)])


def conv1d() -> Architecture:
    """What a series of six sensors shows: three convolutions along time."""
    return nn.Sequential(
        [
            nn.Conv1D(32, 5, padding="same", activation="relu"),
            nn.MaxPool1D(2),
            nn.Conv1D(64, 5, padding="same", activation="relu"),
            nn.MaxPool1D(2),
            nn.Conv1D(64, 5, padding="same", activation="relu"),
            nn.GlobalAveragePooling1D(),
            nn.Dense(10),
        ]
    )


def transposed() -> Architecture:
    """A decoder: maps of 7 × 7 become an image of 28 × 28."""
    return nn.Sequential(
        [
            nn.Conv2DTranspose(32, 4, strides=2, padding=1, activation="relu"),
            nn.Conv2DTranspose(16, 4, strides=2, padding=1, activation="relu"),
            nn.Conv2D(1, 3, padding=1),
        ]
    )


def layernorm() -> Architecture:
    """Four dense layers of 256, each layer-normalised."""
    parts = [[nn.Dense(256), nn.LayerNormalization(epsilon=1e-5), nn.ReLU()] for _ in range(4)]
    return nn.Sequential([*parts[0], *parts[1], *parts[2], *parts[3], nn.Dense(10)])


def encoder(x: Any, scope: cr.nn.Scope) -> Any:
    """A block of a transformer's encoder, normalised behind each sum, without dropout."""
    x = x + nn.MultiHeadAttention(layers.HEADS, layers.FEATURES // layers.HEADS)(x, scope)
    x = nn.LayerNormalization(epsilon=1e-5)(x, scope)
    x = x + nn.Sequential([nn.Dense(layers.INNER, "relu"), nn.Dense(layers.FEATURES)])(x, scope)
    return nn.LayerNormalization(epsilon=1e-5)(x, scope)


def attention() -> Architecture:
    """A transformer's encoder, the mean over places, and scores."""
    return nn.Sequential([*[encoder] * layers.BLOCKS, nn.GlobalAveragePooling1D(), nn.Dense(10)])


def lstm() -> Architecture:
    """The last state of an LSTM, and scores."""
    return nn.Sequential([nn.LSTM(layers.UNITS), nn.Dense(10)])


NETWORKS = {
    "depthwise": depthwise,
    "conv1d": conv1d,
    "transposed": transposed,
    "layernorm": layernorm,
    "attention": attention,
    "lstm": lstm,
}


def steps(turns: Turns, network: str, batch: int) -> None:
    """Complete training steps of one of these."""
    task = layers.TASKS[network]
    x, y = task.data()
    model = ours.checked(cr.Model(NETWORKS[network](), task.shape), task.parameters)
    loss = "cross_entropy" if task.target is None else "mean_squared_error"
    ours.fit(model, x, y, batch, ours.Timed(turns, task.samples // batch), loss=loss)
