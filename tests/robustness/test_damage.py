"""No byte of what is kept can change, be lost or change its place without being noticed, in any file of a run."""

from __future__ import annotations

import json
import os
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.preparation import Preparation
from chainrule.data.records import Arrays, Labeled
from chainrule.data.whole_files import sealed, unsealed
from chainrule.errors import ChainruleError, FileFormatError
from chainrule.nn import BatchNormalization, Dense, mlp
from chainrule.runs import RunFolder
from chainrule.train import Model, checkpoints
from tests.counts import scaled

SEALED = ("config.json", "environment.json", "findings.json", "result.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder with a file of every kind that a run or a model can have."""
    folder, chance = RunFolder(tmp_path_factory.mktemp("run")), np.random.default_rng(0)
    x, answers = chance.normal(size=(40, 6)), np.array(["a", "b"] * 20)
    hidden, normal, scores = Dense(20, "relu"), BatchNormalization(), Dense(2)
    model = Model(lambda x, scope: scores(normal(hidden(x, scope), scope) * cr.tensor(np.arange(1.0, 21.0)), scope))
    model.preparation = Preparation.learned(Labeled(Arrays((x,)), answers), "answer")
    model.fit(x, np.arange(40) % 2, epochs=1, verbose=0, executor="reference")
    model.save(folder.path)
    for name in SEALED:
        folder.write(name, {"settings": {"train": {"seed": 0}}, "text": "ü 中文", "findings": [{"code": "CR001"}] * 5})
    for epoch in (1, 2, 3):
        folder.append_metrics({"epoch": epoch, "loss": 1 / epoch, "val_loss": 2.0 / epoch})
    return folder.path


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "run")


def check_noticed(folder: Path) -> None:
    """Whoever reads the files hears that they are damaged."""
    with pytest.raises(FileFormatError):
        read_all(folder)


def read_all(folder: Path) -> None:
    Model.load(folder)
    for name in SEALED:
        RunFolder(folder).read(name)


def test_all_kinds_of_files_are_there(whole):
    kinds = {path.name.partition("-")[0] for path in whole.iterdir()}
    models = {"checkpoint.json", "architecture", "constants", "model", "optimizer", "preparation", "training"}
    assert kinds == models | {*SEALED, "metrics.jsonl"}
    assert sum(path.stat().st_size for path in whole.iterdir()) > 18_000
    read_all(whole)


def test_a_flip_at_any_byte(folder):
    """Of a bit; with the full counts at every byte of every file."""
    chance = np.random.default_rng(0)
    for path in sorted(folder.iterdir()):
        if path.name == "metrics.jsonl":
            continue
        content = path.read_bytes()
        for place in chance.permutation(len(content))[: scaled(len(content), 100)].tolist():
            flipped = content[place] ^ 1 << int(chance.integers(8))
            path.write_bytes(content[:place] + bytes([flipped]) + content[place + 1 :])
            check_noticed(folder)
        path.write_bytes(content)
    read_all(folder)


def test_a_loss_at_the_end_or_a_longer_file(folder):
    for path in sorted(folder.iterdir()):
        if path.name == "metrics.jsonl":
            continue
        content = path.read_bytes()
        sizes = {0, 1, len(content) // 2, len(content) - 2, len(content) - 1}
        for changed in [*(content[:size] for size in sizes), content + b"\0", content + b"\n", content * 2]:
            path.write_bytes(changed)
            check_noticed(folder)
        path.write_bytes(content)
    read_all(folder)


def exchange(a: Path, b: Path) -> None:
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)


def test_files_that_changed_places(folder):
    for a, b in combinations(sorted(path for path in folder.iterdir() if path.name not in SEALED), 2):
        if "metrics.jsonl" in (a.name, b.name):
            continue
        exchange(a, b)
        check_noticed(folder)
        exchange(a, b)
    read_all(folder)


def test_entries_of_a_manifest_that_changed_places(folder):
    """The seal is right, and so is every sum: only what is in the files tells."""
    manifest = folder / "checkpoint.json"
    whole = unsealed(manifest.read_bytes())
    for a, b in combinations(sorted(whole["files"]), 2):
        files = {**whole["files"], a: whole["files"][b], b: whole["files"][a]}
        manifest.write_bytes(sealed({**whole, "files": files}))
        check_noticed(folder)


