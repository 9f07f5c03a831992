"""Loop nests written by hand, compiled as plain C, against NumPy; and nodes of the graph against the reference."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compiler import Kernel, compile_nests, emit, run, run_all
from chainrule.errors import CompilerError, ShapeError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import DTYPES, bool_, float32, float64, int32, int64, uint8
from chainrule.graph.expression import (
    LARGEST,
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Constant,
    Coordinate,
    Expression,
    Guard,
    Read,
    Reduce,
    Size,
    call,
    rewrite,
    walk,
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

SPECIAL = np.array([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.5, 3e38, 1e-40])


def compute(output: Buffer, nests: list[LoopNest], inputs: dict[Buffer, np.ndarray], batch: int | None = None):
    """What the nests write to the output."""
    (runner,) = compile_nests([Kernel("nests", nests, (*inputs, output))])
    shape = tuple(e if isinstance(e, int) else e.multiple * (batch or 0) for e in output.shape)
    y = np.frombuffer(bytearray(b"\xff" * (math.prod(shape) * output.dtype.numpy.itemsize)), output.dtype.numpy)
    y = y.reshape(shape)
    runner([*inputs.values(), y], batch)
    return y


def elementwise(function, *arrays):
    """A scalar function at every element of some vectors."""
    dtypes = {d.numpy: d for d in DTYPES}
    inputs = {Buffer(f"x{k}", x.shape, dtypes[x.dtype]): x for k, x in enumerate(arrays)}
    i = Axis("i", arrays[0].size)
    value = call(function, *(Read(x, (Affine.of(i),)) for x in inputs))
    output = Buffer("y", (i.extent,), value.dtype)
    return compute(output, [nest([i], output, value)], inputs)


# ------------------------------------------------------------------------------------------------------ reductions
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (0, 4), (3, 0), (0, 0)])
@pytest.mark.parametrize("dtype", [uint8, int32, int64, float32, float64], ids=str)
def test_sum(shape, dtype):
    x = np.random.default_rng(0).integers(0, 99, shape).astype(dtype.numpy)
    array, y = Buffer("x", shape, dtype), Buffer("y", shape[:1], dtype)
    i, j = axes_of(array)
    total = Reduce(SUM, (j,), (Read(array, (Affine.of(i), Affine.of(j))),))
    np.testing.assert_array_equal(compute(y, [nest([i], y, total)], {array: x}), x.sum(1, dtype=x.dtype))


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


def place_and_largest(x: Buffer) -> list[LoopNest]:
    """Two outputs of one nest: the place of the largest element of each row, and that element."""
    i, j = axes_of(x)
    read = Read(x, (Affine.of(i), Affine.of(j)))
    pair = (read, Coordinate(Affine.of(j)))
    at = (Affine.of(i), Affine())
    place = Output(Buffer("place", (x.shape[0], 1), int64), at, Reduce(PLACE_OF_LARGEST, (j,), pair, 1))
    largest = Output(Buffer("largest", (x.shape[0], 1), x.dtype), at, Reduce(LARGEST, (j,), (read,)))
    return [LoopNest((i,), (place, largest))]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_argmax_and_max_with_ties_and_nan(dtype):
    generator = np.random.default_rng(0)
    data = generator.integers(-3, 3, (40, 7)).astype(dtype.numpy)
    data[0] = (
        dtype.numpy.type(0) if dtype in (bool_, uint8) else -np.inf if dtype.floating else np.iinfo(data.dtype).min
    )
    if dtype.floating:
        data[1:20][generator.random((19, 7)) < 0.2] = np.nan
    x = Buffer("x", data.shape, dtype)
    nests = place_and_largest(x)
    place, largest = (output.buffer for output in nests[0].outputs)
    (runner,) = compile_nests([Kernel("nests", nests, (x, place, largest))])
    places, values = np.full((40, 1), -1), np.zeros((40, 1), data.dtype)
    runner([data, places, values], None)
    np.testing.assert_array_equal(places, data.argmax(1, keepdims=True))
    np.testing.assert_array_equal(values, data.max(1, keepdims=True))


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


def test_an_index_that_leaves_its_array_is_found():
    x, y = Buffer("x", (6,), float32), Buffer("y", (6,), float32)
    (i,) = axes_of(y)
    with pytest.raises(CompilerError, match=r"leave the array x \(6,\)"):
        compute(y, [nest([i], y, Read(x, (Affine.of(i) + 1,)))], {x: np.zeros(6, np.float32)})
    with pytest.raises(CompilerError, match=r"leave the array y \(6,\)"):
        compute(y, [nest([i], y, Read(x, (Affine.of(i),)), [Affine.of(i) - 1])], {x: np.zeros(6, np.float32)})


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
    if kind is not uint8:
        with pytest.raises(CompilerError, match="leave the array x"):
            compute(y, [nest([n, k, c], y, read)], {x: data, at: places - 7}, 4)


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


def test_a_later_nest_reads_what_an_earlier_one_wrote():
    """Values known in one nest must not be taken for those in the next."""
    x, y = Buffer("x", (), float64), Buffer("y", (), float64)
    read = Read(x, ())
    nests = [nest([], y, read), nest([], x, call(NEGATIVE, read)), nest([], y, call(ADD, Read(y, ()), read))]
    assert compute(y, nests, {x: np.array(3.0)}) == 0


# ------------------------------------------------------------------------------------------------ numbers and types
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_constants_are_exact(dtype):
    generator = np.random.default_rng(0)
    if dtype.floating:
        numbers = [*SPECIAL.tolist(), 0.1, 1e16, 5e-324, 1.7e308, *generator.normal(size=20).tolist()]
    elif dtype is bool_:
        numbers = [False, True, 0, 1, 2]
    else:
        info = np.iinfo(dtype.numpy)
        numbers = [0, 1, int(info.min), int(info.max), 2.0, *(int(v) for v in generator.integers(0, info.max, 20))]
    y = Buffer("y", (len(numbers),), dtype)
    nests = [nest([], y, Constant(v, dtype), [Affine((), k)]) for k, v in enumerate(numbers)]
    with np.errstate(over="ignore"):
        expected = np.array([dtype.numpy.type(v) for v in numbers])
    got = compute(y, nests, {})
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got) if dtype.floating else got < 0, np.signbit(expected.astype(float)))


@pytest.mark.parametrize("source", DTYPES, ids=str)
@pytest.mark.parametrize("target", DTYPES, ids=str)
def test_conversions(source, target):
    numbers = np.array([0, 1, 2, 100, 0]) if source in (bool_, uint8) else np.array([0, -1.7, 1.7, 100, -100.5])
    if target is uint8:
        numbers = np.abs(numbers)  # a negative float has no meaning as an unsigned number
    x = numbers.astype(source.numpy)
    np.testing.assert_array_equal(elementwise(convert(target), x), x.astype(target.numpy), strict=True)


@pytest.mark.parametrize("dtype", [uint8, int32, int64, float32, float64], ids=str)
def test_signs_and_extremes(dtype):
    """NaN passes, integers of every type keep their own, the least integer is its own absolute value."""
    if dtype.floating:
        x = SPECIAL.astype(dtype.numpy)
    else:
        info = np.iinfo(dtype.numpy)
        x = np.array([info.min, info.max, 0, 1, info.max - 1], dtype.numpy)
    a, b = (v.ravel() for v in np.meshgrid(x, x))
    for function in (MAXIMUM, MINIMUM):
        np.testing.assert_array_equal(elementwise(function, a, b), function.numpy(a, b), strict=True)
    for function in (ABSOLUTE, SIGN, NEGATIVE):
        np.testing.assert_array_equal(elementwise(function, x), function.numpy(x), strict=True)


@pytest.mark.parametrize("dtype", [uint8, int32, int64], ids=str)
def test_integers_wrap_around(dtype):
    info = np.iinfo(dtype.numpy)
    x = np.array([info.max, info.min, info.max // 2 + 1], dtype.numpy)
    for function in (ADD, MULTIPLY, FUNCTIONS["subtract"]):
        expected = function.numpy(x, x[::-1].copy())
        np.testing.assert_array_equal(elementwise(function, x, x[::-1].copy()), expected, strict=True)


@pytest.mark.parametrize("function", [ADD, MULTIPLY, MAXIMUM, MINIMUM], ids=lambda f: f.name)
def test_bools_stay_bools(function):
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    got = elementwise(function, a, b)
    np.testing.assert_array_equal(got.view(np.uint8), function.numpy(a, b).view(np.uint8))


WORDS = {"xor", "low_word", "multiply_low", "multiply_high", "floor_divide", "remainder", "shift_right"}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_every_scalar_function_in_c_agrees_with_numpy(function):
    generator = np.random.default_rng(0)
    size = 200
    if function.name in WORDS:
        cases = [[generator.integers(1, 1 << 31, size) for _ in range(function.arity)]]
        cases[0][-1] %= 60 if function.name == "shift_right" else 1 << 31
        cases[0][-1] += 1
    elif function is WHERE:
        cases = [[generator.random(size) < 0.5, *generator.normal(size=(2, size)).astype(d)] for d in ("f4", "f8")]
    elif function.name.startswith("logical"):
        cases = [[generator.random(size) < 0.5 for _ in range(function.arity)]]
    else:
        numbers = generator.choice([*SPECIAL, *generator.normal(size=20)], (function.arity, size))
        cases = [list(numbers.astype(dtype)) for dtype in ("f4", "f8")]
    for arrays in cases:
        with np.errstate(all="ignore"):
            expected = function.numpy(*arrays)
        got = elementwise(function, *arrays)
        assert got.dtype == expected.dtype
        tolerance = 0 if got.dtype.kind != "f" else 4 * np.finfo(got.dtype).eps
        tiny = 0 if got.dtype.kind != "f" else np.finfo(got.dtype).tiny
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tiny, err_msg=function.name)


# ----------------------------------------------------------------------------------------------------- the text
def test_shared_parts_are_written_once() -> None:
    """An expression with 2⁶⁰ paths through it, and 60 equal sums made of different objects."""
    x, y = Buffer("x", (), float64), Buffer("y", (), float64)
    value: Expression = Read(x, ())
    for _ in range(60):
        value = call(ADD, value, value)
    text = emit([Kernel("nests", [nest([], y, value)], (x, y))])
    assert len(re.findall(r"double t_\d+ =", text)) == 61
    assert compute(y, [nest([], y, value)], {x: np.array(1.0)}) == 2.0**60
    assert len(list(walk(rewrite(value, lambda e: e)))) == 61

    value = Read(x, ())
    for _ in range(60):
        value = call(ADD, value, call(EXP, Read(x, ())))
    assert emit([Kernel("nests", [nest([], y, value)], (x, y))]).count("exp(") == 1


def test_the_text_of_a_small_nest():
    """What somebody who asks for the C code gets to read."""
    x, w, y = Buffer("x", (Batch(), 4), float32), Buffer("w", (3,), float32), Buffer("y", (Batch(), 4), float32)
    n, i = axes_of(y)
    p = Axis("p", 3)
    at = Affine.of(i) + Affine.of(p) - 1
    body = call(MULTIPLY, Read(x, (Affine.of(n), at)), Read(w, (Affine.of(p),)))
    loops = nest([n, i], y, Reduce(SUM, (p,), (Guard(((at, 4),), body),)))
    text = emit([Kernel("smooth", [loops], (x, w, y))])
    assert (
        text.partition("#define SIGN(a) OF_TYPE(sign, a)(a)\n")[2]
        == """
