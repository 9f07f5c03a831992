"""Index arithmetic: axes, and integer affine functions of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.graph.extent import Batch, Extent


@dataclass(frozen=True)
class Axis:
    """A loop variable that runs from 0 to extent - 1."""

    name: str
    extent: Extent

    def __hash__(self) -> int:
        return hash(self.name)  # strings remember theirs, and axes are looked up all the time


@dataclass(frozen=True)
class Affine:
    """Sum of coefficient · axis, plus a constant."""

    terms: tuple[tuple[Axis, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(axis: Axis, coefficient: int = 1) -> Affine:
        return Affine(((axis, coefficient),) if coefficient else ())

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        if not self.terms or not other.terms:
            return Affine(self.terms or other.terms, self.constant + other.constant)
        total: dict[Axis, int] = dict(self.terms)
        for axis, coefficient in other.terms:
            total[axis] = total.get(axis, 0) + coefficient
        return Affine(tuple((a, c) for a, c in total.items() if c), self.constant + other.constant)

    def __sub__(self, other: Affine | int) -> Affine:
        return self + other * -1

    def __mul__(self, factor: int) -> Affine:
        return Affine(tuple((a, c * factor) for a, c in self.terms if factor), self.constant * factor)

    def substitute(self, by: Mapping[Axis, Affine]) -> Affine:
        if not any(axis in by for axis, _ in self.terms):
            return self
        result = Affine((), self.constant)
        for axis, coefficient in self.terms:
            result = result + by.get(axis, Affine.of(axis)) * coefficient
        return result

    def coefficient(self, axis: Axis) -> int:
        for a, c in self.terms:
            if a == axis:
                return c
        return 0

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(axis for axis, _ in self.terms)

    @property
    def pure(self) -> Axis | None:
        """The axis, where this is nothing but one axis."""
        return self.terms[0][0] if len(self.terms) == 1 and self.terms[0][1] == 1 and not self.constant else None

    def within(self, extent: Extent) -> bool:
        """Whether 0 ≤ value < extent for every value of the axes and every size of the batch.

        The ends are linear in the size of the batch: one pair (multiple of the batch, constant) each. An axis
        without values makes every claim true.
        """
        if any(axis.extent == 0 for axis in self.axes):
            return True
        low, high = [0, self.constant], [0, self.constant]
        for axis, c in self.terms:
            last = (axis.extent.multiple, -1) if isinstance(axis.extent, Batch) else (0, axis.extent - 1)
            end = high if c > 0 else low
            end[0], end[1] = end[0] + c * last[0], end[1] + c * last[1]
        multiple, constant = (extent.multiple, 0) if isinstance(extent, Batch) else (0, extent)
        # sizes of the batch start at 1, and the difference of two linear functions is smallest at an end
        return low[0] >= 0 and low[0] + low[1] >= 0 and multiple >= high[0] and multiple - high[0] + constant > high[1]

    def __str__(self) -> str:
        parts = [axis.name if c == 1 else f"-{axis.name}" if c == -1 else f"{c}*{axis.name}" for axis, c in self.terms]
        parts += [str(self.constant)] if self.constant or not parts else []
        return "+".join(parts).replace("+-", "-")


def mixed_radix(index: Affine, extent: Extent) -> bool:
    """Whether the index meets each of 0 … extent - 1 exactly once, as digits of a number do."""
    step: Extent = 1
    for axis, coefficient in sorted(index.terms, key=lambda term: term[1]):
        if axis.extent == 1 and coefficient >= 1:
            continue
        if coefficient != step or isinstance(step, Batch):
            return False
        step = step * axis.extent
    return step == extent and index.constant == 0