def test_a_flip_in_the_metrics_loses_lines_at_most(folder):
    """They are not sealed, since each epoch adds a line: what cannot be read is left out, and nothing fails."""
    path, run = folder / "metrics.jsonl", RunFolder(folder)
    content, whole = path.read_bytes(), run.metrics()
    for place in range(len(content)):
        for bit in (1, 8, 128):
            path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            before = content[:place].count(b"\n")
            assert run.metrics()[:before] == whole[:before]
            run.history()


# --------------------------------------------------------------------------------------------------- what is no file
def outside(folder: Path, name: str) -> None:
    """Let the manifest name this file for the model's parameters, with the right sum."""
    manifest = folder / "checkpoint.json"
    whole = unsealed(manifest.read_bytes())
    entry = {**whole["files"]["model.safetensors"], "file": name}
    manifest.write_bytes(sealed({**whole, "files": {**whole["files"], "model.safetensors": entry}}))


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../model-0123456789abcdef.safetensors", "a/../../b", "C:\\windows", "~/x", "", ".", "..", "\0",
     "a\nb", "model-0123456789abcdef.safetensors/", "MODEL-0123456789abcdef.safetensors", None, 3, [], {}],
    ids=repr,
)  # fmt: skip
def test_a_manifest_names_files_of_its_folder_alone(folder, name):
    (kept,) = folder.glob("model-*")
    shutil.copy(kept, folder.parent / "model-0123456789abcdef.safetensors")
    outside(folder, name)
    with pytest.raises(FileFormatError, match="damaged"):
        Model.load(folder)


def replaced_by(kind: str, path: Path) -> None:
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "itself":
            path.symlink_to(path)
        case "nothing":
            path.symlink_to(path.parent / "nothing")
        case "giant":
            with path.open("wb") as file:
                file.truncate(1 << 43)  # of which the disk has nothing


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "itself", "nothing", "giant"])
@pytest.mark.parametrize("name", ["checkpoint.json", "model-*", "config.json", "metrics.jsonl"])
def test_nothing_is_awaited_of_what_is_no_ordinary_file(folder, name, kind):
    (path,) = folder.glob(name)
    try:
        replaced_by(kind, path)
    except OSError:
        pytest.skip("this file system has no such file")
    if name == "metrics.jsonl":
        assert RunFolder(folder).metrics() == []
        return
    with pytest.raises(ChainruleError) as refused:
        read_all(folder)
    assert "\n" not in str(refused.value)


def test_a_file_may_be_a_link_to_one(folder):
    """Stores that keep each content once have it so."""
    (kept,) = folder.glob("model-*")
    store = folder.parent / "store"
    shutil.move(kept, store)
    kept.symlink_to(store)
    read_all(folder)


# -------------------------------------------------------------------------------------------------- what names may be
EVIL = [
    '*/ int evil(void) { return system(""); } /*', "a\n#error\n", "a\r#error\r", "a\\", "a??/", '"); evil("',
    "\u2028#error", "%s%n", "中" * 500, "\0",
]  # fmt: skip


@pytest.mark.usefixtures("compiled_quickly")
def test_names_of_nodes_are_no_code(tmp_path):
    """They stand in the comments of the C that is made of a model, whoever made it."""
    made, x = Model(mlp((4,), 2), (6,)), np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    made.save(tmp_path)
    files = checkpoints.read(tmp_path)
    architecture = json.loads(files["architecture.json"])
    graph = architecture["graph"]
    names = {node["name"]: f"{node['name']}{EVIL[k % len(EVIL)]}" for k, node in enumerate(graph["nodes"])}
    for node in graph["nodes"]:
        node["name"] = names[node["name"]]
        if "inputs" in node:
            node["inputs"] = [names[given] for given in node["inputs"]]
    graph["outputs"] = {output: names[name] for output, name in graph["outputs"].items()}
    checkpoints.write(tmp_path, {**files, "architecture.json": json.dumps(architecture).encode()})
    outputs = Model.load(tmp_path).predict(x, executor="native")
    assert np.allclose(outputs, made.predict(x, executor="reference"), atol=1e-6)
