"""Reverse mode, graph to graph: cotangents flow from a result to its inputs, and paths add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, TypeAlias

from chainrule.autodiff.arguments import check_function, fresh, leaves, leaves_like, rebuild
from chainrule.autodiff.forward import differentiating
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Expandable, Primitive
from chainrule.graph.tensor import Tensor, number
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.ops.creation import zeros
from chainrule.ops.kinds.conversion import as_tensor, cast

NOT_SCALAR = Message(
    "gradient.not_scalar",
    en="a gradient is that of one number, but the function gives shape {shape}. Reduce it, e.g. with cr.mean, or use "
    "cr.jacobian or cr.vjp.",
    zh="梯度是针对单个数的，但函数给出的形状为 {shape}。请先归约，例如使用 cr.mean，或改用 cr.jacobian、cr.vjp。",
)
_NO_PATH = Message(
    "gradient.no_path",
    en="no gradient reaches the parameters: the loss depends on them only through {stops}, which has no derivative. "
    "Use a differentiable loss, e.g. cross-entropy in place of the number of errors.",
    zh="梯度无法到达参数：损失仅通过 {stops} 依赖于参数，而它没有导数。请使用可微的损失，例如用交叉熵代替错误个数。",
)
_NOT_FLOATING = Message(
    "gradient.not_floating",
    en="derivatives are by floating numbers, but an argument of shape {shape} is {dtype}. Convert it with "
    "cr.cast(x, 'float32'), or take the derivative by the others with argnums.",
    zh="只能对浮点数求导，但形状为 {shape} 的参数为 {dtype}。请用 cr.cast(x, 'float32') 转换，"
    "或用 argnums 指定其他参数。",
)
_COTANGENT_SHAPE = Message(
    "vjp.shape",
    en="the cotangent has shape {given}, but the function's result has shape {shape}.",
    zh="余切的形状为 {given}，但函数结果的形状为 {shape}。",
)
_ARGNUMS = Message(
    "gradient.argnums",
    en="argnums={argnums!r} names an argument that is not there: the function was called with {count}, counted from 0.",
    zh="argnums={argnums!r} 指定了不存在的参数：函数调用时有 {count} 个参数，从 0 开始编号。",
)


Rule: TypeAlias = Callable[[Tensor, Tensor], Sequence[Tensor | None]]  # node, its cotangent → its inputs' shares


def derivative(node: Tensor, cotangent: Tensor) -> Sequence[Tensor | None]:
    """What the cotangent of a node gives to its inputs: the operation's own rule."""
    assert isinstance(node.operation, Primitive)
    return node.operation.vjp(node, cotangent)


def pullback(y: Tensor, cotangent: Tensor, by: Sequence[Tensor], rule: Rule = derivative) -> list[Tensor | None]:
    """What the cotangent of y gives to each of these nodes; None where no differentiable path leads.

    rule   what passes through a node; another one makes another picture of what reached y, no longer its derivative
    """
    order = topological([y], expanded_inputs)
    needed = set(by)
    for node in order:
        if any(x in needed for x in expanded_inputs(node)):
            needed.add(node)
    cotangents: dict[Tensor, Tensor] = {y: cotangent}
    wanted = set(by)
    for node in reversed(order):
        if node not in needed or node not in cotangents or not node.dtype.floating:
            continue  # whole numbers have no derivative
        arrived = cotangents[node] if node in wanted else cotangents.pop(node)
        if isinstance(node.operation, Expandable):
            shares: Sequence[Tensor | None] = (arrived,)
        else:
            shares = rule(node, arrived)
        for x, share in zip(expanded_inputs(node), shares, strict=True):
            if share is not None and x in needed:
                cotangents[x] = cotangents[x] + share if x in cotangents else share
    return [cotangents.get(x) for x in by]


def gradients(loss: Tensor, by: Sequence[Tensor]) -> list[Tensor]:
    """The gradient of one number by each of these nodes, as nodes of the same graph.

        ∂loss/∂x, summed over all paths from x to the loss

    Raises:   ShapeError if the loss is not one number; GradientError if it depends on all of the nodes only through
              operations without a derivative, the first of which is named.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> x = tensor([1.0, 2.0])
        >>> gradients((x * x)[0] + x[1], [x])
        [Tensor([2. 1.], shape=(2,), dtype=float32)]
    """
    if loss.shape != ():
        raise ShapeError(NOT_SCALAR(shape=show_shape(loss.shape)))
    for x in by:
        if not x.dtype.floating:
            raise GradientError(_NOT_FLOATING(shape=show_shape(x.shape), dtype=x.dtype))
    one = number(1.0, loss.dtype)
    found = pullback(loss, one, by) if loss.dtype.floating else [None] * len(by)
    if all(g is None for g in found):
        refuse_blocked(loss, by)
    return [zeros(x.shape, x.dtype) if g is None else g for x, g in zip(by, found, strict=True)]


