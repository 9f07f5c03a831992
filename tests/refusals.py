"""What is said to people: the text of each refusal, or finding, compared with a snapshot.

A file of tests names its wrong uses and makes one `Refusals` of them; CHAINRULE_RENEW_SNAPSHOTS=1 writes it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import ChainruleError


class Refusals:
    """Wrong uses by name, and the file that keeps what is said about each; `say` makes a use speak."""

    def __init__(
        self,
        snapshot: Path,
        wrong: Mapping[str, Callable[[], Any]],
        say: Callable[[Callable[[], Any]], str] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.wrong = wrong
        self.say = say or said

    @cached_property
    def kept(self) -> dict[str, str]:
        """The texts of the snapshot by name."""
        if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
            renewed = "\n".join(f"{name}\n    {self.say(call)}\n" for name, call in self.wrong.items())
            self.snapshot.write_text(renewed, encoding="utf-8")
        entries = self.snapshot.read_text(encoding="utf-8").split("\n\n")
        return {name: text.strip() for name, _, text in (entry.partition("\n") for entry in entries)}

    def check(self, name: str) -> None:
        """That this use is refused in one readable paragraph, the one that is kept."""
        text = self.say(self.wrong[name])
        assert "\n" not in text, text
        assert text[-1] in ".?。", text
        assert text == self.kept[name], "if the change is meant: CHAINRULE_RENEW_SNAPSHOTS=1"

    def check_that_none_is_left_over(self) -> None:
        """That every text that is kept belongs to a wrong use."""
        assert set(self.kept) == set(self.wrong)


def said(call: Callable[[], Any]) -> str:
    """The refusal as its user reads it; the number of the line that provoked it, which moves, is `line`."""
    with pytest.raises(ChainruleError) as refusal:
        call()
    text = re.sub(r"(test_\w+\.py):\d+", r"\1:line", str(refusal.value))
    return f"{type(refusal.value).__name__}: {text}"
