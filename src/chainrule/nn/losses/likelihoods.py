"""Losses of distributions: how unlikely the targets are under what the outputs say."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import ShapeError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses.cross_entropies import as_logits
from chainrule.nn.losses.loss import SMALLEST, Loss, aligned, inner
from chainrule.ops.contraction import mean, sum
from chainrule.ops.elementwise import maximum, square, where
from chainrule.ops.exponential import exp, log
from chainrule.ops.softmax import log_softmax

__all__ = ["GaussianLikelihood", "KLDivergence", "Poisson"]

_HALVES = Message(
    "loss.halves",
    en="GaussianLikelihood: outputs of shape {outputs} are not a mean and the logarithm of a variance for each of the "
    "targets {targets}; give twice as many outputs as targets, the means first.",
    zh="GaussianLikelihood：形状为 {outputs} 的输出不是每个目标 {targets} 的均值与方差的对数；"
    "请给出两倍于目标数的输出，均值在前。",
)


@dataclass(frozen=True)
class KLDivergence(Loss):
    """How far the probabilities of C exclusive classes are from those of the target.

        ℓ = Σ_c y_c log(y_c / p_c),  p = softmax(z)

    0 log 0 is 0. The outputs are logits z, or with from_logits=False probabilities p, which are kept 1e-7 away from 0,
    as Keras does; PyTorch's takes log p. Its gradient is that of the cross-entropy.

    Shapes:   outputs (batch, …, C), targets alike → (batch,), the mean over other axes
    Raises:   ShapeError if outputs and targets do not fit; UsageError if logits are wanted and a softmax's given.
    Source:   Kullback and Leibler 1951
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> KLDivergence()(tensor([[0.0, 0.0]]), tensor([[0.75, 0.25]]))
        Tensor([0.13081202], shape=(1,), dtype=float32)
    """

    from_logits: bool = True

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        y = aligned(self, outputs, targets)
        logits = as_logits(self, outputs, self.from_logits)
        log_p = log_softmax(logits) if self.from_logits else logits
        some = y > 0.0
        divergence = sum(where(some, y * (log(where(some, y, 1.0)) - log_p), 0.0), -1)
        return mean(divergence, inner(divergence))


@dataclass(frozen=True)
class Poisson(Loss):
    """How unlikely counts are under rates that the outputs tell, up to what does not depend on the outputs.

        ℓ = 1/M Σᵢ exp(zᵢ) - yᵢ zᵢ,  the rate is exp(z)

    The outputs are logarithms z of rates, as PyTorch has it, or with from_logarithms=False rates r = exp(z), as Keras
    has it, kept at least 1e-7. What is left out is log y!.

    Shapes:   outputs (batch, …), targets alike; (batch, 1) and (batch,) fit → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> Poisson()(tensor([[0.0], [1.0]]), tensor([[2.0], [2.0]]))
        Tensor([1.       0.718282], shape=(2,), dtype=float32)
    """

    from_logarithms: bool = True

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        counts = aligned(self, outputs, targets)
        if self.from_logarithms:
            return mean(exp(outputs) - counts * outputs, inner(outputs))
        rates = maximum(outputs, SMALLEST)
        return mean(rates - counts * log(rates), inner(outputs))


@dataclass(frozen=True)
class GaussianLikelihood(Loss):
    """How unlikely numbers are under normal distributions whose means and variances the outputs tell.

        ℓ = 1/M Σᵢ ½ (sᵢ + (yᵢ - μᵢ)² exp(-sᵢ)),  s = log σ²

    For M targets there are 2·M outputs: the means μ, then the logarithms s of the variances, which may be any numbers.
    PyTorch's GaussianNLLLoss takes σ² itself, and keeps it above 1e-6. What is left out is ½ log 2π.

    Shapes:   outputs (batch, …, 2·M), targets (batch, …, M), for M = 1 also (batch, …) → (batch,)
    Raises:   ShapeError if outputs and targets do not fit.
    Source:   Nix and Weigend 1994; Kendall and Gal 2017, equation 8
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> GaussianLikelihood()(tensor([[1.0, 0.0]]), tensor([[3.0]]))
        Tensor([2.], shape=(1,), dtype=float32)
    """

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        count = outputs.shape[-1] if outputs.ndim > 1 else 1
        if not isinstance(count, int) or count % 2:
            raise ShapeError(_HALVES(outputs=show_shape(outputs.shape), targets=show_shape(targets.shape)))
        means, logarithms = outputs[..., : count // 2], outputs[..., count // 2 :]
        if targets.shape not in (means.shape, *([means.shape[:-1]] if count == 2 else [])):
            raise ShapeError(_HALVES(outputs=show_shape(outputs.shape), targets=show_shape(targets.shape)))
        error = aligned(self, means, targets) - means
        return mean(0.5 * (logarithms + square(error) * exp(-logarithms)), inner(means))
