"""Trainings of more than the memory holds: prepared into files, the same bits as from memory, nothing left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import namedtuple
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data import digits, prepared
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.array_writer import ArrayWriter
from chainrule.data.pictures import PictureInputs, Pictures
from chainrule.data.records import Arrays
from chainrule.data.stored import store
from chainrule.data.tables import Table, TableInputs, Texts
from chainrule.diagnosis import Diagnosis
from chainrule.errors import SaveError
from chainrule.runs import Configuration, RunFolder, arrange, overridden, rearrange, resume, train
from chainrule.runs import arrangement as arrangement_module
from chainrule.runs.division import read
from tests.cli.commands import here
from tests.refusals import Refusals, said
from tests.runs.reached import everything
from tests.runs.test_training import Break

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files without a name are looked for as POSIX has them")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, beside the working folder."""
    monkeypatch.chdir(tmp_path)
    real = prepared.cache_root()
    folder = tmp_path / "cache"
    monkeypatch.setattr(prepared, "cache_root", lambda: folder)
    assert real != folder
    return folder


@pytest.fixture
def too_large(monkeypatch):
    """Everything is, for the memory."""
    monkeypatch.setattr(prepared, "memory_size", lambda: 0)


@pytest.fixture
def kept(tmp_path):
    """500 digits that were stored."""
    data = digits()
    store(zip(data.x_train[:500, ..., 0], data.y_train, strict=False), tmp_path / "kept")
    return "kept"


def ordered(source, *sets):
    return overridden(Configuration(), [f"data.source='{source}'", "model.name=mlp", "train.epochs=2", *sets])


def is_mapped(x):
    while isinstance(x, np.ndarray):
        x, was = x.base, x
    return type(x).__name__ == "mmap" and not was.flags.writeable


