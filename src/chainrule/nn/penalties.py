"""Penalties: what large parameters cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.ranges import NOT_NEGATIVE, check_number, is_within
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import square

__all__ = ["L2", "Penalty"]

_KIND = Message(
    "penalty.kind",
    en="{layer}(kernel_penalty={given!r}): a penalty says what it is. Write L2({example}).",
    zh="{layer}(kernel_penalty={given!r})：须指明惩罚的种类。请写 L2({example})。",
)


@dataclass(frozen=True)
class Penalty(ABC):
    """factor · size(θ), added to the loss. The factor is an input of the training step and may be turned meanwhile.

    Raises:   UsageError if the factor is not a finite number, 0 or more.
    """

    factor: float

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, factor=self.factor)

    @abstractmethod
    def size(self, parameter: Tensor) -> Tensor:
        """How large the parameter is, as one number."""


@dataclass(frozen=True)
class L2(Penalty):
    """Sum of squares: every gradient step also pulls the parameter towards zero.

        λ‖θ‖², so that θ ← θ − η(∂ℓ/∂θ + 2λθ)

    This is Keras's convention; where others write λ/2 ‖θ‖² (PyTorch's weight_decay), their λ is twice this one.

    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> L2(0.01).size(tensor([3.0, 4.0]))
        Tensor(25.0, shape=(), dtype=float32)
    """

    def size(self, parameter: Tensor) -> Tensor:
        return sum(square(parameter))


def check_penalty(layer: object, penalty: Any) -> None:
    """Refuse what is no penalty, such as a bare factor.

    Raises:   UsageError
    """
    if penalty is not None and not isinstance(penalty, Penalty):
        example = penalty if is_within(penalty, 0, 1) else 0.01
        raise UsageError(_KIND(layer=type(layer).__name__, given=penalty, example=example))
