"""What several tests of training need."""

from functools import partial

import pytest

from chainrule.execute import choice
from chainrule.execute.native import NativeProgram
from tests.counts import full
from tests.execute.agreement import quick_target


@pytest.fixture
def compiled_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native programs that compile several times as fast, in the everyday run: for tests of what a training computes.

    Not for those that compare bits with another process or a fixture of the module, whose programs are the usual ones.
    """
    if not full():
        monkeypatch.setattr(choice, "NativeProgram", partial(NativeProgram, target=quick_target()))
