"""Gradients on their way from the last layer to the first: whether they vanish or explode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.course import Course
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.messages import Message

__all__ = ["EXPLODING_GRADIENTS", "VANISHING_GRADIENTS"]

VANISHING_GRADIENTS = Kind(
    "CR015",
    title=Message("finding.vanishing", en="vanishing gradients", zh="梯度消失"),
    evidence=Message(
        "finding.vanishing.evidence",
        en="At {looks} looks from step {begin} to {end}, gradients shrink to {ratio:.1e} of their length (median)"
        " on the way back from '{last}' to '{first}', {layers} layers earlier (usual: 0.3 to 5): {factor:.2g} times"
        " at each. The first layers are hardly trained. Lengths of the loss's derivative by what layers give:"
        " {lengths}.",
        zh="在第 {begin} 至 {end} 步的 {looks} 次检查中，梯度从“{last}”向后传到 {layers} 层之前的“{first}”时缩小到"
        "其长度的 {ratio:.1e}（中位数，通常为 0.3 至 5）：每层乘以 {factor:.2g}。前面的层几乎没有得到训练。"
        "损失对各层输出的导数的长度：{lengths}。",
    ),
    remedy=Message(
        "finding.vanishing.remedy",
        en="Use activation='relu' with kernel_initializer='he_normal' from '{first}' to '{last}' (the slope of a"
        " sigmoid is at most 1/4; the weights of '{first}' deviate by {weight:.2g} now), BatchNormalization() before"
        " each activation, or fewer layers.",
        zh="请在“{first}”至“{last}”中使用 activation='relu' 与 kernel_initializer='he_normal'"
        "（sigmoid 的斜率至多为 1/4；“{first}”的权重目前的标准差为 {weight:.2g}），在每个激活函数之前加入"
        " BatchNormalization()，或减少层数。",
    ),
)
EXPLODING_GRADIENTS = Kind(
    "CR016",
    title=Message("finding.exploding", en="exploding gradients", zh="梯度爆炸"),
    evidence={
        "start": Message(
            "finding.exploding.start",
            en="At the first look, gradients grow to {ratio:.1e} times their length on the way back from '{last}' to"
            " '{first}', {layers} layers earlier (usual: 0.3 to 5): {factor:.2g} times at each. No learning rate suits"
            " all layers. Lengths of the loss's derivative by what layers give: {lengths}.",
            zh="第一次检查时，梯度从“{last}”向后传到 {layers} 层之前的“{first}”时增大到其长度的 {ratio:.1e} 倍"
            "（通常为 0.3 至 5）：每层乘以 {factor:.2g}。没有适合所有层的学习率。"
            "损失对各层输出的导数的长度：{lengths}。",
        ),
        "throughout": Message(
            "finding.exploding.throughout",
            en="At {looks} looks from step {begin} to {end}, gradients grow to {ratio:.1e} times their length (median)"
            " on the way back from '{last}' to '{first}', {layers} layers earlier (usual: 0.3 to 5): {factor:.2g} times"
            " at each. No learning rate suits all layers. Lengths of the loss's derivative by what layers give:"
            " {lengths}.",
            zh="在第 {begin} 至 {end} 步的 {looks} 次检查中，梯度从“{last}”向后传到 {layers} 层之前的“{first}”时增大到"
            "其长度的 {ratio:.1e} 倍（中位数，通常为 0.3 至 5）：每层乘以 {factor:.2g}。没有适合所有层的学习率。"
            "损失对各层输出的导数的长度：{lengths}。",
        ),
    },
    remedy=Message(
        "finding.exploding.remedy",
        en="Start with smaller weights from '{first}' to '{last}' (those of '{largest}' deviate by {weight:.2g} now):"
        " kernel_initializer='he_normal' before ReLU, 'glorot_uniform' before tanh, or put BatchNormalization() before"
        " each activation. optimizer=ClipByGlobalNorm({optimizer}, 1.0) bounds the steps, but does not cure it.",
        zh="请在“{first}”至“{last}”中使用较小的初始权重（“{largest}”的权重目前的标准差为 {weight:.2g}）："
        "ReLU 之前用 kernel_initializer='he_normal'，tanh 之前用 'glorot_uniform'，或在每个激活函数之前加入"
        " BatchNormalization()。optimizer=ClipByGlobalNorm({optimizer}, 1.0) 可限制步长，但不能根治。",
    ),
)

SHRUNK = 0.005  # of their length: what four sigmoids leave in between; three leave 0.02, and can be trained
GROWN = 50.0  # times; 5 at most in long trainings that go well
FEWEST = 3  # layers with parameters that gradients go through, without the last, whose weights may start at nearly 0
SHOWN = 6  # lengths in the text


def gradients_through_layers(course: Course) -> Iterator[Finding]:
    """The lengths of the loss's derivative by what each layer with parameters gives, at first and in the middle."""
    layers, found = _lengths(course)
    if len(layers) < FEWEST or not len(found):
        return
    middle = np.median(found, 0)
    for case, lengths in (("start", found[0]), ("throughout", middle)):
        ratios = lengths[:-1] / lengths[-1] if lengths[-1] > 0 else np.empty(0)
        known = np.flatnonzero(ratios)  # those of dead layers are 0, which has reasons of its own
        if not known.size:
            continue
        largest, smallest = known[ratios[known].argmax()], known[ratios[known].argmin()]
        if ratios[largest] > GROWN:
            heaviest = max(layers, key=lambda layer: _weight(course, layer))
            advice: dict[str, Any] = {"optimizer": course.facts.optimizer_at(course.highest_rate), "largest": heaviest}
            advice |= {"case": case, "weight": _weight(course, heaviest)}
            yield EXPLODING_GRADIENTS.found(**advice, **_told(course, layers[largest:], lengths[largest:]))
            return
        if ratios[smallest] < SHRUNK and lengths is middle and course.ended:  # what is so only at first, heals
            advice = {"weight": _weight(course, layers[smallest])}
            yield VANISHING_GRADIENTS.found(**advice, **_told(course, layers[smallest:], lengths[smallest:]))
            return


