"""The vector functions of generated kernels, on every instruction set of this processor, against NumPy and libm."""

import ctypes
import platform
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
import pytest

from chainrule.compiler import toolchain
from chainrule.compiler.mathematics import prelude
from chainrule.compiler.target import TARGETS, available, lanes
from chainrule.graph.scalar import FUNCTIONS
from tests.counts import scaled

TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "u8": np.uint8, "b8": np.bool_}
X86 = platform.machine().lower() in ("x86_64", "amd64")
NUMBERS = ("f32", "f64", "i32", "i64", "u8")
FLOATS = ("f32", "f64")
LIBM = {"power": "pow", "round": "rint"}  # where names differ
ROUNDED = ("sqrt", "floor", "round")
BY_THE_C_LIBRARY = {("erfc", "f64"): 5}  # lane by lane, with the errors that it has itself
ACCURATE = (
    "exp", "log", "expm1", "log1p", "tanh", "erf", "erfc", "sin", "cos", "power", "sqrt", "floor", "exp2", "log2",
    "log10", "tan", "atan", "asinh", "atan2", "hypot", "round",
)  # fmt: skip
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
LOGIC = ("logical_and", "logical_or", "logical_not")
DIVISION = ("floor_divide", "remainder")
BITS = ("xor", "shift_right", "bitwise_and", "bitwise_or", "bitwise_not")
WORDS = ("low_word", "multiply_low", "multiply_high")


def declarations() -> list[tuple[str, str, str]]:
    """Function, type of its arguments and of its result."""
    table = [(name, t, t) for name in ("maximum", "minimum") for t in TYPES]
    table += [(f"{name}_nonan", t, t) for name in ("maximum", "minimum") for t in NUMBERS]
    table += [(name, t, t) for name in ("absolute", "sign", "negative") for t in NUMBERS]
    table += [(name, t, "b8") for name in COMPARISONS for t in TYPES]
    table += [("is_nan", t, "b8") for t in TYPES]
    table += [(name, "b8", "b8") for name in LOGIC]
    table += [(name, t, t) for name in DIVISION for t in NUMBERS]
    table += [(name, t, t) for name in BITS for t in ("i32", "i64", "u8")]
    table += [("copysign", t, t) for t in FLOATS]
    table += [(name, "i64", "i64") for name in WORDS]
    return table


def arity(name: str) -> int:
    return FUNCTIONS[name.removesuffix("_nonan")].arity


def memory(t: str, at: str) -> str:
    return f"load_b8v({at})" if t == "b8" else f"*(const {t}v *)({at})"


def loop(function: str, inputs: list[str], output: str, vector: bool) -> str:
    """`void function(void *y, const void *x0, ..., long n)` for whole vectors, or for single numbers."""
    parameters = ", ".join(f"const {t} *x{k}" for k, t in enumerate(inputs))
    if vector:
        call = f"{function}({', '.join(memory(t, f'x{k} + i') for k, t in enumerate(inputs))})"
        body = f"store_b8v(y + i, {call});" if output == "b8" else f"*({output}v *)(y + i) = {call};"
    else:
        body = f"y[i] = {function}({', '.join(f'x{k}[i]' for k in range(len(inputs)))});"
    step = "LANES" if vector else "1"
    return f"void run_{function}({output} *y, {parameters}, long n) {{ for (long i = 0; i < n; i += {step}) {body} }}"


def accurate_source(width: int) -> str:
    lines = [loop(f"{name}_{t}v", [t] * arity(name), t, vector=True) for name in ACCURATE for t in FLOATS]
    return "\n".join([prelude(width), *lines, FLUSHED if X86 else ""])


FLUSHED = """
void run_flushed(void *y, const void *x, long n, void (*function)(void *, const void *, long)) {
  unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
  function(y, x, n);
  __builtin_ia32_ldmxcsr(before);
}
"""  # what steps run with: denormal numbers are zeros


