"""Losses by name."""

from __future__ import annotations

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.nn.losses.cross_entropies import (
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalCrossEntropy,
    CategoricalFocalCrossEntropy,
)
from chainrule.nn.losses.distances import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    Quantile,
    SquaredDistance,
)
from chainrule.nn.losses.likelihoods import GaussianLikelihood, KLDivergence, Poisson
from chainrule.nn.losses.loss import Loss, LossFunction
from chainrule.nn.losses.margins import CategoricalHinge, Hinge, MultiMargin, SquaredHinge, TripletMargin
from chainrule.nn.names import named, refuse_class

__all__ = ["as_loss"]

_UNKNOWN = Message(
    "loss.unknown",
    en="Loss '{name}' is not known; choose one of: {known}, or give a function of outputs and targets.{suggestion}",
    zh="未知的损失“{name}”；可选：{known}，或直接给出一个关于输出与目标的函数。{suggestion}",
)
_KIND = Message(
    "loss.kind",
    en="loss is {given}; give a name such as 'cross_entropy', a loss such as Huber(), or a function of outputs and"
    " targets.",
    zh="loss 为 {given}；请给出名称（如 'cross_entropy'）、损失（如 Huber()）或一个关于输出与目标的函数。",
)

LOSSES: dict[str, Loss] = {
    "cross_entropy": CategoricalCrossEntropy(),
    "categorical_cross_entropy": CategoricalCrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "mean_squared_error": MeanSquaredError(),
    "mean_absolute_error": MeanAbsoluteError(),
    "huber": Huber(),
    "squared_distance": SquaredDistance(),
    "log_cosh": LogCosh(),
    "quantile": Quantile(),
    "cosine_similarity": CosineSimilarity(),
    "binary_focal_cross_entropy": BinaryFocalCrossEntropy(),
    "categorical_focal_cross_entropy": CategoricalFocalCrossEntropy(),
    "hinge": Hinge(),
    "squared_hinge": SquaredHinge(),
    "categorical_hinge": CategoricalHinge(),
    "multi_margin": MultiMargin(),
    "triplet_margin": TripletMargin(),
    "kl_divergence": KLDivergence(),
    "poisson": Poisson(),
    "gaussian_likelihood": GaussianLikelihood(),
}


def as_loss(loss: str | LossFunction) -> LossFunction:
    """The loss itself, which may be any function of outputs and targets, or the one of this name.

    Raises:   UsageError if the name is not known.
    """
    if isinstance(loss, str):
        return named(loss, LOSSES, _UNKNOWN)
    refuse_class("loss", loss)
    if not callable(loss):
        raise UsageError(_KIND(given=repr(loss)))
    return loss
