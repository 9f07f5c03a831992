"""Does the label survive? Digits and arrows, flips and shifts, with the classes that are confused (R4)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import inspect, nn, use_language
from chainrule.data import arrows, digits
from chainrule.errors import DataError, UsageError
from chainrule.inspect.confusion import Confusion
from chainrule.train.model import Model

TRANSFORMS = {
    "left-right": nn.RandomFlip("horizontal", 1.0),
    "up-down": nn.RandomFlip("vertical", 1.0),
    "shift by a pixel": nn.RandomShift(1),
}


@pytest.fixture(scope="module")
def of_digits():
    data = digits()
    return inspect.check_augmentation(data.x_train[:3000], data.y_train[:3000], TRANSFORMS)


@pytest.fixture(scope="module")
def of_arrows():
    data = arrows()
    return inspect.check_augmentation(data.x_train, data.y_train, TRANSFORMS, class_names=data.class_names)


@pytest.mark.full
def test_digits_are_warned_of_flips_and_not_of_a_shift(of_digits):
    assert list(of_digits.warnings) == ["left-right", "up-down"]
    for effect in (of_digits.effects["left-right"], of_digits.effects["up-down"]):
        assert {5, 6, 7} <= set(effect.suffering)  # of 0, 1, 8 some look like before
    assert "recognised" in of_digits.warnings["up-down"]
    assert of_digits.effects["shift by a pixel"].verdict.startswith("shift by a pixel: the label survives.")


@pytest.mark.full
def test_mirrored_arrows_point_the_other_way(of_arrows):
    assert list(of_arrows.warnings) == ["left-right", "up-down"]
    effect = of_arrows.effects["left-right"]
    assert set(effect.suffering) == {0, 1}
    assert effect.taken_for(0)[0] == 1
    assert effect.taken_for(1)[0] == 0
    assert effect.taken_for(0)[1] > 0.5
    assert "it makes one class into another" in effect.verdict
    assert "taken for left" in effect.verdict
    assert set(of_arrows.effects["up-down"].suffering) == {2, 3}


def test_the_verdict_is_told_in_chinese(of_arrows):
    use_language("zh")
    try:
        verdict = of_arrows.effects["left-right"].verdict
        assert "警告，它会把一个类别变成另一个" in verdict
        assert "被当成 left" in verdict
    finally:
        use_language("en")


def test_the_picture_frames_what_suffers(of_arrows):
    (axes,) = inspect.plot_augmentation_check(of_arrows).figure.axes
    shown = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shown[1], of_arrows.effects["left-right"].after.recall)
    assert len(axes.patches) == 4
    assert [label.get_text() for label in axes.get_xticklabels()] == ["left", "right", "up", "down"]


def perfect() -> Model:
    """Class 1 where the left half is brighter."""
    model = Model(nn.Sequential([nn.Flatten(), nn.Dense(2)]), (4, 4, 1))
    left = np.tile([1.0, 1.0, -1.0, -1.0], 4)
    model.parameters = {"dense/kernel": np.stack([-left, left], 1), "dense/bias": np.zeros(2)}
    return model


HALVES = np.zeros((40, 4, 4, 1))
LABELS = np.arange(40) % 2
HALVES[LABELS == 1, :, :2] = 1.0
HALVES[LABELS == 0, :, 2:] = 1.0


def test_a_model_of_one_s_own_is_asked_about_what_changed_only():
    functions = {
        "some": lambda x: np.where((np.arange(40) < 10)[:, None, None, None], x[:, :, ::-1], x),
        "none": lambda x: x,
        "up-down": lambda x: x[:, ::-1] * 2,
    }
    found = inspect.check_augmentation(HALVES, LABELS, functions, model=perfect(), executor="reference")
    assert found.accuracy == 1.0
    assert found.samples == 40
    some = found.effects["some"]
    np.testing.assert_array_equal(some.before.counts, [[5, 0], [0, 5]])
    np.testing.assert_array_equal(some.after.counts, [[0, 5], [5, 0]])
    assert not some.fits
    assert found.effects["none"].verdict == "none: it changes no image, so it tells nothing. Is its strength zero?"
    assert found.effects["none"].fits
    assert found.effects["up-down"].fits


def test_chance_is_no_warning():
    """Of 10 samples 8 instead of 10 are within two standard errors; of 1,000 they are not."""
    for samples, suffers in ((10, False), (1000, True)):
        before, after = (
            Confusion(np.array([[right, samples - right], [0, samples]]), ("a", "b"))
            for right in (samples, samples * 8 // 10)
        )
        effect = inspect.AugmentationEffect("t", before, after, tolerance=0.1)
        assert effect.suffering == ((0,) if suffers else ())


def test_a_classifier_that_recognises_little_is_not_asked():
    """A constant answer survives everything, and says nothing of labels."""
    constant = perfect()
    constant.parameters["dense/kernel"] = np.zeros((16, 2))
    found = inspect.check_augmentation(
        HALVES, LABELS, {"flip": nn.RandomFlip("horizontal", 1.0)}, model=constant, executor="reference"
    )
    assert not found.effects["flip"].fits
    assert found.warnings["flip"].startswith(
        "flip: unknown, because the classifier recognises only 50% of these images"
    )
    assert repr(found) == "AugmentationCheck(50.0% of 40 recognised; flip unknown)"


def test_arrows_are_the_same_turned():
    """A mirrored arrow to the left is one to the right: heads are on the side that they point to."""
    data = arrows(200, 40, noise=0.0)
    assert np.bincount(data.y_train).tolist() == [50] * 4
    bright = data.x_train[..., 0] > 0
    sides = np.stack([bright[:, :, :1].any((1, 2)), bright.any(2).sum(1), bright.any(1).sum(1)], 1)
    wide = sides[:, 2] > sides[:, 1]
    np.testing.assert_array_equal(wide, data.y_train < 2)  # longer than high
    columns = bright.sum(1)  # the head has more pixels in its columns
    first = np.array([row[np.flatnonzero(row)[:4]].sum() - row[np.flatnonzero(row)[-4:]].sum() for row in columns])
    assert (first[data.y_train == 0] > 0).all()
    assert (first[data.y_train == 1] < 0).all()
    np.testing.assert_array_equal(arrows(200, 40).x_test, arrows(200, 40).x_test)


def test_refusals():
    with pytest.raises(UsageError, match="give transforms by name"):
        inspect.check_augmentation(HALVES, LABELS, [nn.RandomShift(1)])
    with pytest.raises(UsageError, match=r"makes images of shape \(40, 4, 2, 1\) out of \(40, 4, 4, 1\)"):
        inspect.check_augmentation(HALVES, LABELS, {"half": lambda x: x[:, :, :2]}, model=perfect())
    with pytest.raises(DataError, match=r"x has shape \(40, 4\)"):
        inspect.check_augmentation(HALVES[:, 0, :, 0], LABELS, TRANSFORMS)
    with pytest.raises(UsageError, match="There are 3 class names, but 2 classes"):
        inspect.check_augmentation(HALVES, LABELS, TRANSFORMS, model=perfect(), class_names=["a", "b", "c"])
    with pytest.raises(UsageError, match="tolerance=2 is no share"):
        inspect.check_augmentation(HALVES, LABELS, TRANSFORMS, tolerance=2)
    with pytest.raises(UsageError, match="at least 4 images"):
        arrows(2, 2)
