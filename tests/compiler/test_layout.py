"""Where buffers lie: what a step reads is still there, and what is needed at once does not lie in one place.

Memory is gone through by hand: each step of a program marks the lines of the cache that it writes, and must find the
marks of what it reads. No C is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.autodiff.arguments import leaves
from chainrule.compiler.copies import Step
from chainrule.compiler.interface import LINE
from chainrule.compiler.layout import Place
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import TARGETS
from chainrule.graph.expression import Buffer
from chainrule.graph.loopnest import LoopNest
from chainrule.optim import Adam
from chainrule.train.metrics import objective
from chainrule.train.samples import as_samples
from chainrule.train.step import TrainingStep

GENERIC = TARGETS[-1]


def training(architecture: nn.Layer, shape: tuple[int, ...]) -> Compiled:
    """A whole training step."""
    samples = as_samples(np.zeros((4, *shape), np.float32), np.zeros(4, np.int64))
    network = nn.trace(architecture, [shape])
    step = TrainingStep(network, objective("cross_entropy", None), Adam(), samples)
    return compiled(leaves(step.outputs), step.carried, step.sum_numbers[0], GENERIC)


def pairs() -> Compiled:
    """Arrays in which two axes, and three, are the batch."""
    x = cr.input_tensor("x", (cr.batch, 4))
    likeness = cr.tanh(x @ cr.transpose(x))
    triples = cr.einsum("nm,mk->nmk", likeness, likeness)
    return compiled([cr.sum(cr.tanh(triples), 2), *cr.gradients(cr.sum(likeness), [x])], {}, None, GENERIC)


def strips() -> Compiled:
    """Maps too large for the cache, whose steps run part by part."""
    layers = [nn.Conv2D(64, 3, padding=1, use_bias=False), nn.BatchNormalization(), nn.ReLU()]
    made = training(nn.Sequential([*layers, *layers[1:], nn.GlobalAveragePooling2D()]), (32, 32, 192))
    assert made.strips
    return made


def normalized() -> Compiled:
    """Phases, banks, random numbers, branches."""
    block = nn.SkipConnection(nn.Sequential([nn.Conv2D(4, 3, padding=1), nn.BatchNormalization(), nn.Dropout(0.3)]))
    return training(nn.Sequential([nn.RandomFlip(), block, nn.MaxPool2D(2), nn.Flatten(), nn.Dense(5)]), (8, 6, 4))


def recurrent() -> Compiled:
    return training(nn.Sequential([nn.GRU(3), nn.Dense(2)]), (4, 2))


PROGRAMS = {"normalized": normalized, "recurrent": recurrent, "pairs": pairs, "strips": strips}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Compiled:
    made: Compiled = PROGRAMS[request.param]()
    return made


def read_of(step: Step) -> list[Buffer]:
    return [r.buffer for r in step.reads()] if isinstance(step, LoopNest) else [step.source]


def written_of(step: Step) -> list[Buffer]:
    return [o.buffer for o in step.outputs] if isinstance(step, LoopNest) else [step.target]


def in_order(made: Compiled, phase: int, steps: list[Step]) -> Iterator[Step]:
    """The steps of a phase as they run; those of a strip twice, as for two of its parts."""
    twice = {strip.first: strip for strip in made.strips.get(phase, [])}
    k = 0
    while k < len(steps):
        strip = twice.get(k)
        run = steps[k : strip.last + 1] if strip is not None else steps[k : k + 1]
        yield from run * (1 if strip is None else 2)
        k += len(run)


def lines(place: Place, b: Buffer) -> slice:
    """The lines of the cache that a buffer lies in, all of which are its own."""
    return slice(place.offset // LINE, -(-(place.offset + place.elements * b.dtype.numpy.itemsize) // LINE))


def test_what_a_step_reads_is_what_was_written_there_last(program):
    """In the memory of a chunk, which is used again and again; a buffer that nothing writes is a view of another."""
    places = {b: place for b, place in program.layout.places.items() if place.arena == "scratch"}
    numbers = {b: k for k, b in enumerate(places)}
    for phase, (chunked, steps) in enumerate(program.arranged.phases):
        made = {b for s in steps for b in written_of(s)}
        owner = np.full(program.layout.sizes["scratch"] // LINE, -1)
        for step in in_order(program, phase, steps) if chunked else ():
            for b in read_of(step):
                if b in places:
                    found = set(owner[lines(places[b], b)].tolist())
                    assert len(found) == 1, f"{b.name} is in part overwritten"
                    assert found == {numbers[b]} or b not in made, f"{b.name} is overwritten"
            for b in written_of(step):
                if b in places:
                    owner[lines(places[b], b)] = numbers[b]


def test_what_lives_on_has_a_place_of_its_own(program):
    """Parameters, sums, banks, and what chunks leave for later phases; a new value may lie where the old one did."""
    owners: dict[str, list[tuple[int, int, Buffer]]] = {}
    made = {b for _, steps in program.arranged.phases for s in steps for b in written_of(s)}
    given = set(program.lowered.inputs.values())
    for b, place in program.layout.places.items():
        if place.arena not in ("scratch", "outside") and (b in made or b in given):
            found = lines(place, b)
            owners.setdefault(place.arena, []).append((found.start, found.stop, b))
    assert owners
    for arena, spans in owners.items():
        spans.sort(key=lambda x: x[:2])
        for (first, end, b), (start, last, other) in pairwise(spans):
            same = (first, end) == (start, last)
            assert start >= end or same, f"{b.name} and {other.name} overlap in {arena}"
            assert not same or (b in given) != (other in given), f"{b.name} and {other.name} are one in {arena}"
        assert spans[-1][1] * LINE <= program.layout.sizes[arena]
