"""Few digits, for quick trainings; a width for what is printed, and a folder to begin runs in."""

import numpy as np
import pytest

from chainrule.data import digits, write_idx


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(autouse=True)
def _somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_set(folder, x_train, y_train, x_test, y_test):
    """A folder in MNIST's layout."""
    folder.mkdir(exist_ok=True)
    for part, x, y in (("train", x_train, y_train), ("t10k", x_test, y_test)):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", x[..., 0])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", y.astype(np.uint8))
    return str(folder)


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory):
    data = digits()
    x, y = data.x_train[:600], data.y_train[:600]
    return write_set(tmp_path_factory.mktemp("few") / "few", x, y, data.x_test[:200], data.y_test[:200])


@pytest.fixture(scope="session")
def unbalanced_digits(tmp_path_factory):
    """Twelve classes, of which training has four: three samples in four are a 7; in the test it is one in two."""
    x = digits().x_train
    y_train, y_test = np.repeat([7, 0, 1, 3], [30, 4, 3, 3]), np.repeat([7, 11], [10, 10])
    return write_set(tmp_path_factory.mktemp("unbalanced") / "unbalanced", x[:40], y_train, x[40:60], y_test)
