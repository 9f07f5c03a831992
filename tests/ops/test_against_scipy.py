"""Operations against SciPy: special functions and signal processing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, special

from chainrule import ops
from chainrule.graph.operation import Array
from chainrule.graph.tensor import tensor
from tests.counts import scaled
from tests.ops.cases import CASES
from tests.ops.test_windows import padded


def _convolution(x: Array, w: Array, strides: list[int], padding: Any, dilation: list[int], groups: int) -> Array:
    """SciPy's correlation of every map with every kernel, channels added up, every s-th position kept."""
    rank = w.ndim - 2
    spread = np.zeros([(e - 1) * d + 1 for e, d in zip(w.shape[:rank], dilation, strict=True)] + list(w.shape[rank:]))
    spread[tuple(slice(None, None, d) for d in dilation)] = w
    widths = [padded(x.shape[1 + k], spread.shape[k], strides[k], padding, k) for k in range(rank)]
    x = np.pad(x, [(0, 0), *widths, (0, 0)])
    channels, kernels = w.shape[-2], w.shape[-1] // groups
    maps: list[Array] = [
        sum(
            signal.correlate(x[..., o // kernels * channels + c], spread[None, ..., c, o], "valid")
            for c in range(channels)
        )
        for o in range(w.shape[-1])
    ]
    kept = (slice(None), *(slice(None, None, s) for s in strides))
    return np.stack(maps, -1)[kept]


def _cross_entropy(logits: Array, labels: Array, label_smoothing: float) -> Array:
    classes = logits.shape[-1]
    targets = labels if labels.dtype.kind == "f" else (labels[..., None] == np.arange(classes)).astype(float)
    targets = targets * (1 - label_smoothing) + label_smoothing / classes
    return np.asarray(-np.sum(targets * special.log_softmax(logits, -1), -1))


def _glu(x: Array, axis: int) -> Array:
    a, b = np.split(x, 2, axis)
    return np.asarray(a * special.expit(b))


SCIPY: dict[str, Callable[..., Any]] = {
    "conv1d": _convolution,
    "conv2d": _convolution,
    "conv3d": _convolution,
    "cross_entropy": _cross_entropy,
    "elu": lambda x, alpha: np.where(x > 0, x, special.boxcox(np.exp(np.minimum(x, 0)), 1.0) * alpha),
    "celu": lambda x, alpha: np.where(x > 0, x, alpha * special.expm1(np.minimum(x / alpha, 0))),
    "erf": special.erf,
    "erfc": special.erfc,
    "gelu": lambda x: x * special.ndtr(x),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "glu": _glu,
    "hard_sigmoid": lambda x: np.interp(x, (-3, 3), (0, 1)),
    "hard_swish": lambda x: x * np.interp(x, (-3, 3), (0, 1)),
    "log_sigmoid": special.log_expit,
    "log_softmax": lambda x, axis: special.log_softmax(x, axis),
    "log_sum_exp": lambda x, axis, keepdims: special.logsumexp(x, axis, keepdims=keepdims),
    "logit": special.logit,
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "selu": lambda x: 1.0507009873554804934 * np.where(x > 0, x, 1.6732632423543772848 * np.expm1(x)),
    "sigmoid": special.expit,
    "silu": lambda x: x * special.expit(x),
    "softmax": lambda x, axis: special.softmax(x, axis),
    "xlogy": special.xlogy,
}


@pytest.mark.parametrize("name", SCIPY)
@given(data=st.data())
@settings(max_examples=scaled(200))
def test_values_are_those_of_scipy(name, data):
    case = data.draw(CASES[name])
    if 0 in case.inputs[0].shape and name.startswith("conv"):
        return  # SciPy correlates no empty arrays
    actual = case(*map(tensor, case.inputs)).numpy()
    np.testing.assert_allclose(actual, SCIPY[name](*case.inputs, **case.attributes), rtol=1e-12, atol=1e-12)


def test_convolution_turns_the_kernel_of_a_correlation():
    """With the kernel turned around, conv1d and conv2d are the convolutions of signal processing."""
    generator = np.random.default_rng(0)
    x, w = generator.standard_normal((9, 8)), generator.standard_normal((3, 4))
    actual = ops.conv2d(x[None, :, :, None], w[::-1, ::-1, None, None].copy()).numpy()[0, :, :, 0]
    np.testing.assert_allclose(actual, signal.convolve2d(x, w, "valid"), rtol=1e-12)
    actual = ops.conv1d(x[None, :, :1], w[::-1, :1, None].copy(), padding=2).numpy()[0, :, 0]
    np.testing.assert_allclose(actual, np.convolve(x[:, 0], w[:, 0], "full"), rtol=1e-12)


def test_the_error_function_keeps_its_promise():
    x = np.concatenate([np.linspace(-6, 6, 20001), np.geomspace(1e-300, 1, 500)])
    np.testing.assert_allclose(ops.erf(x).numpy(), special.erf(x), rtol=1e-15)
    np.testing.assert_allclose(ops.erfc(x).numpy(), special.erfc(x), rtol=1e-14)
