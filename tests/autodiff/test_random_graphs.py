"""Random graphs of 5 to 30 operations from the whole vocabulary: reverse mode gives what forward mode gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from random import Random

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff.forward import pushforward
from chainrule.autodiff.reverse import pullback
from chainrule.errors import ShapeError
from chainrule.execute import evaluate
from chainrule.graph.dtype import float64
from chainrule.graph.extent import Shape, concrete_shape
from chainrule.graph.tensor import Tensor, number, tensor
from chainrule.graph.traversal import topological
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import lift_bits
from chainrule.ops.kinds.elementwise import Elementwise, broadcast_shape
from tests.counts import scaled
from tests.execute.agreement import largest_met

_SHAPES = ((), (3,), (2, 3), (3, 2), (1, 3), (2, 1), (4,), (2, 2, 3), (1, 4, 3, 1), (0, 3), (6,), (1, 1))
_LARGEST = 48  # elements
_ELEMENTWISE = [o for o in ops.vocabulary.values() if isinstance(o, Elementwise) and o is not ops.shift_right]

# What no step is, and why.
_NOT_A_STEP = {
    "arange": "inside one_hot",
    "size": "no size is symbolic here",
    "indexed": "a kind; its formulas have names of their own",
    "ranks": "inside sort",
    **dict.fromkeys(("pick", "put"), "inside max and max_pool, and their derivatives"),
}


class Grower:
    """A graph that grows by one random step at a time; every value is known, so that steps stay in their domain."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.inputs = [self.fresh(self.random.choice(_SHAPES)) for _ in range(self.random.randint(1, 4))]
        self.nodes = list(self.inputs)
        size = self.random.randint(5, 30)
        while len(self.nodes) - len(self.inputs) < size:
            self.step()

    def fresh(self, shape: Shape) -> Tensor:
        return tensor(self.numbers.uniform(-2, 2, concrete_shape(shape, None)))

    def step(self) -> None:
        y = self.random.choice(_STEPS)(self)
        value = y.numpy()
        if y.dtype is float64 and value.size <= _LARGEST and np.abs(value).max(initial=0.0) < 1e3:
            self.nodes.append(y)

    def pick(self) -> Tensor:
        """A node, a late one more likely."""
        return self.nodes[int(len(self.nodes) * math.sqrt(self.random.random()))]

    def sized(self, least: int) -> Tensor:
        """A row of at least so many elements."""
        x = self.pick()
        while x.numpy().size < least:
            x = ops.concatenate([ops.reshape(x, -1), ops.reshape(self.pick(), -1), self.fresh((1,))])
        return ops.reshape(x, -1)

    def cut(self, *shape: int) -> Tensor:
        """A tensor of this shape from the elements of a node."""
        count = math.prod(shape)
        return ops.reshape(self.sized(count)[:count], shape)

    def nonempty(self) -> Tensor:
        x = self.pick()
        return x if x.ndim and 0 not in x.shape else self.cut(2, 3)

    def axis(self, x: Tensor) -> int:
        return self.random.randrange(-x.ndim, x.ndim)

    def beside(self, *others: Tensor) -> Tensor:
        """A node that broadcasts with the others, or a number."""
        for _ in range(3):
            x = self.pick()
            with suppress(ShapeError):
                broadcast_shape("", [x.shape, *(other.shape for other in others)])
                return x
        return number(self.random.uniform(-2, 2), float64)

    def within(self, x: Tensor, low: float, high: float) -> Tensor:
        """x, moved into an interval if it is not inside."""
        value = x.numpy()
        # off the ends, where a derivative may be infinite: that of arcsin at 1
        inside = value.size == 0 or (value.min() >= low + 0.1 and value.max() <= high - 0.1)
        if inside:
            return x
        y = ops.square(x)
        return low + 0.5 + y if math.isinf(high) else low + (high - low) * (0.1 + 0.8 * y / (1.0 + y))

    def indices(self, extent: int, *shape: int) -> Tensor:
        return tensor(self.numbers.integers(0, extent, shape))


def _elementwise(operation: Elementwise) -> Callable[[Grower], Tensor]:
    def step(g: Grower) -> Tensor:
        x = g.pick()
        operands = [x]
        for _ in operation.arguments[1:]:
            operands.append(g.beside(*operands))
        given = [g.within(x, *operation.interval(k)) for k, x in enumerate(operands)]
        y = operation(*[x > 0.5 for x in given] if operation.lift is lift_bits else given)
        return y if y.dtype.floating else ops.where(y, x, g.beside(x, y))

    return step


