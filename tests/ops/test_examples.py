"""The examples of elementwise operations, which stand in their declarations, print what they say."""

import doctest
import math

import pytest

from chainrule import ops
from chainrule.ops import vocabulary
from chainrule.ops.kinds.elementwise import Elementwise

_OPERATIONS = {name: value for name, value in vocabulary.items() if isinstance(value, Elementwise)}
_NAMES = {**vars(ops), "math": math}


@pytest.mark.parametrize("name", _OPERATIONS)
def test_example_prints_what_it_says(name):
    operation = _OPERATIONS[name]
    test = doctest.DocTestParser().get_doctest(operation.__doc__, _NAMES, name, None, None)
    assert test.examples, "a public operation has an example"
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test, out=output.append).failed == 0, "".join(output)