def exact_loops(vector: bool) -> list[str]:
    v = "v" if vector else ""
    lines = [loop(f"{name}_{t}{v}", [t] * arity(name), result, vector) for name, t, result in declarations()]
    lines += [loop(f"where_{t}{v}", ["b8", t, t], t, vector) for t in TYPES]
    return lines + [loop(f"{to}{v}_from_{t}{v}", [t], to, vector) for t in TYPES for to in TYPES]


def scalar_source(width: int) -> str:
    return "\n".join([prelude(width), *exact_loops(vector=False)])


def vector_source(width: int) -> str:
    sums = [
        f"void run_sum_{t}v({t} *y, const {t} *x, long n) {{ *y = sum_{t}v(*(const {t}v *)x); }}"
        for t in ("f32", "f64", "i32", "i64")
    ]
    lines = [prelude(width), *exact_loops(vector=True), *sums]
    for t in NUMBERS:
        lines.append(f"void run_transpose_{t}v({t} *y, const {t} *x, long n) {{ transpose_{t}v(({t}v *)y); }}")
        lines.append(f"void run_splat_{t}v({t} *y, const {t} *x, long n) {{ *({t}v *)y = splat_{t}v(*x); }}")
    for t in ("i32", "i64"):
        for name in ("floor_divide", "remainder"):
            call = f"{name}_by_{t}v(*(const {t}v *)(x + i), *d)"
            head = f"void run_{name}_by_{t}v({t} *y, const {t} *x, const {t} *d, long n)"
            lines.append(f"{head} {{ for (long i = 0; i < n; i += LANES) *({t}v *)(y + i) = {call}; }}")
    lines.append("void run_iota_i32v(i32 *y, const i32 *x, long n) { *(i32v *)y = iota_i32v; }")
    lines.append("void run_iota_i64v(i64 *y, const i64 *x, long n) { *(i64v *)y = iota_i64v; }")
    lines.append("void run_splat_b8v(b8 *y, const b8 *x, long n) { store_b8v(y, splat_b8v(*x)); }")
    return "\n".join(lines)


EXACT = "typedef long double f80;\n" + "\n".join(
    loop(f"__builtin_{LIBM.get(name, name)}l", ["f80"] * arity(name), "f80", vector=False) for name in ACCURATE
)


@cache
def library(name: str, width: int, source: Callable[[int], str] = vector_source) -> ctypes.CDLL:
    (target,) = (target for target in TARGETS if target.name == name)
    return toolchain.load(source(width), target.flags)


def either(machine: str, width: int, v: str) -> ctypes.CDLL:
    """The library of the vector forms ("v") or of the scalar ones, which have no width and are compiled for one."""
    return library(machine, width) if v else library(machine, 4, scalar_source)


def call(library: ctypes.CDLL, function: str, output: type, *arrays: np.ndarray) -> np.ndarray:
    """The function at every element; lanes that no element fills hold ones."""
    size = arrays[0].size
    padded = [np.concatenate([x, np.ones(-size % 16, x.dtype)]) for x in arrays]
    y: np.ndarray = np.zeros(padded[0].size, output)
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (y, *padded)]
    getattr(library, f"run_{function}")(*pointers, ctypes.c_long(y.size))
    return y[:size]


MACHINES = [pytest.param(t.name, lanes(t, 4), id=t.name) for t in available()]
WIDTHS = [
    pytest.param(t.name, n, id=f"{t.name}-{n}", marks=[] if n in (lanes(t, 4), lanes(t, 8)) else pytest.mark.full)
    for t in available()
    for n in (2, 4, 8, 16)
]
for_machines = pytest.mark.parametrize(("machine", "width"), MACHINES)
for_widths = pytest.mark.parametrize(("machine", "width"), WIDTHS)


# --------------------------------------------------------------------------------------------------------- numbers
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1.5, -2.5, 1e-3, 1e10]


def around(values, dtype, steps: int = 3) -> np.ndarray:
    """The values and the floats next to them."""
    x = np.asarray(values, dtype)
    result, up, down = [x], x, x
    with np.errstate(all="ignore"):
        for _ in range(steps):
            up, down = np.nextafter(up, dtype(np.inf)), np.nextafter(down, dtype(-np.inf))
            result += [up, down]
    return np.concatenate(result)


