"""What must not happen to tensors' numbers while a function of them is being differentiated."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from chainrule.graph.tensor import Tensor

Leave: TypeAlias = Callable[["Tensor"], None]  # raises where the numbers must stay in the graph


def _granted(tensor: Tensor) -> None:
    """Outside of differentiation everybody may have the numbers."""


taking_out: ContextVar[Leave] = ContextVar("taking_out", default=_granted)
"""Asked before the numbers of a tensor leave the graph."""
