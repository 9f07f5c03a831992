"""What is refused, and whether the message says what, where and what to do."""

import numpy as np
import pytest

from chainrule.data import check_batch_size, check_finite, check_labels, check_samples
from chainrule.errors import DataError, UsageError


def test_sound_arrays_are_counted():
    assert check_samples({"x": np.zeros((4, 2)), "y": np.arange(4), "sample_weight": np.ones(4, np.float32)}) == 4
    assert check_samples({"x": np.zeros((1, 28, 28, 1), np.uint8)}) == 1
    assert check_samples({"y": np.array([True, False])}) == 2


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"x": np.float32(3)}, r"x is a single number.*\[3.0\]"),
        ({"x": np.zeros((0, 2))}, r"x has shape \(0, 2\)"),
        ({"x": np.zeros((2, 0))}, r"x has shape \(2, 0\)"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(4)}, "x has 3 samples but y has 4"),
        ({"x": np.zeros(3), "y": np.zeros(3), "sample_weight": np.zeros(2)}, "x has 3 .* sample_weight has 2"),
        ({"y": np.array(["cat", "dog"])}, "y holds <U3, not numbers"),
        ({"y": np.array([1, None])}, "y holds object, not numbers"),
        ({"x": np.array([1j])}, "x holds complex128, not numbers"),
    ],
)
def test_unsound_arrays(arrays, complaint):
    with pytest.raises(DataError, match=complaint):
        check_samples(arrays)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_named(value):
    x = np.zeros((5, 2, 3), np.float32)
    x[3, 1, 0] = x[4, 0, 0] = value
    with pytest.raises(DataError, match=rf"x holds NaN or infinity at 2 of .* first {value} at x\[3, 1, 0\]"):
        check_finite("x", x)


def test_labels_in_range():
    check_labels(np.array([0, 9], np.uint8), 10)
    check_labels(np.array([[0], [1]]), 2)
    check_labels(np.array([True, False]), 2)


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (np.array([0, 3, 10, 11]), r"y has label 10 at y\[2\]; with 10 classes labels go from 0 to 9"),
        (np.array([0, -1]), r"label -1 at y\[1\]"),
        (np.array([[1], [12]]), r"label 12 at y\[1, 0\]"),
        (np.array([0.0, 1.0]), r"y holds float64; class labels are integers .* y.astype\('int64'\)"),
        (np.array(["a"]), "y holds <U1"),
    ],
)
def test_labels_that_name_no_class(labels, complaint):
    with pytest.raises(DataError, match=complaint):
        check_labels(labels, 10)


def test_batch_sizes():
    assert check_batch_size(1, samples=1) == 1
    assert check_batch_size(np.int32(8), samples=8) == 8
    with pytest.raises(DataError, match=r"batch_size is 9, but there are only 8 samples. Choose .* at most 8"):
        check_batch_size(9, samples=8)
    for wrong in (0, -1, 2.5, "8", None):
        with pytest.raises(UsageError, match="whole number of samples"):
            check_batch_size(wrong, samples=8)
