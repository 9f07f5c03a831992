"""A bound on the weights themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

from chainrule.errors import UsageError
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import maximum, sqrt, square
from chainrule.ops.kinds.conversion import cast
from chainrule.optim.optimizer import Applied, Parameters, Scalars, Slots
from chainrule.optim.rates import Rate
from chainrule.optim.wrapper import Wrapper

__all__ = ["MaxNorm"]

_NAMES = Message(
    "max_norm.names",
    en="MaxNorm(parameters={given!r}): give the names of parameters, or patterns of such, as a tuple of texts, e.g."
    " ('conv2d/kernel', 'dense*/kernel').",
    zh="MaxNorm(parameters={given!r})：请以文本元组给出参数名或其模式，例如 ('conv2d/kernel', 'dense*/kernel')。",
)
_NO_MATCH = Message(
    "max_norm.no_match",
    en="MaxNorm: no parameter has the name '{pattern}'; there are: {known}. In a pattern * stands for any text.",
    zh="MaxNorm：没有名为“{pattern}”的参数；现有：{known}。模式中的 * 代表任意文本。",
)


@dataclass(frozen=True)
class MaxNorm(Wrapper):
    """After each update, the weights that lead into a unit are brought back to a length of at most c.

        w ← w · c / max(‖w‖, c), for each unit: all axes of an array but the last; a vector is one unit's

    `parameters` are the names that it is for, in which * stands for any text: ("dense/kernel",), ("conv*/kernel",). By
    default it is for all kernels. For other norms in other layers put one MaxNorm around another.

    Raises:   UsageError where a name fits no parameter of the network.
    Source:   Srebro, Rennie and Jaakkola 2005; Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014,
              section 5.1, where c is 3 or 4
    Example:
        >>> from chainrule.optim import SGD
        >>> MaxNorm(MaxNorm(SGD(0.1), 4.0, ("conv2d/kernel",)), 3.0, ("dense*/kernel",)).scalars()
        {'learning_rate': 0.1, 'max_norm': 4.0, 'max_norm_1': 3.0}
    """

    max_norm: Rate = 3.0
    parameters: tuple[str, ...] = ("*kernel",)

    rates: ClassVar[tuple[str, ...]] = ("max_norm",)

    def __post_init__(self) -> None:
        super().__post_init__()
        names: object = self.parameters
        if not (isinstance(names, tuple) and names and all(isinstance(name, str) for name in names)):
            raise UsageError(_NAMES(given=names))

    def apply(
        self, parameters: Parameters, gradients: Parameters, slots: Mapping[str, Slots], scalars: Scalars
    ) -> Applied:
        for pattern in self.parameters:
            if not any(fnmatchcase(name, pattern) for name in parameters):
                raise UsageError(_NO_MATCH(pattern=pattern, known=", ".join(parameters)))
        most = self.scalar("max_norm", scalars)
        updated, kept = self.optimizer.apply(parameters, gradients, slots, scalars)
        return {name: _bounded(p, most) if self._is_for(name) else p for name, p in updated.items()}, kept

    def _is_for(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.parameters)


def _bounded(parameter: Tensor, most: Tensor) -> Tensor:
    limit = cast(most, parameter.dtype)
    axes = tuple(range(max(parameter.ndim - 1, min(parameter.ndim, 1))))
    norm = sqrt(sum(square(parameter), axes, keepdims=True))
    return parameter * (limit / maximum(norm, limit))