int smooth(void **arrays, int64_t batch) {
  float *const x_1 = arrays[0];
  float *const w_2 = arrays[1];
  float *const y_3 = arrays[2];
  {
    for (int64_t a0_4 = 0; a0_4 < batch; a0_4++) {
      for (int64_t a1_5 = 0; a1_5 < 4; a1_5++) {
        float t_6 = 0.0f;
        for (int64_t p_7 = 0; p_7 < 3; p_7++) {
          float t_8 = 0;
          if (inside(a1_5 + p_7 - 1, 4)) {
            float t_9 = x_1[a0_4 * 4 + a1_5 + p_7 - 1];
            float t_10 = w_2[p_7];
            float t_11 = (t_9 * t_10);
            t_8 = t_11;
          }
          float t_12 = (t_6 + t_8);
          t_6 = t_12;
        }
        y_3[a0_4 * 4 + a1_5] = t_6;
      }
    }
  }
  return 0;
}
"""
    )


def test_names_of_all_kinds():
    """Names of buffers and axes may be C's own words, or no C names at all."""
    x, y = Buffer("double", (3,), float64), Buffer("层/kernel-1", (3,), float64)
    i = Axis("exp", 3)
    value = call(EXP, Read(x, (Affine.of(i),)))
    np.testing.assert_allclose(compute(y, [nest([i], y, value)], {x: np.ones(3)}), np.full(3, math.e))


