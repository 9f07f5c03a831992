"""The little HTML that notebooks show: tables and pictures without scripts, in the notebook's own colours."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from chainrule.graph.operation import Array

__all__ = ["code", "picture", "png", "table"]


def code(text: object) -> str:
    """A text as code.

    Example:
        >>> code("x < 1")
        '<code>x &lt; 1</code>'
    """
    return f"<code>{escape(str(text))}</code>"


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    foot: Sequence[object] = (),
    numbers: int = 0,
) -> str:
    """A table whose columns are named by `head` and whose rows are named by their first cells; the last `numbers`
    columns are read from the right.
    """
    words = len(head) - numbers
    lines = [
        f'<caption style="white-space: nowrap; text-align: left">{escape(caption)}</caption>',
        f"<thead>{_row(head, heads=len(head), words=words)}</thead>",
        "<tbody>",
    ]
    lines += [_row(row, heads=1, words=words) for row in rows]
    lines.append("</tbody>")
    if foot:
        lines.append(f"<tfoot>{_row(foot, heads=1, words=words)}</tfoot>")
    return "\n".join(["<table>", *lines, "</table>"])


def _row(cells: Sequence[object], *, heads: int, words: int) -> str:
    scope = "col" if heads > 1 else "row"
    parts = []
    for k, cell in enumerate(cells):
        text, side = escape(str(cell)), "" if k < words else ' style="text-align: right"'
        parts.append(f'<th scope="{scope}"{side}>{text}</th>' if k < heads else f"<td{side}>{text}</td>")
    return f"<tr>{''.join(parts)}</tr>"


def picture(pixels: Array, *, scale: int, description: str) -> str:
    """Bytes (rows, columns) or (rows, columns, 3) as a picture that is shown `scale` times as large."""
    height, width = pixels.shape[:2]
    data = base64.b64encode(png(pixels)).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{escape(description)}" width="{scale * width}"'
        f' height="{scale * height}" style="image-rendering: pixelated" />'
    )


def png(pixels: Array) -> bytes:
    """A PNG file of bytes: gray (rows, columns), or red, green and blue (rows, columns, 3).

    Source:   W3C, Portable Network Graphics, third edition
    """
    height, width, channels = (*pixels.shape, 1)[:3]
    rows = np.ascontiguousarray(pixels, np.uint8).reshape(height, width * channels)
    unfiltered = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with the number of its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    content = zlib.compress(unfiltered.tobytes(), 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
