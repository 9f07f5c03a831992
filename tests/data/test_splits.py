"""Parts of the data: disjoint, complete, of the promised sizes, and with every class in proportion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import fold_indices, split_indices, train_validation_split
from chainrule.data.splits import occurrence
from chainrule.errors import DataError, UsageError


def test_pinned_split():
    train, validation = split_indices(10, (0.7, 0.3), seed=5)
    assert (train.tolist(), validation.tolist()) == ([6, 9, 3, 4, 8, 2, 1], [5, 7, 0])


@given(st.integers(10, 200), st.integers(0, 9), st.booleans())
def test_parts_hold_every_sample_once(samples, seed, stratify):
    labels = np.arange(samples) % 7 if stratify else None
    parts = split_indices(samples, (0.6, 0.2, 0.2), seed=seed, labels=labels)
    assert sorted(np.concatenate(parts).tolist()) == list(range(samples))
    for part, fraction in zip(parts, (0.6, 0.2, 0.2), strict=True):
        assert abs(len(part) - fraction * samples) <= 1


@given(st.lists(st.integers(20, 90), min_size=2, max_size=6), st.integers(0, 9))
def test_every_class_keeps_its_share(counts, seed):
    labels = np.repeat(np.arange(len(counts)) * 3 - 4, counts)
    parts = split_indices(len(labels), (0.75, 0.25), seed=seed, labels=labels)
    for part, fraction in zip(parts, (0.75, 0.25), strict=True):
        for label, count in zip(np.unique(labels), counts, strict=True):
            # Half a sample by rounding, and what the rounding of the other classes shifts the cut.
            assert abs(np.count_nonzero(labels[part] == label) - fraction * count) <= 0.5 + len(counts) / 2


def test_equal_classes_are_split_exactly():
    labels = np.tile(np.arange(10), 100)
    for part, expected in zip(split_indices(1000, (0.8, 0.1, 0.1), labels=labels), (80, 10, 10), strict=True):
        assert np.bincount(labels[part]).tolist() == [expected] * 10


def test_a_stratified_part_is_not_in_the_order_of_its_classes():
    labels = np.tile(np.arange(10), 100)
    train, _ = split_indices(1000, (0.8, 0.2), labels=labels)
    runs = [len(set(labels[train[start : start + 10]].tolist())) for start in range(0, 800, 10)]
    assert np.mean(runs) < 8  # 6.5 by chance, 10 if classes took turns


def test_the_seed_decides():
    assert split_indices(100, (0.5, 0.5), seed=1)[0].tolist() == split_indices(100, (0.5, 0.5), seed=1)[0].tolist()
    assert split_indices(100, (0.5, 0.5), seed=1)[0].tolist() != split_indices(100, (0.5, 0.5), seed=2)[0].tolist()


def test_samples_keep_their_labels():
    x = np.arange(50)[:, np.newaxis] * np.ones(3)
    split = train_validation_split(x, np.arange(50), 0.2, seed=3)
    assert split.x_train.shape == (40, 3)
    assert split.x_train[:, 0].tolist() == split.y_train.tolist()
    assert split.x_validation[:, 0].tolist() == split.y_validation.tolist()


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (1.5, -0.5), (1.0, 0.0), (float("nan"), 1.0), ()])
def test_fractions_that_make_no_sense(fractions):
    with pytest.raises(UsageError, match="together they must make 1"):
        split_indices(10, fractions)


def test_a_part_without_samples():
    with pytest.raises(DataError, match=r"^4 samples are too few.*: the parts would have 4, 0 samples"):
        train_validation_split(np.zeros(4), np.zeros(4), 0.1)
    with pytest.raises(DataError, match=r"^0 samples are too few"):
        split_indices(0, (0.5, 0.5))


@pytest.mark.parametrize("labels", [np.zeros(10), np.zeros((10, 2), int)])
def test_only_labels_can_be_stratified(labels):
    with pytest.raises(DataError, match="classes are whole numbers or texts"):
        train_validation_split(np.zeros(10), labels, 0.5, stratify=True)


@given(st.lists(st.integers(-3, 3), max_size=30))
def test_occurrence_counts_earlier_equals(labels):
    assert occurrence(np.array(labels, int)).tolist() == [labels[:i].count(label) for i, label in enumerate(labels)]


def test_lists_are_split_as_arrays_are():
    split = train_validation_split([[1], [2], [3], [4]], [0, 1, 0, 1], 0.5, stratify=True)
    assert sorted(split.y_train.tolist()) == [0, 1]
    assert split.x_validation.shape == (2, 1)


@given(st.lists(st.integers(1, 12), min_size=3, max_size=40), st.integers(0, 9), st.booleans())
def test_groups_stay_together(sizes, seed, stratify):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = groups % 2 if stratify else None
    samples = len(groups)
    if round(0.1 * samples) == 0:
        return
    parts = split_indices(samples, (0.7, 0.2, 0.1), seed=seed, labels=labels, groups=groups)
    assert sorted(np.concatenate(parts).tolist()) == list(range(samples))
    members = [set(groups[part].tolist()) for part in parts]
    assert all(members)
    assert sum(map(len, members)) == len(set(groups.tolist()))


def test_many_groups_come_near_to_the_fractions_in_every_class():
    random = np.random.default_rng(0)
    groups = random.integers(0, 200, 5000)
    labels = (random.random(200) < 0.3)[groups].astype(np.int64)  # a group is of one class
    for part, fraction in zip(split_indices(5000, (0.8, 0.2), labels=labels, groups=groups), (0.8, 0.2), strict=True):
        assert len(part) == pytest.approx(5000 * fraction, abs=15)
        assert labels[part].sum() == pytest.approx(labels.sum() * fraction, abs=15)


def test_two_groups_are_two_parts_however_small_one_is_to_be():
    parts = split_indices(10, (0.9, 0.1), groups=np.repeat([0, 1], 5))
    assert sorted(map(len, parts)) == [5, 5]


def test_too_few_groups():
    with pytest.raises(DataError, match="of 2 groups, which cannot be divided into 3 parts"):
        split_indices(9, (1 / 3,) * 3, groups=np.arange(9) % 2)
    with pytest.raises(DataError, match=r"shape \(3,\), but there are 9 samples"):
        split_indices(9, (0.5, 0.5), groups=np.arange(3))


@given(st.integers(2, 7), st.integers(20, 90), st.booleans())
def test_folds_validate_with_every_sample_once(count, samples, stratify):
    labels = np.arange(samples) % 2 if stratify else None
    folds = fold_indices(samples, count, labels=labels)
    assert sorted(np.concatenate([fold.validation for fold in folds]).tolist()) == list(range(samples))
    for fold in folds:
        assert sorted(np.concatenate(fold).tolist()) == list(range(samples))
        assert abs(len(fold.validation) - samples / count) <= 1


@pytest.mark.parametrize("length", [5, 7])
def test_there_is_a_label_for_each_sample(length):
    with pytest.raises(DataError, match=rf"int64 of shape \({length},\), but classes are .* of shape \(6,\)"):
        split_indices(6, (0.5, 0.5), labels=np.zeros(length, np.int64))


@pytest.mark.parametrize("folds", [2.5, "3"])
def test_a_number_of_folds_is_a_whole_number(folds):
    with pytest.raises(UsageError, match="give a whole number"):
        fold_indices(10, folds)


def test_less_than_two_folds():
    with pytest.raises(UsageError, match="1 folds"):
        fold_indices(10, 1)
