"""Files of every kind, changed at random: each is read or refused in words, soon, and without much memory.

What is sealed is sealed again after the change, so that no checksum stands before what reads it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data import digits, read_idx, write_idx
from chainrule.data.archives import read_npy
from chainrule.data.pictures import decode
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_source
from chainrule.data.records import Arrays, Labeled
from chainrule.data.tables import TableInputs, read_csv
from chainrule.errors import ChainruleError
from chainrule.nn import Dense, lenet5, tabular_mlp
from chainrule.runs import Configuration, RunFolder
from chainrule.runs.settings import example, read_configuration
from chainrule.runs.trained import Trained
from chainrule.serve import Limits
from chainrule.serve.reading import read_body
from chainrule.train import Model, checkpoints
from tests.counts import scaled
from tests.robustness import limits
from tests.robustness.mutations import as_json, changed_bytes, changed_data, nested
from tests.serve.models import array_model, fruit, picture_model, table_model
from tests.train.problems import fit, model

_MEMORY = 1 << 29  # bytes more than the test has; no valid one of these files needs a hundredth of it
_SECONDS = 20.0

Attempt = Callable[[random.Random, Path], None]


# ------------------------------------------------------------------------------------------------------------ in a file
def reading(contents: list[bytes], name: str, read: Callable[[Path], object]) -> Attempt:
    """Reads a file that was one of these."""

    def attempt(chance: random.Random, folder: Path) -> None:
        path = folder / name
        path.write_bytes(changed_bytes(chance.choice(contents), chance.choice(contents), chance))
        read(path)

    return attempt


def compressed(contents: list[bytes], name: str, read: Callable[[Path], object]) -> Attempt:
    """Reads a file that is compressed after it was changed, or before."""
    packed = [gzip.compress(content, mtime=0) for content in contents]
    after, before = reading(packed, name, read), reading(contents, name, lambda path: read(_packed(path)))
    return lambda chance, folder: chance.choice([after, before])(chance, folder)


def _packed(path: Path) -> Path:
    path.write_bytes(gzip.compress(path.read_bytes(), 1))
    return path


def idx_files() -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for array in (digits().x_test[:3, ..., 0], np.arange(9, dtype=np.uint8), np.ones((2, 3), np.float64)):
            write_idx(f"{folder}/file", array)
            found.append(Path(f"{folder}/file").read_bytes())
    return found


TABLE = (
    'age,town,when,note,answer\n22,Bern,2024-01-31,"says ""no"", often",yes\n?,Rome,2024-02-01,"two\nlines",no\n'
    "1e5,Bern,2024-02-02,,yes\n31,Zürich,2024-03-01,ü,no\n45.5,Rome,2024-03-02,ü,yes\n,Bern,2024-05-01,-,no\n"
)


def tables() -> list[bytes]:
    others = [TABLE.replace(",", ";"), TABLE.replace(",", "\t")]
    return [TABLE.encode(), TABLE.encode("utf-16"), *(text.encode() for text in others)]


def learn(path: Path) -> None:
    """What a training does with a table."""
    table = read_csv(path)
    table.described()
    TableInputs.learned(table).of(table)


def archives() -> list[bytes]:
    found = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, x=np.arange(24, dtype=np.float32).reshape(8, 3), y=np.array(list("abababab")))
        found.append(file.getvalue())
    return found


def single_arrays() -> list[bytes]:
    found = []
    for array in (np.arange(24.0).reshape(8, 3), np.array(["a", "bc"]), np.zeros((2, 0, 3), ">i4")):
        file = io.BytesIO()
        np.save(file, array)
        found.append(file.getvalue())
    return found


def pictures(kind: str, **how: Any) -> list[bytes]:
    found, chance = [], np.random.default_rng(0)
    gray = digits().x_test[0, ..., 0]
    colors = chance.integers(0, 256, (9, 14, 3), np.uint8)
    for image in (Image.fromarray(gray), Image.fromarray(colors), Image.fromarray(gray).convert("P")):
        file = io.BytesIO()
        (image.convert("L") if kind == "JPEG" and image.mode == "P" else image).save(file, kind, **how)
        found.append(file.getvalue())
    return found


def settings() -> list[bytes]:
    return [
        example().encode(),
        b"[train]\nepochs = 3\nlr = 1e-3\n[model]\nunits = [8, 4]\n[data]\nsource = 'a.csv'\nexclude = ['id']\n",
    ]


# ---------------------------------------------------------------------------------------------------- in what is sealed
@cache
def models() -> list[tuple[dict[str, bytes], Any]]:
    """The files of some models, and what each predicts for."""
    found: list[tuple[Model, Any]] = []
    answers = np.array(["yes", "no"] * 3)
    x = np.linspace(-1, 1, 18).reshape(6, 3)

    small = model()
    fit(small, epochs=1)
    small.preparation = Preparation.learned(Labeled(Arrays((np.linspace(0, 1, 30).reshape(6, 5),)), answers), "answer")
    found.append((small, np.ones((2, 5))))

    of_table = Model(tabular_mlp((3,), 2, units=(4,)), [(2,), (1,)], seed=1)
    found.append((of_table, (np.zeros((2, 2), np.float32), np.zeros((2, 1), np.int32))))

    convolutions = Model(lenet5(), (28, 28, 1))
    found.append((convolutions, digits().x_test[:2]))

    scores = Dense(2)
    other = Model(lambda x, scope: scores(x, scope) + cr.tensor([1.0, 2.0]), (3,))
    found.append((other, x))
    with tempfile.TemporaryDirectory() as folder:
        for number, (made, _) in enumerate(found):
            made.save(f"{folder}/{number}")
        return [(checkpoints.read(f"{folder}/{n}"), given) for n, (_, given) in enumerate(found)]


def load_changed_model(chance: random.Random, folder: Path) -> None:
    files, given = chance.choice(models())
    name = chance.choice(sorted(files))
    another = chance.choice(models())[0].get(name, b"")
    checkpoints.write(folder, {**files, name: changed_file(files[name], another, name, chance)})
    loaded = Model.load(folder)
    loaded.summary()
    outputs = loaded.predict(given, executor="reference")
    if loaded.preparation is not None and isinstance(outputs, np.ndarray):
        loaded.preparation.inputs.of(Arrays((np.ones((2, 5)),)))
        if outputs.ndim == 2 and outputs.shape[1] == loaded.preparation.target.outputs:
            loaded.preparation.target.predictions(outputs)


def changed_file(content: bytes, another: bytes, name: str, chance: random.Random) -> bytes:
    """Most changes of what is JSON leave it JSON; the head of safetensors is JSON, too."""
    if name.endswith(".safetensors") and chance.random() < 0.5:
        size = int.from_bytes(content[:8], "little")
        head = as_json(changed_data(json.loads(content[8 : 8 + size]), chance))
        return len(head).to_bytes(8, "little") + head + content[8 + size :]
    if name.endswith(".json") and chance.random() < 0.9:
        if chance.random() < 0.02:
            return nested(chance.choice([100, 900, 5_000, 100_000]))
        return as_json(changed_data(json.loads(content), chance))
    return changed_bytes(content, another, chance)


def read_changed_run(chance: random.Random, folder: Path) -> None:
    run = RunFolder(folder)
    data: dict[str, dict[str, Any]] = {
        "config.json": {"settings": Configuration().as_data(), "data": "0" * 64},
        "environment.json": {"began": "2026-01-01T00:00:00", "chainrule": "1"},
        "findings.json": {"findings": []},
        "result.json": {"state": "finished", "epochs": 3, "best_epoch": 1, "best_loss": 0.5, "test_accuracy": 0.9},
    }
    for name, content in data.items():
        run.write(name, content)
    name = chance.choice(sorted(data))
    changed = changed_data(data[name], chance)
    run.write(name, changed if isinstance(changed, dict) else {"": changed})
    lines = [{"epoch": k, "loss": 1 / k, "val_loss": 2 / k, "seconds": 0.1} for k in (1, 2, 3)]
    text = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    if chance.random() < 0.5:
        text = changed_bytes(text, b"", chance)
    else:
        text = b"".join(as_json(line) + b"\n" for line in changed_data(lines, chance) or [])
    (folder / "metrics.jsonl").write_bytes(text)
    run.metrics()
    run.history()
    assert isinstance(run.began, str)
    run.read("result.json")
    run.configuration()


# ----------------------------------------------------------------------------------------------------- in what is sent
BOUNDARY = "multipart/form-data; boundary=x"


@cache
def requests() -> list[tuple[Trained, bytes, str]]:
    """Bodies of each type, with the model that is asked and the type."""
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    picture, rows = pictures("PNG")[0], fruit(4)
    columns = ",".join(rows[0])
    lines = "".join(",".join("" if value is None else str(value) for value in row.values()) + "\n" for row in rows)
    return [
        (table_model(), as_json({"instances": rows}), "application/json"),
        (table_model(), f"{columns}\n{lines}".encode(), "text/csv"),
        (array_model(), as_json({"instances": [[0.5, 1, 2, 3, 4], [1, 1, 1, 1, 1e9]]}), "application/json"),
        (picture_model(), picture, "image/png"),
        (picture_model(), part + picture + b"\r\n" + part + picture + b"\r\n--x--\r\n", BOUNDARY),
        (picture_model(), as_json({"instances": digits().x_test[:1].tolist()}), "application/json"),
    ]


def ask(chance: random.Random, folder: Path) -> None:
    """What is predicted for a body; by reference, as compiling is not the client's choice."""
    trained, body, kind = chance.choice(requests())
    _, another, other_kind = chance.choice(requests())
    if kind == "application/json" and chance.random() < 0.6:
        levels = chance.choice([100, 900, 5_000, 100_000])
        body = nested(levels) if chance.random() < 0.03 else as_json(changed_data(json.loads(body), chance))
    else:
        body = changed_bytes(body, another, chance)
    sent = other_kind if chance.random() < 0.1 else kind
    if chance.random() < 0.1:
        sent = changed_bytes(sent.encode(), BOUNDARY.encode(), chance).decode("latin-1")
    x = read_body(body, sent, "", trained, Limits()).inputs
    trained.model.predict(x, executor="reference")


