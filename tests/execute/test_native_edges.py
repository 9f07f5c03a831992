"""Graphs at the edge as native code: empty, alone, twice, constant; windows larger than what is under them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.reverse import gradients
from chainrule.compiler.target import lanes
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.tensor import Tensor
from chainrule.ops.kinds.elementwise import Elementwise
from tests.execute.agreement import difference, quick_target

SIZES = (1, 3, 4, 8, 16, 17, 33, 70)


def agree(outputs: list[Tensor], bindings: dict[Tensor, np.ndarray], batch: int | None = None) -> None:
    actual = NativeProgram(outputs, target=quick_target()).run(bindings, batch=batch)
    for y, a, w in zip(outputs, actual, Program(outputs).run(bindings, batch=batch), strict=True):
        assert not (message := difference(a, w)), f"{y.describe()}: {message}"


def test_a_costly_function_of_a_sum_that_many_points_share():
    """Softplus is worth computing before the loop over its readers; the sum in it, which begins at the bias, is not."""
    x, w, b = cr.input_tensor("x", (cr.batch, 13)), cr.input_tensor("w", (13, 1)), cr.input_tensor("b", (1,))
    row = cr.input_tensor("row", (1, 3))
    random = np.random.default_rng(0)
    agree(
        [cr.softplus(x @ w + b) @ row + 0.5],
        {x: random.normal(size=(5, 13)).astype("f4"), w: random.normal(size=(13, 1)).astype("f4")}
        | {b: np.full(1, 2, "f4"), row: np.array([[1, 2, 3]], "f4")},
    )


@pytest.mark.parametrize("batch", [1, 3, 17])
def test_zeros_of_empty_lanes_stay_away_from_poles(batch):
    """The gradient of a distance is a quotient of differences: zeros in their place would be 0 / 0 there."""
    x, y, w = (
        cr.input_tensor(name, shape) for name, shape in (("x", (cr.batch, 1)), ("y", (cr.batch, 1)), ("w", (1, 1)))
    )
    distances = cr.sqrt(cr.mean(cr.square(x @ w - y), axis=1))
    (gradient,) = gradients(cr.sum(distances), [w])
    values = np.linspace(1, 2, batch, dtype="f4")[:, None]
    agree([cr.sum(distances), w - 0.1 * gradient], {x: values, y: values + 3, w: np.full((1, 1), -1, "f4")}, batch)


def test_two_axes_of_one_name_in_a_kernel():
    """A sum over three numbers meets a map of two, both along what each calls its second axis: one kernel has both."""
    x, y, w = (cr.input_tensor(name, (cr.batch, *shape)) for name, shape in (("x", (3, 2)), ("y", (2,)), ("w", (3, 1))))
    random = np.random.default_rng(0)
    agree(
        [y * y, cr.sum((x + cr.reshape(y, (cr.batch, 1, 2))) * (w * w), axis=1)],
        {t: random.normal(size=(5, *t.shape[1:])).astype("f4") for t in (x, y, w)},
    )


@pytest.mark.parametrize("size", [1, 5, 17, 40])
def test_arrays_with_the_batch_on_several_axes(size):
    """Every pair of samples, and every triple, has its place in memory: they are more than samples, by far."""
    x = cr.input_tensor("x", (cr.batch, 4))
    pairs = cr.tanh(x @ cr.transpose(x))
    triples = cr.einsum("nm,mk->nmk", pairs, pairs)
    (slope,) = cr.gradients(cr.sum(pairs), [x])
    sums = cr.sum(cr.tanh(triples), axis=2)
    random = np.random.default_rng(0)
    agree([slope, pairs @ x, sums @ x, cr.tanh(triples)], {x: random.normal(size=(size, 4)).astype("f4") / 2})


@pytest.mark.parametrize("size", [1, 40])
def test_a_number_beside_a_condition_is_one(size):
    """In bits, the smaller of True and 6 would be neither."""
    x = cr.input_tensor("x", (size,), "bool")
    agree([Elementwise("smaller", "minimum(x, 6)")(x)], {x: np.ones(size, bool)})


def test_what_is_added_at_places_among_the_samples():
    """The gradient of some samples, taken by number: rows are set to zero and added to, though nests go by samples."""
    x, places = cr.input_tensor("x", (cr.batch, 3)), cr.input_tensor("places", (cr.batch,), "int64")
    known = cr.sum(cr.gather(cr.tanh(x), [0, 2, 2]) ** 2)
    given = cr.sum(cr.gather(x * cr.mean(x, axis=0), places) ** 3)
    outputs = [*cr.gradients(known, [x]), *cr.gradients(given, [x]), cr.scatter_add(x, places, cr.batch) * x]
    random = np.random.default_rng(0)
    for size in (3, 16, 17):
        agree(outputs, {x: random.normal(size=(size, 3)).astype("f4"), places: random.integers(0, size, size)})


def test_parts_of_an_array_between_samples_in_lanes_and_in_rows():
    """The gradient of a slice with steps is filled in two parts: zeros, and what elements at known places get."""
    x, w = cr.input_tensor("x", (cr.batch, 3, 4)), cr.input_tensor("w", (4, 4))
    parts = (x[:, ::-2, [0, 2, 2]], cr.conv1d(x, cr.reshape(w, (1, 4, 4)))[:, ::-2, [0, 2, 2]][..., 1:])
    losses = [cr.mean(cr.tanh(y) * cr.sin(y)) for y in parts]
    random = np.random.default_rng(0)
    for size in (3, 17):
        given = {x: random.normal(size=(size, 3, 4)).astype("f4"), w: random.normal(size=(4, 4)).astype("f4")}
        agree(cr.gradients(losses[0], [x]), given)
        agree([*parts, *cr.gradients(losses[1], [x, w])], given)


def test_outputs_that_are_inputs_constants_or_asked_for_twice():
    x, w = cr.input_tensor("x", (cr.batch, 5)), cr.input_tensor("w", (5, 3))
    alone, number = cr.input_tensor("alone", (2, 2)), cr.input_tensor("number", ())
    y = x @ w
    constant, three = cr.tensor(np.arange(6.0).reshape(2, 3)), cr.tensor(3)
    outputs = [x, y, y, w, x, alone, number, number * 2, number, constant, three, constant, cr.ones((cr.batch, 2))]
    outputs += [
        cr.zeros((0, 3)),
        cr.sum(x),
        cr.sum(x),
        cr.reshape(x, (cr.batch, 5, 1)),
        cr.transpose(w),
        cr.identity(y),
    ]
    program = NativeProgram(outputs, target=quick_target())
    random = np.random.default_rng(0)
    for size in SIZES:
        bindings = {
            x: random.normal(size=(size, 5)), w: random.normal(size=(5, 3)), alone: np.eye(2), number: np.array(2.5),
        }  # fmt: skip
        actual = program.run(bindings)
        kept = [a.copy() for a in actual]
        for a, b in zip(actual, Program(outputs).run(bindings), strict=True):
            assert not difference(a, b)
        program.run({**bindings, x: np.zeros((size, 5)), w: np.zeros((5, 3)), number: np.array(0.0)})
        for a, b in zip(actual, kept, strict=True):
            np.testing.assert_array_equal(a, b)  # results have memory of their own


def test_no_inputs_at_all():
    agree([cr.tensor(1.5) + 2.0, cr.arange(7), cr.uniform((3, 5), seed=3), cr.sum(cr.ones((40,)))], {})
    agree([cr.ones((cr.batch, 3)), cr.sum(cr.ones((cr.batch,)))], {}, batch=19)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_every_type_of_samples(dtype):
    x = cr.input_tensor("x", (cr.batch, 3, 5), dtype)
    data = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 200, (33, 3, 5)).astype(dtype)
    outputs = [
        cr.argmax(x),
        cr.max(x, 1),
        cr.cast(x, "float32") * 0.5,
        cr.where(x > 1, 1.0, 2.0),
        x == x,
        x[:, ::2, 1:],
    ]
    if dtype != "bool":
        outputs += [cr.sum(x, 0), cr.sum(x, -1), x * x, cr.sum(x)]
    for size in (1, 7, 16, 33):
        agree(outputs, {x: data[:size]})


@pytest.mark.parametrize("labels", ["int32", "int64", "uint8"])
def test_labels_of_every_type(labels):
    x, y = cr.input_tensor("x", (cr.batch, 17)), cr.input_tensor("y", (cr.batch,), labels)
    random = np.random.default_rng(0)
    loss = cr.mean(cr.cross_entropy(x, y))
    rows = cr.gather(cr.tensor(np.arange(34.0).reshape(17, 2)), y)
    outputs = [loss, *cr.gradients(loss, [x]), cr.one_hot(y, 17), rows]
    for size in SIZES:
        agree(outputs, {x: random.normal(size=(size, 17)), y: random.integers(0, 17, size).astype(labels)})


WINDOWS = [  # height, width, channels, filters, window, strides, padding, dilation, groups
    (1, 1, 1, 1, (1, 1), 1, "valid", 1, 1),
    (1, 1, 17, 17, (1, 1), 3, "same", 1, 17),
    (1, 1, 3, 2, (3, 3), 1, "same", 1, 1),
    (5, 5, 2, 3, (5, 5), 1, "valid", 1, 1),
    (5, 7, 17, 5, (2, 3), 4, "valid", 1, 1),
    (7, 5, 3, 4, (2, 2), (3, 5), "same", 1, 1),
    (11, 13, 2, 3, (3, 2), 1, "valid", (4, 3), 1),
    (9, 8, 6, 9, (3, 3), 2, "same", 1, 3),
    (6, 1, 40, 1, (3, 1), 1, 1, 1, 1),
    (2, 3, 1, 40, (4, 4), 2, 3, 1, 1),
    (13, 3, 4, 8, (1, 3), (5, 1), "valid", (7, 1), 4),
]


def test_windows_of_every_kind():
    """As large as the image, apart, overlapping, dilated, in groups; with the gradients, and maxima of the same."""
    random = np.random.default_rng(0)
    outputs: list[Tensor] = []
    bindings: dict[Tensor, np.ndarray] = {}
    for height, width, channels, filters, window, strides, padding, dilation, groups in WINDOWS:
        x = cr.input_tensor("x", (cr.batch, height, width, channels))
        w = cr.input_tensor("w", (*window, channels // groups, filters))
        y = cr.conv2d(x, w, strides=strides, padding=padding, dilation=dilation, groups=groups)
        outputs += [y, *cr.gradients(cr.sum(cr.square(y)), [x, w])]
        fits = window[0] <= height and window[1] <= width
        if fits or padding != "valid":
            # a maximum needs something besides padding in every window
            less = padding if isinstance(padding, str) else [min(padding, size - 1) for size in window]
            z = cr.max_pool(x, window, strides=strides, padding=less)
            outputs += [z, *cr.gradients(cr.sum(cr.square(z)), [x])]
        if fits:
            z = cr.average_pool(x, window, strides=strides)
            outputs += [z, *cr.gradients(cr.sum(cr.square(z)), [x])]
        bindings[x] = np.empty((0, height, width, channels))
        bindings[w] = random.normal(size=w.shape)
    program = NativeProgram(outputs, target=quick_target())
    for size in (1, 16, 19):
        now = {x: random.normal(size=(size, *v.shape[1:])) if v.shape[0] == 0 else v for x, v in bindings.items()}
        for y, a, b in zip(outputs, program.run(now), Program(outputs).run(now), strict=True):
            assert not (message := difference(a, b)), f"{size} samples, {y.describe()}: {message}"


def test_a_batch_in_unusual_places():
    """Last, twice, with a factor, or only in the result."""
    x, v = cr.input_tensor("x", (3, cr.batch)), cr.input_tensor("v", (cr.batch,))
    outputs = [cr.sum(x, 0), cr.sum(x, 1), cr.transpose(x), x @ v, x * v, cr.einsum("in,jn->ij", x, x), cr.max(x, 0)]
    outputs += [cr.reshape(cr.transpose(x), (-1,)), cr.einsum("i,j->ij", v, v), cr.softmax(x, 0)]
    outputs += cr.gradients(cr.sum(cr.square(x @ v)), [x, v])
    random = np.random.default_rng(0)
    for size in SIZES:
        agree(outputs, {x: random.normal(size=(3, size)), v: random.normal(size=size)})


def test_sums_over_samples_of_every_size():
    """Few and many features, batches that leave lanes empty: with vectors along samples, and along features."""
    inputs = [cr.input_tensor("x", (cr.batch, *shape)) for shape in ((), (1,), (3,), (16,), (40,), (70,), (3, 17))]
    outputs = [y for x in inputs for y in (cr.sum(x, 0), cr.sum(cr.square(x - cr.mean(x, 0))), cr.mean(cr.exp(x), 0))]
    program = NativeProgram(outputs, target=quick_target())
    random = np.random.default_rng(0)
    for size in SIZES:
        bindings = {x: random.normal(size=(size, *x.shape[1:])) for x in inputs}
        for y, a, b in zip(outputs, program.run(bindings), Program(outputs).run(bindings), strict=True):
            assert not (message := difference(a, b)), f"{size} samples, {y.describe()}: {message}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("by_halves", [False, True])
def test_one_sample_by_vectors_along_its_channels(by_halves, dtype):
    """Whole vectors; or of half the width, where a processor takes two passes for whole ones."""
    layers = [cr.nn.Conv2D(5, 3, activation="relu"), cr.nn.MaxPool2D(2), cr.nn.Conv2D(18, 2), cr.nn.Flatten()]
    network = cr.nn.trace(cr.nn.Sequential([*layers, cr.nn.Dense(11, "tanh")]), [(9, 8, 2)], dtype=dtype)
    target = replace(quick_target(), by_halves=by_halves)
    program = NativeProgram([network.inference], target=target, batch=1)
    assert program.plan.lanes == lanes(target, np.dtype(dtype).itemsize) // (2 if by_halves else 1)
    bindings = {network.parameters[n].tensor: a for n, a in network.initial_parameters(0).items()}
    bindings[network.inputs[0]] = np.random.default_rng(0).normal(size=(1, 9, 8, 2)).astype(dtype)
    (actual,), (wanted,) = program.run(bindings), Program([network.inference]).run(bindings)
    assert not difference(actual, wanted)
    assert NativeProgram([network.inference], target=target).plan.lanes == lanes(target, np.dtype(dtype).itemsize)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_numbers_divided_by_one_number(dtype):
    """C is told the number that all lanes are divided by, and makes something else of each."""
    limits = np.iinfo(dtype)
    x = cr.input_tensor("x", (37,), dtype)
    values = np.random.default_rng(0).integers(-1000, 1000, 37).astype(dtype)
    values[:2] = limits.min, limits.max
    numbers = (1, 2, 64, 7, -3, 0, -1, 2**30)
    outputs = [divide(x, number) for number in numbers for divide in (cr.floor_divide, cr.remainder)]
    program = NativeProgram(outputs, target=quick_target())
    assert "floor_divide_by_" in program.show("c").partition("void k0")[2]
    with np.errstate(all="ignore"):
        agree(outputs, {x: values})
        expected = [f(values, np.array(n, dtype)) for n in numbers for f in (np.floor_divide, np.remainder)]
    for found, wanted in zip(program.run({x: values}), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
