"""Units that pass on no gradient: dead rectifiers, and sigmoids far out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.messages import Message

__all__ = ["DEAD_UNITS", "SATURATED_UNITS"]

DEAD_UNITS = Kind(
    "CR013",
    title=Message("finding.dead", en="dead units in '{layer}'", zh="“{layer}”中有失活的单元"),
    evidence=Message(
        "finding.dead.evidence",
        en="{dead} of its {units} units gave 0 for every sample of the last {looks} batches that were looked at (steps"
        " {first} to {last}). Where a rectifier is 0 its slope is 0 too, so that no gradient reaches these units and"
        " they cannot come back.",
        zh="在最近检查的 {looks} 个批量（第 {first} 至 {last} 步）中，其 {units} 个单元有 {dead} 个对所有样本都输出 0。"
        "整流函数为 0 处斜率也为 0，梯度到不了这些单元，它们无法恢复。",
    ),
    remedy=Message(
        "finding.dead.remedy",
        en="Use a smaller learning rate, optimizer={optimizer}({rate:.2g}), or an activation that keeps a slope:"
        " '{layer}' with activation='leaky_relu'. Start anew: dead units stay dead.",
        zh="请减小学习率，optimizer={optimizer}({rate:.2g})，或使用保留斜率的激活函数：为“{layer}”设"
        " activation='leaky_relu'。请重新开始训练：失活的单元不会恢复。",
    ),
)
SATURATED_UNITS = Kind(
    "CR014",
    title=Message("finding.saturated", en="saturated units in '{layer}'", zh="“{layer}”中有饱和的单元"),
    evidence=Message(
        "finding.saturated.evidence",
        en="{share:.0%} of what its activation gave in the last {looks} batches that were looked at (steps {first} to"
        " {last}) lies where its slope is below 0.01: next to nothing of the gradient passes there.",
        zh="在最近检查的 {looks} 个批量（第 {first} 至 {last} 步）中，其激活函数的输出有 {share:.0%}"
        " 位于斜率小于 0.01 之处：梯度几乎无法通过。",
    ),
    remedy=Message(
        "finding.saturated.remedy",
        en="Bring what goes into it near 0: scale the inputs to about [-1, 1], start '{layer}' with smaller weights,"
        " kernel_initializer='glorot_uniform', or put BatchNormalization() before the activation.",
        zh="请使其输入接近 0：把数据缩放到约 [-1, 1]，为“{layer}”使用较小的初始权重"
        " kernel_initializer='glorot_uniform'，或在激活函数之前加入 BatchNormalization()。",
    ),
)

LOOKS = 4  # a unit that is silent in so many batches, apart by many steps, will hardly speak again
DEAD_SHARE = 0.4  # of a layer's units; some dead ones are usual, and do no harm
FLAT_SHARE = 0.6  # of a layer's numbers


def units_without_gradient(course: Course) -> Iterator[Finding]:
    """Layers of which too many units pass on nothing."""
    recording = course.recording
    steps = recording.steps[-LOOKS:].tolist()
    if len(steps) < LOOKS:
        return
    place = {"looks": LOOKS, "first": steps[0], "last": steps[-1]}
    for layer, numbers in recording.layers.items():
        if numbers.passing is None:
            continue
        passing = numbers.passing[-LOOKS:]
        silent = (passing == 0).all(0)
        if numbers.zero[-LOOKS:].min() >= DEAD_SHARE and silent.mean() >= DEAD_SHARE:
            advice = {"optimizer": course.facts.optimizer, "rate": course.rates.max(initial=0.0) / 10}
            counts = {"dead": int(silent.sum()), "units": int(silent.size)}
            yield DEAD_UNITS.found(layer=layer, **counts, **place, **advice)
        elif 1 - passing.mean() >= FLAT_SHARE and np.median(numbers.zero[-LOOKS:]) < 0.1:
            yield SATURATED_UNITS.found(layer=layer, share=float(1 - passing.mean()), **place)
