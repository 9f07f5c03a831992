"""A network that learns its training samples by heart: validation gets worse, or stays far behind."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.rates import rate_too_high
from chainrule.messages import Message

__all__ = ["OVERFITTING"]

OVERFITTING = Kind(
    "CR017",
    title=Message("finding.overfitting", en="overfitting", zh="过拟合"),
    evidence={
        "rises": Message(
            "finding.overfitting.rises",
            en="The validation loss was lowest in epoch {best}, {lowest:.3g}, and rose to {validation:.3g} by epoch"
            " {epoch}, while the training loss went on falling from {then:.3g} to {training:.3g}. The rise is"
            " {rise:.0%} of what an answer without looking gives ({scale:.3g}), more than chance in {samples:,}"
            " validation samples explains ({limit:.0%}): since epoch {best} the network learned what holds for the"
            " training samples only.",
            zh="验证损失在第 {best} 轮最低，为 {lowest:.3g}，到第 {epoch} 轮升至 {validation:.3g}，而训练损失继续从"
            " {then:.3g} 降到 {training:.3g}。升幅为不看输入的答案的损失（{scale:.3g}）的 {rise:.0%}，超过 {samples:,}"
            " 个验证样本的偶然波动（{limit:.0%}）：第 {best} 轮之后，网络学到的只对训练样本成立。",
        ),
        "gap": Message(
            "finding.overfitting.gap",
            en="In epoch {epoch}, whose weights the model has, the training loss is {training:.3g} but the validation"
            " loss {validation:.3g}, and that no longer falls. The difference is {gap:.0%} of what an answer without"
            " looking gives ({scale:.3g}; usual: below 25 %): {training_samples:,} samples are too few for what the"
            " network of {parameters:,} parameters can learn by heart.",
            zh="模型所取的第 {epoch} 轮权重，训练损失为 {training:.3g}，验证损失却为 {validation:.3g}，且不再下降。"
            "二者之差为不看输入的答案的损失（{scale:.3g}）的 {gap:.0%}（通常低于 25 %）：对有 {parameters:,}"
            " 个参数、能死记硬背的网络来说，{training_samples:,} 个样本太少。",
        ),
    },
    remedy={
        "rises": Message(
            "finding.overfitting.rises.remedy",
            en="Stop where validation is best, and keep those weights: callbacks=[EarlyStopping('val_loss',"
            " patience={patience})], or epochs={best}. To get further than {lowest:.3g}, give it more samples,"
            " Dropout(0.5) before the last layer, kernel_penalty=L2(1e-4), or augmentation of images.",
            zh="请在验证效果最好处停止并保留当时的权重：callbacks=[EarlyStopping('val_loss', patience={patience})]，"
            "或 epochs={best}。若要优于 {lowest:.3g}，请增加样本，在最后一层之前加入 Dropout(0.5)，使用"
            " kernel_penalty=L2(1e-4)，或对图像做数据增强。",
        ),
        "gap": Message(
            "finding.overfitting.gap.remedy",
            en="Give it more samples, or augment them (RandomShift, RandomRotation for images); put Dropout(0.5)"
            " before the last layer, kernel_penalty=L2(1e-3), or fewer units. Fewer epochs do not help here.",
            zh="请增加样本，或做数据增强（图像可用 RandomShift、RandomRotation）；"
            "在最后一层之前加入 Dropout(0.5)，使用 kernel_penalty=L2(1e-3)，或减少单元。减少轮数在此无济于事。",
        ),
    },
)

# Healthy trainings, also those that go on long after they have learned, rise by up to 0.045 of the scale, with gaps up
# to 0.22.
RISE, RISE_BY_CHANCE = 0.06, 0.5  # of the scale, and so much more divided by √(validation samples)
HIGHER = 1.15  # times the lowest validation loss, at least
FALLEN = 0.8  # of the training loss when validation was best
GAP = 0.4  # of the scale
LEARNED = 0.2  # of the scale: a training loss below it
FLAT = 0.1  # of the validation loss, which it fell by in the last third
FEWEST_SAMPLES, FEWEST_EPOCHS = 20, 4


def overfitting(course: Course) -> Iterator[Finding]:
    """By the curves of training and validation, up to the epoch whose weights the model has in the end."""
    facts, end = course.facts, course.epochs_done if course.kept is None else course.kept + 1
    training = np.asarray(course.logs.get("loss", ())[:end])
    validation = np.asarray(course.logs.get("val_loss", ())[:end])
    finite = np.isfinite(training).all() and np.isfinite(validation).all()
    enough = len(validation) == len(training) >= FEWEST_EPOCHS and facts.validation_samples >= FEWEST_SAMPLES
    if course.diverged or not finite or not enough or any(rate_too_high(course)):
        return
    best, scale = int(validation.argmin()), course.scale
    if not course.ended and (best == 0 or validation[-1] < validation[-3]):  # running means that lag do so, and arrive
        return
    late = float(np.median(validation[-max(1, len(validation) // 10) :]))
    told = {
        "epoch": len(training),
        "validation": late,
        "training": float(training[-1]),
        "scale": scale,
        "samples": facts.validation_samples,
        "training_samples": facts.samples,
        "parameters": sum(facts.parameter_sizes.values()),
    }
    lowest, then = float(validation[best]), float(training[best])
    rise, limit = (late - lowest) / scale, RISE + RISE_BY_CHANCE / math.sqrt(facts.validation_samples)
    gap = (late - told["training"]) / scale
    if rise > limit and late > HIGHER * lowest and told["training"] < FALLEN * then:
        told |= {"best": best + 1, "lowest": lowest, "then": then, "rise": rise, "limit": limit}
        yield OVERFITTING.found(case="rises", patience=max(3, len(training) // 10), **told)
    elif gap > GAP and told["training"] < LEARNED * scale and _is_flat(validation):
        yield OVERFITTING.found(case="gap", gap=gap, **told)


def _is_flat(validation: np.ndarray) -> bool:
    """Whether it fell by next to nothing in the last third."""
    third = max(1, len(validation) // 3)
    before, last = validation[-2 * third : -third].mean(), validation[-third:].mean()
    return bool(last > (1 - FLAT) * before)
