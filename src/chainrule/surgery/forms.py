"""The forms that a tensor of a network can have on a larger image.

A **map** has spatial axes, and has more positions now, which say the same of other places. A **window** is a flattened
map: there is one now at each place, and a product with a matrix is a convolution whose kernel is as large as the map
was. **Positions** had no spatial axes, such as a class's score; now there is one at each place.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Map:
    """(batch, *spatial, *rest), with more positions than before."""

    tensor: Tensor


@dataclass(frozen=True, eq=False)
class Window:
    """What was a flattened map of these extents: the map it is a window of, (batch, *spatial, channels)."""

    tensor: Tensor
    extents: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Positions:
    """(batch, *spatial, *rest), of what was (batch, *rest)."""

    tensor: Tensor


Form = Map | Window | Positions
