"""A training step and an evaluation step as pure graphs, and how they are run on arrays.

    (batch, sample weights, parameters, slots, states, scalars, seed, step)
        → (loss, sums of the metrics, new parameters, new slots, new states)

Everything that a person may turn while training is an input; nothing is rebuilt when it turns.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.autodiff.arguments import leaves, rebuild
from chainrule.autodiff.reverse import gradients
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.execute import Program
from chainrule.graph.dtype import float64, int64
from chainrule.graph.extent import batch, show_shape
from chainrule.graph.operation import Array
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message, suggestion
from chainrule.nn.network import Network, shape_of
from chainrule.nn.scope import Mixing
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import add, where
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.mixing import roll_samples
from chainrule.optim import Optimizer
from chainrule.train.metrics import Objective
from chainrule.train.precision import Precision, in_precision
from chainrule.train.samples import Samples

__all__ = ["EvaluationStep", "TrainingStep"]

_NO_PARAMETERS = Message(
    "step.no_parameters",
    en="the network has no parameters, so there is nothing to train. Add a layer that has some, such as Dense.",
    zh="该网络没有参数，无可训练。请添加带参数的层，例如 Dense。",
)
_NAME_MISSING = Message(
    "step.name_missing",
    en="The model's {kind} lack '{name}', which its network has. Put it back, or build the model anew.",
    zh="模型的 {kind} 缺少其网络所需的“{name}”。请将其放回，或重新构建模型。",
)
_NAME_UNKNOWN = Message(
    "step.name_unknown",
    en="The model's {kind} hold '{name}', which its network does not have.{suggestion}",
    zh="模型的 {kind} 中有其网络没有的“{name}”。{suggestion}",
)
_NO_INFLUENCE = Message(
    "step.no_influence",
    en="no parameter influences the loss, which is computed from {sources} only. Let the loss use the network's"
    " outputs, and these its layers.",
    zh="没有任何参数影响损失，它只由 {sources} 计算得出。请让损失使用网络的输出，并让输出依赖于各层。",
)
_NO_TENSOR = Message(
    "step.no_tensor",
    en="{name} gives {given}, but must give a tensor of one number for each sample. Return what chainrule's operations"
    " make of outputs and targets.",
    zh="{name} 的结果是 {given}，但必须是张量，每个样本一个数。请返回由 chainrule 的运算从输出与目标得到的结果。",
)
_PER_SAMPLE = Message(
    "step.per_sample",
    en="{name} gives shape {shape}, but must give one number for each sample, shape (batch,): take its mean over the"
    " other axes, and leave the mean over samples to the training.",
    zh="{name} 的结果形状为 {shape}，但必须为每个样本给出一个数，即形状 (batch,)："
    "请只对其他轴取平均，对样本的平均由训练完成。",
)

_MIXED_TWICE = Message(
    "step.mixed_twice",
    en="the network mixes samples more than once, so that it is unclear whose targets belong to them. Keep one"
    " MixUp, and give it all inputs together, as a tuple.",
    zh="该网络多次混合样本，无法判断它们对应谁的目标。请只保留一个 MixUp，并以元组形式将所有输入一并交给它。",
)

Arrays: TypeAlias = dict[str, Array]
Slots: TypeAlias = dict[str, dict[str, Array]]


@dataclass(frozen=True, eq=False)
class Sums:
    """What a batch adds to the means of an epoch: as graph, tensors; when run, arrays."""

    loss: Any
    weight: Any
    metrics: dict[str, Any]

    @classmethod
    def of(cls, values: Iterable[Any], metrics: Iterable[str]) -> Sums:
        """From what `values` gives, and the names of the metrics."""
        loss, weight, *others = values
        return cls(loss, weight, dict(zip(metrics, others, strict=True)))

    @property
    def values(self) -> list[Any]:
        """All of them in one order, in which programs give them."""
        return [self.loss, self.weight, *self.metrics.values()]


class Data:
    """The inputs of a step that hold the batch, beside the network's own."""

    def __init__(self, network: Network, samples: Samples) -> None:
        self.inputs, dtype = network.inputs, network.dtype
        self.targets = tuple(
            input_tensor(f"y{k or ''}", (batch, *y.shape[1:]), dtype if y.dtype.kind == "f" else int64)
            for k, y in enumerate(samples.targets)
        )
        self.weight = input_tensor("sample_weight", (batch,), dtype)

    def bindings(self, samples: Samples) -> dict[Tensor, Array]:
        weight = np.ones(len(samples), np.float32) if samples.weight is None else samples.weight
        given = zip((*self.inputs, *self.targets), (*samples.inputs, *samples.targets), strict=True)
        return {**dict(given), self.weight: weight}

    def sums(self, objective: Objective, outputs: Any, mixings: Sequence[Mixing] = ()) -> Sums:
        """Σ w·ℓ / Σ w, and Σ of each metric; where samples are mixed, ℓ and w are those of both, by their shares."""
        if len(mixings) > 1:
            raise UsageError(_MIXED_TWICE())
        targets = _one_or_all(self.targets)
        weighted = _per_sample("loss", objective.loss(outputs, targets)) * self.weight
        for mixing in mixings:
            theirs = _one_or_all([roll_samples(target, mixing.turn) for target in self.targets])
            other = _per_sample("loss", objective.loss(outputs, theirs)) * roll_samples(self.weight, mixing.turn)
            weighted = mixing.shares * weighted + (1.0 - mixing.shares) * other
        total = sum(self.weight)
        loss = sum(weighted) / where(total > 0.0, total, 1.0)  # 0 where no sample counts
        metrics = {
            name: sum(cast(_per_sample(name, metric(outputs, targets)), self.weight.dtype))
            for name, metric in objective.metrics.items()
        }
        return Sums(loss, total, metrics)


