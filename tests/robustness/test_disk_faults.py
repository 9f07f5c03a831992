"""A disk that fails at any moment of any write: one error says so, and nothing of what was there before is lost."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np
import pytest

from chainrule.data import digits
from chainrule.diagnosis import Diagnosis
from chainrule.errors import SaveError
from chainrule.runs import Configuration, RunFolder, arrange, overridden, rearrange, resume, train
from chainrule.train import Model
from tests.counts import full, scaled
from tests.robustness.moments import Moments
from tests.runs.reached import everything
from tests.train.problems import everything as everything_of
from tests.train.problems import fit, model, same

FAULTS = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES]


def failing(number: int) -> NoReturn:
    raise OSError(number, os.strerror(number))


def faulty(number: int, at: float) -> Moments:
    """Moments at one of which the disk fails."""
    return Moments(lambda: failing(number), at)


def check_said(error: SaveError, number: int) -> None:
    """One paragraph, with the reason."""
    assert os.strerror(number) in str(error), error
    assert "\n" not in str(error), error
    assert str(error).endswith("."), error


@pytest.mark.parametrize("number", FAULTS if full() else FAULTS[:1], ids=errno.errorcode.get)
def test_at_every_moment_of_a_save_the_old_checkpoint_stays(tmp_path, number):
    folder, trained = tmp_path / "model", model()
    fit(trained, epochs=1)
    trained.save(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    old = everything_of(trained)
    fit(trained, epochs=1)
    new = everything_of(trained)
    with (counted := faulty(number, 0)).watched():
        trained.save(tmp_path / "another")
    decisive = len(counted.names) - counted.names[::-1].index("replace")  # what puts the manifest in its place
    for at in range(1, len(counted.names) + 10):
        for path in folder.iterdir():
            path.unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        moments, failed = faulty(number, at), False
        with moments.watched():
            try:
                trained.save(folder)
            except SaveError as error:
                check_said(error, number)
                failed = True
        found = everything_of(Model.load(folder))
        if at <= decisive:
            assert failed or moments.names[at - 1] == "mkdir"  # of a folder that is there
        assert same(found, old if failed and at <= decisive else new), moments.names[at - 1 :]
        assert not list(folder.glob(".*.part"))
        if len(moments.names) < at:
            break
    assert at > len(counted.names) - 2 > 30
    assert len(list(folder.iterdir())) == len(files)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The system itself lets no file become larger: it writes what fits, and then fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_no_more_fits_the_old_checkpoint_stays(tmp_path):
    trained = model()
    fit(trained, epochs=1)
    trained.save(tmp_path)
    old, largest = everything_of(trained), max(path.stat().st_size for path in tmp_path.iterdir())
    fit(trained, epochs=1)
    for size in sorted({0, 1, 100, largest - 1, *np.random.default_rng(0).integers(largest, size=10).tolist()}):
        with room_for(size), pytest.raises(SaveError) as raised:
            trained.save(tmp_path)
        check_said(raised.value, errno.EFBIG)
        assert same(everything_of(Model.load(tmp_path)), old)
        assert not list(tmp_path.glob(".*.part"))
    with room_for(largest):
        trained.save(tmp_path)
    assert same(everything_of(Model.load(tmp_path)), everything_of(trained))


@pytest.fixture
def few(tmp_path):
    """The configuration of a small run."""
    data = digits()
    np.savez(tmp_path / "few.npz", x=data.x_train[:200].reshape(200, -1), y=data.y_train[:200])
    settings = [f"data.source='{tmp_path / 'few.npz'}'", "model.units=[4]", "train.epochs=2", "train.patience=1"]
    return overridden(Configuration(), settings)


@pytest.mark.usefixtures("compiled_quickly")
def test_a_run_whose_disk_fails_goes_on_to_the_same_bits(few, tmp_path):
    """At a sample of the moments of all that a run writes; with the full counts at each."""
    whole = RunFolder.at(tmp_path / "whole")
    with (counted := faulty(0, 0)).watched():
        train(arrange(few), whole, Diagnosis(verbose=0))
    expected, random = everything(whole), np.random.default_rng(0)
    places = random.permutation(len(counted.names))[: scaled(len(counted.names), 25)]
    for at in places.tolist():
        number, folder = FAULTS[at % len(FAULTS)], RunFolder.at(tmp_path / f"run {at}")
        with faulty(number, at + 1).watched():
            try:
                train(arrange(few), folder, Diagnosis(verbose=0))
            except SaveError as error:
                check_said(error, number)
        if not (folder.path / "config.json").exists():
            train(arrange(few), RunFolder.at(folder.path), Diagnosis(verbose=0))
        elif not folder.has_ended:
            resume(rearrange(folder), folder, Diagnosis(verbose=0))
        assert everything(folder) == expected, counted.names[at]
        assert folder.read("environment.json")
