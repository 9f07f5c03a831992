"""Pictures of several objects: nothing overlaps, everything is where it is said to be, windows are labelled rightly."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import Scenes, scene_windows, scenes
from chainrule.errors import ChainruleError, DataError, UsageError

SQUARES = np.arange(1, 7, dtype=np.uint8)[:, None, None, None] * np.ones((1, 6, 5, 1), np.uint8)  # image k is full of k
LABELS = np.arange(6)


def made(count: int = 40, seed: int = 0) -> Scenes:
    return scenes(SQUARES, LABELS, count, size=(24, 30), objects=(2, 4), seed=seed)


def test_every_object_is_where_its_box_says():
    found = made()
    for image, labels, boxes in zip(found.images, found.labels, found.boxes, strict=True):
        again = np.zeros_like(image)
        for label, (top, left, bottom, right) in zip(labels, boxes, strict=True):
            assert 0 <= top < bottom <= 24
            assert 0 <= left < right <= 30
            assert not again[top:bottom, left:right].any()  # nothing overlaps
            again[top:bottom, left:right] = label + 1
        np.testing.assert_array_equal(image, again)


def test_numbers_of_objects_classes_and_places_are_as_likely():
    found = scenes(SQUARES, LABELS, 600, size=(24, 30), objects=(2, 4))
    counts = np.bincount(list(map(len, found.labels)), minlength=5)
    assert (counts[2:] > 160).all()
    assert counts.sum() == counts[2:].sum()
    assert (np.bincount(np.concatenate(found.labels)) > 240).all()
    corners = np.concatenate([boxes[:, :2] for boxes in found.boxes])
    assert corners.min(0).tolist() == [0, 0]
    assert corners.max(0).tolist() == [18, 25]


def test_the_seed_decides():
    np.testing.assert_array_equal(made(seed=3).images, made(seed=3).images)
    assert (made(seed=3).images != made(seed=4).images).any()


def test_windows_have_the_label_of_what_is_in_their_middle():
    found = made()
    x, y = scene_windows(found, background=6, near=1, far=4, shifts=3, backgrounds=0.5)
    objects = sum(map(len, found.labels))
    assert x.shape == (3 * objects + round(1.5 * objects), 6, 5, 1)
    np.testing.assert_array_equal(y[: 3 * objects].reshape(-1, 3)[:, 0], np.concatenate(found.labels))
    for window, label in zip(x[..., 0], y, strict=True):
        shares = np.bincount(window.ravel(), minlength=7) / window.size
        if label < 6:
            assert shares[label + 1] >= 5 * 4 / 30  # shifted by at most one pixel each way
        else:
            assert (shares[1:] <= 1 / 3 + 1e-9).all()  # a row of two, or a column of one, is left of any object


WRONG = {
    "no images": lambda: scenes(SQUARES[..., 0], LABELS, 3),
    "labels of others": lambda: scenes(SQUARES, LABELS[:4], 3),
    "no room": lambda: scenes(SQUARES, LABELS, 1, size=(12, 10), objects=(5, 5)),
    "smaller pictures": lambda: scenes(SQUARES, LABELS, 1, size=(5, 30), objects=(1, 1)),
    "no objects": lambda: scenes(SQUARES, LABELS, 1, objects=(0, 2)),
    "one number": lambda: scenes(SQUARES, LABELS, 1, objects=3),  # type: ignore[arg-type]
    "near is far": lambda: scene_windows(made(2), background=6, near=5, far=5),
    "no background": lambda: scene_windows(made(2), background=6, far=100),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals_say_what_to_do(name):
    with pytest.raises(ChainruleError) as refusal:
        WRONG[name]()
    assert isinstance(refusal.value, UsageError | DataError)
    assert "\n" not in str(refusal.value)
