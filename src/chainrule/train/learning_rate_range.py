"""The record of a range test: the loss while the learning rate rose, and the rate that it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from chainrule.messages import Message

__all__ = ["LearningRateRange"]

_SUGGESTED = Message(
    "lr_find.suggested",
    en="Try learning_rate={suggestion:g}, the smaller one of where the loss fell steepest, {steepest:.2g}, and a tenth"
    " of where it was lowest, {lowest:.2g}{end}.",
    zh="建议 learning_rate={suggestion:g}，即损失下降最快处 {steepest:.2g} 与损失最低处 {lowest:.2g} 的十分之一中较小的"
    "一个{end}。",
)
_DIVERGED = Message("lr_find.diverged", en="; at {rate:.2g} the training diverged", zh="；在 {rate:.2g} 处训练发散")
_STILL_FALLING = Message(
    "lr_find.still_falling",
    en=", the last one: it was still falling, so a larger highest= may show a larger one",
    zh="，即最后一个：损失仍在下降，增大 highest= 可能得到更大的学习率",
)
_NOTHING = Message(
    "lr_find.nothing",
    en="No learning rate brought the loss down ({start:.3g}, at best {best:.3g}){end}. {advice}",
    zh="没有任何学习率使损失下降（开始时 {start:.3g}，最好 {best:.3g}）{end}。{advice}",
)
_LOWER = Message(
    "lr_find.lower",
    en="Try a smaller lowest=, and inputs scaled to about [-1, 1], also targets that are numbers.",
    zh="请减小 lowest=，并将输入（以及数值型目标）缩放到约 [-1, 1]。",
)
_LOOK = Message(
    "lr_find.look",
    en="Something else than the rate is wrong: overfit_batches(model, x, y) helps to find it.",
    zh="问题不在学习率：overfit_batches(model, x, y) 可帮助找出原因。",
)

_NEAR = 100  # times the lowest rate: a test that ended below it began too high


@dataclass(frozen=True, eq=False)
class LearningRateRange:
    """The loss of each step of a range test, while the learning rate rose.

    rates       η of each step (K,)
    losses      the loss of its batch, in training mode, before the update (K,)
    smoothed    their running mean, without what is due to the batches alone (K,)
    start       the mean loss of the same batches without any update
    suggestion  a rate to train with; None where no rate brought the loss down
    steepest    the rate at which the smoothed loss fell steepest, over log η
    lowest      the rate at which it was lowest
    diverged    the rate at which the test ended early; None where it went through
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    start: float
    suggestion: float | None
    steepest: float
    lowest: float
    diverged: float | None

    def verdict(self) -> str:
        """The suggestion and what it rests on, or what to do where there is none."""
        end = "" if self.diverged is None else _DIVERGED(rate=self.diverged)
        if self.suggestion is not None:
            end = end or (_STILL_FALLING() if self.lowest == self.rates[-1] else "")
            return _SUGGESTED(suggestion=self.suggestion, steepest=self.steepest, lowest=self.lowest, end=end)
        at_once = self.diverged is not None and self.diverged < _NEAR * self.rates[0]
        advice = _LOWER() if at_once else _LOOK()
        return _NOTHING(start=self.start, best=min(self.start, self.smoothed.min()), end=end, advice=advice)

    def __repr__(self) -> str:
        found = "no suggestion" if self.suggestion is None else f"suggestion {self.suggestion:g}"
        return f"LearningRateRange({found}, {len(self.rates)} steps)"

    def _repr_html_(self) -> str:
        return f"<div>{escape(self.verdict())}</div>"
