"""Optimizers by name."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.optim.adam import Adam, Adamax, AdamW, AMSGrad, Nadam
from chainrule.optim.gradient_descent import SGD, Momentum, Nesterov
from chainrule.optim.lbfgs import LBFGS
from chainrule.optim.lion import Lion
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.perturbation import RandomPerturbation
from chainrule.optim.squares import Adadelta, Adagrad, CenteredRMSProp, RMSProp

__all__ = ["OPTIMIZERS", "as_optimizer"]

_UNKNOWN = Message(
    "optimizer.unknown",
    en="Optimizer '{name}' is not known; choose one of: {known}.{suggestion}",
    zh="未知的优化器“{name}”；可选：{known}。{suggestion}",
)
_CLASS = Message(
    "optimizer.is_class",
    en="optimizer is the class {name}. Make an object of it: write {name}().",
    zh="optimizer 是类 {name} 本身。请创建它的实例：写 {name}()。",
)
_KIND = Message(
    "optimizer.kind",
    en="optimizer is {given}; give a name such as 'adam', or an optimizer such as Adam(0.001).",
    zh="optimizer 为 {given}；请给出名称（如 'adam'）或优化器（如 Adam(0.001)）。",
)

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {  # each takes a learning_rate
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
    "adamax": Adamax,
    "nadam": Nadam,
    "amsgrad": AMSGrad,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSProp,
    "centered_rmsprop": CenteredRMSProp,
    "lion": Lion,
    "lbfgs": LBFGS,
    "random_perturbation": RandomPerturbation,
}

_ELSEWHERE = {"gd": "sgd", "gradient_descent": "sgd", "nag": "nesterov", "l-bfgs": "lbfgs"}


def as_optimizer(optimizer: str | Optimizer) -> Optimizer:
    """The optimizer itself, or the one of this name as it is by default.

    Raises:   UsageError if the name is not known.
    Example:
        >>> as_optimizer("adam")
        Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-08)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, type):
        raise UsageError(_CLASS(name=optimizer.__name__))
    if not isinstance(optimizer, str):
        raise UsageError(_KIND(given=repr(optimizer)))
    if optimizer not in OPTIMIZERS:
        known, meant = ", ".join(OPTIMIZERS), suggestion(optimizer, OPTIMIZERS, _ELSEWHERE)
        raise UsageError(_UNKNOWN(name=optimizer, known=known, suggestion=meant))
    return OPTIMIZERS[optimizer]()
