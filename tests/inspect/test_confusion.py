"""A table of confusions counts what it says, and its picture shows these counts."""

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.inspect import confusion, plot_confusion

LABELS, TAKEN = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 2]


def test_counts_shares_and_mistakes():
    record = confusion(LABELS, TAKEN, ["cat", "dog", "owl", "elk"])
    assert record.counts.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert record.accuracy == pytest.approx(4 / 6)
    np.testing.assert_allclose(record.recall, [2 / 3, 1 / 2, 1, np.nan])
    np.testing.assert_allclose(record.precision, [2 / 3, 1 / 2, 1, np.nan])
    assert record.most_confused() == [("cat", "dog", 1), ("dog", "cat", 1)]
    assert repr(record) == "Confusion(4 classes, 6 samples, accuracy 0.6667)"


def test_the_picture_has_each_count_in_its_place():
    (axes,) = plot_confusion(confusion(LABELS, TAKEN)).figure.axes
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown == {(0, 0): "2", (1, 0): "1", (0, 1): "1", (1, 1): "1", (2, 2): "1"}
    np.testing.assert_allclose(np.asarray(axes.images[0].get_array())[0], [2 / 3, 1 / 3, 0])
    assert axes.get_title(loc="left") == "66.7% of 6 samples recognised"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([0.5], [1]), "labels are whole numbers from 0"),
        (([0, 1], [[1, 0], [0, 1]]), r"the predictions have shape \(2, 2\)"),
        (([0, 1], [1]), "2 labels but 1 predictions"),
        (([], []), "0 labels but 0 predictions"),
        (([0, -1], [0, 0]), "the labels hold the class -1"),
        (([10**9], [0]), "would have 1,000,000,001 rows; 10,000 at most"),
        (([0, 2], [0, 0], ["a", "b"]), "2 names of classes, but class 2 occurs"),
    ],
)
def test_what_is_no_table_is_refused(arguments, said):
    with pytest.raises(DataError, match=said):
        confusion(*arguments)
