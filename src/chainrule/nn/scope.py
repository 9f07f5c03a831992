"""What a layer sees while its function is traced: where parameters, state, randomness and scalars come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError, GraphError, ShapeError, UsageError
from chainrule.graph.dtype import DType, float32, int64
from chainrule.graph.extent import Extent, Shape, show_shape
from chainrule.graph.tensor import Tensor, built_at, input_tensor
from chainrule.messages import Message
from chainrule.nn.initializers import Initializer, as_initializer
from chainrule.nn.penalties import Penalty
from chainrule.ops.random import stream_of

if TYPE_CHECKING:
    from chainrule.nn.layer import Layer

__all__ = ["LayerRecord", "Mixing", "Parameter", "Scalar", "Scope", "State"]

_IN_LAYER = Message(
    "scope.in_layer",
    en="layer '{path}'{built_at}: {reason}",
    zh="层“{path}”{built_at}：{reason}",
)
_SEVERAL = Message(
    "scope.several",
    en="it was given a tuple of {count}, which it does not take. If the network has one input, give one array, not a"
    " tuple; else put several together first, e.g. with cr.concatenate.",
    zh="它得到了 {count} 项的元组，而它不接受元组。若网络只有一个输入，请给出单个数组而非元组；"
    "否则请先合并，例如用 cr.concatenate。",
)
_NO_TENSOR = Message(
    "scope.no_tensor",
    en="{what} gives {given}, but should give a tensor, or a tuple of tensors. Is there a return in its function?",
    zh="{what} 给出的是 {given}，但应给出张量或张量的元组。其函数中是否有 return？",
)
_SAME_NAME = Message(
    "scope.same_name",
    en="two layers are called '{path}'. Give one of them another name=, or use one object twice to share parameters.",
    zh="有两个层都叫“{path}”。请用 name= 为其中一个另取名字；若要共享参数，请两次使用同一个对象。",
)
_OTHER_SHAPE = Message(
    "scope.other_shape",
    en="'{name}' has shape {shape}, but is wanted here with shape {wanted}. A layer that is used twice needs inputs of "
    "the same size; use a second layer for the other input.",
    zh="“{name}”的形状为 {shape}，但此处需要 {wanted}。被使用两次的层要求输入大小相同；请为另一个输入使用第二个层。",
)
_SYMBOLIC_SHAPE = Message(
    "scope.symbolic_shape",
    en="'{name}' cannot have shape {shape}: the number of samples differs from batch to batch. Make it from the sizes "
    "of other axes.",
    zh="“{name}”的形状不能为 {shape}：每个批量的样本数可能不同。请用其他轴的大小来确定其形状。",
)
_NO_STATE = Message(
    "scope.no_state",
    en="no state is called '{name}', so it cannot be updated. Declare it first, with scope.state(...).",
    zh="没有名为“{name}”的状态，因此无法更新。请先用 scope.state(...) 声明。",
)
_UPDATE_SHAPE = Message(
    "scope.update_shape",
    en="the state '{name}' has shape {shape} and cannot be updated with a value of shape {given}.",
    zh="状态“{name}”的形状为 {shape}，不能用形状为 {given} 的值更新。",
)
_PENALTY_SHAPE = Message(
    "scope.penalty_shape",
    en="a penalty is one number, but this one has shape {shape}. Sum it first.",
    zh="惩罚项应为单个数，但其形状为 {shape}。请先求和。",
)


Outputs = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Parameter:
    """A learned array: the node that stands for it, and what makes its first value (None where it was loaded)."""

    tensor: Tensor
    initializer: Initializer | None = None


@dataclass(frozen=True, eq=False)
class State:
    """An array that training changes otherwise than by gradients, such as a running mean, and its first value."""

    tensor: Tensor
    value: float


@dataclass(frozen=True, eq=False)
class Scalar:
    """A number that may be turned while training, such as a dropout rate, and its value until somebody does."""

    tensor: Tensor
    default: float


@dataclass(frozen=True, eq=False)
class Mixing:
    """That sample n is blended with sample (n - turn) mod batch, and how large the share of its own is."""

    shares: Tensor
    turn: Tensor


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """What is known of a layer: its path, class, own parameters, and what it gives at its first use, in both modes.

    `training_output` is None where training does not call the layer. `given` and `training_given` are what it is
    applied to; None where the network was loaded or transformed.
    """

    path: str
    kind: str
    output: Outputs
    parameters: tuple[str, ...]
    training_output: Outputs | None = None
    given: Outputs | None = None
    training_given: Outputs | None = None

    @property
    def output_shape(self) -> Shape | tuple[Shape, ...]:
        """The shape of what it gives, or the shapes where it gives several tensors."""
        return self.output.shape if isinstance(self.output, Tensor) else tuple(y.shape for y in self.output)


@dataclass(eq=False)
class Declarations:
    """What the layers of a network have declared by name: one set, on which the traces of both modes stand."""

    dtype: DType = float32
    parameters: dict[str, Parameter] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    scalars: dict[str, Scalar] = field(default_factory=dict)
    seed: Tensor = field(default_factory=lambda: input_tensor("seed", (), int64))
    step: Tensor = field(default_factory=lambda: input_tensor("step", (), int64))
    # By identity: layers that are equal are still two layers. Holding the object keeps its id from being reused.
    paths: dict[int, tuple[Layer, str]] = field(default_factory=dict)


class Scope:
    """What a layer sees while its function is traced; names are under the path of the layer that asks.

    training      whether this trace is the one that is trained on
    seed, step    int64 inputs: what randomness depends on, beside `stream()`
    """

    def __init__(self, declarations: Declarations, *, training: bool) -> None:
        self.training = training
        self.seed, self.step = declarations.seed, declarations.step
        self.path = ""
        self.paths: dict[int, str] = {}
        self.layers: dict[str, LayerRecord] = {}
        self.updates: dict[str, Tensor] = {}
        self.penalties: list[Tensor] = []
        self.mixings: list[Mixing] = []
        self._declared = declarations
        self._penalized: set[str] = set()
        self._streams: dict[str, int] = {}

    # ------------------------------------------------------------------------------------------- what layers declare
    def parameter(
        self, name: str, shape: Sequence[Extent], initializer: Initializer | str, penalty: Penalty | None = None
    ) -> Tensor:
        """A learned array, the same one whenever this layer asks; its penalty counts once."""
        full, declared = self._name(name), self._declared
        if full not in declared.parameters:
            declared.parameters[full] = Parameter(self._input(full, shape), as_initializer(initializer))
        tensor = _same_shape(full, declared.parameters[full].tensor, shape)
        if penalty is not None and full not in self._penalized:
            self._penalized.add(full)
            for term, (factor, size) in penalty.terms(tensor).items():
                self.penalty(self.scalar(f"{name}_{term}", factor) * size)
        return tensor

    def state(self, name: str, shape: Sequence[Extent], value: float) -> Tensor:
        """An array that starts filled with a value and is replaced by `update`; after one, the updated array."""
        full, declared = self._name(name), self._declared
        if full not in declared.states:
            declared.states[full] = State(self._input(full, shape), value)
        tensor = _same_shape(full, declared.states[full].tensor, shape)
        return self.updates.get(full, tensor)

    def update(self, name: str, value: Tensor) -> None:
        """What the state will be after this training step."""
        full = self._name(name)
        if full not in self._declared.states:
            raise UsageError(_NO_STATE(name=full))
        tensor = self._declared.states[full].tensor
        if value.shape != tensor.shape:
            raise ShapeError(_UPDATE_SHAPE(name=full, shape=show_shape(tensor.shape), given=show_shape(value.shape)))
        self.updates[full] = value

    def scalar(self, name: str, default: float) -> Tensor:
        """A number that is an input of every step, so that turning it rebuilds nothing."""
        full, scalars = self._name(name), self._declared.scalars
        if full not in scalars:
            scalars[full] = Scalar(self._input(full, ()), default)
        return scalars[full].tensor

    def penalty(self, term: Tensor) -> None:
        """A number that is added to the loss."""
        if term.shape != ():
            raise ShapeError(_PENALTY_SHAPE(shape=show_shape(term.shape)))
        self.penalties.append(term)

    def mix(self, shares: Tensor, turn: Tensor) -> None:
        """What this layer does to samples n and (n - turn) mod batch, the loss is to do to their targets."""
        self.mixings.append(Mixing(shares, turn))

    def stream(self) -> int:
        """A stream of random numbers of its own: a stable hash of the layer's path and how often it has asked."""
        count = self._streams[self.path] = self._streams.get(self.path, -1) + 1
        return stream_of(f"{self.path}#{count}")

    def _name(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def _input(self, name: str, shape: Sequence[Extent]) -> Tensor:
        if not all(isinstance(extent, int) for extent in shape):
            raise ShapeError(_SYMBOLIC_SHAPE(name=name, shape=show_shape(tuple(shape))))
        return input_tensor(name, shape, self._declared.dtype)

    # ----------------------------------------------------------------------------------------------- calls of layers
    def call(self, layer: Layer, x: Any) -> Any:
        """The layer's function, under the layer's path."""
        outer, path, kind = self.path, self._path_of(layer), type(layer).__name__
        first = path not in self.layers
        if first:
            self.layers[path] = LayerRecord(path, kind, (), ())  # an outer layer stands before its inner ones
        self.path = path
        try:
            y = outputs(layer.apply(x, self), kind)
        except ChainruleError as error:
            if error.__cause__ is not None:  # an inner layer has said where
                raise
            raise type(error)(_IN_LAYER(path=path, built_at=built_at(layer.where), reason=error)) from error
        except (AttributeError, TypeError) as error:
            if not isinstance(x, list | tuple):
                raise
            reason = _SEVERAL(count=len(x))  # few layers take several, and nothing but their functions says which
            raise UsageError(_IN_LAYER(path=path, built_at=built_at(layer.where), reason=reason)) from error
        finally:
            self.path = outer
        if first:
            own = tuple(name for name in self._declared.parameters if name.rpartition("/")[0] == path)
            self.layers[path] = LayerRecord(path, kind, y, own, given=_tensors(x))
        return y

    def _path_of(self, layer: Layer) -> str:
        """The path of the layer's first use, in the trace of either mode."""
        if id(layer) not in self.paths:
            known = self._declared.paths.get(id(layer))
            self.paths[id(layer)] = known[1] if known else self._new_path(layer)
            self._declared.paths[id(layer)] = (layer, self.paths[id(layer)])
        return self.paths[id(layer)]

    def _new_path(self, layer: Layer) -> str:
        taken = set(self.paths.values())
        path = self._name(layer.name or snake_case(type(layer).__name__))
        if path not in taken:
            return path
        if layer.name:
            raise GraphError(_SAME_NAME(path=path))
        return next(numbered for k in range(1, len(taken) + 1) if (numbered := f"{path}_{k}") not in taken)


def _tensors(given: Any) -> Outputs | None:
    """What a layer is applied to, where it is tensors and nothing else."""
    if isinstance(given, list | tuple):
        return tuple(given) if all(isinstance(x, Tensor) for x in given) else None
    return given if isinstance(given, Tensor) else None


def outputs(given: Any, what: str) -> Outputs:
    """What a layer or an architecture gives, once it is certain that it consists of tensors."""
    if isinstance(given, list | tuple) and given and all(isinstance(y, Tensor) for y in given):
        return tuple(given)
    if not isinstance(given, Tensor):
        raise UsageError(_NO_TENSOR(what=what, given=type(given).__name__))
    return given


def snake_case(name: str) -> str:
    """A class's name as a layer's: MaxPool2D is max_pool2d, ReLU relu, RMSNormalization rms_normalization."""
    words = r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z0-9]{2})(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z]{3})"
    return re.sub(words, "_", name).lower()


def _same_shape(name: str, tensor: Tensor, shape: Sequence[Extent]) -> Tensor:
    if tensor.shape != tuple(shape):
        raise ShapeError(_OTHER_SHAPE(name=name, shape=show_shape(tensor.shape), wanted=show_shape(tuple(shape))))
    return tensor
