"""Every operation and its derivatives as native code, against its reference evaluation."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import jvp, vmap
from chainrule.errors import DTypeError
from chainrule.execute import Program
from chainrule.execute.direct import direct
from chainrule.execute.native import NativeProgram
from chainrule.graph.expansion import expanded_order
from chainrule.graph.extent import Batch
from chainrule.graph.operation import Array, Operation, Primitive
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor, tensor
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import lift_bits, lift_integers
from chainrule.ops.kinds.elementwise import Elementwise
from tests.counts import full, scaled
from tests.execute.agreement import difference, largest_met, quick_target
from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.ops.test_properties import with_gradients

_INTEGERS = ("int64", "uint8", "int32", "bool")
_COUNT = scaled(20)  # cases that are drawn of each operation
_PACK = 40  # graphs in one program: more cost the compiler's passes, fewer the reading of its prelude
_PARTS = 6  # of the vocabulary, each a test

# Index formulas that an operation needs for some of its cases only: one of those is compiled at any rate.
_SOMETIMES = {
    "brackets": "merge",
    "diag": "diag",
    "repeat": "repeat",
    "resize": "interpolate",
    "squeeze": "squeeze",
    "tile": "tile",
}


@dataclass(frozen=True, eq=False)
class Graph:
    """Tensors to be computed from numbers: derivatives of `value`, and itself where it is among them."""

    value: Tensor
    outputs: list[Tensor]
    bindings: dict[Tensor, Array]

    def computed(self, batch: int | None) -> list[Array]:
        """What the reference makes of them."""
        return Program(self.outputs).run(self.bindings, batch=batch)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A graph of an operation's case, and how it is made: of the same numbers in float64, or of others near by."""

    name: str
    case: Case
    graph_of: Callable[[Case], Graph]

    @cached_property
    def graph(self) -> Graph:
        return self.graph_of(self.case)

    def exact(self, batch: int | None) -> list[Array] | None:
        """The results in float64 of the float32 numbers, where they are."""
        if not any(x.dtype == np.float32 for x in self.case.inputs):
            return None
        return self.graph_of(self.case.converted("float64")).computed(batch)

    def rounding(self, batch: int | None) -> list[float]:
        """For each result the reference's largest error in float32 at some points near by, in units of its rounding.

        Where large numbers cancel, or many are added up, it is their rounding that is left. At one point the reference
        may be lucky; and in float64 there is nothing finer to see its error by, which is as many units.
        """
        largest = [0.0] * len(self.graph.outputs)
        for attempt in range(8):
            near = self.case.near(attempt).converted("float32")
            single = self.graph_of(near).computed(batch)
            double = self.graph_of(near.converted("float64")).computed(batch)
            for k, (x, true) in enumerate(zip(single, double, strict=True)):
                if x.dtype == np.float32:
                    error = np.abs(x - true)
                    largest[k] = max(largest[k], error.max(initial=0.0, where=np.isfinite(error)))
        return [float(error / np.finfo(np.float32).eps) for error in largest]


def drawn(cases: st.SearchStrategy[Case], count: int) -> list[Case]:
    """Different cases of an operation, the last ones drawn: a search begins with what is empty or 1.

    The seed is a number, not Hypothesis' own, which is made from the text of `collect`: an edit would draw others.
    """
    found: dict[object, Case] = {}

    @seed(0)
    @given(cases)
    @settings(max_examples=4 * count, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: Case) -> None:
        shapes = tuple((x.shape, x.dtype) for x in case.inputs)
        found[case.function, shapes, str(case.attributes)] = case

    collect()
    return list(found.values())[-count:]


def needs(case: Case, formula: str | None) -> bool:
    """Whether a case has numbers, not only zeros of floats, and needs an index formula for some, if that is given."""
    y = case(*map(tensor, case.inputs))
    numbers = y.numpy()
    if numbers.size == 0 or (case.floats and y.dtype.floating and not numbers.any()):
        return False
    return formula is None or any(node.operation.name == formula for node in expanded_order([y]))


def goes_its_own_way(name: str) -> bool:
    """Whether an operation has kernels of its own, or is a function that chooses among several.

    A scalar formula goes the way of all scalar formulas, and what consists of other operations the way of those.
    """
    return not isinstance(ops.vocabulary.get(name), Elementwise | Composite)


