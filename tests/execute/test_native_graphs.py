"""Random graphs of small arrays, of which many nests read the same: whatever is fused, merged, or kept in registers."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from random import Random

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff.reverse import gradients
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.extent import batch, concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from tests.counts import full, scaled
from tests.execute.agreement import difference, largest_met, quick_target

_GRAPHS = scaled(800, one_in=80)
_PACK = 10  # graphs in one program
_ROUNDING = 2**10  # times what one operation may be off by: results are many operations away

Node = tuple[Tensor, str]  # and the names of its axes


class Grower:
    """A graph that grows by one random step at a time, of arrays that have some of the same few axes, in any order.

    Samples are the axis n, and come first. A sum of products names the others anew, in another order.
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.random = seed, Random(seed)
        # sums of up to four numbers, and so many points beside each other, are computed in registers
        self.extents = {"n": batch} | {a: self.random.choice((2, 2, 3, 3, 4)) for a in "abc"}
        axes = ("nab", "nbc", "na", "ab")
        self.inputs = [input_tensor(f"x{k}", [self.extents[a] for a in own], "float64") for k, own in enumerate(axes)]
        self.nodes = list(zip(self.inputs, axes, strict=True))
        for _ in range(self.random.randint(3, 8)):
            x, own = self.random.choice(self.nodes)
            step = self.random.choice((self.map, self.map, self.along, self.products, self.products, self.products))
            self.nodes.append(step(x, own))
        self.outputs = [y for y, _ in self.nodes[len(axes) :]]
        loss = ops.sum(self.outputs[-1] ** 2) + ops.sum(self.outputs[-2] ** 2)
        self.outputs += gradients(loss, self.inputs)

    def map(self, x: Tensor, axes: str) -> Node:
        """A function of this node and of one that has the same axes."""
        y, own = self.random.choice([(y, own) for y, own in self.nodes if sorted(own) == sorted(axes)])
        y = ops.transpose(y, [own.index(a) for a in axes])
        return self.random.choice((ops.sin(x), x * y, x - ops.sin(y), ops.where(y > 0.1, x, x * 0.3))), axes

    def along(self, x: Tensor, axes: str) -> Node:
        """Softmax along an axis, or what a reduction over it leaves."""
        if axes.removeprefix("n") == "":
            return self.map(x, axes)
        a = self.random.choice(axes.removeprefix("n"))
        if self.random.random() < 0.5:
            return ops.softmax(x, axes.index(a)), axes
        reduced = self.random.choice((ops.max, ops.sum, ops.sum))
        return reduced(x, axes.index(a)), axes.replace(a, "")

    def products(self, x: Tensor, axes: str) -> Node:
        """The mean of this node times another over some of their axes; seldom its sum over the samples."""
        y, others = self.random.choice(self.nodes)
        every = sorted({*axes, *others} - {"n"})
        kept = "".join(self.random.sample(every, self.random.randint(0, len(every))))
        if "n" in axes + others and self.random.random() < 0.9:
            kept = f"n{kept}"
        names = str.maketrans("abc", "".join(self.random.sample("ijk", 3)))
        count = prod(self.extents[a] for a in every if a not in kept)
        return ops.einsum(f"{axes},{others}->{kept}".translate(names), x / count, y), kept

    def numbers(self, size: int) -> dict[Tensor, Array]:
        generator = np.random.default_rng([self.seed, size])
        return {x: generator.uniform(-1, 1, concrete_shape(x.shape, size)) for x in self.inputs}


def wrong(seeds: range) -> Iterator[str]:
    """What one native program of some graphs gets wrong, for one sample, a few, and more than fit a vector."""
    graphs = [Grower(seed) for seed in seeds]
    outputs = [y for graph in graphs for y in graph.outputs]
    native = NativeProgram(outputs, target=None if full() else quick_target())
    reference = Program(outputs)
    for size in (1, 5, 19):
        bindings = {x: value for graph in graphs for x, value in graph.numbers(size).items()}
        results = iter(zip(native.run(bindings, batch=size), reference.run(bindings, batch=size), strict=True))
        for graph in graphs:
            for y in graph.outputs:
                actual, wanted = next(results)
                message = difference(actual, wanted, times=_ROUNDING)
                if message:
                    largest = largest_met([], [y], graph.numbers(size), size)
                    message = difference(actual, wanted, times=_ROUNDING, cancelling=largest)
                if message:
                    yield f"graph {graph.seed}, {size} samples, {y.describe()}: {message}"


@pytest.mark.parametrize("pack", range(-(-_GRAPHS // _PACK)))
def test_random_graphs(pack):
    found = list(wrong(range(_PACK * pack, _PACK * (pack + 1))))
    assert not found, "\n".join(found[:20])
