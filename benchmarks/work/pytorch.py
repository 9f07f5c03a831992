"""PyTorch's work, as its users write it: eager mode, all cores, tensors ready in memory."""

# mypy: disable-error-code="import-not-found, import-untyped"
# What is measured need not be installed where types are checked.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from benchmarks.turns import Turns
from benchmarks.work import task


def lenet5() -> nn.Sequential:
    """chainrule.nn.lenet5 with channels first; pixels are scaled by whoever prepares them."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def mlp() -> nn.Sequential:
    """784-512-256-10."""
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


def cnn() -> nn.Sequential:
    """ours.cnn with channels first; epsilon and momentum of batch normalisation as there."""

    def block(before: int, channels: int) -> list[nn.Module]:
        normalisation = nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
        return [nn.Conv2d(before, channels, 3, padding=1, bias=False), normalisation, nn.ReLU()]

    pairs = ((3, 32), (32, 64), (64, 128))
    parts = [[*block(before, size), *block(size, size), nn.MaxPool2d(2)] for before, size in pairs]
    return nn.Sequential(*parts[0], *parts[1], *parts[2], nn.Flatten(), nn.Dropout(0.5), nn.Linear(2048, 10))


def step_of(
    network: nn.Module,
    rate: float = task.RATE,
    loss: Callable[[Any, Any], Any] = nn.functional.cross_entropy,
    bfloat16: bool = False,
) -> Callable[[Any, Any], None]:
    """A training step as everybody writes it; with bfloat16 where autocast takes it."""
    optimizer = torch.optim.Adam(network.parameters(), rate)

    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            value = loss(network(x), y)
        value.backward()
        optimizer.step()

    return step


def lenet5_steps(turns: Turns, batch: int, compiled: bool = False) -> None:
    """Complete training steps of LeNet-5 on batches that lie ready; with torch.compile, or without."""
    network = checked(lenet5(), task.LENET5)
    x, y = task.step_images(flat=False)
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    steps(turns, step_of(torch.compile(network) if compiled else network), images, torch.from_numpy(y), batch)


def mlp_steps(turns: Turns, batch: int) -> None:
    """Complete training steps of 784-512-256-10."""
    x, y = task.step_images(flat=True)
    steps(turns, step_of(checked(mlp(), task.MLP)), torch.from_numpy(x), torch.from_numpy(y), batch)


def cnn_steps(
    turns: Turns, batch: int, channels_last: bool = False, compiled: bool = False, bfloat16: bool = False
) -> None:
    """Complete training steps of the network of 3 × 3 convolutions."""
    network = checked(cnn(), task.CNN)
    x, y = task.color_images()
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    step = step_of(torch.compile(network) if compiled else network, bfloat16=bfloat16)
    steps(turns, step, images, torch.from_numpy(y), batch)


def steps(turns: Turns, step: Callable[[Any, Any], None], x: torch.Tensor, y: torch.Tensor, batch: int) -> None:
    """One step after the other, on batches that lie ready."""
    run(turns, step, x.split(batch), y.split(batch))


def run(turns: Turns, step: Callable[[Any, Any], None], x: Sequence[Any], y: Sequence[Any]) -> None:
    """One step after the other, on the batches of inputs and targets."""
    batches = list(zip(x, y, strict=True))
    while True:
        for one_x, one_y in batches:
            step(one_x, one_y)
        turns.done(len(batches))


def mnist_epochs(turns: Turns, data: str | None = None) -> None:
    """Epochs of LeNet-5 over 60,000 images."""
    epoch = _mnist(data)
    while True:
        epoch()
        turns.done(1)


def mnist_once(data: str | None = None) -> None:
    """One epoch, for the peak memory of the whole process."""
    _mnist(data)()


def _mnist(data: str | None) -> Callable[[], None]:
    """A loop over tensors in memory in shuffled order.

    The images stay bytes and become floats batch by batch: about 5 µs of a step's 3,000, for a quarter of the memory.
    """
    x, y = task.images(task.MNIST, data)
    images, labels = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y)
    step = step_of(checked(lenet5(), task.LENET5), rate=0.001)

    def epoch() -> None:
        for places in torch.randperm(len(images)).split(64):
            step(images[places].float().div_(255), labels[places])

    return epoch


def first_step() -> None:
    """The first training step of LeNet-5, from nothing."""
    x, y = task.images(64)
    step_of(lenet5())(torch.from_numpy(x).permute(0, 3, 1, 2).float().div_(255), torch.from_numpy(y))


def checked(network: nn.Module, parameters: int) -> nn.Module:
    assert sum(p.numel() for p in network.parameters()) == parameters
    return network
