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
from chainrule.ops.elementwise import absolute, square

__all__ = ["L1", "L1L2", "L2", "Penalty"]

_KIND = Message(
    "penalty.kind",
    en="{layer}({name}={given!r}): a penalty says what it is. Write L2({example}).",
    zh="{layer}({name}={given!r})：须指明惩罚的种类。请写 L2({example})。",
)


@dataclass(frozen=True)
class Penalty(ABC):
    """Σ factor · size(θ), added to the loss. Factors are inputs of the training step and may be turned meanwhile.

    Raises:   UsageError if a factor is not a finite number, 0 or more.
    """

    @abstractmethod
    def terms(self, parameter: Tensor) -> dict[str, tuple[float, Tensor]]:
        """The factor of each term, and the size that it multiplies, one number.

        The names are those of the factors among the model's scalars, behind the parameter's: "penalty" of a layer's
        kernel is "dense/kernel_penalty".
        """


@dataclass(frozen=True)
class L2(Penalty):
    """Sum of squares: every gradient step also pulls the parameter towards zero.

        λ‖θ‖², so that θ ← θ − η(∂ℓ/∂θ + 2λθ)

    This is Keras's convention; where others write λ/2 ‖θ‖² (PyTorch's weight_decay), their λ is twice this one.

    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> L2(0.01).terms(tensor([3.0, -4.0]))
        {'penalty': (0.01, Tensor(25.0, shape=(), dtype=float32))}
    """

    factor: float

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, factor=self.factor)

    def terms(self, parameter: Tensor) -> dict[str, tuple[float, Tensor]]:
        return {"penalty": (self.factor, sum(square(parameter)))}


@dataclass(frozen=True)
class L1(Penalty):
    """Sum of absolute values: every parameter is pulled towards zero alike, however small; what is useless gets there.

        λ Σ|θ|, so that θ ← θ − η(∂ℓ/∂θ + λ sign θ)

    Under gradient steps such parameters end up around zero, closer than ηλ, rather than on it.

    Source:   Tibshirani 1996, Regression shrinkage and selection via the lasso
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> L1(0.01).terms(tensor([3.0, -4.0]))
        {'penalty': (0.01, Tensor(7.0, shape=(), dtype=float32))}
    """

    factor: float

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, factor=self.factor)

    def terms(self, parameter: Tensor) -> dict[str, tuple[float, Tensor]]:
        return {"penalty": (self.factor, sum(absolute(parameter)))}


@dataclass(frozen=True)
class L1L2(Penalty):
    """Both of them, each with a factor of its own: the elastic net.

        λ₁ Σ|θ| + λ₂ ‖θ‖²

    Source:   Zou and Hastie 2005
    Example:
        >>> from chainrule.nn import Dense, trace
        >>> trace(Dense(3, kernel_penalty=L1L2(0.1, 0.01)), [(4,)]).scalar_values()
        {'dense/kernel_l1_penalty': 0.1, 'dense/kernel_l2_penalty': 0.01}
    """

    l1: float = 0.01
    l2: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, NOT_NEGATIVE, l1=self.l1, l2=self.l2)

    def terms(self, parameter: Tensor) -> dict[str, tuple[float, Tensor]]:
        return {
            "l1_penalty": (self.l1, sum(absolute(parameter))),
            "l2_penalty": (self.l2, sum(square(parameter))),
        }


def check_penalties(layer: object, **penalties: Any) -> None:
    """Refuse what is no penalty, such as a bare factor, among a layer's fields, given by name.

    Raises:   UsageError
    """
    for name, penalty in penalties.items():
        if penalty is not None and not isinstance(penalty, Penalty):
            example = penalty if is_within(penalty, 0, 1) else 0.01
            raise UsageError(_KIND(layer=type(layer).__name__, name=name, given=penalty, example=example))
