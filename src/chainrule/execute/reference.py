"""Evaluation of a graph in NumPy: inputs before users, each value freed after its last use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import DTypeError, GraphError, ShapeError
from chainrule.execute.threads import one_thread
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import Batch, concrete_shape, show_shape
from chainrule.graph.looking import taking_out
from chainrule.graph.operation import Array, Expandable, Primitive
from chainrule.graph.tensor import SOURCE, Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message

_WRONG_SHAPE = Message(
    "execute.wrong_shape",
    en="the input {input} was given an array of shape {given}. Give one whose axes have these sizes.",
    zh="输入 {input} 得到了形状为 {given} 的数组。请提供各轴大小相符的数组。",
)
_NOT_AN_INPUT = Message(
    "execute.not_an_input",
    en="{node} is not an input: its value follows from the graph. Bind inputs made with cr.input_tensor, or build the "
    "graph on such an input.",
    zh="{node} 不是输入：它的值由图决定。请绑定用 cr.input_tensor 创建的输入，或基于这样的输入构建图。",
)
_TWO_SIZES = Message(
    "execute.two_sizes",
    en="the inputs disagree on the size of the batch: {first} and {second} samples. Give every input as many samples.",
    zh="各输入的批量大小不一致：{first} 与 {second} 个样本。请让每个输入的样本数相同。",
)
_NOT_NUMBERS = Message(
    "execute.not_numbers",
    en="the input {input} was given {given}, which is no array of numbers. Give numbers, with as many entries in every "
    "row.",
    zh="输入 {input} 得到了 {given}，它不是数值数组。请给出数值，且每行的元素个数相同。",
)
_NOT_A_TENSOR = Message(
    "execute.not_a_tensor",
    en="{given} is not a tensor, so nothing can be bound to it. Bindings are by the tensors that cr.input_tensor made, "
    "not by their names.",
    zh="{given} 不是张量，无法绑定。请以 cr.input_tensor 创建的张量（而非其名称）作为键。",
)


class Program:
    """An order of evaluation for some outputs, worked out once and run as often as wanted.

    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> x = input_tensor("x", (3,))
        >>> Program([x * 2]).run({x: [1, 2, 3]})
        [array([2., 4., 6.], dtype=float32)]
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self.outputs = list(outputs)
        self.order = topological(self.outputs, _needed)
        last: dict[Tensor, int] = {}
        for k, node in enumerate(self.order):
            for x in _needed(node):
                last[x] = k
        kept = set(self.outputs)
        self._dead_after: list[list[Tensor]] = [[] for _ in self.order]
        for x, k in last.items():
            if x not in kept:
                self._dead_after[k].append(x)

    def run(self, bindings: Mapping[Tensor, ArrayLike] | None = None, *, batch: int | None = None) -> list[Array]:
        """The outputs' values; inputs without a value of their own must be bound."""
        values, batch = bound(bindings or {}, batch)
        with np.errstate(all="ignore"), one_thread():
            for node, dead in zip(self.order, self._dead_after, strict=True):
                if node not in values:
                    values[node] = _value(node, values, batch)
                for x in dead:
                    del values[x]
        given = {id(_owner(x)) for x in (bindings or {}).values() if isinstance(x, np.ndarray)}
        results = [values[node] for node in self.outputs]
        # an identity or a reshape gives back the array that was bound; results have memory of their own
        return [value.copy() if id(_owner(value)) in given else value for value in results]

    def trace(
        self, bindings: Mapping[Tensor, ArrayLike] | None = None, *, batch: int | None = None
    ) -> dict[Tensor, Array]:
        """Every value that was computed or bound on the way to the outputs, in order of evaluation.

        What stands behind a value that somebody has already looked at is known and not computed again.
        """
        values, batch = bound(bindings or {}, batch)
        with np.errstate(all="ignore"), one_thread():
            for node in self.order:
                if node not in values:
                    values[node] = _value(node, values, batch)
        return values


def evaluate(outputs: Sequence[Tensor], bindings: Mapping[Tensor, ArrayLike] | None = None) -> list[Array]:
    """The values of some tensors, once."""
    values = Program(outputs).run(bindings)
    for tensor in outputs:
        taking_out.get()(tensor)
    return values


def value_of(tensor: Tensor) -> Array:
    """The value of one tensor, for somebody who looks at it."""
    return Program([tensor]).run()[0]


def _needed(node: Tensor) -> tuple[Tensor, ...]:
    """Evaluation starts at values that are already known."""
    return () if node.value is not None else expanded_inputs(node)


def _value(node: Tensor, values: Mapping[Tensor, Array], batch: int | None) -> Array:
    if node.value is not None:
        return node.value
    if isinstance(node.operation, Expandable):
        return values[node.expansion]
    assert isinstance(node.operation, Primitive)
    # NumPy makes a number, not an array, of a result without axes
    return np.asarray(node.operation.evaluate(node, [values[x] for x in node.inputs], batch))


def _owner(array: Array) -> object:
    """What the array's memory belongs to."""
    return array if array.base is None else array.base


def _numbers(node: object, data: ArrayLike) -> Array:
    """The data as an array in the node's type."""
    if not isinstance(node, Tensor):
        raise GraphError(_NOT_A_TENSOR(given=repr(node)))
    try:
        array = np.asarray(data)
    except ValueError:
        raise ShapeError(_NOT_NUMBERS(input=node.describe(), given="rows of different lengths")) from None
    if array.dtype.kind not in "biuf":
        raise DTypeError(_NOT_NUMBERS(input=node.describe(), given=f"{type(data).__name__} of {array.dtype}"))
    with np.errstate(over="ignore"):  # a number that the type does not hold becomes infinite, here as in a cast node
        return array.astype(node.dtype.numpy, copy=False)


def bound(bindings: Mapping[Tensor, ArrayLike], batch: int | None) -> tuple[dict[Tensor, Array], int | None]:
    """The arrays for the inputs, checked and in the inputs' types, and the size of the batch that they agree on."""
    values: dict[Tensor, Array] = {}
    for node, data in bindings.items():
        array = _numbers(node, data)
        if node.operation is not SOURCE or node.value is not None:
            raise GraphError(_NOT_AN_INPUT(node=node.describe()))
        for extent, size in zip(node.shape, array.shape, strict=False):
            if isinstance(extent, Batch) and array.ndim == node.ndim and size % extent.multiple == 0:
                found = size // extent.multiple
                if batch is not None and found != batch:
                    raise GraphError(_TWO_SIZES(first=batch, second=found))
                batch = found
        values[node] = array
    for node, array in values.items():
        if array.ndim != node.ndim or array.shape != concrete_shape(node.shape, batch):
            raise ShapeError(_WRONG_SHAPE(input=node.describe(), given=show_shape(array.shape)))
    return values, batch
