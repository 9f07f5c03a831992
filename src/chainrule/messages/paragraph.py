"""A paragraph for whoever reads: on a terminal broken between words, elsewhere one line that can be searched."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from chainrule.messages.wrapping import arranged, wrapped

_USUAL = 80  # columns, where nothing says how many there are


def print_paragraph(text: str, stream: TextIO | None = None, *, indent: int = 0) -> None:
    """Print a paragraph, as wide as the terminal where the stream is one: by default standard output.

    indent   blanks before each line but the first one
    """
    stream = sys.stdout if stream is None else stream
    shown = wrapped(text, terminal_width(stream), indent=indent) if stream.isatty() else text
    print(shown, file=stream, flush=True)


def print_parts(parts: Sequence[str], stream: TextIO) -> None:
    """Print parts of a line two blanks apart, on a terminal on as many lines as they need."""
    shown = arranged(parts, terminal_width(stream)) if stream.isatty() else "  ".join(parts)
    print(shown, file=stream, flush=True)


def table_width(stream: TextIO) -> int | None:
    """Columns that a table may take; None where neither COLUMNS nor a terminal sets a limit, as in a pipe."""
    return terminal_width(stream) if stream.isatty() or os.environ.get("COLUMNS") else None


def terminal_width(stream: TextIO) -> int:
    """Columns of the terminal that a stream is, or else the process has, as behind a pipe; COLUMNS comes before it."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    for each in (stream, sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            columns = os.get_terminal_size(each.fileno()).columns if each is not None else 0
        except (OSError, ValueError):  # no terminal, and no file
            continue
        if columns:
            return columns
    return _USUAL
