"""The vocabulary: every operation, by the file that declares it.

kinds/        the kinds of operation: what follows from one declaration
elementwise   arithmetic, comparison, selection, exponentials, activations
movement      reshape, transpose, broadcast, slice, pad, concatenate
contraction   sums, means, matrix products, convolutions, average pooling
selection     maxima and where they are, pooling, gather and scatter, one-hot, top-k, cumulative sums
random        Philox: uniform, normal, Bernoulli
composite     softmax, cross-entropy, batch normalisation, dropout
"""

from types import SimpleNamespace
from typing import Any

from chainrule.graph.operation import Operation
from chainrule.graph.tensor import Tensor
from chainrule.ops import composite, contraction, elementwise, movement, random, selection
from chainrule.ops.composite import *
from chainrule.ops.contraction import *
from chainrule.ops.elementwise import *
from chainrule.ops.kinds.conversion import CAST
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.movement import *
from chainrule.ops.random import *
from chainrule.ops.selection import *

_FILES = (elementwise, movement, contraction, selection, random, composite)

_DECLARED: list[Any] = [value for file in _FILES for value in vars(file).values()]
_CLASSES = [o for o in _DECLARED if isinstance(o, type) and issubclass(o, Operation) and hasattr(o, "name")]

# Where a saved graph finds its operations again, by name; those made from a formula, which have no instance here, by
# their class.
vocabulary: dict[str, Operation | type[Operation]] = {
    "indexed": Indexed,
    CAST.name: CAST,
    **{o.name: o for o in _CLASSES},
    **{o.name: o for o in _DECLARED if isinstance(o, Operation)},
}


def _index(x: Tensor, key: object) -> Tensor:
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

# Type checkers read this form only.
__all__: list[str] = []
__all__ += composite.__all__
__all__ += contraction.__all__
__all__ += elementwise.__all__
__all__ += movement.__all__
__all__ += random.__all__
__all__ += selection.__all__
