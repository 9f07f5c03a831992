"""Going on with a training that was broken off: whether there is one, and whether what is given now belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.train.means import no_totals
from chainrule.train.state import TrainingState
from chainrule.train.step import Arrays, TrainingStep

_NOTHING = Message(
    "resuming.nothing",
    en="There is no training to resume: the model has not been trained, or was saved without its training. Begin one"
    " with resume=False.",
    zh="没有可恢复的训练：模型尚未训练，或保存时不含训练状态。请用 resume=False 开始新的训练。",
)
_OTHER_SAMPLES = Message(
    "resuming.other_samples",
    en="The training to resume has {before} samples, but {now} are given now. Resume it with the same data and the same"
    " validation_split, or start anew with resume=False.",
    zh="要恢复的训练使用 {before} 个样本，而现在给出了 {now} 个。"
    "请使用相同的数据和 validation_split 恢复，或用 resume=False 重新开始。",
)
_OTHER_OPTIMIZER = Message(
    "resuming.other_optimizer",
    en="The training to resume kept other arrays ({kept}) than {optimizer} does. Resume it with the optimizer it was"
    " begun with, or start anew with resume=False.",
    zh="要恢复的训练保存的数组（{kept}）与 {optimizer} 不同。请使用原来的优化器恢复，或用 resume=False 重新开始。",
)
_OTHER_METRICS = Message(
    "resuming.other_metrics",
    en="The training to resume counted other metrics than {now}. Resume it with the metrics it was begun with, or start"
    " anew with resume=False.",
    zh="要恢复的训练统计的指标与 {now} 不同。请使用原来的指标恢复，或用 resume=False 重新开始。",
)


def state_to_resume(last: TrainingState | None, parameters: Arrays, states: Arrays) -> TrainingState:
    """That of a model's last training, with the parameters and states that the model has now.

    Raises:   UsageError if there was none.
    """
    if last is None:
        raise UsageError(_NOTHING())
    return replace(last, parameters=parameters, states=states)


def check_resumable(state: TrainingState, samples: int, step: TrainingStep, metrics: Sequence[str]) -> None:
    """Refuse to go on from a state with other samples, slots or metrics than those that it counts.

    Raises:   UsageError with what differs.
    """
    if state.samples != samples:
        raise UsageError(_OTHER_SAMPLES(before=state.samples, now=samples))
    slots = {name: set(own) for name, own in state.slots.items()}
    if slots != {name: set(own) for name, own in step.slots.items()}:
        kept = sorted(set().union(*slots.values()))
        raise UsageError(_OTHER_OPTIMIZER(optimizer=step.optimizer, kept=", ".join(kept) or "-"))
    counted = len(state.totals) - len(no_totals([]))
    names = list(state.logs)[1 : 1 + counted] or list(metrics)  # the logs have "loss" first, val_ entries last
    if counted != len(metrics) or names != list(metrics):
        raise UsageError(_OTHER_METRICS(now=", ".join(metrics) or "-"))
