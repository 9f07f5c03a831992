"""Two runs of the same tests: a seeded sample in every run, the full counts with `--full` or CHAINRULE_TEST_FULL=1."""

import gc
import os
import signal
from typing import Any

import hypothesis
import pytest

from tests import counts

# `sample` draws the same cases every time, so a failure belongs to the change at hand; `full` looks for new ones.
hypothesis.settings.register_profile("sample", max_examples=15, derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("full", max_examples=500, deadline=None, print_blob=True)


@pytest.fixture
def compiled_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native programs that compile several times as fast, in the everyday run: for tests of what a training computes.

    Not for those that compare bits with another process or a fixture of the module, whose programs are the usual ones.
    """
    from chainrule.execute import choice
    from chainrule.execute.native import NativeProgram
    from tests.execute.agreement import quick_target

    if not counts.full():

        def quick(outputs: Any, carried: Any, watched: int | None, batch: int | None = None) -> NativeProgram:
            return NativeProgram(outputs, carried, watched, quick_target(), batch)  # which a test may set

        monkeypatch.setattr(choice, "NativeProgram", quick)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="full counts, and the tests marked 'full'")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--full"):
        counts.set_full()
    hypothesis.settings.load_profile("full" if counts.full() else "sample")
    # What a user has set for their own runs must not decide the result of a test.
    for name in ("CHAINRULE_HOME", "CHAINRULE_SEED", "FORCE_COLOR", "NO_COLOR"):
        os.environ.pop(name, None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each process that a test starts would compile the whole package
    os.environ["CHAINRULE_LANG"] = "en"
    # A shell's background jobs ignore Ctrl-C, and so would the processes that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # thousands of tests, which every collection of garbage from now on would go through


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if counts.full():
        return
    skip = pytest.mark.skip(reason="long; runs with --full (make test-all)")
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(skip)
