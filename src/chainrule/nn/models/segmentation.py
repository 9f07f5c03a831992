"""A network that says of each pixel what it belongs to."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.convolution import Conv2D
from chainrule.nn.layer import Layer
from chainrule.nn.pooling import MaxPool2D
from chainrule.nn.reshaping import Rescaling
from chainrule.nn.sequential import Sequential
from chainrule.nn.skip_connection import SkipConnection
from chainrule.nn.transposed_convolution import Conv2DTranspose
from chainrule.ops.parts import concatenate

__all__ = ["unet"]

_ODD = Message(
    "unet.odd",
    en="maps {x} cannot be halved and doubled again: they come back as {y}. Images need sides that can be halved once"
    " for each level below (depth); pad them, e.g. with ZeroPadding2D.",
    zh="特征图 {x} 无法减半后再恢复：得到的是 {y}。图像的边长必须能按层级数（depth）逐次减半；请填充图像，例如使用"
    " ZeroPadding2D。",
)
_DEPTH = Message(
    "unet.depth",
    en="unet(depth={depth!r}): the number of levels below the first is a whole number, 0 or more; each halves maps.",
    zh="unet(depth={depth!r})：第一层以下的层级数必须是不小于 0 的整数；每一级将特征图减半。",
)


def unet(classes: int = 1, *, depth: int = 3, width: int = 16, scale: float = 1 / 255) -> Sequential:
    """The U-Net: down to small maps that see much, up again, and at every size beside what was seen there before.

        level k: two conv 3×3, width·2ᵏ maps · below · two conv 3×3, width·2ᵏ;  the level at `depth` has two only
        below:   max-pool 2×2 · level k + 1 · transposed conv 2×2, stride 2, width·2ᵏ;  its input stands in front of it
        at last: conv 1×1, a map for each class

    ReLU follows each conv 3×3. The paper has width 64 and depth 4, and no padding, so that its maps become smaller than
    the image; here they are padded, and the image is as large as its segmentation. 481,745 parameters with one channel
    and one class.

    It takes pixels from 0 to 255, which it multiplies by `scale`, and gives logits: one for each pixel for
    binary_cross_entropy, or with several classes for cross_entropy with integer labels (batch, height, width).

    Shapes:   x (batch, height, width, c) → (batch, height, width, classes); 2^depth divides height and width
    Raises:   ShapeError if it does not; UsageError if the depth is no whole number, or negative.
    Source:   Ronneberger, Fischer and Brox 2015, U-Net: convolutional networks for biomedical image segmentation
    Example:
        >>> from chainrule.nn import trace, unet
        >>> network = trace(unet(), [(32, 32, 1)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 32, 32, 1), 481745)
    """
    _check_depth(depth)
    return Sequential([
        Rescaling(scale, name="rescaling"),
        *_level(width, depth),
        Conv2D(classes, 1, name="scores"),
    ])  # fmt: skip


def _check_depth(depth: Any) -> None:
    if not isinstance(depth, int) or depth < 0:
        raise UsageError(_DEPTH(depth=depth))


def _level(maps: int, below: int) -> list[Layer]:
    """Two convolutions, and where there are levels below, these and two more."""
    first: list[Layer] = [_convolution(maps, 1), _convolution(maps, 2)]
    if below == 0:
        return first
    up = Conv2DTranspose(maps, 2, 2, kernel_initializer="he_normal", name="up")
    lower = Sequential([MaxPool2D(2, name="pool"), *_level(2 * maps, below - 1), up])
    return [*first, SkipConnection(lower, _beside, name="below"), _convolution(maps, 3), _convolution(maps, 4)]


def _convolution(maps: int, number: int) -> Conv2D:
    return Conv2D(maps, 3, padding=1, activation="relu", kernel_initializer="he_normal", name=f"conv{number}")


def _beside(x: Tensor, y: Tensor) -> Tensor:
    if x.shape[1:3] != y.shape[1:3]:
        raise ShapeError(_ODD(x=show_shape(x.shape), y=show_shape(y.shape)))
    return concatenate([x, y], -1)
