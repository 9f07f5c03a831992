"""What is said about wrong uses: the text of each refusal, and the snapshot it is compared with."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import ChainruleError


def said(call: Callable[[], Any]) -> str:
    """The refusal as its user reads it; the number of the line that provoked it, which moves, is `line`."""
    with pytest.raises(ChainruleError) as refusal:
        call()
    text = re.sub(r"(test_\w+\.py):\d+", r"\1:line", str(refusal.value))
    return f"{type(refusal.value).__name__}: {text}"


def refusals(path: Path, wrong: Mapping[str, Callable[[], Any]]) -> dict[str, str]:
    """The texts kept in `path` by name; `CHAINRULE_RENEW_SNAPSHOTS=1` writes them anew first."""
    if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
        path.write_text("\n".join(f"{name}\n    {said(call)}\n" for name, call in wrong.items()), encoding="utf-8")
    entries = path.read_text(encoding="utf-8").split("\n\n")
    return {name: text.strip() for name, _, text in (entry.partition("\n") for entry in entries)}
