"""Sums of products over pairs of bfloat16 numbers: the sums of the definition, by the instruction and in plain C."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.reverse import gradients
from chainrule.compiler import toolchain
from chainrule.compiler.mathematics import prelude
from chainrule.compiler.pairs import BFLOAT16_PAIR
from chainrule.compiler.pipeline import Compiled
from chainrule.compiler.target import TARGETS, Target, available, detect
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.operation import Array
from chainrule.graph.special import round_to_bfloat16
from chainrule.graph.tensor import Tensor
from chainrule.train.precision import in_precision
from tests.counts import scaled
from tests.execute.agreement import difference, quick_target

# In plain C, with the widest vectors and with the narrowest; and by the instruction, where the processor has it.
IN_C = [replace(t, name=f"{t.name} in C", pairs=True) for t in (available()[0], available()[-1])]
TARGETS_WITH_PAIRS = [*IN_C, *([detect()] if detect().pairs else [])]


@dataclass(frozen=True, eq=False)
class Sum:
    """A sum of products, and the gradients by both factors of its sum with other numbers."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    with_samples: tuple[bool, bool] = (True, False)

    def outputs(self, dtype: str) -> tuple[list[Tensor], list[Tensor]]:
        factors = [
            cr.input_tensor("x", (cr.batch, *s) if many else s, dtype)
            for s, many in zip(self.shapes, self.with_samples, strict=True)
        ]
        y = self.function(*factors)
        g = cr.input_tensor("g", y.shape, dtype)
        return [*factors, g], [y, *gradients(cr.sum(y * g), factors)]


def forms(random: np.random.Generator) -> list[Sum]:
    """All kinds of sums of products in random sizes, odd ones and those of a single step of the tile among them."""

    def size(low: int, high: int) -> int:
        return int(random.integers(low, high))

    h, w, c, o = size(5, 9), size(5, 9), size(2, 9), size(8, 20)
    image, kernel = (h, w, c), (3, 3, c, o)
    conv, many = cr.conv2d, (True, True)
    return [
        Sum(conv, (image, kernel)),
        Sum(lambda x, k: conv(x, k, padding="same"), (image, kernel)),
        Sum(lambda x, k: conv(x, k, strides=2, padding="same"), (image, kernel)),
        Sum(lambda x, k: conv(x, k, strides=(1, 3), dilation=(2, 1)), (image, (3, 2, c, o))),
        Sum(conv, (image, (1, 1, c, o))),
        Sum(lambda x, k: conv(x, k, groups=2), ((h, w, 2 * c), (3, 3, c, 2 * o))),
        Sum(lambda x, k: cr.conv2d_transpose(x, k, strides=2), (image, (3, 3, o, c))),
        Sum(cr.depthwise_conv2d, (image, (3, 3, c, 1))),
        Sum(cr.conv1d, ((size(6, 14), c), (3, c, o))),
        Sum(cr.conv3d, ((4, 5, 4, c), (2, 3, 2, c, o))),
        Sum(cr.matmul, ((c,), (c, o))),
        Sum(cr.matmul, ((h, c), (c, o))),
        Sum(cr.matmul, ((h, c), (c, o)), many),
    ]


def rounded(x: Array) -> Array:
    return np.asarray(round_to_bfloat16(x))


def has_pairs(program: Compiled) -> bool:
    return any(o.buffer.dtype is BFLOAT16_PAIR for p in program.phases for n in p.nests for o in n.outputs)


