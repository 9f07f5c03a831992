"""A paragraph for whoever reads: on a terminal broken between words, elsewhere one line that can be searched."""

from __future__ import annotations

from typing import TextIO


def print_paragraph(text: str, stream: TextIO) -> None:
    """Print a paragraph, as wide as the terminal where the stream is one."""
    if stream.isatty():
        from rich.console import Console

        console = Console(file=stream, highlight=False, markup=False, emoji=False)
        with console.capture() as broken:
            console.print(text)
        print(broken.get(), file=stream, end="", flush=True)  # by the stream, which may stand above a live line
    else:
        print(text, file=stream, flush=True)
