"""Rows of text, one under the other."""

from __future__ import annotations

from collections.abc import Sequence


def as_text(table: Sequence[Sequence[str]]) -> str:
    """The rows, first the names of the columns, whose last one is set to the right.

    Example:
        >>> print(as_text([("layer", "parameters"), ("dense", "12")]))
        layer  parameters
        -----------------
        dense          12
    """
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join([*map(str.ljust, row[:-1], widths[:-1]), row[-1].rjust(widths[-1])]) for row in table]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([lines[0], rule, *lines[1:]])
