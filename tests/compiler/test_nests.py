"""Loop nests written by hand, through the whole compiler, against NumPy."""

import math
from itertools import product

import numpy as np
import pytest

from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DTYPES, bool_, float32, float64, int32, int64, uint8
from chainrule.graph.expression import (
    LARGEST,
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Constant,
    Coordinate,
    Guard,
    Read,
    Reduce,
    Size,
    call,
    zero,
)
from chainrule.graph.extent import Batch
from chainrule.graph.loopnest import LoopNest, Output, axes_of, nest
from chainrule.graph.scalar import (
    ABSOLUTE,
    ADD,
    EXP,
    FUNCTIONS,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NEGATIVE,
    SIGN,
    WHERE,
    convert,
)
from tests.compiler.nests import compute, computed

SPECIAL = np.array(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.5, 3e38, 1e-30]
)  # denormal numbers are zero to native code


def elementwise(*cases):
    """Scalar functions, each at every element of some vectors."""
    dtypes = {d.numpy: d for d in DTYPES}
    programs = []
    for function, *arrays in cases:
        inputs = {Buffer(f"x{k}", x.shape, dtypes[x.dtype]): x for k, x in enumerate(arrays)}
        i = Axis("i", arrays[0].size)
        value = call(function, *(Read(x, (Affine.of(i),)) for x in inputs))
        output = Buffer("y", (i.extent,), value.dtype)
        programs.append((output, [nest([i], output, value)], inputs))
    return computed(programs)


# ------------------------------------------------------------------------------------------------------ reductions
def test_sums():
    """Of every type and shape, with axes of extent 1 and 0."""
    programs, wanted = [], []
    for shape, dtype in product([(3, 4), (1, 1), (0, 4), (3, 0), (0, 0), (17, 31)], DTYPES):
        if dtype is bool_:
            continue
        x = np.random.default_rng(0).integers(0, 99, shape).astype(dtype.numpy)
        array, y = Buffer("x", shape, dtype), Buffer("y", shape[:1], dtype)
        i, j = axes_of(array)
        total = Reduce(SUM, (j,), (Read(array, (Affine.of(i), Affine.of(j))),))
        programs.append((y, [nest([i], y, total)], {array: x}))
        wanted.append(x.sum(1, dtype=x.dtype))
    for actual, x in zip(computed(programs), wanted, strict=True):
        np.testing.assert_array_equal(actual, x, strict=True)


def test_matmul_over_a_batch():
    a, b = Buffer("a", (Batch(2), 5), float64), Buffer("b", (5, 3), float64)
    y = Buffer("y", (Batch(2), 3), float64)
    n, o = axes_of(y)
    i = Axis("i", 5)
    product = call(MULTIPLY, Read(a, (Affine.of(n), Affine.of(i))), Read(b, (Affine.of(i), Affine.of(o))))
    generator = np.random.default_rng(0)
    for batch in (1, 2, 7):
        left, right = generator.normal(size=(2 * batch, 5)), generator.normal(size=(5, 3))
        got = compute(y, [nest([n, o], y, Reduce(SUM, (i,), (product,)))], {a: left, b: right}, batch)
        np.testing.assert_allclose(got, left @ right, rtol=1e-14)


def test_a_sum_over_the_batch_and_its_mean():
    x, y = Buffer("x", (Batch(), 3), float64), Buffer("y", (3,), float64)
    n, c = axes_of(x)
    total = Reduce(SUM, (n,), (Read(x, (Affine.of(n), Affine.of(c))),))
    mean = call(FUNCTIONS["divide"], total, call(convert(float64), Size(Batch())))
    data = np.random.default_rng(0).normal(size=(6, 3))
    np.testing.assert_allclose(compute(y, [nest([c], y, mean)], {x: data}, 6), data.mean(0), rtol=1e-14)


def place_and_largest(x: Buffer) -> list[tuple[Buffer, list[LoopNest]]]:
    """The place of the largest element of each row, and that element."""
    i, j = axes_of(x)
    read = Read(x, (Affine.of(i), Affine.of(j)))
    pair = (read, Coordinate(Affine.of(j)))
    place, largest = Buffer("place", (x.shape[0], 1), int64), Buffer("largest", (x.shape[0], 1), x.dtype)
    at = (Affine.of(i), Affine())
    return [
        (place, [nest([i], place, Reduce(PLACE_OF_LARGEST, (j,), pair, 1), at)]),
        (largest, [nest([i], largest, Reduce(LARGEST, (j,), (read,)), at)]),
    ]


