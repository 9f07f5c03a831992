"""Index formulas over shapes: what they infer, what they mean, what they refuse."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.extent import batch
from chainrule.graph.indexing import resolve
from chainrule.ops.kinds.indexed import Indexed

LETTERS = "ijpq"


# --------------------------------------------------------------------------------------------------- against counting
@st.composite
def applications(draw):
    """A formula with letters of known extents, strides, steps back and shifts, and arrays that it stays inside."""
    extents = {letter: draw(st.integers(0, 3)) for letter in LETTERS}

    def access(name, used):
        index, shape = [], []
        for _ in range(draw(st.integers(0, 3))):
            terms = {
                a: draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
                for a in draw(st.sets(st.sampled_from(LETTERS), max_size=2))
            }
            least = sum(min(0, c * (extents[a] - 1)) for a, c in terms.items() if extents[a])
            most = sum(max(0, c * (extents[a] - 1)) for a, c in terms.items() if extents[a])
            shift = draw(st.integers(0, 2)) - least
            text = "".join(f"{'-' if c < 0 else '+'}{abs(c)}*{a}" for a, c in terms.items())
            index.append(f"{text}+{shift}".removeprefix("+"))
            shape.append(most + shift + 1 + draw(st.integers(0, 1)))
            used |= set(terms)
        return f"{name}[{','.join(index)}]", tuple(shape)

    used = set[str]()
    output, shape = access("y", used)
    inside = set[str]()
    factors = [access(name, inside) for name in "xw"[: draw(st.integers(1, 2))]]
    formula = f"{output} += {' * '.join(text for text, _ in factors)}"
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    arrays = [generator.integers(-5, 6, s) for _, s in factors]
    return formula, arrays, {a: extents[a] for a in sorted(used | inside)}, shape


def counted(formula, arrays, extents, shape):
    """The definition: for every point of the letters, one product is added."""
    left, right = formula.split(" += ")
    result = np.zeros(shape, np.int64)

    def place(access, point):
        inside = access[access.index("[") + 1 : -1]
        return tuple(int(eval(entry, {}, point)) for entry in inside.split(",")) if inside else ()

    for values in product(*(range(e) for e in extents.values())):
        point = dict(zip(extents, values, strict=True))
        result[place(left, point)] += np.prod(
            [a[place(f, point)] for f, a in zip(right.split(" * "), arrays, strict=True)], dtype=np.int64
        )
    return result


@given(applications())
@example(("y[q+i] += x[q+i]", [np.array([4])], {"i": 0, "q": 0}, (2,)))  # no points: nothing is read
def test_a_formula_means_the_sum_over_all_points(application):
    formula, arrays, extents, shape = application
    y = Indexed("any", formula)(*arrays, **extents, shape=shape)
    np.testing.assert_array_equal(y.numpy(), counted(formula, arrays, extents, shape), strict=True)
    cr.verify(cr.Graph({"y": y}))


# ---------------------------------------------------------------------------------------------------- what is inferred
@pytest.mark.parametrize(
    ("formula", "shapes", "given_by_name", "shape"),
    [
        ("y[n,o] += x[n,i] * w[i,o]", [(2, 3), (3, 4)], {}, (2, 4)),
        ("y[n,o] += x[n,i] * w[i,o]", [(batch, 3), (3, 4)], {}, (batch, 4)),
        ("y[i,i] += x[i]", [(3,)], {}, (3, 3)),
        ("y[] += x[i]", [(3,)], {}, ()),
        ("y[i] += x[2*i+p] * w[p]", [(8,), (3,)], {}, (3,)),  # (8 - 3) / 2 + 1, rounded down
        ("y[i] += x[i*s+p*d] * w[p]", [(9,), (3,)], {"s": 2, "d": 3}, (2,)),
        ("y[i] += x[i+p]", [(5,)], {"p": 2}, (4,)),
        ("y[2*i+1] += x[i]", [(3,)], {}, (6,)),
        ("y[3-i] += x[i]", [(4,)], {}, (4,)),
        ("y[a,i] += x[i]", [(3,)], {"a": batch}, (batch, 3)),
        ("y[a,0] += x[a,b]", [(0, 3)], {}, (0, 1)),
        ("y[i] += x[i]", [(5,)], {"i": 3}, (3,)),  # a part
    ],
)
def test_the_shape_follows(formula, shapes, given_by_name, shape):
    assert resolve("any", formula, tuple(shapes), given_by_name).shape == shape


@pytest.mark.parametrize(
    ("formula", "shapes", "given_by_name", "words"),
    [
        ("y[n] += x[n,i]", [(2, 3, 4)], {}, r"x needs 2 axes, but got shape \(2, 3, 4\). The formula is y"),
        ("y[n] += x[n,i] * w[i]", [(2, 3), (4,)], {}, r"axis 'i' is 4 in w \(4,\) but 3 in x \(2, 3\)"),
        ("y[n] += x[n] * w[n]", [(batch,), (4,)], {}, r"axis 'n' is 4 in w \(4,\) but batch in x \(batch,\)"),
        ("y[i] += x[i*s]", [(3,)], {}, "'s' in .* is determined by no input; give it by name"),
        ("y[a,i] += x[i]", [(3,)], {}, "'a' in .* is determined by no input"),
        (
            "y[i] += x[i+p] * w[p]",
            [(2,), (3,)],
            {},
            r"a window of 3 does not fit an axis of size 2: \(2 - 3\)/1 \+ 1 < 1",
        ),
        ("y[i] += x[i+1]", [(3,)], {"i": 3}, r"index i\+1 of x leaves an axis of size 3"),
        ("y[i-1] += x[i]", [(3,)], {}, "index i-1 of y leaves an axis"),
        ("y[n+1] += x[n]", [(batch,)], {}, r"index n\+1 would give an axis of the batch's size and something"),
        ("y[i] += x[i]", [(3,)], {"shape": (2,)}, "index i of y leaves an axis of size 2"),
        ("y[i] += x[i]", [(3,)], {"i": -1}, "'i' in .* cannot be -1; give an integer that is not negative"),
        ("y[i] += x[i]", [(3,)], {"i": 1.5}, "'i' in .* cannot be 1.5"),
    ],
)
def test_what_does_not_fit_is_refused(formula, shapes, given_by_name, words):
    with pytest.raises(ShapeError, match=f"^any: {words}"):
        resolve("any", formula, tuple(shapes), given_by_name)


def test_bools_have_no_sum():
    with pytest.raises(DTypeError, match="any: a sum or product of bools has no type"):
        Indexed("any", "y[] += x[i]")([True, False])
