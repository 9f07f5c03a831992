"""What a notebook shows of a tensor: its numbers or pictures, escaped, well-formed, without a script."""

import base64
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.graph.markup import png


def _elements(tensor):
    return ElementTree.fromstring(tensor._repr_html_())


def _texts(element, tag):
    return ["".join(found.itertext()) for found in element.iter(tag)]


def test_formula_shape_and_type_stand_above_the_values():
    shown = _elements(cr.relu([[-1.0, 2.5], [3.0, 0.125]]))
    assert _texts(shown, "code") == ["relu", "maximum(x, 0)", "(2, 2) float32"]
    assert _texts(shown, "td") == ["0", "2.5", "3", "0.125"]
    assert _texts(shown, "th") == ["", "0", "1", "0", "1"]


def test_the_middle_of_long_axes_is_left_out():
    shown = _elements(cr.tensor(np.arange(600).reshape(20, 30)))
    cells = _texts(shown, "td")
    assert len(cells) == 11 * 11
    assert [cells[k] for k in (0, 4, 5, 6, 10, -1)] == ["0", "4", "⋯", "25", "29", "599"]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (3.5, "3.5"),
        (np.zeros((0, 3)), "no elements"),
        ([True, False], "True"),
        (np.ones((2, 3, 4)), "the part [0, :, :] of shape (2, 3, 4)"),
        ([np.nan, np.inf], "nan"),
    ],
)
def test_values_of_any_rank_and_type(value, texts):
    assert texts in "".join(_elements(cr.tensor(value)).itertext())


def test_what_has_no_value_yet_says_so_and_names_are_escaped():
    x = cr.input_tensor("<script>x</script>", (cr.batch, 3))
    assert "no value yet" in x._repr_html_()
    assert "<script" not in x._repr_html_()
    assert _texts(_elements(x), "code")[0] == "<script>x</script>"


def _pixels(shown):
    (image,) = shown.iter("img")
    data = base64.b64decode(image.get("src").removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened), image


def test_images_of_bytes_are_shown_as_they_are_side_by_side():
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 9, 1), np.uint8)
    pixels, image = _pixels(_elements(cr.tensor(images)))
    assert pixels.shape == (8, 10 * 9 + 9 * 2)
    np.testing.assert_array_equal(pixels[:, 11:20], images[1, ..., 0])
    assert image.get("alt") == "10 of 12 pictures of 8 × 9 pixels, black 0, white 255"


def test_other_images_are_spread_from_black_to_white():
    image = np.linspace(-1.0, 1.0, 8 * 8 * 3).reshape(8, 8, 3)
    image[0, 0, 0] = np.nan  # black, and no reason to show nothing
    pixels, _ = _pixels(_elements(cr.tensor(image)))
    assert pixels.shape == (8, 8, 3)
    assert (pixels[0, 0, 0], pixels[0, 0, 1], pixels[-1, -1, -1]) == (0, 0, 255)


def test_constant_images_and_images_without_a_finite_number_are_shown():
    for value in (0.5, np.nan):
        pixels, _ = _pixels(_elements(cr.tensor(np.full((8, 8, 1), value))))
        assert not pixels.any()


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 3)])
def test_png_is_read_as_it_was_written(shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as opened:
        opened.load()
        np.testing.assert_array_equal(np.asarray(opened), pixels)
