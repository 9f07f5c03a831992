"""Every operation that is declared, by name: where a saved graph finds its operations again."""

from __future__ import annotations

from typing import Any

from chainrule.graph.operation import Operation
from chainrule.ops import (
    activations,
    adaptive_pooling,
    arrangement,
    attention,
    augmentation,
    bits,
    colors,
    comparison,
    contraction,
    convolution,
    creation,
    depthwise_convolution,
    diagonals,
    dropout,
    elementwise,
    exponential,
    gathering,
    gating,
    indexing,
    maxima,
    mixing,
    movement,
    normalization,
    ordering,
    parts,
    pooling,
    probability,
    random,
    reductions,
    resizing,
    rounding,
    running,
    selection,
    softmax,
    transposed_convolution,
    trigonometric,
    unfolding,
    warping,
)
from chainrule.ops.kinds.conversion import CAST
from chainrule.ops.kinds.indexed import Indexed

_FILES = (
    elementwise, comparison, bits, rounding, exponential, trigonometric, activations, gating, probability,
    creation, movement, parts, contraction, convolution, transposed_convolution, depthwise_convolution, unfolding,
    maxima, selection, pooling, adaptive_pooling, resizing, gathering, ordering, random, softmax, dropout,
    normalization, attention, reductions, indexing, arrangement, diagonals, running,
    augmentation, colors, warping, mixing,
)  # fmt: skip

_DECLARED: list[Any] = [value for file in _FILES for value in vars(file).values()]
_CLASSES = [o for o in _DECLARED if isinstance(o, type) and issubclass(o, Operation) and hasattr(o, "name")]

# Those made from a formula, which have no instance here, stand by their class.
vocabulary: dict[str, Operation | type[Operation]] = {
    "indexed": Indexed,
    CAST.name: CAST,
    **{o.name: o for o in _CLASSES},
    **{o.name: o for o in _DECLARED if isinstance(o, Operation)},
}
