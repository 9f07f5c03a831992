"""How a network did when it was to learn a few batches by heart, and what to do where it could not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.messages import Message

__all__ = ["Memorization"]

_MEMORIZED = Message(
    "memorization.memorized",
    en="The network learned {samples} by heart in {steps}: loss {first:.3g} → {last:.3g} (target"
    " {target:.3g}){accuracy}. Model, loss and optimizer work together.",
    zh="网络在{steps}内记住了{samples}：损失 {first:.3g} → {last:.3g}（目标 {target:.3g}）{accuracy}。"
    "模型、损失与优化器可以协同工作。",
)
_FAILED = Message(
    "memorization.failed",
    en="The network did not learn {samples} by heart in {steps}: loss {first:.3g} → {last:.3g} (target"
    " {target:.3g}){accuracy}. {advice}{random}",
    zh="网络在{steps}内未能记住{samples}：损失 {first:.3g} → {last:.3g}（目标 {target:.3g}）{accuracy}。"
    "{advice}{random}",
)
_SAMPLES = Message("memorization.samples", en="{count} samples", zh=" {count} 个样本")
_ONE_SAMPLE = Message("memorization.one_sample", en="1 sample", zh=" 1 个样本")
_STEPS = Message("memorization.steps", en="{count} steps", zh=" {count} 步")
_ONE_STEP = Message("memorization.one_step", en="1 step", zh=" 1 步")
_ACCURACY = Message("memorization.accuracy", en=", accuracy {value:.0%}", zh="，准确率 {value:.0%}")
_CONTRADICTORY = Message(
    "memorization.contradictory",
    en="It is impossible: samples {first} and {second} are the same, but their targets differ ({count} such). Correct"
    " or remove them, or give the network the input that tells them apart.",
    zh="这是不可能的：样本 {first} 与 {second} 完全相同，目标却不同（共 {count} 处）。请更正或移除它们，"
    "或为网络提供能区分它们的输入。",
)
_DIVERGED = Message(
    "memorization.diverged",
    en="The loss became infinite or NaN. Try a learning rate ten times smaller, or inputs scaled to about [-1, 1]"
    " (images divided by 255).",
    zh="损失变为无穷或 NaN。请尝试把学习率缩小到十分之一，或把输入缩放到约 [-1, 1]（图像除以 255）。",
)
_ROSE = Message(
    "memorization.rose",
    en="The loss rose above where it began. Try a learning rate ten times smaller; lr_find(model, x, y) suggests one.",
    zh="损失升到了开始时之上。请尝试把学习率缩小到十分之一；lr_find(model, x, y) 会给出建议。",
)
_FALLING = Message(
    "memorization.falling",
    en="The loss was still falling. Give it more steps, e.g. steps={steps}, or a learning rate three times larger;"
    " lr_find(model, x, y) suggests one.",
    zh="损失仍在下降。请增加步数，例如 steps={steps}，或把学习率增大到三倍；lr_find(model, x, y) 会给出建议。",
)
_STUCK = Message(
    "memorization.stuck",
    en="It does hardly better than the same guess for every sample ({guessing:.3g}). Look whether the labels belong to"
    " the samples, whether the inputs are scaled to about [-1, 1], whether a softmax or sigmoid stands before a loss"
    " that contains it, whether all parameters began at zero, and whether the learning rate is far too small or too"
    " large; lr_find(model, x, y) suggests one.",
    zh="结果几乎不比对所有样本给出同一猜测（{guessing:.3g}）更好。请检查：标签是否与样本对应；"
    "输入是否缩放到约 [-1, 1]；损失已包含 softmax 或 sigmoid 时网络末尾是否又用了一次；"
    "所有参数是否都从零开始；学习率是否过小或过大。lr_find(model, x, y) 会给出建议。",
)
_PLATEAU = Message(
    "memorization.plateau",
    en="The loss hardly fell any more at the end. If it jumps up and down, lower the learning rate; else give the"
    " network more units or layers, or inputs that tell the samples apart.",
    zh="损失到最后几乎不再下降。若它上下跳动，请降低学习率；否则请增加网络的单元或层数，或提供能区分这些样本的输入。",
)
_RANDOM = Message(
    "memorization.random",
    en=" Layer '{layer}' varies the samples at random and cannot be turned off by a number: try without it.",
    zh=" 层“{layer}”会随机改变样本，且无法用数值关闭：请尝试去掉它。",
)

Outcome: TypeAlias = Literal["memorized", "contradictory", "diverged", "rose", "falling", "stuck", "plateau"]

_ADVICE = {"diverged": _DIVERGED, "rose": _ROSE, "falling": _FALLING, "stuck": _STUCK, "plateau": _PLATEAU}


@dataclass(frozen=True, eq=False)
class Memorization:
    """How a network did when it was to learn a few batches by heart.

    outcome      "memorized", or what stood in the way: "contradictory" targets of the same sample, "diverged", "rose",
                 "falling" (not yet), "stuck" (no better than guessing), "plateau" (better, but not near the target)
    losses       mean loss of the batches in each pass over them, before the updates (passes,)
    accuracies   mean accuracy likewise; None where the loss is none of a classifier
    target       the loss that had to be reached; with hard targets, an accuracy of 100 % as well
    guessing     the loss of the same guess for every sample, or that of the start where nobody knows
    places       which samples of the data were learned, in order (samples,)
    steps        how many steps were made
    turned_off   what would have made it harder on purpose, and was set to 0: names and values
    contradictions  pairs of places whose samples are the same and whose targets are not
    random_layer    the first layer that varied the samples all the same; looked for only where they were not memorized
    """

    outcome: Outcome
    losses: NDArray[np.float64]
    accuracies: NDArray[np.float64] | None
    target: float
    guessing: float
    places: NDArray[np.int64]
    steps: int
    turned_off: dict[str, float]
    contradictions: list[tuple[int, int]]
    random_layer: str | None = None

    @property
    def memorized(self) -> bool:
        """Whether loss and accuracy reached their targets."""
        return self.outcome == "memorized"

    def verdict(self) -> str:
        """What happened and what to do about it, in a few sentences."""
        told: dict[str, Any] = {
            "samples": _ONE_SAMPLE() if len(self.places) == 1 else _SAMPLES(count=len(self.places)),
            "steps": _ONE_STEP() if self.steps == 1 else _STEPS(count=self.steps),
            "first": self._first,
            "last": self._last,
            "target": self.target,
            "accuracy": ""
            if self.accuracies is None or not len(self.accuracies)
            else _ACCURACY(value=self.accuracies[-1]),
        }
        if self.memorized:
            return _MEMORIZED(**told)
        random = "" if self.random_layer is None else _RANDOM(layer=self.random_layer)
        return _FAILED(**told, advice=self._advice(), random=random)

    def _advice(self) -> str:
        if self.outcome == "contradictory":
            first, second = self.contradictions[0]
            return _CONTRADICTORY(first=first, second=second, count=len(self.contradictions))
        return _ADVICE[self.outcome](steps=4 * self.steps, guessing=self.guessing)

    def __repr__(self) -> str:
        losses = f"{self._first:.3g} → {self._last:.3g}"
        return f"Memorization({self.outcome} after {self.steps} steps, {losses})"

    @property
    def _first(self) -> float:
        return float(self.losses[0]) if len(self.losses) else math.nan

    @property
    def _last(self) -> float:
        return math.nan if self.outcome == "diverged" else float(self.losses[-1])

    def _repr_html_(self) -> str:
        return f"<div>{escape(self.verdict())}</div>"
