"""Random applications of the operations whose windows move along spatial axes, and of those that resize images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from chainrule import ops
from tests.ops.case import Case, numbers, seeds

Cases = st.SearchStrategy[Case]

SAMPLES = st.sampled_from((2, 1, 2, 0))


@dataclass(frozen=True)
class Drawn:
    """Windows of one case: strides 1 to 3, dilation 1 and 2, and sizes of the axes that they fit."""

    window: list[int]
    strides: list[int]
    dilation: list[int]
    places: list[int]

    @property
    def spans(self) -> list[int]:
        return [(p - 1) * d + 1 for p, d in zip(self.window, self.dilation, strict=True)]


@st.composite
def windows(draw: st.DrawFn, rank: int) -> Drawn:
    window = [draw(st.integers(1, (4, 3, 2)[rank - 1])) for _ in range(rank)]
    strides = [draw(st.integers(1, 3)) for _ in range(rank)]
    dilation = [draw(st.integers(1, 2)) for _ in range(rank)]
    places = [
        (p - 1) * d + 1 + draw(st.integers(0, (5, 3, 2)[rank - 1])) for p, d in zip(window, dilation, strict=True)
    ]
    return Drawn(window, strides, dilation, places)


def padding(draw: st.DrawFn, limits: list[int]) -> Any:
    """None, 'same', or up to a limit for each axis, written in all the ways."""
    pairs = [(draw(st.integers(0, most)), draw(st.integers(0, most))) for most in limits]
    alike = [before for before, _ in pairs]
    return draw(st.sampled_from(("valid", "same", min(limits), pairs, alike)))


# ---------------------------------------------------------------------------------------------------- convolutions
@st.composite
def convolution(draw: st.DrawFn, rank: int) -> Case:
    drawn = draw(windows(rank))
    groups = draw(st.sampled_from((1, 1, 2)))
    channels, kernels = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    shapes = [(draw(SAMPLES), *drawn.places, channels * groups), (*drawn.window, channels, kernels * groups)]
    attributes = {
        "strides": drawn.strides,
        "padding": padding(draw, [2] * rank),
        "dilation": drawn.dilation,
        "groups": groups,
    }
    operation = (ops.conv1d, ops.conv2d, ops.conv3d)[rank - 1]
    return Case(operation, numbers(draw(seeds), shapes), attributes, batch=((0, 0),) if shapes[0][0] else ())


@st.composite
def transposed_convolution(draw: st.DrawFn, rank: int) -> Case:
    """Padding that leaves something, and every output padding that is allowed."""
    drawn = draw(windows(rank))
    places = [draw(st.integers(1, (4, 3, 2)[rank - 1])) for _ in range(rank)]
    groups = draw(st.sampled_from((1, 1, 2)))
    channels, kernels = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    whole = [(e - 1) * s + span for e, s, span in zip(places, drawn.strides, drawn.spans, strict=True)]
    more = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(drawn.strides, drawn.dilation, strict=True)]
    shapes = [(draw(SAMPLES), *places, channels * groups), (*drawn.window, kernels, channels * groups)]
    attributes = {
        "strides": drawn.strides,
        "padding": padding(draw, [min(2, (e - 1) // 2) for e in whole]),
        "output_padding": more,
        "dilation": drawn.dilation,
        "groups": groups,
    }
    operation = (ops.conv1d_transpose, ops.conv2d_transpose, ops.conv3d_transpose)[rank - 1]
    return Case(operation, numbers(draw(seeds), shapes), attributes, batch=((0, 0),) if shapes[0][0] else ())


@st.composite
def depthwise_convolution(draw: st.DrawFn, operation: Callable[..., Any], rank: int) -> Case:
    """With a second kernel, for pixels, where the operation is a separable convolution."""
    drawn = draw(windows(rank))
    channels, multiplier = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    shapes = [(draw(SAMPLES), *drawn.places, channels), (*drawn.window, channels, multiplier)]
    if operation is ops.separable_conv2d:
        shapes.append((*[1] * rank, channels * multiplier, draw(st.integers(1, 2))))
    attributes = {"strides": drawn.strides, "padding": padding(draw, [2] * rank), "dilation": drawn.dilation}
    return Case(operation, numbers(draw(seeds), shapes), attributes, batch=((0, 0),) if shapes[0][0] else ())


@st.composite
def unfolding(draw: st.DrawFn, operation: Callable[..., Any]) -> Case:
    drawn = draw(windows(draw(st.sampled_from((2, 1, 2, 3)))))
    attributes: dict[str, Any] = {
        "window": drawn.window,
        "strides": drawn.strides,
        "padding": padding(draw, [1] * len(drawn.window)),
        "dilation": drawn.dilation,
    }
    shape: tuple[Any, ...] = (draw(SAMPLES), *drawn.places, draw(st.integers(1, 2)))
    if operation is ops.fold:
        attributes["size"] = drawn.places
        shape = ops.unfold(ops.zeros(shape), **{k: v for k, v in attributes.items() if k != "size"}).shape
    return Case(operation, numbers(draw(seeds), [shape]), attributes, batch=((0, 0),) if shape[0] else ())


# --------------------------------------------------------------------------------------------- pooling and resizing
@st.composite
def pool(draw: st.DrawFn, operation: Callable[..., Any]) -> Case:
    """Windows that overlap, touch or leave gaps, along one to three axes; none sees padding only."""
    drawn = draw(windows(draw(st.sampled_from((2, 2, 1, 3)))))
    attributes: dict[str, Any] = {
        "window": drawn.window,
        "strides": draw(st.sampled_from((None, drawn.strides))),
        "padding": padding(draw, [p - 1 for p in drawn.window]),
        "dilation": drawn.dilation,
        "ceil_mode": draw(st.booleans()),
    }
    if operation is ops.average_pool:
        attributes["count_padding"] = draw(st.booleans())
    (x,) = numbers(draw(seeds), [(draw(SAMPLES), *drawn.places, draw(st.integers(1, 2)))])
    return Case(operation, (x,), attributes, batch=((0, 0),) if len(x) else ())


@st.composite
def resized(draw: st.DrawFn, operation: Callable[..., Any], attributes: dict[str, Any]) -> Case:
    """Sizes that divide, are multiples, or neither."""
    rank = draw(st.sampled_from((2, 1, 1, 3)))
    most = (7, 5, 3)[rank - 1]
    places = [draw(st.integers(1, most)) for _ in range(rank)]
    size = [draw(st.integers(1, most)) if draw(st.booleans()) else e * draw(st.integers(1, 2)) for e in places]
    (x,) = numbers(draw(seeds), [(draw(SAMPLES), *places, draw(st.integers(1, 2)))])
    return Case(operation, (x,), {"size": size, **attributes}, batch=((0, 0),) if len(x) else ())


WINDOWS: dict[str, Cases] = {
    "adaptive_average_pool": resized(ops.adaptive_average_pool, {}),
    "adaptive_max_pool": resized(ops.adaptive_max_pool, {}),
    "average_pool": pool(ops.average_pool),
    "conv1d": convolution(1),
    "conv1d_transpose": transposed_convolution(1),
    "conv2d": convolution(2),
    "conv2d_transpose": transposed_convolution(2),
    "conv3d": convolution(3),
    "conv3d_transpose": transposed_convolution(3),
    "depthwise_conv1d": depthwise_convolution(ops.depthwise_conv1d, 1),
    "depthwise_conv2d": depthwise_convolution(ops.depthwise_conv2d, 2),
    "fold": unfolding(ops.fold),
    "max_pool": pool(ops.max_pool),
    "resize": resized(ops.resize, {})
    | resized(ops.resize, {"method": "bilinear"})
    | resized(ops.resize, {"method": "bilinear", "align_corners": True}),
    "separable_conv2d": depthwise_convolution(ops.separable_conv2d, 2),
    "unfold": unfolding(ops.unfold),
}