@pytest.mark.parametrize("target", TARGETS_WITH_PAIRS[1:], ids=lambda t: t.name)
@pytest.mark.parametrize("seed", range(scaled(10)))
def test_sums_are_those_of_rounded_factors(target, seed):
    """Everything at once, so that it is one compilation."""
    random = np.random.default_rng(seed)
    samples = int(random.integers(1, 40))
    found = forms(random)
    single = [s.outputs("float32") for s in found]
    double = [s.outputs("float64") for s in found]
    given = [[random.normal(size=tuple(e if isinstance(e, int) else samples for e in t.shape)) for t in inputs]
             for inputs, _ in single]  # fmt: skip
    arrays = [[a.astype(np.float32) for a in own] for own in given]
    outputs = in_precision([y for _, own in single for y in own], "bf16")
    bindings = {t: a for (inputs, _), own in zip(single, arrays, strict=True) for t, a in zip(inputs, own, strict=True)}
    program = NativeProgram(outputs, target=quick_target(target))
    assert has_pairs(program.compiled)
    actual = program.run(bindings, batch=samples)
    reference = Program(outputs).run(bindings, batch=samples)
    bindings = {
        t: rounded(a) for (inputs, _), own in zip(double, arrays, strict=True)
        for t, a in zip(inputs, own, strict=True)
    }  # fmt: skip
    exact = Program([y for _, own in double for y in own]).run(bindings, batch=samples)
    for k, (a, r, e) in enumerate(zip(actual, reference, exact, strict=True)):
        # terms are added in another order; among few of them the reference may have been lucky
        assert not (wrong := difference(a, r, e, spread=4e-7 * float(np.abs(e).max(initial=0)))), (k // 3, k % 3, wrong)


def test_pairs_are_taken_where_they_save_multiplications():
    def program(x: tuple[int, ...], w: tuple[int, ...], precision: Any = "bf16") -> Compiled:
        images, kernel = cr.input_tensor("x", (cr.batch, *x)), cr.input_tensor("w", w)
        outputs = in_precision([cr.conv2d(images, kernel)], precision)
        return NativeProgram(outputs, target=quick_target(IN_C[-1])).compiled

    assert has_pairs(program((8, 8, 4), (3, 3, 4, 8)))
    assert not has_pairs(program((8, 8, 1), (1, 1, 1, 8)))  # no sum
    assert not has_pairs(program((8, 8, 4), (3, 3, 4, 1)))  # making the pairs is as much work
    assert not has_pairs(program((8, 8, 4), (3, 3, 4, 8), "float32"))


def test_what_a_reader_sees():
    x, w = cr.input_tensor("x", (cr.batch, 8, 8, 6)), cr.input_tensor("w", (3, 3, 6, 8))
    y = cr.conv2d(x, w, padding="same")
    outputs = in_precision([y, *gradients(cr.sum(y), [w])], "bf16")
    shown = NativeProgram(outputs, target=quick_target(IN_C[-1])).show("groups")
    assert "w/pairs[i,j,k,l] = pair(w[i,j,2·k,l], w[i,j,2·k+1,l])" in shown
    assert "conv2d[n,i,j,o] = Σ_{p,q,c} dot(x/pairs[n,i+p,j+q,c], w/pairs[p,q,c,o])" in shown  # zeros are around


def test_functions_that_round_by_themselves_have_pairs_too():
    x, w = cr.input_tensor("x", (cr.batch, 40)), cr.input_tensor("w", (40, 24))
    y = cr.round_to_bfloat16(x) @ cr.round_to_bfloat16(w)
    assert has_pairs(NativeProgram([y], target=quick_target(IN_C[-1])).compiled)
    one = cr.round_to_bfloat16(x) @ w
    assert not has_pairs(NativeProgram([one], target=quick_target(IN_C[-1])).compiled)


def test_a_number_that_is_not_finite_stays_with_its_sample():
    x, w = cr.input_tensor("x", (cr.batch, 7, 7, 4)), cr.input_tensor("w", (3, 3, 4, 8))
    outputs = in_precision([cr.conv2d(x, w, padding="same")], "bf16")
    random = np.random.default_rng(0)
    a, b = random.normal(size=(20, 7, 7, 4)).astype("f4"), random.normal(size=(3, 3, 4, 8)).astype("f4")
    a[3, 2, 5, 1], a[9, 6, 6, 3] = np.nan, np.inf
    for target in TARGETS_WITH_PAIRS:
        (found,) = NativeProgram(outputs, target=quick_target(target)).run({x: a, w: b})
        (wanted,) = Program(outputs).run({x: a, w: b})
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(wanted))


