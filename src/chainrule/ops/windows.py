"""Windows that move along spatial axes: their sizes, steps and padding, and the arithmetic of what fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import Batch, Shape, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.ops.axes import is_several
from chainrule.ops.parts import pad

_FIT = Message(
    "window.fit",
    en="{operation}: a window of {window} does not fit axis {axis} of x {x}: (W - k + before + after)/s + 1 = "
    "({extent} - {span} + {before} + {after})/{stride} + 1 = {count}. Use a smaller window or more padding.",
    zh="{operation}：长度为 {window} 的窗口放不进 x {x} 的轴 {axis}：(W - k + 前 + 后)/s + 1 = "
    "({extent} - {span} + {before} + {after})/{stride} + 1 = {count}。请使用更小的窗口或更多填充。",
)
_ARGUMENT = Message(
    "window.argument",
    en="{operation}: {name}={value} is neither {wanted} nor one for each of the {rank} spatial axes.",
    zh="{operation}：{name}={value} 既不是{wanted}，也不是为 {rank} 个空间轴各给一个的{wanted}。",
)
_POSITIVE = Message("window.positive", en="a positive integer", zh="正整数")
_NOT_NEGATIVE = Message("window.not_negative", en="an integer from 0 on", zh="非负整数")
_PADDING = Message(
    "window.padding",
    en="{operation}: padding={padding} is not known; use 'valid', 'same', an integer, or an integer or (before, after) "
    "for each of the {rank} spatial axes.{suggestion}",
    zh="{operation}：未知的 padding={padding}；请使用 'valid'、'same'、整数，"
    "或为 {rank} 个空间轴各给出整数或 (前, 后)。{suggestion}",
)
_BORDERS = Message(
    "window.borders",
    en="{operation}: {name}={value} does not say how much on each side: give an integer from 0 on, or such an integer "
    "or (before, after) for each of the {rank} spatial axes.",
    zh="{operation}：{name}={value} 没有说明每一侧的数量：请给出非负整数，"
    "或为 {rank} 个空间轴各给出非负整数或 (前, 后)。",
)
_SPATIAL_RANK = Message(
    "window.rank",
    en="{operation}: x {x} needs the axes (batch, one to three spatial axes, channels).",
    zh="{operation}：x {x} 需要轴 (batch, 一到三个空间轴, channels)。",
)

PerAxis = int | Sequence[int]
Pair = tuple[int, int]
Padding = str | int | Sequence[int | Pair]

_LETTERS = (
    ("i", "p", "s0", "d0"),
    ("j", "q", "s1", "d1"),
    ("k", "r", "s2", "d2"),
)  # position, window, stride, dilation


@dataclass(frozen=True)
class Windows:
    """Windows over the spatial axes, which stand between the batch and the channels: one number for each axis."""

    operation: str
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.sizes)

    @property
    def spans(self) -> tuple[int, ...]:
        """How many elements lie between the first and the last of a window, both included."""
        return tuple((p - 1) * d + 1 for p, d in zip(self.sizes, self.dilation, strict=True))

    @property
    def steps(self) -> dict[str, int]:
        """The constants of formulas made with `window_text`."""
        strides = {s: value for (_, _, s, _), value in zip(_LETTERS, self.strides, strict=False)}
        return strides | {d: value for (_, _, _, d), value in zip(_LETTERS, self.dilation, strict=False)}

    @property
    def extents(self) -> dict[str, int]:
        """The extents of a window, for formulas in which no array has them."""
        return {p: value for (_, p, _, _), value in zip(_LETTERS, self.sizes, strict=False)}

    def padding(self, shape: Shape, padding: Padding, *, ceil_mode: bool = False) -> list[Pair]:
        """Elements to be added before and behind each spatial axis of an array, once every window is known to fit.

        'valid' adds nothing; 'same' gives ceil(W/s) positions, the odd element behind (as TensorFlow and Keras do). In
        ceil mode a window may reach beyond the padding; `overhang` says how far.
        """
        extents = spatial_extents(shape)

        def same(k: int) -> int:
            return max(0, (-(-extents[k] // self.strides[k]) - 1) * self.strides[k] + self.spans[k] - extents[k])

        widths = padding_widths(self.operation, padding, self.rank, same)
        for k, (extent, span, stride) in enumerate(zip(extents, self.spans, self.strides, strict=True)):
            before, after = widths[k]
            count = (extent - span + before + after + (stride - 1) * ceil_mode) // stride + 1
            if count < 1:
                raise ShapeError(
                    _FIT(
                        operation=self.operation,
                        window=self.sizes[k],
                        axis=k + 1,
                        x=show_shape(shape),
                        extent=extent,
                        span=span,
                        before=before,
                        after=after,
                        stride=stride,
                        count=count,
                    )
                )
        return widths

    def overhang(self, shape: Shape, widths: Sequence[Pair]) -> list[int]:
        """How many elements more are needed behind each axis, so that a last window, cut off by the border, counts too.

        It counts if it begins in the array or in the padding before it, not behind.
        """
        missing = []
        for extent, (before, after), span, stride in zip(
            spatial_extents(shape), widths, self.spans, self.strides, strict=True
        ):
            last = -(-(extent + before + after - span) // stride) * stride  # where the last window begins
            last -= stride if last >= extent + before else 0
            missing.append(max(0, last + span - (extent + before + after)))
        return missing

    def padded(self, x: Tensor, padding: Padding, value: float = 0) -> Tensor:
        """x with its spatial axes padded, once every window is known to fit."""
        return pad_spatial(x, self.padding(x.shape, padding), value)


def windows(operation: str, rank: int, size: PerAxis, strides: PerAxis, dilation: PerAxis = 1) -> Windows:
    """Windows from what callers give: a number for all axes, or one for each."""
    given = (("window", size), ("strides", strides), ("dilation", dilation))
    return Windows(operation, *(sizes(operation, name, value, rank) for name, value in given))


def sizes(operation: str, name: str, value: Any, rank: int, least: int = 1) -> tuple[int, ...]:
    """One integer, at least 1 or 0, for each spatial axis."""
    try:
        given = tuple(map(index, value)) if is_several(value) else (index(value),) * rank
    except TypeError:
        given = ()
    if len(given) != rank or min(given) < least:
        wanted = _POSITIVE() if least else _NOT_NEGATIVE()
        raise UsageError(_ARGUMENT(operation=operation, name=name, value=repr(value), wanted=wanted, rank=rank))
    return given


def padding_widths(operation: str, padding: Padding, rank: int, same: Callable[[int], int]) -> list[Pair]:
    """(before, behind) for each spatial axis; `same(k)` is what 'same' means for both sides of axis k together."""
    if isinstance(padding, str) and padding in ("valid", "same"):
        totals = [same(k) if padding == "same" else 0 for k in range(rank)]
        return [(max(total, 0) // 2, total - max(total, 0) // 2) for total in totals]
    pairs = _pairs(padding, rank)
    if pairs is None:
        near = suggestion(padding, ("valid", "same")) if isinstance(padding, str) else ""
        raise UsageError(_PADDING(operation=operation, padding=repr(padding), rank=rank, suggestion=near))
    return pairs


def border_widths(operation: str, name: str, value: int | Sequence[int | Pair], rank: int) -> list[Pair]:
    """(before, behind) for each spatial axis, given as numbers."""
    pairs = _pairs(value, rank)
    if pairs is None:
        raise UsageError(_BORDERS(operation=operation, name=name, value=repr(value), rank=rank))
    return pairs


def _pairs(value: Any, rank: int) -> list[Pair] | None:
    """One pair for each axis, from a number for all sides, or a number or pair for each axis; None from others."""
    try:
        entries = list(value) if is_several(value) else [value] * rank
        pairs = [tuple(index(n) for n in e) if is_several(e) else (index(e),) * 2 for e in entries]
    except TypeError:
        return None
    if len(pairs) != rank or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        return None
    return [(before, after) for before, after in pairs]


def pad_spatial(x: Tensor, widths: Sequence[Pair], value: float = 0) -> Tensor:
    return pad(x, [(0, 0), *widths, (0, 0)], value=value)


def window_text(rank: int) -> tuple[str, str, str]:
    """The indices of positions, of the array under the windows, and of the window, for a number of spatial axes."""
    used = _LETTERS[:rank]
    positions = ",".join(i for i, _, _, _ in used)
    under = ",".join(f"{i}*{s}+{p}*{d}" for i, p, s, d in used)
    return positions, under, ",".join(p for _, p, _, _ in used)


def spatial_rank(operation: str, x: Tensor) -> int:
    """How many spatial axes x (batch, …, channels) has: one to three."""
    if not 3 <= x.ndim <= 5 or any(isinstance(e, Batch) for e in x.shape[1:]):
        raise ShapeError(_SPATIAL_RANK(operation=operation, x=show_shape(x.shape)))
    return x.ndim - 2


def spatial_extents(shape: Shape) -> tuple[int, ...]:
    """The sizes of the axes between the batch and the channels."""
    return tuple(e for e in shape[1:-1] if isinstance(e, int))
