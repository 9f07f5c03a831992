"""Layers that let x through as far as x itself says: GELU, SiLU and their like, halves of features, maxout."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.penalties import Penalty, check_penalties
from chainrule.nn.scope import Scope
from chainrule.ops.activations import gelu, hard_swish, mish, silu
from chainrule.ops.contraction import matmul
from chainrule.ops.gating import glu, maxout

__all__ = ["GELU", "GLU", "HardSwish", "Maxout", "Mish", "SiLU"]


@dataclass(frozen=True, eq=False)
class GELU(Layer):
    """Gaussian error linear unit; its approximation by tanh is the activation "gelu_tanh".

        y = x Φ(x),  Φ the normal distribution function

    Source:   Hendrycks and Gimpel 2016
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return gelu(x)


@dataclass(frozen=True, eq=False)
class SiLU(Layer):
    """Sigmoid-weighted linear unit, also called swish.

        y = x sigmoid(x)

    Source:   Elfwing, Uchibe and Doya 2018; Ramachandran, Zoph and Le 2017
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return silu(x)


@dataclass(frozen=True, eq=False)
class HardSwish(Layer):
    """SiLU with a sigmoid of three straight pieces.

        y = x min(max(x / 6 + 1 / 2, 0), 1)

    Source:   Howard et al. 2019 (MobileNetV3)
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return hard_swish(x)


@dataclass(frozen=True, eq=False)
class Mish(Layer):
    """A gate that dips below 0 and ends as ReLU does.

        y = x tanh(log(1 + exp(x)))

    Source:   Misra 2020
    """

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return mish(x)


@dataclass(frozen=True, eq=False)
class GLU(Layer):
    """Gated linear unit: the first half along an axis, let through as far as the second half says.

        y = a · sigmoid(b),  x = (a, b)

    Shapes:   x (batch, …, 2k) → (batch, …, k)
    Raises:   ShapeError if the axis does not exist or its size is odd.
    Source:   Dauphin, Fan, Auli and Grangier 2017
    """

    axis: int = -1

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        return glu(x, self.axis)


@dataclass(frozen=True, eq=False)
class Maxout(Layer):
    """Units that are each the largest of a few linear functions, which together learn a convex function.

        y_i = max over j of (Σ_d x_d W[d, i·pieces + j] + b[i·pieces + j])

    Parameters: kernel W (D, M · pieces), bias b (M · pieces,).

    Shapes:   x (batch, …, D) → (batch, …, M)
    Raises:   UsageError if a size is not a whole number above 0; ShapeError if x has no axis of features.
    Source:   Goodfellow, Warde-Farley, Mirza, Courville and Bengio 2013
    Example:
        >>> from chainrule.nn import Maxout, trace
        >>> trace(Maxout(3, pieces=2), [(4,)]).parameter_count
        30
    """

    units: int
    pieces: int = 2
    use_bias: bool = True
    kernel_initializer: str | Initializer = "glorot_uniform"
    bias_initializer: str | Initializer = "zeros"
    kernel_penalty: Penalty | None = None
    bias_penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_positive(self, units=self.units, pieces=self.pieces)
        check_penalties(self, kernel_penalty=self.kernel_penalty, bias_penalty=self.bias_penalty)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        shape = (features(x), self.units * self.pieces)
        y = matmul(x, scope.parameter("kernel", shape, self.kernel_initializer, self.kernel_penalty))
        if self.use_bias:
            y = y + scope.parameter("bias", shape[1:], self.bias_initializer, self.bias_penalty)
        return maxout(y, self.pieces)