def _window(g: Grower, x: Tensor) -> list[int]:
    return [g.random.randint(1, min(3, e)) for e in map(int, x.shape[1:-1])]  # type: ignore[arg-type]


def _image(g: Grower) -> Tensor:
    return g.cut(*g.random.choice(((1, 4, 4, 1), (2, 3, 3, 1), (1, 3, 2, 2), (1, 5, 1), (2, 4, 2), (1, 2, 3, 2, 1))))


def _convolution(g: Grower) -> Tensor:
    x = _image(g)
    rank = x.ndim - 2
    operation = (ops.conv1d, ops.conv2d, ops.conv3d)[rank - 1]
    groups = int(x.shape[-1]) if g.random.random() < 0.3 else 1  # type: ignore[arg-type]
    w = g.cut(*_window(g, x), int(x.shape[-1]) // groups, groups)  # type: ignore[arg-type]
    strides, dilation = g.random.choice(((1, 1), (2, 1), (1, 2)))
    return operation(x, w, strides=strides, dilation=dilation, padding=g.random.choice((1, 2)), groups=groups)


def _einsum(g: Grower) -> Tensor:
    return ops.einsum(g.random.choice(("ij,jk->ki", "ij,ij->", "ii,ik->i", "ij,ji->i")), g.cut(3, 3), g.cut(3, 3)) * 0.2


def _slice(g: Grower) -> Tensor:
    x = g.nonempty()
    kinds = (slice(None), slice(None, None, -1), slice(1, None), slice(None, None, 2), 0, -1, ...)
    return x[g.random.choice(kinds)]


def _reduction(function: Callable[..., Tensor]) -> Callable[[Grower], Tensor]:
    def step(g: Grower) -> Tensor:
        x = g.nonempty()
        return function(x, g.random.choice((None, g.axis(x))), keepdims=g.random.random() < 0.5)

    return step


def _counting(function: Callable[..., Tensor]) -> Callable[[Grower], Tensor]:
    return lambda g: ops.cast(function((x := g.nonempty()) > 0.5, g.axis(x)), float64) * 0.5


def _along(function: Callable[..., Tensor]) -> Callable[[Grower], Tensor]:
    def step(g: Grower) -> Tensor:
        x = g.nonempty()
        return function(x, g.axis(x))

    return step


def _gather(g: Grower) -> Tensor:
    x = g.nonempty()
    axis = g.axis(x)
    return ops.gather(x, g.indices(int(x.shape[axis]), g.random.randint(1, 3)), axis)  # type: ignore[arg-type]


def _dropout(function: Callable[..., Tensor]) -> Callable[[Grower], Tensor]:
    return lambda g: function(g.nonempty(), 0.4, g.random.randrange(1000))


def _cross_entropy(g: Grower) -> Tensor:
    return ops.cross_entropy(g.cut(2, 3), g.indices(3, 2), label_smoothing=g.random.choice((0.0, 0.1)))


def _normalize(g: Grower) -> Tensor:
    x = g.nonempty()
    return ops.normalize(x, ops.mean(x, 0), ops.variance(x, 0) + 0.1, g.beside(x), 0.5, epsilon=1e-3)


_STEPS: list[Callable[[Grower], Tensor]] = [
    *map(_elementwise, _ELEMENTWISE),
    lambda g: ops.cast(g.pick() > 0.5, float64) * g.pick().numpy().size,
    lambda g: ops.reshape(g.pick(), (-1,)),
    lambda g: g.cut(*g.random.choice(((2, 3), (3, 1, 2), (2, 2)))),
    lambda g: ops.transpose(g.pick()),
    lambda g: ops.broadcast_to(x := g.pick(), (2, *x.shape)),
    lambda g: ops.concatenate([x := g.nonempty(), x * 0.5, x], g.axis(x)),
    lambda g: ops.pad(x := g.pick(), [(g.random.randint(0, 1), g.random.randint(0, 2)) for _ in x.shape], value=0.5),
    _slice,
    *(_reduction(f) for f in (ops.sum, ops.mean, ops.variance, ops.max, ops.log_sum_exp)),
    *(_reduction(f) for f in (ops.min, ops.standard_deviation)),
    lambda g: ops.norm(x := g.nonempty(), g.random.choice((1, 2, 3, math.inf)), g.axis(x)),
    *(_counting(f) for f in (ops.any, ops.all, ops.count_nonzero)),
    lambda g: ops.prod(g.cut(2, 3), g.random.choice((0, 1, None))),
    lambda g: ops.pad(x := g.nonempty(), [(1, 2)] * x.ndim, g.random.choice(("edge", "reflect", "circular"))),
    lambda g: ops.tril(g.cut(2, 3)) + ops.triu(g.cut(2, 3), 1),
    lambda g: ops.one_hot(ops.argmin(g.cut(2, 3)), 3, float64) * g.cut(2, 3),
    lambda g: ops.take_along_axis(x := g.cut(2, 3), ops.argsort(x), 1),
    lambda g: ops.matmul(g.cut(2, 3), g.cut(3, 2)) * 0.3,
    lambda g: ops.matmul(g.cut(2, 2, 2), g.cut(2)),
    _einsum,
    _convolution,
    lambda g: ops.max_pool(x := _image(g), _window(g, x), strides=g.random.randint(1, 2)),
    lambda g: ops.average_pool(x := _image(g), _window(g, x), strides=g.random.randint(1, 2)),
    *(_along(f) for f in (ops.cumulative_sum, ops.softmax, ops.log_softmax, ops.sort)),
    lambda g: ops.cumulative_prod(g.cut(2, 3), 1),
    lambda g: ops.linear_recurrence(0.5, x := g.nonempty(), g.axis(x)),
    _gather,
    lambda g: ops.scatter_add(g.cut(4, 2), g.indices(3, 4), 3),
    lambda g: ops.roll_samples(g.cut(3, 2), g.indices(3)),
    lambda g: ops.top_k(g.cut(2, 4), g.random.randint(1, 4))[0],
    lambda g: ops.one_hot(ops.argmax(g.cut(2, 3)), 3, float64) * g.cut(2, 3),
    *(_dropout(f) for f in (ops.dropout, ops.inverted_dropout)),
    lambda g: ops.random_shift(g.cut(1, 3, 3, 1), g.random.randrange(1000)),
    lambda g: g.cut(3) * ops.normal((3,), g.random.randrange(1000), dtype=float64),
    _cross_entropy,
    _normalize,
]  # fmt: skip


def check(seed: int) -> set[str]:
    """⟨ȳ, ẏ⟩ = ⟨x̄, ẋ⟩ for a random graph; the names of its operations."""
    g = Grower(seed)
    outputs = [g.nodes[-1], *g.random.sample(g.nodes, 2)]
    tangents = {x: g.fresh(x.shape) for x in g.inputs}
    weighted = [ops.sum(y * g.fresh(y.shape)) for y in outputs]
    backward = pullback(weighted[0] + weighted[1] + weighted[2], number(1.0, float64), g.inputs)
    by_reverse = [bar * dot for bar, dot in zip(backward, tangents.values(), strict=True) if bar is not None]
    by_forward = [dot for dot in pushforward(weighted, tangents) if dot is not None]
    found = evaluate([*by_forward, *by_reverse])
    split = len(by_forward)
    forward, reverse = (np.concatenate([[0.0], *map(np.ravel, part)]) for part in (found[:split], found[split:]))
    scale = max(1e-3, np.abs(forward).sum(), np.abs(reverse).sum())
    off = abs(forward.sum() - reverse.sum())
    bars = [bar for bar in backward if bar is not None]
    rounding = 64 * np.finfo(np.float64).eps  # of what cancels on the way to a derivative of 0
    right = off <= 1e-10 * scale or off <= rounding * largest_met(outputs, bars)
    assert right, f"seed {seed}: {forward.sum()}, {reverse.sum()}"
    return {node.operation.name for node in topological(outputs)}


@pytest.mark.parametrize("part", range(10))
def test_reverse_mode_equals_forward_mode(part):
    count = scaled(1000, one_in=60)
    for seed in range(part * count, (part + 1) * count):
        check(seed)


def test_the_graphs_are_of_the_whole_vocabulary():
    """Of all that has derivatives of its own: a composite has those of its body."""
    met = set().union(*map(check, range(100)))
    own = {name for name, operation in ops.vocabulary.items() if not isinstance(operation, Composite)}
    assert own - met == _NOT_A_STEP.keys()
