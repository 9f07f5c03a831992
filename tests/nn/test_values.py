"""What layers compute, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, special

from chainrule.autodiff import gradients
from chainrule.errors import GradientError, ShapeError, UsageError
from chainrule.execute import Program
from chainrule.graph.tensor import Tensor, tensor
from chainrule.nn import (
    Activation,
    AveragePooling2D,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    Maxout,
    MaxPool2D,
    PReLU,
    Rescaling,
    Sequential,
    Softmax,
    Step,
    ZeroPadding2D,
    as_activation,
    trace,
)  # fmt: skip
from chainrule.nn.activations import ACTIVATIONS
from chainrule.ops.contraction import sum
from tests.nn.harness import bindings, run, samples

X = np.linspace(-3, 3, 13)
FORMULAS = {
    "exponential": np.exp(X),
    "relu6": np.clip(X, 0, 6),
    "celu": np.where(X > 0, X, np.exp(X) - 1),
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * (np.exp(X) - 1)),
    "soft_shrink": np.sign(X) * np.maximum(np.abs(X) - 0.5, 0),
    "hard_shrink": np.where(np.abs(X) > 0.5, X, 0),
    "tanh_shrink": X - np.tanh(X),
    "gelu": X * special.ndtr(X),
    "gelu_tanh": X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))),
    "silu": X * special.expit(X),
    "swish": X * special.expit(X),
    "mish": X * np.tanh(np.log1p(np.exp(X))),
    "hard_swish": X * np.clip(X / 6 + 0.5, 0, 1),
    "glu": X[:6] * special.expit(X[6:12]),
    "hard_sigmoid": np.clip(X / 6 + 0.5, 0, 1),
    "log_sigmoid": special.log_expit(X),
    "hard_tanh": np.clip(X, -1, 1),
    "softsign": X / (1 + np.abs(X)),
    "log_softmax": special.log_softmax(X),
    "linear": X,
    "identity": X,
    "relu": np.maximum(X, 0),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "elu": np.where(X > 0, X, np.exp(X) - 1),
    "softplus": np.log1p(np.exp(X)),
    "sigmoid": special.expit(X),
    "tanh": np.tanh(X),
    "softmax": special.softmax(X),
    "step": np.where(X > 0, 1.0, 0.0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    x = X[None, :12] if name == "glu" else X[None]  # an even number of features
    y = run(trace(Activation(name), [x.shape[1:]]), x)
    np.testing.assert_allclose(y[0], FORMULAS[name], rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"exponential", "glu", "step"}))
def test_activations_far_out(name):
    """Finite, with a finite gradient, at ±1e4 in float32."""
    x = tensor([-1e4, 0.5, 1e4])
    y = as_activation(name)(x)
    (slope,) = gradients(sum(y), [x])
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(slope.numpy()).all()


def test_selu_keeps_mean_and_variance():
    """Of normal numbers, as its constants were computed for: the first two moments of the output, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(180)
    y = as_activation("selu")(tensor(nodes)).numpy()
    weights = weights / weights.sum()
    assert abs(weights @ y) < 2e-3  # the kink at 0 is all that is left
    assert abs(weights @ y**2 - 1) < 2e-3


def test_the_slope_below_zero_is_learned_for_each_feature():
    network = trace(PReLU(0.5), [(2, 3)])
    assert list(network.initial_parameters(0)["prelu/slope"]) == [0.5] * 3
    y = network.training
    assert isinstance(y, Tensor)
    (slope,) = gradients(sum(y), [network.parameters["prelu/slope"].tensor])
    x = samples((4, 2, 3))
    found = Program([slope]).run(bindings(network, x))[0]
    np.testing.assert_allclose(found, np.minimum(x, 0).sum((0, 1)), rtol=1e-5)


def test_maxout_is_the_largest_of_its_pieces():
    network = trace(Maxout(3, 2), [(4,)])
    x, w = samples((5, 4)), network.initial_parameters(0)["maxout/kernel"]
    np.testing.assert_allclose(run(network, x), (x @ w).reshape(5, 3, 2).max(-1), rtol=1e-5, atol=1e-6)


def test_unknown_activation():
    with pytest.raises(UsageError, match=r"'rellu' is not known.*Did you mean 'relu'\?"):
        as_activation("rellu")


def test_a_threshold_stops_the_gradient_and_is_named():
    network = trace(Sequential([Dense(3), Step()]), [(2,)])
    with pytest.raises(GradientError, match="greater"):
        gradients(sum(network.training), [p.tensor for p in network.parameters.values()])


def test_probabilities_of_exclusive_classes_sum_to_one():
    np.testing.assert_allclose(run(trace(Softmax(), [(4,)]), samples((5, 4))).sum(1), 1, rtol=1e-6)
    assert (np.abs(run(trace(Activation("sigmoid"), [(4,)]), samples((5, 4))).sum(1) - 1) > 0.01).all()


