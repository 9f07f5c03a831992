"""Commands as users give them: here, or in a process of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from chainrule.cli import main
from chainrule.messages import use_language


@dataclass
class Left:
    """What a command left behind."""

    code: int
    out: str
    err: str


def here(capsys, *arguments: str) -> Left:
    try:
        with pytest.raises(SystemExit) as left:
            main(arguments)
    finally:
        use_language(None)
    captured = capsys.readouterr()
    return Left(int(left.value.code or 0), captured.out, captured.err)


def environment(**others: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **others}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "chainrule", *arguments]


def apart(*arguments: str, **variables: str) -> Left:
    done = subprocess.run(
        command(*arguments), capture_output=True, encoding="utf-8", env=environment(**variables), timeout=60
    )
    return Left(done.returncode, done.stdout, done.stderr)
