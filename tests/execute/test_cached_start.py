"""What starts at once: a program that was compiled before, by an earlier process or for a model that is the same."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.compiler import toolchain
from chainrule.surgery import features
from chainrule.train import Model
from tests.train.problems import clusters, fit, model

_STEP = """
import sys, numpy, chainrule as cr
x, y = numpy.zeros((4, 3), "float32"), numpy.zeros(4, "int64")
cr.Model(cr.nn.Sequential([cr.nn.Dense(2)])).fit(x, y, epochs=1, batch_size=4, executor="native", verbose=0)
print(*sys.modules)
"""


def _loaded(folder) -> set[str]:
    environment = os.environ | {"CHAINRULE_CACHE_DIR": str(folder)}
    return set(
        subprocess.run(
            [sys.executable, "-c", _STEP], capture_output=True, text=True, check=True, env=environment
        ).stdout.split()
    )


def test_a_program_from_the_cache_needs_none_of_the_passes(tmp_path):
    passes = {f"chainrule.compiler.{name}" for name in ("pipeline", "groups", "layout", "kernels", "assembly", "show")}
    assert passes - {"chainrule.compiler.show"} <= _loaded(tmp_path)
    again = _loaded(tmp_path)
    assert not again & passes
    assert "numpy.ma" not in again


@pytest.fixture
def libraries(tmp_path, monkeypatch, compiled_quickly) -> list[Path]:
    """What the C compiler makes from now on, beginning with an empty cache."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))
    made: list[Path] = []
    compiled = toolchain._compiled

    def noted(*given) -> Path:
        made.append(compiled(*given))
        return made[-1]

    monkeypatch.setattr(toolchain, "_compiled", noted)
    return made


def test_a_model_that_computes_the_same_needs_no_compiler(tmp_path, libraries):
    x, _ = clusters()

    def used(one: Model, **arguments) -> int:
        """How many libraries are compiled for a training, a recording of it, and a prediction."""
        before = len(libraries)
        fit(one, executor="native", epochs=2, callbacks=[one.record(every=100)], **arguments)
        one.predict(x, executor="native")
        return len(libraries) - before

    first = model()
    assert used(first) >= 3
    first.save(tmp_path / "model")
    assert used(model()) == 0, "built again"
    assert used(copy.deepcopy(first)) == 0
    assert used(Model.load(tmp_path / "model")) == 0
    assert used(Model.load(tmp_path / "model"), resume=True) == 0
    assert used(features(first, first.network.layers[-1].path)) == 0
