"""Batching, graph to graph: what is written for one sample, computed for many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainrule.autodiff.arguments import check_function, leaves, mapped, rebuild
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.operation import Expandable, Primitive
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.ops.axes import normalized_axis
from chainrule.ops.kinds.elementwise import broadcast_to
from chainrule.ops.movement import transpose

_SIZES = Message(
    "vmap.sizes",
    en="vmap: the batched axes have different sizes, {sizes}; they must hold one element for each sample.",
    zh="vmap：各批量轴的大小不同（{sizes}）；每个样本必须对应一个元素。",
)
_IN_AXES = Message(
    "vmap.in_axes",
    en="vmap: in_axes={in_axes} does not fit {count} arguments; give an integer, or an integer or None for each, at "
    "least one an integer.",
    zh="vmap：in_axes={in_axes} 与 {count} 个参数不符；请给出一个整数，或为每个参数给出整数或 None，且至少有一个整数。",
)


def batched(roots: Sequence[Tensor], samples: Mapping[Tensor, Tensor]) -> list[Tensor | None]:
    """The roots for many samples at once, given some nodes for many: axis 0 counts samples. None: does not depend."""
    known: dict[Tensor, Tensor] = dict(samples)
    for node in topological(roots, expanded_inputs):
        inputs = expanded_inputs(node)
        if node in known or not any(x in known for x in inputs):
            continue
        if isinstance(node.operation, Expandable):
            known[node] = known[node.expansion]
        else:
            assert isinstance(node.operation, Primitive)
            known[node] = node.operation.vmap(node, [known.get(x, x) for x in inputs], [x in known for x in inputs])
    return [known.get(root) for root in roots]


def front(x: Tensor, axis: int) -> Tensor:
    """x with one of its axes moved to the front."""
    place = normalized_axis("vmap", axis, x)
    return transpose(x, [place, *(k for k in range(x.ndim) if k != place)]) if place else x


def vmap(function: Callable[..., Any], in_axes: int | Sequence[int | None] = 0) -> Callable[..., Any]:
    """A function of one sample made a function of many, without a loop; the results have the samples in front.

    `in_axes` names the axis of the arguments that counts samples; None: all samples share that argument.

    Shapes:   (…) → (…) becomes (n, …) → (n, …)
    Raises:   ShapeError if the arguments hold different numbers of samples; UsageError if in_axes does not fit.
    Example:
        >>> vmap(lambda x, y: x * y, in_axes=(0, None))([1.0, 2.0], 10.0)
        Tensor([10. 20.], shape=(2,), dtype=float32)
    """
    check_function("vmap", function)

    def transformed(*arguments: Any) -> Any:
        places = [in_axes] * len(arguments) if isinstance(in_axes, int) else list(in_axes)
        if len(places) != len(arguments) or all(p is None for p in places):
            raise UsageError(_IN_AXES(in_axes=in_axes, count=len(arguments)))
        samples: dict[Tensor, Tensor] = {}

        def one(x: Tensor, axis: int) -> Tensor:
            many = front(x, axis)
            single = input_tensor(f"sample of {x.name or x.operation.name}", many.shape[1:], many.dtype)
            samples[single] = many
            return single

        def placeholder(argument: Any, axis: int) -> Any:
            return mapped(lambda x: one(x, axis), argument)

        single = [a if p is None else placeholder(a, p) for a, p in zip(arguments, places, strict=True)]
        sizes = list(dict.fromkeys(x.shape[0] for x in samples.values()))
        if len(sizes) > 1:
            raise ShapeError(_SIZES(sizes=", ".join(map(str, sizes))))
        result = function(*single)
        outputs = leaves(result)
        found = batched(outputs, samples)
        return rebuild(
            result,
            [broadcast_to(y, (sizes[0], *y.shape)) if b is None else b for y, b in zip(outputs, found, strict=True)],
        )

    return transformed
