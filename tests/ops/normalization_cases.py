"""Random applications of the operations that normalise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from chainrule import ops
from tests.ops.case import REAL, Case, filled, numbers, seeds, shapes

Cases = st.SearchStrategy[Case]


@st.composite
def normalize(draw: st.DrawFn) -> Case:
    shape = draw(shapes(1))
    parts = [shape, *(shape[-1:] for _ in range(4))]
    values = numbers(draw(seeds), parts, (REAL, REAL, (0.2, 3.0), REAL, REAL))
    batch = ((0, 0),) if len(shape) > 1 and shape[0] else ()
    return Case(ops.normalize, values, {"epsilon": draw(st.sampled_from((1e-5, 1e-3)))}, batch)


@st.composite
def within_samples(draw: st.DrawFn, function: Callable[..., Any], parameters: int) -> Case:
    """Over the last axis or the last two, with parameters beside x."""
    shape = (draw(filled), *draw(shapes(1, 2, filled)))
    axis = draw(st.sampled_from((-1, len(shape) - 1, (-1, -2)) if len(shape) > 2 else (-1, 1)))
    values = numbers(draw(seeds), [shape, *(shape[-1:] for _ in range(parameters))])
    more = {} if parameters == 0 else {"epsilon": draw(st.sampled_from((1e-2, 1e-1)))}
    return Case(function, values, {"axis": axis, **more}, ((0, 0),))


@st.composite
def by_channels(draw: st.DrawFn, function: Callable[..., Any], attributes: dict[str, Any], least: int) -> Case:
    """Images and series whose channels make whole groups."""
    shape = (draw(filled), *draw(shapes(least, 2, filled)), 4)
    drawn = {name: draw(st.sampled_from(values)) for name, values in attributes.items()}
    values = numbers(draw(seeds), [shape, (4,), (4,)])
    return Case(function, values, {**drawn, "epsilon": 1e-1}, ((0, 0),))


@st.composite
def local_response(draw: st.DrawFn) -> Case:
    shape = (draw(filled), *draw(shapes(0, 1, filled)), draw(st.integers(1, 6)))
    attributes = {
        "size": draw(st.integers(1, 7)),
        "alpha": draw(st.sampled_from((1e-4, 0.5))),
        "beta": draw(st.sampled_from((0.75, 0.5))),
        "k": draw(st.sampled_from((1.0, 2.0))),
    }
    return Case(ops.local_response_normalization, numbers(draw(seeds), [shape]), attributes, ((0, 0),))


NORMALIZATION: dict[str, Cases] = {
    "normalize": normalize(),
    "layer_normalization": within_samples(ops.layer_normalization, 2),
    "instance_normalization": by_channels(ops.instance_normalization, {}, 1),
    "group_normalization": by_channels(ops.group_normalization, {"groups": (1, 2, 4)}, 0),
    "rms_normalization": within_samples(ops.rms_normalization, 1),
    "local_response_normalization": local_response(),
    "l2_normalize": within_samples(ops.l2_normalize, 0),
}
