"""Composite operations: a named body of other operations, drawn and exported as one node with its attributes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.graph.dtype import float32, promote, promote_number
from chainrule.graph.operation import Attributes, Expandable, Type
from chainrule.graph.tensor import Tensor, apply, input_tensor, number
from chainrule.messages import Message
from chainrule.ops.kinds.conversion import as_tensor

_INSIDE = Message(
    "composite.inside",
    en="in {operation}: {reason}",
    zh="在 {operation} 中：{reason}",
)

_REMEMBERED = 4096  # types of results by types of inputs, so that a body is traced once for each


@dataclass(frozen=True, eq=False)
class Composite(Expandable):
    """Composite("softmax", body=lambda x, axis: ...): inputs are the positional arguments, attributes the named ones.

    Evaluated, differentiated, batched and compiled by expansion; the body must not look at values.
    """

    name: str
    body: Callable[..., Tensor]
    _types: dict[Hashable, Type] = field(default_factory=dict, init=False, repr=False)

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
        # 1, 1.0 and True are equal as keys, but not alike in a body
        key = (*(x.type for x in inputs), *((name, type(v), v) for name, v in attributes.items()))
        if key not in self._types:
            if len(self._types) == _REMEMBERED:
                self._types.clear()
            placeholders = [input_tensor(f"{self.name}.{k}", x.shape, x.dtype) for k, x in enumerate(inputs)]
            try:
                self._types[key] = self.expand(placeholders, attributes).type
            except ChainruleError as reason:
                if str(reason).startswith(self.name):
                    raise
                raise type(reason)(_INSIDE(operation=self.name, reason=reason)) from reason
        return self._types[key]
