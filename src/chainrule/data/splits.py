"""Setting samples aside: for validation, for testing, in folds, with classes in proportion and groups together."""

from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.data.checks import check_samples
from chainrule.data.order import SPLIT, permutation
from chainrule.errors import DataError, UsageError
from chainrule.messages import Message

_FRACTIONS = Message(
    "data.fractions",
    en="The parts are to be {fractions} of the data; each must be above 0 and together they must make 1.",
    zh="各部分的比例为 {fractions}；每个比例都必须大于 0，且总和必须为 1。",
)
_EMPTY_PART = Message(
    "data.empty_part",
    en="{samples} samples are too few to be divided {fractions}: the parts would have {sizes} samples. Give more"
    " samples, or other shares.",
    zh="{samples} 个样本太少，无法按 {fractions} 的比例划分：各部分将有 {sizes} 个样本。请提供更多样本，或改变比例。",
)
_STRATIFY = Message(
    "data.stratify",
    en="The labels to divide by are {dtype} of shape {shape}, but classes are whole numbers or texts of shape"
    " ({samples},). Give such labels; for quantities give none (stratify=False).",
    zh="用于分层划分的标签是形状 {shape} 的 {dtype}，而类别应为形状 ({samples},) 的整数或文本。"
    "请给出这样的标签；若是数量，请不要分层（stratify=False）。",
)
_GROUPS = Message(
    "data.groups",
    en="The groups have shape {shape}, but there are {samples} samples: give the group of each sample, ({samples},).",
    zh="分组的形状为 {shape}，但共有 {samples} 个样本：请给出每个样本所属的组，即 ({samples},)。",
)
_FEW_GROUPS = Message(
    "data.few_groups",
    en="The samples are of {groups} groups, which cannot be divided into {parts} parts: a group stays together. Give"
    " more groups, or fewer parts.",
    zh="样本只属于 {groups} 个组，无法划分为 {parts} 个部分，因为同一组必须在一起。请提供更多的组，或减少部分数。",
)
_FOLDS = Message(
    "data.folds",
    en="{folds!r} folds: give a whole number, 2 or more.",
    zh="折数为 {folds!r}：请给出不小于 2 的整数。",
)


class Split(NamedTuple):
    """What to train on, and what to validate with."""

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_validation: NDArray[Any]
    y_validation: NDArray[Any]


def train_validation_split(
    x: ArrayLike,
    y: ArrayLike,
    fraction: float = 0.1,
    *,
    seed: SupportsIndex = 0,
    stratify: bool = False,
) -> Split:
    """Set a random fraction of the samples aside for validation; stratified, each class by the same fraction.

    Raises:   DataError if x and y do not belong together or a part would be empty; UsageError for other fractions.
    Example:
        >>> y = np.repeat([0, 1], [80, 20])
        >>> split = train_validation_split(np.arange(100), y, 0.25, stratify=True)
        >>> np.bincount(split.y_train), np.bincount(split.y_validation)
        (array([60, 15]), array([20,  5]))
    """
    x, y = np.asarray(x), np.asarray(y)
    samples = check_samples({"x": x, "y": y})
    labels = y if stratify else None
    train, validation = split_indices(samples, (1 - fraction, fraction), seed=seed, labels=labels)
    return Split(x[train], y[train], x[validation], y[validation])