def refuse_blocked(loss: Tensor, by: Sequence[Tensor]) -> None:
    """Raise if the loss depends on the nodes at all: then some operation on the way has no derivative."""
    order = topological([loss], expanded_inputs)
    reached = set(by)
    stops: list[Tensor] = []
    for node in order:
        sources = [x for x in expanded_inputs(node) if x in reached]
        if not sources:
            continue
        reached.add(node)
        if isinstance(node.operation, Primitive) and not _passes(node, sources):
            stops.append(node)
    if loss in reached and stops:
        raise GradientError(_NO_PATH(stops=stops[0].describe()))


def _passes(node: Tensor, sources: Sequence[Tensor]) -> bool:
    """Whether the operation has a derivative by one of these inputs."""
    assert isinstance(node.operation, Primitive)
    if not node.dtype.floating:
        return False
    shares = node.operation.vjp(node, zeros(node.shape, node.dtype))
    return any(share is not None and x in set(sources) for x, share in zip(node.inputs, shares, strict=True))


def vjp(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The function's value, and a function from its cotangent to the cotangents of the arguments (reverse mode).

        x̄ = ȳ · ∂y/∂x

    One sweep costs a small multiple of the function, whatever the number of arguments.

    Shapes:   ȳ as y; x̄ as x
    Raises:   ShapeError if the cotangent's shape is not that of the result; GradientError if the function takes numbers
              out of what depends on its arguments, e.g. with float().
    Example:
        >>> y, back = vjp(lambda x: x * x, [1.0, 2.0])
        >>> back([1.0, 10.0])
        (Tensor([ 2. 40.], shape=(2,), dtype=float32),)
    """
    check_function("vjp", function)
    arguments = [fresh(p) for p in primals]
    inputs = leaves(arguments)
    with differentiating(inputs):
        result = function(*arguments)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        shares: list[Tensor | None] = [None] * len(inputs)
        for y, c in zip(leaves(result), leaves_like(result, cotangent), strict=True):
            if c.shape != y.shape:
                raise ShapeError(_COTANGENT_SHAPE(given=show_shape(c.shape), shape=show_shape(y.shape)))
            for k, share in enumerate(pullback(y, cast(c, y.dtype), inputs)):
                if share is not None:
                    before = shares[k]
                    shares[k] = share if before is None else before + share
        found = [zeros(x.shape, x.dtype) if s is None else s for x, s in zip(inputs, shares, strict=True)]
        return tuple(rebuild(arguments, found))

    return result, pull


def value_and_grad(
    function: Callable[..., Tensor], argnums: int | Sequence[int] = 0
) -> Callable[..., tuple[Tensor, Any]]:
    """A function that gives the value of another, one number, and its gradient by some of its arguments.

    An argument may be a tensor, or a list, tuple or dict of them; the gradient has the same form.

    Raises:   as `gradients`; GradientError also if the function takes numbers out of what depends on these arguments,
              e.g. with float(); UsageError if there is no argument with one of these numbers.
    Example:
        >>> value_and_grad(lambda x: x * x)(3.0)
        (Tensor(9.0, shape=(), dtype=float32), Tensor(6.0, shape=(), dtype=float32))
    """
    check_function("value_and_grad", function)

    def transformed(*arguments: Any, **named: Any) -> tuple[Tensor, Any]:
        chosen = list(argnums) if isinstance(argnums, Sequence) else [argnums]
        if not all(isinstance(k, Integral) and -len(arguments) <= k < len(arguments) for k in chosen):
            raise UsageError(_ARGNUMS(argnums=argnums, count=len(arguments)))
        chosen = [k % len(arguments) for k in chosen]
        arguments = tuple(fresh(a) if k in chosen else a for k, a in enumerate(arguments))
        by = [arguments[k] for k in chosen]
        inputs = leaves(by)
        with differentiating(inputs):
            loss = as_tensor(function(*arguments, **named))
        found = rebuild(by, gradients(loss, inputs))
        return loss, tuple(found) if isinstance(argnums, Sequence) else found[0]

    return transformed


def grad(function: Callable[..., Tensor], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the gradient of another, which gives one number (reverse mode).

        ∇f(x)

    Raises:   as `value_and_grad`.
    Example:
        >>> grad(lambda x: x * x)(3.0)
        Tensor(6.0, shape=(), dtype=float32)
        >>> grad(grad(lambda x: x * x * x))(3.0)
        Tensor(18.0, shape=(), dtype=float32)
    """
    check_function("grad", function)

    def transformed(*arguments: Any, **named: Any) -> Any:
        return value_and_grad(function, argnums)(*arguments, **named)[1]

    return transformed