KINDS: dict[str, tuple[Attempt, int]] = {
    "checkpoint": (load_changed_model, 6000),
    "run": (read_changed_run, 2000),
    "IDX": (reading(idx_files(), "images", read_idx), 1500),
    "IDX, compressed": (compressed(idx_files(), "images.gz", read_idx), 1000),
    "CSV": (reading(tables(), "table.csv", learn), 2000),
    "CSV, compressed": (compressed(tables(), "table.csv.gz", learn), 500),
    "npz": (reading(archives(), "arrays.npz", read_source), 2000),
    "npy": (reading(single_arrays(), "array.npy", read_npy), 1000),
    "PNG": (reading(pictures("PNG"), "a.png", decode), 1000),
    "JPEG": (reading(pictures("JPEG"), "a.jpg", decode), 1000),
    "HTTP body": (ask, 2000),
    "configuration": (reading(settings(), "experiment.toml", read_configuration), 1500),
}


@contextmanager
def nothing_is_awaited() -> Iterator[None]:
    """The disk need not have what will be deleted at once."""
    with patch.object(os, "fsync", lambda file: None):
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_is_read_or_refused(kind, tmp_path):
    attempt, count = KINDS[kind]
    if kind == "checkpoint":
        models()
    if kind == "HTTP body":
        requests()
    ended = Counter[str]()
    for seed in range(scaled(count, 65)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            with nothing_is_awaited(), limits.memory(_MEMORY), limits.seconds(_SECONDS):
                attempt(random.Random(seed), folder)
            ended["read"] += 1
        except ChainruleError as refused:
            ended[type(refused).__name__] += 1
            said = str(refused)
            if len(said) > 2000 or "\n" in said:
                raise AssertionError(f"{kind}, seed {seed}: {said[:3000]}") from refused
        except BaseException as error:
            raise AssertionError(f"{kind}, seed {seed}: {type(error).__name__}: {error}") from error
    assert ended.total() > ended["read"] > 0 or ended.total() < 100, "nothing is found by all being refused, or nothing"