def floats(t: str, count: int, seed: int = 0) -> np.ndarray:
    """Special values, the ends of the range, random bit patterns, and a dense sweep of common sizes."""
    dtype = TYPES[t]
    generator, information = np.random.default_rng(seed), np.finfo(dtype)
    bits = generator.integers(0, 2**information.bits, count, np.uint64).astype(f"u{information.bits // 8}")
    tiny = float(information.smallest_subnormal)
    ends = [information.max, -information.max, information.tiny, -information.tiny, tiny, -tiny, information.eps]
    edges = [88.72284, -87.33655, -103.97208, 709.782712893384, -708.3964185322641, -745.1332191019411, 0.5493, 1.0]
    edges += [0.55, 4.0, 6.0, 0.70710678, 1.41421356, 0.34657359, -0.34657359, 1e5, 2.0**20, 2.0**30, 3.14159265, 1e9]
    sweep = [generator.uniform(-s, s, count // 4) for s in (1.0, 10.0, 120.0, 1e5 if t == "f32" else 1e9)]
    small = generator.uniform(-1, 1, count // 4) * np.exp2(generator.uniform(-160, 0, count // 4))
    integers = generator.integers(-40, 40, count // 8)
    parts = [np.array(SPECIAL), np.array(ends), around(edges, dtype), around(SPECIAL, dtype), *sweep, small, integers]
    with np.errstate(all="ignore"):
        return np.concatenate([*(np.asarray(part).astype(dtype) for part in parts), bits.view(dtype)])


def exact(name: str, *arrays: np.ndarray) -> np.ndarray:
    """What the C library says in long double."""
    with np.errstate(invalid="ignore"):  # NaN of all kinds
        x = [array.astype(np.longdouble) for array in arrays]
    return call(toolchain.load(EXACT), f"__builtin_{LIBM.get(name, name)}l", np.longdouble, *x)


def errors_in_ulp(y: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How many units in the last place y is off; NaN and infinity must be where they are in the truth, rounded."""
    with np.errstate(all="ignore"):
        rounded = true.astype(y.dtype)
        information = np.finfo(y.dtype)
        smallest = np.longdouble(information.smallest_subnormal)
        _, exponent = np.frexp(true)
        ulp = np.maximum(np.ldexp(np.longdouble(1), exponent - information.nmant - 1), smallest)
        error = np.abs((y.astype(np.longdouble) - true) / ulp)
        same = (y == rounded) | (np.isnan(y) & np.isnan(rounded))
        # one unit from overflow is an error of one unit
        top = np.isinf(rounded) & (y == np.copysign(information.max, true).astype(y.dtype))
        bottom = np.isinf(y) & (np.abs(rounded) == information.max)
    error = np.where(same, np.where(np.isfinite(rounded), np.nan_to_num(error), 0), error)
    error = np.where(top | bottom, 1, error)
    return np.where(np.isnan(error), np.inf, error).astype(float)


def worst(y, true, *arrays) -> tuple[float, str]:
    error = errors_in_ulp(y, true)
    k = int(np.argmax(error))
    return float(error[k]), f"{[x[k] for x in arrays]}: {y[k]!r} instead of {true[k]!r}"


@lru_cache(maxsize=1)  # the machines take turns, all with the same numbers
def of_one_number(name: str, t: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and what is true of them."""
    x = floats(t, count)
    return x, exact(name, x)


@lru_cache(maxsize=1)
def of_two_numbers(name: str, t: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of numbers, and what is true of them."""
    x, y = powers(t, scaled(1_000_000, 20)) if name == "power" else pairs(t, scaled(400_000, 20))
    return x, y, exact(name, x, y)


@lru_cache(maxsize=1)
def of_normal_numbers(name: str, t: str) -> tuple[np.ndarray, np.ndarray]:
    """Whole vectors of numbers, and what is true where denormal ones are zeros, among the results too."""
    x, tiny = floats(t, scaled(100_000)), np.finfo(TYPES[t]).tiny
    x = x[: x.size // 16 * 16]  # as many lanes as the widest vectors have
    with np.errstate(invalid="ignore"):
        true = exact(name, np.where(np.abs(x) < tiny, np.copysign(TYPES[t](0), x), x))
        return x, np.where(np.abs(true) < tiny, 0, true)


needs_long_double = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is no wider here")


@needs_long_double
@for_machines
@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", [name for name in ACCURATE if arity(name) == 1])
def test_two_units_in_the_last_place(machine, width, t, name):
    x, true = of_one_number(name, t, scaled(2_000_000 if t == "f32" else 1_000_000, one_in=80))
    y = call(library(machine, width, accurate_source), f"{name}_{t}v", TYPES[t], x)
    error, where = worst(y, true, x)
    assert error <= (0.51 if name in ROUNDED else BY_THE_C_LIBRARY.get((name, t), 2)), where


@needs_long_double
@for_machines
@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", [name for name in ACCURATE if arity(name) == 2])
def test_two_units_in_the_last_place_of_two_numbers(machine, width, t, name):
    x, y, true = of_two_numbers(name, t)
    z = call(library(machine, width, accurate_source), f"{name}_{t}v", TYPES[t], x, y)
    error, where = worst(z, true, x, y)
    assert error <= 2, where


def pairs(t: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of all sizes: special ones each with each, others with any, and with one near them."""
    generator, dtype = np.random.default_rng(1), TYPES[t]
    special: np.ndarray = np.array(SPECIAL, dtype)
    x = floats(t, count // 2, 2)
    with np.errstate(all="ignore"):
        near: np.ndarray = (x * generator.uniform(-2, 2, x.size)).astype(dtype)
    other = np.where(generator.random(x.size) < 0.5, near, generator.permutation(x))
    return np.concatenate([np.repeat(special, special.size), x]), np.concatenate(
        [np.tile(special, special.size), other]
    )


def powers(t: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    generator, dtype = np.random.default_rng(1), TYPES[t]
    special = np.concatenate(
        [np.array([*SPECIAL, 7.0, 1e30, -1e30, 1e-40, 0.9999999]), around([1, -1, 4, 2**24], dtype)]
    )
    grid = np.meshgrid(special, special)
    x = floats(t, count // 4, 2)
    top = np.log2(float(np.finfo(dtype).max))
    base = np.exp2(generator.uniform(-top, top, count))
    near = 1 + generator.uniform(-1, 1, count) * np.exp2(generator.uniform(-30, 0, count))
    every = [
        (grid[0].ravel(), grid[1].ravel()),
        (x, generator.permutation(x)),
        (base, generator.uniform(-1.1, 1.1, count) * top / np.log2(base)),  # all sizes of results
        (near, generator.uniform(-1, 1, count) * top / np.maximum(np.abs(np.log2(near)), 1e-30)),
        (generator.uniform(-9, 9, count), generator.integers(-20, 21, count)),
    ]
    with np.errstate(all="ignore"):
        return tuple(np.concatenate([pair[k].astype(dtype) for pair in every]) for k in (0, 1))  # type: ignore[return-value]


@needs_long_double
@pytest.mark.skipif(not X86, reason="set in another way on other processors")
@for_machines
@pytest.mark.parametrize("t", FLOATS)
@pytest.mark.parametrize("name", [name for name in ACCURATE if arity(name) == 1])
def test_where_denormal_numbers_are_zeros(machine, width, t, name):
    """What starts from normal numbers and leads to them is as accurate as ever; the others are taken as zeros."""
    functions = library(machine, width, accurate_source)
    x, true = of_normal_numbers(name, t)
    y = np.zeros_like(x)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (y, x)]
    functions.run_flushed(*pointers, ctypes.c_long(x.size), getattr(functions, f"run_{name}_{t}v"))
    tiny = np.finfo(TYPES[t]).tiny
    with np.errstate(invalid="ignore"):
        small = (np.abs(true) <= tiny * 1.000001) & (np.abs(y) <= tiny * 1.000001)  # rounded to either side
    error, where = worst(np.where(small, 0, y).astype(TYPES[t]), np.where(small, 0, true), x)
    assert error <= BY_THE_C_LIBRARY.get((name, t), 2), where


@for_machines
def test_what_c_says_of_special_values(machine, width):
    """Signs of zeros, which no error in ulp shows."""
    for t in FLOATS:
        x = np.array([0.0, -0.0, 1e-40, -1e-40], TYPES[t])
        for name in ("expm1", "log1p", "tanh", "erf", "sin", "tan", "atan", "asinh", "sqrt", "floor", "round"):
            y = call(library(machine, width, accurate_source), f"{name}_{t}v", TYPES[t], x)
            np.testing.assert_array_equal(np.signbit(y[:2]), np.signbit(x[:2]), err_msg=f"{name} {t}")
        zeros = call(
            library(machine, width, accurate_source), f"power_{t}v", TYPES[t], np.repeat(x[:2], 4),
            np.array([3, 2, 2.5, -3] * 2, TYPES[t]),
        )  # fmt: skip
        np.testing.assert_array_equal(zeros, [0, 0, 0, np.inf, -0.0, 0, 0, -np.inf])
        np.testing.assert_array_equal(np.signbit(zeros), [False, False, False, False, True, False, False, True])
        a, b = (g.ravel() for g in np.meshgrid(*[np.array([0.0, -0.0, 1.0, -1.0, 4.0, -4.0, 0.3], TYPES[t])] * 2))
        for name, true in {
            "atan2": np.arctan2,
            "copysign": np.copysign,
            **{n: getattr(np, n) for n in DIVISION},
        }.items():
            source = accurate_source if name in ACCURATE else vector_source
            y = call(library(machine, width, source), f"{name}_{t}v", TYPES[t], a, b)
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(np.signbit(y), np.signbit(true(a, b)), err_msg=f"{name} {t}")


# ---------------------------------------------------------------------------------------------- all that is exact
def numbers(t: str, count: int, seed: int = 0) -> np.ndarray:
    dtype = TYPES[t]
    if t in FLOATS:
        return floats(t, count, seed)
    generator = np.random.default_rng(seed)
    if t == "b8":
        return generator.random(count) < 0.5
    limits = np.iinfo(dtype)
    edges: np.ndarray = np.array([limits.min, limits.max, 0, 1, 2, 7, limits.max - 1, limits.min + 1], dtype)
    spread = generator.integers(limits.min, limits.max, count, dtype, endpoint=True)
    return np.concatenate([edges, spread, generator.integers(0, 16, count).astype(dtype)])


def arguments(name: str, t: str, count: int = 2000) -> list[np.ndarray]:
    """Arrays for each argument; equal ones, zeros and NaN meet."""
    first = numbers(t, count)
    if arity(name) == 1:
        return [np.abs(first) & 0xFFFFFFFF if name == "low_word" else first]
    generator = np.random.default_rng(3)
    second = generator.permutation(first)
    second[: first.size // 8] = first[: first.size // 8]
    if name == "shift_right":
        second = generator.integers(0, np.iinfo(TYPES[t]).bits, first.size).astype(TYPES[t])
    if name in ("multiply_low", "multiply_high"):
        first, second = first & 0xFFFFFFFF, second & 0xFFFFFFFF
    return [first, second]


@for_widths
def test_exact_functions_are_those_of_numpy(machine, width):
    for name, t, result in declarations():
        x = arguments(name, t)
        if name.endswith("_nonan"):
            x[1] = np.nan_to_num(x[1]) if t in FLOATS else x[1]
        with np.errstate(all="ignore"):
            true = np.negative(x[0]) if name == "negative" else FUNCTIONS[name.removesuffix("_nonan")].numpy(*x)
        for v in ("v", ""):
            y = call(either(machine, width, v), f"{name}_{t}{v}", TYPES[result], *x)
            np.testing.assert_array_equal(y, true, err_msg=f"{name}_{t}{v}")


@for_widths
def test_where(machine, width):
    for t in TYPES:
        a, b = arguments("maximum", t)
        condition = np.random.default_rng(0).random(a.size) < 0.5
        for v in ("v", ""):
            y = call(either(machine, width, v), f"where_{t}{v}", TYPES[t], condition, a, b)
            np.testing.assert_array_equal(y.view(f"u{y.itemsize}"), np.where(condition, a, b).view(f"u{y.itemsize}"))


@for_widths
def test_conversions(machine, width):
    """Of numbers that the other type holds, but for what it rounds."""
    for source in TYPES:
        for to in TYPES:
            x = numbers(source, 2000)
            if source in FLOATS and to not in (*FLOATS, "b8"):
                limits = np.iinfo(TYPES[to])
                x = x[(x > limits.min - 1.0) & (x < float(limits.max))]
            with np.errstate(all="ignore"):
                true = x.astype(TYPES[to])
            for v in ("v", ""):
                y = call(either(machine, width, v), f"{to}{v}_from_{source}{v}", TYPES[to], x)
                np.testing.assert_array_equal(y, true, err_msg=f"{to}{v}_from_{source}{v}")


@for_widths
def test_division_of_all_lanes_by_one_number(machine, width):
    for t in ("i32", "i64"):
        x = numbers(t, 500)
        for divisor in (1, 2, 64, 7, -3, 0, -1, 2**30):
            for name in ("floor_divide", "remainder"):
                with np.errstate(all="ignore"):
                    true = FUNCTIONS[name].numpy(x, TYPES[t](divisor))
                y = call(library(machine, width), f"{name}_by_{t}v", TYPES[t], x, np.full(x.size, divisor, TYPES[t]))
                np.testing.assert_array_equal(y, true, err_msg=f"{name} {divisor}")


@for_widths
def test_across_lanes(machine, width):
    generator = np.random.default_rng(0)
    functions = library(machine, width)
    for t in NUMBERS:
        rows = generator.integers(0, 100, (width, width)).astype(TYPES[t])
        y = np.array(rows)
        getattr(functions, f"run_transpose_{t}v")(y.ctypes.data_as(ctypes.c_void_p), None, ctypes.c_long(0))
        np.testing.assert_array_equal(y, rows.T)
        for x in (-0.0, 3) if t in FLOATS else (3,):
            filled = np.zeros(width, TYPES[t])
            one = np.array([x], TYPES[t])
            getattr(functions, f"run_splat_{t}v")(*(a.ctypes.data_as(ctypes.c_void_p) for a in (filled, one)), 0)
            np.testing.assert_array_equal(filled, np.full(width, x, TYPES[t]))
            assert set(np.signbit(filled)) == set(np.signbit(one))
    for t in ("i32", "i64"):
        np.testing.assert_array_equal(call(functions, f"iota_{t}v", TYPES[t], np.ones(16))[:width], range(width))
    np.testing.assert_array_equal(call(functions, "splat_b8v", np.bool_, np.ones(16, bool))[:width], True)


@for_widths
def test_sums_are_a_fixed_tree(machine, width):
    """Lane k with lane k + half, so that the same lanes give the same bits on every instruction set."""
    generator = np.random.default_rng(0)
    for t in ("f32", "f64", "i32", "i64"):
        for _ in range(20):
            x = (generator.standard_normal(16) * 1e3).astype(TYPES[t])
            y = call(library(machine, width), f"sum_{t}v", TYPES[t], x)[0]
            tree = x[:width]
            while tree.size > 1:
                tree = tree[: tree.size // 2] + tree[tree.size // 2 :]
            assert y == tree[0]


def test_pointers_need_no_alignment():
    """Vectors are aligned as their elements are."""
    target = available()[0]
    width = lanes(target, 4)
    x = np.arange(4 * width, dtype=np.float32)
    y = np.zeros_like(x)
    run = library(target.name, width).run_negative_f32v
    for offset in (1, 2, 3):
        run(*(ctypes.c_void_p(a.ctypes.data + 4 * offset) for a in (y, x)), ctypes.c_long(width))
        np.testing.assert_array_equal(y[offset : offset + width], -x[offset : offset + width])
