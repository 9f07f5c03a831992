"""A type checker for graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError, GraphError
from chainrule.graph.dtype import DType
from chainrule.graph.expansion import expanded_order
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import Batch, is_extent
from chainrule.graph.operation import Attributes, Expandable, Operation, Primitive, Type
from chainrule.graph.tensor import SOURCE, Tensor
from chainrule.graph.verify_nests import problem
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.graph.graph import Graph

_MALFORMED = Message(
    "verify.malformed",
    en="node '{node}': {operation} cannot be applied to {inputs} with the attributes {attributes} ({reason}).",
    zh="节点“{node}”：{operation} 不能应用于 {inputs} 和属性 {attributes}（{reason}）。",
)
_ATTRIBUTE = Message(
    "verify.attribute",
    en="node '{node}': the attribute {name}={value} is not plain data; use numbers, texts, sizes, dtypes and "
    "tuples of them.",
    zh="节点“{node}”：属性 {name}={value} 不是普通数据；请使用数字、文本、尺寸、数据类型及其元组。",
)
_TYPE = Message(
    "verify.type",
    en="node '{node}' says that it is {said}, but {operation} gives {found}.",
    zh="节点“{node}”声明为 {said}，但 {operation} 给出 {found}。",
)
_VALUE = Message(
    "verify.value",
    en="node '{node}' is {said}, but the array that it holds is {found}.",
    zh="节点“{node}”为 {said}，但其保存的数组为 {found}。",
)
_NEST = Message(
    "verify.nest",
    en="node '{node}': the loop nests of {operation} are wrong: {problem}.",
    zh="节点“{node}”：{operation} 的循环嵌套有误：{problem}。",
)


# ------------------------------------------------------------------------------------------------------------ graphs
def verify(graph: Graph) -> None:
    """Type-check every node again, the bodies of composites and the loop nests of primitives included.

    Raises:   GraphError naming the node and what is wrong with it; the operation's own error where inputs do not fit.
    Example:
        >>> from chainrule.graph.graph import Graph
        >>> from chainrule.graph.tensor import input_tensor
        >>> x = input_tensor("x", (3,))
        >>> verify(Graph({"y": x * 2}))
        >>> x.shape = (4,)
        >>> verify(Graph({"y": x * 2}))
        Traceback (most recent call last):
        chainrule.errors.GraphError: node 'x' says that it is float32 (4,), but source gives float32 (3,).
    """
    names = graph.names
    for node in dict.fromkeys([*names, *expanded_order(names)]):
        _check(names.get(node) or node.describe(), node)


def inferred(node: str, operation: Operation, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
    """The type of a result, where inputs and attributes come from data and may be anything."""
    with _understood(node, operation, inputs, attributes):
        return operation.infer(inputs, attributes)


@contextmanager
def _understood(node: str, operation: Operation, inputs: Sequence[Tensor], attributes: Attributes) -> Iterator[None]:
    """Operations are written for what their own functions have checked; anything else may raise anything in them."""
    try:
        yield
    except ChainruleError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        types = f"({', '.join(str(x.type) for x in inputs)})"
        raise GraphError(
            _MALFORMED(node=node, operation=operation.name, inputs=types, attributes=dict(attributes), reason=reason)
        ) from error


def _check(name: str, node: Tensor) -> None:
    operation = node.operation
    for key, value in node.attributes.items():
        if not _plain(value):
            raise GraphError(_ATTRIBUTE(node=name, name=key, value=value))
    with _understood(name, operation, node.inputs, node.attributes):
        found = [operation.infer(node.inputs, node.attributes)]
        if isinstance(operation, Expandable):
            found.append(node.expansion.type)
    for type in found:
        if type != node.type or not all(map(is_extent, node.shape)):
            raise GraphError(_TYPE(node=name, said=node.type, operation=operation.name, found=type))
    value = node.value
    if value is not None and (value.dtype != node.dtype.numpy or value.shape != node.shape):
        raise GraphError(_VALUE(node=name, said=node.type, found=f"{value.dtype} {value.shape}"))
    if isinstance(operation, Primitive) and operation is not SOURCE:
        output = Buffer("y", node.shape, node.dtype)
        inputs = [Buffer(f"x{k}", x.shape, x.dtype) for k, x in enumerate(node.inputs)]
        with _understood(name, operation, node.inputs, node.attributes):
            nests = operation.lower(node, output, inputs)
        if wrong := problem(nests, output, inputs):
            raise GraphError(_NEST(node=name, operation=operation.name, problem=wrong))


def _plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, bool | int | float | str | DType | Batch)
