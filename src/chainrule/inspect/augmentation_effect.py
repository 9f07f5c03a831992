"""The effect of an augmentation on a classifier that never saw it, and what it means in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.graph.operation import Array
from chainrule.inspect.confusion import Confusion
from chainrule.messages import Message

__all__ = ["AugmentationEffect"]

_SURVIVES = Message(
    "augmentation.survives",
    en="{name}: the label survives. {after:.0%} of the changed images are recognised, {before:.0%} of them before, and"
    " no class loses more than {tolerance:.0%} beyond chance.",
    zh="{name}：标签得以保留。变换后的图像有 {after:.0%} 被正确识别，变换前为 {before:.0%}，"
    "除偶然波动外，没有哪个类别的损失超过 {tolerance:.0%}。",
)
_BECOMES = Message(
    "augmentation.becomes",
    en="{name}: WARNING, it makes one class into another: {pairs}. {after:.0%} of the changed images are recognised,"
    " {before:.0%} of them before. Do not train with it.",
    zh="{name}：警告，它会把一个类别变成另一个：{pairs}。变换后的图像只有 {after:.0%} 被正确识别，"
    "变换前为 {before:.0%}。请不要用它来训练。",
)
_LOST = Message(
    "augmentation.lost",
    en="{name}: WARNING, the label may not survive: {pairs}. {after:.0%} of the changed images are recognised,"
    " {before:.0%} of them before. Look at the images: if you cannot tell the class either, do not train with it; if"
    " you can, it is what the classifier has yet to learn.",
    zh="{name}：警告，标签可能没有保留：{pairs}。变换后的图像只有 {after:.0%} 被正确识别，变换前为 {before:.0%}。"
    "请看看这些图像：如果您也认不出类别，就不要用它来训练；如果认得出，这正是分类器还需学习的。",
)
_NO_CHANGE = Message(
    "augmentation.no_change",
    en="{name}: it changes no image, so it tells nothing. Is its strength zero?",
    zh="{name}：它没有改变任何图像，因此说明不了什么。其强度是否为零？",
)
_UNKNOWN = Message(
    "augmentation.unknown",
    en="{name}: unknown, because the classifier recognises only {before:.0%} of these images as they are. Train it for"
    " longer (epochs=), give more images, or a better model=.",
    zh="{name}：无法判断，因为分类器只能识别这些原图中的 {before:.0%}。"
    "请训练更久（epochs=）、提供更多图像或更好的 model=。",
)
_PAIR = Message(
    "augmentation.pair",
    en="{label} {before:.0%} → {after:.0%} recognised, {share:.0%} taken for {taken}",
    zh="{label} 的识别率 {before:.0%} → {after:.0%}，{share:.0%} 被当成 {taken}",
)
_MORE = Message("augmentation.more", en="and {count} more", zh="另有 {count} 类")

_MOST_NAMED = 4  # classes in a verdict


@dataclass(frozen=True, eq=False, repr=False)
class AugmentationEffect:
    """What a classifier that never saw the transform says of images that it changes.

    before, after   which classes were taken for which, of these images as they were and as they are made
    tolerance       the share of a class that may be lost
    """

    name: str
    before: Confusion
    after: Confusion
    tolerance: float

    @property
    def changed(self) -> int:
        """How many images the transform changed."""
        return int(self.before.counts.sum())

    @property
    def drops(self) -> Array:
        """Of each class, how much smaller the share is that is recognised; NaN for a class without changed images."""
        return np.asarray(self.before.recall - self.after.recall)

    @property
    def suffering(self) -> tuple[int, ...]:
        """Classes that lose more than the tolerance, and more than chance makes (two standard errors): worst first."""
        samples = np.maximum(self.before.counts.sum(1), 1)
        spread = sum(r * (1 - r) / samples for r in (self.before.recall, self.after.recall))
        worse = np.nan_to_num(self.drops - self.tolerance - 2 * np.sqrt(np.nan_to_num(spread)), nan=-1.0)
        order = np.argsort(-np.nan_to_num(self.drops, nan=-1.0), kind="stable")
        return tuple(int(c) for c in order if worse[c] > 0)

    @property
    def known(self) -> bool:
        """Whether the classifier is good enough to be asked: right in half of what guessing gets wrong, or more."""
        largest = self.before.counts.sum(1).max() / max(self.changed, 1)
        return not self.changed or self.before.accuracy >= (1 + largest) / 2

    @property
    def fits(self) -> bool:
        """Whether it is known that no class suffers, and all together lose no more than the tolerance.

        What changes no image fits.
        """
        if not self.changed or not self.known:
            return not self.changed
        return not self.suffering and self.before.accuracy - self.after.accuracy <= self.tolerance

    def taken_for(self, label: int) -> tuple[int, float]:
        """The class that images of this one are taken for most often, when wrongly, and how large a share is."""
        row = self.after.counts[label].astype(float)
        share = row / max(row.sum(), 1.0)
        share[label] = -1.0
        return int(share.argmax()), float(max(share.max(), 0.0))

    @property
    def verdict(self) -> str:
        """What this means, with its evidence, in a sentence or two."""
        if not self.changed:
            return _NO_CHANGE(name=self.name)
        numbers: dict[str, Any] = {
            "name": self.name,
            "before": self.before.accuracy,
            "after": self.after.accuracy,
        }
        if not self.known:
            return _UNKNOWN(name=self.name, before=self.before.accuracy)
        if self.fits:
            return _SURVIVES(**numbers, tolerance=self.tolerance)
        wrong = self.suffering or (int(np.nanargmax(self.drops)),)
        pairs = [self._pair(c) for c in wrong[:_MOST_NAMED]]
        pairs += [_MORE(count=len(wrong) - _MOST_NAMED)] if len(wrong) > _MOST_NAMED else []
        becomes = any(self.taken_for(c)[1] > 0.5 for c in wrong)
        return (_BECOMES if becomes else _LOST)(**numbers, pairs="; ".join(pairs))

    def _pair(self, label: int) -> str:
        taken, share = self.taken_for(label)
        names = self.before.class_names
        recalls = {"before": float(self.before.recall[label]), "after": float(self.after.recall[label])}
        return _PAIR(label=names[label], **recalls, share=share, taken=names[taken])
