"""Activations: the functions between the layers of a network."""

from __future__ import annotations

import math

from chainrule.graph.tensor import Tensor, number
from chainrule.ops.comparison import logical_and, logical_not
from chainrule.ops.elementwise import absolute, clip, minimum
from chainrule.ops.exponential import erfc, exp, expm1
from chainrule.ops.kinds.conversion import lift_floats, lift_numbers
from chainrule.ops.kinds.elementwise import POSITIVE, REAL, Elementwise, where
from chainrule.ops.trigonometric import tanh

__all__ = [
    "celu", "elu", "gelu", "gelu_tanh", "hard_shrink", "hard_sigmoid", "hard_swish", "hard_tanh", "leaky_relu",
    "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign",
    "tanh_shrink", "threshold",
]  # fmt: skip

# -------------------------------------------------------------------------------------------------------- saturating
sigmoid = Elementwise(
    "sigmoid", "1 / (1 + exp(-x))", partials=lambda y, x: (y * (1 - y),), lift=lift_floats,
    summary="Logistic function; in (0, 1), saturates for large |x|.",
    example=">>> sigmoid([0.0, 1.0])\nTensor([0.5       0.7310586], shape=(2,), dtype=float32)",
)  # fmt: skip
log_sigmoid = Elementwise(
    "log_sigmoid", "minimum(x, 0) - log1p(exp(-absolute(x)))", partials=lambda y, x: (sigmoid(-x),), lift=lift_floats,
    summary="Logarithm of sigmoid, without underflow.",
    example=">>> log_sigmoid([0.0, -1000.0])\nTensor([-6.931472e-01 -1.000000e+03], shape=(2,), dtype=float32)",
)  # fmt: skip
softsign = Elementwise(
    "softsign", "x / (1 + absolute(x))",
    partials=lambda y, x: (1 / ((1 + absolute(x)) * (1 + absolute(x))),), lift=lift_floats,
    summary="A tanh without an exponential; in (-1, 1), saturates slowly.",
    source="Turian, Bergstra and Bengio 2009",
    example=">>> softsign([-3.0, 1.0])\nTensor([-0.75  0.5 ], shape=(2,), dtype=float32)",
)  # fmt: skip
hard_sigmoid = Elementwise(
    "hard_sigmoid", "minimum(maximum(x / 6 + 0.5, 0), 1)",
    partials=lambda y, x: (where(logical_and(x > -3, x < 3), number(1 / 6, y.dtype), 0.0),),
    lift=lift_floats, kinks=(-3.0, 3.0), convention="the derivative at -3 and 3 is 0",
    summary="A sigmoid of three straight pieces (PyTorch's and Keras's 3; older ones rise by 1/5).",
    example=">>> hard_sigmoid([-4.0, 0.0, 1.5])\nTensor([0.   0.5  0.75], shape=(3,), dtype=float32)",
)  # fmt: skip
hard_tanh = Elementwise(
    "hard_tanh", "minimum(maximum(x, -1), 1)", partials=lambda y, x: (logical_and(x > -1, x < 1),),
    lift=lift_floats, kinks=(-1.0, 1.0), convention="the derivative at -1 and 1 is 0",
    summary="A tanh of three straight pieces.",
    example=">>> hard_tanh([-2.0, 0.5])\nTensor([-1.   0.5], shape=(2,), dtype=float32)",
)  # fmt: skip

