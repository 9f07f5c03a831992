"""A loss that stays at what an answer without looking gives, where its gradient is next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.restraints import restraint
from chainrule.diagnosis.task import Task
from chainrule.messages import Message

__all__ = ["PLATEAU"]

PLATEAU = Kind(
    "CR011",
    title=Message("finding.plateau", en="plateau or saddle", zh="平台或鞍点"),
    evidence=Message(
        "finding.plateau.evidence",
        en="The loss stayed at {last:.4g} for the last {steps:,} steps. The best answer that does not look at the"
        " inputs gives {constant:.4g}: nothing of them has been learned. The ground is flat: if '{parameter}' changed"
        " by 1 % of its size, the loss would change by {sensitivity:.1g} % (usual: 0.3 % and more), so that its"
        " gradient leads nowhere. Dead or saturated units and weights of zero, where reported, are the cause.",
        zh="在最后 {steps:,} 步中损失一直停在 {last:.4g}。不看输入的最佳答案的损失为 {constant:.4g}："
        "什么也没有从输入中学到。这里是平的：把“{parameter}”改变其大小的 1 %，损失只改变 {sensitivity:.1g} %"
        "（通常不小于 0.3 %），其梯度毫无指引。若同时报告了失活或饱和的单元、全零的权重，那就是原因。",
    ),
    remedy=Message(
        "finding.plateau.remedy",
        en="Start anew with weights of the right size, kernel_initializer='he_normal' before relu, 'glorot_uniform'"
        " before tanh; in a deep network use relu in place of sigmoid and put BatchNormalization() between layers."
        " optimizer=Adam(0.001) leaves a saddle sooner, as its steps do not shrink with the gradient.",
        zh="请用大小合适的权重重新开始：relu 之前用 kernel_initializer='he_normal'，tanh 之前用 'glorot_uniform'；"
        "深层网络请用 relu 代替 sigmoid，并在层间加入 BatchNormalization()。"
        "optimizer=Adam(0.001) 能更快离开鞍点，因为其步长不随梯度缩小。",
    ),
)

NEAR = (0.9, 1.2)  # of the loss of the constant answer: all four parts of the second half
FLAT = 0.03  # of relative change of the loss by relative change of weights; 0.3 to 100 where trainings go well
FEWEST, HALF = 30, 0.5  # steps, and so many of all that are planned: many trainings leave a plateau early


def plateau(task: Task, course: Course) -> Iterator[Finding]:
    """A second half at the constant answer's loss, with a parameter that the loss hardly depends on."""
    constant, smoothed = course.facts.constant_loss, course.smoothed
    if course.diverged or constant is None or constant <= 0 or course.facts.constant_inputs:  # which explain it
        return
    if len(course.losses) < FEWEST or course.done < HALF:
        return
    half = course.losses[len(course.losses) // 2 :]
    parts = np.array([part.mean() for part in np.array_split(half, 4)])
    stuck = (parts > NEAR[0] * constant).all() and (parts < NEAR[1] * constant).all()
    if not stuck or smoothed.max() > 2 * max(constant, course.losses[0]):  # thrown there by too high a rate
        return
    late = {name: float(np.median(own[len(own) // 2 :])) for name, own in course.sensitivities.items()}
    late = {name: value for name, value in late.items() if np.isfinite(value)}
    parameter = min(late, key=lambda name: late[name], default="")
    if not parameter or late[parameter] > FLAT or restraint(task) is not None:
        return
    told = {"parameter": parameter, "sensitivity": late[parameter]}
    yield PLATEAU.found(last=float(half.mean()), constant=constant, steps=len(half), **told)
