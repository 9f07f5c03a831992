"""The score map against crops: the same without padding, measured with it."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import DataError, UsageError
from chainrule.inspect import compare_with_crops, localize, plot_crop_comparisons
from chainrule.train.model import Model


def classifier(padding: str) -> Model:
    layers = [nn.Conv2D(4, 3, padding=padding, activation="relu"), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(3)]
    return Model(nn.Sequential(layers), (12, 10, 2))


IMAGE = np.random.default_rng(0).uniform(size=(22, 20, 2))


def test_without_padding_every_place_is_the_crop():
    found = compare_with_crops(classifier("valid"), IMAGE, executor="reference")
    assert found.map.shape == found.crops.shape == (6, 6, 3)
    assert found.largest <= 1e-5
    assert found.agreement == 1.0
    assert found.field.stride == (2, 2)


def test_with_padding_it_is_not_and_the_difference_is_measured():
    """By hand at one place: the crop has zeros where the map has neighbours."""
    model = classifier("same")
    found = compare_with_crops(model, IMAGE, executor="reference")
    assert found.largest > 0.01
    crop = model.predict(IMAGE[None, 4:16, 6:16], executor="reference")[0]
    np.testing.assert_allclose(found.crops[2, 3], crop, rtol=1e-5, atol=1e-6)
    assert found.difference[2, 3] == pytest.approx(np.abs(found.map[2, 3] - crop).max(), abs=1e-5)
    assert found.difference.min() < found.largest


def test_the_picture_holds_the_differences():
    found = {name: compare_with_crops(classifier(name), IMAGE, executor="reference") for name in ("valid", "same")}
    axes = plot_crop_comparisons(found).figure.axes
    for one, comparison in zip(axes, found.values(), strict=False):
        np.testing.assert_array_equal(one.images[0].get_array(), comparison.difference)
        assert one.images[0].get_clim() == (0.0, found["same"].largest)


def test_refusals():
    with pytest.raises(DataError, match=r"The image has shape \(9, 9, 2\), but is to have .* at least \(12, 10, 2\)"):
        compare_with_crops(classifier("valid"), IMAGE[:9, :9])
    with pytest.raises(UsageError, match="The model is to classify images"):
        compare_with_crops(Model(nn.Dense(2), (3,)), IMAGE)


def test_a_map_finer_than_the_image_has_no_crops():
    model = Model(nn.Sequential([nn.Conv2DTranspose(2, 3, 2), nn.Flatten(), nn.Dense(2)]), (4, 4, 1))
    for moved in (
        lambda: compare_with_crops(model, np.ones((6, 6, 1))),
        lambda: localize(model, np.ones((1, 6, 6, 1))),
    ):
        with pytest.raises(UsageError, match="places of the model's map are 1/2 × 1/2 pixels apart"):
            moved()