def _one_or_all(targets: Sequence[Tensor]) -> Any:
    return targets[0] if len(targets) == 1 else tuple(targets)


def _per_sample(name: str, values: Any) -> Tensor:
    if not isinstance(values, Tensor):
        raise UsageError(_NO_TENSOR(name=name, given=type(values).__name__))
    if values.shape != (batch,):
        raise ShapeError(_PER_SAMPLE(name=name, shape=show_shape(values.shape)))
    return values


@dataclass(frozen=True, eq=False)
class StepValues:
    """What a training step gives."""

    sums: Sums
    parameters: Arrays
    slots: Slots
    states: Arrays


class TrainingStep:
    """One update of the parameters, as a graph of named outputs.

    loss      what is lowered, at the parameters as they are: that of the samples, and the penalties
    result    what the optimizer makes of it
    outputs   what a step gives, in the model's precision
    exact     the same without its shorter products: what it is made of can be found by `loss` and `network`

    Shapes:   targets and metrics as `samples` have them, whose arrays tell shapes and types
    Raises:   GradientError if no parameter influences the loss through differentiable operations, naming the node that
              stops the gradient; the loss's own ShapeError if outputs and targets do not fit.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        optimizer: Optimizer,
        samples: Samples,
        precision: Precision = "float32",
    ) -> None:
        if not network.parameters:
            raise UsageError(_NO_PARAMETERS())
        self.network, self.optimizer = network, optimizer
        self.data = Data(network, samples)
        self.parameters = {name: p.tensor for name, p in network.parameters.items()}
        self.states = {name: s.tensor for name, s in network.states.items()}
        self.slots = {
            name: {slot: input_tensor(f"{name}/{slot}", p.shape, p.dtype) for slot in optimizer.slots(name, p.shape)}
            for name, p in self.parameters.items()
        }
        self.scalars = {name: input_tensor(name, (), float64) for name in optimizer.scalars()}
        self.update = input_tensor("t", (), int64)

        sums = self.data.sums(objective, network.training, network.mixings)
        _refuse_untrainable(sums.loss, list(self.parameters.values()), optimizer.needs_gradient)
        self.loss = functools.reduce(add, network.penalties, sums.loss)
        carried = {"sums": [sums.weight, *sums.metrics.values()], "states": {**self.states, **network.updates}}

        def loss_of(parameters: dict[str, Tensor]) -> tuple[Tensor, Any]:
            replaced = {self.parameters[n]: p for n, p in parameters.items() if p is not self.parameters[n]}
            loss, *aux = substituted([self.loss, *leaves(carried)], replaced)
            return loss, rebuild(carried, aux)

        counters = {"t": self.update, "seed": network.seed, "step": network.step}
        self.result = result = optimizer.step(loss_of, self.parameters, self.slots, {**self.scalars, **counters})
        self.metrics = list(sums.metrics)
        self.exact: Any = {
            "sums": [result.loss, *result.aux["sums"]],
            "parameters": result.parameters,
            "slots": result.slots,
            "states": result.aux["states"],
        }
        self.outputs: Any = rebuild(self.exact, in_precision(leaves(self.exact), precision))
        self._program = Program(leaves(self.outputs))
        numbers = rebuild(self.outputs, range(len(leaves(self.outputs))))
        self.sum_numbers: list[int] = numbers["sums"]
        self.carried: dict[Tensor, int] = {
            tensor: numbers[kind][name]
            for kind, tensors in (("parameters", self.parameters), ("states", self.states))
            for name, tensor in tensors.items()
        } | {self.slots[name][slot]: k for name, own in numbers["slots"].items() for slot, k in own.items()}

    def initial_slots(self) -> Slots:
        """The slots before the first update."""
        return {
            name: {
                slot: np.full(shape_of(p), value, p.dtype.numpy)
                for slot, value in self.optimizer.slots(name, p.shape).items()
            }
            for name, p in self.parameters.items()
        }

    def bindings(
        self,
        samples: Samples,
        parameters: Arrays,
        states: Arrays,
        slots: Slots,
        scalars: Mapping[str, float],
        *,
        seed: int,
        step: int,
        update: int,
    ) -> dict[Tensor, Any]:
        """What the step's inputs are bound to; `scalars` are optimizer's and network's, `update` is from 1 on."""
        bindings = self.data.bindings(samples) | network_bindings(self.network, parameters, states, scalars)
        bindings |= {self.slots[n][slot]: value for n, own in slots.items() for slot, value in own.items()}
        bindings |= {tensor: scalars[name] for name, tensor in self.scalars.items()}
        return bindings | {self.network.seed: seed, self.network.step: step, self.update: update}

    def values(self, found: Sequence[Any]) -> StepValues:
        """What a program of the step's outputs gave, by name."""
        values = rebuild(self.outputs, found)
        sums = Sums.of(values["sums"], self.metrics)
        return StepValues(sums, values["parameters"], values["slots"], values["states"])

    def run(self, bindings: Mapping[Tensor, Any]) -> StepValues:
        """The step on one batch, in the reference executor."""
        return self.values(self._program.run(bindings))