def split_indices(
    samples: int,
    fractions: Sequence[float],
    *,
    seed: SupportsIndex = 0,
    labels: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
) -> tuple[NDArray[np.int64], ...]:
    """Deal the samples at random into parts of the given fractions; with labels, each class in proportion; with groups,
    each group as a whole.

    The parts together hold every sample once. Stratified or not, their sizes are the same; groups are dealt so that
    sizes, and shares of classes, come as near to it as groups allow.

    Raises:   UsageError if the fractions do not add up to 1; DataError if a part would be empty.
    Example:
        >>> train, validation, test = split_indices(1000, (0.8, 0.1, 0.1))
        >>> len(train), len(validation), len(test)
        (800, 100, 100)
        >>> [part.tolist() for part in split_indices(6, (0.5, 0.5), groups=np.array([1, 1, 2, 2, 3, 4]))]
        [[1, 4, 0], [2, 3, 5]]
    """
    if not all(fraction > 0 for fraction in fractions) or abs(sum(fractions) - 1) > 1e-9:
        raise UsageError(_FRACTIONS(fractions=tuple(fractions)))
    bounds = np.floor(np.cumsum([0.0, *fractions]) * samples + 0.5).astype(np.int64)
    sizes = np.diff(bounds)
    if not sizes.all():
        shares, found = " : ".join(f"{share:g}" for share in fractions), ", ".join(map(str, sizes))
        raise DataError(_EMPTY_PART(samples=samples, fractions=shares, sizes=found))
    if labels is not None and (labels.shape != (samples,) or labels.dtype.kind not in "buiUO"):
        raise DataError(_STRATIFY(dtype=labels.dtype, shape=labels.shape, samples=samples))
    order = permutation(samples, seed, stream=SPLIT)
    if groups is not None:
        return _whole_groups(order, sizes, groups, labels)
    if labels is None:
        return tuple(np.split(order, bounds[1:-1]))
    # Spread the members of each class evenly over [0, 1]: any interval then holds its share of every class.
    shuffled = labels[order]
    _, classes, counts = np.unique(shuffled, return_inverse=True, return_counts=True)
    spread = np.argsort((occurrence(classes) + 0.5) / counts[classes], kind="stable")
    return tuple(order[np.sort(part)] for part in np.split(spread, bounds[1:-1]))


def _whole_groups(
    order: NDArray[np.int64], sizes: NDArray[np.int64], groups: NDArray[Any], labels: NDArray[Any] | None
) -> tuple[NDArray[np.int64], ...]:
    """The largest groups first, each to the part that lacks its samples most, class by class."""
    if groups.shape != order.shape:
        raise DataError(_GROUPS(shape=groups.shape, samples=len(order)))
    members = np.unique(groups, return_inverse=True)[1]
    classes = np.zeros(len(order), np.int64) if labels is None else np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((members.max() + 1, classes.max() + 1))  # [group, class]
    np.add.at(counts, (members, classes), 1)
    if len(counts) < len(sizes):
        raise DataError(_FEW_GROUPS(groups=len(counts), parts=len(sizes)))
    lacking = np.outer(sizes / len(order), counts.sum(0))  # [part, class]
    first_met = np.unique(members[order], return_index=True)[1]  # groups in the order of the shuffle
    part_of = np.full(len(counts), -1)
    for done, group in enumerate(np.lexsort((first_met, -counts.sum(1)))):
        falls = lacking @ counts[group] - (counts[group] @ counts[group]) / 2  # by this the squares of the lacks
        empty = np.bincount(part_of[part_of >= 0], minlength=len(sizes)) == 0
        if np.count_nonzero(empty) == len(counts) - done:  # each of the last groups has a part to fill
            falls[~empty] = -np.inf
        part_of[group] = falls.argmax()
        lacking[part_of[group]] -= counts[group]
    return tuple(order[part_of[members[order]] == part] for part in range(len(sizes)))


class Fold(NamedTuple):
    """Where the samples of one round of cross-validation are."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def fold_indices(
    samples: int,
    folds: SupportsIndex = 5,
    *,
    seed: SupportsIndex = 0,
    labels: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
) -> list[Fold]:
    """Where to train and where to validate in k-fold cross-validation: every sample is validated with once.

    labels, groups   each class in proportion, each group as a whole, as for split_indices

    Raises:   UsageError for less than 2 folds; DataError if a fold would be empty.
    Example:
        >>> [fold.validation.tolist() for fold in fold_indices(6, 3)]
        [[1, 4], [2, 3], [5, 0]]
    """
    if not isinstance(folds, int | np.integer) or folds < 2:
        raise UsageError(_FOLDS(folds=folds))
    count = int(folds)
    parts = split_indices(samples, (1 / count,) * count, seed=seed, labels=labels, groups=groups)
    return [Fold(np.concatenate([*parts[:k], *parts[k + 1 :]]), part) for k, part in enumerate(parts)]


def occurrence(labels: NDArray[Any]) -> NDArray[np.int64]:
    """How many earlier samples have the same label.

    Example:
        >>> occurrence(np.array([5, 5, 2, 5, 2]))
        array([0, 1, 0, 2, 1])
    """
    by_class = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    earlier = np.empty(len(labels), np.int64)
    earlier[by_class] = np.arange(len(labels)) - np.repeat(starts, counts)
    return earlier
