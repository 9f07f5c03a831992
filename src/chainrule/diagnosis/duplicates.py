"""Samples that stand in the training and in the validation data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.graph.operation import Array
from chainrule.messages import Message
from chainrule.train.samples import Samples

__all__ = ["LEAK"]

LEAK = Kind(
    "CR021",
    title=Message("finding.leak", en="validation samples that were trained on", zh="验证样本参与了训练"),
    evidence=Message(
        "finding.leak.evidence",
        en="{copies:,} of the {validation:,} validation samples ({share:.1%}) are exact copies of training samples; the"
        " first is sample {place} of the validation data. A network that only learns by heart looks good on them.",
        zh="{validation:,} 个验证样本中有 {copies:,} 个（{share:.1%}）与训练样本完全相同；第一个是验证数据的第 {place}"
        " 个样本。只会死记硬背的网络在它们上面也会显得很好。",
    ),
    remedy=Message(
        "finding.leak.remedy",
        en="Remove copies before splitting: chosen = numpy.unique(x, axis=0, return_index=True)[1]; x, y = x[chosen],"
        " y[chosen]; then fit(..., validation_split=0.2). Keep samples of one person, device or day on one side.",
        zh="请在划分之前去除重复：chosen = numpy.unique(x, axis=0, return_index=True)[1]; x, y = x[chosen], y[chosen]；"
        "然后使用 fit(..., validation_split=0.2)。同一个人、设备或日期的样本应放在同一侧。",
    ),
)

SHARE = 0.02  # of the validation samples, and
FEWEST = 3  # of them, so that a chance copy or two is no leak
_BY_CHANCE = 1000.0  # times fewer samples than possible rows, or copies are no surprise
_COLUMNS = 256  # of an input that are looked at for it
_CHUNK = 1 << 22  # bytes of samples that are hashed at once


def leaks(task: Task) -> Iterator[Finding]:
    """Validation samples whose inputs are, to the last bit, those of a training sample."""
    validation = task.validation
    if validation is None or not _are_distinct(task.some(1000), len(task.samples)):
        return
    hashes = row_hashes(validation)
    copies = np.flatnonzero(np.isin(hashes, row_hashes(task.samples)))
    different = len(np.unique(hashes[copies]))  # what occurs again and again, such as an empty picture, counts once
    if different >= FEWEST and different >= SHARE * len(validation):
        counts = {"copies": len(copies), "validation": len(validation), "share": len(copies) / len(validation)}
        yield LEAK.found(place=int(copies[0]), **counts)


def _are_distinct(some: Samples, samples: int) -> bool:
    """Whether two samples that are alike by chance would be a surprise: not among rows of a few small numbers."""
    possible = 0.0
    for array in some.inputs:
        values = array.reshape(len(array), -1)
        for column in values[:, :: max(1, values.shape[1] // _COLUMNS)].T:
            possible += np.log(len(np.unique(column)))
    return bool(possible > np.log(_BY_CHANCE * samples))


def row_hashes(samples: Samples) -> NDArray[np.uint64]:
    """A number for each sample that is made of all bits of its inputs."""
    found = np.zeros(len(samples), np.uint64)
    for number in range(len(samples.inputs)):
        generator = np.random.default_rng(number)
        factors: NDArray[np.uint64] | None = None
        array = samples.inputs[number]
        at_once = max(1, _CHUNK * len(array) // max(1, array.nbytes))
        for start in range(0, len(samples), at_once):
            words = _words(samples.batch(slice(start, start + at_once)).inputs[number])
            if factors is None:
                factors = generator.integers(0, 1 << 64, words.shape[1], np.uint64) | np.uint64(1)
            mixed = words ^ (words >> np.uint64(31))
            found[start : start + at_once] += (mixed * factors).sum(1, dtype=np.uint64)
    return found


def _words(rows: Array) -> NDArray[np.uint64]:
    """The rows' bytes, eight at a time."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    data = flat.view(np.uint8).reshape(len(rows), -1) if flat.size else np.zeros((len(rows), 0), np.uint8)
    padded = np.zeros((len(rows), -(-data.shape[1] // 8) * 8), np.uint8)
    padded[:, : data.shape[1]] = data
    return padded.view(np.uint64)