def test_argmax_and_max_with_ties_and_nan():
    generator = np.random.default_rng(0)
    programs, wanted = [], []
    for dtype in DTYPES:
        data = generator.integers(-3, 3, (40, 7)).astype(dtype.numpy)
        least = 0 if dtype in (bool_, uint8) else -np.inf if dtype.floating else np.iinfo(data.dtype).min
        data[0] = dtype.numpy.type(least)
        if dtype.floating:
            data[1:20][generator.random((19, 7)) < 0.2] = np.nan
        x = Buffer("x", data.shape, dtype)
        programs += [(y, nests, {x: data}) for y, nests in place_and_largest(x)]
        wanted += [data.argmax(1, keepdims=True), data.max(1, keepdims=True)]
    for actual, x in zip(computed(programs), wanted, strict=True):
        np.testing.assert_array_equal(actual, x)


def test_a_reduction_inside_a_reduction_over_the_same_axis():
    """Σᵢ x[i]·(Σᵢ x[i]): the inner i is another variable, although it is the same axis."""
    x, y = Buffer("x", (5,), float64), Buffer("y", (), float64)
    (i,) = axes_of(x)
    read = Read(x, (Affine.of(i),))
    nested = Reduce(SUM, (i,), (call(MULTIPLY, read, Reduce(SUM, (i,), (read,))),))
    data = np.arange(1.0, 6.0)
    assert compute(y, [nest([], y, nested)], {x: data}) == data.sum() ** 2


def test_a_fused_pool_over_a_convolution():
    """argmax[p](max(Σq x[2i + p + q]·w[q], 0)), the kind of nest that fusion makes."""
    x, w = Buffer("x", (9,), float64), Buffer("w", (3,), float64)
    y = Buffer("y", (3,), int64)
    i, p, q = Axis("i", 3), Axis("p", 2), Axis("q", 3)
    at = Affine.of(i, 2) + Affine.of(p) + Affine.of(q)
    convolution = Reduce(SUM, (q,), (call(MULTIPLY, Read(x, (at,)), Read(w, (Affine.of(q),))),))
    rectified = call(MAXIMUM, convolution, zero(float64))
    place = Reduce(PLACE_OF_LARGEST, (p,), (rectified, Coordinate(Affine.of(p))), 1)
    data, kernel = np.random.default_rng(1).normal(size=9), np.random.default_rng(2).normal(size=3)
    full = np.maximum(np.correlate(data, kernel, "valid"), 0)
    expected = [full[2 * k : 2 * k + 2].argmax() for k in range(3)]
    np.testing.assert_array_equal(compute(y, [nest([i], y, place)], {x: data, w: kernel}), expected)


# --------------------------------------------------------------------------------------- guards, orders, indirection
@pytest.mark.parametrize("shift", [-9, -2, 0, 3, 9])
def test_a_guarded_shift_reads_nothing_outside(shift):
    x, y = Buffer("x", (6,), float32), Buffer("y", (6,), float32)
    (i,) = axes_of(y)
    source = Affine.of(i) + shift
    data = np.arange(1, 7, dtype=np.float32)
    got = compute(y, [nest([i], y, Guard(((source, 6),), Read(x, (source,))))], {x: data})
    np.testing.assert_array_equal(got, [data[k + shift] if 0 <= k + shift < 6 else 0 for k in range(6)])


def test_a_guard_with_two_conditions_around_a_large_value():
    x, y = Buffer("x", (3, 3), float64), Buffer("y", (5, 5), float64)
    i, j = axes_of(y)
    at = (Affine.of(i) - 1, Affine.of(j) - 1)
    value = Guard(((at[0], 3), (at[1], 3)), call(EXP, call(ADD, Read(x, at), Read(x, at))))
    data = np.random.default_rng(0).normal(size=(3, 3))
    np.testing.assert_allclose(compute(y, [nest([i, j], y, value)], {x: data}), np.pad(np.exp(2 * data), 1), rtol=1e-14)


