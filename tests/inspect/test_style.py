"""Pictures are the same bytes each time, leave Matplotlib as it was, and say what is missing or wrong."""

import sys

import matplotlib
import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UsageError
from chainrule.inspect import plot_receptive_fields, receptive_fields
from chainrule.inspect.style import LINES, Animation, as_image, draw, draw_grid, new_figure
from chainrule.nn import Conv2D
from chainrule.train.model import Model


def _line():
    return draw(lambda axes: axes.plot([0, 1], [1, 0]))


def test_matplotlib_draws_tensors_as_arrays():
    x = cr.tensor(np.linspace(0.0, 1.0, 12))
    y = cr.sin(x)

    def drawing(axes):
        (line,) = axes.plot(x, y)
        np.testing.assert_array_equal(line.get_ydata(), y.numpy())
        counts, *_ = axes.hist(y, bins=3)
        np.testing.assert_array_equal(counts, np.histogram(y.numpy(), 3)[0])
        axes.imshow(cr.reshape(y, (3, 4)))
        axes.fill_between(x, y, 0)
        axes.set_xlim(x[0], x[-1])

    draw(drawing).figure.canvas.draw()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file(tmp_path, ending):
    first = _line().save(tmp_path / f"first.{ending}").read_bytes()
    assert first == _line().save(tmp_path / f"second.{ending}").read_bytes()
    assert len(first) > 1000


def test_a_picture_shows_itself_in_a_notebook():
    assert _line()._repr_png_().startswith(b"\x89PNG")


def test_nothing_of_matplotlib_is_changed():
    before = dict(matplotlib.rcParams)
    _line()._repr_png_()
    assert dict(matplotlib.rcParams) == before


def test_an_unknown_ending_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(UsageError, match=r"'.*line.bmp' ends in '.bmp'; a picture can be saved as .png, .svg, .pdf."):
        _line().save(tmp_path / "line.bmp")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r'pip install "chainrule\[plot\]"'):
        _line()
    fields = receptive_fields(Model(Conv2D(1, 3), (8, 8, 1)))
    with pytest.raises(UsageError, match=r'pip install "chainrule\[plot\]"'):
        plot_receptive_fields(fields)


def test_a_signed_map_has_zero_in_the_middle_of_its_colours():
    def drawing(axes):
        as_image(axes[0][0], [[-1.0, 3.0]], "kernel", signed=True)

    (axes,) = draw_grid(1, 1, drawing).figure.axes
    assert axes.images[0].get_clim() == (-3.0, 3.0)


def test_an_animation_has_its_frames(tmp_path):
    from PIL import Image

    figure = new_figure(1, 1, lambda axes: axes[0][0].set_xlim(0, 3))
    (axes,) = figure.axes
    (line,) = axes.plot([0, 0], [0, 1])
    path = Animation(figure, lambda k: line.set_xdata([k, k]), frames=3).save(tmp_path / "film.gif")
    with Image.open(path) as film:
        assert film.n_frames == 3


def test_lines_differ_in_lightness_too():
    """So that they are told apart in print, and with any kind of colour vision: neighbours by 5 % at least."""
    red, green, blue = np.array([[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in LINES]).T
    lightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert np.abs(np.diff(lightness)).min() > 0.05


@pytest.mark.parametrize(("frames", "rate"), [(0, 12.0), (3, 0.0), (3, -1.0)])
def test_an_animation_without_frames_or_motion_is_refused(frames, rate):
    with pytest.raises(UsageError, match=f"{frames} frames at {rate} per second cannot be shown"):
        Animation(new_figure(1, 1, lambda axes: None), lambda frame: None, frames, rate)


def test_an_animation_is_as_slow_as_it_says(tmp_path):
    from PIL import Image

    def drawing(axes):
        axes[0][0].set_xlim(0, 3)

    figure = new_figure(1, 1, drawing, size=(1, 1))
    path = Animation(figure, lambda k: figure.axes[0].set_xlim(0, k + 1), 2, 0.4).save(tmp_path / "slow.gif")
    with Image.open(path) as film:
        assert film.info["duration"] == 2500
