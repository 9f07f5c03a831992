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

from chainrule.graph.operation import Operation
from chainrule.graph.tensor import Tensor
from chainrule.ops import composite, contraction, elementwise, movement, random, selection
from chainrule.ops.composite import *
from chainrule.ops.contraction import *
from chainrule.ops.elementwise import *
from chainrule.ops.movement import *
from chainrule.ops.random import *
from chainrule.ops.selection import *

_FILES = (elementwise, movement, contraction, selection, random, composite)

# Operations by name, where a saved graph is read back. Indexed ones are their formula and need no entry.
vocabulary = {o.name: o for file in _FILES for o in vars(file).values() if isinstance(o, Operation)}


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

__all__ = [name for file in _FILES for name in file.__all__]
