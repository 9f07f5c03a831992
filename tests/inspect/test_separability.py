"""The verdict is right every time, and its proof holds; the perceptron ends if and only if there is a hyperplane."""

import sys

import numpy as np
import pytest

from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.inspect import Separability, plot_perceptron, plot_separability, separability, train_perceptron
from tests import counts

AND, XOR = [0, 0, 0, 1], [0, 1, 1, 0]
CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def _check_proof(found: Separability, use_bias: bool) -> None:
    if found.separable:
        assert found.weights is not None
        assert np.linalg.norm(found.weights) == pytest.approx(1)
        ahead = found.sides * (found.x @ found.weights + found.bias)
        assert ahead.min() == pytest.approx(found.margin)
        assert found.margin > 0
        assert use_bias or found.bias == 0
        return
    assert found.shares is not None
    assert found.shares.min() >= 0
    assert found.shares.sum() == pytest.approx(1)
    extent = np.abs(found.x).max()
    np.testing.assert_allclose((found.shares * found.sides) @ found.x, 0, atol=1e-7 * extent)
    if use_bias:
        assert found.common is not None
        assert (found.shares * found.sides).sum() == pytest.approx(0, abs=1e-8)
        positive = found.shares * (found.sides > 0)
        np.testing.assert_allclose(found.common, positive @ found.x / positive.sum(), atol=1e-6 * extent)


def _random_set(seed: int) -> tuple[np.ndarray, np.ndarray, bool, bool]:
    """Samples of a class each, whether they are separable, by construction, and whether a bias is allowed.

    Separable: moved away from a hyperplane. Not: a mean of some samples of one class is put among the other's.
    """
    random = np.random.default_rng(seed)
    size, features = int(random.integers(4, 60)), int(random.integers(1, 8))
    scale = 10.0 ** random.integers(-3, 4, features)
    use_bias = bool(random.integers(2))
    x = random.standard_normal((size, features))
    normal = random.standard_normal(features)
    normal /= np.linalg.norm(normal)
    offset = random.standard_normal() * use_bias
    sides = np.where(x @ normal + offset > 0, 1, -1)
    sides[:2] = 1, -1
    separable = bool(random.integers(2))
    if separable:
        distance = x @ normal + offset
        gap = 10.0 ** random.integers(-4, 1)
        x += (sides * (np.abs(distance) + gap) - distance)[:, None] * normal
    elif use_bias:
        same = np.flatnonzero(sides == 1)
        x[np.flatnonzero(sides == -1)[0]] = random.dirichlet(np.ones(len(same))) @ x[same]
    else:
        signed = sides[1:, None] * x[1:]
        x[0] = -sides[0] * (random.dirichlet(np.ones(size - 1)) @ signed)
    return x * scale + 100 * scale * use_bias, sides, separable, use_bias


def test_the_verdict_is_right_on_a_thousand_random_sets():
    verdicts = []
    for seed in range(counts.scaled(1000)):
        x, sides, separable, use_bias = _random_set(seed)
        found = separability(x, sides, use_bias=use_bias)
        assert found.separable == separable, seed
        _check_proof(found, use_bias)
        verdicts.append(separable)
    assert 0.3 < np.mean(verdicts) < 0.7


def test_the_perceptron_ends_where_there_is_a_hyperplane_and_only_there():
    for seed in range(counts.scaled(60)):
        random = np.random.default_rng(seed)
        x = random.standard_normal((30, 2)).astype(np.float32)
        y = (x @ [1.0, -2.0] > 0.3).astype(int)
        x += np.where(y == 1, 0.05, -0.05)[:, None] * np.float32([1.0, -2.0])
        if seed % 2:
            y[np.argmax(np.abs(x @ [1.0, -2.0] - 0.3))] ^= 1  # the clearest one is said to be of the other class
        trained = train_perceptron(x, y, epochs=400, seed=seed)
        assert trained.converged == (seed % 2 == 0), seed
        assert trained.converged == separability(x, y).separable
        if trained.converged:
            np.testing.assert_array_equal(trained(x), y)
        else:
            assert trained.verdict is not None
            assert not trained.verdict.separable


def test_the_number_of_updates_is_within_novikoffs_bound():
    random = np.random.default_rng(3)
    x = random.standard_normal((40, 3))
    y = (x @ [1.0, -2.0, 0.5] > 0).astype(int)
    x += np.where(y == 1, 0.2, -0.2)[:, None] * [1.0, -2.0, 0.5]
    found = separability(x, y, use_bias=False)
    trained = train_perceptron(x, y, use_bias=False)
    assert trained.converged
    assert sum(trained.mistakes) <= (np.linalg.norm(x, axis=1).max() / found.margin) ** 2