# ------------------------------------------------------------------------------------------------- nodes of the graph
def test_a_node_runs_by_its_own_nests():
    x = cr.input_tensor("x", (cr.batch, 3))
    data = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(run(x * 2, [data, np.float32(2)], 2), data * 2, strict=True)
    with pytest.raises(ShapeError, match=r"array x0 must be a row-major float32 \(2, 3\), but is float32 \(3, 2\)"):
        run(x * 2, [data.reshape(3, 2), np.float32(2)], 2)


def test_random_bits_are_the_same_everywhere():
    node = cr.random_bits((3, 5), seed=1 << 40 | 7, step=3, stream=11)
    got = run(node, [np.int64(1 << 40 | 7), np.int64(3)])
    np.testing.assert_array_equal(got, node.numpy(), strict=True)


@given(st.data())
def test_graphs_of_elementwise_operations(data):
    """Every node of a small random graph, from the reference's values of its inputs, in one compilation."""
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    shape = data.draw(st.sampled_from([(), (1,), (0,), (2, 3), (2, 1, 3)]))
    nodes = [cr.tensor(generator.normal(size=shape)), cr.tensor(generator.normal(size=shape[-1:]))]
    for _ in range(10):
        a, b, c = (data.draw(st.sampled_from(nodes)) for _ in range(3))
        nodes.append(data.draw(st.sampled_from([a + b, a * b, cr.tanh(a), cr.maximum(a, b), cr.where(a > b, b, c)])))
    made = [y for y in nodes if y.inputs and y.operation.name != "source"]
    cases = [(y, [x.numpy() for x in y.inputs], None) for y in made]
    for y, got in zip(made, run_all(cases), strict=True):
        np.testing.assert_allclose(got, y.numpy(), rtol=1e-14, atol=1e-300, strict=True)
