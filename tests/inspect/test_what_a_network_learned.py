"""Kernels, feature maps, exciting patches, projections, saliency and occlusion, each against NumPy's loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import inspect, nn
from chainrule.graph.operation import Array
from chainrule.surgery import features
from chainrule.train.model import Model
from tests.inspect.seeing import SHAPE, images, small
from tests.refusals import Refusals
from tests.surgery.models import filled, predicted


def test_kernels_are_the_parameters_each_divided_by_its_largest_weight():
    model = small()
    record = inspect.layer_kernels(model, "second")
    np.testing.assert_array_equal(record.kernels, model.parameters["second/kernel"])
    normalized = record.normalized()
    np.testing.assert_allclose(np.abs(normalized).max((0, 1, 2)), 1.0)
    np.testing.assert_allclose(normalized * record.reach, record.kernels, rtol=1e-6)
    (axes,) = inspect.plot_kernels(record).figure.axes
    drawn = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(drawn[3:5, 6:8], normalized[:, :, 1, 2])  # second channel, third kernel
    assert axes.images[0].get_clim() == (-1, 1)


def test_a_kernel_of_zeros_stays_zero_and_depthwise_kernels_are_kernels():
    assert not inspect.LayerKernels("none", np.zeros((2, 2, 1, 3))).normalized().any()
    model = Model(nn.DepthwiseConv2D(3, name="each"), (6, 6, 4))
    assert inspect.layer_kernels(model, "each").kernels.shape[:3] == (3, 3, 4)


def test_what_is_left_out_of_a_picture_of_kernels_is_said():
    (axes,) = inspect.plot_kernels(inspect.LayerKernels("wide", np.ones((3, 3, 20, 40)))).figure.axes
    assert axes.get_title(loc="left") == "wide: 16 of 40 kernels, 8 of 20 channels"


def test_feature_maps_are_what_the_layers_give(tmp_path):
    model, image = small(), images(1)[0]
    record = inspect.feature_maps(model, image)
    assert list(record.layers) == ["first", "pool", "norm", "second", "flat", "scores"]  # dropout changes nothing
    for path, value in record.layers.items():
        np.testing.assert_allclose(value, predicted(features(model, path), image[None])[0], rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "model")
    again = inspect.feature_maps(Model.load(tmp_path / "model"), image)
    for path, value in record.layers.items():
        np.testing.assert_array_equal(again.layers[path], value)


def test_feature_maps_of_blocks_are_named_after_what_makes_them():
    block = nn.SkipConnection(nn.Conv2D(2, 3, padding="same", name="inner"), name="block")
    record = inspect.feature_maps(filled([block, nn.ReLU(name="relu")], SHAPE), images(1)[0])
    assert list(record.layers) == ["block/inner", "block", "relu"]


def test_the_picture_of_feature_maps_holds_the_maps():
    record = inspect.feature_maps(small(), images(1)[0])
    axes = inspect.plot_feature_maps(record, most=2).figure.axes
    first = np.asarray(axes[1].images[0].get_array())
    np.testing.assert_allclose(first[:, :9], record.layers["first"][..., 0])
    np.testing.assert_allclose(first[:, 10:], record.layers["first"][..., 1])
    assert axes[1].get_title(loc="left") == "first: 2 of 3 maps 10 × 9"
    np.testing.assert_allclose(axes[-1].images[0].get_array()[0], record.layers["scores"])


def correlated(image: Array, kernel: Array, bias: Array) -> Array:
    """A convolution without padding, window by window."""
    rows, columns = kernel.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(image, (rows, columns), axis=(0, 1))
    found: Array = np.einsum("ijcpq,pqco->ijo", windows, kernel) + bias
    return found


def test_exciting_patches_are_the_best_of_each_image_and_make_the_activation():
    """By themselves, too: the field is all that a unit sees."""
    model, samples = small(), images(12)
    kernel, bias = model.parameters["first/kernel"], model.parameters["first/bias"]
    maps = np.stack([correlated(np.pad(x, ((1, 1), (1, 1), (0, 0))), kernel, bias) for x in samples]).clip(0)
    record = inspect.exciting_patches(model, samples, "first", [2, 0], count=4, batch_size=5, executor="reference")
    assert record.patches.shape == (2, 4, 3, 3, 2)
    for row, unit in enumerate([2, 0]):
        best = maps[..., unit].max((1, 2))
        np.testing.assert_array_equal(record.images[row], np.argsort(-best)[:4])
        np.testing.assert_allclose(record.activations[row], np.sort(best)[::-1][:4], rtol=1e-5)
    beyond = np.isnan(record.patches)
    alone = np.einsum("ukpqc,pqco->uko", np.where(beyond, 0, record.patches), kernel) + bias
    np.testing.assert_allclose(alone[0, :, 2], record.activations[0], rtol=1e-4)
    np.testing.assert_allclose(alone[1, :, 0], record.activations[1], rtol=1e-4)
    edges = ((record.positions == 0) | (record.positions == np.array([9, 8]))).any(-1)
    np.testing.assert_array_equal(beyond.any((2, 3, 4)), edges)


def test_units_without_positions_see_the_whole_image():
    samples = images(6)
    record = inspect.exciting_patches(small(), samples, "scores", [1], count=2, executor="reference")
    scores = predicted(small(), samples)[:, 1]
    np.testing.assert_array_equal(record.images[0], np.argsort(-scores)[:2])
    assert np.isnan(record.patches[0, 0, 0]).all()  # the field reaches into the padding by one
    np.testing.assert_array_equal(record.patches[0, 0, 1:11, 1:10], samples[record.images[0, 0]])


def test_the_picture_of_patches_holds_them():
    record = inspect.exciting_patches(small(), images(6), "second", count=3, executor="reference")
    (axes,) = inspect.plot_exciting_patches(record, most=2).figure.axes
    drawn = np.asarray(axes.images[0].get_array().filled(np.nan))
    height, width = record.patches.shape[2:4]
    np.testing.assert_allclose(drawn[:height, :width], record.patches[0, 0].mean(-1), rtol=1e-6)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["unit 0", "unit 1"]


def projected_by_hand(image: Array, model: Model, unit: int, rule: str) -> Array:
    """Zeiler and Fergus's deconvnet for: convolution, ReLU, pooling by 2, convolution, ReLU."""
    k1, b1, k2, b2 = (model.parameters[f"{layer}/{name}"] for layer in ("one", "two") for name in ("kernel", "bias"))
    first = correlated(image, k1, b1)
    rectified = first.clip(0)
    rows, columns, depth = (first.shape[0] // 2, first.shape[1] // 2, first.shape[2])
    blocks = rectified.reshape(rows, 2, columns, 2, depth).transpose(0, 2, 4, 1, 3).reshape(rows, columns, depth, 4)
    second = correlated(blocks.max(-1), k2, b2).clip(0)[..., unit]
    i, j = np.unravel_index(second.argmax(), second.shape)
    back = np.zeros((rows, columns, depth))
    arrived = second.max()
    back[i : i + 2, j : j + 2] = arrived * k2[..., unit]  # the kernel, laid where it was
    unpooled = np.zeros((rows, 2, columns, 2, depth))
    for (r, c, d), place in np.ndenumerate(blocks.argmax(-1)):
        unpooled[r, place // 2, c, place % 2, d] = back[r, c, d]
    unpooled = unpooled.reshape(2 * rows, 2 * columns, depth)
    if rule in ("deconvolution", "guided"):
        unpooled = unpooled.clip(0)
    if rule in ("guided", "gradient"):
        unpooled = unpooled * (first > 0)
    pixels = np.zeros(image.shape)
    for r, c in np.ndindex(unpooled.shape[:2]):
        pixels[r : r + 3, c : c + 3] += np.einsum("pqcd,d->pqc", k1, unpooled[r, c])
    return pixels


@pytest.mark.parametrize("rule", ["deconvolution", "guided", "gradient"])
def test_a_projection_is_that_of_zeiler_and_fergus_by_hand(rule, tmp_path):
    layers = [
        nn.Conv2D(3, 3, activation="relu", name="one"),
        nn.MaxPool2D(2),
        nn.Conv2D(2, 2, activation="relu", name="two"),
    ]
    model, samples = filled(layers, (10, 8, 2)), np.random.default_rng(3).standard_normal((4, 10, 8, 2))
    model.save(tmp_path / "model")  # the graph is enough
    record = inspect.project_to_pixels(Model.load(tmp_path / "model"), samples, "two", 1, rule=rule)
    for k, image in enumerate(samples):
        expected = projected_by_hand(image, model, 1, rule)
        np.testing.assert_allclose(record.projections[k], expected, rtol=1e-4, atol=1e-5)
        top, left, bottom, right = record.boxes[k]
        outside = np.ones((10, 8), bool)
        outside[top:bottom, left:right] = False
        assert not record.projections[k][outside].any()


def test_the_rules_differ_and_the_picture_has_a_row_for_each():
    unit = int(predicted(features(small(), "second"), images(3)).sum((0, 1, 2)).argmax())
    rules: Any = ("deconvolution", "guided")
    records = [inspect.project_to_pixels(small(), images(3), "second", unit, rule=rule) for rule in rules]
    assert np.abs(records[0].projections - records[1].projections).max() > 1e-3
    axes = inspect.plot_projections(*records).figure.axes
    assert len(axes) == 9
    for row, record in enumerate(records, start=1):
        for k in range(3):
            drawn = axes[3 * row + k].images[0].get_array()
            np.testing.assert_allclose(drawn, record.projections[k].sum(-1), rtol=1e-6)


def test_saliency_is_the_slope_of_the_score_by_central_differences():
    model, samples = small(), images(2)
    record = inspect.saliency(model, samples, [3, 0])
    for place in [(0, 4, 5, 1), (1, 0, 0, 0), (1, 6, 2, 1)]:
        moved = []
        for step in (1e-3, -1e-3):
            other = samples.copy()
            other[place] += step
            moved.append(predicted(model, other)[place[0], [3, 0][place[0]]])
        assert record.gradients[place] == pytest.approx((moved[0] - moved[1]) / 2e-3, abs=2e-3)
    np.testing.assert_array_equal(record.maps, np.abs(record.gradients).max(-1))
    scores = predicted(model, samples)
    np.testing.assert_allclose(record.scores, [scores[0, 3], scores[1, 0]], rtol=1e-5)
    np.testing.assert_array_equal(inspect.saliency(model, samples).labels, scores.argmax(1))
    axes = inspect.plot_saliency(record).figure.axes
    np.testing.assert_allclose(axes[3].images[0].get_array(), record.maps[1])


def test_noise_changes_nothing_where_the_score_is_linear_and_smooths_elsewhere():
    linear = filled([nn.Flatten(), nn.Dense(3)], SHAPE)
    plain, noisy = (inspect.saliency(linear, images(1), [1], noise=s, samples=4) for s in (0.0, 0.3))
    np.testing.assert_allclose(noisy.gradients, plain.gradients, rtol=1e-5, atol=1e-6)
    first, again, other = (inspect.saliency(small(), images(1), noise=0.3, samples=4, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.gradients, again.gradients)
    assert (first.gradients != other.gradients).any()


@pytest.mark.parametrize("stride", [1, 4])
def test_occlusion_is_the_score_with_the_patch_at_each_place(stride):
    model, image = small(), images(1)[0]
    record = inspect.occlusion_map(
        model, image, 2, patch=3, stride=stride, fill=0.5, batch_size=7, executor="reference"
    )
    total, counts = np.zeros(SHAPE[:2]), np.zeros(SHAPE[:2])
    score = predicted(model, image[None])[0, 2]
    tops, lefts = record.corners
    assert (tops[-1], lefts[-1]) == (7, 6)  # the border is reached
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            covered = image.copy()
            covered[top : top + 3, left : left + 3] = 0.5
            own = predicted(model, covered[None])[0]
            assert record.scores[i, j] == pytest.approx(own[2], rel=1e-4, abs=1e-5)
            assert record.classes[i, j] == own.argmax()
            total[top : top + 3, left : left + 3] += score - own[2]
            counts[top : top + 3, left : left + 3] += 1
    np.testing.assert_allclose(record.pixels[counts > 0], (total / counts.clip(1))[counts > 0], rtol=1e-3, atol=1e-4)
    assert np.isnan(record.pixels[counts == 0]).all()
    axes = inspect.plot_occlusion(record).figure.axes
    np.testing.assert_allclose(np.asarray(axes[1].images[0].get_array()), record.pixels, rtol=1e-6)


dense = Model(nn.Dense(2), (3,))
wrong: Any = inspect  # called as the type checker would not allow
wrong_number: Any = 1.5

WRONG = {
    "kernels of a dense layer": lambda: inspect.layer_kernels(small(), "scores"),
    "kernels of a layer that is not there": lambda: inspect.layer_kernels(small(), "frist"),
    "kernels of a network that has none": lambda: inspect.layer_kernels(dense, "dense"),
    "maps of rows of numbers": lambda: inspect.feature_maps(dense, np.ones(3)),
    "maps of two images": lambda: inspect.feature_maps(small(), images(2)),
    "maps of a smaller image": lambda: inspect.feature_maps(small(), images(1)[0, 1:]),
    "patches of a unit that is not there": lambda: inspect.exciting_patches(small(), images(3), "first", [3], count=1),
    "more patches than images": lambda: inspect.exciting_patches(small(), images(3), "first", count=4),
    "patches of other images": lambda: inspect.exciting_patches(small(), images(3)[..., :1], "first", count=1),
    "a projection by another rule": lambda: wrong.project_to_pixels(small(), images(1), "first", 0, rule="guide"),
    "a projection of a unit that is not there": lambda: inspect.project_to_pixels(small(), images(1), "first", 3),
    "saliency of maps": lambda: inspect.saliency(Model(nn.Conv2D(2, 3), SHAPE), images(1)),
    "saliency of a class that is not there": lambda: inspect.saliency(small(), images(2), [0, 5]),
    "saliency with negative noise": lambda: inspect.saliency(small(), images(1), noise=-1.0),
    "saliency of half a noisy copy": lambda: inspect.saliency(small(), images(1), noise=0.1, samples=wrong_number),
    "pictures of no images": lambda: inspect.plot_saliency(inspect.saliency(small(), images(1)), most=0),
    "pictures of no maps": lambda: inspect.plot_feature_maps(inspect.feature_maps(small(), images(1)[0]), most=0),
    "no projections": lambda: inspect.plot_projections(),
    "projections of other images": lambda: inspect.plot_projections(
        *(inspect.project_to_pixels(small(), images(k), "first", 0) for k in (1, 2))
    ),
    "patches looked for in batches of none": lambda: inspect.exciting_patches(
        small(), images(3), "first", count=1, batch_size=0
    ),
    "a patch larger than the image": lambda: inspect.occlusion_map(small(), images(1)[0], patch=10),
    "occlusion of a class that is not there": lambda: inspect.occlusion_map(small(), images(1)[0], 5),
}

REFUSALS = Refusals(Path(__file__).with_name("seeing_messages.txt"), WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_text_is_left_over():
    REFUSALS.check_that_none_is_left_over()