def _lengths(course: Course) -> tuple[list[str], NDArray[np.float64]]:
    """The layers with parameters that give no outputs of the network, from first to last; at each look, theirs.

    Looks at which something was infinite or NaN are left out.
    """
    recording = course.recording
    owners = {name.rpartition("/")[0] for name in recording.parameters} - set(course.facts.output_layers)
    layers = [layer for layer in course.facts.sizes if layer in owners and layer in recording.layers]
    if not layers:
        return [], np.empty((0, 0))
    found = np.stack([recording.layers[n].gradient * np.sqrt(course.facts.sizes[n]) for n in layers], -1)
    return layers, found[np.isfinite(found).all(-1)]


def _told(course: Course, layers: Sequence[str], lengths: NDArray[np.float64]) -> dict[str, Any]:
    """What the texts say of the way from the last of these layers to the first."""
    ratio = float(lengths[0] / lengths[-1])
    shown = np.unique(np.linspace(0, len(layers) - 1, SHOWN).round().astype(int))[::-1]
    steps = course.recording.steps
    return {
        "first": layers[0],
        "last": layers[-1],
        "layers": len(layers) - 1,
        "ratio": ratio,
        "factor": ratio ** (1 / (len(layers) - 1)),
        "looks": len(steps),
        "begin": int(steps[0]),
        "end": int(steps[-1]),
        "lengths": ", ".join(f"{layers[k]} {lengths[k]:.1e}" for k in shown),
    }


def _weight(course: Course, layer: str) -> float:
    """Root mean square of the largest of a layer's parameters, at the first look."""
    parameters = course.recording.parameters.items()
    return max((float(own.weight[0]) for name, own in parameters if name.rpartition("/")[0] == layer), default=0.0)
