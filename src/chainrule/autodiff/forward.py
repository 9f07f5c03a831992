"""Forward mode, graph to graph: tangents flow from inputs to a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from chainrule.autodiff.arguments import check_function, fresh, leaves, leaves_like, mapped
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import show_shape
from chainrule.graph.looking import taking_out
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
_LISTS = Message(
    "jvp.lists",
    en="jvp takes a list of arguments and a list of tangents, even of one: cr.jvp(f, [x], [v]); it was given {primals} "
    "and {tangents}.",
    zh="jvp 接受参数列表和切向量列表，即使只有一个：cr.jvp(f, [x], [v])；给出的是 {primals} 和 {tangents}。",
)
_TAKEN_OUT = Message(
    "gradient.taken_out",
    en="a function that is being differentiated takes the numbers out of {node}, with float(), .item(), .numpy(), "
    "cr.tensor() or a function of math or NumPy; the derivative through them would be lost. Compute with chainrule's "
    "operations, e.g. cr.sin(x), or make a constant of what is meant as one: float(cr.stop_gradient(x)).",
    zh="正在求导的函数用 float()、.item()、.numpy()、cr.tensor() 或 math、NumPy 的函数取出了 {node} 的数值；"
    "经过它们的导数会丢失。请使用 chainrule 的操作，例如 cr.sin(x)；若本应是常数，请明确写成常数："
    "float(cr.stop_gradient(x))。",
)
_ITS_ARGUMENT = Message("gradient.its_argument", en="its argument {shape}", zh="其参数 {shape}")


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


@contextmanager
def differentiating(by: Sequence[Tensor]) -> Iterator[None]:
    """While a function runs on these nodes, nobody takes numbers out that a derivative by them goes through.

    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> x = tensor(2.0)
        >>> with differentiating([x]):
        ...     float(x * x)
        Traceback (most recent call last):
        chainrule.errors.GradientError: a function that is being differentiated takes the numbers out of multiply ...
    """
    before = taking_out.get()
    directions = {x: x for x in by}  # any would do: asked is whether one arrives

    def require_leave(tensor: Tensor) -> None:
        before(tensor)
        if pushforward([tensor], directions)[0] is not None:
            argument = _ITS_ARGUMENT(shape=show_shape(tensor.shape)) if tensor in directions else None
            raise GradientError(_TAKEN_OUT(node=argument or tensor.describe()))

    token = taking_out.set(require_leave)
    try:
        yield
    finally:
        taking_out.reset(token)


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The function's value and its derivative along one direction (forward mode).

        ẏ = ∂y/∂x · ẋ

    One sweep costs a small multiple of the function, whatever the number of results.

    Shapes:   ẋ as x; ẏ as y
    Raises:   ShapeError if a tangent's shape is not its argument's; GradientError if the function takes numbers out of
              what depends on its arguments, e.g. with float().
    Example:
        >>> jvp(lambda x: x * x, [[1.0, 2.0]], [[1.0, 10.0]])
        (Tensor([1. 4.], shape=(2,), dtype=float32), Tensor([ 2. 40.], shape=(2,), dtype=float32))
    """
    check_function("jvp", function)
    if not (isinstance(primals, list | tuple) and isinstance(tangents, list | tuple)):
        raise UsageError(_LISTS(primals=type(primals).__name__, tangents=type(tangents).__name__))
    arguments = [fresh(p) for p in primals]
    inputs, directions = leaves(arguments), leaves_like(arguments, tangents)
    if [x.shape for x in inputs] != [d.shape for d in directions]:
        shown = [", ".join(show_shape(x.shape) for x in group) for group in (directions, inputs)]
        raise ShapeError(_TANGENTS(tangents=shown[0], primals=shown[1]))
    directions = [cast(d, x.dtype) for x, d in zip(inputs, directions, strict=True)]
    with differentiating(inputs):
        result = function(*arguments)
    outputs = leaves(result)
    found = pushforward(outputs, dict(zip(inputs, directions, strict=True)))
    by_output = dict(zip(outputs, found, strict=True))
    return result, mapped(lambda y: zeros_for(y, by_output.get(y)), result)


def zeros_for(y: Tensor, derivative: Tensor | None) -> Tensor:
    """The derivative, or zeros where there is none."""
    return zeros(y.shape, y.dtype) if derivative is None else derivative
