"""Pictures of digits, however they were made, become what MNIST's are like."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFilter

import chainrule as cr
from chainrule.data import digits
from chainrule.data.pictures import DigitInputs, Pictures
from chainrule.data.records import Arrays
from chainrule.data.tables import Table
from chainrule.errors import DataError, FileFormatError
from tests import counts
from tests.data.drawn_digits import drawn

TEN = [str(digit) for digit in range(10)]
STYLES = {
    "a pen": {},
    "a marker": {"thickness": 26},
    "a hair": {"thickness": 3},
    "small in a corner": {"size": 40, "thickness": 5, "place": (200, 150)},
    "a large scan": {"size": 900, "thickness": 70, "place": (100, 150), "paper": (1200, 1300)},
    "as small as it gets": {"size": 14, "thickness": 2, "place": (9, 9), "paper": (34, 32)},
    "red on yellow": {"ink": "red", "color": "yellow"},
    "chalk on a blackboard": {"ink": "white", "color": "darkgreen"},
    "pale": {"ink": "gray", "color": "lightgray"},
}


@pytest.fixture(scope="module")
def reader():
    return cr.load("digits")


def image_of(picture):
    return DigitInputs().of(Pictures([picture]))[0, ..., 0]


@pytest.mark.parametrize("style", STYLES)
def test_digits_that_are_drawn_are_read(reader, style):
    pictures = [drawn(digit, **STYLES[style]) for digit in range(10)]
    found = reader.predict(pictures)
    assert found.values.tolist() == TEN
    assert found.probabilities.max(1).min() > 0.7


def test_a_photograph_with_shadow_grain_and_dust_is_read(reader):
    random = np.random.default_rng(3)
    down, across = np.mgrid[0:240, 0:300]
    photographs = []
    for digit in range(10):
        pixels = np.asarray(drawn(digit, ink="#303040")).astype(float)
        pixels[random.integers(0, 240, 6), random.integers(0, 300, 6)] = 0
        light = (0.5 + 0.3 * across / 300 + 0.15 * down / 240)[..., None]
        lit = (pixels * light * (1, 0.97, 0.85) + random.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
        file = BytesIO()
        Image.fromarray(lit).filter(ImageFilter.GaussianBlur(1)).save(file, "JPEG", quality=70)
        photographs.append(file.getvalue())
    assert reader.predict(photographs).values.tolist() == TEN


def _shadows(height, width):
    """How much light falls where: of a hand in a corner, of a lens, of an edge."""
    down, across = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    yield 1 - 0.6 * np.exp(-((across - 0.2) ** 2 + (down - 0.9) ** 2) / 0.09)
    yield 1 - 0.9 * ((across - 0.5) ** 2 + (down - 0.5) ** 2)
    yield 1 - 0.4 / (1 + np.exp(-(across - 0.75) / 0.05))


def test_a_shadow_need_not_grow_evenly(reader):
    right = []
    for light in _shadows(240, 300):
        lit = [(np.asarray(drawn(digit)) * light[..., None]).astype(np.uint8) for digit in range(10)]
        right += (reader.predict(lit).values == TEN).tolist()
    assert np.mean(right) >= 0.95


def test_mnists_own_digits_as_black_on_white_pictures_are_read_as_well_as_they_are(reader):
    data, count = digits(), counts.scaled(2000)
    pictures = [
        255 - np.asarray(Image.fromarray(image).resize((200, 200), Image.Resampling.BICUBIC))
        for image in data.x_test[:count, ..., 0]
    ]
    answers = data.y_test[:count].astype(str)
    read = np.mean(reader.predict(pictures).values == answers)
    assert read >= np.mean(reader.predict(data.x_test[:count]).values == answers) - 0.02
    assert read >= 0.97


def test_a_digit_fits_the_box_and_its_center_of_mass_is_in_the_middle():
    for digit in range(10):
        image = image_of(np.asarray(drawn(digit)))
        extents = [np.flatnonzero(image.any(axis)) for axis in (0, 1)]
        assert max(places[-1] - places[0] + 1 for places in extents) == 20
        for axis in (0, 1):
            center = (image.sum(1 - axis) * np.arange(28)).sum() / image.sum()
            assert abs(center - 14) <= 0.51, "as MNIST's: 14 ± 0.5"


def test_neither_color_nor_place_nor_polarity_change_much():
    image = image_of(np.asarray(drawn(5))).astype(int)
    for other in ({"ink": "white", "color": "black"}, {"place": (10, 70)}, {"ink": "navy", "color": "orange"}):
        assert np.abs(image_of(np.asarray(drawn(5, **other))) - image).mean() < 2, other


def test_dust_is_left_out_and_a_part_of_the_digit_is_not():
    pixels = np.asarray(drawn(1)).copy()
    clean = image_of(pixels)
    pixels[230:233, 280:284] = 0
    np.testing.assert_array_equal(image_of(pixels), clean)
    apart = np.full((100, 100), 255, np.uint8)
    apart[20:80, 30:36] = 0
    apart[20:26, 46:70] = 0  # the bar of a five that was written in two strokes
    assert (image_of(apart)[:, 14:] > 0).any()


def test_images_of_mnist_stay_as_they_are():
    x = digits().x_test[:3]
    assert DigitInputs().of(Arrays((x,))) is x


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_page_is_no_digit(level):
    paper = (level + np.random.default_rng(0).normal(0, 3, (60, 60))).clip(0, 255).astype(np.uint8)
    with pytest.raises(FileFormatError, match="The given picture shows no digit"):
        image_of(paper)
    with pytest.raises(FileFormatError, match="shows no digit"):
        image_of(np.full((9, 9), level, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 40), (40, 1), (2, 2), (3, 500)])
def test_pictures_of_hardly_any_pixels_are_refused_or_fit(shape):
    pixels = np.zeros(shape, np.uint8)
    pixels[0, 0] = 255
    try:
        image = image_of(pixels)
    except FileFormatError:
        return
    assert image.shape == (28, 28)
    assert image.any()


def test_whatever_few_pixels_show_nothing_but_a_refusal_comes_out():
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, random.integers(1, 6, 2), np.uint8) for _ in range(counts.scaled(2000, 200))]
    images, failures = DigitInputs().of_usable(Pictures(pictures))
    assert images.any((1, 2, 3)).all()
    assert 0 < len(failures) < len(pictures)


def test_other_data_are_refused():
    with pytest.raises(DataError, match=r"float64 of shape \(2, 28, 28, 1\).*\(255 \* x\)"):
        DigitInputs().of(Arrays((np.zeros((2, 28, 28, 1)),)))
    with pytest.raises(DataError, match="reads handwritten digits, not a table"):
        DigitInputs().of(Table("t", {"a": np.array([1.0])}))
