"""From settings to a training: what is divided how, what is learned from which samples, and what is decided."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data.tables import Texts
from chainrule.data.targets import Classes, Quantity
from chainrule.diagnosis import Diagnosis
from chainrule.errors import DataError, FileFormatError, UsageError
from chainrule.messages import use_language
from chainrule.optim import OPTIMIZERS, Momentum
from chainrule.runs import Configuration, RunFolder, arrange, overridden, rearrange, resume, train
from chainrule.runs.arrangement import arranged
from chainrule.runs.division import divided, read
from chainrule.runs.recipes import TABLE
from chainrule.runs.same_data import fingerprint
from chainrule.train import Callback

X = np.random.default_rng(7).normal(size=(60, 3))
LABELS = np.repeat([0, 1, 2], [40, 15, 5])


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def saved(y, x=X, **others):
    np.savez("data.npz", x=x, y=y, **others)
    return "data.npz"


def told(source, *sets):
    return overridden(Configuration(), [f"data.source='{source}'", "train.epochs=1", *sets])


def table(path="rows.csv"):
    """40 rows of 10 patients, weighed, with gaps; their answers are two classes."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["size", "color", "patient", "weight", "ill"])
        for k in range(40):
            size = "" if k % 13 == 5 else f"{X[k, 0]:.3f}"
            rows.writerow([size, "rgb"[k % 3], f"p{k % 10}", 1 + k % 4, ("no", "yes")[k % 10 > 5]])
    return path


def fitted(arrangement):
    arrangement.model.fit(**arrangement.fit_arguments(), executor="reference")
    return arrangement.used(arrangement.model)


def bits(model):
    return {name: value.tobytes() for name, value in model.parameters.items()}


# ------------------------------------------------------------------------------------------------------------- weights
def test_balanced_classes_are_the_weights_that_one_would_give_by_hand():
    balanced = arrange(told(saved(LABELS), "data.class_weight=balanced"))
    y = balanced.training.y
    by_hand = np.array([len(y) / (3 * np.count_nonzero(y == k)) for k in y])
    np.testing.assert_allclose(balanced.training.weights, by_hand, rtol=1e-15)
    sums = [balanced.training.weights[y == k].sum() for k in range(3)]
    np.testing.assert_allclose(sums, len(y) / 3)
    assert balanced.test.weights is None, "what is judged is judged as it is"

    plain = arrange(told("data.npz"))
    other = arrange(told("data.npz"))
    other.model.fit(**{**other.fit_arguments(), "sample_weight": by_hand}, executor="reference")
    assert bits(fitted(balanced)) == bits(other.model) != bits(fitted(plain))


def test_weights_of_a_column_go_with_their_rows_into_the_loss():
    arrangement = arrange(told(table(), "data.target=ill", "data.weight=weight"))
    weights = arrangement.training.weights
    assert set(weights) == {1.0, 2.0, 3.0, 4.0}
    assert len(weights) == len(arrangement.training)
    assert arrangement.fit_arguments()["sample_weight"] is weights
    assert not {"weight", "ill"} & set(arrangement.training.labeled.records.columns), "what weighs is no input"
    both = arrange(told("rows.csv", "data.target=ill", "data.weight=weight", "data.class_weight=balanced"))
    counts = np.bincount(both.training.y)
    np.testing.assert_allclose(both.training.weights, weights * len(weights) / (2 * counts[both.training.y]))


def test_a_quantity_has_no_classes_to_balance():
    with pytest.raises(UsageError, match="'y' is a quantity"):
        arrange(told(saved(X[:, 0]), "data.class_weight=balanced"))


# --------------------------------------------------------------------------------------------------------------- parts
def test_groups_are_not_divided_between_parts():
    arrangement = arrange(told(table(), "data.target=ill", "data.group=patient", "data.validation=0.3"))
    parts = [arrangement.training, arrangement.validation, arrangement.test]
    groups = [set(part.labeled.groups) for part in parts]
    assert all(groups)
    assert sum(map(len, groups)) == len(set.union(*groups)) == 10
    assert sum(map(len, parts)) == 40


def test_classes_are_in_proportion_in_every_part_whatever_they_are_called():
    for y in (LABELS, LABELS.astype(float), LABELS.astype(str)):
        arrangement = arrange(told(saved(y), "data.test=0.2", "data.validation=0.25"))
        parts = (arrangement.training, arrangement.validation, arrangement.test)
        assert [np.bincount(part.y).tolist() for part in parts] == [[24, 9, 3], [8, 3, 1], [8, 3, 1]]


