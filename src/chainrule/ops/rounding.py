"""Numbers made whole."""

from __future__ import annotations

from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import Elementwise

__all__ = ["floor"]

floor = Elementwise(
    "floor", "floor(x)", lift=lift_floats,
    partials=lambda y, x: (None,),
    summary="The largest integer not above x, as a float; no gradient passes.",
    example=">>> floor([1.5, -1.5])\nTensor([ 1. -2.], shape=(2,), dtype=float32)",
)  # fmt: skip
