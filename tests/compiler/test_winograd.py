"""Convolutions in tiles: the same numbers as the definition, for every size of map, batch and vector."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.reverse import gradients
from chainrule.compiler import winograd
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import detect
from chainrule.execute import Program
from chainrule.execute.native import NativeProgram
from chainrule.graph.extent import concrete_shape
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.nn import Conv2D
from tests.execute import random_models
from tests.execute.agreement import difference, quick_target

WIDE = (3, 3, 24, 24)


@dataclass(frozen=True, eq=False)
class Network:
    """A convolution, and the gradients by weights and by data of its sum with factors."""

    inputs: list[Tensor]
    outputs: list[Tensor]

    def arrays(self, samples: int) -> list[Array]:
        """Random data, weights as small as they are in networks, and factors."""
        random = np.random.default_rng(samples)
        x, w, g = (random.normal(size=concrete_shape(t.shape, samples)) for t in self.inputs)
        return [a.astype(self.inputs[0].dtype.numpy) for a in (x, (9 * w.shape[2]) ** -0.5 * w, g)]

    def computed(self, program: Program | NativeProgram, arrays: Sequence[Array]) -> list[Array]:
        return program.run(dict(zip(self.inputs, arrays, strict=True)))


def _network(shape: tuple[int, ...], kernel: tuple[int, ...], dtype: str = "float32", **options: Any) -> Network:
    x, w = cr.input_tensor("x", (cr.batch, *shape), dtype), cr.input_tensor("w", kernel, dtype)
    y = cr.conv2d(x, w, **options)
    g = cr.input_tensor("g", y.shape, dtype)
    return Network([x, w, g], [y, *gradients(cr.sum(y * g), [w, x])])


def _native(network: Network, batch: int | None = None) -> NativeProgram:
    return NativeProgram(network.outputs, target=quick_target(), batch=batch)


def _tiled(program: Compiled) -> set[str]:
    """The values that are made from tiles."""
    nests = [n for phase in program.phases for n in phase.nests]
    return {o.buffer.name.removesuffix("/tiles") for n in nests for o in n.outputs if o.buffer.name.endswith("/tiles")}


def _compiled(outputs: Sequence[Tensor]) -> Compiled:
    return compiled(outputs, {}, None, detect())


@pytest.mark.parametrize(
    ("shape", "kernel", "padding", "batches"),
    [
        ((8, 8, 24), WIDE, "same", (1, 16, 35)),
        ((7, 9, 29), (3, 3, 29, 33), "same", (5, 17)),  # tiles beyond both edges, channels that are no multiple
        ((6, 6, 32), (3, 3, 32, 16), "valid", (2,)),
        ((6, 20, 48), (3, 3, 48, 48), "same", (18,)),  # a row of tiles is more than the cache holds
        ((6, 5, 24), WIDE, ((2, 0), (1, 3)), (4,)),
    ],
    ids=str,
)
def test_numbers_are_those_of_the_definition(shape, kernel, padding, batches):
    network, finer = (_network(shape, kernel, dtype, padding=padding) for dtype in ("float32", "float64"))
    program, reference, exact = _native(network), Program(network.outputs), Program(finer.outputs)
    assert len(_tiled(program.compiled)) == 3
    for samples in batches:
        given = network.arrays(samples)
        results = (network.computed(program, given), network.computed(reference, given), finer.computed(exact, given))
        for actual, wanted, true in zip(*results, strict=True):
            assert not (message := difference(actual, wanted, true)), message


@pytest.mark.parametrize(("isa", "dtype"), [("generic", "float32"), ("avx2", "float32"), ("", "float64")])
def test_other_vectors(isa, dtype, monkeypatch):
    if isa:
        monkeypatch.setenv("CHAINRULE_ISA", isa)
    network, finer = (_network((5, 8, 24), WIDE, kind, padding="same") for kind in (dtype, "float64"))
    program, given = _native(network), network.arrays(11)
    assert len(_tiled(program.compiled)) == 3
    exact = finer.computed(Program(finer.outputs), given)
    reference = network.computed(Program(network.outputs), given)
    for actual, wanted, true in zip(network.computed(program, given), reference, exact, strict=True):
        assert not (message := difference(actual, wanted, true)), message


def test_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    network = _network((6, 8, 32), (3, 3, 32, 48), padding="same")
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("CHAINRULE_NUM_THREADS", threads)
        results.append(network.computed(_native(network), network.arrays(150)))
    for one, three in zip(*results, strict=True):
        np.testing.assert_array_equal(one, three)


def test_nothing_that_is_not_finite_is_lost():
    """There may be more of it: the results of a tile share sums, so that its neighbours in the tile are spoilt too."""
    network = _network((6, 6, 24), WIDE, padding="same")
    program, reference = _native(network), Program(network.outputs)
    for spoilt, value in itertools.product(range(3), (np.nan, np.inf, -np.inf)):
        given = network.arrays(3)
        given[spoilt].flat[given[spoilt].size // 2] = value
        actual, wanted = network.computed(program, given), network.computed(reference, given)
        for a, w in zip(actual, wanted, strict=True):
            assert not np.isfinite(a[~np.isfinite(w)]).any()
        unspoilt = [np.isfinite(w).all(axis=(1, 2, 3)) for w in (wanted[0], wanted[2])]
        for a, rest in zip((actual[0], actual[2]), unspoilt, strict=True):
            assert np.isfinite(a[rest]).all(), "other samples have nothing of it"


@pytest.mark.parametrize(
    ("shape", "kernel", "options"),
    [
        ((8, 8, 8), (3, 3, 8, 8), {}),  # too few channels for what the transforms cost
        ((8, 8, 16), (3, 3, 16, 4), {}),
        ((8, 8, 16), (5, 5, 16, 16), {}),
        ((8, 8, 16), (1, 3, 16, 16), {}),
        ((8, 8, 24), WIDE, {"strides": 2}),
        ((8, 8, 24), WIDE, {"strides": (1, 2)}),
        ((9, 9, 24), WIDE, {"dilation": 2}),
        ((8, 8, 32), (3, 3, 1, 32), {"groups": 32}),
    ],
    ids=str,
)
def test_others_are_computed_as_they_are_written(shape, kernel, options):
    assert not _tiled(_compiled(_network(shape, kernel, **options).outputs))


def test_what_is_also_an_output_is_computed_as_a_whole():
    """The gradient of a padded array is read at an offset by that of the array, and asked for itself."""
    x, w = cr.input_tensor("x", (cr.batch, 6, 6, 24)), cr.input_tensor("w", WIDE)
    padded = cr.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    y = cr.conv2d(padded, w)
    g = cr.input_tensor("g", y.shape)
    network = Network([x, w, g], gradients(cr.sum(y * g), [padded, x]))
    program, given = _native(network), network.arrays(4)
    assert _tiled(program.compiled) == {"conv2d/x"}
    for actual, wanted in zip(
        network.computed(program, given), network.computed(Program(network.outputs), given), strict=True
    ):
        np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", [4])
def test_in_random_networks(seed, monkeypatch):
    """Among all else that networks have, with all convolutions in tiles, few as their channels may be."""

    def convolution(filters: int, size: object, **options: Any) -> Conv2D:
        plain = {k: v for k, v in options.items() if k not in ("strides", "dilation", "groups")}
        return Conv2D(filters, (3, 3), **plain)

    monkeypatch.setattr(random_models, "Conv2D", convolution)
    monkeypatch.setattr(winograd, "is_worth_it", lambda c: True)
    model = random_models.random_model(seed)
    outputs = model.outputs(model.step, False)
    target = quick_target()
    program = NativeProgram(outputs, target=replace(target, flags=(*target.flags, "-DIN_TILES")))  # by another name
    assert _tiled(program.compiled)
    for samples in (2, 17, 33):
        given = model.samples(samples)
        bindings, exact = model.bindings(model.step, given), model.exact(given, False)
        wanted = Program(outputs).run(bindings)
        columns = (program.run(bindings, batch=samples), wanted, exact.outputs, exact.spread)
        for actual, reference, true, spread in zip(*columns, strict=True):
            message = difference(actual, reference, true, spread)
            assert not message or not exact.decided, message


def test_parts_of_a_chunk_pass_through_the_transforms():
    """Between them there are four numbers for each of the data, and they are kept for one part at a time."""
    x, w = cr.input_tensor("x", (cr.batch, 32, 32, 32)), cr.input_tensor("w", (3, 3, 32, 32))
    program = _compiled([cr.conv2d(x, w, padding="same")])
    (strip,) = [s for strips in program.strips.values() for s in strips]
    names = [s.outputs[0].buffer.name for s in strip.steps if isinstance(s, LoopNest)]
    assert names == ["conv2d/tiles", "conv2d/products", "conv2d"]
    assert {b.name for b in strip.inside} == {"conv2d/tiles", "conv2d/products"}
    of_chunk = 32 * 32 * 32 * 4 * program.layout.lanes
    assert program.layout.sizes["scratch"] < 4 * of_chunk


def test_a_batch_of_one_is_computed_as_it_is_written():
    assert not _tiled(_native(_network((6, 6, 24), WIDE, padding="same"), batch=1).compiled)
