"""Samples from anywhere are written once, all or not at all, and mapped; orders in blocks stay near each other."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Blocks, check_finite, epoch_order
from chainrule.data import stored as stored_module
from chainrule.data.stored import store, stored
from chainrule.errors import DataError, SaveError
from tests.refusals import Refusals, said

RANDOM = np.random.default_rng(11)
X = RANDOM.integers(0, 256, (23, 4, 3), np.uint8)
Y = np.arange(23)


def test_what_is_stored_is_what_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_module, "_PIECE", 100)  # bytes: five samples
    data = store(zip(X, Y, strict=True), tmp_path / "set")
    for found in (
        data,
        stored(tmp_path / "set"),
        store([(X[:5], Y[:5]), (X[5:], Y[5:])], tmp_path / "b", batches=True),
    ):
        np.testing.assert_array_equal(found.x, X)
        np.testing.assert_array_equal(found.y, Y)
        assert (found.x.dtype, found.y.dtype) == (np.uint8, np.int64)
        assert len(found) == 23
        assert not found.x.flags.writeable
        assert found.x.ctypes.data % 64 == 0
    assert repr(data) == f"<23 samples (4, 3) uint8 in {tmp_path / 'set'}>"
    np.testing.assert_array_equal(np.load(tmp_path / "set" / "x.npy"), X)
    assert sorted(os.listdir(tmp_path)) == ["b", "set"]


def test_several_inputs_and_targets_that_are_arrays(tmp_path):
    data = store((((image, image.mean()), np.eye(3)[k % 3]) for k, image in enumerate(X)), tmp_path / "set")
    images, means = data.x
    np.testing.assert_array_equal(images, X)
    np.testing.assert_array_equal(means, X.mean((1, 2)))
    np.testing.assert_array_equal(data.y, np.eye(3)[Y % 3])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("float16", "float32"),
        ("int8", "int32"),
        ("uint16", "int32"),
        ("uint32", "int64"),
        (">f4", "float32"),
        ("?", "bool"),
    ],
)
def test_types_are_those_that_native_code_loads(tmp_path, given, kept):
    x = np.array([[0, 1], [1, 0]]).astype(given)
    data = store(zip(x, [0, 1], strict=True), tmp_path / "set")
    assert data.x.dtype == np.dtype(kept)
    assert data.x.dtype.isnative
    np.testing.assert_array_equal(data.x, x)


def test_whole_numbers_among_fractions_are_fractions(tmp_path):
    assert store([(0.5, 1), (1, 1), (True, 1)], tmp_path / "set").x.tolist() == [0.5, 1.0, 1.0]


def test_an_empty_folder_may_be_stored_into_and_what_an_interrupted_one_left_is_removed(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / ".set.part").mkdir()
    (tmp_path / ".set.part" / "x.npy").write_bytes(b"?")
    assert len(store(zip(X, Y, strict=True), tmp_path / "set")) == 23
    assert os.listdir(tmp_path) == ["set"]


def test_nothing_is_left_of_what_goes_wrong(tmp_path):
    def interrupted():
        yield from zip(X[:9], Y, strict=False)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store(interrupted(), tmp_path / "set")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("refused", ["open", "mkdir", "rename", "fsync"])
def test_what_the_system_refuses_is_said_and_leaves_nothing(tmp_path, monkeypatch, refused):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if refused == "fsync" else Path, refused, full)
        with pytest.raises(SaveError, match=r"cannot be stored in .*set: No space left on device"):
            store(zip(X, Y, strict=True), tmp_path / "set")
    assert os.listdir(tmp_path) == []


# -------------------------------------------------------------------------------------------------- what is refused
def _in_an_empty_folder(call):
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        return said(call)


def _changed(name: str, content: bytes) -> None:
    store(zip(X, Y, strict=True), "set")
    Path("set", name).write_bytes(content)
    stored("set")


def _manifest(**changed: object) -> None:
    data = {"schema_version": 1, "samples": 23, "inputs": 1} | changed
    _changed("stored.json", json.dumps(data).encode())


WRONG = {
    "nothing": lambda: store([], "set"),
    "no pairs": lambda: store(X, "set"),
    "texts": lambda: store([(X[0], "cat")], "set"),
    "ragged": lambda: store([([[1], [1, 2]], 0)], "set"),
    "another shape": lambda: store([(X[0], 0), (X[1], 1), (X[2, :2], 2)], "set"),
    "another type": lambda: store([(X[0], 0), (X[1], 1.5)], "set"),
    "another number of inputs": lambda: store([((X[0], 1), 0), (X[1], 1)], "set"),
    "not a number": lambda: store([(1.0, 0), (np.nan, 1)], "set"),
    "a batch without answers": lambda: store([(X, Y), (X, Y[:3])], "set", batches=True),
    "samples as batches": lambda: store([(X[0], 3)], "set", batches=True),
    "a folder in use": lambda: [store([(1.0, 0)], "set") for _ in range(2)],
    "a file in the way": lambda: store([(1.0, 0)], str(Path("set").write_bytes(b"") or "set")),
    "no folder": lambda: stored("set"),
    "a manifest of something else": lambda: _changed("stored.json", b"[" * 4000),
    "a manifest without a count": lambda: _manifest(samples="many"),
    "a manifest of many inputs": lambda: _manifest(inputs=10**9),
    "a newer manifest": lambda: _manifest(schema_version=2),
    "fewer samples than promised": lambda: _manifest(samples=24),
    "a cut array": lambda: _changed("y.npy", b"\x93NUMPY\x01\x00\x76\x00"),
    "a missing array": lambda: _manifest(inputs=2),
}
REFUSALS = Refusals(Path(__file__).parent / "stored_refused.txt", WRONG, _in_an_empty_folder)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


# ----------------------------------------------------------------------------------------------------------- in blocks
@pytest.mark.parametrize(
    ("samples", "size", "window"), [(1000, 10, 5), (1003, 10, 5), (7, 10, 5), (64, 1, 64), (64, 64, 1)]
)
def test_an_order_in_blocks_has_every_sample_once_and_few_blocks_at_a_time(samples, size, window):
    blocks = Blocks(size, window)
    order = epoch_order(samples, 3, 0, blocks)
    np.testing.assert_array_equal(np.sort(order), np.arange(samples))
    for start in range(0, samples, blocks.span):
        assert len(np.unique(order[start : start + blocks.span] // size)) <= window + 1  # the last block is smaller
    np.testing.assert_array_equal(epoch_order(samples, 3, 0, blocks), order)
    if samples > 7:
        assert (epoch_order(samples, 3, 1, blocks) != order).any()
        assert (epoch_order(samples, 4, 0, blocks) != order).any()


def test_an_order_in_blocks_is_shuffled_within_and_between():
    order = epoch_order(100_000, 0, 0, Blocks(100, 10))
    firsts = order.reshape(100, 1000)[:, 0]
    assert np.abs(np.corrcoef(np.arange(100), firsts)[0, 1]) < 0.4  # blocks from all over
    assert (np.diff(order) == 1).mean() < 0.01  # neighbours are parted


# --------------------------------------------------------------------------------------------- in pieces of an array
def test_an_array_is_checked_in_pieces(monkeypatch):
    from chainrule.data import checks

    monkeypatch.setattr(checks, "PIECE", 10)
    x = np.zeros((50, 3), np.float32)
    check_finite("x", x)
    x[[17, 40, 41], [2, 0, 1]] = np.nan, np.inf, np.nan
    with pytest.raises(DataError, match=r"at 3 of its 150 places, first nan at x\[17, 2\]"):
        check_finite("x", x)
    with pytest.raises(DataError, match=r"inf at x\[0\]"):
        check_finite("x", np.array([np.inf, 1.0]))
