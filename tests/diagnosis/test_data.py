"""What is wrong with samples and labels is found before the first step, and the remedies cure it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest

import chainrule
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.preparation import Preparation
from chainrule.data.targets import Classes
from chainrule.diagnosis import preflight
from chainrule.diagnosis.duplicates import row_hashes
from chainrule.nn import BatchNormalization, Dense, Embedding, Flatten, Rescaling, Sequential
from chainrule.optim import Adam
from chainrule.train import Model
from chainrule.train.samples import as_inputs
from tests.counts import full
from tests.diagnosis.trainings import convolutional, dense, diagnosed, images, rows, table


def found(model, x, y, code, **arguments):
    """The finding of this code before a training; None where there is none."""
    findings = preflight(model, x, y, rehearse=False, **arguments)
    return next((finding for finding in findings if finding.code == code), None)


# ------------------------------------------------------------------------------------------------------------- scaling
@pytest.mark.parametrize("build", [rows, lambda: Model(Sequential([Dense(3)]))])
@pytest.mark.parametrize("factor", [50.0, 1e3, 1e5])
def test_large_inputs_are_found_and_standardising_cures_them(build, factor):
    x, y = table(300)
    x = factor * x + factor
    finding = found(build(), x, y, "CR004")
    assert finding.values["case"] == "large"
    assert finding.values["size"] == pytest.approx(np.sqrt(np.square(x).mean()), rel=1e-4)
    assert found(build(), (x - x.mean(0)) / x.std(0), y, "CR004") is None


def test_images_are_scaled_by_what_the_finding_says():
    x, y = images(200)
    hidden = [Flatten(), Dense(16, "relu"), Dense(10)]
    finding = found(Model(Sequential(hidden)), x, y, "CR004")
    assert finding.values["largest"] == 255
    assert "Rescaling(1 / 255)" in finding.remedy
    assert found(Model(Sequential([Rescaling(1 / 255), *hidden])), x, y, "CR004") is None
    twice = found(Model(Sequential([Rescaling(1 / 255), *hidden])), x / np.float32(255), y, "CR004")
    assert twice.values["case"] == "small"


@pytest.mark.parametrize("factor", [1e-3, 2e-4, 1e3])
def test_features_of_other_sizes_are_found(factor):
    x, y = table(300)
    x[:, 2] *= factor / 2
    finding = found(rows(), x, y, "CR004") if factor < 1 else found(rows(), x / 100, y, "CR004")
    assert 2 in (finding.values["largest"], finding.values["smallest"])
    assert found(rows(), (x - x.mean(0)) / x.std(0), y, "CR004") is None


def test_rare_yes_or_no_columns_are_no_small_features():
    x, y = table(500)
    x[:, 0] = 0
    x[:2, 0] = 1
    x[:, 1] *= 20
    assert found(rows(), x, y, "CR004") is None


def test_a_layer_that_normalizes_or_looks_up_needs_no_scaling():
    x, y = table(300)
    normalized = Model(Sequential([BatchNormalization(), Dense(3)]))
    assert found(normalized, 1000 * x, y, "CR004") is None
    words = np.random.default_rng(0).integers(0, 5000, (100, 6))
    embedded = Model(Sequential([Embedding(5000, 4), Flatten(), Dense(3)]))
    assert found(embedded, words, y[:100], "CR004") is None


def test_targets_of_a_regression_far_from_what_a_network_gives():
    x, _ = table(300)
    y = 5000 + 1000 * x[:, :1]
    model = Model(Sequential([Dense(8, "tanh"), Dense(1)]))
    finding = found(model, x, y, "CR004", loss="mean_squared_error")
    assert finding.values["name"] == "y"
    mean, deviation = finding.values["mean"], finding.values["deviation"]
    assert found(model, x, (y - mean) / deviation, "CR004", loss="mean_squared_error") is None


@pytest.mark.parametrize(("build", "data"), [(dense, images), (rows, table)])
@pytest.mark.parametrize("kept", [0, 1, 100])
def test_inputs_that_are_all_the_same_are_found(build, data, kept):
    x, y = data(600)
    same = np.repeat(x[kept : kept + 1], 600, 0) if kept else 0 * x
    finding = found(build(), same, y, "CR004")
    assert finding.values["case"] == "constant"
    assert finding.values["samples"] == 600
    assert diagnosed(build(), same, y, epochs=2, executor="reference").findings.codes == ["CR004"]
    same[300:] = x[300:]
    assert found(build(), same, y, "CR004") is None


# -------------------------------------------------------------------------------------------------------------- labels
@pytest.mark.parametrize(("build", "data"), [(dense, images), (rows, table)])
def test_labels_from_one_are_found(build, data):
    x, y = data(600)
    classes = int(y.max()) + 1
    finding = found(build(classes=classes + 1), x, y + 1, "CR003")
    assert finding.values["case"] == "from_one"
    assert finding.values["needed"] == classes
    assert found(build(classes=classes), x, y + 1 - 1, "CR003") is None


@pytest.mark.parametrize("more", [1, 3, 20])
def test_outputs_without_samples_are_found(more):
    x, y = table(1000)
    finding = found(rows(classes=3 + more), x, y, "CR003")
    assert (finding.values["case"], finding.values["count"]) == ("unused", more)
    assert found(rows(classes=finding.values["needed"]), x, y, "CR003") is None


def test_a_single_class_and_classes_of_the_validation_alone():
    x, y = table(300)
    assert found(rows(), x[y == 1], y[y == 1], "CR003").values == {
        "case": "single",
        "samples": (y == 1).sum(),
        "only": 1,
    }
    low = y < 2
    findings = preflight(rows(), x[low], y[low], rehearse=False, validation_data=(x, y), batch_size=32)
    assert [finding.values["case"] for finding in findings if finding.code == "CR003"] == ["unused", "validation"]
    assert found(rows(classes=2), x[low], y[low], "CR003") is None


def test_few_samples_of_many_classes_may_miss_some():
    x, y = table(30)
    assert found(rows(classes=10), x, y, "CR003") is None
    assert found(rows(classes=100), *table(400), "CR003").values["count"] == 97


@pytest.mark.parametrize(("build", "data"), [(dense, images), (rows, table)])
@pytest.mark.parametrize("kept", [0.08, 0.03, 0.01])
def test_imbalance_is_found_and_weights_end_it(build, data, kept):
    x, y = data(2000)
    keep = (y != 1) | (np.random.default_rng(0).random(len(y)) < kept)
    finding = found(build(), x[keep], y[keep], "CR020")
    assert finding.values["smallest"] == 1
    weights = eval(finding.values["weights"])
    weight = np.vectorize(weights.get)(y[keep])
    assert found(build(), x[keep], y[keep], "CR020", sample_weight=weight) is None
    assert found(build(), x, y, "CR020") is None


def test_classes_are_called_by_their_labels_where_these_are_known():
    x, y = table(600)
    keep = (y != 1) | (np.arange(len(y)) < 40)
    model = rows()
    labels = tuple(f"kind {k}" for k in "abc")
    model.preparation = Preparation(ArrayInputs(x.shape[1:]), Classes("kind", labels))
    finding = found(model, x[keep], y[keep], "CR020")
    assert "class kind b only" in finding.evidence
    assert "--class-weight balanced" in finding.remedy
    low = y < 2
    finding = found(model, x[low], y[low], "CR003")
    assert "no sample is of class kind c " in finding.evidence


def test_weights_of_many_classes_are_told_as_what_computes_them():
    y = np.repeat(np.arange(30), 40)[39:]
    x = np.random.default_rng(0).normal(size=(len(y), 4)).astype(np.float32)
    finding = found(rows(classes=30), x, y, "CR020")
    assert len(str(finding)) < 700
    weights = eval(finding.values["weights"], {"numpy": np, "y": y})
    assert found(rows(classes=30), x, y, "CR020", sample_weight=np.vectorize(weights.get)(y)) is None
    model = rows(classes=30)
    model.fit(x, y, class_weight=weights, epochs=1, batch_size=len(y), executor="reference", verbose=0)


def test_binary_and_one_hot_labels_have_a_balance_too():
    x, y = table(600, classes=2)
    rare = (y == 1) & (np.arange(len(y)) > 40)
    x, y = x[~rare], y[~rare]
    binary = Model(Sequential([Dense(8, "relu"), Dense(1)]))
    scores = rows(classes=2)
    of_one = found(binary, x, y, "CR020", loss="binary_cross_entropy")
    of_two = found(scores, x, np.eye(2)[y], "CR020")
    for finding, model in ((of_one, binary), (of_two, scores)):
        advised = re.search(r"chainrule\.inspect\.confusion\(.*\)", finding.remedy).group()
        shown = eval(advised, {"chainrule": chainrule, "model": model, "x": x, "y": y})
        assert shown.counts.sum(1).tolist() == np.bincount(y).tolist()


# ---------------------------------------------------------------------------------------------------------- duplicates
@pytest.mark.parametrize(("build", "data"), [(dense, images), (rows, table)])
@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_leaks_are_found_and_removing_copies_ends_them(build, data, share):
    x, y = data(600)
    leaked = int(share * 120)
    validation = (
        np.concatenate([x[480 : 600 - leaked], x[:leaked]]),
        np.concatenate([y[480 : 600 - leaked], y[:leaked]]),
    )
    finding = found(build(), x[:480], y[:480], "CR021", validation_data=validation)
    assert finding.values["copies"] == leaked
    chosen = np.unique(np.concatenate([x, x[:leaked]]), axis=0, return_index=True)[1] % 600
    assert found(build(), x[chosen], y[chosen], "CR021", validation_split=0.2) is None


def test_rows_of_a_few_small_numbers_are_alike_by_chance():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (500, 3)).astype(np.float32), rng.integers(0, 3, 500)
    assert found(rows(), x, y, "CR021", validation_split=0.2) is None


def test_rows_have_one_hash_where_they_are_one():
    x, _ = images(1500)
    x[1400] = x[3]
    hashes = row_hashes(as_inputs(x))
    assert hashes[1400] == hashes[3]
    assert len(np.unique(hashes)) == len(np.unique(x.reshape(1500, -1), axis=0))


# --------------------------------------------------------------------------------------------------------------- noise
def with_noise(y, share, classes, seed=0):
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, classes, len(y))) % classes, y), np.flatnonzero(wrong)


@cache
def of_noise(build, data, classes, share):
    """A training with a share of wrong labels; the labels, and the places of the wrong ones."""
    x, y = data(1500)
    noisy, wrong = with_noise(y, share, classes)
    watched = diagnosed(build(classes=classes), x, noisy, validation_split=0.3, epochs=6, executor="reference")
    return watched, y, wrong


@pytest.mark.parametrize(("build", "data", "classes"), [(dense, images, 10), (rows, table, 3)])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.35])
def test_noisy_labels_are_found_with_suspects_that_are_wrong(build, data, classes, share):
    if not full() and (build, share) != (rows, 0.2):
        pytest.skip("one is enough every day")
    watched, y, wrong = of_noise(build, data, classes, share)
    finding = next(f for f in watched.findings if f.code == "CR019")
    suspects = finding.values["validation_places"]
    assert np.isin(suspects, wrong).mean() > 0.8
    assert len(suspects) == finding.values["wrong"]
    keep = np.setdiff1d(np.arange(len(y)), [*suspects, *finding.values["places"]])
    assert np.isin(keep, wrong).mean() < np.isin(np.arange(len(y)), wrong).mean()


@pytest.mark.parametrize(("build", "data"), [(dense, images), (rows, table), (convolutional, images)])
def test_right_labels_are_not_suspected(build, data):
    if not full() and build is not dense:
        pytest.skip("one is enough every day")
    x, y = data(1500)
    assert diagnosed(build(), x, y, validation_split=0.3, epochs=6, executor="reference").findings.codes == []


def test_a_network_that_is_sure_of_what_it_has_not_learned_suspects_nobody():
    rng = np.random.default_rng(3)
    angle, y = rng.uniform(0, 4 * np.pi, 900), rng.integers(0, 2, 900)
    arms = np.stack([np.cos(angle + np.pi * y), np.sin(angle + np.pi * y)], 1) * angle[:, None] / 6
    linear = Model(Sequential([Dense(2)]))
    rate = Adam(0.05)
    arms = arms.astype(np.float32)
    watched = diagnosed(linear, arms, y, validation_split=0.4, epochs=10, optimizer=rate, executor="reference")
    assert "CR019" not in watched.findings.codes


def of_table(code, count=300, *, x=lambda x: x, y=lambda y: y, classes=3, **arguments):
    """The finding about a table of which the inputs, or the labels, are other ones."""
    own, labels = table(count)
    return found(rows(classes=classes), x(own), y(labels), code, **arguments)


PLANTED = {
    "CR003 from_one": lambda: of_table("CR003", y=lambda y: y + 1, classes=4),
    "CR003 unused": lambda: of_table("CR003", classes=5),
    "CR003 single": lambda: of_table("CR003", y=lambda y: 0 * y + 1),
    "CR003 validation": lambda: of_table("CR003", 50, y=lambda y: y % 2, validation_data=table(60)),
    "CR004 large": lambda: of_table("CR004", x=lambda x: 100 * x),
    "CR004 small": lambda: of_table("CR004", x=lambda x: x / 1000),
    "CR004 features": lambda: of_table("CR004", x=lambda x: x * [1, 1, 1, 1, 1, 1, 1, 1e-3]),
    "CR004 constant": lambda: of_table("CR004", x=lambda x: 0 * x),
    "CR004 targets": lambda: of_table("CR004", y=lambda y: 500 + 100 * np.eye(3)[y], loss="mean_squared_error"),
    "CR019": lambda: next(f for f in of_noise(rows, table, 3, 0.2)[0].findings if f.code == "CR019"),
    "CR020": lambda: of_table("CR020", y=lambda y: np.where(np.arange(len(y)) < 292, y % 2, 2)),
    "CR021": lambda: of_table("CR021", validation_data=tuple(part[:60] for part in table(300))),
}