def compared(name: str) -> list[Case]:
    """The cases to be compiled: in the everyday run all that are drawn of what goes its own way, else one.

    Where all of these are empty or zero, or none needs the formula that some would, the last makes room for another.
    """
    cases = drawn(CASES[name], _COUNT)
    chosen = cases if full() or goes_its_own_way(name) else cases[-1:]
    fits = partial(needs, formula=_SOMETIMES.get(name))
    return chosen if any(map(fits, chosen)) else [*chosen[:-1], *drawn(CASES[name].filter(fits), 1)]


def types(name: str, k: int) -> tuple[str, ...]:
    """The types of the k-th case of an operation, beside float64.

    What has kernels of its own is tried in all of them, two in one case and two in the next. What consists of other
    operations meets its integers in a cast, or in those; one operation in three takes one type, and they take turns.
    So do scalar formulas, whose `extremes` are of every type.
    """
    if full():
        return ("float32", *_INTEGERS)
    if isinstance(ops.vocabulary.get(name), Primitive) and goes_its_own_way(name):
        return ("float32", *_INTEGERS[k % 2 :: 2])
    turn, skipped = divmod(list(CASES).index(name) + k, 3)
    return ("float32",) if skipped else ("float32", _INTEGERS[turn % len(_INTEGERS)])


def compiled(name: str, case: Case, dtypes: tuple[str, ...]) -> Iterator[Compiled]:
    """The case in every type, with its derivatives in both modes, for one sample, many, and a symbolic batch."""
    yield Compiled(name, case, backward)
    if case.batch:
        yield Compiled(name, case, partial(backward, symbolic=True))
    if case.floats:
        yield Compiled(name, case, forward)
    if case.inputs and not case.unbatched:
        yield Compiled(name, case, twice)
    for dtype in dtypes if case.floats else ():
        other = Compiled(name, case.converted(dtype), backward)
        try:
            other.graph  # noqa: B018
        except DTypeError:
            assert dtype != "float32"
        else:
            yield other


def backward(case: Case, *, symbolic: bool = False) -> Graph:
    """The case and its gradients."""
    inputs = case.placeholders(symbolic=symbolic)
    outputs = with_gradients(case, inputs)
    return Graph(outputs[0], outputs, dict(zip(inputs, case.inputs, strict=True)))


def forward(case: Case) -> Graph:
    """Its derivative along its floats."""
    inputs = case.placeholders()
    floats = [inputs[k] for k in case.floats]
    y, tangent = jvp(case.of_floats(inputs), floats, floats)
    return Graph(y, [tangent], dict(zip(inputs, case.inputs, strict=True)))


def twice(case: Case) -> Graph:
    """The case and its gradients for two samples."""
    outputs = vmap(lambda *x: with_gradients(case, x))(*(tensor(np.stack([x, x])) for x in case.inputs))
    return Graph(outputs[0], outputs, {})


def batch_of(graph: Graph) -> int | None:
    """The size of the symbolic batch, where there is one."""
    for x, value in graph.bindings.items():
        for extent, size in zip(x.shape, value.shape, strict=True):
            if isinstance(extent, Batch):
                return int(size)
    return None


def packs(found: list[Compiled]) -> Iterator[tuple[int | None, list[Compiled]]]:
    """Graphs that may share a program: those of one size of batch and of one width of lanes."""

    def kind(graph: Compiled) -> tuple[int, bool]:
        return batch_of(graph.graph) or 0, any(y.dtype.name == "float64" for y in graph.graph.outputs)

    for (batch, _), same in itertools.groupby(sorted(found, key=kind), kind):
        while some := list(itertools.islice(same, _PACK)):
            yield batch or None, some


def wrong(some: list[Compiled], batch: int | None) -> Iterator[str]:
    """What one native program of all these graphs gets wrong."""
    graphs = [one.graph for one in some]
    outputs = [y for graph in graphs for y in graph.outputs]
    bindings = {x: value for graph in graphs for x, value in graph.bindings.items()}
    wanted = iter(Program(outputs).run(bindings, batch=batch))
    program = NativeProgram(outputs, target=None if full() else quick_target())
    results = program.run(bindings, batch=batch)
    call = direct(program, list(bindings))
    if call is not None and (short_cut := call(*bindings.values())) is not None:
        for y, result, other in zip(outputs, results, short_cut, strict=True):
            if result.dtype != other.dtype or not np.array_equal(result, other, equal_nan=True):
                yield f"{y.describe()}: directly {other}, else {result}"
    actual = iter(results)
    for one, graph in zip(some, graphs, strict=True):
        exact = one.exact(batch)
        for k, y in enumerate(graph.outputs):
            result, reference, true = next(actual), next(wanted), exact[k] if exact else None
            message = difference(result, reference, true)
            if message:
                values = [] if y is graph.value else [graph.value]
                largest = largest_met(values, [y], graph.bindings, batch)
                message = difference(result, reference, true, cancelling=largest)
            if message and y.dtype.floating:
                spread = one.rounding(batch)[k] * _epsilon(reference.dtype)
                message = difference(result, reference, true, spread)
            if message:
                yield f"{one.name}: {y.describe()} {message}\n  from {graph.bindings}"


