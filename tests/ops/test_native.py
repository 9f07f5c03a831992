"""Every operation's loop nests, compiled as plain C, against its reference evaluation."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from chainrule import ops
from chainrule.autodiff import jvp, vmap
from chainrule.compiler import run_all
from chainrule.compiler.toolchain import FLAGS
from chainrule.errors import DTypeError
from chainrule.execute import Program
from chainrule.graph.extent import concrete_shape
from chainrule.graph.operation import Array, Primitive
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor, tensor
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.kinds.indexed import Indexed
from tests.counts import full, scaled
from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.ops.test_properties import with_gradients

_OTHER_TYPES = ("float32", "int64", "int32", "uint8", "bool")
_COUNT = scaled(50)  # cases of each operation
_SUMS = ("cumulative_sum", "put", "scatter_add")


def drawn(name: str, count: int) -> list[Case]:
    """Cases of an operation, collected to be compiled together."""
    found: list[Case] = []

    @given(CASES[name])
    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def graphs(case: Case) -> Iterator[tuple[list[Tensor], dict[Tensor, Array]]]:
    """The case in every type, with its derivatives in both modes, for one sample, many, and a symbolic batch."""
    for symbolic in (False, True) if case.batch else (False,):
        yield bound(case, case.placeholders(symbolic=symbolic))
    if case.floats:
        inputs = case.placeholders()
        floats = [inputs[k] for k in case.floats]
        yield [jvp(case.of_floats(inputs), floats, floats)[1]], dict(zip(inputs, case.inputs, strict=True))
    if case.inputs and not case.unbatched:
        many = [tensor(np.stack([x, x])) for x in case.inputs]
        yield vmap(lambda *x: with_gradients(case, x))(*many), {}
    for dtype in _OTHER_TYPES if case.floats else ():
        other = case.converted(dtype)
        try:
            yield bound(other, other.placeholders())
        except DTypeError:
            assert dtype != "float32"


def bound(case: Case, inputs: list[Tensor]) -> tuple[list[Tensor], dict[Tensor, Array]]:
    return with_gradients(case, inputs), dict(zip(inputs, case.inputs, strict=True))


def signature(y: Tensor) -> Any:
    """Nodes with equal signatures have nests that are equal, up to sizes if elementwise."""
    shapes = [x.shape for x in (*y.inputs, y)]
    if isinstance(y.operation, Elementwise):
        shapes = [tuple(min(e, 2) if isinstance(e, int) else e for e in s) for s in shapes]
    dtypes = tuple(x.dtype for x in (*y.inputs, y))
    formula = getattr(y.operation, "formula", "")
    attributes = tuple((key, str(value)) for key, value in y.attributes.items())
    return type(y.operation), y.operation.name, formula, tuple(shapes), dtypes, attributes


def tolerance(y: Tensor, inputs: list[Array], wanted: Array, batch: int | None) -> Any:
    """What rounding may do: nothing to what is only moved, some units in the last place to functions and sums."""
    if wanted.dtype.kind != "f":
        return 0
    eps = np.finfo(wanted.dtype).eps
    if isinstance(y.operation, Indexed) or y.operation.name in _SUMS:
        assert isinstance(y.operation, Primitive)
        return 16 * eps * y.operation.evaluate(y, [np.abs(x) for x in inputs], batch)
    return 16 * eps * np.abs(wanted) if isinstance(y.operation, Elementwise) else 0


@cache
def nodes(names: tuple[str, ...], count: int) -> list[tuple[Tensor, list[Array], int | None, Array]]:
    """Every node, of nests not yet seen: it, the values of its inputs, the size of the batch, and its own value."""
    found, seen = [], set()
    for name in names:
        for case in drawn(name, count):
            batch = case.samples if case.batch else None
            for outputs, bindings in graphs(case):
                values = Program(outputs).trace(bindings, batch=batch)
                for node, value in values.items():
                    declared = concrete_shape(node.shape, batch), node.dtype.numpy
                    assert isinstance(value, np.ndarray), node.describe()
                    assert (value.shape, value.dtype) == declared, node.describe()
                    if isinstance(node.operation, Primitive) and node.operation not in (SOURCE, NUMBER):
                        key = signature(node)
                        if key not in seen:
                            seen.add(key)
                            found.append((node, [values[x] for x in node.inputs], batch, value))
    return found


_PARTS = 8 if full() else 1  # translation units


_EXTREMES: dict[str, list[float]] = {
    "float64": [0.0, -0.0, 0.5, -1.5, 1e4, -1e4, 1e300, 5e-324, np.inf, -np.inf, np.nan],
    "float32": [0.0, -0.0, 0.5, -1.5, 1e4, -1e4, 1e38, 1e-45, np.inf, -np.inf, np.nan],
    "int64": [0, 1, -1, 2**63 - 1, -(2**63), 2**40],
    "int32": [0, 1, -1, 2**31 - 1, -(2**31)],
    "uint8": [0, 1, 127, 128, 255],
    "bool": [False, True],
}


def extremes() -> Iterator[tuple[Tensor, list[Array], int | None, Array]]:
    """Elementwise operations of the ends of every type, each with each."""
    for operation in ops.vocabulary.values():
        if not isinstance(operation, Elementwise):
            continue
        count = len(operation.arguments)
        for dtype, values in _EXTREMES.items():
            if operation is ops.shift_right:
                if dtype.startswith("float"):
                    continue
                values = [v % 2**3 for v in values]  # a shift by more bits than there are has no meaning
            operands = [
                np.array(values, dtype).reshape([-1 if k == j else 1 for j in range(count)]) for k in range(count)
            ]
            y = operation(*map(tensor, operands))
            for node, value in Program([y]).trace().items():
                if isinstance(node.operation, Primitive) and node.operation not in (SOURCE, NUMBER):
                    yield node, [x.numpy() for x in node.inputs], None, value


@pytest.mark.parametrize("part", [*range(_PARTS), "extremes"])
def test_naive_c_computes_what_the_reference_computes(part):
    found = list(extremes()) if part == "extremes" else nodes(tuple(CASES)[part::_PARTS], _COUNT)
    # Without optimisation C compiles four times as fast; the full run tests what the compiler makes of it too.
    flags = FLAGS if full() else tuple(flag for flag in FLAGS if flag != "-O2")
    results = run_all([(y, inputs, batch) for y, inputs, batch, _ in found], flags)
    wrong = []
    for (y, inputs, batch, wanted), actual in zip(found, results, strict=True):
        with np.errstate(all="ignore"):
            same = (actual == wanted) | ((actual != actual) & (wanted != wanted))
            same |= np.abs(np.subtract(actual, wanted, dtype=np.float64)) <= tolerance(y, inputs, wanted, batch)
        if not same.all():
            wrong.append(f"{y.describe()} {dict(y.attributes)}: {actual} for {wanted}, from {inputs}")
    assert not wrong, "\n".join(wrong[:20])


def test_every_kind_of_operation_is_among_the_cases():
    """No class of operation, and no index formula of the vocabulary, escapes."""
    met = [node.operation for k in range(_PARTS) for node, *_ in nodes(tuple(CASES)[k::_PARTS], _COUNT)]
    kinds = {type(operation) for operation in met}
    assert (
        not {kind for kind in concrete(Primitive) if not inspect.isabstract(kind)}
        - kinds
        - {type(SOURCE), type(NUMBER)}
    )
    assert not formula_names() - {operation.name for operation in met}


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