@pytest.mark.parametrize("declared_first", [False, True])
def test_an_ordered_axis_runs_innermost_from_first_to_last(declared_first):
    x, y = Buffer("x", (3, 5), float64), Buffer("y", (3, 5), float64)
    i, j = axes_of(y)
    before = (Affine.of(i), Affine.of(j) - 1)
    value = call(ADD, Guard(((before[1], 5),), Read(y, before)), Read(x, (Affine.of(i), Affine.of(j))))
    output = Output(y, (Affine.of(i), Affine.of(j)), value)
    loops = LoopNest((j, i) if declared_first else (i, j), (output,), (j,))
    data = np.random.default_rng(0).normal(size=(3, 5))
    np.testing.assert_allclose(compute(y, [loops], {x: data}), data.cumsum(1), rtol=1e-14)


@pytest.mark.parametrize("kind", [uint8, int32, int64], ids=str)
def test_an_indirect_gather(kind):
    x, at = Buffer("x", (7, 2), float32), Buffer("at", (Batch(), 3), kind)
    y = Buffer("y", (Batch(), 3, 2), float32)
    n, k, c = axes_of(y)
    read = Read(x, (Read(at, (Affine.of(n), Affine.of(k))), Affine.of(c)))
    data = np.arange(14, dtype=np.float32).reshape(7, 2)
    places = np.random.default_rng(0).integers(0, 7, (4, 3)).astype(kind.numpy)
    np.testing.assert_array_equal(compute(y, [nest([n, k, c], y, read)], {x: data, at: places}, 4), data[places])


def test_a_scatter_accumulates_into_what_an_earlier_nest_wrote():
    x, at = Buffer("x", (6, 2), float32), Buffer("at", (6,), int64)
    y = Buffer("y", (4, 2), float32)
    k, c = axes_of(x)
    start = nest(axes_of(y), y, zero(float32))
    place = (Read(at, (Affine.of(k),)), Affine.of(c))
    add = LoopNest((k, c), (Output(y, place, Read(x, (Affine.of(k), Affine.of(c))), accumulate=True),), (k,))
    data, places = np.arange(12, dtype=np.float32).reshape(6, 2), np.array([1, 3, 1, 0, 3, 1])
    expected = np.zeros((4, 2), np.float32)
    np.add.at(expected, places, data)
    np.testing.assert_array_equal(compute(y, [start, add], {x: data, at: places}), expected)


# ------------------------------------------------------------------------------------------------ numbers and types
def numbers_of(dtype):
    generator = np.random.default_rng(0)
    if dtype.floating:
        return [*SPECIAL.tolist(), 0.1, 1e16, 1.7e308, *generator.normal(size=20).tolist()]
    if dtype is bool_:
        return [False, True, 0, 1, 2]
    info = np.iinfo(dtype.numpy)
    return [0, 1, int(info.min), int(info.max), 2.0, *(int(v) for v in generator.integers(0, info.max, 20))]


def test_constants_are_exact():
    programs = []
    for dtype in DTYPES:
        y = Buffer("y", (len(numbers_of(dtype)),), dtype)
        nests = [nest([], y, Constant(v, dtype), [Affine((), k)]) for k, v in enumerate(numbers_of(dtype))]
        programs.append((y, nests, {}))
    for dtype, got in zip(DTYPES, computed(programs), strict=True):
        with np.errstate(over="ignore"):
            expected = np.array([dtype.numpy.type(v) for v in numbers_of(dtype)])
        np.testing.assert_array_equal(got, expected)
        signs = np.signbit(expected.astype(float))
        np.testing.assert_array_equal(np.signbit(got) if dtype.floating else got < 0, signs)


def test_conversions():
    cases = []
    for source, target in product(DTYPES, DTYPES):
        numbers = np.array([0, 1, 2, 100, 0]) if source in (bool_, uint8) else np.array([0, -1.7, 1.7, 100, -100.5])
        if target is uint8:
            numbers = np.abs(numbers)  # a negative float has no meaning as an unsigned number
        cases.append((target, numbers.astype(source.numpy)))
    for (target, x), got in zip(cases, elementwise(*((convert(t), x) for t, x in cases)), strict=True):
        np.testing.assert_array_equal(got, x.astype(target.numpy), strict=True)


