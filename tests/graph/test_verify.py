"""The type checker: every operation passes, every kind of mistake is found and said."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ChainruleError, GraphError
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import bool_, float32, int32, int64
from chainrule.graph.expression import (
    PLACE_OF_LARGEST,
    SUM,
    Buffer,
    Constant,
    Coordinate,
    Guard,
    Read,
    Reduce,
    Size,
    call,
)
from chainrule.graph.extent import Batch, batch
from chainrule.graph.formula import Argument
from chainrule.graph.loopnest import LoopNest, Output, nest
from chainrule.graph.scalar import ADD, EXP, WHERE
from chainrule.graph.verify import verify
from chainrule.graph.verify_nests import problem
from tests.counts import full, scaled
from tests.graph import examples
from tests.ops.cases import CASES


# ------------------------------------------------------------------------------------------------------------ graphs
def derived(case, symbolic):
    """The graph of a case, with its derivatives in both modes where it has any."""
    inputs = case.placeholders(symbolic=symbolic)
    result = case(*inputs)
    outputs = {f"y{k}": y for k, y in enumerate(result if isinstance(result, tuple) else [result])}
    y = outputs["y0"]
    if case.floats and y.dtype.floating:
        floats = [inputs[k] for k in case.floats]

        def function(*arguments):
            given = dict(zip(case.floats, arguments, strict=True))
            found = case(*(given.get(k, x) for k, x in enumerate(inputs)))
            return found[0] if isinstance(found, tuple) else found

        value, pull = cr.vjp(function, *floats)
        cotangents = pull(cr.input_tensor("cotangent", value.shape, value.dtype))
        outputs |= {f"x{k}": g for k, g in enumerate(cotangents)}
        outputs["tangent"] = cr.jvp(function, floats, floats)[1]
    return cr.Graph(outputs)


@pytest.mark.parametrize("name", list(CASES)[:: 1 if full() else 3])
@given(data=st.data())
@settings(max_examples=scaled(40, one_in=20))
def test_every_operation_and_its_derivatives_pass(name, data):
    case = data.draw(CASES[name])
    for symbolic in {False, bool(case.batch)}:
        verify(derived(case, symbolic))


def test_a_network_passes():
    verify(examples.network())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda x, y: setattr(y, "shape", (4, 2)), r"node 'y' says that it is float32 \(4, 2\), but .* \(2, 4\)"),
        (lambda x, y: setattr(y, "dtype", int32), r"node 'y' says that it is int32"),
        (lambda x, y: setattr(x, "shape", (3, -1)), r"node 'x' says that it is float32 \(3, -1\), but relu gives"),
        (lambda x, y: setattr(x, "inputs", ()), "node 'x': .* cannot be applied to"),
        (lambda x, y: setattr(y, "attributes", {}), "node 'y': reshape cannot be applied to .*KeyError"),
        (lambda x, y: setattr(y, "attributes", {"f": print}), "node 'y': the attribute f=.* is not plain data"),
        (lambda x, y: setattr(y, "value", np.zeros((2, 4))), r"node 'y' is float32 \(2, 4\), but the array .* float64"),
        (lambda x, y: setattr(y, "value", np.zeros((4, 2), "f4")), r"the array that it holds is float32 \(4, 2\)"),
        (lambda x, y: setattr(x, "inputs", (y,)), "the graph has a cycle"),
    ],
)
def test_a_damaged_node_is_named(damage, words):
    x = cr.relu(cr.input_tensor("in", (4, 2)))
    x.name = "x"
    y = cr.reshape(x, (2, 4))
    damage(x, y)
    with pytest.raises(ChainruleError, match=words):
        verify(cr.Graph({"y": y}))


def test_a_source_says_what_it_is():
    x = cr.input_tensor("x", (3,))
    x.shape = (4,)
    with pytest.raises(GraphError, match=r"node 'x' says that it is float32 \(4,\), but source gives float32 \(3,\)"):
        verify(cr.Graph({"y": x}))


def test_bodies_of_composites_are_checked():
    y = cr.softmax(cr.input_tensor("x", (2, 3)))
    verify(cr.Graph({"y": y}))
    inner = y.expansion.inputs[0]
    inner.dtype = bool_
    with pytest.raises(GraphError, match=r"node 'exp \(2, 3\), built at test_verify.py:\d+' says that it is bool"):
        verify(cr.Graph({"y": y}))


# -------------------------------------------------------------------------------------------------------- loop nests
ROWS, COLUMNS, ONE = Axis("i", 4), Axis("j", 3), Axis("one", 1)
Y, X, N = Buffer("y", (4,), float32), Buffer("x", (4, 3), float32), Buffer("n", (4,), int64)
i, j = Affine.of(ROWS), Affine.of(COLUMNS)
GOOD = Reduce(SUM, (COLUMNS,), (Read(X, (i, j)),))


def found(value, axes=(ROWS,), index=None, **more):
    return problem([replace(nest(axes, Y, value, index), **more)], Y, [X, N])


def test_nests_that_are_right_have_no_problems():
    at = Read(N, (i,))
    rights = [
        GOOD,
        Constant(1.5, float32),
        Read(X, (i, Affine((), 2))),
        Read(X, (at, Affine())),  # indirect
        Guard(((i + 1, 4),), Read(X, (i + 1, Affine()))),
        Reduce(PLACE_OF_LARGEST, (COLUMNS,), (Read(X, (i, j)), Coordinate(j)), 0),
        call(ADD, GOOD, GOOD),
    ]
    assert [found(value) for value in rights] == [None] * len(rights)
    ordered = call(ADD, Guard(((i - 1, 4),), Read(Y, (i - 1,))), Read(X, (i, Affine())))
    assert found(ordered, ordered=(ROWS,)) is None
    scatter = LoopNest((ROWS,), (Output(Y, (at,), Read(X, (i, Affine())), accumulate=True),))
    assert problem([nest((ROWS,), Y, Constant(0, float32)), scatter], Y, [X, N]) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Read(X, (i, j)), "index j uses the unbound axis j"),
        (Read(X, (i,)), r"x \(4, 3\) is met with 1 indices"),
        (Read(X, (i, i)), "index i leaves an axis of size 3 of x"),
        (Read(X, (i + 1, Affine())), r"index i\+1 leaves an axis of size 4 of x"),
        (Read(X, (Read(X, (i, Affine())), Affine())), "an index of x is float32, not an integer"),
        (Read(X, (Constant(True, bool_), Affine())), "an index of x is bool, not an integer"),
        (Read(Buffer("x", (4,), float32), (i,)), "x is read, which is not an input"),
        (Read(Y, (i,)), "y is read, which is not an input"),
        (Read(N, (i,)), "a value of type int64 is stored in y, which is float32"),
        (call(ADD, GOOD), "add takes 2 arguments, but has 1"),
        (call(ADD, Constant(1, int32), GOOD), "add is given int32, float32"),
        (call(WHERE, GOOD, GOOD, GOOD), "where is given float32, float32, float32"),
        (call(EXP, Read(X, (i, j))), "the unbound axis j"),
        (Guard(((j, 3),), GOOD), "index j uses the unbound axis j"),
        (Guard(((i, -1),), GOOD), "is not an affine index and an extent"),
        (Guard(((Coordinate(i), 4),), GOOD), "is not an affine index and an extent"),  # type: ignore[arg-type]
        (Reduce(SUM, (COLUMNS, COLUMNS), (Read(X, (i, j)),)), "axis j is bound twice"),
        (Reduce(SUM, (ROWS,), (Read(X, (i, Affine())),)), "axis i is bound twice"),
        (Reduce(SUM, (Axis("k", 1.5),), (GOOD,)), "1.5 is not the size of an axis"),  # type: ignore[arg-type]
        (Reduce(SUM, (ONE,), (GOOD,), 1), "sum .* has no component 1"),
        (Reduce(SUM, (ONE,), (GOOD, GOOD)), "the monoid sum does not combine float32, float32"),
        (Reduce(replace(SUM, combine=lambda a, b: (Size(1),)), (ONE,), (GOOD,)), "does not combine float32 to"),
        (Constant("1", float32), "Constant.* has no value in a nest"),  # type: ignore[arg-type]
        (Size(-2), "Size.* has no value in a nest"),
        (Argument("x"), "Argument.* has no value in a nest"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_a_wrong_value_is_told(value, words):
    assert re.search(words, found(value) or "nothing")


@pytest.mark.parametrize(
    ("nests", "words"),
    [
        ([], "0 elements of y are written, but it has 4"),
        ([nest((Axis("k", 2),), Y, Constant(0, float32))], "2 elements of y"),
        ([nest((ROWS,), Y, GOOD), nest((ROWS,), Y, GOOD)], "8 elements of y"),
        ([nest((Axis("b", batch),), Y, Constant(0, float32))], "batch elements of y .*|index b leaves"),
        ([nest((ROWS, ROWS), Y, GOOD, (i,))], "axis i is bound twice"),
        ([nest((Axis("k", Batch(-1)),), Y, GOOD)], "-1·batch is not the size of an axis"),
        (
            [LoopNest((ROWS,), (Output(Y, (i,), GOOD),), ordered=(COLUMNS,))],
            "the ordered axis j is not an axis of the nest",
        ),
        ([nest((ROWS,), X, GOOD, (i, Affine()))], "x is written, which is not the output"),
        ([nest((ROWS,), Y, GOOD, (i - 1,))], "index i-1 leaves an axis of size 4 of y"),
        ([nest((ROWS,), Y, GOOD, ())], r"y \(4,\) is met with 0 indices"),
    ],
)
def test_a_wrong_nest_is_told(nests, words):
    assert re.search(words, problem(nests, Y, [X, N]) or "nothing")


def test_a_wrong_operation_is_named():
    class Wrong(type(cr.ops.vocabulary["reshape"])):
        def lower(self, y, output, inputs):
            return ()

    y = cr.reshape(cr.input_tensor("x", (4,)), (2, 2))
    y.operation = Wrong()
    with pytest.raises(GraphError, match=r"node 'y': the loop nests of reshape are wrong: 0 elements of y are written"):
        verify(cr.Graph({"y": y}))


def test_shared_parts_are_gone_through_once():
    value = Read(X, (i, Affine()))
    for _ in range(200):
        value = call(ADD, value, value)
    assert found(value) is None
