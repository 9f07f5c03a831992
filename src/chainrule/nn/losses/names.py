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
from chainrule.nn.losses.margins import (
    CategoricalHinge,
    Hinge,
    MultiMargin,
    PerceptronCriterion,
    SquaredHinge,
    TripletMargin,
)
from chainrule.nn.names import named, refuse_class
from chainrule.nn.signatures import refuse_other_than_two

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
    "perceptron": PerceptronCriterion(),
    "squared_hinge": SquaredHinge(),
    "categorical_hinge": CategoricalHinge(),
    "multi_margin": MultiMargin(),
    "triplet_margin": TripletMargin(),
    "kl_divergence": KLDivergence(),
    "poisson": Poisson(),
    "gaussian_likelihood": GaussianLikelihood(),
}

ELSEWHERE = {  # what Keras, PyTorch and people call them
    "ce": "cross_entropy",
    "nll": "cross_entropy",
    "softmax": "cross_entropy",
    "bce": "binary_cross_entropy",
    "log_loss": "binary_cross_entropy",
    "logistic": "binary_cross_entropy",
    "mse": "mean_squared_error",
    "l2": "mean_squared_error",
    "mae": "mean_absolute_error",
    "l1": "mean_absolute_error",
    "smooth_l1": "huber",
    "pinball": "quantile",
    "cosine": "cosine_similarity",
    "focal": "categorical_focal_cross_entropy",
    "kl": "kl_divergence",
    "kld": "kl_divergence",
    "kl_div": "kl_divergence",
    "triplet": "triplet_margin",
    "gaussian_nll": "gaussian_likelihood",
}


def as_loss(loss: str | LossFunction) -> LossFunction:
    """The loss itself, which may be any function of outputs and targets, or the one of this name.

    Raises:   UsageError if the name is not known.
    """
    if isinstance(loss, str):
        return named(loss, LOSSES, _UNKNOWN, ELSEWHERE)
    refuse_class("loss", loss)
    if not callable(loss):
        raise UsageError(_KIND(given=repr(loss)))
    refuse_other_than_two("loss", loss)
    return loss
