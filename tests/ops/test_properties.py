"""One set of properties for all operations: derivatives in both modes, batching, a symbolic batch."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import jvp, vjp, vmap
from chainrule.execute import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, tensor
from tests.counts import full, scaled
from tests.execute.agreement import largest_met
from tests.ops.case import Case
from tests.ops.cases import CASES, EXCLUDED

# Derivatives that are not those of the values, by declaration.
NOT_THE_SLOPE = {
    "stop_gradient": "a constant to differentiation, whatever its value does",
    "round_to_bfloat16": "the derivative of x itself, whatever the steps of its value do",
    "cast": "rounding to float32 is coarser than the differences; conversions to integers stop the gradient",
}

every_operation = pytest.mark.parametrize("name", CASES)
some_operations = pytest.mark.parametrize("name", list(CASES)[:: 1 if full() else 2])
some_cases = settings(max_examples=scaled(100, one_in=25))  # others draw from the same cases: vmap, native code


def directions(seed: int, likes: Sequence[Array]) -> list[Array]:
    """Random directions, exact in float32 so that casts do not change them."""
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(x.shape).astype(np.float32).astype(x.dtype) for x in likes]


def inner(a: Sequence[Array], b: Sequence[Array]) -> tuple[float, float]:
    """⟨a, b⟩, and the sum of the sizes of its terms."""
    terms = np.concatenate([np.ravel(x * y.astype(np.float64)) for x, y in zip(a, b, strict=True)])
    return float(terms.sum()), float(np.abs(terms).sum())


def agree(a: tuple[float, float], b: tuple[float, float], tolerance: float, what: str) -> None:
    assert abs(a[0] - b[0]) <= tolerance * max(a[1], b[1], 1e-3), f"{what}: {a[0]} and {b[0]}"


class Derivatives:
    """The graph of a case's first and second derivatives along random directions, to be run at several points.

    With y = f(x): ẏ along ẋ in forward mode, x̄ from ȳ in reverse mode. Both give a scalar for a direction w, ⟨x̄, w⟩ and
    ⟨ȳ, ẏ(w)⟩, whose derivative along v is taken in both modes again.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.placeholders = case.placeholders()
        self.floats = [self.placeholders[k] for k in case.floats]
        self.function = case.of_floats(self.placeholders)
        self.values = [case.inputs[k] for k in case.floats]
        y, pull = vjp(self.function, *self.floats)
        self.like = np.empty(y.shape, y.dtype.numpy)
        self.v, self.w = directions(1, self.values), directions(2, self.values)
        (self.cotangent,) = directions(3, [self.like])
        self.backward = [y, *pull(tensor(self.cotangent))]
        self.forward = jvp(self.function, self.floats, self.w)[1]

    def bindings(self, step: float = 0.0) -> dict[Tensor, Array]:
        moved = dict(
            zip(self.case.floats, (x + step * v for x, v in zip(self.values, self.v, strict=True)), strict=True)
        )
        return {p: moved.get(k, x) for k, (p, x) in enumerate(zip(self.placeholders, self.case.inputs, strict=True))}

    def by_reverse(self, *floats: Tensor) -> Tensor:
        _, pull = vjp(self.function, *floats)
        return total([ops.sum(g * w) for g, w in zip(pull(tensor(self.cotangent)), self.w, strict=True)])

    def by_forward(self, *floats: Tensor) -> Tensor:
        return ops.sum(jvp(self.function, floats, self.w)[1] * tensor(self.cotangent))

    def second(self) -> dict[str, list[Tensor]]:
        """The second derivative along v and w, in the four combinations of modes: terms of a sum."""
        found = {}
        for mode, function in (("reverse", self.by_reverse), ("forward", self.by_forward)):
            y, pull = vjp(function, *self.floats)
            found[f"reverse over {mode}"] = list(pull(tensor(np.ones((), y.dtype.numpy))))
            found[f"forward over {mode}"] = [jvp(function, self.floats, self.v)[1]]
        return found


def total(terms: Sequence[Tensor]) -> Tensor:
    first, *rest = terms
    for term in rest:
        first = first + term
    return first


@every_operation
@given(data=st.data())
@some_cases
def test_derivatives(name, data):
    """⟨ȳ, ẏ⟩ = ⟨x̄, ẋ⟩; both agree with central differences; so do second derivatives, in every combination of modes."""
    case = data.draw(CASES[name])
    if not case.floats:
        return
    d = Derivatives(case)
    if d.like.dtype.kind != "f":
        assert all(not x.any() for x in Program([d.forward, *d.backward[1:]]).run(d.bindings()))
        return
    seconds = d.second()
    run = Program([d.by_reverse(*d.floats), d.forward, *d.backward, *(t for terms in seconds.values() for t in terms)])
    slope, forward, y, *rest = run.run(d.bindings())
    backward = rest[: len(d.floats)]
    from_forward, from_reverse = inner([d.cotangent], [forward]), inner(backward, d.w)
    agree(from_forward, from_reverse, 1e-10, "forward and reverse mode")

    rows = iter(rest[len(d.floats) :])
    curvature = {}
    for mode, terms in seconds.items():
        values = list(itertools.islice(rows, len(terms)))
        curvature[mode] = inner(values, d.v) if mode.startswith("reverse") else inner(values, [np.ones(())])
    scale = max(size for _, size in curvature.values())
    for mode, (value, _) in curvature.items():
        agree((value, scale), curvature["reverse over reverse"], 1e-9, f"{mode} and reverse over reverse")

    if name not in NOT_THE_SLOPE:
        h = 1e-5
        ends = [Program([d.backward[0], d.by_reverse(*d.floats)]).run(d.bindings(s * h)) for s in (1, -1)]
        numeric = (inner([d.cotangent], [ends[0][0]])[0] - inner([d.cotangent], [ends[1][0]])[0]) / (2 * h)
        along = inner(backward, d.v)
        agree((numeric, max(1.0, inner([d.cotangent], [y])[1])), along, 1e-6, "central differences and reverse mode")
        numeric = (float(ends[0][1]) - float(ends[1][1])) / (2 * h)
        agree((numeric, max(1.0, abs(float(slope)), scale)), curvature["reverse over reverse"], 1e-6, "second order")


