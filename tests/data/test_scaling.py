"""Pixels to the range of an activation and back, without loss."""

import numpy as np
import pytest

from chainrule.data import scale_images, unscale_images
from chainrule.errors import DataError, UsageError

PIXELS = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (-0.1, 1.175)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_there_and_back_is_exact(low, high, dtype):
    scaled = scale_images(PIXELS.astype(dtype), low, high)
    assert scaled.dtype == (np.float64 if dtype == np.float64 else np.float32)
    np.testing.assert_allclose(scaled, low + np.arange(256) / 255 * (high - low), atol=2e-7)
    assert unscale_images(scaled, low, high).tolist() == PIXELS.tolist()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1)])
def test_the_ends_are_exact(low, high):
    assert scale_images(PIXELS, low, high)[[0, -1]].tolist() == [low, high]


def test_the_images_given_stay_as_they_are():
    x = PIXELS.astype(np.float32)
    scale_images(x)
    assert x.tolist() == PIXELS.tolist()


def test_what_is_refused():
    with pytest.raises(DataError, match=r"these go from -1.0 to 1.0.*no second scaling"):
        scale_images(np.array([-1.0, 1.0]))
    with pytest.raises(DataError, match="NaN"):
        scale_images(np.array([np.nan]))
    with pytest.raises(DataError, match="NaN"):
        unscale_images(np.array([np.inf]))
    for low, high in [(1, 0), (0, 0), (0, float("nan"))]:
        with pytest.raises(UsageError, match="must be above the lower"):
            scale_images(PIXELS, low, high)
        with pytest.raises(UsageError, match="must be above the lower"):
            unscale_images(PIXELS, low, high)


def test_no_images_are_scaled_to_none():
    assert scale_images(np.zeros((0, 28, 28, 1))).shape == (0, 28, 28, 1)