# -------------------------------------------------------------------------------------------------------- rectifiers
relu = Elementwise(
    "relu", "maximum(x, 0)", partials=lambda y, x: (y > 0,),
    lift=lift_numbers, kinks=(0.0,), convention="the derivative at 0 is 0",
    summary="Rectified linear unit.",
    source="Nair and Hinton 2010",
    example=">>> relu([-1.0, 2.0])\nTensor([0. 2.], shape=(2,), dtype=float32)",
)  # fmt: skip
relu6 = Elementwise(
    "relu6", "minimum(maximum(x, 0), 6)", partials=lambda y, x: (logical_and(x > 0, x < 6),),
    lift=lift_numbers, kinks=(0.0, 6.0), convention="the derivative at 0 and 6 is 0",
    summary="Rectified linear unit that ends at 6, so that few bits hold it.",
    source="Krizhevsky 2010",
    example=">>> relu6([-1.0, 2.0, 9.0])\nTensor([0. 2. 6.], shape=(3,), dtype=float32)",
)  # fmt: skip
leaky_relu = Elementwise(
    "leaky_relu", "where(x > 0, x, slope * x)",
    partials=lambda y, x, slope: (where(x > 0, ones(y), slope), where(x > 0, zeros(y), x)),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is the slope",
    summary="Rectified linear unit with a small slope below 0; with a slope that is learned, PReLU.",
    source="Maas, Hannun and Ng 2013",
    example=">>> leaky_relu([-1.0, 2.0], 0.1)\nTensor([-0.1  2. ], shape=(2,), dtype=float32)",
)  # fmt: skip
elu = Elementwise(
    "elu", "where(x > 0, x, alpha * expm1(minimum(x, 0)))",
    partials=lambda y, x, alpha: (
        where(x > 0, ones(y), alpha * exp(minimum(x, 0.0))),
        where(x > 0, zeros(y), expm1(minimum(x, 0.0))),
    ),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is alpha",
    summary="Exponential linear unit: alpha (exp(x) - 1) below 0.",
    source="Clevert, Unterthiner and Hochreiter 2016, equation 15",
    example=">>> elu([-1.0, 2.0], 1.0)\nTensor([-0.63212055  2.        ], shape=(2,), dtype=float32)",
)  # fmt: skip
celu = Elementwise(
    "celu", "where(x > 0, x, alpha * expm1(minimum(x, 0) / alpha))",
    partials=lambda y, x, alpha: (
        where(x > 0, ones(y), exp(minimum(x, 0.0) / alpha)),
        where(x > 0, zeros(y), expm1(minimum(x, 0.0) / alpha) - minimum(x, 0.0) / alpha * exp(minimum(x, 0.0) / alpha)),
    ),
    lift=lift_floats, domain=(REAL, POSITIVE), kinks=(0.0,), convention="the derivative at 0 is 1",
    summary="Exponential linear unit whose slope is continuous for every alpha.",
    source="Barron 2017",
    example=">>> celu([-1.0, 2.0], 2.0)\nTensor([-0.78693867  2.        ], shape=(2,), dtype=float32)",
)  # fmt: skip
# The fixed point of mean 0 and variance 1: equation 14 of the source.
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
selu = Elementwise(
    "selu", f"{_SELU_SCALE} * where(x > 0, x, {_SELU_ALPHA} * expm1(minimum(x, 0)))",
    partials=lambda y, x: (
        where(x > 0, _SELU_SCALE * ones(y), _SELU_SCALE * _SELU_ALPHA * exp(minimum(x, 0.0))),
    ),
    lift=lift_floats, kinks=(0.0,), convention="the derivative at 0 is that from below",
    summary="Exponential linear unit that keeps mean 0 and variance 1 from layer to layer.",
    source="Klambauer, Unterthiner, Mayr and Hochreiter 2017, equation 2",
    example=">>> selu([-1.0, 1.0])\nTensor([-1.1113307  1.050701 ], shape=(2,), dtype=float32)",
)  # fmt: skip
threshold = Elementwise(
    "threshold", "where(x <= threshold, value, x)",
    partials=lambda y, x, threshold, value: (logical_not(x <= threshold), None, x <= threshold),
    lift=lift_floats, convention="at the threshold value gets the gradient",
    summary="x where it is above the threshold, and a value of its own elsewhere.",
    example=">>> threshold([-1.0, 0.5, 2.0], 1.0, -7.0)\nTensor([-7. -7.  2.], shape=(3,), dtype=float32)",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------- smooth rectifiers
softplus = Elementwise(
    "softplus", "maximum(x, 0) + log1p(exp(-absolute(x)))", partials=lambda y, x: (sigmoid(x),), lift=lift_floats,
    summary="log(1 + exp(x)), a smooth ReLU, without overflow.",
    example=">>> softplus([0.0, 1000.0])\nTensor([6.931472e-01 1.000000e+03], shape=(2,), dtype=float32)",
)  # fmt: skip

_DENSITY = 1 / math.sqrt(2 * math.pi)
gelu = Elementwise(
    "gelu", f"0.5 * x * erfc(-{math.sqrt(0.5)} * x)",
    partials=lambda y, x: (0.5 * erfc(-math.sqrt(0.5) * x) + x * (_DENSITY * exp(-0.5 * x * x)),),
    lift=lift_floats,
    summary="Gaussian error linear unit, x Φ(x) with the normal distribution function Φ(x) = erfc(-x / √2) / 2.",
    source="Hendrycks and Gimpel 2016",
    example=">>> gelu([-1.0, 1.0])\nTensor([-0.15865526  0.8413447 ], shape=(2,), dtype=float32)",
)  # fmt: skip


def _gelu_tanh_slope(y: Tensor, x: Tensor) -> Tensor:
    """Beyond ±20 it is 0 or 1 to the last bit; the square of x itself may be infinite."""
    x = clip(x, -20.0, 20.0)
    z = _GELU_TANH * (x + 0.044715 * x * x * x)
    return sigmoid(z) * (1 + x * sigmoid(-z) * (_GELU_TANH * (1 + 3 * 0.044715 * x * x)))


_GELU_TANH = 2 * math.sqrt(2 / math.pi)
gelu_tanh = Elementwise(
    "gelu_tanh", f"x / (1 + exp(-{_GELU_TANH} * (x + 0.044715 * x * x * x)))",
    partials=lambda y, x: (_gelu_tanh_slope(y, x),), lift=lift_floats,
    summary="GELU by the approximation 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), off by at most 0.0005.",
    source="Hendrycks and Gimpel 2016; (1 + tanh(z)) / 2 is sigmoid(2z)",
    example=">>> gelu_tanh([-1.0, 1.0])\nTensor([-0.158808  0.841192], shape=(2,), dtype=float32)",
)  # fmt: skip
silu = Elementwise(
    "silu", "x / (1 + exp(-x))",
    partials=lambda y, x: (sigmoid(x) * (1 + x * sigmoid(-x)),), lift=lift_floats,
    summary="Sigmoid-weighted linear unit x sigmoid(x), also called swish.",
    source="Elfwing, Uchibe and Doya 2018; Ramachandran, Zoph and Le 2017",
    example=">>> silu([0.0, 1.0])\nTensor([0.        0.7310586], shape=(2,), dtype=float32)",
)  # fmt: skip
mish = Elementwise(
    "mish", "x * tanh(maximum(x, 0) + log1p(exp(-absolute(x))))",
    partials=lambda y, x: (_mish_gate(x) + x * sigmoid(x) * (1 - _mish_gate(x) * _mish_gate(x)),), lift=lift_floats,
    summary="x tanh(softplus(x)), which dips below 0 and ends as ReLU does.",
    source="Misra 2020",
    example=">>> mish([0.0, 1.0])\nTensor([0.        0.8650984], shape=(2,), dtype=float32)",
)  # fmt: skip


def _mish_gate(x: Tensor) -> Tensor:
    return tanh(softplus(x))


hard_swish = Elementwise(
    "hard_swish", "x * minimum(maximum(x / 6 + 0.5, 0), 1)",
    partials=lambda y, x: (where(x <= -3, 0.0, where(x >= 3, ones(y), x / 3 + 0.5)),),
    lift=lift_floats, kinks=(-3.0, 3.0), convention="the derivative is 0 at -3 and 1 at 3",
    summary="SiLU with a hard sigmoid.",
    source="Howard et al. 2019 (MobileNetV3)",
    example=">>> hard_swish([-4.0, 1.5, 4.0])\nTensor([-0.     1.125  4.   ], shape=(3,), dtype=float32)",
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------- shrinking
soft_shrink = Elementwise(
    "soft_shrink", "x - minimum(maximum(x, -threshold), threshold)",
    partials=lambda y, x, threshold: (
        absolute(x) > threshold, where(x > threshold, -ones(y), where(x < -threshold, ones(y), 0.0)),
    ),
    lift=lift_floats, domain=(REAL, POSITIVE), convention="the derivative at a threshold is 0",
    summary="Everything moved towards 0 by the threshold, and what is nearer becomes 0.",
    source="Donoho 1995, equation 3",
    example=">>> soft_shrink([-2.0, 0.25, 1.0], 0.5)\nTensor([-1.5  0.   0.5], shape=(3,), dtype=float32)",
)  # fmt: skip
hard_shrink = Elementwise(
    "hard_shrink", "where(absolute(x) <= threshold, 0, x)",
    partials=lambda y, x, threshold: (logical_not(absolute(x) <= threshold), None),
    lift=lift_floats, domain=(REAL, POSITIVE), convention="the derivative at a threshold is 0",
    summary="0 where x is as near to 0 as the threshold; all else stays.",
    example=">>> hard_shrink([-2.0, 0.25, 1.0], 0.5)\nTensor([-2.  0.  1.], shape=(3,), dtype=float32)",
)  # fmt: skip
tanh_shrink = Elementwise(
    "tanh_shrink", "x - tanh(x)", partials=lambda y, x: (tanh(x) * tanh(x),), lift=lift_floats,
    summary="What tanh takes away.",
    example=">>> tanh_shrink([-2.0, 0.0])\nTensor([-1.0359724  0.       ], shape=(2,), dtype=float32)",
)  # fmt: skip


def ones(like: Tensor) -> Tensor:
    """The number 1 in the type of a tensor."""
    return number(1, like.dtype)


def zeros(like: Tensor) -> Tensor:
    """The number 0 in the type of a tensor."""
    return number(0, like.dtype)
