"""How many cases a test runs: the full count (`--full`), or a seeded tenth of it in the everyday run."""

import os

_VARIABLE = "CHAINRULE_TEST_FULL"  # an environment variable, so that pytest-xdist's workers see it too


def full() -> bool:
    """Whether this run goes through the full counts."""
    return os.environ.get(_VARIABLE, "0") not in ("", "0")


def set_full() -> None:
    """Ask for the full counts in this process and those it starts."""
    os.environ[_VARIABLE] = "1"


def scaled(count: int, one_in: int = 10) -> int:
    """The number of cases to run where the full test has `count`: all of them, or a tenth and at least one.

    A test that costs more than it finds in the everyday run takes one in more than ten.

    >>> for seed in range(scaled(10_000)):
    ...     pass
    """
    return count if full() else max(1, count // one_in)
