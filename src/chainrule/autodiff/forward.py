"""Forward mode, graph to graph: tangents flow from inputs to a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainrule.autodiff.arguments import fresh, leaves, leaves_like, mapped
from chainrule.errors import ShapeError
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Expandable, Primitive
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.ops.creation import zeros
from chainrule.ops.kinds.conversion import cast

_TANGENTS = Message(
    "jvp.tangents",
    en="jvp: the tangents have shapes {tangents}, but the arguments have {primals}; give each argument one of its own.",
    zh="jvp：切向量的形状为 {tangents}，但参数的形状为 {primals}；请为每个参数给出形状相同的切向量。",
)


def pushforward(roots: Sequence[Tensor], tangents: Mapping[Tensor, Tensor]) -> list[Tensor | None]:
    """The derivative of each root along the tangents of some nodes; None where none arrives."""
    known = {x: tangent for x, tangent in tangents.items() if x.dtype.floating}
    for node in topological(roots, expanded_inputs):
        inputs = expanded_inputs(node)
        if node in known or not node.dtype.floating or not any(x in known for x in inputs):
            continue  # whole numbers have no derivative
        if isinstance(node.operation, Expandable):
            tangent = known.get(node.expansion)
        else:
            assert isinstance(node.operation, Primitive)
            tangent = node.operation.jvp(node, [known.get(x) for x in inputs])
        if tangent is not None:
            known[node] = tangent
    return [known.get(root) for root in roots]


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The function's value and its derivative along one direction (forward mode).

        ẏ = ∂y/∂x · ẋ

    One sweep costs a small multiple of the function, whatever the number of results.

    Shapes:   ẋ as x; ẏ as y
    Raises:   ShapeError if a tangent's shape is not its argument's.
    Example:
        >>> jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0, 10.0]])
        (Tensor([1. 4.], shape=(2,), dtype=float32), Tensor([ 2. 40.], shape=(2,), dtype=float32))
    """
    arguments = [fresh(p) for p in primals]
    inputs, directions = leaves(arguments), leaves_like(arguments, tangents)
    if [x.shape for x in inputs] != [d.shape for d in directions]:
        shown = [", ".join(show_shape(x.shape) for x in group) for group in (directions, inputs)]
        raise ShapeError(_TANGENTS(tangents=shown[0], primals=shown[1]))
    directions = [cast(d, x.dtype) for x, d in zip(inputs, directions, strict=True)]
    result = function(*arguments)
    outputs = leaves(result)
    found = pushforward(outputs, dict(zip(inputs, directions, strict=True)))
    by_output = dict(zip(outputs, found, strict=True))
    return result, mapped(lambda y: zeros_for(y, by_output.get(y)), result)


def zeros_for(y: Tensor, derivative: Tensor | None) -> Tensor:
    """The derivative, or zeros where there is none."""
    return zeros(y.shape, y.dtype) if derivative is None else derivative
