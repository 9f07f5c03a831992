"""Random numbers: the bits of Philox, the distributions they make, and the operations that draw them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from chainrule import ops
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.dtype import float32, float64, int64
from chainrule.graph.extent import batch
from chainrule.graph.philox import philox4x32
from chainrule.graph.tensor import input_tensor, tensor
from tests.execute.agreement import quick_target

_MANY = 100_000

# Random123's kat_vectors for philox4x32-10: counter, key, result. Only the first has a counter that a tensor can reach.
_ZEROS = ("6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8")


def test_the_first_bits_are_random123s_known_answer():
    assert tuple(f"{int(word):08x}" for word in ops.random_bits(4, seed=0)) == _ZEROS


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 - 1, -1, -(2**63), 0x299F31D0A4093822])
@pytest.mark.parametrize("step", [0, 0x13198A2E, -1])
def test_words_are_the_blocks_of_their_counters(seed, step):
    """Element e is word e mod 4 of block (e div 4, 0, step, stream), in the reference and in native code."""
    stream = 0x03707344
    y = ops.random_bits((3, 5), seed, step, stream=stream)
    blocks = np.arange(4, dtype=np.uint32)
    zero = np.uint32(0)
    key = (np.uint32(seed % 2**32), np.uint32(seed // 2**32 % 2**32))
    words = philox4x32((blocks, zero, np.uint32(step % 2**32), np.uint32(stream)), key)
    wanted = np.stack(words, -1).ravel()[:15].reshape(3, 5)
    np.testing.assert_array_equal(y.numpy(), wanted)
    seeds, steps = input_tensor("seed", (), "int64"), input_tensor("step", (), "int64")
    program = NativeProgram([ops.random_bits((3, 5), seeds, steps, stream=stream)])
    np.testing.assert_array_equal(program.run({seeds: seed, steps: step})[0], wanted)
    assert y.dtype is int64


def test_the_arrangement_of_words_does_not_matter():
    """Blocks are computed once where a sample has whole ones, and else word by word: the bits are those of one row."""
    samples, shapes = 6, [(5,), (8,), (4, 1), (3, 4), (2, 6), (2, 3), (2, 2, 1, 5), (0, 4)]
    seed = input_tensor("seed", (), "int64")
    row = ops.random_bits(samples * 24, seed=9).numpy()
    for first in (samples, batch):
        outputs = [ops.random_bits((first, *shape), seed, 0) for shape in shapes]
        bindings = {seed: np.asarray(9)}
        for program in (NativeProgram(outputs, target=quick_target()), Program(outputs)):
            for shape, y in zip(shapes, program.run(bindings, batch=samples), strict=True):
                np.testing.assert_array_equal(y.ravel(), row[: y.size], err_msg=str(shape))
                assert y.shape == (samples, *shape)


def test_streams_steps_and_seeds_are_unrelated():
    draws = [
        ops.uniform(_MANY, seed, step, stream=stream).numpy()
        for seed, step, stream in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    correlations = np.corrcoef(draws) - np.eye(4)
    assert np.abs(correlations).max() < 4 / np.sqrt(_MANY)


@pytest.mark.parametrize(("dtype", "steps"), [(float32, 2**24), (float64, 2**53)])
def test_uniform_numbers(dtype, steps):
    u = ops.uniform(_MANY, seed=1, dtype=dtype).numpy()
    assert u.dtype == dtype.numpy
    assert u.min() >= 0
    assert u.max() < 1
    multiples = u.astype(np.float64) * steps
    np.testing.assert_array_equal(multiples, np.floor(multiples))
    assert stats.kstest(u.astype(np.float64), "uniform").pvalue > 1e-3
    counts = np.histogram(u, 64, (0, 1))[0]
    assert stats.chisquare(counts).pvalue > 1e-3
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 4 / np.sqrt(_MANY)


@pytest.mark.parametrize("dtype", [float32, float64])
def test_normal_numbers(dtype):
    z = ops.normal(_MANY, seed=2, dtype=dtype).numpy()
    assert z.dtype == dtype.numpy
    assert np.isfinite(z).all()
    assert stats.kstest(z.astype(np.float64), "norm").pvalue > 1e-3
    assert abs(stats.skew(z)) < 4 * np.sqrt(6 / _MANY)
    assert abs(stats.kurtosis(z)) < 4 * np.sqrt(24 / _MANY)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_bernoulli_numbers(p):
    share = ops.bernoulli(_MANY, p, seed=3).numpy().mean()
    assert abs(share - p) <= 4 * np.sqrt(p * (1 - p) / _MANY)


def test_dropout_keeps_a_share_and_its_size():
    x = np.full((100, 1000), 2.0)
    direct, inverted = (f(x, 0.25, seed=4).numpy() for f in (ops.dropout, ops.inverted_dropout))
    np.testing.assert_array_equal(np.unique(direct), [0.0, 2.0])
    np.testing.assert_array_equal(inverted, direct / 0.75)
    assert abs((direct > 0).mean() - 0.75) < 4 * np.sqrt(0.25 * 0.75 / x.size)
    np.testing.assert_array_equal(ops.dropout(x, 0.0, seed=4).numpy(), x)
    np.testing.assert_array_equal(ops.inverted_dropout(x, 1.0, seed=4).numpy(), 0 * x)
    maps = ops.dropout(np.ones((8, 3, 3, 4)), 0.5, seed=5, shared_axes=(1, 2)).numpy()
    assert (maps == maps[:, :1, :1, :]).all()
    assert 0 < maps.mean() < 1


def test_a_step_draws_anew_and_the_same_step_the_same():
    x = tensor(np.ones(1000))
    same, again, other = (ops.dropout(x, 0.5, 7, step, stream=1).numpy() for step in (3, 3, 4))
    np.testing.assert_array_equal(same, again)
    assert (same != other).any()