def test_without_a_bias_the_boundary_goes_through_the_origin():
    x, y = [[1.0, 1.0], [2.0, 2.0]], [0, 1]  # on one ray from it
    assert separability(x, y).separable
    assert not separability(x, y, use_bias=False).separable
    trained = train_perceptron(x, y, use_bias=False, epochs=10)
    assert (trained.bias, trained.converged) == (0.0, False)
    assert trained([[0.0, 0.0]]).tolist() == [0]


def test_exclusive_or_has_its_middle_in_common():
    found = separability(CORNERS, XOR)
    np.testing.assert_allclose(found.common, [0.5, 0.5])
    np.testing.assert_allclose(found.shares, 0.25)


def test_the_rule_step_by_step():
    """By hand: (1, 1) is missed at zero, so that w = (1, 1), b = 1; then (0, 0) fires, b = 0."""
    trained = train_perceptron([[1.0, 1.0], [0.0, 0.0]], [1, 0], epochs=10)
    assert trained.converged
    np.testing.assert_array_equal(trained.weights, [1, 1])
    assert trained.bias == 0


@pytest.mark.parametrize(("x", "margin"), [([[1e-200], [-1e-200]], 1e-200), ([[1e13 + 4], [1e13]], 2.0)])
def test_neither_tiny_nor_close_numbers_hide_the_margin(x, margin):
    assert separability(x, [1, 0]).margin == pytest.approx(margin)


def test_the_perceptron_learns_from_numbers_that_single_precision_takes_for_zero():
    assert train_perceptron([[1e-60, 0.0], [-1e-60, 0.0]], [1, 0], use_bias=False).converged


def test_a_sample_in_both_classes_is_the_proof():
    found = separability([[0.1, 0.3], [0.1, 0.3], [5.0, 1.0]], [1, 0, 0])
    assert not found.separable
    np.testing.assert_allclose(found.common, [0.1, 0.3])


@pytest.mark.parametrize(
    ("x", "y", "error", "text"),
    [
        ([1.0, 2.0], [0, 1], ShapeError, r"x has shape \(2,\) and y \(2,\)"),
        ([[1.0], [2.0]], [0, 2], DataError, r"classes 0, 2"),
        ([[1.0], [2.0]], [1, 1], DataError, r"classes 1"),
        ([[1.0], [np.nan]], [0, 1], DataError, r"NaN"),
        ([[1.0], [2.0]], [0, 1, 1], DataError, r"2 samples"),
    ],
)
def test_what_has_not_two_classes_of_vectors_is_refused(x, y, error, text):
    with pytest.raises(error, match=text):
        separability(x, y)
    with pytest.raises(error, match=text):
        train_perceptron(x, y)


def test_without_scipy_the_extra_is_named_and_the_perceptron_still_learns(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    monkeypatch.setattr("chainrule.inspect.perceptron.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "chainrule\[scipy\]"'):
        separability(CORNERS, AND)
    assert train_perceptron(CORNERS, AND).converged
    assert train_perceptron(CORNERS, XOR, epochs=5).verdict is None


def test_samples_of_another_size_are_refused():
    with pytest.raises(ShapeError, match=r"has 2 weights, but x has shape \(1, 3\)"):
        train_perceptron(CORNERS, AND)([[1, 2, 3]])


def test_pictures_show_the_line_and_the_point_in_common():
    trained = train_perceptron(CORNERS, AND)
    plane, curve = plot_perceptron(trained).figure.axes
    (last,) = [line for line in plane.lines if line.get_color() == "#000000"]
    ends = np.transpose(last.get_data())
    np.testing.assert_allclose(ends @ trained.weights + trained.bias, 0, atol=1e-6)
    np.testing.assert_array_equal(curve.lines[0].get_ydata(), trained.mistakes)
    (axes,) = plot_separability(separability(CORNERS, XOR)).figure.axes
    np.testing.assert_allclose(axes.lines[-1].get_xydata(), [[0.5, 0.5]])


def test_more_than_two_features_are_not_drawn():
    x = np.eye(3)
    for plot, result in (
        (plot_separability, separability(x, [0, 1, 1])),
        (plot_perceptron, train_perceptron(x, [0, 1, 1])),
    ):
        with pytest.raises(UsageError, match="3"):
            plot(result)
