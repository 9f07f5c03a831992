"""Composite operations: a named body of other operations, drawn and exported as one node with its attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chainrule.graph.dtype import float32, promote, promote_number
from chainrule.graph.operation import Attributes, Expandable, Type
from chainrule.graph.tensor import Tensor, apply, input_tensor, number
from chainrule.ops.kinds.conversion import as_tensor


@dataclass(frozen=True, eq=False)
class Composite(Expandable):
    """Composite("softmax", body=lambda x, axis: ...): inputs are the positional arguments, attributes the named ones.

    Evaluated, differentiated, batched and compiled by expansion; the body must not look at values.
    """

    name: str
    body: Callable[..., Tensor]

    def __call__(self, *operands: Any, **attributes: Any) -> Tensor:
        floats = promote(float32, *(x.dtype for x in operands if isinstance(x, Tensor)))
        inputs = [
            number(x, promote_number(x, floats)) if isinstance(x, bool | int | float) else as_tensor(x)
            for x in operands
        ]
        return apply(self, *inputs, **attributes)

    def expand(self, inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
        return self.body(*inputs, **attributes)

    def infer(self, inputs: Sequence[Tensor], attributes: Attributes) -> Type:
        return _traced(self, tuple(x.type for x in inputs), tuple(attributes.items()))


@lru_cache(maxsize=4096)
def _traced(operation: Composite, types: tuple[Type, ...], attributes: tuple[tuple[str, Any], ...]) -> Type:
    placeholders = [input_tensor(f"{operation.name}.{k}", t.shape, t.dtype) for k, t in enumerate(types)]
    return operation.expand(placeholders, dict(attributes)).type
