"""Saved models: graph as data, read back without the code that built them."""

from __future__ import annotations

import ast
import copy
import json
import os
import pickle
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import chainrule.train
from chainrule.data.whole_files import sealed, unsealed
from chainrule.errors import FileFormatError, GraphError, SaveError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.nn import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Rescaling,
    Sequential,
    lenet5,
    lenet5_1998,
)  # fmt: skip
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.trigonometric import tanh
from chainrule.train import Checkpoint, Model
from tests.counts import full, scaled
from tests.train.problems import clusters, everything, fit, model, same


def images(samples: int = 6, size: int = 28) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (samples, size, size, 1), np.uint8)


def convolutional() -> Sequential:
    return Sequential(
        [
            Rescaling(1 / 127.5, -1.0),
            Conv2D(4, 3, strides=2, padding="same", use_bias=False),
            BatchNormalization(),
            MaxPool2D(2),
            Dropout(0.5, whole_maps=True),
            Flatten(),
            Dropout(0.2, method="direct"),
            Dense(3),
        ]
    )


def two_ways():
    """Two inputs, two outputs, a constant, a shared layer, a layer that only training uses."""
    shared, drop, first, second = Dense(4, "tanh"), Dropout(0.5), Dense(2), Dense(1)

    def architecture(x, scope):
        a, b = x
        h = shared(a, scope) + shared(b, scope) * tensor([1.0, 2.0, 3.0, 4.0])
        if scope.training:
            h = drop(h, scope)
        return first(h, scope), second(h, scope)

    return architecture


@pytest.mark.parametrize("path", [3, None, ""])
def test_what_is_no_path(path):
    with pytest.raises(UsageError, match=r"cannot be saved in .*Give the path of a folder"):
        Model(Dense(1), 2).save(path)


def test_what_is_no_path_to_load():
    with pytest.raises(UsageError, match="3 is not the path of a folder"):
        Model.load(3)


@pytest.mark.usefixtures("compiled_quickly")
@pytest.mark.parametrize("architecture", [convolutional, lenet5, lenet5_1998] if full() else [convolutional, lenet5])
def test_a_loaded_model_predicts_the_same_bits(tmp_path, architecture):
    trained = Model(architecture(), seed=3)
    x, y = images(), np.array([0, 1, 2, 2, 1, 0])
    trained.fit(x, y, epochs=2, batch_size=4, verbose=0)
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    assert same(loaded.predict(x), trained.predict(x))
    assert loaded.evaluate(x, y) == trained.evaluate(x, y)
    assert loaded.summary() == trained.summary()
    assert same(everything(loaded), everything(trained))


def test_several_inputs_and_outputs(tmp_path):
    random = np.random.default_rng(0)
    x = (random.standard_normal((9, 3)), random.standard_normal((9, 3)))
    trained = Model(two_ways())
    first, second = trained.predict(x)
    assert (first.shape, second.shape) == ((9, 2), (9, 1))
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    assert same(loaded.predict(x), (first, second))


def test_training_goes_on_from_a_loaded_model(tmp_path):
    trained = model()
    fit(trained)
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    fit(trained)
    fit(loaded)
    assert same(everything(loaded), everything(trained))


def test_scalars_that_were_turned_stay_turned(tmp_path):
    trained = Model(convolutional(), (28, 28, 1))
    before = trained.predict(images())
    trained.scalars["dropout_1/rate"] = 0.9
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    assert loaded.scalars == trained.scalars
    assert same(loaded.predict(images()), trained.predict(images()))
    assert not same(loaded.predict(images()), before)


def test_saving_a_loaded_model_writes_the_same_files(tmp_path):
    trained = model()
    fit(trained)
    trained.save(tmp_path / "a")
    Model.load(tmp_path / "a").save(tmp_path / "b")
    files = [sorted(p.name for p in (tmp_path / k).iterdir()) for k in "ab"]
    assert files[0] == files[1]


