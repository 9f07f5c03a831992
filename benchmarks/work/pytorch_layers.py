"""PyTorch's networks of one kind of layer, as its users write them: channels first, batches ready in memory."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"
# What is measured need not be installed where types are checked; then a module is a class of Any.

from __future__ import annotations

import torch
from torch import nn

from benchmarks.turns import Turns
from benchmarks.work import layers, pytorch


def depthwise() -> nn.Module:
    """our_layers.depthwise; epsilon and momentum of batch normalisation as there."""

    def normalized(convolution: nn.Conv2d) -> list[nn.Module]:
        return [convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3, momentum=0.01), nn.ReLU()]

    stem, *channels = layers.DEPTHWISE_CHANNELS
    parts = normalized(nn.Conv2d(3, stem, 3, padding=1, bias=False))
    before = stem
    for filters, stride in zip(channels, layers.DEPTHWISE_STRIDES, strict=True):
        parts += normalized(nn.Conv2d(before, before, 3, stride, padding=1, groups=before, bias=False))
        parts += normalized(nn.Conv2d(before, filters, 1, bias=False))
        before = filters
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def conv1d() -> nn.Module:
    """our_layers.conv1d."""
    return nn.Sequential(
        nn.Conv1d(6, 32, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(64, 64, 5, padding=2), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def transposed() -> nn.Module:
    """our_layers.transposed."""
    return nn.Sequential(
        nn.ConvTranspose2d(64, 32, 4, 2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 1, 3, padding=1),
    )  # fmt: skip


def layernorm() -> nn.Module:
    """our_layers.layernorm."""
    parts = [[nn.Linear(256, 256), nn.LayerNorm(256), nn.ReLU()] for _ in range(4)]
    return nn.Sequential(*parts[0], *parts[1], *parts[2], *parts[3], nn.Linear(256, 10))


class Attention(nn.Module):
    """our_layers.attention."""

    def __init__(self) -> None:
        super().__init__()
        block = nn.TransformerEncoderLayer(
            layers.FEATURES, layers.HEADS, layers.INNER, dropout=0.0, activation="relu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(block, layers.BLOCKS)
        self.scores = nn.Linear(layers.FEATURES, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scores(self.encoder(x).mean(1))


class LSTM(nn.Module):
    """our_layers.lstm."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, layers.UNITS, batch_first=True)
        self.scores = nn.Linear(layers.UNITS, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scores(self.lstm(x)[0][:, -1])


NETWORKS = {
    "depthwise": depthwise,
    "conv1d": conv1d,
    "transposed": transposed,
    "layernorm": layernorm,
    "attention": Attention,
    "lstm": LSTM,
}
CHANNELS_FIRST = ("depthwise", "conv1d", "transposed")


def steps(turns: Turns, network: str, batch: int, channels_last: bool = False, compiled: bool = False) -> None:
    """Complete training steps of one of these."""
    task = layers.TASKS[network]
    second_bias = layers.LSTM_SECOND_BIAS if network == "lstm" else 0
    module = pytorch.checked(NETWORKS[network](), task.parameters + second_bias)
    x, y = map(torch.from_numpy, task.data())
    if network in CHANNELS_FIRST:
        x = x.movedim(-1, 1).contiguous()
        y = y if task.target is None else y.movedim(-1, 1).contiguous()
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    loss = nn.functional.cross_entropy if task.target is None else nn.functional.mse_loss
    step = pytorch.step_of(torch.compile(module) if compiled else module, loss=loss)
    pytorch.steps(turns, step, x, y, batch)
