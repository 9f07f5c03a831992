"""One application of an operation with numbers to apply it to, and the drawing of shapes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule.graph.extent import batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor

Interval = tuple[float, float]
Shape = tuple[int, ...]
REAL: Interval = (-np.inf, np.inf)


@dataclass(frozen=True)
class Case:
    """function(*inputs, **attributes); `batch` names the (input, axis) pairs that may be the symbolic batch together.

    `unbatched` are inputs that vmap refuses to batch.
    """

    function: Callable[..., Tensor]
    inputs: tuple[Array, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    batch: tuple[tuple[int, int], ...] = ()
    unbatched: tuple[int, ...] = ()

    def __call__(self, *inputs: Any) -> Tensor:
        return self.function(*inputs, **self.attributes)

    def of_floats(self, inputs: Sequence[Tensor]) -> Callable[..., Tensor]:
        """The case as a function of its floats alone, the other inputs given."""

        def function(*floats: Tensor) -> Tensor:
            given = dict(zip(self.floats, floats, strict=True))
            return self(*(given.get(k, x) for k, x in enumerate(inputs)))

        return function

    @property
    def floats(self) -> list[int]:
        """The inputs to differentiate by."""
        return [k for k, x in enumerate(self.inputs) if x.dtype.kind == "f"]

    @property
    def samples(self) -> int:
        """The size of the batch where there may be one."""
        k, axis = self.batch[0]
        return int(self.inputs[k].shape[axis])

    def placeholders(self, *, symbolic: bool = False) -> list[Tensor]:
        """An unbound tensor for each input; with the batch axis, if it is to be symbolic."""
        shapes = [list[Any](x.shape) for x in self.inputs]
        for k, axis in self.batch if symbolic else ():
            shapes[k][axis] = batch
        return [
            input_tensor(f"x{k}", shape, x.dtype) for k, (x, shape) in enumerate(zip(self.inputs, shapes, strict=True))
        ]

    def converted(self, dtype: str) -> Case:
        """The case with its floats in another type; integers get a few distinct values."""
        spread = 1 if dtype.startswith("float") else 2
        with np.errstate(invalid="ignore"):
            return replace(
                self, inputs=tuple((x * spread).astype(dtype) if x.dtype.kind == "f" else x for x in self.inputs)
            )

    def near(self, seed: int) -> Case:
        """The case in float64 with its floats a few units in the last place of float32 away, each by chance."""
        generator = np.random.default_rng(seed)
        doubles = self.converted("float64")
        away = [1e-6 * generator.uniform(-1, 1, x.shape) for x in doubles.inputs]
        moved = (x * (1 + a) if x.dtype.kind == "f" else x for x, a in zip(doubles.inputs, away, strict=True))
        return replace(doubles, inputs=tuple(moved))


def numbers(
    seed: int, shapes: Sequence[tuple[int, ...]], intervals: Sequence[Interval] = (), kinks: Sequence[float] = ()
) -> tuple[Array, ...]:
    """Arrays with these shapes, in these intervals: no two numbers, and none and a kink, are close to each other."""
    generator = np.random.default_rng(seed)
    arrays = []
    counts = [int(np.prod(s, dtype=int)) for s in shapes]
    # one permutation for all, so that numbers of different arrays are apart too; cells around kinks stay empty
    cells = generator.permutation(2 * sum(counts) + 8)[: sum(counts)]
    place = 0
    for k, (shape, count) in enumerate(zip(shapes, counts, strict=True)):
        low, high = _inner(intervals[k] if intervals else REAL)
        step = (high - low) / (2 * sum(counts) + 8)
        middle = low + step * (cells[place : place + count] + 0.5 + generator.uniform(-0.2, 0.2, count))
        for kink in kinks:
            middle = np.where(np.abs(middle - kink) < 0.01, middle + 0.02, middle)
        arrays.append(middle.reshape(shape))
        place += count
    return tuple(arrays)


def _inner(interval: Interval) -> Interval:
    """A moderate part of an interval, away from its ends."""
    low, high = interval
    low = low + 0.25 if low > -2.75 else -2.5
    return low, high - 0.25 if high < 2.75 else max(2.5, low + 2.5)


seeds = st.integers(0, 2**32 - 1)
extents = st.sampled_from((2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 2, 0))  # mostly small, sometimes 1, seldom empty
filled = st.sampled_from((2, 3, 1, 4))


def shapes(
    least: int = 0, most: int = 3, extent: st.SearchStrategy[int] = extents
) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(extent, min_size=least, max_size=most).map(tuple)


@st.composite
def broadcast(draw: st.DrawFn, count: int) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """A shape, and shapes that broadcast to it together."""
    shape = draw(shapes())
    parts = []
    for _ in range(count):
        ones = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
        dropped = draw(st.sampled_from((0, 0, 1, 2)))
        parts.append(tuple(1 if one else e for one, e in zip(ones, shape, strict=True))[dropped:])
    whole = draw(st.integers(0, count - 1))
    parts[whole] = shape
    return shape, parts


def leading(shape: tuple[int, ...], parts: Sequence[tuple[int, ...]]) -> tuple[tuple[int, int], ...]:
    """The (input, axis) pairs of the first axis of a broadcast."""
    if not shape or shape[0] == 0:
        return ()
    return tuple((k, 0) for k, p in enumerate(parts) if len(p) == len(shape) and p[0] == shape[0])


# ------------------------------------------------------------------------------------------------ of one tensor
@st.composite
def one(
    draw: st.DrawFn,
    function: Callable[..., Any],
    attributes: Callable[..., dict[str, Any]] = lambda draw, shape: {},
    *,
    shape: st.SearchStrategy[Shape] | None = None,
    batch: Callable[[Shape, dict[str, Any]], bool] = lambda shape, attributes: True,
) -> Case:
    """One tensor, and attributes that depend on its shape."""
    chosen = draw(shapes() if shape is None else shape)
    given = attributes(draw, chosen)
    symbolic = bool(chosen) and chosen[0] > 0 and batch(chosen, given)
    return Case(function, numbers(draw(seeds), [chosen]), given, batch=((0, 0),) if symbolic else ())


def axes(draw: st.DrawFn, shape: Shape, *, several: bool = True) -> Any:
    """One axis, several or None."""
    places = st.integers(-len(shape), len(shape) - 1)
    if not shape or (several and draw(st.integers(0, 3)) == 0):
        return None
    if not several or draw(st.booleans()):
        return draw(places)
    return tuple(draw(st.lists(places, unique_by=lambda a: a % len(shape), min_size=1, max_size=len(shape))))


def reduction(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"axis": axes(draw, shape), "keepdims": draw(st.booleans())}


def some_axes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"axis": axes(draw, shape)}


def spares_first(shape: Shape, attributes: dict[str, Any]) -> bool:
    axis = attributes["axis"]
    return axis is not None and all(a % len(shape) for a in ([axis] if isinstance(axis, int) else axis))
