"""Rounding to bfloat16, against all numbers that there are, in NumPy and in native code."""

import math
import struct

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.execute import evaluate
from chainrule.execute.native import NativeProgram
from chainrule.graph.tensor import input_tensor


def number(upper: int) -> float:
    """The float32 whose upper half has these bits, as Python reads it."""
    return float(struct.unpack("<f", struct.pack("<I", upper << 16))[0])


POSITIVE = [number(k) for k in range(0x7F80)]  # 0 and all finite positive ones, the denormal ones first


def nearest(x: float) -> float:
    """The nearest of all numbers, of two the even one; infinity beyond the neighborhood of the largest."""
    if math.isnan(x) or math.isinf(x):
        return x
    size = abs(x)
    low, high = 0, len(POSITIVE)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if POSITIVE[middle] <= size else (low, middle)
    beyond = 2.0**128 if high == len(POSITIVE) else POSITIVE[high]
    middle_of_both = (POSITIVE[low] + beyond) / 2  # exact in double precision
    up = size > middle_of_both or (size == middle_of_both and low % 2 == 1)
    found = (math.inf if high == len(POSITIVE) else beyond) if up else POSITIVE[low]
    return math.copysign(found, x)


def cases() -> np.ndarray:
    """Numbers, middles between two, and their neighbors; of both signs, with all that is special."""
    generator = np.random.default_rng(0)
    upper = [0, 1, 2, 0x7F, 0x80, 0x81, 0x3F80, 0x3F81, 0x7F7E, 0x7F7F, *generator.integers(0, 0x7F80, 300)]
    bits = np.array([(int(k) << 16) + low for k in upper for low in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF)], np.uint32)
    given = np.concatenate([bits, generator.integers(0, 0x7F80_0000, 500, dtype=np.uint32)]).view(np.float32)
    special = np.array([math.inf, math.nan, 0.0, np.finfo(np.float32).max], np.float32)
    odd = np.array([0x7F800001, 0x7FFFFFFF, 0x7F80FFFF], np.uint32).view(np.float32)  # NaN whose upper half is none
    return np.concatenate([given, special, odd, -given, -special, -odd])


@pytest.mark.parametrize("executor", ["reference", "native"])
def test_the_nearest_number_is_found(executor):
    given = cases()
    x = input_tensor("x", given.shape)
    y = ops.round_to_bfloat16(x)
    (found,) = NativeProgram([y]).run({x: given}) if executor == "native" else evaluate([y], {x: given})
    wanted = np.array([nearest(float(v)) for v in given], np.float32)
    np.testing.assert_array_equal(found, wanted)
    known = ~np.isnan(given)
    np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(given)[known])
    assert not (found.view(np.uint32) & 0xFFFF).any()


def test_doubles_become_float32_first():
    x = np.array([1 + 2.0**-8 + 2.0**-40, 0.1, np.nan], np.float64)
    found = ops.round_to_bfloat16(x).numpy()
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [1.0, 0.10009765625, np.nan])  # the first is a middle once it is a float32


def test_the_derivative_is_that_of_the_number_itself():
    assert float(grad(lambda x: ops.round_to_bfloat16(x) * 3.0)(0.1)) == 3.0
