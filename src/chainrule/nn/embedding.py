"""Embeddings: a vector of learned numbers for each of a number of things."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.initializers import Initializer
from chainrule.nn.layer import Layer, check_positive
from chainrule.nn.scope import Scope
from chainrule.ops.gathering import gather
from chainrule.ops.kinds.conversion import cast

__all__ = ["Embedding"]

_MOST = 2**24  # float32, in which inputs come, holds whole numbers up to here
_LARGE = Message(
    "embedding.large",
    en="Embedding(input_dim={size}): input_dim is at most 2**24, because inputs are told apart in float32. Let several "
    "things share a row, e.g. by number % {most}.",
    zh="Embedding(input_dim={size})：input_dim 最多为 2**24，因为输入以 float32 区分。"
    "请让多个对象共用一行，例如 number % {most}。",
)


@dataclass(frozen=True, eq=False)
class Embedding(Layer):
    """The row of a table that belongs to each whole number: a word, a user, a category.

        y[n, i…] = table[x[n, i…]],  its gradient adds up what each row was used for

    x holds whole numbers from 0 to input_dim - 1, of any type: `fit` takes arrays of integers as they are, and refuses
    fractions where a network only reads whole numbers. The gradient has the size of the table; for some ten thousand
    rows that is cheap. Initial values are Keras's, uniform in [-0.05, 0.05); PyTorch's are standard normal.

    Parameters: embeddings (input_dim, output_dim).

    Shapes:   x (batch, …) → (batch, …, output_dim)
    Raises:   UsageError if a size is not positive or input_dim above 2²⁴; DataError, while it runs, for a number that
              is not in the table.
    Example:
        >>> from chainrule.nn import Embedding, trace
        >>> network = trace(Embedding(1000, 16), [(10,)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 10, 16), 16000)
    """

    input_dim: int
    output_dim: int
    embeddings_initializer: str | Initializer = "uniform"

    def __post_init__(self) -> None:
        check_positive(self, input_dim=self.input_dim, output_dim=self.output_dim)
        if self.input_dim > _MOST:
            raise UsageError(_LARGE(size=self.input_dim, most=_MOST))

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        table = scope.parameter("embeddings", (self.input_dim, self.output_dim), self.embeddings_initializer)
        return gather(table, cast(x, "int32") if x.dtype.floating else x)
