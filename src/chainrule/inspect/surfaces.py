"""Functions of two parameters on which optimizers show their character."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chainrule.graph.tensor import Tensor
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import square
from chainrule.ops.exponential import exp

__all__ = ["SURFACES", "Surface"]


@dataclass(frozen=True)
class Surface:
    """A function of a vector (2,), and where it is worth looking at.

    function     tensor (2,) → tensor ()
    start        where optimizers begin
    low, high    corners of the part that is drawn
    formula      the function as text
    """

    function: Callable[[Tensor], Tensor]
    start: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    formula: str


def _ravine(p: Tensor) -> Tensor:
    return 0.5 * (square(p[0]) + 25.0 * square(p[1]))


def _saddle(p: Tensor) -> Tensor:
    return square(p[0]) - square(p[1]) + 0.25 * square(square(p[1]))


def _plateau(p: Tensor) -> Tensor:
    return 1.0 - exp(-0.5 * sum(square(p)))


def _valley(p: Tensor) -> Tensor:
    return square(p[0]) + 0.25 * square(p[1])


# ravine: steep across, nearly flat along; saddle: a minimum on one axis, a maximum on the other, two minima beside;
# plateau: no slope to speak of far from the minimum; valley: steps of 1 or more in x go up its other side.
SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        "ravine": Surface(_ravine, (-4.0, 1.2), (-4.5, -1.5), (2.0, 1.5), "½(x² + 25 y²)"),
        "saddle": Surface(_saddle, (-1.6, 0.01), (-2.0, -2.0), (2.0, 2.0), "x² − y² + y⁴/4"),
        "plateau": Surface(_plateau, (-3.0, 1.0), (-4.0, -2.5), (2.0, 2.5), "1 − exp(−½(x² + y²))"),
        "valley": Surface(_valley, (-1.8, 1.6), (-2.2, -0.6), (2.2, 2.0), "x² + ¼ y²"),
    }
)
