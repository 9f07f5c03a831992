"""Recurrent layers, written out step by step for series of one length.

A graph has no loops: a series of T steps becomes T times the nodes of one step, and as many kernels of native code. An
LSTM has 17 nodes a step, a GRU 21, a SimpleRNN 5. An LSTM of 32 units over 32 steps takes 7 seconds of processor time
to compile, once, and a training step on 64 samples 2 ms; both grow with the number of steps and hardly with the units.
`python -m benchmarks.unrolling` measures it. Hundreds of steps are better told by convolutions or attention.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.activations import Activate, as_activation
from chainrule.nn.initializers import Floats, Initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.names import refuse_class
from chainrule.nn.scope import Scope
from chainrule.ops.arrangement import stack
from chainrule.ops.contraction import matmul
from chainrule.ops.creation import zeros
from chainrule.ops.parts import concatenate

__all__ = ["GRU", "LSTM", "Bidirectional", "SimpleRNN"]

_SERIES = Message(
    "recurrent.series",
    en="x {x} needs the axes (batch, steps, features), with a number of steps that is known and at least 1. "
    "Series of other lengths are padded to one.",
    zh="x {x} 需要轴 (batch, steps, features)，且步数已知并至少为 1。其他长度的序列请填充到同一长度。",
)
_LAYER = Message(
    "bidirectional.layer",
    en="Bidirectional takes a SimpleRNN, LSTM or GRU, but was given {given}.",
    zh="Bidirectional 需要 SimpleRNN、LSTM 或 GRU，但得到的是 {given}。",
)
_MERGE = Message(
    "bidirectional.merge_mode",
    en="Bidirectional(merge_mode={merge_mode!r}): choose one of: {known}.",
    zh="Bidirectional(merge_mode={merge_mode!r})：可选：{known}。",
)

State = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Recurrent(Layer):
    """What recurrent layers have in common: their kernels, and the walk along the series from a state of zeros."""

    units: int
    activation: str | Activate | None = "tanh"
    use_bias: bool = True
    return_sequences: bool = False
    go_backwards: bool = False
    kernel_initializer: str | Initializer = "glorot_uniform"
    recurrent_initializer: str | Initializer = "orthogonal"

    gates: ClassVar[int]
    bias_for_state: ClassVar[bool] = False  # whether what comes from the state has a bias of its own

    def __post_init__(self) -> None:
        check_positive(self, units=self.units)

    @abstractmethod
    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        """The next state, whose first part is the output, from what x and the last output give to the gates."""

    def bias_initializer(self) -> str | Initializer:
        """First values of the bias."""
        return "zeros"

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        steps = x.shape[1] if x.ndim == 3 else 0
        if not isinstance(steps, int) or steps == 0:
            raise ShapeError(_SERIES(x=show_shape(x.shape)))
        width = self.gates * self.units
        inputs = matmul(x, scope.parameter("kernel", (features(x), width), self.kernel_initializer))
        kernel = scope.parameter("recurrent_kernel", (self.units, width), self.recurrent_initializer)
        nothing = zeros((width,), x.dtype)
        if self.use_bias:
            inputs = inputs + scope.parameter("bias", (width,), self.bias_initializer())
        if self.use_bias and self.bias_for_state:
            nothing = scope.parameter("recurrent_bias", (width,), "zeros")
        state: State = (zeros((self.units,), x.dtype),) * 2
        outputs: list[Tensor] = []
        for t in reversed(range(steps)) if self.go_backwards else range(steps):
            recurrent = matmul(state[0], kernel) + nothing if outputs else nothing
            state = self.step(inputs[:, t], recurrent, state)
            outputs.append(state[0])
        return stack(outputs, 1) if self.return_sequences else outputs[-1]

    def split(self, x: Tensor) -> list[Tensor]:
        """The part of each gate."""
        return [x[..., k * self.units : (k + 1) * self.units] for k in range(self.gates)]


@dataclass(frozen=True, eq=False)
class SimpleRNN(Recurrent):
    """Neurons that see the series step by step, and their own outputs of the step before.

        h_t = f(x_t W + h_{t-1} U + b),  h_0 = 0

    The output is the last h, with return_sequences all of them, in the order in which they were made; go_backwards
    reads the series from its end. Defaults are Keras's.

    Parameters: kernel W (features, units), recurrent_kernel U (units, units), bias b (units,).

    Shapes:   x (batch, steps, features) → (batch, units), or (batch, steps, units)
    Raises:   ShapeError if x is no series; UsageError if units is not positive.
    Source:   Elman 1990
    Example:
        >>> from chainrule.nn import SimpleRNN, trace
        >>> trace(SimpleRNN(4, return_sequences=True), [(10, 3)]).inference.shape
        (batch, 10, 4)
    """

    gates: ClassVar[int] = 1

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        return (as_activation(self.activation)(inputs + recurrent),)


@dataclass(frozen=True)
class ForgetBias(Initializer):
    """1 for the forget gate, which is the second of four, and 0 for the others."""

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Floats:
        return np.repeat(np.array([0.0, 1.0, 0.0, 0.0], np.float32), shape[0] // 4)


@dataclass(frozen=True, eq=False)
class LSTM(Recurrent):
    """Long short-term memory: a cell c that gates let be filled, emptied and read, so that gradients last.

        i, f, g, o = parts of x_t W + h_{t-1} U + b
        c_t = σ(f) c_{t-1} + σ(i) tanh(g),  h_t = σ(o) tanh(c_t),  h_0 = c_0 = 0

    The output is the last h, with return_sequences all of them, in the order in which they were made; go_backwards
    reads the series from its end. Order of the gates and defaults are Keras's; its bias is PyTorch's two together, and
    starts as 1 for the forget gate unless unit_forget_bias=False.

    Parameters: kernel W (features, 4·units), recurrent_kernel U (units, 4·units), bias b (4·units,).

    Shapes:   x (batch, steps, features) → (batch, units), or (batch, steps, units)
    Raises:   ShapeError if x is no series; UsageError if units is not positive.
    Source:   Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber and Cummins 2000; its bias: Jozefowicz,
              Zaremba and Sutskever 2015
    Example:
        >>> from chainrule.nn import LSTM, trace
        >>> trace(LSTM(4), [(10, 3)]).parameter_count
        128
    """

    recurrent_activation: str | Activate | None = "sigmoid"
    unit_forget_bias: bool = True

    gates: ClassVar[int] = 4

    def bias_initializer(self) -> str | Initializer:
        return ForgetBias() if self.unit_forget_bias else "zeros"

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        f, gate = as_activation(self.activation), as_activation(self.recurrent_activation)
        fill, keep, new, read = self.split(inputs + recurrent)
        cell = gate(keep) * state[1] + gate(fill) * f(new)
        return gate(read) * f(cell), cell


@dataclass(frozen=True, eq=False)
class GRU(Recurrent):
    """Gated recurrent unit: a gate z says how much of the state stays, a gate r how much of it makes the new one.

        z, r = σ of parts of x_t W + b + h_{t-1} U + b',  n = tanh(x_t W_n + b_n + σ(r) (h_{t-1} U_n + b'_n))
        h_t = z h_{t-1} + (1 - z) n,  h_0 = 0

    The output is the last h, with return_sequences all of them, in the order in which they were made; go_backwards
    reads the series from its end. Gates stand in Keras's order z, r, n. The reset gate acts after the product with U,
    as in Keras's default (reset_after=True), PyTorch and cuDNN; the first version of the paper has it before.

    Parameters: kernel W (features, 3·units), recurrent_kernel U (units, 3·units), bias b, recurrent_bias b' (3·units,).

    Shapes:   x (batch, steps, features) → (batch, units), or (batch, steps, units)
    Raises:   ShapeError if x is no series; UsageError if units is not positive.
    Source:   Cho, van Merriënboer, Gulcehre and others 2014
    Example:
        >>> from chainrule.nn import GRU, trace
        >>> trace(GRU(4), [(10, 3)]).parameter_count
        108
    """

    recurrent_activation: str | Activate | None = "sigmoid"

    gates: ClassVar[int] = 3
    bias_for_state: ClassVar[bool] = True

    def step(self, inputs: Tensor, recurrent: Tensor, state: State) -> State:
        f, gate = as_activation(self.activation), as_activation(self.recurrent_activation)
        (x_z, x_r, x_n), (h_z, h_r, h_n) = self.split(inputs), self.split(recurrent)
        stay = gate(x_z + h_z)
        new = f(x_n + gate(x_r + h_r) * h_n)
        return (stay * state[0] + (1.0 - stay) * new,)


MERGES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "concat": lambda a, b: concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) * 0.5,
}


@dataclass(frozen=True, eq=False)
class Bidirectional(Layer):
    """A recurrent layer from the beginning of a series, and one of its own like it from the end.

        y = merge(forward(x), backward(x)), with sequences both in the order of x

    The layer given is a pattern: two copies of it are made, called "forward" and "backward". merge_mode is Keras's:
    "concat" puts their features side by side, "sum", "mul" and "ave" combine them.

    Shapes:   x (batch, steps, features) → (batch, 2·units) or (batch, steps, 2·units); units if they are combined
    Raises:   UsageError if it is given another layer, or merge_mode is not known.
    Source:   Schuster and Paliwal 1997
    Example:
        >>> from chainrule.nn import GRU, Bidirectional, trace
        >>> trace(Bidirectional(GRU(4)), [(10, 3)]).inference.shape
        (batch, 8)
    """

    layer: Recurrent
    merge_mode: str = "concat"

    forward: Recurrent = field(init=False, repr=False)
    backward: Recurrent = field(init=False, repr=False)

    def __post_init__(self) -> None:
        refuse_class("the layer of Bidirectional", self.layer)
        if not isinstance(self.layer, Recurrent):
            raise UsageError(_LAYER(given=type(self.layer).__name__))
        if self.merge_mode not in MERGES:
            raise UsageError(_MERGE(merge_mode=self.merge_mode, known=", ".join(MERGES)))
        turned = not self.layer.go_backwards
        object.__setattr__(self, "forward", replace(self.layer, name="forward"))
        object.__setattr__(self, "backward", replace(self.layer, name="backward", go_backwards=turned))

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        forward, backward = self.forward(x, scope), self.backward(x, scope)
        if self.layer.return_sequences:
            backward = backward[:, ::-1]
        return MERGES[self.merge_mode](forward, backward)
