"""Decision regions, approximation, noise and gradients of models, where the right numbers are known."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError, UsageError
from chainrule.inspect import (
    approximations,
    decision_regions,
    noise_robustness,
    parameter_gradients,
    plot_approximations,
    plot_decision_regions,
    plot_noise_robustness,
    plot_parameter_gradients,
)
from chainrule.nn import Dense, Sequential

pytestmark = pytest.mark.usefixtures("compiled_quickly")

untyped: Any = cr.inspect  # for calls that a type checker refuses too


def _linear(weights, bias):
    model = cr.Model(Dense(np.shape(weights)[1], name="f"), (len(weights),))
    model.parameters["f/kernel"] = np.array(weights, np.float32)
    model.parameters["f/bias"] = np.array(bias, np.float32)
    return model


def _regions(y, scores):
    return decision_regions(_linear(np.ones((2, scores)), np.zeros(scores)), [[0, 0], [1, 0], [1, 1]], y, resolution=2)


def _two_outputs():
    return cr.Model(lambda x, scope: (Dense(1, name="one")(x, scope), Dense(3, name="three")(x, scope)), (2,))


def _noise(weights, x, *levels):
    return untyped.noise_robustness({"a": _linear(weights, [0])}, x, *levels)


def test_regions_of_one_neuron_are_half_planes():
    regions = decision_regions(_linear([[1.0], [-2.0]], [0.5]), [[-1, -1], [1, 1]], [0, 1], resolution=41)
    x1, x2 = np.meshgrid(regions.x1, regions.x2)
    np.testing.assert_array_equal(regions.classes, x1 - 2 * x2 + 0.5 > 0)
    (axes,) = plot_decision_regions(regions, "half a plane").figure.axes
    np.testing.assert_array_equal(axes.lines[1].get_xydata(), [[1, 1]])


def test_classes_of_one_score_may_be_signs():
    model, x = _linear([[1.0], [-2.0]], [0.5]), [[-1, -1], [1, 1], [2, 0]]
    np.testing.assert_array_equal(decision_regions(model, x, [-1, 1, 1], resolution=2).y, [0, 1, 1])


def test_regions_of_several_scores_are_those_of_the_largest():
    regions = decision_regions(_linear([[1.0, 0, -1], [0, 1, -1]], [0, 0, 0.1]), [[-1, -1], [1, 1]], resolution=21)
    scores = np.stack([*np.meshgrid(regions.x1, regions.x2)], -1)
    scores = np.concatenate([scores, 0.1 - scores.sum(-1, keepdims=True)], -1)
    np.testing.assert_array_equal(regions.classes, scores.argmax(-1))


def test_exclusive_or_needs_two_layers():
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
    right = {}
    for name, layers in (("one", [Dense(1)]), ("two", [Dense(8, "tanh"), Dense(1)])):
        model = cr.Model(Sequential(layers))
        model.fit(x, y, loss="binary_cross_entropy", optimizer=cr.optim.Adam(0.05), epochs=150, verbose=0)
        classes = decision_regions(model, x, y).classes
        right[name] = [classes[25, 25], classes[175, 25], classes[25, 175], classes[175, 175]] == y.tolist()
    assert right == {"one": False, "two": True}


def test_the_error_falls_as_neurons_are_added():
    found = approximations(lambda x: np.sin(4 * x), (1, 4, 16), epochs=150, seeds=[0])
    assert found.errors[2] < 0.3 * found.errors[0]
    np.testing.assert_allclose(found.errors, np.sqrt(((found.fits - np.sin(4 * found.x)) ** 2).mean(1)))
    _, errors = plot_approximations(found).figure.axes
    np.testing.assert_array_equal(errors.lines[1].get_ydata(), found.errors)


def test_noise_passes_a_linear_model_in_proportion():
    """One weight of three inputs of equal spread: σ(w·ε)/σ(w·x) = 1 of what comes in."""
    x = np.random.default_rng(0).standard_normal((2000, 3))
    found = noise_robustness({"linear": _linear([[2.0], [0], [0]], [7.0])}, x, [0.1, 0.5])
    np.testing.assert_allclose(found.errors["linear"], [0.1, 0.5], rtol=0.05)
    error, share = plot_noise_robustness(found).figure.axes
    np.testing.assert_array_equal(error.lines[1].get_ydata(), found.errors["linear"])
    assert share.get_ylabel() == "changed classes (%)"


def test_a_probability_changes_its_class_where_its_logit_does():
    x = np.random.default_rng(0).standard_normal((50, 1))
    logit, probability = (cr.Model(Dense(1, f, kernel_initializer="ones"), (1,)) for f in ("linear", "sigmoid"))
    by_logit = noise_robustness({"a": logit}, x, [0.5]).changed["a"]
    assert 0 < by_logit < 1
    assert noise_robustness({"a": probability}, x, [0.5], threshold=0.5).changed["a"] == by_logit


def test_a_saturated_model_does_not_hear_the_noise():
    model = cr.Model(Sequential([Dense(1, lambda x: cr.tanh(30.0 * x), kernel_initializer="ones")]), (1,))
    found = noise_robustness({"tanh": model}, [[-1.0], [1.0]], [0.1], repeats=50)
    assert found.errors["tanh"][0] < 0.01
    assert found.changed["tanh"][0] == 0


def test_gradients_of_least_squares_are_the_closed_formula():
    random = np.random.default_rng(1)
    x, y = random.standard_normal((20, 3)).astype(np.float32), random.standard_normal((20, 1)).astype(np.float32)
    w, b = [[0.5], [-1.0], [2.0]], [0.25]
    found = parameter_gradients(_linear(w, b), x, y, loss="mean_squared_error")
    error = x @ w + b - y
    assert found.loss == pytest.approx((error**2).mean(), rel=1e-5)
    np.testing.assert_allclose(found.gradients["f/kernel"], 2 * x.T @ error / 20, rtol=1e-4)
    np.testing.assert_allclose(found.gradients["f/bias"], 2 * error.mean(0), rtol=1e-4)


def test_zero_parameters_leave_the_output_bias_a_gradient_and_equal_ones_keep_units_alike():
    x, y = np.random.default_rng(0).standard_normal((12, 5)), np.arange(12) % 3
    found = {}
    for start in ("zeros", "ones", "glorot_uniform"):
        layers = [Dense(6, "tanh", kernel_initializer=start), Dense(3, kernel_initializer=start)]
        found[start] = parameter_gradients(cr.Model(Sequential(layers), (5,)), x, y)
    norms = found["zeros"].norms
    assert (norms["dense/kernel"], norms["dense/bias"], norms["dense_1/kernel"]) == (0, 0, 0)
    assert norms["dense_1/bias"] > 0
    assert found["ones"].different_units("dense/kernel") == 1
    assert found["glorot_uniform"].different_units("dense/kernel") == 6
    (axes,) = plot_parameter_gradients(found).figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == list(norms)


def test_networks_with_other_parameters_stand_in_one_picture():
    models = {"one": _linear([[1.0]], [0]), "other": cr.Model(Dense(1, use_bias=False, name="g"), (1,))}
    found = {k: parameter_gradients(m, [[1.0], [2]], [1.0, 1], loss="mean_squared_error") for k, m in models.items()}
    (axes,) = plot_parameter_gradients(found).figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["f/kernel", "f/bias", "g/kernel"]
    np.testing.assert_array_equal(np.isnan(axes.lines[1].get_xdata()), [True, True, False])


def test_a_standard_normal_saturates_units_with_many_inputs_and_a_scaled_one_does_not():
    """z = Σ 784 products of standard normals is N(0, 784): |z| > 2.99, where tanh′ < 1 %, in 91.5 % of all cases."""
    x = np.random.default_rng(0).standard_normal((500, 784)).astype(np.float32)
    saturated = {}
    for start in ("normal", "lecun_normal"):
        units = cr.Model(Dense(100, "tanh", kernel_initializer=start), (784,)).predict(x)
        saturated[start] = float(np.mean(1 - units.astype(np.float64) ** 2 < 0.01))
    assert saturated["normal"] == pytest.approx(0.915, abs=0.01)
    assert saturated["lecun_normal"] < 0.01


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: decision_regions(_linear([[1.0]], [0]), [[1.0]]), ShapeError, r"points in a plane, \(N, 2\)"),
        (lambda: decision_regions(_linear([[1.0], [1]], [0]), [[1.0, 2]], resolution=1), UsageError, "2 or more"),
        (lambda: approximations(np.sum), ShapeError, r"256 points into shape \(\)"),
        (lambda: approximations(np.sin, ()), UsageError, "one or more numbers of neurons"),
        (lambda: approximations(np.sin, (0,)), UsageError, "above 0"),
        (lambda: untyped.approximations(np.sin, 3), UsageError, "widths is 3"),
        (lambda: approximations(np.sin, seeds=[]), UsageError, "seeds is"),
        (lambda: approximations(np.sin, interval=(1, 1)), UsageError, "two finite ends, the first below"),
        (lambda: approximations(np.sin, points=1), UsageError, "2 or more"),
        (lambda: approximations(lambda x: x + np.where(x > 0, np.nan, 0)), DataError, "the function gives nan for x ="),
        (lambda: _regions([0, 1], 1), DataError, r"one for each of the 3 samples, but y has shape \(2,\)"),
        (lambda: _regions([0, 1, 2], 1), DataError, "classes, 0 and 1, or -1 and 1"),
        (lambda: _regions([[1, 0], [0, 1], [1, 0]], 2), DataError, "one-hot"),
        (lambda: _regions([0, -1, 1], 2), DataError, "whole numbers from 0 on"),
        (lambda: _regions(["a", "b", "a"], 2), DataError, "holds a, b"),
        (
            lambda: decision_regions(_linear([[1.0], [1]], [0]), [[np.nan, 2]]),
            DataError,
            "NaN or infinity at 1",
        ),
        (lambda: _noise([[1.0]], [[1.0], [2]], 0.1), UsageError, "list of one or more"),
        (lambda: _noise([[1.0]], [[1.0], [2]], []), UsageError, "list of one or more"),
        (lambda: _noise([[1.0]], [[1.0], [1]]), DataError, "x is the same for all 2"),
        (lambda: _noise([[0.0]], [[1.0], [2]]), DataError, "outputs of model 'a' are"),
        (lambda: untyped.plot_parameter_gradients([]), UsageError, "one or more records"),
        (lambda: noise_robustness({}, [[1.0]]), UsageError, "dict of models"),
        (lambda: noise_robustness({"a": _linear([[1.0]], [0])}, [[1.0]], [-1]), UsageError, "-1 is not a number above"),
        (lambda: decision_regions(_two_outputs(), [[1.0, 2]]), ShapeError, r"into shape \(1,\), \(3,\)"),
        (lambda: noise_robustness({"a": _two_outputs()}, np.eye(2)), ShapeError, r"into \(2, 1\), \(2, 3\)"),
        (lambda: plot_parameter_gradients({}), UsageError, "one or more records"),
        (lambda: parameter_gradients(cr.Model(Dense(1)), [[1.0]], [1.0]), UsageError, "shape of its input"),
    ],
)
def test_wrong_calls_say_what_to_do(call, error, text):
    with pytest.raises(error, match=text):
        call()
