"""The models that come with chainrule as users of PyTorch write them: channels first, batches ready in memory."""

# mypy: disable-error-code="import-not-found, import-untyped, misc"
# What is measured need not be installed where types are checked; then a module is a class of Any.

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import pad, relu

from benchmarks.turns import Turns
from benchmarks.work import models, pytorch


def _norm(maps: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(maps, eps=1e-3, momentum=0.1)


class Block(nn.Module):
    """relu(x + f(x)), with every second pixel and new maps of 0 past a stride."""

    def __init__(self, before: int, maps: int, stride: int) -> None:
        super().__init__()
        self.stride, self.new = stride, maps - before
        self.conv1, self.norm1 = nn.Conv2d(before, maps, 3, stride, 1, bias=False), _norm(maps)
        self.conv2, self.norm2 = nn.Conv2d(maps, maps, 3, 1, 1, bias=False), _norm(maps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's output."""
        y = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        if self.stride > 1:
            x = pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new))
        return relu(x + y)


def resnet() -> nn.Sequential:
    """chainrule.nn.resnet with channels first."""
    blocks = [
        Block(16 << max(0, stage - (block == 0)), 16 << stage, 2 if stage and not block else 1)
        for stage in range(3)
        for block in range(3)
    ]
    first = [nn.Conv2d(3, 16, 3, padding=1, bias=False), _norm(16), nn.ReLU()]
    return nn.Sequential(*first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def allconv() -> nn.Sequential:
    """chainrule.nn.all_cnn of width 32 with channels first."""
    sizes = ((3, 32, 3, 1, 1), (32, 32, 3, 1, 1), (32, 32, 3, 2, 1), (32, 64, 3, 1, 1), (64, 64, 3, 1, 1),
             (64, 64, 3, 2, 1), (64, 64, 3, 1, 0), (64, 64, 1, 1, 0))  # fmt: skip
    layers = [[nn.Conv2d(*size), nn.ReLU()] for size in sizes]
    for place, rate in ((6, 0.5), (3, 0.5), (0, 0.2)):
        layers.insert(place, [nn.Dropout(rate)])
    scores = (nn.Conv2d(64, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*(layer for part in layers for layer in part), *scores)


def autoencoder() -> nn.Sequential:
    """chainrule.nn.autoencoder with channels first."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 32),
        nn.Linear(32, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
        nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1),
    )  # fmt: skip


class Level(nn.Module):
    """Two convolutions, and where there are levels below, these and two more."""

    def __init__(self, before: int, maps: int, below: int) -> None:
        super().__init__()
        self.down = nn.Sequential(*_pair(before, maps))
        self.below: nn.Module | None = None
        if below:
            up = nn.ConvTranspose2d(2 * maps, maps, 2, 2)
            self.below = nn.Sequential(nn.MaxPool2d(2), Level(maps, 2 * maps, below - 1), up)
            self.up = nn.Sequential(*_pair(2 * maps, maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The level's maps."""
        x = self.down(x)
        return x if self.below is None else self.up(torch.cat([x, self.below(x)], 1))


def _pair(before: int, maps: int) -> list[nn.Module]:
    return [nn.Conv2d(before, maps, 3, padding=1), nn.ReLU(), nn.Conv2d(maps, maps, 3, padding=1), nn.ReLU()]


def unet() -> nn.Sequential:
    """chainrule.nn.unet with channels first."""
    return nn.Sequential(Level(1, 16, 3), nn.Conv2d(16, 1, 1))


def sensor_cnn() -> nn.Sequential:
    """chainrule.nn.sensor_cnn with sensors before time."""

    def stage(before: int, maps: int, window: int) -> list[nn.Module]:
        convolution = nn.Conv1d(before, maps, window, padding=(window - 1) // 2)
        return [convolution, nn.BatchNorm1d(maps, eps=1e-3, momentum=0.1), nn.ReLU()]

    # One more zero behind than before for the window of 8: padding="same" does that too, and warns of its copy.
    stages = [nn.ZeroPad1d((0, 1)), *stage(9, 128, 8), *stage(128, 256, 5), *stage(256, 128, 3)]
    return nn.Sequential(*stages, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(128, models.KINDS))


class Table(nn.Module):
    """chainrule.nn.tabular_mlp."""

    def __init__(self) -> None:
        super().__init__()
        widths = [min(-(-c // 2), 50) for c in models.CATEGORIES]
        self.tables = nn.ModuleList([nn.Embedding(c, w) for c, w in zip(models.CATEGORIES, widths, strict=True)])
        self.dense = nn.Sequential(
            nn.Linear(10 + sum(widths), 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    def forward(self, columns: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """The number of each row."""
        numbers, categories = columns
        vectors = [table(categories[:, k]) for k, table in enumerate(self.tables)]
        return self.dense(torch.cat([numbers, *vectors], 1))


NETWORKS = {
    "resnet": resnet,
    "allconv": allconv,
    "autoencoder": autoencoder,
    "unet": unet,
    "sensor-cnn": sensor_cnn,
    "tabular": Table,
}
LOSSES = {
    "cross_entropy": nn.functional.cross_entropy,
    "mean_squared_error": nn.functional.mse_loss,
    "binary_cross_entropy": nn.functional.binary_cross_entropy_with_logits,
}


def prepared(array: Any, channels_last: bool = False) -> Any:
    """Arrays as PyTorch has them: channels in front of places, whatever their order in memory."""
    if isinstance(array, tuple):
        return tuple(map(prepared, array))
    if array.ndim < 3:
        return torch.from_numpy(array)
    order = torch.channels_last if channels_last else torch.contiguous_format
    return torch.from_numpy(array).movedim(-1, 1).contiguous(memory_format=order)


def steps(turns: Turns, network: str, batch: int, channels_last: bool = False) -> None:
    """Complete training steps of one of these."""
    task = models.TASKS[network]
    module = pytorch.checked(NETWORKS[network](), task.parameters)
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
    x, y = (prepared(array, channels_last) for array in task.data())
    inputs = list(zip(*(part.split(batch) for part in x), strict=True)) if isinstance(x, tuple) else x.split(batch)
    pytorch.run(turns, pytorch.step_of(module, loss=LOSSES[task.loss]), inputs, y.split(batch))
