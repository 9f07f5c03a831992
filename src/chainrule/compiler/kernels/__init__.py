"""A nest and its schedule as a C function, in one of four ways.

tiles    sums of products of pairs, by instructions for 16 × 16 of them
lanes    the samples of a chunk are the lanes of vectors, or vectors run along the last axis of what is written
flat     arrays that meet elementwise are gone through as they lie in memory
points   point by point, without vectors: right for every nest

writer    the text of a kernel while it grows: what all of them write alike
accesses  elements in vectors
spelling  types, numbers and scalar functions in C
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.forms import is_elementwise, vectors_along
from chainrule.compiler.kernels.flat import Flat, is_flat
from chainrule.compiler.kernels.lanes import Lanes
from chainrule.compiler.kernels.points import Points
from chainrule.compiler.kernels.spelling import C_TYPES, memory_type
from chainrule.compiler.kernels.tiles import Tiles
from chainrule.compiler.kernels.writer import Kernel
from chainrule.compiler.layout import Layout
from chainrule.compiler.strips import part_of
from chainrule.graph.affine import Axis
from chainrule.graph.loopnest import LoopNest

__all__ = ["C_TYPES", "Kernel", "kernel", "memory_type"]


def kernel(
    name: str,
    nest: LoopNest,
    layout: Layout,
    chunked: bool,
    in_lanes: bool,
    registers: int,
    title: str,
    strip: Sequence[Axis] = (),
    tiles: bool = False,
) -> Kernel:
    """The C function of a nest; the axes of a strip are its arguments."""
    if in_lanes:
        part = part_of(nest, strip)
        by_tiles = Tiles(name, part, layout, chunked, registers, strip) if tiles else None
        chosen = by_tiles if by_tiles and by_tiles.blocks else Lanes(name, part, layout, chunked, registers, strip)
        made = chosen.kernel(title)
        return replace(
            made, nest=nest, work=made.work * math.prod(a.extent for a in strip if isinstance(a.extent, int))
        )
    if is_elementwise(nest) and is_flat(nest, layout):
        return Flat(name, nest, layout, registers).kernel(title)
    if vectors_along(nest) is not None:
        return Lanes(name, nest, layout, chunked, registers).kernel(title)
    return Points(name, nest, layout, registers).kernel(title)