# ------------------------------------------------------------------------------------------------------------ the files
def test_inputs_in_files_are_those_in_memory(cache, monkeypatch):
    random = np.random.default_rng(1)
    rows, images = random.normal(size=(300, 3)), random.integers(-9, 9, (300, 2, 2), np.int16)
    colors = Texts.of(random.choice(["red", "green"], 300).tolist())
    table = Table("fruit", {"mass": rows[:, 0], "color": colors})
    pictures = Pictures([*random.integers(0, 256, (300, 5, 4), np.uint8)])
    for records, inputs in (
        (Arrays((rows,)), ArrayInputs.learned(Arrays((rows,)))),
        (Arrays((images,)).take(np.arange(0, 300, 2)), ArrayInputs.learned(Arrays((images,)))),
        (table, TableInputs.learned(table)),
        (pictures, PictureInputs.learned(pictures)),
    ):
        in_memory = prepared.arrays_of(prepared.prepared(inputs, records)[0])
        assert not any(map(is_mapped, in_memory))
        with monkeypatch.context() as patch:
            patch.setattr(prepared, "memory_size", lambda: 0)
            patch.setattr(prepared, "_PIECE", 1000)
            in_files = prepared.arrays_of(prepared.prepared(inputs, records)[0])
        assert all(map(is_mapped, in_files))
        assert os.listdir(cache) == [], "they have no names"
        for one, other in zip(in_memory, in_files, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


@pytest.mark.usefixtures("too_large")
def test_pictures_that_are_damaged_are_left_out_of_the_files_and_named_by_their_places(monkeypatch):
    monkeypatch.setattr(prepared, "_LEAST", 4)
    monkeypatch.setattr(prepared, "_PIECE", 1)
    images = np.arange(11 * 6, dtype=np.uint8).reshape(11, 2, 3)
    pictures = Pictures([b"no picture" if k in (1, 2, 9) else image for k, image in enumerate(images)])
    x, failures = prepared.prepared(PictureInputs(2, 3, 1), pictures)
    np.testing.assert_array_equal(x[..., 0], images[[0, 3, 4, 5, 6, 7, 8, 10]])
    assert is_mapped(x)
    assert list(failures) == [1, 2, 9]


@pytest.mark.usefixtures("too_large")
def test_a_full_disk_is_said_before_and_while_it_is_written_and_nothing_is_left(cache, kept, monkeypatch):
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr(prepared.shutil, "disk_usage", lambda folder: usage(10**9, 10**9 - 3, 3))
        with pytest.raises(SaveError, match=r"take 0 MB, .* written into .*cache: 0 MB are free there"):
            arrange(ordered(kept))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(prepared, "_PIECE", 1000)
    monkeypatch.setattr(ArrayWriter, "finish", full)
    with pytest.raises(SaveError, match=r"cache: No space left on device\. Nothing is left"):
        arrange(ordered(kept))
    assert os.listdir(cache) == []


@pytest.mark.full
def test_nothing_is_left_of_a_preparation_that_is_killed(cache):
    code = """
    import sys, time
    from pathlib import Path
    import numpy as np
    from chainrule.data import prepared
    from chainrule.data.array_inputs import ArrayInputs
    from chainrule.data.records import Arrays

    prepared.memory_size, prepared._PIECE, prepared.cache_root = lambda: 0, 1000, lambda: Path(sys.argv[1])
    records = Arrays((np.ones((1 << 22, 3)),))
    inputs = ArrayInputs.learned(records)
    print("begun", flush=True)
    prepared.prepared(inputs, records)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        while not cache.exists():
            time.sleep(0.01)
        time.sleep(0.2)
        assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert os.listdir(cache) == []


# --------------------------------------------------------------------------------------------------------- the training
@pytest.mark.usefixtures("compiled_quickly")
def test_a_training_from_files_gives_the_bits_of_one_in_memory_also_after_a_break(cache, kept, tmp_path, monkeypatch):
    configuration = ordered(kept, "train.blocks=[16,4]")
    in_memory = RunFolder.at(tmp_path / "memory")
    train(arrange(configuration), in_memory, Diagnosis(verbose=0))

    with monkeypatch.context() as patch:
        patch.setattr(arrangement_module, "_IN_ANY_MEMORY", 1000)
        patch.setattr(arrangement_module, "_BLOCK", 16 * 784)
        patch.setattr(arrangement_module, "_WINDOW", 64 * 784)
        patch.setattr(prepared, "memory_size", lambda: 0)
        arrangement = arrange(ordered(kept))  # decides on blocks by itself
        assert all(is_mapped(part.x) for part in (arrangement.training, arrangement.validation, arrangement.test))
        broken = RunFolder.at(tmp_path / "broken")
        with pytest.raises(KeyboardInterrupt):
            train(arrangement, broken, Diagnosis(verbose=0), [Break(2)])
    assert broken.configuration().train.blocks == (16, 4)
    resume(rearrange(broken), broken, Diagnosis(verbose=0))  # in memory, and whatever would be decided now
    assert everything(broken) == everything(in_memory)
    plain = RunFolder.at(tmp_path / "plain")
    train(arrange(ordered(kept)), plain, Diagnosis(verbose=0))
    assert everything(plain)["numbers"] != everything(in_memory)["numbers"], "another order"


def test_blocks_are_decided_by_the_samples_alone():
    def blocks(samples, size):
        return arrangement_module._blocks(np.lib.stride_tricks.as_strided(np.zeros(1, "u1"), (samples, size), (0, 0)))

    assert blocks(60_000, 784) is None
    assert blocks(1_300_000, 64 * 64 * 3) == (21, 1040)
    assert blocks(10_000, 1024 * 1024 * 3) == (1, 85)
    assert blocks(10**9, 1) == (1 << 18, 1 << 10)
    assert blocks(2, 1 << 30) == (1, 1)


@pytest.mark.full
@pytest.mark.usefixtures("too_large")
def test_a_folder_of_pictures_is_trained_on_from_files(tmp_path):
    for k in range(60):
        of_class = tmp_path / "pictures" / str(k % 2)
        of_class.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digits().x_train[k, ..., 0]).save(of_class / f"{k}.png")
    folder = RunFolder.at(tmp_path / "run")
    arrangement = arrange(ordered("pictures", "model.units=[4]", "train.blocks=[4,4]"))
    train(arrangement, folder, Diagnosis(verbose=0))
    assert is_mapped(arrangement.training.x)
    assert len(cr.load(folder.path).predict("pictures")) == 60


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and limits memory as Linux does")
@pytest.mark.parametrize(("shape", "dtype", "extra"), [((28, 28, 3), "uint8", 72), ((1024,), "float32", 72)])
def test_the_memory_of_a_run_does_not_grow_with_the_data(tmp_path, shape, dtype, extra):
    """Several times the megabytes that there may be beyond what the process has, in which a copy does not fit.

    RLIMIT_DATA counts what is private to the process, not the maps of files, which the system takes back at will.
    """
    code = """
    import re, resource, sys
    import numpy as np
    from chainrule.data import prepared, records
    from chainrule.data.stored import store, stored
    from chainrule.diagnosis import Diagnosis
    from chainrule.runs import Configuration, RunFolder, arrange, overridden, train
    import chainrule as cr

    shape, dtype, extra = eval(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    def samples(count):
        return ((np.full(shape, (k * k) % 251, dtype), k % 2) for k in range(count))

    def trained(source):
        sets = f"data.source='{source}' model.name=mlp model.units=[8] train.epochs=1 train.batch_size=64"
        arrangement = arrange(overridden(Configuration(), [*sets.split(), "train.blocks=[64,8]"]))
        train(arrangement, RunFolder.at(f"run of {source}"), Diagnosis(verbose=0))

    count = 4 * (extra << 20) // np.empty(shape, dtype).nbytes
    store(samples(640), "small")
    store(samples(count), "large")
    trained("small")  # so that all that is compiled is there
    prepared.memory_size, prepared._PIECE, records.PIECE = lambda: 0, 1 << 22, 1 << 20
    used = 1024 * int(re.search(r"VmData:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    resource.setrlimit(resource.RLIMIT_DATA, (used + (extra << 20), resource.RLIM_INFINITY))
    try:
        np.array(stored("large").x[: count // 2])
    except MemoryError:
        trained("large")
        loaded = cr.load("run of large")
        print(len(loaded.predict("large")) == loaded.evaluate("large").samples == count)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(shape), dtype, str(extra)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == "True", done.stderr


# ------------------------------------------------------------------------------------------------------- stored samples
@pytest.mark.usefixtures("compiled_quickly")
def test_stored_samples_are_trained_on_evaluated_and_predicted_from_the_command_line(kept, capsys):
    left = here(capsys, "train", kept, "--set", "model.name=mlp", "--epochs", "2", "--save", "run")
    assert left.code == 0, left.err
    assert "28×28×1 uint8" in left.out
    assert here(capsys, "evaluate", "run").code == 0
    left = here(capsys, "evaluate", "run", kept)
    assert "500" in left.out
    left = here(capsys, "predict", "run", kept)
    lines = left.out.splitlines()
    assert len(lines) == 501
    answers = [line.split(",")[1] for line in lines[1:]]
    assert answers == cr.load("run").predict(kept).values.tolist()
    assert np.mean(np.array(answers) == digits().y_train[:500].astype(str)) > 0.5


def test_stored_samples_are_mapped_and_their_answers_are_classes_or_quantities(kept, tmp_path):
    source = read(ordered(kept).data)
    assert source.name == "kept"
    assert source.classes == tuple("0123456789")
    assert is_mapped(source.training.records.whole[0])
    store(((np.float32([k, 1]), [k / 7]) for k in range(50)), tmp_path / "numbers")
    arrangement = arrange(ordered("numbers", "model.name=auto"))
    assert arrangement.configuration.data.task == "regression"


WRONG = {
    "several answers for each": lambda: read_stored([([1.0, 2.0], [0, 1]), ([2.0, 1.0], [1, 0])]),
    "several inputs": lambda: read_stored([((1.0, 2.0), 0), ((2.0, 1.0), 1)]),
    "columns": lambda: read_stored([([1.0], 0), ([2.0], 1)], "data.target=y"),
    "a manifest of something else": lambda: read_damaged("stored.json", b"{}"),
    "a cut array": lambda: read_damaged("x.npy", 300),
    "a missing array": lambda: read_damaged("y.npy", None),
    "a newer one": lambda: read_damaged("stored.json", b'{"schema_version": 2}'),
    "numbers that are none": lambda: read_damaged("x.npy", np.array([[np.nan]] * 4, np.float32)),
    "texts": lambda: read_damaged("x.npy", np.array([["a"]] * 4)),
}


def read_stored(samples, *sets):
    store(samples, "set")
    arrange(ordered("set", *sets))


def read_damaged(name, content):
    store([([float(k)], k % 2) for k in range(4)], "set")
    path = Path("set", name)
    match content:
        case None:
            path.unlink()
        case int():
            os.truncate(path, content - 100)
        case bytes():
            path.write_bytes(content)
        case _:
            np.save(path, content)
    arrange(ordered("set"))


def in_an_empty_folder(call):
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        return said(call)


REFUSALS = Refusals(Path(__file__).with_name("stored_refused.txt"), WRONG, in_an_empty_folder)


@pytest.mark.parametrize("name", WRONG)
def test_a_stored_set_that_cannot_be_learned_from_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()
