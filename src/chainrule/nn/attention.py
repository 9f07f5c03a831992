"""Attention by several heads at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer, check_positive, features
from chainrule.nn.ranges import PROBABILITY, check_number
from chainrule.nn.scope import Scope
from chainrule.ops.attention import attention_weights, scaled_dot_product_attention
from chainrule.ops.contraction import matmul
from chainrule.ops.dropout import inverted_dropout
from chainrule.ops.movement import reshape, transpose

__all__ = ["MultiHeadAttention"]

_SERIES = Message(
    "multi_head_attention.series",
    en="{name} {x} needs the axes (batch, places, features), with a number of places that is known. "
    "Where samples have no places, use Dense.",
    zh="{name} {x} 需要轴 (batch, places, features)，且位置数已知。若样本没有位置轴，请使用 Dense。",
)
_INPUTS = Message(
    "multi_head_attention.inputs",
    en="MultiHeadAttention takes the query, or a tuple of query, value, key and mask, of which the last may be left "
    "out; it was given {count}.",
    zh="MultiHeadAttention 接受查询，或由查询、值、键与掩码组成的元组（后面的可省略）；得到的是 {count} 个。",
)


@dataclass(frozen=True, eq=False)
class MultiHeadAttention(Layer):
    """Each place of a series attends to the places of another, or of its own, in several ways at once.

        headᵢ = softmax((Q Wᵢ_Q)(K Wᵢ_K)ᵀ / √key_dim) V Wᵢ_V,  y = [head₁ … head_h] W_O

    `layer(x, scope)` is self-attention. `layer((query, value), scope)` attends to another series, whose keys are its
    values; a third element is keys of its own, a fourth a mask that broadcasts to (batch, heads, L, S): bools, true
    where a query may attend, or floats added to the scores; None stands for what is left out. causal=True lets each
    place attend to itself and those before. Dropout falls on the weights of attention, in training.

    Names and order of arguments are Keras's; as in PyTorch each kernel is one matrix for all heads side by side, and
    its Glorot initial values are those of that matrix.

    Parameters: query_kernel, key_kernel (features, h·key_dim), value_kernel (features, h·value_dim), output_kernel
    (h·value_dim, features of the query), and a bias for each.

    Shapes:   query (batch, L, features), value and key (batch, S, …) → (batch, L, features of the query)
    Raises:   ShapeError if x is no series; UsageError if a size is not positive or the rate not in [0, 1].
    Source:   Vaswani, Shazeer, Parmar and others 2017, section 3.2.2
    Example:
        >>> from chainrule.nn import MultiHeadAttention, trace
        >>> trace(MultiHeadAttention(2, key_dim=8), [(10, 16)]).inference.shape
        (batch, 10, 16)
    """

    num_heads: int
    key_dim: int
    value_dim: int | None = None
    dropout: float = 0.0
    use_bias: bool = True
    causal: bool = False
    kernel_initializer: str | Initializer = "glorot_uniform"

    def __post_init__(self) -> None:
        check_positive(self, num_heads=self.num_heads, key_dim=self.key_dim)
        if self.value_dim is not None:
            check_positive(self, value_dim=self.value_dim)
        check_number(self, PROBABILITY, dropout=self.dropout)

    def apply(self, x: Any, scope: Scope) -> Tensor:
        given = x if isinstance(x, tuple) else (x,)
        if not 1 <= len(given) <= 4:
            raise UsageError(_INPUTS(count=len(given)))
        query, value, key, mask = [*given, None, None, None][:4]
        value = query if value is None else value
        key = value if key is None else key
        for name, series in (("query", query), ("value", value), ("key", key)):
            if series.ndim != 3 or not isinstance(series.shape[1], int):
                raise ShapeError(_SERIES(name=name, x=show_shape(series.shape)))
        value_dim = self.key_dim if self.value_dim is None else self.value_dim
        q = self._heads(self._dense("query", query, self.num_heads * self.key_dim, scope))
        k = self._heads(self._dense("key", key, self.num_heads * self.key_dim, scope))
        v = self._heads(self._dense("value", value, self.num_heads * value_dim, scope))
        if scope.training and self.dropout:
            rate = scope.scalar("rate", self.dropout)
            weights = attention_weights(q, k, mask, causal=self.causal)
            y = matmul(inverted_dropout(weights, rate, scope.seed, scope.step, stream=scope.stream()), v)
        else:
            y = scaled_dot_product_attention(q, k, v, mask, causal=self.causal)
        side_by_side = reshape(transpose(y, (0, 2, 1, 3)), (*query.shape[:2], self.num_heads * value_dim))
        return self._dense("output", side_by_side, features(query), scope)

    def _dense(self, name: str, x: Tensor, units: int, scope: Scope) -> Tensor:
        y = matmul(x, scope.parameter(f"{name}_kernel", (features(x), units), self.kernel_initializer))
        return y + scope.parameter(f"{name}_bias", (units,), "zeros") if self.use_bias else y

    def _heads(self, x: Tensor) -> Tensor:
        """(batch, places, h·d) as (batch, h, places, d)."""
        samples, places, size = x.shape
        assert isinstance(size, int)
        return transpose(reshape(x, (samples, places, self.num_heads, size // self.num_heads)), (0, 2, 1, 3))
