"""Learning rates that are too low or too high, by what the losses and the sizes of updates say."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.course import Course, rounded
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.messages import Message

__all__ = ["RATE_TOO_HIGH", "RATE_TOO_LOW"]

RATE_TOO_LOW = Kind(
    "CR010",
    title=Message("finding.rate_low", en="learning rate too low", zh="学习率过低"),
    evidence=Message(
        "finding.rate_low.evidence",
        en="In {steps:,} steps the loss went from {first:.3g} only to {last:.3g}. A step changed weights by {ratio:.1g}"
        " of their size (usual: 0.001 to 0.01), all steps together by at most {path:.1g}. The gradients are not small:"
        " larger steps would lower the loss faster.",
        zh="经过 {steps:,} 步，损失仅从 {first:.3g} 变为 {last:.3g}。每步对权重的改变为其大小的 {ratio:.1g}"
        "（通常为 0.001 到 0.01），全部步骤合计至多 {path:.1g}。梯度并不小：更大的步长会使损失下降得更快。",
    ),
    remedy=Message(
        "finding.rate_low.remedy",
        en="Raise the rate to about {rate:.2g}, since a first step is to change weights by about 1 %:"
        " optimizer={optimizer} (--lr {rate:.2g}). chainrule.lr_find measures what this model bears.",
        zh="请把学习率提高到约 {rate:.2g}（第一步宜使权重改变约 1 %）：optimizer={optimizer}（--lr {rate:.2g}）。"
        "chainrule.lr_find 可测出该模型能承受的学习率。",
    ),
)
_DIVERGED_EN = (
    "The training diverged: the loss, {first:.3g} at first and {peak:.3g} at its highest, was no number any more in"
    " step {steps:,}. "
)
_DIVERGED_ZH = "训练发散：损失起初为 {first:.3g}，最高为 {peak:.3g}，到第 {steps:,} 步已不再是数。"
_ROSE_EN = (
    "The loss rose at first: from {first:.3g} to {peak:.3g} on average around step {at:,}, {times:,.1f} times the"
    " higher one of the first loss and that of an answer without looking ({begin:.3g}), and was {last:.3g} after"
    " {steps:,} steps. "
)
_ROSE_ZH = (
    "损失起初上升：从 {first:.3g} 升到第 {at:,} 步附近的平均 {peak:.3g}，是初始损失与不看输入的答案的损失中较高者"
    "（{begin:.3g}）的 {times:,.1f} 倍，{steps:,} 步后为 {last:.3g}。"
)
_BEYOND_EN, _BEYOND_ZH = "Steps went beyond the minimum.", "步长越过了最小值。"
RATE_TOO_HIGH = Kind(
    "CR012",
    title=Message("finding.rate_high", en="learning rate too high", zh="学习率过高"),
    evidence={
        "diverged": Message(
            "finding.rate_high.diverged",
            en=_DIVERGED_EN + "The first step changed weights by {ratio:.2g} times their size (usual: 0.001 to 0.1):"
            " each step went so far beyond the minimum that it ended higher.",
            zh=_DIVERGED_ZH + "第一步对权重的改变为其大小的 {ratio:.2g} 倍（通常为 0.001 到 0.1）："
            "每一步都远远越过最小值，落点反而更高。",
        ),
        "diverged_unmeasured": Message(
            "finding.rate_high.diverged_unmeasured", en=_DIVERGED_EN + _BEYOND_EN, zh=_DIVERGED_ZH + _BEYOND_ZH
        ),
        "at_once": Message(
            "finding.rate_high.at_once",
            en="The training diverged at once: the loss was {first:.3g} at first, and no number any more in step"
            " {steps:,}. The first step made weights so large that their squares overflow (usual: it changes them by"
            " 0.001 to 0.1 of their size).",
            zh="训练立即发散：损失起初为 {first:.3g}，到第 {steps:,} 步已不再是数。"
            "第一步使权重大到其平方溢出（通常第一步只使权重改变其大小的 0.001 到 0.1）。",
        ),
        "rose": Message(
            "finding.rate_high.rose",
            en=_ROSE_EN
            + "The first step changed weights by {ratio:.2g} times their size (usual: 0.001 to 0.1): steps went"
            " beyond the minimum.",
            zh=_ROSE_ZH + "第一步对权重的改变为其大小的 {ratio:.2g}（通常为 0.001 到 0.1）：步长越过了最小值。",
        ),
        "rose_unmeasured": Message(
            "finding.rate_high.rose_unmeasured", en=_ROSE_EN + _BEYOND_EN, zh=_ROSE_ZH + _BEYOND_ZH
        ),
        "oscillates": Message(
            "finding.rate_high.oscillates",
            en="The loss oscillates: the mean of an epoch, over the same samples each time, rose in {rises} of the last"
            " {epochs} epochs, and jumps by {jump:.2g} from one to the next, {share:.0%} of what an answer without"
            " looking would give ({scale:.3g}). Steps go from one side of the minimum to the other.",
            zh="损失在振荡：每轮的平均损失（每次都是相同的样本）在最近 {epochs} 轮中有 {rises} 轮上升，相邻两轮之间跳动"
            " {jump:.2g}，为不看输入的答案的损失（{scale:.3g}）的 {share:.0%}。步长在最小值两侧来回跳跃。",
        ),
    },
    remedy=Message(
        "finding.rate_high.remedy",
        en="Lower the rate from {now:.2g} to about {rate:.2g}: optimizer={optimizer} (--lr {rate:.2g}), and start anew,"
        " as weights that were thrown far off do not come back. chainrule.lr_find measures what this model bears.",
        zh="请把学习率从 {now:.2g} 降到约 {rate:.2g}：optimizer={optimizer}（--lr {rate:.2g}），并重新开始训练，"
        "因为被抛得很远的权重不会恢复。chainrule.lr_find 可测出该模型能承受的学习率。",
    ),
)

# Rates within three times the best gave, over 40 trainings, ratios above 1e-3 or paths above 0.15, peaks below 1.2,
# jumps below 0.07 and not one rise; rates 30 times lower or 100 times higher are far on the other side.
SLOW_RATIO = 6e-4  # of update to weight
SHORT_PATH = 0.15  # the ratios of all steps, added up
STILL_HIGH = 0.6  # of the first loss
BEGINNING = 0.25  # of the steps, which do not tell yet where all of them lead
SENSITIVE = 0.05  # where the loss depends less on the weights, the gradient is small, and not the rate
PEAK = 2.0  # times the first loss, or that of an answer without looking
LOWER_PEAK, LARGE_RATIO = 1.4, 0.2  # enough, if the first step changed weights by a fifth of their size
DIVERGING_RATIO = 0.5  # of a first step, which explains a divergence without a rise
JUMP = 0.1  # of the loss of an answer without looking
RISES = 0.25  # of the epochs
FEWEST_EPOCHS = 6


def rate_too_low(course: Course) -> Iterator[Finding]:
    """Steps so small that all of them together lead nowhere, although the loss depends on the weights."""
    ratio, smoothed, rate = _median(course.ratios), course.smoothed, course.usual_rate()
    if course.diverged or not len(smoothed) or course.done < BEGINNING or _warms_up(course):
        return
    if course.facts.constant_inputs:  # which explain it
        return
    first = max(float(course.losses[0]), course.scale)
    path = ratio * len(course.losses)
    small = ratio < SLOW_RATIO and path / course.done < SHORT_PATH  # 0, if all is lost in rounding
    sensitive = _median(course.sensitivities)
    at_end = smoothed[0] - (smoothed[0] - smoothed[-1]) / course.done  # if it goes on falling as fast
    high = STILL_HIGH * first < at_end and smoothed.max() < LOWER_PEAK * first
    if not small or rate is None or not high or not sensitive > SENSITIVE:
        return
    yield RATE_TOO_LOW.found(
        steps=len(course.losses),
        first=float(smoothed[0]),
        last=float(smoothed[-1]),
        ratio=ratio,
        path=path,
        rate=rate,
        optimizer=course.facts.optimizer_at(rate),
    )


def _warms_up(course: Course) -> bool:
    """Whether the rate is higher than it was at first, and may become higher still."""
    return bool(not course.ended and course.rates[-1] > course.rates[0])


def rate_too_high(course: Course) -> Iterator[Finding]:
    """Losses that rise beyond where they began, or up and down."""
    smoothed = course.smoothed
    if not len(smoothed) or not np.isfinite(course.rates).any():
        return
    now, first = course.highest_rate, max(float(course.losses[0]), course.scale)
    ratio = float(np.median(course.first_ratios)) if course.first_ratios.size else math.nan
    rate = rounded(min(now / 3, course.usual_rate() or now / 10))
    peak = float(smoothed.max())
    told = {
        "steps": len(course.losses),
        "first": float(course.losses[0]),
        "last": float(smoothed[-1]),
        "peak": peak,
        "now": now,
        "rate": rate,
        "optimizer": course.facts.optimizer_at(rate),
    }
    known = {"ratio": ratio} if math.isfinite(ratio) else {}
    unmeasured = "" if known else "_unmeasured"
    times = peak / first
    rose = times > PEAK or (times > LOWER_PEAK and ratio > LARGE_RATIO)
    if course.diverged and np.isinf(ratio):
        yield RATE_TOO_HIGH.found(case="at_once", **told)
    elif course.diverged:
        if rose or ratio > DIVERGING_RATIO:
            yield RATE_TOO_HIGH.found(case=f"diverged{unmeasured}", **known, **told)
    elif rose:
        at = int((smoothed.argmax() + 0.5) * len(course.losses) / len(smoothed))
        yield RATE_TOO_HIGH.found(case=f"rose{unmeasured}", at=at, times=times, begin=first, **known, **told)
    else:
        means = np.asarray(course.logs.get("loss", ()))
        means = means[len(means) // 3 :] if len(means) >= FEWEST_EPOCHS else means[:0]
        jump, rises = jumps(means), int((np.diff(means) > JUMP / 2 * course.scale).sum())
        if jump > JUMP * course.scale and rises >= max(2, RISES * len(means)):
            told |= {"scale": course.scale, "share": jump / course.scale}
            told["rate"] = rate = rounded(max(rate, now / 10))  # it is not far too high: the loss stays in the valley
            told["optimizer"] = course.facts.optimizer_at(rate)
            yield RATE_TOO_HIGH.found(case="oscillates", epochs=len(means), rises=rises, jump=jump, **told)


def jumps(values: NDArray[np.float64]) -> float:
    """How far values are, as a standard deviation, from a curve that is straight from one to the next but one."""
    return float(np.sqrt(np.mean(np.diff(values, 2) ** 2) / 6)) if len(values) > 2 else 0.0


def _median(values: dict[str, NDArray[np.float64]]) -> float:
    """The median over parameters of each one's median over steps; NaN where there are none."""
    each = [np.median(finite) for own in values.values() if len(finite := own[np.isfinite(own)])]
    return float(np.median(each)) if each else float("nan")
