"""Units that pass on no gradient: dead rectifiers, and sigmoids far out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.messages import Message
from chainrule.train.recording import LayerNumbers

__all__ = ["DEAD_UNITS", "SATURATED_UNITS"]

DEAD_UNITS = Kind(
    "CR013",
    title=Message("finding.dead", en="dead units in '{layer}'", zh="“{layer}”中有失活的单元"),
    evidence=Message(
        "finding.dead.evidence",
        en="{dead} of its {units} units gave 0 for every sample of the last {looks} batches that were looked at (steps"
        " {begin} to {end}; {before} at the first look; a few are usual). Where a rectifier is 0 its slope is 0 too, so"
        " that no gradient reaches these units and they cannot come back.",
        zh="在最近检查的 {looks} 个批量（第 {begin} 至 {end} 步）中，其 {units} 个单元有 {dead} 个对所有样本都输出 0"
        "（第一次检查时为 {before} 个；少量属于正常）。整流函数为 0 处斜率也为 0，梯度到不了这些单元，它们无法恢复。",
    ),
    remedy={
        "start": Message(
            "finding.dead.start",
            en="They were dead from the start: scale the inputs to about [-1, 1], start '{layer}' with"
            " kernel_initializer='he_normal' and bias_initializer='zeros', or use an activation that keeps a slope,"
            " activation='leaky_relu'.",
            zh="它们从一开始就已失活：请把输入缩放到约 [-1, 1]，为“{layer}”设 kernel_initializer='he_normal' 与"
            " bias_initializer='zeros'，或使用保留斜率的激活函数 activation='leaky_relu'。",
        ),
        "later": Message(
            "finding.dead.later",
            en="Start anew with a smaller learning rate, optimizer={optimizer} (--lr {rate:.2g}), or with an activation"
            " that keeps a slope, '{layer}' with activation='leaky_relu': dead units stay dead.",
            zh="请用较小的学习率重新开始训练，optimizer={optimizer}（--lr {rate:.2g}），或使用保留斜率的激活函数，为"
            "“{layer}”设 activation='leaky_relu'：失活的单元不会恢复。",
        ),
        "later, no rate": Message(
            "finding.dead.later_no_rate",
            en="Start anew with smaller steps: {optimizer} has no learning rate, so take an optimizer that has one,"
            " optimizer=Adam(0.001) (--optimizer adam --lr 0.001), or an activation that keeps a slope, '{layer}' with"
            " activation='leaky_relu': dead units stay dead.",
            zh="请用较小的步长重新开始训练：{optimizer} 没有学习率，请改用有学习率的优化器 optimizer=Adam(0.001)"
            "（--optimizer adam --lr 0.001），或使用保留斜率的激活函数，为“{layer}”设 activation='leaky_relu'："
            "失活的单元不会恢复。",
        ),
    },
)
SATURATED_UNITS = Kind(
    "CR014",
    title=Message("finding.saturated", en="saturated units in '{layer}'", zh="“{layer}”中有饱和的单元"),
    evidence=Message(
        "finding.saturated.evidence",
        en="{share:.0%} of what its activation gave in the last {looks} batches that were looked at (steps {begin} to"
        " {end}) lies where its slope is below 0.01 ({before:.0%} at the first look; there, below 20% is usual): next"
        " to nothing of the gradient passes there.",
        zh="在最近检查的 {looks} 个批量（第 {begin} 至 {end} 步）中，其激活函数的输出有 {share:.0%} 位于斜率小于 0.01"
        " 之处（第一次检查时为 {before:.0%}，那时通常低于 20%）：梯度几乎无法通过。",
    ),
    remedy={
        "start": Message(
            "finding.saturated.start",
            en="Bring what goes into it near 0: scale the inputs to about [-1, 1], start '{layer}' with smaller"
            " weights, kernel_initializer='glorot_uniform', or put BatchNormalization() before the activation.",
            zh="请使其输入接近 0：把数据缩放到约 [-1, 1]，为“{layer}”使用较小的初始权重"
            " kernel_initializer='glorot_uniform'，或在激活函数之前加入 BatchNormalization()。",
        ),
        "later": Message(
            "finding.saturated.later",
            en="The training made it so: start anew with a smaller learning rate, optimizer={optimizer} (--lr"
            " {rate:.2g}), or put BatchNormalization() before the activation of '{layer}'.",
            zh="这是训练造成的：请用较小的学习率重新开始训练，optimizer={optimizer}（--lr {rate:.2g}），或在“{layer}”的"
            "激活函数之前加入 BatchNormalization()。",
        ),
        "later, no rate": Message(
            "finding.saturated.later_no_rate",
            en="The training made it so: start anew with smaller steps. {optimizer} has no learning rate, so take an"
            " optimizer that has one, optimizer=Adam(0.001) (--optimizer adam --lr 0.001), or put BatchNormalization()"
            " before the activation of '{layer}'.",
            zh="这是训练造成的：请用较小的步长重新开始训练。{optimizer} 没有学习率，请改用有学习率的优化器"
            " optimizer=Adam(0.001)（--optimizer adam --lr 0.001），或在“{layer}”的激活函数之前加入"
            " BatchNormalization()。",
        ),
    },
)

LOOKS, SAMPLES = 4, 128  # at least: a unit that is silent for so many, apart by many steps, will hardly speak again
# Shares of a layer's units, or numbers, at the first look and in the end. Trainings that go well begin with hardly any;
# in some, nearly half of the units die, as in front of a narrow layer, or most tanhs become switches.
DEAD_AT_FIRST, DEAD_LATER = 0.4, 0.6
FLAT_AT_FIRST, FLAT_LATER = 0.6, 0.95


def units_without_gradient(course: Course) -> Iterator[Finding]:
    """Layers of which too many units pass on nothing."""
    recording, facts = course.recording, course.facts
    looks = max(LOOKS, -(-SAMPLES // facts.batch_size))
    steps = recording.steps[-looks:].tolist()
    if len(steps) < looks or facts.constant_inputs:  # which explain it
        return
    told = {"looks": looks, "begin": steps[0], "end": steps[-1], **course.easier()}
    for layer, numbers in recording.layers.items():
        if numbers.passing is None:
            continue
        is_output = layer in facts.output_layers
        yield from _dead(layer, numbers, looks, told, is_output=is_output)
        if not is_output:  # there it only says that the network is sure
            yield from _saturated(layer, numbers, looks, told)


def _dead(layer: str, numbers: LayerNumbers, looks: int, told: dict[str, Any], *, is_output: bool) -> Iterator[Finding]:
    assert numbers.passing is not None
    silent = (numbers.passing[-looks:] == 0).all(0)
    before = (numbers.passing[0] == 0) & silent
    case = "start" if before.mean() >= DEAD_AT_FIRST else "later"
    least = 1.0 if is_output else DEAD_AT_FIRST if case == "start" else DEAD_LATER
    if min(numbers.zero[-looks:].min(), silent.mean()) < least:
        return
    if case == "later" and "rate" not in told:
        case = "later, no rate"
    counts = {"dead": int(silent.sum()), "units": int(silent.size), "before": int(before.sum())}
    yield DEAD_UNITS.found(case=case, layer=layer, **counts, **told)


def _saturated(layer: str, numbers: LayerNumbers, looks: int, told: dict[str, Any]) -> Iterator[Finding]:
    assert numbers.passing is not None
    share, before = float(1 - numbers.passing[-looks:].mean()), float(1 - numbers.passing[0].mean())
    case = "start" if before >= FLAT_AT_FIRST else "later"
    least = FLAT_AT_FIRST if case == "start" else FLAT_LATER
    if case == "later" and "rate" not in told:
        case = "later, no rate"
    if share >= least and np.median(numbers.zero[-looks:]) < 0.1:
        yield SATURATED_UNITS.found(case=case, layer=layer, share=share, before=before, **told)
