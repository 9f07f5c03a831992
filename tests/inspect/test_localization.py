"""Objects in larger pictures: boxes where they are, one for each, and rates counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.data import Scenes
from chainrule.errors import DataError, UsageError
from chainrule.inspect import Detection, Localization, detection_rates, localize, plot_localization
from chainrule.inspect.localization import intersections_over_unions, most_probable
from chainrule.train.model import Model


def full_windows(layers=(), scale: float = 1.0) -> Model:
    """Class 1 where a window of 4 × 4 is full of light, class 0 elsewhere."""
    model = Model(nn.Sequential([nn.Conv2D(2, 4), nn.Flatten(), *layers]), (4, 4, 1))
    kernel = np.stack([-np.ones((4, 4, 1)), np.ones((4, 4, 1))], -1)
    model.parameters = {"conv2d/kernel": scale * kernel, "conv2d/bias": scale * np.array([13.0, -13.0])}
    return model


def picture(*corners: tuple[int, int]) -> np.ndarray:
    image = np.zeros((16, 20, 1))
    for top, left in corners:
        image[top : top + 4, left : left + 4] = 1.0
    return image


def found_in(image, model=None, **options):
    (found,) = localize(model or full_windows(), image[None], background=0, executor="reference", **options)
    return found


def test_every_object_has_one_box_where_it_is():
    found = found_in(picture((1, 2), (10, 13), (3, 12)))
    assert {d.box for d in found.detections} == {(1, 2, 5, 6), (10, 13, 14, 17), (3, 12, 7, 16)}
    assert {d.label for d in found.detections} == {1}
    assert all(0.5 <= d.score <= 1 for d in found.detections)
    assert found_in(picture()).detections == ()


def test_probabilities_are_taken_as_they_are():
    by_logits, image = found_in(picture((1, 2))), picture((1, 2))
    softmax = found_in(image, full_windows([nn.Softmax()]))
    np.testing.assert_allclose(softmax.probabilities, by_logits.probabilities, atol=1e-6)
    np.testing.assert_allclose(by_logits.probabilities.sum(-1), 1.0)


def test_threshold_and_background():
    weak = full_windows(scale=0.1)  # sure to about two thirds
    assert len(found_in(picture((1, 2)), weak, threshold=0.6).detections) == 1
    assert found_in(picture((1, 2)), weak, threshold=0.9).detections == ()
    (found,) = localize(full_windows(), picture((1, 2))[None], executor="reference")
    assert 0 in {d.label for d in found.detections}  # without a background, every class is an object


def test_the_box_is_the_mean_of_those_around_the_best():
    """A classifier that is as sure one pixel off to each side says the middle."""
    lenient = full_windows()
    lenient.parameters = {**lenient.parameters, "conv2d/bias": np.array([11.0, -11.0])}
    assert [d.box for d in found_in(picture((5, 7)), lenient).detections] == [(5, 7, 9, 11)]


def test_non_maximum_suppression_keeps_the_best_of_what_overlaps():
    boxes = np.array([[0, 0, 4, 4], [0, 1, 4, 5], [0, 2, 4, 6], [0, 20, 4, 24]])
    assert most_probable(boxes, np.array([0.9, 0.95, 0.8, 0.6]), 0.3) == [1, 3]
    assert most_probable(boxes, np.array([0.9, 0.8, 0.85, 0.6]), 0.4) == [0, 2, 3]
    assert most_probable(boxes[:0], np.zeros(0), 0.3) == []


def test_intersection_over_union_of_random_boxes_by_counting_pixels():
    random = np.random.default_rng(0)
    corners = random.integers(0, 8, (2, 12, 2))
    a, b = (np.hstack([c, c + random.integers(1, 6, (12, 2))]) for c in corners)
    masks = [np.zeros((12, 16, 16), bool) for _ in range(2)]
    for boxes, mask in zip((a, b), masks, strict=True):
        for k, (top, left, bottom, right) in enumerate(boxes):
            mask[k, top:bottom, left:right] = True
    counted = [[(p & q).sum() / (p | q).sum() for q in masks[1]] for p in masks[0]]
    np.testing.assert_allclose(intersections_over_unions(a, b), counted)


def record(*detections: Detection) -> Localization:
    return Localization(np.zeros((20, 20, 1)), np.zeros((1, 1, 2)), (1, 1), (4, 4), 0, detections)


def test_rates_by_hand():
    """Right, of another class, found twice, elsewhere, half beside; and one that was not found."""
    boxes = np.array([[0, 0, 4, 4], [0, 10, 4, 14], [10, 0, 14, 4]])
    made = Scenes(np.zeros((2, 20, 20, 1)), (np.array([1, 2, 3]), np.array([1])), (boxes, boxes[:1]))
    first = record(
        Detection(1, 0.9, (0, 0, 4, 4)),
        Detection(1, 0.8, (0, 1, 4, 5)),  # again
        Detection(3, 0.9, (0, 10, 4, 14)),  # of another class
        Detection(3, 0.7, (12, 0, 16, 4)),  # half beside: a third in common
    )
    rates = detection_rates([first, record()], made)
    assert (rates.found, rates.objects, rates.false) == (1, 4, 3)
    assert (rates.recall, rates.false_per_picture) == (0.25, 1.5)
    assert detection_rates([first, record()], made, overlap=0.3).found == 2
    with pytest.raises(DataError, match="1 localizations, but 2 scenes"):
        detection_rates([first], made)


def test_the_picture_draws_every_box_and_the_map():
    found = found_in(picture((1, 2), (10, 13)))
    image, probability, _ = plot_localization(found).figure.axes
    corners = {(p.get_y() + 0.5, p.get_x() + 0.5) for p in image.patches}
    assert corners == {(1, 2), (10, 13)}
    shown = np.asarray(probability.images[1].get_array())
    np.testing.assert_allclose(shown, 1 - found.probabilities[..., 0])
    # the element of the map at (1, 2) is drawn around the middle of its window
    left, right, bottom, top = probability.images[1].get_extent()
    across, down = (right - left) / shown.shape[1], (bottom - top) / shown.shape[0]
    assert (top + 1.5 * down, left + 2.5 * across) == (1 + 1.5, 2 + 1.5)


@pytest.mark.parametrize(
    ("options", "refused"),
    [({"threshold": 1.5}, "threshold=1.5"), ({"overlap": -1}, "overlap=-1"), ({"background": 2}, "background=2")],
)
def test_numbers_out_of_range(options, refused):
    with pytest.raises(UsageError, match=refused):
        localize(full_windows(), picture()[None], executor="reference", **options)


def test_other_images_and_models():
    with pytest.raises(DataError, match=r"One image is image\[None\]"):
        localize(full_windows(), picture())
    with pytest.raises(UsageError, match="The model is to classify images"):
        localize(Model(nn.Conv2D(2, 3), (4, 4, 1)), picture()[None])
