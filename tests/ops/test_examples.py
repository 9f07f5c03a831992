"""The examples of elementwise operations, which stand in their declarations, print what they say."""

import doctest

import pytest

from chainrule.ops import elementwise
from chainrule.ops.kinds.elementwise import Elementwise

_OPERATIONS = {name: value for name, value in vars(elementwise).items() if isinstance(value, Elementwise)}


@pytest.mark.parametrize("name", _OPERATIONS)
def test_example_prints_what_it_says(name):
    operation = _OPERATIONS[name]
    test = doctest.DocTestParser().get_doctest(operation.__doc__, vars(elementwise), name, None, None)
    assert test.examples, "a public operation has an example"
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test, out=output.append).failed == 0, "".join(output)
