"""A tensor in a notebook: what it is, the formula that made it, and its numbers as a table or as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import GraphError
from chainrule.graph import markup
from chainrule.graph.draw import formula_of
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, seen
from chainrule.messages import Message

__all__ = ["as_html"]

_NO_VALUE = Message("notebook.no_value", en="no value yet", zh="尚无值")
_NO_NUMBERS = Message("notebook.no_numbers", en="no elements", zh="没有元素")
_PART = Message("notebook.part", en="the part {index} of shape {shape}", zh="形状 {shape} 中的 {index} 部分")
_WHOLE = Message("notebook.whole", en="values", zh="值")
_PICTURES = Message(
    "notebook.pictures",
    en="{shown} of {count} pictures of {height} × {width} pixels, black {low:.4g}, white {high:.4g}",
    zh="共 {count} 张 {height} × {width} 像素的图片，显示 {shown} 张；黑 {low:.4g}，白 {high:.4g}",
)

_EDGE = 5  # rows and columns shown from either end of a long axis
_MOST_PICTURES, _LEAST_SIDE, _GAP = 10, 8, 2  # pictures in a strip; pixels


def as_html(tensor: Tensor) -> str:
    """The tensor as HTML that needs no script."""
    made_of_numbers = not tensor.inputs and tensor.value is not None
    parts = [markup.code(tensor.name or ("constant" if made_of_numbers else tensor.operation.name))]
    if formula := formula_of(tensor):
        parts.append(markup.code(formula))
    parts.append(markup.code(f"{show_shape(tensor.shape)} {tensor.dtype}"))
    try:
        value = seen(tensor)
    except GraphError:
        body = f"<div>{_NO_VALUE()}</div>"
    else:
        body = _value(value)
    return f"<div>\n<div>{' &#160; '.join(parts)}</div>\n{body}\n</div>"


def _value(value: Array) -> str:
    if not value.size:
        return f"<div>{_NO_NUMBERS()}</div>"
    if not value.ndim:
        return f"<div>{markup.code(_shown(value[()]))}</div>"
    return _strip(value) if _shows_pictures(value) else _table(value)


def _shows_pictures(value: Array) -> bool:
    sides = value.shape[-3:-1]
    return value.ndim in (3, 4) and value.shape[-1] in (1, 3) and min(sides) >= _LEAST_SIDE and value.dtype != np.bool_


def _strip(value: Array) -> str:
    """Pictures side by side; numbers other than bytes are spread from black to white."""
    images = value if value.ndim == 4 else value[None]
    shown = images[:_MOST_PICTURES]
    finite = shown[np.isfinite(shown)]
    low, high = (
        (0.0, 255.0) if shown.dtype == np.uint8 or not finite.size else (float(finite.min()), float(finite.max()))
    )
    numbers = np.nan_to_num(shown.astype(np.float64), nan=low, posinf=high, neginf=low)
    gray = (numbers - low) / ((high - low) or 1.0)
    count, height, width, channels = shown.shape
    strip = np.full((height, count * (width + _GAP) - _GAP, channels), 255, np.uint8)
    for k, image in enumerate(gray):
        start = k * (width + _GAP)
        strip[:, start : start + width] = np.round(255 * image)
    about = _PICTURES(shown=count, count=len(images), height=height, width=width, low=low, high=high)
    picture = markup.picture(strip[..., 0] if channels == 1 else strip, scale=max(1, 56 // height), description=about)
    return f"<div>{picture}</div>\n<div>{about}</div>"


def _table(value: Array) -> str:
    """The last two axes, of the first place along the others; the middle of long axes is left out."""
    front = (0,) * max(value.ndim - 2, 0)
    part = np.atleast_2d(value[front])
    rows, columns = (_places(extent) for extent in part.shape)
    about = _WHOLE()
    if front:
        about = _PART(index=f"[{', '.join('0' for _ in front)}, :, :]", shape=show_shape(value.shape))
    names = [_place(i) if value.ndim > 1 else "" for i in rows]
    body = [[name, *(_cell(part, i, j) for j in columns)] for name, i in zip(names, rows, strict=True)]
    return markup.table(["", *map(_place, columns)], body, caption=about)


def _places(extent: int) -> list[int | None]:
    """The places shown along an axis; None stands for those left out."""
    if extent <= 2 * _EDGE + 1:
        return list(range(extent))
    return [*range(_EDGE), None, *range(extent - _EDGE, extent)]


def _place(place: int | None) -> str:
    return "⋯" if place is None else str(place)


def _cell(part: Array, row: int | None, column: int | None) -> str:
    return "⋯" if row is None or column is None else _shown(part[row, column])


def _shown(number: Any) -> str:
    return f"{number:.4g}" if isinstance(number, np.floating) else str(number)
