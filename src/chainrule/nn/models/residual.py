"""A residual network for small images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.convolution import Conv2D
from chainrule.nn.dense import Dense
from chainrule.nn.layer import Layer, features
from chainrule.nn.normalization import BatchNormalization
from chainrule.nn.rectifiers import ReLU
from chainrule.nn.reshaping import Rescaling
from chainrule.nn.sequential import Sequential
from chainrule.nn.skip_connection import SkipConnection
from chainrule.nn.whole_pooling import GlobalAveragePooling2D
from chainrule.ops.activations import relu
from chainrule.ops.parts import pad

__all__ = ["resnet"]

_DEPTH = Message(
    "resnet.depth",
    en="resnet(depth={depth!r}): the depth is 6n + 2, for n blocks in each stage: 8, 14, 20, 32, 44, 56 and so on.",
    zh="resnet(depth={depth!r})：深度应为 6n + 2，其中 n 为每个阶段的块数：8、14、20、32、44、56 等。",
)


def resnet(classes: int = 10, *, depth: int = 20, width: int = 16, scale: float = 1 / 255) -> Sequential:
    """The residual network for small images: three stages of blocks relu(x + f(x)), each half as large, twice as wide.

        conv 3×3, width maps · n blocks of two conv 3×3, width · n blocks, 2·width, the first with stride 2 ·
        n blocks, 4·width, the first with stride 2 · global average · scores;  depth = 6n + 2

    Each convolution is followed by batch normalisation (momentum 0.9). Where a block halves its maps, the way past it
    takes every second pixel and leaves the new maps 0, without parameters (the paper's option A). The paper's networks
    have width 16, and at depth 20 0.27 million parameters: 269,722 for images with 3 channels and 10 classes.

    It takes pixels from 0 to 255, which it multiplies by `scale`, and gives logits, for cross_entropy.

    Shapes:   x (batch, height, width, c) → (batch, classes)
    Raises:   UsageError if the depth is not 6n + 2.
    Source:   He, Zhang, Ren and Sun 2016, Deep residual learning for image recognition, section 4.2
    Example:
        >>> from chainrule.nn import resnet, trace
        >>> trace(resnet(), [(32, 32, 3)]).parameter_count
        269722
    """
    blocks = _blocks(depth)
    return Sequential([
        Rescaling(scale, name="rescaling"),
        *_convolution(width, 1, ""),
        ReLU(name="relu"),
        *(
            _block(width << stage, 2 if stage and not block else 1, name=f"block{stage + 1}_{block + 1}")
            for stage in range(3)
            for block in range(blocks)
        ),
        GlobalAveragePooling2D(name="average"),
        Dense(classes, name="scores"),
    ])  # fmt: skip


def _blocks(depth: Any) -> int:
    """How many blocks each stage of a network with so many layers has."""
    if not isinstance(depth, int) or depth < 8 or depth % 6 != 2:
        raise UsageError(_DEPTH(depth=depth))
    return depth // 6


def _convolution(maps: int, strides: int, number: str) -> list[Layer]:
    convolution = Conv2D(
        maps, 3, strides, 1, use_bias=False, kernel_initializer="he_normal", name=f"conv{number}"
    )  # fmt: skip
    return [convolution, BatchNormalization(0.9, name=f"norm{number}")]


def _block(maps: int, strides: int, name: str) -> SkipConnection:
    inner = [*_convolution(maps, strides, "1"), ReLU(name="relu"), *_convolution(maps, 1, "2")]
    return SkipConnection(Sequential(inner), _sum_past(strides), name=name)


def _sum_past(strides: int) -> Callable[[Tensor, Tensor], Tensor]:
    """The sum of a block's input, brought to the size of its output, and the output."""

    def join(x: Tensor, y: Tensor) -> Tensor:
        small = x if strides == 1 else x[:, ::strides, ::strides]
        return relu(y + pad(small, [(0, 0), (0, 0), (0, 0), (0, features(y) - features(x))]))

    return join
