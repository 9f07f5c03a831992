"""What operations do to maps: window by window, so that on a larger map they do the same at more positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from chainrule.graph.formula import Term, parse_index_formula
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.pooling import average_pool, max_pool
from chainrule.surgery.forms import Form, Map, Positions

if TYPE_CHECKING:
    from chainrule.surgery.sliding import Sliding

WHOLE_MAP = Message(
    "sliding.whole_map",
    en="it uses a map otherwise than window by window, so that what it gives at one place depends on the image's size.",
    zh="它不是逐窗口地使用特征图，因此某一位置的结果取决于图像的大小。",
)
_OVERHANG = Message(
    "sliding.overhang",
    en="its last window reaches beyond the map (ceil_mode), which other windows of a larger image do not. Use maps that"
    " windows divide evenly.",
    zh="其最后一个窗口超出了特征图（ceil_mode），而更大图像上的其他窗口不会如此。请使用窗口能整除的特征图。",
)


def _same(sliding: Sliding, node: Tensor) -> Form:
    """Windows that move along: the same attributes on a larger map."""
    return Map(sliding.moved(node))


def _padded(sliding: Sliding, node: Tensor) -> Form:
    old, new = node.inputs[0].shape, sliding.forms[node.inputs[0]]
    assert new is not None
    places = range(1, sliding.rank + 1)
    added = zip(sliding.spatial(node.shape), sliding.spatial(old), sliding.spatial(new.tensor.shape), strict=True)
    wider = dict(zip(places, (padded - before + now for padded, before, now in added), strict=True))
    return Map(sliding.moved(node, shape=tuple(wider.get(axis, extent) for axis, extent in enumerate(node.shape))))


def _sliced(sliding: Sliding, node: Tensor) -> Form:
    """As much is taken away from both ends as was."""
    old, new = node.inputs[0].shape, sliding.forms[node.inputs[0]]
    assert new is not None
    formula = parse_index_formula(getattr(node.operation, "formula", ""))
    extents = dict(node.attributes)
    for axis in range(1, sliding.rank + 1):
        terms = formula.factors[0].index[axis]
        letter, step, start = _affine(terms)
        if letter is None or len(formula.output.index) != len(old) or step < 1:
            raise sliding.refusal(node, WHOLE_MAP())
        size, larger = old[axis], new.tensor.shape[axis]
        assert isinstance(size, int)
        assert isinstance(larger, int)
        rest = size - 1 - (start + (extents[letter] - 1) * step)  # behind the last one that is taken
        extents[letter] = (larger - 1 - start - max(rest - (step - 1), 0)) // step + 1
    return Map(sliding.moved(node, **extents))


def _affine(terms: Sequence[Term]) -> tuple[str | None, int, int]:
    """Letter, step and start of an index."""
    letter, step, start = None, 1, 0
    for term in terms:
        if term.letter is None:
            start += term.sign * int(term.factor)
        else:
            letter, step = term.letter, term.sign * int(term.factor)
    return letter, step, start


def _average_pooled(sliding: Sliding, node: Tensor) -> Form:
    if any(node.attributes["overhang"]):
        raise sliding.refusal(node, _OVERHANG())
    return Map(sliding.moved(node))


def _concatenated(sliding: Sliding, node: Tensor) -> Form:
    if 1 <= node.attributes["axis"] <= sliding.rank:
        raise sliding.refusal(node, WHOLE_MAP())
    return Map(sliding.moved(node))


def _largest(sliding: Sliding, node: Tensor) -> Form:
    """The largest of windows, of channels, or of the whole map."""
    if "p" in node.attributes:
        return Map(sliding.moved(node))
    return _reduced(sliding, node, lambda x, window: max_pool(x, window, strides=1))


def _summed(sliding: Sliding, node: Tensor) -> Form:
    def window_sum(x: Tensor, window: tuple[int, ...]) -> Tensor:
        return average_pool(x, window, strides=1) * float(math.prod(window))

    return _reduced(sliding, node, window_sum)


def _reduced(sliding: Sliding, node: Tensor, pool: Callable[[Tensor, tuple[int, ...]], Tensor]) -> Form:
    """A reduction over channels stays what it is; over the whole map it is one over windows of that size."""
    formula = parse_index_formula(getattr(node.operation, "formula", ""))
    kept = {term.letter for index in formula.output.index for term in index}
    gone = {axis for axis, index in enumerate(formula.factors[0].index) if index[0].letter not in kept}
    places = set(range(1, sliding.rank + 1))
    if not gone & places:
        return Map(sliding.moved(node))
    return _pooled(sliding, node, gone, pool)


def _mean(sliding: Sliding, node: Tensor) -> Form:
    axes = set(node.attributes["axes"])
    if not axes & set(range(1, sliding.rank + 1)):
        return Map(sliding.moved(node))
    return _pooled(sliding, node, axes, lambda x, window: average_pool(x, window, strides=1))


def _pooled(sliding: Sliding, node: Tensor, axes: set[int], pool: Callable[[Tensor, tuple[int, ...]], Tensor]) -> Form:
    form, x = sliding.forms[node.inputs[0]], node.inputs[0]
    assert form is not None
    if axes != set(range(1, sliding.rank + 1)) or x.ndim != sliding.rank + 2:
        raise sliding.refusal(node, WHOLE_MAP())
    y = pool(form.tensor, sliding.spatial(x.shape))
    return Map(y) if node.ndim == x.ndim else Positions(y)


def _adaptive(pool: Callable[..., Tensor]) -> Callable[[Sliding, Tensor], Form]:
    """Windows of the size that they have on the training's images, where these are all of one size."""

    def rule(sliding: Sliding, node: Tensor) -> Form:
        form, sizes = sliding.forms[node.inputs[0]], node.attributes["size"]
        assert form is not None
        extents = sliding.spatial(node.inputs[0].shape)
        if any(extent % size for extent, size in zip(extents, sizes, strict=True)):
            raise sliding.refusal(node, WHOLE_MAP())
        window = tuple(extent // size for extent, size in zip(extents, sizes, strict=True))
        strides = tuple(1 if size == 1 else w for size, w in zip(sizes, window, strict=True))
        return Map(pool(form.tensor, window, strides=strides))

    return rule


RULES: Mapping[str, Callable[[Sliding, Tensor], Form]] = {
    **{f"conv{rank}d": _same for rank in (1, 2, 3)},
    **{f"conv{rank}d_transpose": _same for rank in (1, 2, 3)},
    **{f"depthwise_conv{rank}d": _same for rank in (1, 2)},
    "window_sum": _same,
    "pad": _padded,
    "slice": _sliced,
    "max": _largest,
    "sum": _summed,
    "mean": _mean,
    "average_pool": _average_pooled,
    "concatenate": _concatenated,
    "adaptive_average_pool": _adaptive(average_pool),
    "adaptive_max_pool": _adaptive(max_pool),
}