def test_no_code_is_needed_to_load_and_predict(tmp_path):
    """The architecture is a function of this file, which the other process does not have."""
    x, _ = clusters()
    hidden, scores = Dense(4), Dense(3)
    trained = Model(lambda x, scope: scores(tanh(hidden(x, scope)), scope), (5,))
    trained.save(tmp_path / "m")
    np.save(tmp_path / "x.npy", x)
    code = "import sys, numpy as np; from chainrule.train import Model\n"
    code += "np.save('y.npy', Model.load('m').predict(np.load('x.npy')))\n"
    code += "assert not [m for m in sys.modules if 'pickle' in m and m not in sys.stdlib_module_names], sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert same(np.load(tmp_path / "y.npy"), trained.predict(x))


def test_an_operation_of_the_user_is_saved_as_its_body(tmp_path):
    swish = Composite("swish", lambda x: x * tanh(x))
    trained = Model(Sequential([Dense(4), lambda x, scope: swish(x), Dense(3)]), (5,))
    x, _ = clusters()
    trained.save(tmp_path / "m")
    assert same(Model.load(tmp_path / "m").predict(x), trained.predict(x))


def test_what_has_no_name_must_be_given_again(tmp_path):
    trained = model()
    x, y = clusters()
    with pytest.raises(UsageError, match="which loss"):
        Model(Dense(3), (5,)).evaluate(x, y)
    fit(trained, loss=lambda outputs, targets: outputs[:, 0], metrics=["accuracy"])
    trained.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    with pytest.raises(UsageError, match="which loss"):
        loaded.evaluate(x, y)
    assert loaded.evaluate(x, y, loss="cross_entropy").keys() == {"loss", "accuracy"}


