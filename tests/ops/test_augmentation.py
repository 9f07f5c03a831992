"""Random variations of samples: what they do to pictures, how often, and how exactly again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.extent import batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import input_tensor, tensor
from tests.execute.agreement import quick_target

COUNT = 4000
RANGE = (0.0, 1.0)


def pictures(*shape: int) -> Array:
    return np.random.default_rng(0).uniform(0.2, 0.8, shape)


def alike(x: Array, y: Array) -> Array:
    """Which samples are the same in both."""
    return np.asarray((x == y).reshape(len(x), -1).all(1))


# ----------------------------------------------------------------------------------------------------------- flips
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("axis", [1, 2, -2])
def test_flips_are_mirrored_at_the_rate_and_undo_themselves(axis, rate):
    x = pictures(COUNT, 2, 3, 2)
    y = ops.random_flip(x, rate, seed=1, axis=axis).numpy()
    mirrored = alike(y, np.flip(x, axis))
    np.testing.assert_array_equal(mirrored, ~alike(y, x))
    assert abs(mirrored.mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / COUNT)
    np.testing.assert_array_equal(ops.random_flip(y, rate, seed=1, axis=axis).numpy(), x)


# ------------------------------------------------------------------------------------------------ shifts and crops
def test_random_shifts_move_whole_images_by_each_amount_alike():
    x = np.zeros((9000, 5, 5, 1))
    x[:, 2, 2, 0] = 1.0
    y = ops.random_shift(x, seed=6, pixels=1).numpy()[..., 0]
    np.testing.assert_array_equal(y.sum((1, 2)), 1.0)  # the one bright pixel stays in the picture
    counts = y.sum(0)[1:4, 1:4].ravel()
    assert counts.sum() == 9000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_shifts_of_bytes_stay_bytes_and_move_them_alike():
    x = (pictures(50, 6, 5, 2) * 255).astype(np.uint8)
    bytes_, floats = (ops.random_shift(v, seed=2, pixels=2).numpy() for v in (x, x.astype(np.float32)))
    assert bytes_.dtype == np.uint8
    np.testing.assert_array_equal(bytes_, floats)


def test_crops_are_parts_of_the_images_from_everywhere_alike():
    height, width = 5, 7
    x = np.broadcast_to(np.arange(height * width, dtype=float).reshape(height, width, 1), (COUNT, height, width, 1))
    y = ops.random_crop(x, (3, 4), seed=3).numpy()
    first = y[:, 0, 0, 0].astype(int)
    tops, lefts = first // width, first % width
    wanted = [x[0, t : t + 3, s : s + 4] for t, s in zip(tops, lefts, strict=True)]
    np.testing.assert_array_equal(y, wanted)
    counts = np.bincount(tops * 4 + lefts, minlength=12)
    assert counts.sum() == COUNT
    assert len(counts) == 12
    assert stats.chisquare(counts).pvalue > 1e-3
    np.testing.assert_array_equal(ops.random_crop(x[:2], (height, width), seed=3).numpy(), x[:2])
    np.testing.assert_array_equal(ops.center_crop(x, (3, 4)).numpy(), x[:, 1:4, 1:5])


# ------------------------------------------------------------------------------------------------- light and colour
def test_brightness_adds_one_number_to_each_sample_and_clips():
    x = pictures(COUNT, 3, 3, 1)
    y = ops.random_brightness(x, 0.1, seed=4, value_range=RANGE).numpy()
    added = y - x
    np.testing.assert_allclose(added, np.broadcast_to(added[:, :1, :1], x.shape), atol=1e-12)
    assert stats.kstest(added[:, 0, 0, 0], "uniform", (-0.1, 0.2)).pvalue > 1e-3
    far = ops.random_brightness(x, 1.0, seed=4, value_range=RANGE).numpy()
    np.testing.assert_allclose(far, np.clip(x + 10 * added[:, :1, :1], 0, 1), atol=1e-12)
    bytes_ = ops.random_brightness((x * 255).astype(np.uint8), 1.0, seed=4).numpy()
    assert bytes_.dtype == np.float32
    assert bytes_.min() == 0
    assert bytes_.max() == 255


def test_contrast_stretches_the_distances_from_each_channels_mean():
    x = pictures(COUNT, 3, 4, 2)
    middle = x.mean((1, 2), keepdims=True)
    y = ops.random_contrast(x, 0.2, seed=5, value_range=(-10, 10)).numpy()
    factors = ((y - middle) / (x - middle))[:, 0, 0, 0]
    np.testing.assert_allclose(y, middle + factors[:, None, None, None] * (x - middle), atol=1e-12)
    assert stats.kstest(factors, "uniform", (0.8, 0.4)).pvalue > 1e-3
    clipped = ops.random_contrast(x, 0.2, seed=5, value_range=(0.3, 0.7)).numpy()
    np.testing.assert_allclose(clipped, np.clip(y, 0.3, 0.7), atol=1e-12)


def test_saturation_stretches_the_distances_from_grey():
    x = pictures(COUNT, 2, 2, 3)
    grey = x @ np.array([[0.299], [0.587], [0.114]])
    y = ops.random_saturation(x, 0.5, seed=6, value_range=(-10, 10)).numpy()
    factors = ((y - grey) / (x - grey))[:, 0, 0, 0]
    np.testing.assert_allclose(y, grey + factors[:, None, None, None] * (x - grey), atol=1e-9)
    assert stats.kstest(factors, "uniform", (0.5, 1.0)).pvalue > 1e-3


def test_hue_turns_colours_about_grey():
    """Lightness and distance from grey stay; a third of a turn is the next channel."""
    x = pictures(COUNT, 1, 1, 3)
    y = ops.random_hue(x, 0.5, seed=7, value_range=(-10, 10)).numpy()
    grey = x.mean(-1, keepdims=True)
    np.testing.assert_allclose(y.mean(-1, keepdims=True), grey, atol=1e-12)
    np.testing.assert_allclose(((y - grey) ** 2).sum(-1), ((x - grey) ** 2).sum(-1), atol=1e-12)
    around = np.exp(2j * np.pi / 3 * np.arange(3))  # each channel's direction
    turns = np.angle(((y - grey) * around).sum(-1) / ((x - grey) * around).sum(-1)).ravel() / (2 * np.pi)
    assert stats.kstest(turns, "uniform", (-0.5, 1.0)).pvalue > 1e-3
    red = np.zeros((COUNT, 1, 1, 3))
    red[..., 0] = 1
    green = ops.random_hue(red, 0.5, seed=7, value_range=(-10, 10)).numpy()[np.abs(turns - 1 / 3) < 1e-3]
    np.testing.assert_allclose(green, np.broadcast_to([0, 1, 0], green.shape), atol=0.01)
    assert len(green)


# --------------------------------------------------------------------------------------------------------- cut-out
@pytest.mark.parametrize("size", [1, 2, 5])
def test_cut_outs_are_squares_around_a_middle_anywhere(size):
    height, width = 9, 12
    y = ops.cutout(np.ones((COUNT, height, width, 2)), size, seed=8, rate=0.5, fill=-1.0).numpy()
    assert set(np.unique(y)) == {-1.0, 1.0}
    np.testing.assert_array_equal(y[..., 0], y[..., 1])
    cut = y[..., 0] < 0
    touched = cut.any((1, 2))
    assert abs(touched.mean() - 0.5) < 5 * 0.5 / np.sqrt(COUNT)
    heights, widths = cut.any(2).sum(1)[touched], cut.any(1).sum(1)[touched]
    np.testing.assert_array_equal(cut.sum((1, 2))[touched], heights * widths)  # rectangles, squares but at the edge
    assert heights.max() == widths.max() == size
    assert heights.min() == widths.min() == (size + 1) // 2
    whole = cut[touched & ~cut[:, 0].any(1) & ~cut[:, -1].any(1) & ~cut[:, :, 0].any(1) & ~cut[:, :, -1].any(1)]
    assert (whole.sum((1, 2)) == size * size).all()
    if size == 1:
        counts = cut.sum(0).ravel()
        assert stats.chisquare(counts).pvalue > 1e-3


# --------------------------------------------------------------------------------------------------------- warping
def test_sampled_images_are_those_of_scipy():
    generator = np.random.default_rng(9)
    x = pictures(3, 5, 6, 2)
    rows, columns = (generator.uniform(-1.9, e + 0.9, (3, 4, 7)) for e in (5, 6))
    y = ops.sample_images(x, rows, columns, fill=0.5).numpy()
    framed = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], constant_values=0.5)
    for n in range(3):
        for c in range(2):
            at = [rows[n] + 2, columns[n] + 2]
            wanted = ndimage.map_coordinates(framed[n, ..., c], at, order=1, mode="nearest")
            np.testing.assert_allclose(y[n, ..., c], wanted, atol=1e-12)


def test_rotations_by_quarter_turns_are_numpys():
    x = pictures(5, 7, 7, 2)
    angles = np.array([0, 1, 2, 3, -1]) * np.pi / 2
    wanted = [np.rot90(image, k) for image, k in zip(x, [0, 1, 2, 3, -1], strict=True)]
    np.testing.assert_allclose(ops.rotate(x, angles).numpy(), wanted, atol=1e-12)


def test_random_rotations_turn_each_image_by_its_own_angle():
    """A bright pixel to the right of the middle stands, after the turn, where the angle is."""
    x = np.zeros((COUNT // 4, 33, 33, 1))
    x[:, 16, 28] = 1
    y = ops.random_rotation(x, 0.2, seed=10).numpy()[..., 0]
    down, across = np.mgrid[:33, :33] - 16
    angles = np.arctan2(-(y * down).sum((1, 2)), (y * across).sum((1, 2))) / (2 * np.pi)
    assert np.abs(angles).max() <= 0.201
    assert stats.kstest(angles, "uniform", (-0.2, 0.4)).pvalue > 1e-4


def test_zooms_are_about_the_middle_and_show_what_is_around():
    x = np.broadcast_to((np.mgrid[:9, :9].sum(0) - 8.0)[..., None], (COUNT, 9, 9, 1))
    y = ops.random_zoom(x, 0.5, seed=11, fill=100.0).numpy()[..., 0]
    scale = y[:, 4, 5]  # linear in the place, so that interpolation is exact
    assert stats.kstest(scale, "uniform", (0.5, 1.0)).pvalue > 1e-3
    np.testing.assert_allclose(y[:, 3:6, 2:7], scale[:, None, None] * x[:, 3:6, 2:7, 0], atol=1e-6)
    larger = scale > 1.25
    assert larger.any()
    np.testing.assert_array_equal(y[larger][:, 0, 0], 100.0)


def test_elastic_displacements_are_smooth_bounded_and_of_the_size_that_simard_has():
    """The images are their own coordinates, so that what is sampled tells the displacement."""
    extent, factor, smoothness = 40, 8.0, 4.0
    places = np.mgrid[:extent, :extent].astype(float)
    x = np.broadcast_to(places.transpose(1, 2, 0), (300, extent, extent, 2))
    y = ops.elastic_distortion(x, factor, seed=12, smoothness=smoothness).numpy()
    moved = (y - x)[:, 4:-4, 4:-4]  # away from what is outside
    assert np.abs(moved).max() <= factor / smoothness
    steps = np.abs(np.diff(moved, axis=1))
    assert steps.max() < 0.5 * factor / smoothness / smoothness * 2
    # Simard's own field: one uniform number for each pixel, smoothed
    noise = np.random.default_rng(0).uniform(-1, 1, (300, extent, extent))
    theirs = factor * ndimage.gaussian_filter(noise, (0, smoothness, smoothness), mode="wrap", truncate=6)
    assert abs(moved.std() / theirs.std() - 1) < 0.05
    for apart in (2, 4, 8):
        ours = (moved[:, apart:] * moved[:, :-apart]).mean() / moved.var()
        assert abs(ours - (theirs[:, apart:] * theirs[:, :-apart]).mean() / theirs.var()) < 0.04
    assert abs((moved[..., 0] * moved[..., 1]).mean()) / moved.var() < 0.04  # rows and columns by themselves


# ---------------------------------------------------------------------------------------------------------- mixing
@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.5, 1.0, 3.0])
def test_shares_are_the_larger_part_of_a_beta_number(alpha):
    shares = ops.mixing_shares(20_000, alpha, seed=13).numpy().astype(float)
    ends = np.array([0.5, 0.6, 0.8, 0.95, 0.999, 1.001])
    chances = np.diff(2 * stats.beta.cdf(np.minimum(ends, 1), alpha, alpha) - 1)
    counts = np.histogram(shares, ends)[0]
    assert counts.sum() == len(shares)
    assert stats.chisquare(counts[chances > 1e-9], chances[chances > 1e-9] * len(shares)).pvalue > 1e-3


def test_without_alpha_nothing_is_mixed():
    np.testing.assert_array_equal(ops.mixing_shares(1000, 0.0, seed=13).numpy(), 1.0)


def test_each_sample_meets_another_one():
    turns = [int(ops.mixing_turn(4, seed=14, step=k)) for k in range(300)]
    assert set(turns) == {1, 2, 3}
    assert stats.chisquare(np.bincount(turns)[1:]).pvalue > 1e-3
    assert int(ops.mixing_turn(1, seed=14)) == 1


def test_mixed_samples_are_blended_by_the_formula():
    x, shares = pictures(5, 3, 2), np.linspace(0.5, 1, 5)
    y = ops.mix_up(x, shares, 2).numpy()
    wanted = [s * x[n] + (1 - s) * x[n - 2] for n, s in enumerate(shares)]
    np.testing.assert_allclose(y, wanted, atol=1e-12)


def test_samples_are_rolled_as_numpy_does():
    x = pictures(4, 3)
    for turn in range(5):
        np.testing.assert_array_equal(ops.roll_samples(x, turn).numpy(), np.roll(x, turn, 0))


# ------------------------------------------------------------------------------------------------------ all of them
EVERY = {
    "flip": lambda x, seed, step: ops.random_flip(x, 0.5, seed, step),
    "shift": lambda x, seed, step: ops.random_shift(x, seed, step, pixels=2),
    "crop": lambda x, seed, step: ops.random_crop(x, 5, seed, step),
    "brightness": lambda x, seed, step: ops.random_brightness(x, 0.3, seed, step, value_range=RANGE),
    "contrast": lambda x, seed, step: ops.random_contrast(x, 0.3, seed, step, value_range=RANGE),
    "saturation": lambda x, seed, step: ops.random_saturation(x, 0.3, seed, step, value_range=RANGE),
    "hue": lambda x, seed, step: ops.random_hue(x, 0.3, seed, step, value_range=RANGE),
    "cutout": lambda x, seed, step: ops.cutout(x, 3, seed, step),
    "rotation": lambda x, seed, step: ops.random_rotation(x, 0.1, seed, step),
    "zoom": lambda x, seed, step: ops.random_zoom(x, 0.3, seed, step),
    "elastic": lambda x, seed, step: ops.elastic_distortion(x, 8.0, seed, step),
    "mix-up": lambda x, seed, step: ops.mix_up(
        x, ops.mixing_shares(x.shape[0], 0.5, seed, step), ops.mixing_turn(x.shape[0], seed, step, stream=1)
    ),
}


def test_both_executors_make_the_same_pictures_and_each_step_others():
    x = input_tensor("x", (batch, 7, 7, 3))
    seed, step = input_tensor("seed", (), "int64"), input_tensor("step", (), "int64")
    outputs = [vary(x, seed, step) for vary in EVERY.values()]
    native, reference = NativeProgram(outputs, target=quick_target()), Program(outputs)
    for samples in (1, 21):
        images = pictures(samples, 7, 7, 3).astype(np.float32)
        runs = [{x: images, seed: np.asarray(7), step: np.asarray(k)} for k in (1, 1, 2)]
        first, again, other = (native.run(given) for given in runs)
        for name, a, b, c, wanted in zip(EVERY, first, again, other, reference.run(runs[0]), strict=True):
            np.testing.assert_allclose(a, wanted, atol=2e-5, err_msg=name)
            np.testing.assert_array_equal(a, b, err_msg=name)
            assert samples == 1 or (a != c).any(), name


@pytest.mark.parametrize("name", EVERY)
def test_gradients_flow_back_to_the_pictures(name):
    """Of a sum over all that is seen: each pixel's gradient is what its brightness adds, along any direction."""
    x = pictures(4, 7, 7, 3)
    direction = np.random.default_rng(1).standard_normal(x.shape)

    def seen(images):
        return ops.sum(EVERY[name](images, 3, 4) ** 2)

    slope = float((grad(seen)(tensor(x)).numpy() * direction).sum())
    h = 1e-6
    numeric = (float(seen(tensor(x + h * direction))) - float(seen(tensor(x - h * direction)))) / (2 * h)
    assert slope == pytest.approx(numeric, rel=1e-6)
    assert slope
