"""Functions of angles, and of hyperbolic angles."""

from __future__ import annotations

from chainrule.ops.kinds.conversion import lift_floats
from chainrule.ops.kinds.elementwise import Elementwise

__all__ = ["cos", "sin", "tanh"]

sin = Elementwise(
    "sin", "sin(x)", partials=lambda y, x: (cos(x),), lift=lift_floats, summary="Sine of an angle in radians.",
    example=">>> sin([0.0, 1.0])\nTensor([0.       0.841471], shape=(2,), dtype=float32)",
)  # fmt: skip
cos: Elementwise = Elementwise(
    "cos", "cos(x)", partials=lambda y, x: (-sin(x),), lift=lift_floats, summary="Cosine of an angle in radians.",
    example=">>> cos([0.0, 1.0])\nTensor([1.        0.5403023], shape=(2,), dtype=float32)",
)  # fmt: skip
tanh = Elementwise(
    "tanh", "tanh(x)", partials=lambda y, x: (1 - y * y,), lift=lift_floats,
    summary="Hyperbolic tangent; in (-1, 1), saturates for large |x|.",
    example=">>> tanh([0.0, 1.0])\nTensor([0.        0.7615942], shape=(2,), dtype=float32)",
)  # fmt: skip
