"""What layers ask of an input with spatial axes: sequences, images and volumes, channels last."""

from __future__ import annotations

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

_SPATIAL = Message(
    "spatial.axes",
    en="x {x} is no batch of {things}. Give it the axes (batch, {axes}, channels){hint}.",
    zh="x {x} 不是一批{things}。请给出轴 (batch, {axes}, channels){hint}。",
)
_ONE_CHANNEL = Message(
    "spatial.one_channel",
    en=", e.g. with x[..., None] for {things} of one channel",
    zh="，例如对单通道{things}使用 x[..., None]",
)
_SEQUENCES = Message("spatial.sequences", en="sequences", zh="序列")
_IMAGES = Message("spatial.images", en="images", zh="图像")
_VOLUMES = Message("spatial.volumes", en="volumes", zh="体数据")
_THINGS = {
    1: (_SEQUENCES, "length"),
    2: (_IMAGES, "height, width"),
    3: (_VOLUMES, "depth, height, width"),
}


def spatial(x: Tensor, rank: int) -> Tensor:
    """x, if it has the axes of a batch of sequences (rank 1), images (2) or volumes (3)."""
    if x.ndim != rank + 2:
        things, axes = _THINGS[rank]
        hint = _ONE_CHANNEL(things=things()) if x.ndim == rank + 1 else ""
        raise ShapeError(_SPATIAL(x=show_shape(x.shape), things=things(), axes=axes, hint=hint))
    return x
