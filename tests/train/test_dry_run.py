"""A rehearsal goes through all that a training does, leaves nothing behind, and says in which stage it failed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError, SaveError, ShapeError, UsageError
from chainrule.messages import use_language
from chainrule.nn import Dense
from chainrule.optim import SGD, Adam, Schedule
from chainrule.train import Callback, Checkpoint, EarlyStopping, Model, Rehearsal, fast_dev_run
from tests.train.problems import CLASSES, clusters, everything, fit, model, same

MOMENTS = ["on_train_begin", "on_train_batch_end", "on_train_progress", "on_epoch_end", "on_train_end"]


def run(tried: Any = None, **arguments: Any) -> Rehearsal:
    x, y = clusters()  # 43 samples in batches of 8: five whole ones and one of 3
    given: dict[str, Any] = {"batch_size": 8, "executor": "reference", **arguments}
    return fast_dev_run(Model(Dense(CLASSES)) if tried is None else tried, x, y, **given)


@dataclass
class Diary(Callback):
    """Writes down what it is called for, in a list of its own and one that copies share; fails where it is told to."""

    fails_in: str = ""
    entries: list[Any] = field(default_factory=list)
    shared: list[Any] = field(default_factory=list)

    def __deepcopy__(self, memo: Any) -> Diary:
        return Diary(self.fails_in, list(self.entries), self.shared)  # so that the test can read the copy's

    def _note(self, moment: str, training: Any) -> None:
        self.entries.append(moment)
        self.shared.append((moment, training.state.position, len(training.samples), dict(training.logs)))
        if moment == self.fails_in:
            raise ZeroDivisionError("mine")

    def on_train_begin(self, training):
        self._note("on_train_begin", training)

    def wants_step(self, step):
        return step == 1000

    def on_train_batch_end(self, training):
        self._note("on_train_batch_end", training)

    def on_train_progress(self, training):
        self._note("on_train_progress", training)

    def on_epoch_end(self, training):
        self._note("on_epoch_end", training)

    def on_train_end(self, training):
        self._note("on_train_end", training)

    def memory(self):
        if self.fails_in == "memory":
            raise ZeroDivisionError("mine")
        return {"entries": len(self.entries)}

    def recall(self, memory):
        self.shared.append(("recall", memory))
        if self.fails_in == "recall" and memory:
            raise ZeroDivisionError("mine")


def test_all_stages_and_moments_come():
    diary, silent = Diary(), Callback()
    found = run(validation_data=clusters(300, seed=1), callbacks=[silent, diary, EarlyStopping("val_loss")], epochs=50)
    stages = ["data", "schedules", "build", "validation", "training", "save", "load", "resume", "predict"]
    assert list(found.seconds) == stages
    assert set(found.logs) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert diary.entries == []
    seen = [entry[0] for entry in diary.shared]
    assert set(MOMENTS) <= set(seen)
    steps = [entry[1:3] for entry in diary.shared if entry[0] == "on_train_batch_end"]
    assert steps[:2] == [(8, 11), (11, 11)]  # a whole batch, and the 3 samples that end an epoch
    assert [entry[1] for entry in diary.shared if entry[0] == "recall"] == [{}, {"entries": len(steps[:2]) * 2 + 3}]


def test_nothing_stays_behind(tmp_path):
    trained = model()
    fit(trained, epochs=1, executor="reference")
    before, scalars, state = everything(trained), dict(trained.scalars), trained.training_state
    stopping, saving = EarlyStopping("loss"), Checkpoint(tmp_path / "mine")
    run(trained, callbacks=[stopping, saving], validation_split=0.2)
    assert same(everything(trained), before)
    assert (trained.scalars, trained.training_state) == (scalars, state)
    assert stopping.best_epoch == -1
    assert not list(tmp_path.iterdir())
    unbuilt = model()
    run(unbuilt, class_weight={0: 2.0}, sample_weight=np.ones(43), verbose=0)
    assert repr(unbuilt) == "Model(not built)"


def test_a_callback_that_cannot_be_copied_is_called_itself():
    class Locked(Callback):
        def __init__(self):
            self.lock, self.calls = threading.Lock(), 0

        def on_epoch_end(self, training):
            self.calls += 1

    locked = Locked()
    run(callbacks=[locked])
    assert locked.calls == 2  # the training, and what is resumed


class Late(Schedule):
    """No number after update 1000."""

    def __call__(self, step: int, total: int) -> float:
        return 0.1 if step < 1000 else float("nan")


def no_loss(outputs, targets):
    return outputs  # one number for each class, not one for each sample


@pytest.mark.parametrize(
    ("stage", "kind", "words", "arguments"),
    [
        ("samples", DataError, "label", {"validation_data": (clusters()[0], clusters()[1] + 5)}),
        ("samples", UsageError, "epochs", {"epochs": 0}),
        (
            "schedules",
            UsageError,
            r"learning_rate is nan at update \d+ of 1200",
            {"optimizer": SGD(Late()), "epochs": 200},
        ),
        ("programs", ShapeError, "one number for each sample", {"loss": no_loss}),
        ("programs", SaveError, "it is a file", {"callbacks": [Checkpoint(__file__, every_epochs=9)]}),
        ("programs", SaveError, "Not a directory", {"callbacks": [Checkpoint(Path(__file__) / "below")]}),
        ("training, callbacks", UsageError, "monitors 'val_loss'", {"callbacks": [EarlyStopping()]}),
    ],
)
def test_what_fails_comes_out_as_it_is_with_its_stage(stage, kind, words, arguments):
    with pytest.raises(kind, match=words) as caught:
        run(**arguments)
    assert caught.value.__notes__[-1] == f"fast_dev_run: in stage '{stage}'"


@pytest.mark.parametrize(
    ("moment", "stage"),
    [*((m, "training, callbacks") for m in MOMENTS), ("memory", "training, callbacks"), ("recall", "resume")],
)
def test_what_fails_in_a_callback_names_it(moment, stage):
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        run(callbacks=[Diary(moment)])
    assert caught.value.__notes__ == [f"in Diary.{moment}", f"fast_dev_run: in stage '{stage}'"]


def test_fit_goes_on_as_if_there_had_been_no_rehearsal():
    x, y = clusters()
    arguments: dict[str, Any] = {"optimizer": Adam(0.01), "batch_size": 8, "epochs": 2, "executor": "reference"}
    plain, rehearsed = model(), model()
    fast_dev_run(rehearsed, x, y, **arguments, verbose=0)
    for trained in (plain, rehearsed):
        trained.fit(x, y, **arguments, verbose=0)
    assert same(everything(plain), everything(rehearsed))


def test_what_went_through_is_told_in_both_languages():
    found = run(optimizer="lbfgs", batch_size=None)
    assert repr(found).startswith("Rehearsal(8 stages went through: loss ")
    assert str(found).splitlines()[0].split() == ["stage", "seconds"]
    assert "<td>" in found._repr_html_()
    use_language("zh")
    try:
        assert str(found).splitlines()[2].startswith("样本")
    finally:
        use_language(None)