@cache
def part(k: int) -> list[Compiled]:
    """The graphs of a part of the vocabulary."""
    return [
        graph
        for name in list(CASES)[k::_PARTS]
        for place, case in enumerate(compared(name))
        for graph in compiled(name, case, types(name, place))
    ]


@pytest.mark.parametrize("k", range(0, _PARTS, 1 if full() else 2))  # every day half of the vocabulary
def test_native_code_computes_what_the_reference_computes(k):
    found = [message for batch, some in packs(part(k)) for message in wrong(some, batch)]
    assert not found, "\n".join(found[:20])


_EXTREMES: dict[str, list[float]] = {
    "float64": [0.0, -0.0, 0.5, -1.5, 1e4, -1e4, 1e300, 2.3e-308, np.inf, -np.inf, np.nan],
    "float32": [0.0, -0.0, 0.5, -1.5, 1e4, -1e4, 1e38, 1.2e-38, np.inf, -np.inf, np.nan],
    "int64": [0, 1, -1, 2**63 - 1, -(2**63), 2**40],
    "int32": [0, 1, -1, 2**31 - 1, -(2**31)],
    "uint8": [0, 1, 127, 128, 255],
    "bool": [False, True],
}


def extremes() -> Iterator[tuple[str, Tensor]]:
    """Elementwise operations of the ends of every type, each with each."""
    for operation in ops.vocabulary.values():
        if not isinstance(operation, Elementwise):
            continue
        count = len(operation.arguments)
        for dtype, values in _EXTREMES.items():
            if operation.lift in (lift_bits, lift_integers) and dtype.startswith("float"):
                continue
            if operation is ops.shift_right:
                values = [v % 2**3 for v in values]  # a shift by more bits than there are has no meaning
            operands = [
                np.array(values, dtype).reshape([-1 if k == j else 1 for j in range(count)]) for k in range(count)
            ]
            yield operation.name, operation(*map(tensor, operands))


def test_the_ends_of_every_type():
    """Every elementwise operation: NaN and infinities where the reference has them, integers that wrap around."""
    outputs = list(extremes())
    actual = NativeProgram([y for _, y in outputs], target=quick_target()).run()
    wanted = Program([y for _, y in outputs]).run()
    found = []
    for (name, y), a, w in zip(outputs, actual, wanted, strict=True):
        same = a.dtype == w.dtype and a.shape == w.shape
        with np.errstate(all="ignore"):
            close = np.abs(np.subtract(a, w, dtype=np.float64)) <= 16 * _epsilon(w.dtype) * np.abs(w) + _smallest(
                w.dtype
            )
        if not (same and ((a == w) | ((a != a) & (w != w)) | close).all()):
            found.append(f"{name}: {a} for {w}, from {[x.numpy() for x in y.inputs]}")
    assert not found, "\n".join(found[:20])


def _epsilon(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _smallest(dtype: np.dtype) -> float:
    """What a denormal result may be off by: native code takes it for zero."""
    return float(np.finfo(dtype).tiny) if dtype.kind == "f" else 0.0


def met() -> set[Operation]:
    """The operations of all the nodes of all the graphs."""
    found = {y.operation for k in range(_PARTS) for one in part(k) for y in expanded_order(one.graph.outputs)}
    return found - {SOURCE, NUMBER}


def test_every_kind_of_operation_is_among_the_cases():
    """No class of operation, and no index formula of the vocabulary, escapes."""
    kinds = {kind for kind in concrete(Primitive) if not inspect.isabstract(kind)} - {type(SOURCE), type(NUMBER)}
    assert not kinds - {type(operation) for operation in met()}
    assert not formula_names() - {operation.name for operation in met()}


def concrete(kind: type[Primitive]) -> Iterator[type[Primitive]]:
    """The classes of the package below one."""
    for other in kind.__subclasses__():
        if other.__module__.startswith("chainrule."):
            yield other
        yield from concrete(other)


def formula_names() -> set[str]:
    """The names that the vocabulary gives to index formulas."""
    calls = [
        node
        for file in Path(ops.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    ]
    return {
        name
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Indexed"
        for name in [getattr(call.args[0], "value", None)]
        if isinstance(name, str)
    }