# ------------------------------------------------------------------------------------------------------ the functions
SOURCE = """
void run_pair(bf2 *y, const f32 *a, const f32 *b, long n) {
  for (long i = 0; i < n; i += LANES) *(bf2v *)(y + i) = pair_f32v(*(const f32v *)(a + i), *(const f32v *)(b + i));
}
void run_pair_alone(bf2 *y, const f32 *a, const f32 *b, long n) {
  for (long i = 0; i < n; i++) y[i] = pair_f32(a[i], b[i]);
}
void run_dot(f32 *y, const bf2 *a, const bf2 *b, long n) {
  for (long i = 0; i < n; i += LANES)
    *(f32v *)(y + i) = add_dot_bf2v(*(const f32v *)(y + i), *(const bf2v *)(a + i), *(const bf2v *)(b + i));
}
void run_dot_alone(f32 *y, const bf2 *a, const bf2 *b, long n) {
  for (long i = 0; i < n; i++) y[i] = add_dot_bf2(y[i], a[i], b[i]);
}
"""


def called(target: Target, name: str, y: Array, a: Array, b: Array) -> Array:
    width = target.vector_bytes // 4
    library = toolchain.load("\n".join([prelude(width), SOURCE]), target.flags)
    y = y.copy()
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (y, a, b)]
    getattr(library, f"run_{name}")(*pointers, ctypes.c_long(y.size))
    return y


@pytest.mark.parametrize("target", TARGETS_WITH_PAIRS, ids=lambda t: t.name)
def test_pairs_and_their_products(target):
    random = np.random.default_rng(0)
    a, b, c, d = (random.normal(size=1024).astype("f4") * np.float32(10.0 ** random.integers(-9, 9)) for _ in range(4))
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, 1 + 2.0**-8, 1 + 3 * 2.0**-8], "f4")
    a[:8] = special
    b[8:16] = special
    upper, lower = (rounded(x).view(np.uint32) for x in (b, a))
    wanted = lower >> np.uint32(16) | upper
    same = {name: called(target, name, np.zeros(1024, "u4"), a, b) for name in ("pair", "pair_alone")}
    for found in same.values():
        number = ~np.isnan(a) & ~np.isnan(b)
        np.testing.assert_array_equal(found[number], wanted[number])
        halves = (found << np.uint32(16)).view("f4"), (found & np.uint32(0xFFFF0000)).view("f4")
        np.testing.assert_array_equal(np.isnan(halves[0]), np.isnan(a))
        np.testing.assert_array_equal(np.isnan(halves[1]), np.isnan(b))
    a[:8] = b[8:16] = 1.0
    first, second = (
        called(target, "pair", np.zeros(1024, "u4"), a, b),
        called(target, "pair", np.zeros(1024, "u4"), c, d),
    )
    start = random.normal(size=1024).astype("f4")
    terms = [rounded(x).astype("f8") * rounded(y) for x, y in ((a, c), (b, d))]
    for name in ("dot", "dot_alone"):
        found = called(target, name, start, first, second)
        sizes = np.abs(start) + np.abs(terms[0]) + np.abs(terms[1])
        assert (np.abs(found - (start + terms[0] + terms[1])) <= 2.0**-23 * sizes).all()


@pytest.mark.skipif(not detect().pairs, reason="this processor has no instructions for bfloat16")
def test_the_instruction_adds_as_plain_c_does():
    """The product of the upper halves first, each addition rounded once: the bits are the same."""
    plain = next(t for t in TARGETS if t.name == "avx512")
    random = np.random.default_rng(1)
    a, b = (random.integers(0x3000, 0x4F00, (2, 4096)).astype("u4") for _ in range(2))
    a, b = (x[0] << np.uint32(16) | x[1] for x in (a, b))
    start = random.normal(size=4096).astype("f4")
    np.testing.assert_array_equal(called(detect(), "dot", start, a, b), called(plain, "dot", start, a, b))


@pytest.mark.skipif(not detect().pairs, reason="this processor has no instructions for bfloat16")
def test_the_instruction_takes_denormal_numbers_for_zeros():
    tiny, one = np.full(16, 0x00400040, "u4"), np.full(16, 0x3F803F80, "u4")
    assert not called(detect(), "dot", np.zeros(16, "f4"), tiny, one).any()
    plain = next(t for t in TARGETS if t.name == "avx512")
    assert called(plain, "dot", np.zeros(16, "f4"), tiny, one).all()
