"""Metrics, and the objective that they make with a loss."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.nn import BinaryCrossEntropy, CategoricalCrossEntropy, MeanAbsoluteError
from chainrule.train import Accuracy, BinaryAccuracy, TopKAccuracy
from chainrule.train.metrics import objective

RANDOM = np.random.default_rng(0)
SCORES = RANDOM.standard_normal((50, 7)).astype(np.float32)
LABELS = RANDOM.integers(0, 7, 50)


def test_accuracy_of_labels_and_one_hot_vectors():
    expected = (SCORES.argmax(1) == LABELS).astype(np.float32)
    for targets in (LABELS, LABELS.astype(np.uint8), np.eye(7)[LABELS], np.eye(7, dtype=bool)[LABELS]):
        assert Accuracy()(tensor(SCORES), tensor(targets)).numpy().tolist() == expected.tolist()


@pytest.mark.parametrize("k", [1, 3, 7])
def test_top_k_accuracy(k):
    best = np.argsort(-SCORES, axis=1)[:, :k]
    expected = (best == LABELS[:, None]).any(1).astype(np.float32)
    for targets in (LABELS, np.eye(7)[LABELS]):
        assert TopKAccuracy(k)(tensor(SCORES), tensor(targets)).numpy().tolist() == expected.tolist()


def test_accuracies_of_every_position_are_averaged():
    maps = tensor(RANDOM.standard_normal((4, 3, 3, 7)))
    labels = tensor(RANDOM.integers(0, 7, (4, 3, 3)))
    expected = (maps.numpy().argmax(-1) == labels.numpy()).mean((1, 2), dtype=np.float32)
    assert Accuracy()(maps, labels).numpy() == pytest.approx(expected)


def test_binary_accuracy():
    logits, labels = SCORES[:, :1], LABELS % 2
    expected = ((logits[:, 0] > 0) == labels).tolist()
    for targets in (labels, labels[:, None], labels[:, None].astype(np.float32), labels.astype(bool)):
        assert BinaryAccuracy()(tensor(logits), tensor(targets)).numpy().tolist() == expected
    several = BinaryAccuracy(0.5)(tensor([[0.6, 0.4, 0.9, 0.1]]), tensor([[1, 1, 1, 1]]))
    assert several.numpy().tolist() == [0.5]
    assert BinaryAccuracy()(tensor(2.0), tensor(1)).numpy() == 1.0  # a number by itself


@pytest.mark.parametrize("metric", [Accuracy(), BinaryAccuracy(), TopKAccuracy(2)])
def test_targets_that_do_not_fit(metric):
    with pytest.raises(ShapeError, match=rf"{metric.name}: the outputs .* \(50, 7\), but the targets \(50, 2\)"):
        metric(tensor(SCORES), tensor(SCORES[:, :2]))


def test_the_accuracy_that_suits_the_loss():
    assert objective("cross_entropy", None).metrics == {"accuracy": Accuracy()}
    assert objective("binary_cross_entropy", None).metrics == {"accuracy": BinaryAccuracy(0.0)}
    assert objective(BinaryCrossEntropy(from_logits=False), "accuracy").metrics == {"accuracy": BinaryAccuracy(0.5)}
    for name in ("hinge", "squared_hinge", "binary_focal_cross_entropy"):
        assert objective(name, None).metrics == {"accuracy": BinaryAccuracy(0.0)}
    for name in ("categorical_hinge", "multi_margin", "categorical_focal_cross_entropy"):
        assert objective(name, None).metrics == {"accuracy": Accuracy()}
    assert objective("mean_squared_error", None).metrics == {}
    assert objective(lambda outputs, targets: outputs, None).metrics == {}


def test_names_in_the_history():
    def margin(outputs, targets):
        return outputs

    given = ["accuracy", TopKAccuracy(2), margin, MeanAbsoluteError(), "huber"]
    names = ["accuracy", "top_k_accuracy", "margin", "mean_absolute_error", "huber"]
    assert list(objective(CategoricalCrossEntropy(), given).metrics) == names


def test_what_an_improvement_is():
    goal = objective("cross_entropy", ["accuracy", "mean_absolute_error"])
    assert [goal.larger_is_better(n) for n in ("accuracy", "val_accuracy", "loss", "val_loss")] == [1, 1, 0, 0]
    assert not goal.larger_is_better("val_mean_absolute_error")


@pytest.mark.parametrize(
    ("loss", "metrics", "match"),
    [
        ("cros_entropy", None, r"Loss 'cros_entropy' is not known.*Did you mean 'cross_entropy'"),
        ("cross_entropy", ["acuracy"], r"Metric 'acuracy' is not known.*Did you mean 'accuracy'"),
        ("cross_entropy", ["accuracy", Accuracy()], r"Two of the metrics are called 'accuracy'"),
    ],
)
def test_names_that_are_not_known_or_used_twice(loss, metrics, match):
    with pytest.raises(UsageError, match=match):
        objective(loss, metrics)