def close(actual: Array, wanted: Array, met: float = 0.0) -> None:
    """Equal up to rounding: of the largest number, or of what was met on the way, of which little may be left."""
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    single = actual.dtype == np.float32
    scale = max(met, np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)) if wanted.dtype.kind == "f" else 0
    np.testing.assert_allclose(actual, wanted, rtol=1e-5 if single else 1e-11, atol=(1e-6 if single else 1e-12) * scale)


def with_gradients(case: Case, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The result y, and the gradients of ½‖y‖²: what the cotangent y gives to the inputs."""
    y, pull = vjp(case.of_floats(inputs), *(inputs[k] for k in case.floats))
    return [y, *pull(y)] if y.dtype.floating else [y]


@some_operations
@given(data=st.data())
@settings(max_examples=scaled(100, one_in=50))
def test_vmap_is_a_loop(name, data):
    """For every choice of the inputs that are batched, along any axis: the result and its gradients."""
    case = data.draw(CASES[name])
    count = len(case.inputs)
    placeholders = case.placeholders()
    outputs = with_gradients(case, placeholders)
    single = Program(outputs)
    shuffled = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    samples = data.draw(st.sampled_from((2, 1, 3)))
    for chosen in itertools.product((False, True), repeat=count):
        if not any(chosen) or any(chosen[k] for k in case.unbatched):
            continue
        many = [
            [permuted(x, shuffled) for _ in range(samples)] if c else [x] * samples
            for c, x in zip(chosen, case.inputs, strict=True)
        ]
        places = [
            int(shuffled.integers(0, x.ndim + 1)) if c else None for c, x in zip(chosen, case.inputs, strict=True)
        ]
        stacked = [m[0] if p is None else np.stack(m, p) for m, p in zip(many, places, strict=True)]
        batched = vmap(lambda *inputs: with_gradients(case, inputs), places)(*map(tensor, stacked))
        found = Program(batched).run()
        wanted = [single.run(dict(zip(placeholders, inputs, strict=True))) for inputs in zip(*many, strict=True)]
        met = max(largest_met([], outputs, dict(zip(placeholders, x, strict=True))) for x in zip(*many, strict=True))
        for k, actual in enumerate(found):
            close(actual, np.stack([w[k] for w in wanted]), met)


def permuted(x: Array, generator: np.random.Generator) -> Array:
    """Another sample: the same numbers elsewhere, so that they stay in the domain."""
    return generator.permutation(x.ravel()).reshape(x.shape)


@some_operations
@given(data=st.data())
@settings(max_examples=scaled(30, one_in=15))
def test_vmap_of_vmap_is_two_loops(name, data):
    case = data.draw(CASES[name])
    if not case.inputs or case.unbatched:
        return
    shuffled = np.random.default_rng(0)
    rows = [[[permuted(x, shuffled) for _ in range(3)] for _ in range(2)] for x in case.inputs]
    twice = vmap(vmap(lambda *inputs: with_gradients(case, inputs)))
    found = Program(twice(*(tensor(np.array(r)) for r in rows))).run()
    placeholders = case.placeholders()
    single = Program(with_gradients(case, placeholders))
    wanted = [
        [single.run({p: r[i][j] for p, r in zip(placeholders, rows, strict=True)}) for j in range(3)] for i in range(2)
    ]
    for k, actual in enumerate(found):
        close(actual, np.array([[w[k] for w in row] for row in wanted]))


@some_operations
@given(data=st.data())
@settings(max_examples=scaled(50, one_in=25))
def test_a_symbolic_batch_gives_what_its_size_gives(name, data):
    case = data.draw(CASES[name])
    if not case.batch:
        return
    runs = []
    for symbolic in (True, False):
        placeholders = case.placeholders(symbolic=symbolic)
        program = Program(with_gradients(case, placeholders))
        runs.append(program.run(dict(zip(placeholders, case.inputs, strict=True))))
    for actual, wanted in zip(*runs, strict=True):
        close(actual, wanted)


def test_no_operation_escapes():
    """Every operation and every public function has cases, or a reason why not."""
    files = [importlib.import_module(f"chainrule.ops.{file.stem}") for file in Path(ops.__file__).parent.glob("*.py")]
    public = {name for file in files for name in getattr(file, "__all__", ())}
    assert {*ops.vocabulary, *public} - set(CASES) == set(EXCLUDED)
    assert set(NOT_THE_SLOPE) <= set(CASES)