def test_what_data_set_aside_is_used():
    source = saved(LABELS, x_test=X[:9], y_test=LABELS[:9], x_val=X[-6:], y_val=LABELS[-6:])
    sizes = {
        sets: [len(part) if part else 0 for part in (made.training, made.validation, made.test)]
        for sets in (
            "model.name=auto",
            "train.patience=3",
            "data.validation=0",
            "data.test=0.5",
        )
        for made in [arrange(told(source, sets))]
    }
    assert sizes == {
        "model.name=auto": [60, 6, 9],
        "train.patience=3": [60, 6, 9],
        "data.validation=0": [60, 0, 9],
        "data.test=0.5": [60, 6, 9],
    }
    with pytest.raises(UsageError, match=r"validation is 0\.25, but data sets 6 samples aside for validation itself"):
        arrange(told(source, "data.validation=0.25"))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9])
def test_too_few_samples_are_told_by_the_setting_that_divides_them_and_so_many_suffice(share):
    def counts(samples):
        made = saved(X[np.zeros(samples, int), 0], X[np.zeros(samples, int)], x_test=X, y_test=X[:, 0])
        configuration = told(made, f"data.validation={share}", "data.task=regression")
        parts = divided(read(configuration.data), configuration)
        return len(parts.training), len(parts.validation)

    with pytest.raises(DataError, match=rf"with data\.validation = {share}, one of the parts of 1 samples") as refusal:
        counts(1)
    needed = int(str(refusal.value).split("it takes ")[1].split()[0])
    assert min(counts(needed)) == 1
    with pytest.raises(DataError, match=rf"with data\.validation = {share}, .* it takes {needed} or more"):
        counts(needed - 1)


def test_nothing_of_the_other_parts_gets_into_the_preparation_or_the_model():
    configuration = told(table(), "data.target=ill", "data.validation=0.2")
    source = read(configuration.data)
    division = divided(source, configuration)

    def others(part):
        columns = {"size": Texts.of(["1e6"] * len(part)), "color": Texts.of(["z"] * len(part))}
        records = replace(part.records, columns={**part.records.columns, **columns})
        return replace(part, records=records, answers=part.answers[::-1])

    def result(division):
        made = arranged(configuration, source, division)
        return made.preparation.as_data(), bits(fitted(made))

    changed = replace(division, validation=others(division.validation), test=others(division.test))
    assert result(division) == result(changed)
    preparation, _ = result(replace(division, training=others(division.training)))
    assert preparation != result(division)[0], "while it does depend on what is trained on"


