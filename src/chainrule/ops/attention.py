"""Attention: each query's mean of values, weighted by how well their keys match it."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.dtype import bool_
from chainrule.graph.extent import broadcast, show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.comparison import greater_equal
from chainrule.ops.contraction import matmul, sum
from chainrule.ops.creation import arange
from chainrule.ops.elementwise import stop_gradient, where
from chainrule.ops.exponential import exp
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.conversion import as_tensor, lift_floats
from chainrule.ops.movement import swapaxes
from chainrule.ops.selection import max

__all__ = ["attention_weights", "scaled_dot_product_attention"]

_SHAPES = Message(
    "attention.shapes",
    en="{operation}: queries {query} and keys {key} need the shapes (…, L, E) and (…, S, E), with one size E and "
    "leading axes that broadcast.",
    zh="{operation}：查询 {query} 与键 {key} 的形状应为 (…, L, E) 和 (…, S, E)，E 相同，且前导轴可广播。",
)
_VALUES = Message(
    "attention.values",
    en="scaled_dot_product_attention: values {value} need the shape (…, S, D), with one value for each of the keys "
    "{key}.",
    zh="scaled_dot_product_attention：值 {value} 的形状应为 (…, S, D)，与键 {key} 一一对应。",
)
_MASK = Message(
    "attention.mask",
    en="{operation}: a mask of shape {mask} does not broadcast to the scores {scores}, of queries by keys.",
    zh="{operation}：形状为 {mask} 的掩码无法广播到分数 {scores}（查询 × 键）。",
)
_MASK_TYPE = Message(
    "attention.mask_type",
    en="{operation}: a mask of {dtype} may mean either; give bools, true where a query may attend, or floats to be "
    "added to the scores.",
    zh="{operation}：{dtype} 掩码含义不明；请给出布尔值（查询可以关注之处为真），或要加到分数上的浮点数。",
)


def _attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None, *, causal: bool, scale: float) -> Tensor:
    scores = matmul(query * scale, swapaxes(key, -1, -2))
    if mask is not None:
        scores = where(mask, scores, -math.inf) if mask.dtype is bool_ else scores + mask
    if causal:
        rows, columns = scores.shape[-2:]
        scores = where(greater_equal(arange(rows)[:, None], arange(columns)), scores, -math.inf)
    top = stop_gradient(max(scores, -1, keepdims=True))
    powers = exp(scores - where(top > -math.inf, top, 0.0))
    total = sum(powers, -1, keepdims=True)
    return powers * (1.0 / where(total > 0.0, total, 1.0))  # a query that may attend to nothing gets zeros


ATTENTION_WEIGHTS = Composite("attention_weights", _attention_weights)


def _attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, *, causal: bool, scale: float
) -> Tensor:
    given = (query, key) if mask is None else (query, key, mask)
    return matmul(ATTENTION_WEIGHTS(*given, causal=causal, scale=scale), value)


SCALED_DOT_PRODUCT_ATTENTION = Composite("scaled_dot_product_attention", _attention)


def attention_weights(
    query: Any, key: Any, mask: Any = None, *, causal: bool = False, scale: float | None = None
) -> Tensor:
    """How much each query attends to each key: positive numbers that sum to 1 over the keys.

        a = softmax(s Q Kᵀ + mask),  s = 1 / √E unless given

    A mask of bools says where a query may attend; one of floats is added to the scores. `causal` lets query l attend to
    the keys 0 … l. A query that may attend to nothing gets zeros, where a softmax would be NaN.

    Shapes:   query (…, L, E), key (…, S, E), mask broadcasts to (…, L, S) → (…, L, S)
    Raises:   ShapeError if they do not fit; DTypeError if the mask is of integers.
    Source:   Vaswani, Shazeer, Parmar and others 2017, equation 1
    Example:
        >>> attention_weights([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], scale=1.0)
        Tensor([[0.7310586 0.2689414]], shape=(1, 2), dtype=float32)
    """
    query, key = lift_floats([query, key])
    given = (query, key, *_checked("attention_weights", query, key, mask))
    return ATTENTION_WEIGHTS(*given, causal=bool(causal), scale=_scale(query, scale))


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, mask: Any = None, *, causal: bool = False, scale: float | None = None
) -> Tensor:
    """Each query's mean of the values, weighted by how well their keys match it.

        y = softmax(s Q Kᵀ + mask) V,  s = 1 / √E unless given

    A mask of bools says where a query may attend; one of floats is added to the scores. `causal` lets query l attend to
    the keys 0 … l. A query that may attend to nothing gets zeros. It is PyTorch's function without its dropout, for
    which write dropout(attention_weights(…)) @ V.

    Shapes:   query (…, L, E), key (…, S, E), value (…, S, D), mask broadcasts to (…, L, S) → (…, L, D)
    Raises:   ShapeError if they do not fit; DTypeError if the mask is of integers.
    Source:   Vaswani, Shazeer, Parmar and others 2017, equation 1
    Example:
        >>> scaled_dot_product_attention([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[0.0], [1.0]], scale=1.0)
        Tensor([[0.2689414]], shape=(1, 1), dtype=float32)
    """
    query, key, value = lift_floats([query, key, value])
    given = _checked("scaled_dot_product_attention", query, key, mask)
    if value.ndim < 2 or value.shape[-2] != key.shape[-2] or broadcast(value.shape[:-2], key.shape[:-2]) is None:
        raise ShapeError(_VALUES(value=show_shape(value.shape), key=show_shape(key.shape)))
    return SCALED_DOT_PRODUCT_ATTENTION(query, key, value, *given, causal=bool(causal), scale=_scale(query, scale))


def _scale(query: Tensor, scale: float | None) -> float:
    size = query.shape[-1]
    assert isinstance(size, int)
    return float(scale) if scale is not None else 1.0 / math.sqrt(size) if size else 1.0


def _checked(operation: str, query: Tensor, key: Tensor, mask: Any) -> tuple[Tensor, ...]:
    """The mask, if there is one, once it is certain that everything fits."""
    leading = broadcast(query.shape[:-2], key.shape[:-2])
    if query.ndim < 2 or key.ndim < 2 or query.shape[-1] != key.shape[-1] or leading is None:
        raise ShapeError(_SHAPES(operation=operation, query=show_shape(query.shape), key=show_shape(key.shape)))
    if mask is None:
        return ()
    mask = as_tensor(mask)
    if not mask.dtype.floating and mask.dtype is not bool_:
        raise DTypeError(_MASK_TYPE(operation=operation, dtype=mask.dtype))
    scores = (*leading, query.shape[-2], key.shape[-2])
    if broadcast(mask.shape, scores) != scores:
        raise ShapeError(_MASK(operation=operation, mask=show_shape(mask.shape), scores=show_shape(scores)))
    return (mask,)
