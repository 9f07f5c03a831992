"""Formulas read from text: scalar ones against Python's own reading, index formulas written out and read back."""

import keyword
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import GraphError
from chainrule.graph.dtype import float64
from chainrule.graph.expression import Constant, Expression, parts
from chainrule.graph.formula import Access, IndexFormula, Term, argument_names, bind, evaluate, parse_index_formula
from chainrule.graph.formula import parse_scalar as parse
from chainrule.graph.scalar import FUNCTIONS

# --------------------------------------------------------------------------------------------------- scalar formulas
ARGUMENTS = {"x": np.array([0.3, -1.2]), "y": np.array([2.5, 0.7]), "slope": np.array([0.1, 0.2])}
SMOOTH = ["exp", "tanh", "sin", "cos", "absolute", "negative", "floor", "sign", "expm1", "maximum", "minimum", "where"]


def texts() -> st.SearchStrategy[str]:
    numbers = st.one_of(st.integers(0, 9), st.sampled_from([0.0, 0.5, 0.001, 2.25])).map(repr)

    def larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def called(name: str) -> st.SearchStrategy[str]:
            return st.tuples(*[part] * FUNCTIONS[name].arity).map(lambda parts: f"{name}({', '.join(parts)})")

        binary = st.tuples(part, st.sampled_from(["+", "-", "*", "/", " - ", " * "]), part)
        compared = st.tuples(part, st.sampled_from(["<", ">", "<=", ">=", "==", "!="]), part).map(" ".join)
        chosen = st.tuples(compared, part, part).map(lambda parts: f"where({', '.join(parts)})")
        return st.one_of(
            binary.map("".join), part.map("({})".format), part.map("-{}".format), chosen,
            st.sampled_from(SMOOTH).flatmap(called),
        )  # fmt: skip

    return st.recursive(st.one_of(numbers, st.sampled_from(list(ARGUMENTS))), larger, max_leaves=8)


@given(texts())
def test_a_scalar_formula_means_what_python_reads(text):
    functions = {name: function.numpy for name, function in FUNCTIONS.items()}
    numbers = re.sub(r"(?<![\w.])(\d+(\.\d+)?)", r"number(\1)", text)  # where Python's own divide by zero, they raise
    with np.errstate(all="ignore"):
        expected = eval(numbers, {"__builtins__": {}}, functions | ARGUMENTS | {"number": np.float64})
        found = evaluate(parse(text), ARGUMENTS, float64)
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-12)


def test_arguments_come_in_their_order():
    assert argument_names(parse("where(c > 0, slope * x, c)")) == ("c", "slope", "x")
    assert argument_names(parse("1 + 2")) == ()
    assert argument_names(parse("x ** y")) == ("x", "y")


def test_numbers_take_the_type_of_the_arguments():
    bound = bind(parse("x * 2 - -1"), {"x": Constant(3.0, float64)}, float64)
    assert {e.dtype for e in parts(bound)} == {float64}
    assert sorted(e.value for e in parts(bound) if isinstance(e, Constant)) == [-1, 2, 3]


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("x +", r"the formula 'x \+' cannot be read at 'x \+'"),
        ("", "cannot be read"),
        ("x if y else 1", "cannot be read at 'x if y else 1'"),
        ("x.real", r"cannot be read at 'x\.real'"),
        ("x[0]", "cannot be read at"),
        ("a < b < c", "cannot be read at 'a < b < c'"),
        ("'text' * 2", "cannot be read at"),
        ("1j * x", "cannot be read at '1j'"),
        ("x // y", "cannot be read at 'x // y'"),
        ("lambda: x", "cannot be read at"),
        ("exp(x, k=1)", "cannot be read at"),
        ("(x)(y)", "cannot be read at|not a scalar function"),
        ("flooor(x)", "calls 'flooor', which is not a scalar function. Did you mean 'floor'?"),
        ("__import__(x)", "calls '__import__', which is not a scalar function"),
        ("exp(x, y)", "gives exp 2 arguments, but it takes 1"),
        ("maximum(x)", "gives maximum 1 arguments, but it takes 2"),
    ],
)
def test_what_is_no_scalar_formula_is_refused(formula, words):
    with pytest.raises(GraphError, match=words):
        parse(formula)


# ---------------------------------------------------------------------------------------------------- index formulas
names = st.text("abcijnpqxy", min_size=1, max_size=2).filter(lambda name: not keyword.iskeyword(name))
factors = st.one_of(st.just(1), st.integers(2, 12), st.sampled_from(["s0", "sh", "dilation"]))
terms = st.builds(Term, st.one_of(names, names, names), factors, st.sampled_from([1, -1])) | st.builds(
    Term, st.none(), st.integers(0, 30), st.sampled_from([1, -1])
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, tuple[tuple[Term, ...], ...]]:
    """An access as somebody might write it, and what it says."""

    def term_text(term: Term, first: bool) -> str:
        factor = term.factor
        if term.letter is None:
            body = str(factor)
        elif factor == 1:
            body = term.letter
        else:
            flip = isinstance(factor, int) and draw(st.booleans())
            body = f"{factor}*{term.letter}" if flip else f"{term.letter}*{factor}"
        sign = "-" if term.sign < 0 else "" if first and draw(st.booleans()) else "+"
        space = draw(st.sampled_from(["", " "]))
        return f"{space}{sign}{space}{body}"

    index = draw(st.lists(st.lists(terms, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple))
    text = ",".join("".join(term_text(t, k == 0) for k, t in enumerate(entry)) for entry in index)
    return text, index


@given(st.lists(st.tuples(names, written()), min_size=2, max_size=4))
def test_an_index_formula_says_what_was_written(accesses):
    sides = [f"{name}[{text}]" for name, (text, _) in accesses]
    read = parse_index_formula(f"{sides[0]} += {' * '.join(sides[1:])}")
    assert [(a.name, a.index) for a in (read.output, *read.factors)] == [(name, index) for name, (_, index) in accesses]
    again = parse_index_formula(f"{read.output.text} += {'*'.join(f.text for f in read.factors)}")
    assert again == read


def test_an_index_formula_by_hand():
    i = (Term("i"),)
    window = (Term("i", "s"), Term("p", 2, -1), Term(None, 3))
    assert parse_index_formula("y[i] += x[i*s - p*2 + 3] * w[]") == IndexFormula(
        Access("y", (i,), "y[i]"), (Access("x", (window,), "x[i*s-p*2+3]"), Access("w", (), "w[]"))
    )


@pytest.mark.parametrize(
    "formula",
    [
        "", "y[i]", "y[i] = x[i]", "y[i] += x", "y[i] += x[i] + z[i]", "y[i] += 2 * x[i]", "y[i] += x[i] x[i]",
        "y[i] += x[i] * ", "y[i] += x[i**2]", "y[i] += x[i*]", "y[i] += x[i/2]", "y[i] += x[i+]", "y[i] += x[i++j]",
        "y[i,] += x[i]", "y[i] += x[,]", "y[i] += x[2*3]", "y[i] += x[2i]", "y[i] += x[i(j)]", "y[i] += x[[i]]",
        "y[i] += x[i*j*k]", "y[] += x[i] * exp(x[i])", "y[i] += x[1.5*i]",
    ],
)  # fmt: skip
def test_what_is_no_index_formula_is_refused(formula):
    with pytest.raises(GraphError, match=r"the formula '.*' cannot be read at"):
        parse_index_formula(formula)


def test_no_expression_of_a_formula_has_a_type_of_its_own():
    with pytest.raises(NotImplementedError):
        _ = Expression().dtype