def test_nothing_of_the_room_could_run_code():
    unsafe = {"pickle", "marshal", "shelve", "importlib"}
    for file in Path(chainrule.train.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert unsafe.isdisjoint(name.partition(".")[0] for name in names), file


# ------------------------------------------------------------------------------------------------------ failed saves
FAILING = ["open", "write", "fsync", "replace", "mkdir"]


class DiskFull:
    """Lets the k-th call of a function fail as a full disk does, and counts the calls."""

    def __init__(self, function, fails_at):
        self.function, self.fails_at, self.calls = function, fails_at, 0

    def __call__(self, *arguments, **named):
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError(28, "No space left on device")
        return self.function(*arguments, **named)


def failing(monkeypatch, name, at):
    """Inject a failure into every way in which a save touches the disk."""
    if name == "write":
        opened = Path.open

        def opening(path, *arguments, **named):
            file = opened(path, *arguments, **named)
            if "w" in str(arguments) + str(named):
                file = Torn(file, disk)
            return file

        class Torn:
            """Writes half of what it is given before the disk is full."""

            def __init__(self, file, disk):
                self.file, self.disk = file, disk

            def __enter__(self):
                return self

            def __exit__(self, *error):
                self.file.close()

            def write(self, content):
                self.file.write(content[: len(content) // 2])
                self.disk()
                self.file.write(content[len(content) // 2 :])

            def __getattr__(self, attribute):
                return getattr(self.file, attribute)

        disk = DiskFull(lambda: None, at)
        monkeypatch.setattr(Path, "open", opening)
        return disk
    owner = os if name in ("fsync", "replace") else Path
    disk = DiskFull(getattr(owner, name), at)
    monkeypatch.setattr(owner, name, lambda *arguments, **named: disk(*arguments, **named))
    return disk


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("name", FAILING)
def test_a_failed_save_leaves_the_old_one(tmp_path, monkeypatch, name):
    folder = tmp_path / "m"
    trained = model()
    fit(trained, epochs=1)
    trained.save(folder)
    old = everything(trained)
    fit(trained, epochs=1)
    new = everything(trained)
    failures = 0
    for at in range(1, 100):
        with monkeypatch.context() as patch:
            disk = failing(patch, name, at)
            try:
                trained.save(folder)
            except SaveError as error:
                assert "No space left on device" in str(error)  # noqa: PT017 - which call fails is not known before
                failures += 1
        found = everything(Model.load(folder))
        if disk.calls < at:
            break
        # Only the very last call, which makes the manifest's new name lasting, comes after the new one is in place.
        assert same(found, old) or (name == "fsync" and same(found, new))
        assert not [p for p in folder.iterdir() if p.name.endswith(".part")]
    assert failures == at - 1 >= 1
    assert same(found, new)
    assert len(contents(folder)) == 5  # nothing of the old one, or of failed saves, is left


def test_every_file_and_every_name_is_on_the_disk_before_the_next(tmp_path, monkeypatch):
    events = []
    for name in ("fsync", "replace"):
        done = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, done=done: (events.append(name), done(*given)))
    Model(Dense(3), (5,)).save(tmp_path)
    assert events == ["fsync", "replace", "fsync"] * len(contents(tmp_path))


def test_a_first_save_that_fails_leaves_no_model(tmp_path, monkeypatch):
    trained = Model(Dense(3), (5,))
    with monkeypatch.context() as patch:
        failing(patch, "replace", 2)
        with pytest.raises(SaveError, match=r"cannot be saved in .*m: No space left on device"):
            trained.save(tmp_path / "m")
    with pytest.raises(FileFormatError, match=r"it has no checkpoint\.json"):
        Model.load(tmp_path / "m")


def test_a_checkpoint_that_cannot_be_written_says_so_and_the_training_is_kept(tmp_path):
    (tmp_path / "file").write_text("mine")
    trained = model()
    with pytest.raises(SaveError, match=r"cannot be saved in"):
        fit(trained, callbacks=[Checkpoint(tmp_path / "file")])
    assert (tmp_path / "file").read_text() == "mine"
    straight = model()
    fit(straight)
    fit(trained, resume=True)
    assert same(everything(trained), everything(straight))


def test_other_files_of_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    trained = Model(Dense(3), (5,))
    trained.save(tmp_path)
    trained.save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


# --------------------------------------------------------------------------------------------- damaged or foreign files
@pytest.fixture
def folder(tmp_path):
    trained = model()
    fit(trained, epochs=1)
    trained.save(tmp_path / "model")
    return tmp_path / "model"


def manifest(folder: Path, **changes) -> None:
    """Change what a manifest says, as if it had been written so."""
    file = folder / "checkpoint.json"
    file.write_bytes(sealed(unsealed(file.read_bytes()) | changes))


def test_missing_models(tmp_path, folder):
    with pytest.raises(FileFormatError, match=r"no saved model in .*modle.*no such folder.* Did you mean 'model'\?"):
        Model.load(tmp_path / "modle")
    with pytest.raises(FileFormatError, match=r"it has no checkpoint\.json"):
        Model.load(tmp_path)
    with pytest.raises(FileFormatError, match="it is a file"):
        Model.load(folder / "checkpoint.json")


@pytest.mark.parametrize("kind", ["architecture", "model", "training", "optimizer"])
def test_every_file_is_checked(folder, kind):
    (file,) = folder.glob(f"{kind}-*")
    content = file.read_bytes()
    for changed in (content[:-1], b"", content[:100] + bytes([content[100] ^ 1]) + content[101:]):
        file.write_bytes(changed)
        with pytest.raises(FileFormatError, match=rf"damaged: the contents of {kind}-.* have changed"):
            Model.load(folder)
    file.unlink()
    with pytest.raises(FileFormatError, match=rf"damaged: its file {kind}-.* is missing"):
        Model.load(folder)


def test_a_manifest_that_is_none(folder):
    whole = unsealed((folder / "checkpoint.json").read_bytes())
    outside = {"file": "../outside.safetensors", "sha256": whole["files"]["model.safetensors"]["sha256"]}
    (model_file,) = folder.glob("model-*")
    model_file.rename(folder.parent / "outside.safetensors")
    contents = [b"", b"{", b"[]", b"3", b"\0", b"\xff", b'{"schema_version": 3}', b'{"schema_version": 3, "files": {}}']
    contents += [sealed({"schema_version": 3}), sealed({"schema_version": 3, "files": {}})]
    contents += [sealed(whole | {"files": {**whole["files"], "model.safetensors": outside}})]
    for content in contents:
        (folder / "checkpoint.json").write_bytes(content)
        with pytest.raises(FileFormatError, match="damaged"):
            Model.load(folder)


def test_no_changed_byte_goes_unnoticed(folder):
    """In no file; with the full counts a bit of every byte of them is flipped."""
    random = np.random.default_rng(0)
    for file in folder.iterdir():
        content = file.read_bytes()
        for place in random.permutation(len(content))[: scaled(len(content), 200)].tolist():
            bit = 1 << int(random.integers(8))
            file.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            with pytest.raises(FileFormatError):
                Model.load(folder)
        file.write_bytes(content)
    Model.load(folder)


@pytest.mark.parametrize("version", [2, 0, "3", None])
def test_another_schema(folder, version):
    manifest(folder, schema_version=version)
    with pytest.raises(FileFormatError, match=rf"has schema_version {version}, but chainrule .* reads 3"):
        Model.load(folder)


def test_arrays_of_another_model(tmp_path, folder):
    other = Model(Dense(3), (5,))
    other.save(tmp_path / "other")
    files = {name: unsealed((tmp_path / name / "checkpoint.json").read_bytes())["files"] for name in ("model", "other")}
    entry = files["other"]["model.safetensors"]
    (folder / entry["file"]).write_bytes((tmp_path / "other" / entry["file"]).read_bytes())
    manifest(folder, files={**files["model"], "model.safetensors": entry})
    with pytest.raises(FileFormatError, match=r"'dense/kernel' is float32 \(5, 3\), but the architecture needs"):
        Model.load(folder)


def test_a_model_that_cannot_be_saved_says_why(tmp_path):
    from chainrule.graph.tensor import apply
    from chainrule.ops.kinds.elementwise import Elementwise

    mine = Elementwise("mine", "x * x * x", partials=lambda y, x: (3.0 * x * x,))
    trained = Model(Sequential([Dense(3), lambda x, scope: apply(mine, x)]), (5,))
    with pytest.raises(GraphError, match=r"mine \(batch, 3\).*not in the vocabulary"):
        trained.save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("path", ["", None])
def test_a_path_is_needed(path):
    with pytest.raises(UsageError, match="Give the path of a folder"):
        Model(Dense(2), (3,)).save(path)


def test_a_model_is_not_saved_onto_a_file(tmp_path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(SaveError, match="it is a file, and a model is saved as a folder"):
        Model(Dense(2), (3,)).save(tmp_path / "m")
    assert (tmp_path / "m").read_text() == "mine"


def test_a_deeply_nested_manifest_is_damaged(tmp_path):
    (tmp_path / "checkpoint.json").write_text("[" * 100_000)
    with pytest.raises(FileFormatError, match="is damaged"):
        Model.load(tmp_path)


@pytest.mark.parametrize("value", [[], None, 1e400, {}, "text"])
def test_a_field_of_a_wrong_type_is_damage(tmp_path, value):
    Model(Dense(2), (3,)).save(tmp_path)
    (file,) = tmp_path.glob("training-*.json")
    content = json.dumps(joined_with_seed(json.loads(file.read_text()), value)).encode()
    digest = sha256(content).hexdigest()
    (tmp_path / f"training-{digest[:16]}.json").write_bytes(content)
    manifest = json.loads((tmp_path / "checkpoint.json").read_text())
    manifest["files"]["training.json"] = {"file": f"training-{digest[:16]}.json", "sha256": digest}
    (tmp_path / "checkpoint.json").write_text(json.dumps(manifest))
    with pytest.raises(FileFormatError, match="is damaged"):
        Model.load(tmp_path)


def joined_with_seed(kept, value):
    return {"dict": {**kept["dict"], "seed": value}}


def test_a_model_is_copied_and_saved_but_not_pickled():
    model = Model(convolutional(), (8, 8, 1))
    with pytest.raises(UsageError, match=r"Save it with model.save\(folder\)"):
        pickle.dumps(model)
    for copied in (copy.copy(model), copy.deepcopy(model)):
        copied.parameters["dense/bias"] = np.ones(3, np.float32)
        assert copied.predict(images(size=8), executor="reference").shape == (6, 3)
    assert copied.network is not model.network
    assert not model.parameters["dense/bias"].any()
