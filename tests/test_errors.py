"""The family of exceptions: one root, and the builtin that people expect."""

import inspect

import pytest

from chainrule import errors
from chainrule.errors import ChainruleError

FAMILY = [value for value in vars(errors).values() if inspect.isclass(value) and value is not ChainruleError]
BUILTIN = {
    "ShapeError": ValueError,
    "NoAxesError": TypeError,
    "DTypeError": TypeError,
    "GraphError": ValueError,
    "GradientError": ValueError,
    "DataError": ValueError,
    "FileFormatError": ValueError,
    "UsageError": ValueError,
    "CompilerError": RuntimeError,
    "DivergedError": ArithmeticError,
    "DownloadError": OSError,
    "SaveError": OSError,
}


def test_the_family_is_complete():
    assert {error.__name__ for error in FAMILY} == set(BUILTIN)


@pytest.mark.parametrize("error", FAMILY, ids=lambda error: error.__name__)
def test_every_error_is_a_chainrule_error_and_its_builtin(error):
    assert issubclass(error, ChainruleError)
    assert issubclass(error, BUILTIN[error.__name__])
    assert inspect.getdoc(error)


@pytest.mark.parametrize("error", FAMILY, ids=lambda error: error.__name__)
def test_the_text_is_shown_as_it_was_given(error):
    assert str(error("x: axis 'c' is 3.")) == "x: axis 'c' is 3."
