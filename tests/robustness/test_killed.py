"""kill -9 at any moment of a training, within its saves too: the run, once resumed, reaches the same bits."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import digits, write_idx
from chainrule.runs import RunFolder
from tests import counts
from tests.runs.reached import everything

_DIGITS = ("model.name=mlp", "model.units=[6]", "train.epochs=3", "train.batch_size=64", "data.source=few")
_TABLE = ("train.epochs=4", "train.batch_size=32", "model.units=[5]", "data.source='people.csv'", "data.target=answer")
KINDS = {
    "everything": (*_TABLE, "train.optimizer=momentum", "train.clip_norm=1", "train.average=ema", "train.patience=2"),
    "adam": _DIGITS,
    "momentum with clipping": (*_DIGITS, "train.optimizer=momentum", "train.clip_norm=0.5"),
    "early stopping": (*_DIGITS, "train.epochs=8", "train.patience=1", "train.lr=0.05", "data.validation=0.2"),
    "an average that begins late": (*_DIGITS, "train.average=swa"),
    "from files, in blocks": (*_DIGITS, "train.blocks=[16,4]"),
    "a table with categories": (*_TABLE, "train.average=ema"),
}
DEATHS = 3  # of one run, before it may reach its end
_ANYWHERE, _WITHIN, _WHENEVER = "anywhere", "within a save", "whenever"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the trainings run: 200 digits in MNIST's layout, and a table with numbers, categories and gaps."""
    bundled, place = digits(), tmp_path_factory.mktemp("data")
    folder = place / "few"
    folder.mkdir()
    parts = {"train": (bundled.x_train[:200], bundled.y_train), "t10k": (bundled.x_test[:60], bundled.y_test)}
    for part, (x, y) in parts.items():
        write_idx(folder / f"{part}-images-idx3-ubyte", x[..., 0])
        write_idx(folder / f"{part}-labels-idx1-ubyte", y[: len(x)].astype(np.uint8))
    numbers = np.random.default_rng(0)
    lines = ["size,color,age,answer"]
    for _ in range(150):
        size, color, age = numbers.normal(), numbers.choice(["red", "green", "blue"]), int(numbers.integers(90))
        answer = "yes" if size + (color == "red") > 0.3 else "no"
        lines.append(f"{'' if numbers.random() < 0.1 else f'{size:.3f}'},{color},{age},{answer}")
    (place / "people.csv").write_text("\n".join(lines) + "\n")
    return place


class Trainer:
    """Trains in other processes, some of which are killed."""

    def __init__(self, kind: str, folder: Path, data: Path) -> None:
        self.sets, self.folder, self.data = KINDS[kind], RunFolder(folder), data

    def start(self, **death: Any) -> subprocess.Popen[str]:
        order = {"sets": self.sets, "folder": str(self.folder), **death}
        command = [sys.executable, "-m", "tests.robustness.trainer", json.dumps(order)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.Popen(command, cwd=self.data, stdout=subprocess.PIPE, text=True, env=environment)

    def run_whole(self) -> tuple[int, float]:
        """To the end; how many moments of writing there were, and the seconds that the training took."""
        with self.start() as process:
            began = _begun(process)
            left = process.communicate()[0]
        assert process.returncode == 0
        return int(left.split()[-1]), time.monotonic() - began

    def run_and_die(self, where: str, when: float) -> bool:
        """Whether it was killed: by itself at a moment of writing, or by this process after so many seconds."""
        death = {} if where == _WHENEVER else {"within": where == _WITHIN, "dies_at": when}
        with self.start(**death) as process:
            if where == _WHENEVER:
                _begun(process)
                time.sleep(when)
                process.kill()
            process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        return process.returncode != 0


def reached(folder: RunFolder) -> dict[str, Any]:
    """Everything, and all files: those of the model have their contents in their names, those of a save are gone. Only
    the report, which comes after the end, may be missing, or half written.
    """
    return {
        **everything(folder),
        "files": {path.name for path in folder.path.iterdir()} - {"report.html", ".report.html.part"},
    }


def _begun(process: subprocess.Popen[str]) -> float:
    """When the first step was about to be taken, or the process ended without one."""
    assert process.stdout is not None
    process.stdout.readline()
    return time.monotonic()


def test_a_killed_training_reaches_the_same_bits(data, tmp_path):
    """With the full counts 200 times and more, at least 50 of them within a save."""
    chosen, killed = random.Random(0), Counter()
    kinds = list(KINDS) if counts.full() else list(KINDS)[:1]
    whole = {}
    for kind in kinds:
        trainer = Trainer(kind, tmp_path / kind, data)
        moments, seconds = trainer.run_whole()
        whole[kind] = reached(trainer.folder), moments, seconds
    wanted, runs = counts.scaled(204, 102), 0
    while killed.total() < wanted:
        kind = kinds[runs % len(kinds)]
        expected, moments, seconds = whole[kind]
        trainer = Trainer(kind, tmp_path / f"{kind} {runs}", data)
        for where in chosen.sample([_ANYWHERE, _WITHIN, _WHENEVER], DEATHS):
            when = chosen.uniform(0, seconds) if where == _WHENEVER else chosen.randint(1, moments // 2)
            killed[where] += trainer.run_and_die(where, when)
            if trainer.folder.has_ended:
                break
        else:
            trainer.run_whole()
        assert reached(trainer.folder) == expected, f"{kind}, run {runs}: {killed}"
        runs += 1
        assert runs < 3 * wanted, "too few trainings are killed before their end"
    assert killed[_WITHIN] >= wanted // 4
