"""What a training is to lower and to report, as it was given; a model remembers that of its last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.nn.losses.loss import Loss, LossFunction
from chainrule.nn.losses.names import as_loss
from chainrule.train.metrics import MetricFunction, Objective, objective

_NO_LOSS = Message(
    "goal.no_loss",
    en="The model does not know which loss to evaluate. Name it, e.g. evaluate(x, y, loss='cross_entropy').",
    zh="模型不知道要用哪个损失来评估。请指明，例如 evaluate(x, y, loss='cross_entropy')。",
)
_LOSS_NOT_SAVED = Message(
    "goal.loss_not_saved",
    en="The training to resume has a loss of its own, which cannot be saved. Pass it again, e.g. fit(x, y, "
    "loss=my_loss, resume=True).",
    zh="要恢复的训练使用自定义的损失，它无法随模型保存。请重新给出，例如 fit(x, y, loss=my_loss, resume=True)。",
)
_OTHER_LOSS = Message(
    "goal.other_loss",
    en="The training to resume lowers the loss {before}, not {now}. Leave loss= out to go on with it, or start anew"
    " with resume=False.",
    zh="要恢复的训练使用的损失是 {before}，而不是 {now}。请省略 loss= 以继续使用它，或用 resume=False 重新开始。",
)


@dataclass(frozen=True, eq=False)
class Goal:
    """A loss and metrics, by name or as functions.

    loss      None where it is not known: before the first training, or where what was saved had no name
    metrics   None: the usual ones of the loss
    """

    loss: str | LossFunction | None = None
    metrics: Sequence[str | MetricFunction] | None = None

    @classmethod
    def begun(cls, loss: str | LossFunction | None, metrics: Sequence[str | MetricFunction] | None) -> Goal:
        """That of a new training for which these are given; a loss of None is the cross-entropy."""
        return cls("cross_entropy" if loss is None else loss, metrics)

    def evaluated(self, loss: str | LossFunction | None, metrics: Sequence[str | MetricFunction] | None) -> Goal:
        """That of an evaluation for which these are given: another loss has other metrics.

        Raises:   UsageError if no loss is known.
        """
        if loss is not None:
            return Goal(loss, metrics)
        if self.loss is None:
            raise UsageError(_NO_LOSS())
        return Goal(self.loss, self.metrics if metrics is None else metrics)

    def resumed(self, loss: str | LossFunction | None, metrics: Sequence[str | MetricFunction] | None) -> Goal:
        """That of a training which goes on, for which these are given: None is as before.

        Raises:   UsageError if the loss is another one, or neither known nor given.
        """
        if self.loss is None and loss is None:
            raise UsageError(_LOSS_NOT_SAVED())
        if self.loss is not None and loss is not None:
            before, now = as_loss(self.loss), as_loss(loss)
            # Functions tell nothing of themselves: one that is defined anew may well be the same.
            if before != now and (isinstance(before, Loss) or isinstance(now, Loss)):
                raise UsageError(_OTHER_LOSS(before=_shown(self.loss), now=_shown(loss)))
        return Goal(self.loss if loss is None else loss, self.metrics if metrics is None else metrics)

    def objective(self) -> Objective:
        """Both as functions; the loss must be known.

        Raises:   UsageError if a name is not known, or used twice.
        """
        assert self.loss is not None
        return objective(self.loss, self.metrics)

    def named(self) -> tuple[str | None, list[str] | None]:
        """What can be saved of it: names, not functions."""
        given = self.metrics
        several = [given] if isinstance(given, str) or callable(given) else given
        names = None if several is None else [metric for metric in several if isinstance(metric, str)]
        return self.loss if isinstance(self.loss, str) else None, names


def _shown(loss: str | LossFunction) -> str:
    return repr(loss) if isinstance(loss, str | Loss) else getattr(loss, "__name__", type(loss).__name__)
