"""What Python's operators, and the methods that tensors share with NumPy's arrays, do to tensors."""

from __future__ import annotations

from types import SimpleNamespace

from chainrule.ops import bits, comparison, contraction, elementwise, indexing, movement, rounding, selection
from chainrule.ops.kinds import conversion

operators = SimpleNamespace(
    add=elementwise.add,
    subtract=elementwise.subtract,
    multiply=elementwise.multiply,
    divide=elementwise.divide,
    floor_divide=rounding.floor_divide,
    remainder=rounding.remainder,
    power=elementwise.power,
    negative=elementwise.negative,
    absolute=elementwise.absolute,
    bitwise_and=bits.bitwise_and,
    bitwise_or=bits.bitwise_or,
    bitwise_xor=bits.bitwise_xor,
    bitwise_not=bits.bitwise_not,
    matmul=contraction.matmul,
    equal=comparison.equal,
    not_equal=comparison.not_equal,
    less=comparison.less,
    less_equal=comparison.less_equal,
    greater=comparison.greater,
    greater_equal=comparison.greater_equal,
    index=indexing.index,
    transpose=movement.transpose,
    reshape=movement.reshape,
    cast=conversion.cast,
    sum=contraction.sum,
    mean=contraction.mean,
    max=selection.max,
    min=selection.min,
)
