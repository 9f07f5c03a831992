"""Which type results where types meet."""

import operator
from itertools import product

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError
from chainrule.graph.dtype import DTYPES, promote, promote_number

# The whole table: row with column; an integer with a float gives that float, where NumPy may give a wider one.
NAMES = ["bool", "uint8", "int32", "int64", "float32", "float64"]
TABLE = {
    "bool":    ["bool",    "uint8",   "int32",   "int64",   "float32", "float64"],
    "uint8":   ["uint8",   "uint8",   "int32",   "int64",   "float32", "float64"],
    "int32":   ["int32",   "int32",   "int32",   "int64",   "float32", "float64"],
    "int64":   ["int64",   "int64",   "int64",   "int64",   "float32", "float64"],
    "float32": ["float32", "float32", "float32", "float32", "float32", "float64"],
    "float64": ["float64", "float64", "float64", "float64", "float64", "float64"],
}  # fmt: skip


def of(name):
    return cr.tensor(np.array([1, 1], name))


def test_the_names_are_all_types():
    assert [d.name for d in DTYPES] == NAMES
    assert [str(d.numpy) for d in DTYPES] == NAMES


@pytest.mark.parametrize(("first", "second"), list(product(NAMES, NAMES)))
def test_promotion(first, second):
    expected = TABLE[first][NAMES.index(second)]
    assert promote(of(first).dtype, of(second).dtype).name == expected
    counted = "int32" if expected == "bool" else expected
    for combined in (operator.add, operator.mul, operator.sub):
        result = combined(of(first), of(second))
        assert str(result.dtype) == counted
        assert result.numpy().dtype == counted
    assert str((of(first) < of(second)).dtype) == "bool"
    assert str((of(first) / of(second)).dtype) == (expected if expected.startswith("float") else "float32")
    if "float" not in expected or first == second:  # beyond floats this is NumPy's table
        assert np.promote_types(first, second) == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("number", "results"),
    [
        (True, ["int32", "uint8", "int32", "int64", "float32", "float64"]),
        (2, ["int32", "uint8", "int32", "int64", "float32", "float64"]),
        (0.5, ["float32", "float32", "float32", "float32", "float32", "float64"]),
    ],
)
def test_a_python_number_follows_the_tensor_unless_its_kind_does_not_fit(name, number, results):
    expected = results[NAMES.index(name)]
    for result in (of(name) + number, number + of(name)):
        assert str(result.dtype) == expected
        np.testing.assert_array_equal(result.numpy(), np.array([1 + number] * 2, expected), strict=True)
    if not isinstance(number, bool):
        assert promote_number(number, of(name).dtype).name == expected


def test_numbers_are_as_exact_as_the_tensor_beside_them():
    assert (cr.tensor(np.float64([0])) + 0.1).item() == 0.1
    assert (cr.tensor([0.0]) + 0.1).item() == float(np.float32(0.1))
    assert (cr.tensor([0]) + 2**62).item() == 2**62


@pytest.mark.parametrize(
    ("name", "number", "range"),
    [("uint8", 256, "0 to 255"), ("uint8", -1, "0 to 255"), ("int32", 2**31, "-2147483648")],
)
def test_a_number_that_does_not_fit_is_refused(name, number, range):
    with pytest.raises(DTypeError, match=f"the number {number} does not fit {name}, which holds {range}"):
        of(name) * number
