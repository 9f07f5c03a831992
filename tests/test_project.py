"""Promises about the project as a whole: it starts at once, hides nothing, and says what its names are for."""

import importlib
import inspect
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import chainrule

_SOURCE = Path(chainrule.__file__).parent
_FILES = sorted(_SOURCE.rglob("*.py"))
_VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
_PUBLIC = {name: value for name, value in vars(chainrule).items() if not name.startswith("_")}


def _seconds(code: str) -> float:
    """Processor time of a fresh interpreter: unlike the clock's, it hardly grows while other tests run beside."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # then every import would compile
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def test_import_takes_under_a_quarter_of_a_second():
    _seconds("import chainrule")  # writes the byte code
    extra = [_seconds("import chainrule") - _seconds("pass") for _ in range(7)]
    assert statistics.median(extra) < 0.25, extra


def test_every_file_is_named_after_its_subject():
    names = {part for file in _FILES for part in file.relative_to(_SOURCE).with_suffix("").parts}
    assert not names & _VAGUE_NAMES


def test_every_public_name_says_what_it_is():
    undocumented = []
    for name, value in _PUBLIC.items():
        speaks_for_itself = not callable(value) and not inspect.ismodule(value)  # a dtype, a number, a string
        if not speaks_for_itself and not inspect.getdoc(value):
            undocumented.append(name)
    assert not undocumented


def test_the_public_surface_is_the_vocabulary_and_little_else():
    """Nothing private to a file, no helper of ours and nobody else's name gets out by a star."""
    foreign = [
        name
        for name, value in _PUBLIC.items()
        if callable(value) and not (getattr(value, "__module__", "") or "chainrule").startswith("chainrule")
    ]
    assert not foreign
    files = [f"chainrule.ops.{file.stem}" for file in (_SOURCE / "ops").glob("*.py")]
    exported = {name for file in files for name in getattr(importlib.import_module(file), "__all__", ())}
    assert exported
    assert exported <= _PUBLIC.keys()
