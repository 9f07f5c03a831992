"""What Python's operators do to tensors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from chainrule.errors import UsageError
from chainrule.graph.dtype import bool_
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops import comparison, contraction, elementwise, gathering, movement, parts
from chainrule.ops.kinds.conversion import as_tensor

_MASK = Message(
    "index.mask",
    en="a mask of shape {shape} selects as many elements as hold, and a shape cannot depend on values. Use "
    "cr.where(mask, x, 0.0) instead, or x[np.flatnonzero(mask)] if the mask is known.",
    zh="形状为 {shape} 的掩码选出的元素个数取决于数值，而形状不能依赖数值。请改用 cr.where(mask, x, 0.0)；"
    "若掩码已知，可用 x[np.flatnonzero(mask)]。",
)


def _index(x: Tensor, key: object) -> Tensor:
    if isinstance(key, list | np.ndarray):
        key = as_tensor(key)
    if isinstance(key, Tensor) and key.dtype is bool_:
        raise UsageError(_MASK(shape=show_shape(key.shape)))
    integers = isinstance(key, Tensor) and key.ndim > 0
    return gathering.gather(x, key) if integers else parts.index(x, key)


operators = SimpleNamespace(
    add=elementwise.add,
    subtract=elementwise.subtract,
    multiply=elementwise.multiply,
    divide=elementwise.divide,
    power=elementwise.power,
    negative=elementwise.negative,
    absolute=elementwise.absolute,
    matmul=contraction.matmul,
    equal=comparison.equal,
    not_equal=comparison.not_equal,
    less=comparison.less,
    less_equal=comparison.less_equal,
    greater=comparison.greater,
    greater_equal=comparison.greater_equal,
    index=_index,
    transpose=movement.transpose,
)
