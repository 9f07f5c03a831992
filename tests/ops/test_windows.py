"""Convolutions, pooling and resizing: against loops in NumPy, and against numbers from PyTorch 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import grad, vjp
from chainrule.execute.native import NativeProgram
from chainrule.graph.extent import batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import input_tensor, tensor
from tests.counts import scaled
from tests.execute.agreement import quick_target
from tests.ops.window_cases import WINDOWS

Point = tuple[int, ...]


# ----------------------------------------------------------------------------------------------------- the authority
def padded(extent: int, span: int, stride: int, padding: Any, axis: int) -> tuple[int, int]:
    """Elements added before and behind an axis; 'same' as TensorFlow's documentation has it."""
    if padding == "same":
        total = max(0, (math.ceil(extent / stride) - 1) * stride + span - extent)
        return total // 2, total - total // 2
    if padding == "valid":
        return 0, 0
    own = padding if isinstance(padding, int) else padding[axis]
    before, behind = (own, own) if isinstance(own, int) else own
    return before, behind


def spans(window: Any, dilation: Any) -> list[int]:
    return [(p - 1) * d + 1 for p, d in zip(window, dilation, strict=True)]


def points(window: Any, dilation: Any) -> Iterator[tuple[Point, Point]]:
    """The index of each point of a window, and how far it is from the first."""
    for p in product(*map(range, window)):
        yield p, tuple(k * d for k, d in zip(p, dilation, strict=True))


def _transposed(x: Array, w: Array, strides: Any, padding: Any, output_padding: Any, dilation: Any, groups: int) -> Any:
    """Every element of x stamps its window into an image that is large enough; then the borders are cut."""
    rank, kernels = w.ndim - 2, w.shape[-2]
    full = np.zeros((len(x), *(99 for _ in range(rank)), groups * kernels))
    for i in product(*map(range, x.shape[1:-1])):
        at: Any = (slice(None), *i)
        for p, far in points(w.shape[:rank], dilation):
            here: Any = (slice(None), *(a * s + b for a, s, b in zip(i, strides, far, strict=True)))
            parts = zip(np.split(x[at], groups, -1), np.split(w[p], groups, -1), strict=True)
            full[here] += np.concatenate([part @ kernel.T for part, kernel in parts], -1)
    kept: list[Any] = []
    for k, span in enumerate(spans(w.shape[:rank], dilation)):
        extent = x.shape[k + 1]
        if padding == "same":
            before, size = max(0, span - strides[k]) // 2, extent * strides[k]
        else:
            before, behind = padded(extent, span, strides[k], padding, k)
            size = (extent - 1) * strides[k] + span - before - behind
        kept.append(slice(before, before + size + output_padding[k]))
    return full[:, *kept]


def _depthwise(x: Array, w: Array, strides: Any, padding: Any, dilation: Any) -> Array:
    """Channel by channel, each of them a conv of its own."""
    conv = ops.conv1d if w.ndim == 3 else ops.conv2d
    parts = [
        conv(x[..., c : c + 1], w[..., c : c + 1, :].copy(), strides=strides, padding=padding, dilation=dilation)
        for c in range(x.shape[-1])
    ]
    return np.concatenate([part.numpy() for part in parts], -1)


def _separable(x: Array, w: Array, pointwise: Array, **more: Any) -> Array:
    return _depthwise(x, w, **more) @ pointwise.reshape(pointwise.shape[-2:])


