"""Sums of products of pairs by tiles of 16 × 16: the text that AMX gets, on every machine by plain C."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.reverse import gradients
from chainrule.compiler import toolchain
from chainrule.compiler.target import TARGETS, available
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.special import round_to_bfloat16
from chainrule.train.precision import in_precision
from tests.execute.agreement import difference, quick_target

TILES = replace(available()[-1], name="tiles in C", vector_bytes=64, pairs=True, tiles=True)


def conv(x: Any, w: Any) -> Any:
    return cr.conv2d(x, w, padding="same")


def act(x: Any, w: Any) -> Any:
    return cr.relu(conv(x, w) * 2.0 + 0.5)


# Function, factors, and how many of the three sums fall into tiles: forward, gradient of data, gradient of weights.
SUMS: dict[str, tuple[Any, tuple[int, ...], tuple[int, ...], int]] = {
    "two tiles of rows and of columns": (conv, (4, 6, 32), (3, 3, 32, 32), 3),
    "one tile of each": (conv, (3, 5, 32), (3, 3, 32, 16), 2),  # 16 channels are 8 pairs
    "several products deep": (conv, (4, 4, 64), (1, 3, 64, 96), 3),
    "followed by others": (act, (4, 3, 32), (3, 3, 32, 32), 3),
    "a dense layer at several places": (cr.matmul, (6, 64), (64, 32), 3),
    "strides": (lambda x, w: cr.conv2d(x, w, strides=2, padding="same"), (6, 6, 32), (3, 3, 32, 32), 3),
    "what does not fall into tiles": (conv, (4, 4, 20), (3, 3, 20, 12), 0),
}


def built(function: Any, x_shape: tuple[int, ...], w_shape: tuple[int, ...], dtype: str = "float32") -> Any:
    x, w = cr.input_tensor("x", (cr.batch, *x_shape), dtype), cr.input_tensor("w", w_shape, dtype)
    y = function(x, w)
    g = cr.input_tensor("g", y.shape, dtype)
    return [x, w, g], [y, *gradients(cr.sum(y * g), [x, w])]


@pytest.mark.parametrize("name", SUMS)
def test_sums_by_tiles_are_those_of_rounded_factors(name):
    function, x_shape, w_shape, tiled = SUMS[name]
    inputs, plain = built(function, x_shape, w_shape)
    outputs = in_precision(plain, "bf16")
    program = NativeProgram(outputs, target=quick_target(TILES))
    assert sum("TILES_CONFIGURE();" in k.code for k in program.compiled.kernels) == tiled
    random = np.random.default_rng(0)
    samples = 21  # a whole chunk, and one with empty lanes
    arrays = [random.normal(size=tuple(e if isinstance(e, int) else samples for e in t.shape)) for t in inputs]
    # numbers that need no rounding: so that none that is near a middle is rounded the other way
    given = dict(zip(inputs, (round_to_bfloat16(a.astype("f4")) for a in arrays), strict=True))
    exact_inputs, exact_outputs = built(function, x_shape, w_shape, "float64")
    exact = Program(exact_outputs).run(dict(zip(exact_inputs, given.values(), strict=True)))
    for k, (a, r, e) in enumerate(zip(program.run(given), Program(outputs).run(given), exact, strict=True)):
        if function is act and k:
            e = r.astype("f8")  # the gradient's factors are rounded, as they are not in double precision
        assert not (wrong := difference(a, r, e, spread=4e-7 * float(np.abs(e).max()))), (k, wrong)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="AMX is of x86")
def test_the_same_text_is_translated_for_amx():
    """Translated and loaded, not run: that takes a processor with AMX."""
    _, plain = built(*SUMS["two tiles of rows and of columns"][:3])
    program = NativeProgram(in_precision(plain, "bf16"), target=quick_target(TILES))
    widest = next(t for t in TARGETS if t.name == "avx512")
    assert toolchain.load(program.compiled.sources, [*widest.flags, "-DAMX"])


def test_what_a_reader_sees():
    _, plain = built(*SUMS["two tiles of rows and of columns"][:3])
    program = NativeProgram(in_precision(plain[:1], "bf16"), target=quick_target(TILES))
    code = next(k.code for k in program.compiled.kernels if "TILES_CONFIGURE();" in k.code)
    assert code == FORWARD


FORWARD = """\
// conv2d (batch, 4, 6, 32) float32, conv2d
// conv2d[n,i,j,o] = Σ_{p,q,c} dot(x/pairs[n,i+p,j+q,c], w/pairs[p,q,o,c])
// tile 32 o × 2 j, vectors along lane, loops o i j, inside p q c unrolled 16
void k2(f32 *restrict p0, const bf2 *restrict p1, const bf2 *restrict p2, const i64 first, const i64 batch) {
  TILES_CONFIGURE();
  for (i64 o_1 = 0; o_1 < 32; o_1 += 32) {
    for (i64 i_2 = 0; i_2 < 4; i_2 += 1) {
      for (i64 j_3 = 0; j_3 < 6; j_3 += 2) {
        TILE_ZERO(0);
        TILE_ZERO(1);
        TILE_ZERO(2);
        TILE_ZERO(3);
        for (i64 p_4 = 0; p_4 < 3; p_4 += 1) {
          for (i64 q_5 = 0; q_5 < 3; q_5 += 1) {
            for (i64 c_6 = 0; c_6 < 16; c_6 += 16) {
              TILE_LOAD(4, p2 + p_4 * 1536 + q_5 * 512 + o_1 * 16 + c_6, 64);
              TILE_LOAD(5, p2 + p_4 * 1536 + q_5 * 512 + o_1 * 16 + c_6 + 256, 64);
              TILE_LOAD(6, p1 + i_2 * 2176 + p_4 * 2176 + j_3 * 272 + q_5 * 272 + c_6 * 16, 64);
              TILE_LOAD(7, p1 + i_2 * 2176 + p_4 * 2176 + j_3 * 272 + q_5 * 272 + c_6 * 16 + 272, 64);
              TILE_ADD_DOTS(0, 4, 6);
              TILE_ADD_DOTS(1, 4, 7);
              TILE_ADD_DOTS(2, 5, 6);
              TILE_ADD_DOTS(3, 5, 7);
            }
          }
        }
        TILE_STORE(0, p0 + i_2 * 3072 + j_3 * 512 + o_1 * 16, 64);
        TILE_STORE(1, p0 + i_2 * 3072 + j_3 * 512 + o_1 * 16 + 512, 64);
        TILE_STORE(2, p0 + i_2 * 3072 + j_3 * 512 + o_1 * 16 + 256, 64);
        TILE_STORE(3, p0 + i_2 * 3072 + j_3 * 512 + o_1 * 16 + 768, 64);
      }
    }
  }
  TILES_RELEASE();
}
"""