def test_dense():
    network = trace(Dense(3), [(4,)])
    x, w = samples((5, 4)), network.initial_parameters(0)["dense/kernel"]
    np.testing.assert_allclose(run(network, x), x @ w, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("units", [0, -1, 2.5, "3"])
def test_sizes_are_positive(units):
    with pytest.raises(UsageError, match=r"must be a whole number above 0"):
        Dense(units)


def test_an_axis_of_features_is_needed():
    with pytest.raises(ShapeError, match=r"layer 'dense'.*has no axis of features"):
        trace(Dense(3), [()])


def test_convolution_is_cross_correlation():
    """The kernel is not flipped (C3)."""
    network = trace(Conv2D(3, (3, 2)), [(6, 5, 2)])
    x, w = samples((2, 6, 5, 2)), network.initial_parameters(0)["conv2d/kernel"]
    expected = [
        [np.sum([signal.correlate2d(image[..., c], w[..., c, o], "valid") for c in range(2)], axis=0) for o in range(3)]
        for image in x
    ]
    np.testing.assert_allclose(run(network, x), np.moveaxis(expected, 1, -1), rtol=1e-4, atol=1e-5)


def test_convolution_along_one_axis():
    network = trace(Conv1D(1, 3), [(8, 1)])
    x, w = samples((1, 8, 1)), network.initial_parameters(0)["conv1d/kernel"]
    np.testing.assert_allclose(run(network, x)[0, :, 0], np.correlate(x[0, :, 0], w[:, 0, 0]), rtol=1e-4, atol=1e-5)


def test_a_kernel_of_one_pixel_is_a_dense_layer_at_each_position():
    convolution, dense = trace(Conv2D(3, 1), [(4, 5, 2)]), trace(Dense(3, name="conv2d"), [(4, 5, 2)])
    x = samples((2, 4, 5, 2))
    kernel = convolution.initial_parameters(0)["conv2d/kernel"]
    np.testing.assert_allclose(run(convolution, x), x @ kernel[0, 0], rtol=1e-5, atol=1e-6)
    assert convolution.parameter_count == dense.parameter_count


def test_a_convolution_has_fewer_parameters_than_a_dense_layer_of_the_same_output():
    """C6: 156 shared by all positions against 784·3456 + 3456."""
    convolution = trace(Conv2D(6, 5), [(28, 28, 1)])
    dense = trace(Sequential([Flatten(), Dense(24 * 24 * 6)]), [(28, 28, 1)])
    assert (convolution.parameter_count, dense.parameter_count) == (156, 784 * 3456 + 3456)


def test_what_does_not_fit_is_refused_in_one_paragraph():
    with pytest.raises(
        ShapeError, match=r"layer 'conv1', built at test_values.py:\d+: x .* 3 channels, which 2 groups"
    ):
        trace(Conv2D(4, 3, groups=2, name="conv1"), [(5, 5, 3)])
    with pytest.raises(ShapeError, match=r"layer 'conv2d'.*window of 5 does not fit"):
        trace(Conv2D(4, 5), [(3, 3, 1)])
    for layer in (Conv2D(4, 5), MaxPool2D(), AveragePooling2D(), ZeroPadding2D()):
        with pytest.raises(ShapeError, match=r"x \(batch, 28, 28\) is no batch of images"):
            trace(layer, [(28, 28)])


def test_pooling():
    x = samples((2, 4, 6, 3))
    blocks = x.reshape(2, 2, 2, 3, 2, 3)
    np.testing.assert_allclose(run(trace(MaxPool2D(2), [(4, 6, 3)]), x), blocks.max((2, 4)), rtol=1e-6)
    np.testing.assert_allclose(
        run(trace(AveragePooling2D(2), [(4, 6, 3)]), x), blocks.mean((2, 4)), rtol=1e-5, atol=1e-6
    )


def test_padding_is_never_the_largest():
    y = run(trace(MaxPool2D(3, 1, "same"), [(3, 3, 1)]), np.full((1, 3, 3, 1), -5.0))
    np.testing.assert_array_equal(y, np.full((1, 3, 3, 1), -5.0))


def test_padding():
    x = samples((2, 3, 4, 2))
    expected = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)])
    np.testing.assert_allclose(run(trace(ZeroPadding2D(2), [(3, 4, 2)]), x), expected, rtol=1e-6)


def test_flatten_keeps_row_major_order():
    x = samples((2, 3, 4, 2))
    np.testing.assert_allclose(run(trace(Flatten(), [(3, 4, 2)]), x), x.reshape(2, 24), rtol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1)])
def test_rescaling_there_and_back(low, high):
    pixels = np.arange(256)[None]
    there = Rescaling((high - low) / 255, low)
    back = Rescaling(255 / (high - low), -255 * low / (high - low))
    scaled = run(trace(there, [(256,)]), pixels)
    assert (scaled.min(), scaled.max()) == (low, high)
    np.testing.assert_array_equal(np.rint(run(trace(Sequential([there, back]), [(256,)]), pixels)), pixels)
