"""Folders laid out as MNIST's, the bundled digits, and how the digits were made."""

import gzip
import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Dataset, digits, find_data, load_images, write_idx
from chainrule.data.bundled import _FOLDER
from chainrule.errors import DataError, FileFormatError

X, Y = np.zeros((3, 4, 5), np.uint8), np.array([2, 0, 1], np.uint8)


def write_set(folder: Path, ending: str = "", **changed: np.ndarray) -> None:
    files = {"train_images": X, "train_labels": Y, "t10k_images": X, "t10k_labels": Y} | changed
    for name, array in files.items():
        part, kind = name.split("_")
        write_idx(folder / f"{part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte{ending}", array)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_folder_of_four_files(tmp_path, ending):
    write_set(tmp_path, ending, train_images=np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    data = load_images(tmp_path)
    assert data.name == tmp_path.name
    assert data.class_names == ("0", "1", "2")
    assert data.x_train.shape == (3, 4, 5, 1)
    assert data.x_train.dtype == np.uint8
    assert data.x_train[2, 1, 3, 0] == 2 * 20 + 1 * 5 + 3
    assert data.y_train.dtype == np.int64
    assert data.y_test.tolist() == [2, 0, 1]
    assert repr(data) == f"<{tmp_path.name}: 3 training and 3 test samples (4, 5, 1) uint8, 3 classes>"


def test_the_other_spelling(tmp_path):
    write_set(tmp_path)
    for path in list(tmp_path.iterdir()):
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert len(load_images(tmp_path).x_train) == 3


def test_missing_folders_and_files(tmp_path):
    with pytest.raises(FileFormatError, match=r"There is no folder .*nowhere"):
        load_images(tmp_path / "nowhere")
    with pytest.raises(FileFormatError, match=r"no train-images-idx3-ubyte .*It holds: nothing"):
        load_images(tmp_path)
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").rename(tmp_path / "labels")
    with pytest.raises(FileFormatError, match=r"no t10k-labels-idx1-ubyte .*It holds: labels, t10k-images"):
        load_images(tmp_path)


@pytest.mark.parametrize(
    ("changed", "error", "complaint"),
    [
        ({"train_images": Y}, FileFormatError, r"train-images.* shape \(3,\), but images should be uint8 with 3 axes"),
        ({"t10k_labels": Y.astype(np.int32)}, FileFormatError, "t10k-labels.* holds int32 .* labels should be uint8"),
        ({"train_labels": Y[:2]}, DataError, "train-images.* has 3 samples but .*train-labels.* has 2"),
        ({"t10k_images": X[:0], "t10k_labels": Y[:0]}, DataError, r"t10k-images.* has shape \(0, 4, 5\)"),
        ({"t10k_images": np.zeros((3, 4, 4), np.uint8)}, DataError, r"shape \(4, 5, 1\), a test sample \(4, 4, 1\)"),
    ],
)
def test_files_that_do_not_fit(tmp_path, changed, error, complaint):
    write_set(tmp_path, **changed)
    with pytest.raises(error, match=complaint):
        load_images(tmp_path)


def test_a_data_set_checks_its_labels():
    x, y = X[..., np.newaxis], Y.astype(np.int64)
    with pytest.raises(DataError, match=r"y_test has label 2 at y_test\[0\]"):
        Dataset("two", x[:2], y[1:], x, y, ("a", "b"))


def test_find_data(tmp_path, monkeypatch):
    monkeypatch.delenv("CHAINRULE_DATA_DIR", raising=False)
    monkeypatch.setenv("CHAINRULE_HOME", str(tmp_path / "home"))
    assert find_data("mnist") is None
    folder = tmp_path / "home" / "data" / "mnist"
    folder.mkdir(parents=True)
    write_set(folder, ".gz")
    assert find_data("mnist") == folder
    monkeypatch.setenv("CHAINRULE_DATA_DIR", str(tmp_path))
    assert find_data("mnist") is None
    (tmp_path / "mnist").mkdir()
    write_set(tmp_path / "mnist")
    assert find_data("mnist") == tmp_path / "mnist"
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    assert find_data("mnist") is None, "half of a set is none"


def test_the_bundled_digits():
    data = digits()
    assert data.x_train.shape == (10_000, 28, 28, 1)
    assert data.x_test.shape == (2_000, 28, 28, 1)
    assert np.bincount(data.y_train).tolist() == [1000] * 10
    assert np.bincount(data.y_test).tolist() == [200] * 10
    assert data.y_train[:10].tolist() == [9, 9, 0, 5, 7, 8, 6, 6, 1, 6]
    assert sum(path.stat().st_size for path in _FOLDER.iterdir()) < 2.1e6


@pytest.mark.parametrize(
    ("file", "digest"),
    [
        ("train-images-idx3-ubyte.gz", "914fab1b7eeff7cc6ea9b5c301d7257543986f24e535d16232d8d9224b160cfc"),
        ("train-labels-idx1-ubyte.gz", "3a65939e89ecc2fe873f128f4ee3a78639a955ecc899edd0c7a06274c068e509"),
        ("t10k-images-idx3-ubyte.gz", "711bdf1d8b8abf949192beeb0c2d1e5975ac4b1b8dd94abffab46fe0ae2c469e"),
        ("t10k-labels-idx1-ubyte.gz", "fc964fac5ee70548a4d6a64f8cc7e240a3ae3bfc6710e0c94e6b484394f4baeb"),
    ],
)
def test_the_bundled_digits_never_change(file, digest):
    assert hashlib.sha256(gzip.decompress((_FOLDER / file).read_bytes())).hexdigest() == digest


def test_the_bundled_digits_are_made_from_mnist(tmp_path):
    mnist = find_data("mnist")
    if mnist is None:
        pytest.skip("needs the full MNIST: set CHAINRULE_DATA_DIR to the folder that holds 'mnist'")
    spec = importlib.util.spec_from_file_location("tool", Path(__file__).parents[2] / "tools/make_bundled_digits.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.make(mnist, tmp_path)
    for made in tmp_path.iterdir():
        # The contents, since other implementations of deflate compress them to other bytes.
        assert gzip.decompress(made.read_bytes()) == gzip.decompress((_FOLDER / made.name).read_bytes())