def _seen(
    x: Array, window: Any, strides: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Iterator[tuple[Point, list[Array], int]]:
    """Each position, the elements of x that its window sees, and how many of x and its padding together."""
    strides = strides or window
    widths = [padded(x.shape[k + 1], span, strides[k], padding, k) for k, span in enumerate(spans(window, dilation))]
    counts = []
    for extent, (before, behind), span, stride in zip(
        x.shape[1:-1], widths, spans(window, dilation), strides, strict=True
    ):
        steps = (extent + before + behind - span) / stride
        count = math.ceil(steps) + 1 if ceil_mode else math.floor(steps) + 1
        if ceil_mode and (count - 1) * stride >= extent + before:
            count -= 1
        counts.append(count)
    for i in product(*map(range, counts)):
        seen, all_of_them = [], 0
        for _, far in points(window, dilation):
            place = [a * s + b - w[0] for a, s, b, w in zip(i, strides, far, widths, strict=True)]
            all_of_them += all(a < e + w[1] for a, e, w in zip(place, x.shape[1:-1], widths, strict=True))
            if all(0 <= a < e for a, e in zip(place, x.shape[1:-1], strict=True)):
                seen.append(x[:, *place])
        yield i, seen, all_of_them


def _pooled(x: Array, values: dict[Point, Array]) -> Array:
    shape = [max(axis) + 1 for axis in zip(*values, strict=True)]
    return np.stack(list(values.values()), 1).reshape(len(x), *shape, x.shape[-1])


def _max_pool(x: Array, **windows: Any) -> Array:
    return _pooled(x, {i: np.max(seen, 0) for i, seen, _ in _seen(x, **windows)})


def _average_pool(x: Array, count_padding: bool, **windows: Any) -> Array:
    values = {}
    for i, seen, all_of_them in _seen(x, **windows):
        values[i] = np.sum(seen, 0) / (all_of_them if count_padding else len(seen))
    return _pooled(x, values)


def _unfold(x: Array, window: Any, strides: Any, padding: Any, dilation: Any) -> Array:
    widths = [padded(x.shape[k + 1], span, strides[k], padding, k) for k, span in enumerate(spans(window, dilation))]
    wide = np.pad(x, [(0, 0), *widths, (0, 0)])
    counts = [
        (e - span) // s + 1 for e, span, s in zip(wide.shape[1:-1], spans(window, dilation), strides, strict=True)
    ]
    rows = []
    for _, far in points(window, dilation):
        rows.append(
            wide[
                (slice(None), *(slice(b, b + (c - 1) * s + 1, s) for b, c, s in zip(far, counts, strides, strict=True)))
            ]
        )
    return np.concatenate(rows, -1)


def _fold(x: Array, size: Any, **windows: Any) -> Array:
    """The transpose of unfold, as a matrix: each element of an image stamps where unfold reads it."""
    channels = x.shape[-1] // math.prod(windows["window"])
    one = np.zeros((1, *size, channels))
    y = np.zeros((len(x), one.size))
    for k in range(one.size):
        one.flat[k] = 1
        y[:, k] = (x * _unfold(one, **windows)).sum(tuple(range(1, x.ndim)))
        one.flat[k] = 0
    return y.reshape(len(x), *size, channels)


def _adaptive(reduce: Callable[..., Any]) -> Callable[..., Array]:
    def pool(x: Array, size: Any) -> Array:
        values = {}
        for i in product(*map(range, size)):
            part = x
            for k, (a, count) in enumerate(zip(i, size, strict=True)):
                extent = x.shape[k + 1]
                part = part.take(range(a * extent // count, math.ceil((a + 1) * extent / count)), k + 1)
            values[i] = reduce(part, tuple(range(1, x.ndim - 1)))
        return _pooled(x, values)

    return pool


def _resize(x: Array, size: Any, method: str = "nearest", align_corners: bool = False) -> Array:
    for axis, (count, extent) in enumerate(zip(size, x.shape[1:-1], strict=True), 1):
        rows = []
        for k in range(count):
            if method == "nearest":
                rows.append(x.take(math.floor((k + 0.5) * extent / count), axis))
                continue
            place = (
                k * (extent - 1) / max(count - 1, 1) if align_corners else max(0.0, (k + 0.5) * extent / count - 0.5)
            )
            left = min(math.floor(place), extent - 1)
            right = min(left + 1, extent - 1)
            rows.append(x.take(left, axis) * (1 - (place - left)) + x.take(right, axis) * (place - left))
        x = np.stack(rows, axis)
    return x


LOOPS: dict[str, Callable[..., Any]] = {
    "adaptive_average_pool": _adaptive(np.mean),
    "adaptive_max_pool": _adaptive(np.max),
    "average_pool": _average_pool,
    "conv1d_transpose": _transposed,
    "conv2d_transpose": _transposed,
    "conv3d_transpose": _transposed,
    "depthwise_conv1d": _depthwise,
    "depthwise_conv2d": _depthwise,
    "fold": _fold,
    "max_pool": _max_pool,
    "resize": _resize,
    "separable_conv2d": _separable,
    "unfold": _unfold,
}


def test_every_operation_on_windows_has_an_authority():
    assert set(WINDOWS) - set(LOOPS) == {"conv1d", "conv2d", "conv3d"}  # test_against_scipy has these


@pytest.mark.parametrize("name", LOOPS)
@given(data=st.data())
@settings(max_examples=scaled(100))
def test_values_are_those_of_a_loop(name, data):
    case = data.draw(WINDOWS[name])
    actual = case(*map(tensor, case.inputs)).numpy()
    wanted = LOOPS[name](*case.inputs, **case.attributes)
    assert actual.shape == wanted.shape
    np.testing.assert_allclose(actual, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["max_pool", "adaptive_max_pool", "resize", "unfold", "conv2d_transpose"])
@given(data=st.data())
@settings(max_examples=scaled(30))
def test_integers_stay_integers(name, data):
    case = data.draw(WINDOWS[name]).converted("int32")
    actual = case(*map(tensor, case.inputs)).numpy()
    if case.attributes.get("method") == "bilinear":
        assert actual.dtype == np.float32
    else:
        assert actual.dtype == np.int32
        np.testing.assert_array_equal(actual, LOOPS[name](*case.inputs, **case.attributes))


# ------------------------------------------------------------------------------------------------ PyTorch's numbers
def series(*values: float) -> Array:
    """One sample of one channel."""
    return np.array(values, "float32")[None, :, None]


def image(values: Any) -> Array:
    return np.asarray(values, "float32")[None, :, :, None]


PYTORCH: dict[str, tuple[Callable[[], Any], Any]] = {
    "conv_transpose2d, stride 2, padding 1, output padding 1": (
        lambda: ops.conv2d_transpose(
            image(np.arange(6).reshape(2, 3)), np.arange(1.0, 10.0).reshape(3, 3, 1, 1), strides=2, padding=1,
            output_padding=1,
        ),
        [[0, 4, 5, 14, 10, 12], [6, 20, 16, 40, 26, 33], [15, 34, 20, 44, 25, 30], [24, 55, 32, 71, 40, 45]],
    ),
    "conv_transpose2d, stride (1, 2), dilation 2": (
        lambda: ops.conv2d_transpose(
            image(np.arange(6).reshape(2, 3)), np.array([[1.0, 2.0], [4.0, 5.0]])[..., None, None], strides=(1, 2),
            dilation=2,
        ),
        [[0, 0, 1, 0, 4, 0, 4], [3, 0, 10, 0, 13, 0, 10], [0, 0, 4, 0, 13, 0, 10], [12, 0, 31, 0, 40, 0, 25]],
    ),
    "conv_transpose1d, two groups": (  # x and w with PyTorch's channels in front
        lambda: ops.conv1d_transpose(
            np.arange(8.0).reshape(1, 4, 2).transpose(0, 2, 1), np.arange(1.0, 9.0).reshape(4, 1, 2).transpose(2, 1, 0),
            strides=2, groups=2,
        ),
        np.transpose([[6, 8, 10, 14], [62, 72, 74, 86]]),
    ),
    "max_pool1d, ceil mode": (lambda: ops.max_pool(series(1, 5, 2, 8, 3, 7), 3, strides=2, ceil_mode=True), [5, 8, 7]),
    "max_pool1d, ceil mode, no window in the padding behind": (
        lambda: ops.max_pool(series(1, 5, 2, 8, 3, 7), 2, strides=3, padding=1, ceil_mode=True), [1, 8, 7],
    ),
    "max_pool1d, dilation 2": (
        lambda: ops.max_pool(series(1, 5, 2, 8, 3, 7), 2, strides=2, padding=1, dilation=2), [5, 8, 8],
    ),
    "avg_pool1d, padding counted": (
        lambda: ops.average_pool(
            series(1, 5, 2, 8, 3, 7), 3, strides=2, padding=1, ceil_mode=True, count_padding=True
        ),
        [2, 5, 6, 3.5],
    ),
    "avg_pool1d, padding not counted": (
        lambda: ops.average_pool(series(1, 5, 2, 8, 3, 7), 3, strides=2, padding=1, ceil_mode=True), [3, 5, 6, 7],
    ),
    "avg_pool2d, padding counted": (
        lambda: ops.average_pool(
            image(np.arange(25).reshape(5, 5)), 3, padding=1, ceil_mode=True, count_padding=True
        ),
        [[4 / 3, 11 / 3], [31 / 3, 18]],
    ),
    "adaptive_avg_pool2d": (
        lambda: ops.adaptive_average_pool(image(np.arange(20).reshape(4, 5) ** 2), (3, 2)),
        [[115 / 6, 223 / 6], [475 / 6, 703 / 6], [1135 / 6, 1483 / 6]],
    ),
    "adaptive_max_pool2d": (
        lambda: ops.adaptive_max_pool(image(np.arange(20).reshape(4, 5) ** 2), (3, 2)),
        [[49, 81], [144, 196], [289, 361]],
    ),
    "interpolate linear, smaller": (
        lambda: ops.resize(series(0, 1, 4, 9), 3, method="bilinear"), [1 / 6, 2.5, 49 / 6],
    ),
    "interpolate linear, larger": (
        lambda: ops.resize(series(0, 1, 4, 9), 7, method="bilinear"),
        [0, 0.35714290, 0.92857146, 2.5, 4.3571429, 7.2142868, 9],
    ),
    "interpolate linear, corners aligned": (
        lambda: ops.resize(series(0, 1, 4, 9), 6, method="bilinear", align_corners=True), [0, 0.6, 1.6, 3.4, 6, 9],
    ),
    "interpolate nearest-exact, smaller": (lambda: ops.resize(series(0, 1, 4, 9), 3), [0, 4, 9]),
    "interpolate nearest-exact, larger": (lambda: ops.resize(series(0, 1, 4, 9), 7), [0, 0, 1, 4, 4, 9, 9]),
    "interpolate bilinear": (
        lambda: ops.resize(image([[0, 2], [4, 10]]), (3, 4), method="bilinear"),
        [[0, 0.5, 1.5, 2], [2, 3, 5, 6], [4, 5.5, 8.5, 10]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTORCH)
def test_numbers_of_pytorch(name):
    call, wanted = PYTORCH[name]
    actual = call().numpy()[0]
    np.testing.assert_allclose(actual, np.reshape(wanted, actual.shape), rtol=1e-6)


def test_of_equal_elements_the_first_gets_the_gradient():
    """In row-major order, as PyTorch's adaptive_max_pool2d says for (3, 2) windows of a (5, 3) image of equal ones."""
    slope = grad(lambda x: ops.sum(ops.adaptive_max_pool(x, (3, 2))))(np.full((1, 5, 3, 1), 3.0)).numpy()
    np.testing.assert_array_equal(slope[0, :, :, 0], [[1, 1, 0], [1, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]])


# ------------------------------------------------------------------------------------------ what belongs together
@pytest.mark.parametrize("strides", [1, 2, (3, 2)])
@pytest.mark.parametrize("padding", ["valid", "same", 1, ((1, 0), (0, 2))])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_is_what_a_convolution_gives_back_to_its_input(strides, padding, groups):
    """With the same kernel, stride and padding; what a stride does not reach of the input is output padding."""
    generator = np.random.default_rng(0)
    x, w = generator.standard_normal((2, 6, 8, 4)), generator.standard_normal((3, 2, 4 // groups, 6))
    more: dict[str, Any] = {"strides": strides, "padding": padding, "groups": groups}
    y, pull = vjp(lambda x: ops.conv2d(x, w, **more), tensor(x))
    cotangent = generator.standard_normal(y.shape)
    missing = [a - b for a, b in zip((6, 8), ops.conv2d_transpose(cotangent, w, **more).shape[1:3], strict=True)]
    actual = ops.conv2d_transpose(cotangent, w, output_padding=missing, **more).numpy()
    np.testing.assert_allclose(actual, pull(tensor(cotangent))[0].numpy(), rtol=1e-12, atol=1e-12)


def test_a_convolution_is_a_product_of_rows_with_its_kernel():
    generator = np.random.default_rng(0)
    x, w = generator.standard_normal((2, 5, 6, 3)), generator.standard_normal((3, 2, 3, 4))
    rows = ops.unfold(x, (3, 2), strides=2, padding="same")
    np.testing.assert_allclose(
        (rows @ w.reshape(-1, 4)).numpy(), ops.conv2d(x, w, strides=2, padding="same").numpy(), rtol=1e-12
    )


def test_a_depthwise_convolution_has_as_many_groups_as_channels():
    generator = np.random.default_rng(0)
    x, w = generator.standard_normal((2, 5, 6, 3)), generator.standard_normal((3, 2, 3, 2))
    grouped = ops.conv2d(x, w.reshape(3, 2, 1, 6), groups=3, dilation=2)
    np.testing.assert_allclose(ops.depthwise_conv2d(x, w, dilation=2).numpy(), grouped.numpy(), rtol=1e-12)


def test_what_is_not_seen_is_not_touched():
    """An infinity stays within the windows and pixels that see it."""
    x = series(1, 2, 3, np.inf, 5, 6, 7)
    np.testing.assert_array_equal(np.isfinite(ops.adaptive_average_pool(x, 3).numpy()[0, :, 0]), [True, False, True])
    np.testing.assert_array_equal(ops.adaptive_max_pool(x, 3).numpy()[0, :, 0], [3, np.inf, 7])
    np.testing.assert_array_equal(ops.resize(x, 3).numpy()[0, :, 0], [2, np.inf, 6])
    np.testing.assert_array_equal(ops.average_pool(x, 2, ceil_mode=True).numpy()[0, :, 0], [1.5, np.inf, 5.5, 7])


VECTORS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: ops.conv2d_transpose(x, np.ones((3, 3, 4, 4), "float32"), strides=2, padding="same"),
    "depthwise": lambda x: ops.depthwise_conv2d(x, np.ones((3, 3, 4, 2), "float32"), padding="same"),
    "average": lambda x: ops.average_pool(x, 3, strides=2, padding=1, ceil_mode=True),
    "largest": lambda x: ops.max_pool(x, 3, strides=2, padding=1, dilation=2),
    "adaptive": lambda x: ops.adaptive_max_pool(x, 4),
    "bilinear": lambda x: ops.resize(x, (12, 14), method="bilinear"),
    "nearest": lambda x: ops.resize(x, (12, 14)),
}


@pytest.mark.parametrize("name", VECTORS)
def test_samples_go_through_in_vectors(name):
    """No kernel over the batch, of values or gradients, goes from number to number."""
    x = input_tensor("x", (batch, 6, 7, 4))
    slope = grad(lambda x: ops.sum(ops.square(VECTORS[name](x))))(x)
    kernels = NativeProgram([VECTORS[name](x), slope], target=quick_target()).show("schedule").splitlines()
    assert len(kernels) > 1
    assert not [kernel for kernel in kernels if "vectors along lane" not in kernel and "points in all" not in kernel]
