"""Random applications of attention."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import ops
from tests.ops.case import Case, filled, numbers, seeds, shapes


@st.composite
def attention(draw: st.DrawFn, *, weights_only: bool) -> Case:
    """Samples, heads and places in any number; with every kind of mask, some of which leave a query nothing."""
    leading = draw(shapes(1, 2, filled))
    queries, keys, size = draw(filled), draw(filled), draw(filled)
    parts = [(*leading, queries, size), (*leading, keys, size)]
    if not weights_only:
        parts.append((*leading, keys, draw(filled)))
    kind = draw(st.sampled_from(("none", "none", "bools", "floats")))
    arrays: tuple[Any, ...] = numbers(draw(seeds), parts)
    generator = np.random.default_rng(draw(seeds))
    if kind == "bools":
        arrays = (*arrays, generator.random((queries, keys)) < 0.6)
    elif kind == "floats":
        arrays = (*arrays, generator.standard_normal((*leading, 1, keys)))
    count = len(parts) + (kind == "floats")
    attributes = {"causal": draw(st.booleans()), "scale": draw(st.sampled_from((None, 0.3)))}
    function = ops.attention_weights if weights_only else ops.scaled_dot_product_attention
    return Case(function, arrays, attributes, tuple((k, 0) for k in range(count)))


ATTENTION = {
    "attention_weights": attention(weights_only=True),
    "scaled_dot_product_attention": attention(weights_only=False),
}
