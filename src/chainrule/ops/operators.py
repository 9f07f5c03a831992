"""What Python's operators do to tensors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from chainrule.graph.tensor import Tensor
from chainrule.ops import contraction, elementwise, movement, selection
from chainrule.ops.kinds.conversion import as_tensor


def _index(x: Tensor, key: object) -> Tensor:
    if isinstance(key, list | np.ndarray):
        key = as_tensor(key)
    integers = isinstance(key, Tensor) and key.ndim > 0
    return selection.gather(x, key) if integers else movement.index(x, key)


operators = SimpleNamespace(
    add=elementwise.add,
    subtract=elementwise.subtract,
    multiply=elementwise.multiply,
    divide=elementwise.divide,
    power=elementwise.power,
    negative=elementwise.negative,
    absolute=elementwise.absolute,
    matmul=contraction.matmul,
    equal=elementwise.equal,
    not_equal=elementwise.not_equal,
    less=elementwise.less,
    less_equal=elementwise.less_equal,
    greater=elementwise.greater,
    greater_equal=elementwise.greater_equal,
    index=_index,
    transpose=movement.transpose,
)
