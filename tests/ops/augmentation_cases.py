"""Random applications of the operations that vary samples: augmentation, warping, mixing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import ops
from chainrule.graph.operation import Array
from tests.ops.case import Case, Interval, filled, numbers, seeds, shapes

Cases = st.SearchStrategy[Case]


def _wide(draw: st.DrawFn) -> dict[str, Any]:
    """Values that no sample comes near, so that none is clipped, and differences meet no kink."""
    return {"value_range": (-50.0, 50.0)}


def _filled(draw: st.DrawFn) -> dict[str, Any]:
    return {"fill": draw(st.sampled_from((0.0, 1.5)))}


def _smooth(draw: st.DrawFn) -> dict[str, Any]:
    return {"smoothness": draw(st.floats(1, 4))}


def _pixels(draw: st.DrawFn) -> dict[str, Any]:
    return {"pixels": draw(st.integers(0, 2))}


def _seed(draw: st.DrawFn) -> Array:
    return np.asarray(draw(seeds))


@st.composite
def of_images(
    draw: st.DrawFn,
    function: Callable[..., Any],
    strengths: tuple[Interval, ...] = (),
    channels: st.SearchStrategy[int] = filled,
    attributes: Callable[[st.DrawFn], dict[str, Any]] = lambda draw: {},
) -> Case:
    """Images, strengths in an interval, and a seed."""
    shape = (draw(st.integers(1, 3)), draw(filled), draw(filled), draw(channels))
    (x,) = numbers(draw(seeds), [shape])
    chosen = [np.asarray(draw(st.floats(*interval))) for interval in strengths]
    given = {**attributes(draw), "stream": draw(seeds)}
    count = len(strengths) + 1
    return Case(function, (x, *chosen, _seed(draw)), given, ((0, 0),), unbatched=tuple(range(1, count + 1)))


@st.composite
def random_flip(draw: st.DrawFn) -> Case:
    shape = draw(shapes(2, 4, filled))
    (x,) = numbers(draw(seeds), [shape])
    attributes = {"axis": draw(st.integers(1, len(shape) - 1)), "stream": draw(seeds)}
    return Case(ops.random_flip, (x, np.asarray(0.5), _seed(draw)), attributes, ((0, 0),), unbatched=(1, 2))


@st.composite
def cropped(draw: st.DrawFn, function: Callable[..., Any], *, is_random: bool) -> Case:
    shape = (draw(st.integers(1, 3)), draw(filled), draw(filled), draw(filled))
    (x,) = numbers(draw(seeds), [shape])
    size = (draw(st.integers(1, shape[1])), draw(st.integers(1, shape[2])))
    seed = (_seed(draw),) if is_random else ()
    return Case(
        lambda x, *seed, size: function(x, size, *seed), (x, *seed), {"size": size}, ((0, 0),),
        unbatched=(1,) if seed else (),
    )  # fmt: skip


def _cut(x: Any, size: Any, rate: Any, seed: Any, **more: Any) -> Any:
    return ops.cutout(x, size, seed, rate=rate, **more)


@st.composite
def sample_images(draw: st.DrawFn) -> Case:
    """Places inside and outside of the images, none near a whole number."""
    samples, height, width = draw(st.integers(1, 3)), draw(filled), draw(filled)
    (x,) = numbers(draw(seeds), [(samples, height, width, draw(st.integers(1, 2)))])
    generator = np.random.default_rng(draw(seeds))
    shape = (samples, draw(filled), draw(filled))
    rows, columns = (
        generator.integers(-3, extent + 2, shape) + generator.uniform(0.1, 0.9, shape) for extent in (height, width)
    )
    fill = draw(st.sampled_from((0.0, 1.5)))
    return Case(ops.sample_images, (x, rows, columns), {"fill": fill}, ((0, 0), (1, 0), (2, 0)))


@st.composite
def rotate(draw: st.DrawFn) -> Case:
    shape = (draw(st.integers(1, 3)), draw(filled), draw(filled), draw(st.integers(1, 2)))
    x, _ = numbers(draw(seeds), [shape, ()])
    angles = np.random.default_rng(draw(seeds)).uniform(-3, 3, shape[:1])
    return Case(ops.rotate, (x, angles), {"fill": draw(st.sampled_from((0.0, 1.5)))}, ((0, 0), (1, 0)))


@st.composite
def numbers_of_samples(draw: st.DrawFn, function: Callable[..., Any], strengths: tuple[Interval, ...] = ()) -> Case:
    """Random numbers for mixing a batch."""
    chosen = [np.asarray(draw(st.floats(*interval))) for interval in strengths]
    return Case(
        lambda *x, samples, stream: function(samples, *x, stream=stream),
        (*chosen, _seed(draw)),
        {"samples": draw(st.integers(1, 5)), "stream": draw(seeds)},
        unbatched=tuple(range(len(strengths) + 1)),
    )


@st.composite
def mixed(draw: st.DrawFn, function: Callable[..., Any], *, is_shared: bool) -> Case:
    """Samples and a turn; shares too, where they are blended."""
    shape = draw(shapes(1, 3, filled))
    x, shares = numbers(draw(seeds), [shape, shape[:1]])
    inputs = (x, *((shares,) if is_shared else ()), np.asarray(draw(st.integers(0, shape[0]))))
    return Case(function, inputs, {}, ((0, 0), *(((1, 0),) if is_shared else ())))


def _hue(x: Any, factor: Any, seed: Any, **more: Any) -> Any:
    """Turned, and channels told apart: a turn alone changes no sum of squares, which the tests differentiate."""
    return ops.random_hue(x, factor, seed, **more) * np.array([1.0, 2.0, 3.0], np.float32)


_COLORS = st.just(3)

AUGMENTATION: dict[str, Cases] = {
    "center_crop": cropped(ops.center_crop, is_random=False),
    "cutout": of_images(_cut, ((0.3, 3.7), (0.3, 1.0)), attributes=_filled),
    "elastic_distortion": of_images(ops.elastic_distortion, ((1.0, 20.0),), attributes=_smooth),
    "mix_up": mixed(ops.mix_up, is_shared=True),
    "mixing_shares": numbers_of_samples(ops.mixing_shares, ((0.1, 3.0),)),
    "mixing_turn": numbers_of_samples(ops.mixing_turn),
    "random_brightness": of_images(ops.random_brightness, ((0.0, 0.1),), attributes=_wide),
    "random_contrast": of_images(ops.random_contrast, ((0.0, 1.0),), attributes=_wide),
    "random_crop": cropped(ops.random_crop, is_random=True),
    "random_flip": random_flip(),
    "random_hue": of_images(_hue, ((0.0, 0.5),), _COLORS, _wide),
    "random_rotation": of_images(ops.random_rotation, ((0.1, 0.5),), attributes=_filled),
    "random_saturation": of_images(ops.random_saturation, ((0.0, 1.0),), _COLORS, _wide),
    "random_shift": of_images(ops.random_shift, attributes=_pixels),
    "random_zoom": of_images(ops.random_zoom, ((0.1, 0.9),), attributes=_filled),
    "roll_samples": mixed(ops.roll_samples, is_shared=False),
    "rotate": rotate(),
    "sample_images": sample_images(),
}
