"""A network for tables with columns of numbers and columns of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.dense import Dense
from chainrule.nn.embedding import Embedding
from chainrule.nn.layer import Layer
from chainrule.nn.scope import Scope
from chainrule.nn.sequential import Sequential
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.parts import concatenate

__all__ = ["tabular_mlp"]

_COLUMNS = Message(
    "tabular_mlp.columns",
    en="the categories have shape {x}, but tabular_mlp was told how many values {count} columns can take: {sizes}. Give"
    " a pair (numbers, categories) with categories (samples, {count}), a whole number for each.",
    zh="类别的形状为 {x}，但 tabular_mlp 得到的是 {count} 列各自的取值个数：{sizes}。"
    "请给出 (numbers, categories)，其中 categories 的形状为 (样本数, {count})，每个值为整数。",
)
_PAIR = Message(
    "tabular_mlp.pair",
    en="tabular_mlp takes two inputs, but is given {given}. Give a pair of arrays, the numbers and the categories: "
    "fit((numbers, categories), y).",
    zh="tabular_mlp 需要两个输入，但得到的是 {given}。请给出一对数组，即数值和类别：fit((numbers, categories), y)。",
)
_CATEGORIES = Message(
    "tabular_mlp.categories",
    en="tabular_mlp({categories!r}): give how many values each column of categories can take, such as (7, 12).",
    zh="tabular_mlp({categories!r})：请给出每个类别列的取值个数，例如 (7, 12)。",
)


def tabular_mlp(
    categories: Sequence[int], outputs: int = 1, *, units: Sequence[int] = (64, 32), most: int = 50
) -> Sequential:
    """A learned vector for each value of each column of categories, beside the numbers, through dense layers.

        h₀ = (numbers, table₁[category₁], …, tableₖ[categoryₖ]),  hᵢ = relu(hᵢ₋₁ Wᵢ + bᵢ),  y = hₙ W + b

    `categories` says how many values each column can take; c of them become vectors of min(⌈c / 2⌉, most) numbers, by
    which the network learns which of them are alike. `units` are those of the hidden layers. Bring columns of numbers
    to mean 0 and variance 1 first. The output is linear, for any loss: a number, a logit, or one for each class.

    Shapes:   (numbers (batch, n), categories (batch, k) from 0 to cᵢ - 1) → (batch, outputs)
    Raises:   UsageError if `categories` are no sizes; ShapeError if there are not two inputs, or not k columns;
              DataError, while it runs, for a category that is out of range.
    Source:   Guo and Berkhahn 2016, Entity embeddings of categorical variables, whose sizes were chosen by hand; half
              of the values and at most 50 is what fastai had first (Howard and others 2018)
    Example:
        >>> from chainrule.nn import tabular_mlp, trace
        >>> network = trace(tabular_mlp((7, 12)), [(3,), (2,)])
        >>> network.parameters["columns/embedding1/embeddings"].tensor.shape, network.parameter_count
        ((7, 4), 3109)
    """
    try:
        counts = [index(count) for count in categories]  # of an array, such as codes.max(0) + 1, too
    except TypeError:
        counts = []
    if not counts:
        raise UsageError(_CATEGORIES(categories=categories))
    tables = [Embedding(c, min(-(-c // 2), most), name=f"embedding{k}") for k, c in enumerate(counts, 1)]
    hidden = [Dense(u, "relu", kernel_initializer="he_normal", name=f"dense{k}") for k, u in enumerate(units, 1)]
    return Sequential([EmbeddedColumns(tuple(tables), name="columns"), *hidden, Dense(outputs, name="outputs")])


@dataclass(frozen=True, eq=False)
class EmbeddedColumns(Layer):
    """Numbers, and beside them a vector of each column of categories."""

    tables: tuple[Embedding, ...]

    def apply(self, x: Any, scope: Scope) -> Tensor:
        if not isinstance(x, tuple) or len(x) != 2:
            raise ShapeError(_PAIR(given=show_shape(x.shape) if isinstance(x, Tensor) else len(x)))
        numbers, categories = x
        if categories.ndim != 2 or categories.shape[1] != len(self.tables):
            sizes = ", ".join(str(table.input_dim) for table in self.tables)
            raise ShapeError(_COLUMNS(x=show_shape(categories.shape), count=len(self.tables), sizes=sizes))
        whole = cast(categories, "int32")  # before it is taken apart, so that `fit` sees that it refuses fractions
        vectors = [table(whole[:, k], scope) for k, table in enumerate(self.tables)]
        return concatenate([numbers, *vectors], -1)