def test_arrays_are_scaled_by_the_samples_to_train_on_whole_numbers_too():
    for x in (100 + 7 * X, np.round(100 * X).astype(np.int32)):
        arrangement = arrange(told(saved(LABELS, x=x)))
        np.testing.assert_allclose(arrangement.training.x.mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(arrangement.training.x.std(0), 1, rtol=1e-6)
        assert abs(arrangement.test.x.mean(0)).max() > 0.01


# ---------------------------------------------------------------------------------------------------------------- task
@pytest.mark.parametrize(
    ("y", "task", "target"),
    [
        (LABELS, None, ("0", "1", "2")),
        (LABELS.astype(np.float32), None, ("0", "1", "2")),
        (LABELS.astype(float), "classification", ("0", "1", "2")),
        (LABELS > 0, None, ("False", "True")),
        (np.array(["a", "b", "c"])[LABELS], None, ("a", "b", "c")),
        (np.array([b"a", b"b", b"c"])[LABELS], None, ("a", "b", "c")),
        (np.arange(60), None, Quantity),
        (np.arange(60), "classification", tuple(map(str, range(60)))),
        (LABELS, "regression", Quantity),
        (LABELS > 0, "regression", Quantity),
        (LABELS + 0.5, None, Quantity),
        (np.zeros(60), "regression", Quantity),
        (X[:, :1], None, Quantity),
    ],
)
def test_what_answers_look_like_decides_the_task_unless_it_is_told(y, task, target):
    sets = [] if task is None else [f"data.task={task}"]
    arrangement = arrange(told(saved(y), "data.test=0.5", "train.patience=0", "data.validation=0", *sets))
    if target is Quantity:
        assert isinstance(arrangement.target, Quantity)
        assert arrangement.configuration.data.task == "regression"
    else:
        assert isinstance(arrangement.target, Classes)
        assert arrangement.target.labels == target
        assert arrangement.configuration.data.task == "classification"


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_answers_that_are_none_are_refused_where_they_are(task):
    y = np.where(np.arange(60) == 41, np.nan, LABELS)
    with pytest.raises(DataError, match=r"data\.npz: y holds NaN .* at y?.*\[41\]"):
        arrange(told(saved(y), f"data.task={task}"))


def test_one_class_is_nothing_to_learn():
    for y in (np.zeros(60), np.zeros(60, int), np.full(60, "a")):
        with pytest.raises(DataError, match="nothing to tell apart"):
            arrange(told(saved(y)))


def test_pictures_of_any_part_that_cannot_be_used_are_named_together_before_the_training():
    for part, name in (("train", "a"), ("train", "b"), ("val", "a"), ("val", "b"), ("test", "a"), ("test", "b")):
        Path("photos", part, name).mkdir(parents=True)
        for k in range(3):
            Image.new("RGB", (9, 9), (80 * k, 90, 9)).save(f"photos/{part}/{name}/{k}.png")
    whole = Path("photos/train/a/0.png").read_bytes()
    for path in ("train/a/0.png", "val/b/2.png", "test/a/1.png"):  # heads are whole
        Path("photos", path).write_bytes(whole[:45])
    Path("photos/train/b/1.png").write_bytes(b"")
    with pytest.raises(FileFormatError, match="4 of 18 pictures cannot be used") as refusal:
        arrange(told("photos"))
    for path in ("train/a/0.png", "train/b/1.png", "val/b/2.png", "test/a/1.png"):
        assert f"photos/{path} is " in str(refusal.value)


def test_pictures_may_have_a_quantity():
    x = np.random.default_rng(0).integers(0, 256, (60, 14, 14, 1)).astype(np.uint8)
    arrangement = arrange(told(saved(x.mean((1, 2, 3)), x=x), "model.name=mlp", "model.units=[4]"))
    assert isinstance(arrangement.target, Quantity)
    model = fitted(arrangement)
    found = arrangement.target.predictions(model.predict(arrangement.test.x, executor="reference"))
    assert found.values.shape == (12,)
    assert found.probabilities is None


# ------------------------------------------------------------------------------------------------------------ training
@pytest.mark.parametrize("average", ["ema", "swa"])
def test_what_is_used_of_an_average_is_the_average(average):
    arrangement = arrange(told(saved(LABELS), f"train.average={average}", "train.epochs=4", "train.batch_size=8"))
    model = arrangement.model
    model.fit(**arrangement.fit_arguments(), executor="reference")
    used = arrangement.used(model)
    assert bits(used) == bits(model.averaged()) != bits(model)
    assert used.training_state is model.training_state, "where the training stands is kept"


def test_a_mean_of_the_last_quarter_and_an_early_end_exclude_each_other():
    with pytest.raises(UsageError, match=r"train\.average = 'swa' is the average of the last quarter"):
        arrange(told(saved(LABELS), "train.average=swa", "train.patience=3"))
    decided = arrange(told("data.npz", "train.average=swa")).configuration.train.patience
    assert decided == 0
    assert arrange(told("data.npz", "train.average=ema")).configuration.train.patience == 10


def test_patience_of_none_never_stops_and_patience_needs_something_to_validate_with():
    assert arrange(told(saved(LABELS), "train.patience=0")).stopping() == []
    assert arrange(told("data.npz", "train.patience=0")).validation is not None
    (stopping,) = arrange(told("data.npz")).stopping()
    assert stopping.patience == 10
    with pytest.raises(UsageError, match=r"data\.validation = 0 sets nothing aside"):
        arrange(told("data.npz", "train.patience=3", "data.validation=0"))


def test_a_validation_loss_that_falls_by_next_to_nothing_ends_a_training():
    """As where classes are apart: from 0.002 on it falls for ever, by less and less."""

    class Epochs:
        def __init__(self):
            self.epochs_done, self.stopped = 0, False
            self.objective = SimpleNamespace(larger_is_better=lambda name: False)
            self.state = SimpleNamespace(parameters={}, states={}, averages=None)

        def stop(self):
            self.stopped = True

    (stopping,) = arrange(told(saved(LABELS), "train.patience=3")).stopping()
    epochs = Epochs()
    for loss in (1.0, 0.5, 0.49995, 0.49995, 0.49985, 0.002, *(0.00195 - 1e-5 * k for k in range(90))):
        epochs.epochs_done += 1
        epochs.logs = {"val_loss": loss}
        stopping.on_epoch_end(epochs)
        if epochs.stopped:
            break
    assert epochs.epochs_done == 9, "three epochs later"
    assert stopping.best == 0.002


class Break(Callback):
    """Ctrl-C after the first piece of the training."""

    def on_train_progress(self, training):
        raise KeyboardInterrupt


@pytest.mark.usefixtures("compiled_quickly")
def test_a_run_whose_rate_was_found_goes_on_from_another_folder_as_it_was_decided(tmp_path, monkeypatch):
    saved(LABELS)
    arrangement = arrange(told("data.npz", "train.lr=auto", "train.average=ema", "train.epochs=2"))
    rate = arrangement.configuration.train.lr
    assert 0 < rate < 10
    folder = RunFolder.at(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(arrangement, folder, Diagnosis(verbose=0), [Break()])
    settings = folder.read("config.json")["settings"]
    assert settings["train"]["lr"] == rate
    assert settings["data"]["source"] == os.path.join(tmp_path, "data.npz")

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = rearrange(folder)
    assert again.configuration == arrangement.configuration
    (tmp_path / "data.npz").rename("moved.npz")
    with pytest.raises(FileFormatError, match=r"There is no file or folder .*data\.npz"):
        rearrange(folder)
    saved(LABELS[::-1])
    with pytest.raises(DataError, match="no longer those that"):
        rearrange(folder, "data.npz")
    assert resume(rearrange(folder, "moved.npz"), folder, Diagnosis(verbose=0)).epochs == 2
    monkeypatch.chdir(tmp_path)
    trained = cr.load(folder.path)
    assert bits(trained.model) == bits(trained.model.averaged()), "the average is what is kept, and what is judged"
    scores = trained.evaluate()
    assert scores.samples == 12
    assert scores.values["accuracy"] == folder.read("result.json")["test_accuracy"]

    (tmp_path / "elsewhere" / "moved.npz").rename("data.npz")
    with pytest.raises(FileFormatError, match=r"There is no file or folder .*moved\.npz"):
        trained.evaluate()
    assert trained.evaluate("data.npz").samples == 60


def test_what_is_decided_leaves_nothing_open_and_does_not_depend_on_the_language():
    sources = [(table(), "data.target=ill"), (saved(LABELS), "model.name=auto")]
    for source, told_target in sources:
        arrangement = arrange(told(source, told_target))
        use_language("zh")
        try:
            translated = arrange(told(source, told_target))
        finally:
            use_language(None)
        assert translated.configuration == arrangement.configuration
        assert translated.preparation.as_data() == arrangement.preparation.as_data()
        assert fingerprint(translated) == fingerprint(arrangement)
        assert arrange(arrangement.configuration).configuration == arrangement.configuration
        assert None not in (arrangement.configuration.train.lr, arrangement.configuration.data.task)


@pytest.mark.parametrize("sets", [(), ("train.optimizer=momentum",), ("train.patience=3",)])
def test_a_configuration_with_all_decided_means_the_same_when_defaults_are_others(monkeypatch, sets):
    pictures = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1)).astype(np.uint8)
    of_floats = {"x": pictures / 255, "x_test": pictures[:9] / 255, "y_test": LABELS[:9]}
    sources = [(table(), "data.target=ill"), (saved(LABELS), "data.test=0.3")]
    for name, arrays in (("bytes.npz", {"x": pictures}), ("floats.npz", of_floats)):
        np.savez(name, y=LABELS, **arrays)
        sources.append((name, "data.test=0.3"))
    decided = [arrange(overridden(Configuration(), [f"data.source={name}", *sets, own])) for name, own in sources]
    other = replace(TABLE, most_epochs=99, batch_size=7, learning_rate=1.0, patience=77)
    monkeypatch.setattr("chainrule.runs.arrangement._OF_ROWS", (5,))
    monkeypatch.setattr("chainrule.runs.arrangement._OF_PICTURES", (6,))
    monkeypatch.setattr("chainrule.runs.arrangement.TABLE", other)
    monkeypatch.setattr("chainrule.runs.arrangement.RECIPES", {"mlp": replace(other, shift=1)})
    monkeypatch.setattr("chainrule.runs.division._VALIDATION", 0.5)
    monkeypatch.setitem(OPTIMIZERS, "momentum", partial(Momentum, learning_rate=3.0))
    for before in decided:
        after = arrange(before.configuration)
        assert after.configuration == before.configuration
        assert fingerprint(after) == fingerprint(before)
        assert bits(after.model) == bits(before.model)
        assert after.optimizer == before.optimizer


def test_no_units_at_all_are_a_linear_model():
    for source in ([saved(LABELS)], [table(), "data.target=ill"]):
        paths = [layer.path for layer in arrange(told(*source, "model.units=[]")).model.network.layers]
        assert not [path for path in paths if path.startswith("dense")]


def test_labels_of_a_table_with_gaps_are_those_of_one_without():
    trained = arrange(told(saved(LABELS.astype(float)))).target
    assert trained.numbers(LABELS[:50]).tolist() == LABELS[:50].tolist()
    assert trained.numbers(LABELS[:50].astype(str)).tolist() == LABELS[:50].tolist()
    with pytest.raises(DataError, match=r"'0\.5', which no sample"):
        trained.numbers(np.array([0.5]))
