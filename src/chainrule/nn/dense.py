"""The fully connected layer; with one unit, the artificial neuron."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor
from chainrule.nn.activations import Activate, as_activation
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.penalties import Penalty, check_penalties
from chainrule.nn.scope import Scope
from chainrule.ops.contraction import matmul

__all__ = ["Dense"]


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """M neurons, each connected to all D inputs, as one matrix product.

        Y = f(X W + b);  one neuron: y = f(Σᵢ wᵢ xᵢ + b)

    Parameters: kernel W (D, M), bias b (M,): D·M + M numbers.

    Shapes:   x (batch, …, D) → (batch, …, M), at each position by itself
    Raises:   ShapeError if x has no axis of features.
    Example:
        >>> from chainrule.nn import Dense, trace
        >>> trace(Dense(3), [(4,)]).inference
        Tensor(add, shape=(batch, 3), dtype=float32)
    """

    units: int
    activation: str | Activate | None = None
    use_bias: bool = True
    kernel_initializer: str | Initializer = "glorot_uniform"
    bias_initializer: str | Initializer = "zeros"
    kernel_penalty: Penalty | None = None
    bias_penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_positive(self, units=self.units)
        check_penalties(self, kernel_penalty=self.kernel_penalty, bias_penalty=self.bias_penalty)

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        shape = (features(x), self.units)
        y = matmul(x, scope.parameter("kernel", shape, self.kernel_initializer, self.kernel_penalty))
        if self.use_bias:
            y = y + scope.parameter("bias", (self.units,), self.bias_initializer, self.bias_penalty)
        return as_activation(self.activation)(y)
