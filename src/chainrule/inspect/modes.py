"""What the two modes of differentiation cost: reverse mode by each result, forward mode by each input."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.autodiff.matrices import jacobian
from chainrule.errors import ShapeError, UsageError
from chainrule.execute import Program
from chainrule.graph.expansion import expanded_order
from chainrule.graph.extent import concrete, concrete_shape
from chainrule.graph.operation import Array, Expandable
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Leaf, Tensor, tensor
from chainrule.inspect.style import BLUE, GRAY, ORANGE, Picture, draw_grid
from chainrule.messages import Message
from chainrule.ops.contraction import matmul
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.trigonometric import tanh

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ModeCosts", "mode_costs", "plot_mode_costs"]

_SIZES = Message(
    "inspect.mode_sizes",
    en="sizes={sizes} are to be at least two whole numbers above 0, and so is fixed={fixed}.",
    zh="sizes={sizes} 应至少包含两个大于 0 的整数，fixed={fixed} 也应大于 0。",
)
_FUNCTION = Message(
    "inspect.mode_function",
    en="the function that was made for {inputs} inputs and {results} results takes {point} and gives {result}; make "
    "one from a vector of {inputs} to a vector of {results}.",
    zh="为 {inputs} 个输入和 {results} 个结果构造的函数接受 {point}，给出 {result}；应构造从 {inputs} 维向量到 "
    "{results} 维向量的函数。",
)

Varied = Literal["inputs", "results"]


@dataclass(frozen=True, eq=False)
class ModeCosts:
    """The cost of all derivatives of functions with more and more inputs, or results.

    sizes         how many of them, in each column
    varied        what was varied in each row: "inputs", while there were `fixed` results, and "results"
    function      scalar operations of the function itself (row, column)
    reverse, forward                    of the function with its whole Jacobian, by each mode
    reverse_seconds, forward_seconds    the time of that, the shortest of some runs of the reference executor
    """

    sizes: Array
    fixed: int
    varied: tuple[Varied, Varied]
    function: Array
    reverse: Array
    forward: Array
    reverse_seconds: Array
    forward_seconds: Array

    def ratio(self, mode: Literal["reverse", "forward"], varied: Varied) -> Array:
        """Operations with the Jacobian, in those of the function alone."""
        row = self.varied.index(varied)
        found: Array = getattr(self, mode)[row] / self.function[row]
        return found

    def __repr__(self) -> str:
        most = self.sizes[-1]
        ends = [
            f"{most} {varied}: reverse {self.ratio('reverse', varied)[-1]:.1f}, "
            f"forward {self.ratio('forward', varied)[-1]:.1f} times the function"
            for varied in self.varied
        ]
        return f"ModeCosts({'; '.join(ends)})"


def two_layers(inputs: int, results: int, *, width: int = 256, seed: int = 0) -> tuple[Callable[[Any], Tensor], Array]:
    """A function to differentiate, tanh(x·A)·B, and a point."""
    generator = random_generator(seed)
    a = tensor(generator.normal(size=(inputs, width)) / inputs**0.5)
    b = tensor(generator.normal(size=(width, results)) / width**0.5)
    return lambda x: matmul(tanh(matmul(x, a)), b), generator.normal(size=inputs)


def mode_costs(
    make: Callable[[int, int], tuple[Callable[[Any], Tensor], Array]] = two_layers,
    *,
    sizes: Sequence[int] = (1, 4, 16, 64, 256, 1024),
    fixed: int = 1,
    repeats: int = 3,
) -> ModeCosts:
    """What all derivatives of a function cost in both modes, against its numbers of inputs and of results.

    `make(inputs, results)` gives a function from a vector to a vector, and a point. The Jacobian takes one sweep for
    each result in reverse mode, for each input in forward mode; the sweeps of one mode are computed side by side.

    Raises:   UsageError if sizes are none; ShapeError if a function takes or gives another number.
    Example:
        >>> mode_costs(sizes=(1, 4, 16), repeats=1)
        ModeCosts(16 inputs: reverse 3.1, forward 18.2 times the function; 16 results: reverse 17.3, ...)
    """
    if len(sizes) < 2 or min(*sizes, fixed) < 1:
        raise UsageError(_SIZES(sizes=tuple(sizes), fixed=fixed))
    rows = [[_costs(make, n, fixed, repeats) for n in sizes], [_costs(make, fixed, n, repeats) for n in sizes]]
    function, reverse, forward, reverse_seconds, forward_seconds = np.moveaxis(np.array(rows), -1, 0)
    varied: tuple[Varied, Varied] = ("inputs", "results")
    return ModeCosts(
        np.array(sizes), fixed, varied, function, reverse, forward, reverse_seconds, forward_seconds
    )  # fmt: skip


def _costs(make: Callable[[int, int], Any], inputs: int, results: int, repeats: int) -> tuple[float, ...]:
    function, point = make(inputs, results)
    y = function(tensor(point))
    if np.shape(point) != (inputs,) or y.shape != (results,):
        raise ShapeError(_FUNCTION(inputs=inputs, results=results, point=np.shape(point), result=y.shape))
    programs = [[y, jacobian(function, mode)(tensor(point))] for mode in ("reverse", "forward")]
    return (operations(programs[0][:1]), *map(operations, programs), *(_seconds(p, repeats) for p in programs))


def operations(outputs: Sequence[Tensor]) -> int:
    """How many scalar operations give these: one for each number that is computed, or product that is summed."""
    count = 0
    for node in expanded_order(outputs):
        if isinstance(node.operation, Leaf | Expandable):
            continue
        if isinstance(node.operation, Indexed):
            count += prod(concrete(axis.extent, None) for axis in node.operation.indexing(node).axes)
        else:
            count += prod(concrete_shape(node.shape, None))
    return count


def _seconds(outputs: Sequence[Tensor], repeats: int) -> float:
    program = Program(outputs)
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        program.run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def plot_mode_costs(record: ModeCosts) -> Picture:
    """Both costs against the number of inputs, and of results: counted above, timed below."""

    def drawing(axes: list[list[Axes]]) -> None:
        from matplotlib.ticker import FuncFormatter

        for row, varied in enumerate(record.varied):
            other = record.varied[1 - row].removesuffix("s" if record.fixed == 1 else "")
            above, below = axes[0][row], axes[1][row]
            above.set_title(f"more {varied}, {record.fixed} {other}")
            above.axhline(1, color=GRAY, linewidth=0.8)
            above.text(record.sizes[-1], 1.1, "the function alone", color=GRAY, fontsize=8, ha="right", va="bottom")
            for mode, color, marker in (("reverse", BLUE, "o"), ("forward", ORANGE, "s")):
                style: dict[str, Any] = {"color": color, "marker": marker, "markersize": 4, "label": f"{mode} mode"}
                above.plot(record.sizes, record.ratio(mode, varied), **style)  # type: ignore[arg-type]
                below.plot(record.sizes, 1e3 * getattr(record, f"{mode}_seconds")[row], **style)
            for ax in (above, below):
                ax.set_xscale("log")
                ax.set_yscale("log")
                ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                ax.set_xticks(record.sizes, [str(n) for n in record.sizes])
                ax.minorticks_off()
            below.set_xlabel(f"number of {varied}")
        axes[0][0].set_ylabel("operations with all derivatives\nin those of the function")
        axes[1][0].set_ylabel("milliseconds")
        axes[0][0].legend(loc="upper left")
        for line in axes:  # one scale, to compare by
            low = min(ax.get_ylim()[0] for ax in line)
            high = max(ax.get_ylim()[1] for ax in line)
            for ax in line:
                ax.set_ylim(low, high)

    return draw_grid(2, 2, drawing, size=(7.2, 5.2))