def pairs(dtype):
    """The ends of a type, each with each."""
    info = np.iinfo(dtype.numpy) if not dtype.floating else None
    x = SPECIAL.astype(dtype.numpy) if info is None else np.array([info.min, info.max, 0, 1, info.max - 1], dtype.numpy)
    return [v.ravel() for v in np.meshgrid(x, x)]


@pytest.mark.parametrize(
    "functions", [(MAXIMUM, MINIMUM, ADD, MULTIPLY, FUNCTIONS["subtract"]), (ABSOLUTE, SIGN, NEGATIVE)]
)
def test_the_ends_of_every_type(functions):
    """NaN passes, integers wrap around, the least integer is its own absolute value."""
    cases = [
        (function, *pairs(dtype)[: function.arity]) for function in functions for dtype in DTYPES if dtype is not bool_
    ]
    for (function, *arrays), got in zip(cases, elementwise(*cases), strict=True):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(got, function.numpy(*arrays), strict=True, err_msg=function.name)


def test_bools_stay_bools():
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    functions = [ADD, MULTIPLY, MAXIMUM, MINIMUM, *(FUNCTIONS[n] for n in ("bitwise_and", "bitwise_or", "xor"))]
    for function, got in zip(functions, elementwise(*((f, a, b) for f in functions)), strict=True):
        np.testing.assert_array_equal(got.view(np.uint8), function.numpy(a, b).view(np.uint8))


WORDS = {"xor", "low_word", "multiply_low", "multiply_high", "shift_right"}
WORDS |= {"bitwise_and", "bitwise_or", "bitwise_not"}


def arguments_of(function):
    """Vectors in a function's domain, in each type that it takes."""
    generator = np.random.default_rng(0)
    size = 200
    if function.name in WORDS:
        words = [generator.integers(1, 1 << 31, size) for _ in range(function.arity)]
        words[-1] %= 60 if function.name == "shift_right" else 1 << 31
        words[-1] += 1
        return [words]
    if function is WHERE:
        return [[generator.random(size) < 0.5, *generator.normal(size=(2, size)).astype(d)] for d in ("f4", "f8")]
    if function.name.startswith("logical"):
        return [[generator.random(size) < 0.5 for _ in range(function.arity)]]
    words = generator.integers(-(1 << 31), 1 << 31, (2, size)).astype("i8")
    whole = [list(words)] if function.name in ("floor_divide", "remainder") else []
    numbers = generator.choice([*SPECIAL, *generator.normal(size=20)], (function.arity, size))
    return [*whole, *(list(numbers.astype(dtype)) for dtype in ("f4", "f8"))]


def test_every_scalar_function_agrees_with_numpy():
    cases = [(function, *arrays) for function in FUNCTIONS.values() for arrays in arguments_of(function)]
    for (function, *arrays), got in zip(cases, elementwise(*cases), strict=True):
        with np.errstate(all="ignore"):
            expected = function.numpy(*arrays)
        assert got.dtype == expected.dtype
        floats = got.dtype.kind == "f"
        tolerance, tiny = (8 * np.finfo(got.dtype).eps, np.finfo(got.dtype).tiny) if floats else (0, 0)
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tiny, err_msg=function.name)


# --------------------------------------------------------------------------------------------------------- large values
def test_shared_parts_are_computed_once():
    """An expression with 2⁶⁰ paths through it, and 60 equal sums made of different objects."""
    x, y = Buffer("x", (), float64), Buffer("y", (), float64)
    value = Read(x, ())
    for _ in range(60):
        value = call(ADD, value, value)
    assert compute(y, [nest([], y, value)], {x: np.array(1.0)}) == 2.0**60
    value = Read(x, ())
    for _ in range(60):
        value = call(ADD, value, call(EXP, Read(x, ())))
    assert compute(y, [nest([], y, value)], {x: np.array(0.0)}) == 60


def test_names_of_all_kinds():
    """Names of buffers and axes may be C's own words, or no C names at all."""
    x, y = Buffer("double", (3,), float64), Buffer("层/kernel-1", (3,), float64)
    i = Axis("exp", 3)
    value = call(EXP, Read(x, (Affine.of(i),)))
    np.testing.assert_allclose(compute(y, [nest([i], y, value)], {x: np.ones(3)}), np.full(3, math.e))
