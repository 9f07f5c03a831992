"""Rows of text, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.messages.wrapping import cells


def as_text(table: Sequence[Sequence[str]]) -> str:
    """The rows, first the names of the columns, whose last one is set to the right.

    Example:
        >>> print(as_text([("layer", "parameters"), ("dense", "12")]))
        layer  parameters
        -----------------
        dense          12
    """
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        blanks = [" " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([*map(str.__add__, row[:-1], blanks[:-1]), blanks[-1] + row[-1]]))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]])