class EvaluationStep:
    """Loss and metrics in inference mode; the loss is that of training, penalties included.

    A penalty that depends on the samples belongs to the training mode, and is left out.
    """

    def __init__(
        self, network: Network, objective: Objective, samples: Samples, precision: Precision = "float32"
    ) -> None:
        self.network, self.data = network, Data(network, samples)
        of_samples = {*network.inputs, network.seed, network.step}
        penalties = tuple(p for p in network.penalties if of_samples.isdisjoint(topological([p])))
        sums = self.data.sums(objective, network.inference)
        penalized = replace(sums, loss=functools.reduce(add, penalties, sums.loss))
        self.outputs = Sums.of(in_precision(penalized.values, precision), sums.metrics)
        self._program = Program(self.outputs.values)

    def run(self, samples: Samples, parameters: Arrays, states: Arrays, scalars: Mapping[str, float]) -> Sums:
        """The sums of one batch."""
        bindings = self.data.bindings(samples) | network_bindings(self.network, parameters, states, scalars)
        return Sums.of(self._program.run(bindings), self.outputs.metrics)


def network_bindings(
    network: Network, parameters: Arrays, states: Arrays, scalars: Mapping[str, float]
) -> dict[Tensor, Any]:
    """What the network's own inputs are bound to.

    Raises:   UsageError where somebody has taken a name away, or added one.
    """
    bindings: dict[Tensor, Any] = {}
    for kind, declared, given in (
        ("parameters", network.parameters, parameters),
        ("states", network.states, states),
        ("scalars", network.scalars, scalars),
    ):
        own = given.keys() & declared.keys() if kind == "scalars" else given.keys()  # the optimizer's may stand beside
        for name in declared.keys() ^ own:
            message = _NAME_MISSING if name in declared else _NAME_UNKNOWN
            raise UsageError(message(kind=kind, name=name, suggestion=suggestion(name, declared)))
        bindings |= {entry.tensor: given[name] for name, entry in declared.items()}
    return bindings


def _refuse_untrainable(loss: Tensor, parameters: list[Tensor], by_gradient: bool) -> None:
    """Whatever the penalties, the samples must be able to teach the parameters something."""
    if by_gradient:
        gradients(loss, parameters)
    order = topological([loss])
    if set(parameters).isdisjoint(order):
        sources = [node.describe() for node in order if not node.inputs and node.name]
        raise GradientError(_NO_INFLUENCE(sources=", ".join(sources) or loss.describe()))
