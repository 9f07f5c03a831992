"""What Python's operators, and the methods that tensors share with NumPy's arrays, do to tensors."""

from __future__ import annotations

from types import SimpleNamespace

from chainrule.ops import bits, comparison, contraction, elementwise, indexing, movement, rounding, selection
from chainrule.ops.kinds import conversion

_OTHER_NAMES = {  # of NumPy's functions, where chainrule has another one for the same
    "abs": "absolute", "amax": "max", "amin": "min", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "around": "round",
    "concat": "concatenate", "cumprod": "cumulative_prod", "cumsum": "cumulative_sum", "dot": "matmul",
    "hstack": "concatenate", "invert": "bitwise_not", "isclose": "is_close",
    "ones_like": "ones", "permute_dims": "transpose",
    "rint": "round", "std": "standard_deviation", "var": "variance", "vstack": "concatenate", "zeros_like": "zeros",
}  # fmt: skip


def _named_by_numpy(function: str) -> str | None:
    from chainrule import ops  # all of it, in which this file is a part

    name = _OTHER_NAMES.get(function, function)
    return name if callable(getattr(ops, name, None)) else None


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
    isfinite=comparison.is_finite,
    isinf=comparison.is_infinite,
    isnan=comparison.is_nan,
    index=indexing.index,
    transpose=movement.transpose,
    reshape=movement.reshape,
    cast=conversion.cast,
    sum=contraction.sum,
    mean=contraction.mean,
    max=selection.max,
    min=selection.min,
    named_by_numpy=_named_by_numpy,
)
