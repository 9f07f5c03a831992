"""What is loaded is data: no file that somebody gives is ever run, by the text of the program and by what it does."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import chainrule
from chainrule.data import digits
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_source
from chainrule.nn import Dense, Flatten, Rescaling, Sequential, mlp, tabular_mlp
from chainrule.train import Model

SOURCES = Path(chainrule.__file__).parent

RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile"}  # builtins
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "importlib", "runpy", "code",
    "codeop", "imp", "pty", "subprocess", "multiprocessing", "ctypes", "cffi",
}  # fmt: skip
CALLS = {"system", "popen", "startfile", "posix_spawn", "fork"}  # of os, and all that begin with exec or spawn

# Where a file of the program may do so all the same, and why.
EXCEPTIONS = {
    ("__init__.py", "importlib"): "loads this package's own rooms when they are first named",
    ("cli/labs.py", "subprocess"): "opens a notebook of this package in Jupyter, when asked to",
    ("compiler/target.py", "ctypes"): "asks the system about the processor",
    ("compiler/target.py", "subprocess"): "asks the C compiler about the processor",
    ("compiler/team.py", "ctypes"): "loads the threads, which are this package's own C",
    ("compiler/toolchain.py", "ctypes"): "loads the library that was compiled from this program's own C",
    ("compiler/toolchain.py", "importlib"): "looks for the C compiler in the package ziglang, without loading it",
    ("compiler/toolchain.py", "subprocess"): "compiles that",
    ("execute/direct.py", "ctypes"): "calls it",
    ("execute/native.py", "ctypes"): "calls it",
}
# Questions about packages, which load none.
HARMLESS = {("importlib.util", "find_spec"), ("importlib.metadata", "version"), ("importlib.resources", "files")}


def found(tree: ast.Module) -> Iterator[str]:
    """What in a file could run other files."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (a.name.partition(".")[0] for a in names if a.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module, names) if module and module.partition(".")[0] in MODULES:
                if not all((module, alias.name) in HARMLESS for alias in names):
                    yield module.partition(".")[0]
            case ast.Name(name) if name in RUNS_CODE - own:
                yield name
            case ast.Attribute(ast.Name("os"), name) if name in CALLS or name.startswith(("exec", "spawn")):
                yield f"os.{name}"
            case ast.Attribute(ast.Name("builtins"), name):
                yield f"builtins.{name}"
            case ast.Call(
                ast.Attribute(ast.Name("np" | "numpy"), "load" | "fromfile" | "loadtxt" | "genfromtxt" as name)
            ):
                yield f"numpy.{name}"
            case ast.keyword("allow_pickle"):
                yield "allow_pickle"


def test_the_program_has_nothing_that_runs_what_it_reads():
    seen = set()
    for path in sorted(SOURCES.rglob("*.py")):
        file = path.relative_to(SOURCES).as_posix()
        if not file.startswith("labs/"):  # these are notebooks' companions in a wheel
            seen |= {(file, one) for one in found(ast.parse(path.read_text(encoding="utf-8")))}
    assert seen == set(EXCEPTIONS)


@pytest.mark.parametrize(
    "text",
    ["eval('1')", "x = [exec]", "import pickle", "from marshal import loads", "import importlib.util as u",
     "np.load(f)", "os.execv(a, b)", "read(f, allow_pickle=True)", "os.system('x')", "builtins.eval",
     "from importlib import import_module"],
)  # fmt: skip
def test_the_scan_finds(text):
    assert list(found(ast.parse(text)))


# ----------------------------------------------------------------------------------------------------- while it is used
WATCHED = """
import sys
from pathlib import Path
import chainrule as cr
from chainrule.data.reading import read_source

FORBIDDEN = ("exec", "compile", "import", "pickle.", "marshal.", "os.system", "os.exec", "os.spawn", "os.posix_spawn",
             "os.fork", "subprocess.", "ctypes.dlopen", "ctypes.dlsym", "socket.", "code.__new__", "os.remove",
             "os.rename", "os.mkdir", "shutil.", "urllib.")
happened, watching = [], False

def hook(event, arguments):
    if not watching:
        return
    if event.startswith(FORBIDDEN):
        happened.append((event, str(arguments)[:200]))
    if event == "open" and (not str(arguments[0]).startswith(allowed) or set(str(arguments[1])) & set("wax+")):
        happened.append((event, str(arguments)[:200]))

def use(place):
    place = Path(place).resolve()
    read_source(place / "arrays.npz")
    read_source(place / "table.csv", target="answer")
    cr.load(place / "digits").predict(place / "a.png")
    cr.load(place / "digits").predict(place / "a.jpg")
    cr.load(place / "table").predict(place / "table.csv")
    cr.load(place / "arrays").predict(place / "arrays.npz")
    cr.Model.load(place / "arrays").summary()

sys.addaudithook(hook)
allowed = str(Path("again").resolve()), "/proc/self/", "/sys/fs/cgroup/"  # which tell how many threads may run
use("once")
watching = True
use("again")
watching = False
print(happened)
"""


def everything_in(place: Path) -> None:
    """Data of each kind, and a model for each."""
    place.mkdir()
    chance = np.random.default_rng(len(place.name))
    x, y = chance.normal(size=(20, 3)), np.array(["a", "b"] * 10)
    np.savez(place / "arrays.npz", x=x, y=y)
    rows = "".join(
        f"{k % 7},{'red' if k % 3 else 'green'},2024-01-{1 + k % 28:02},{'yes' if k % 2 else 'no'}\n" for k in range(40)
    )
    (place / "table.csv").write_text(f"size,color,day,answer\n{rows}")
    for ending in ("png", "jpg"):
        Image.fromarray(digits().x_test[0, ..., 0]).save(place / f"a.{ending}")
    for name, source in {
        "arrays": read_source(place / "arrays.npz"),
        "table": read_source(place / "table.csv", target="answer"),
    }.items():
        prepare(Model(mlp((4,), 2)) if name == "arrays" else None, source, place / name)
    pictures = place / "pictures"
    for label in "01":
        (pictures / label).mkdir(parents=True)
        Image.fromarray(digits().x_test[int(label), ..., 0]).save(pictures / label / "a.png")
    prepare(Model(Sequential([Rescaling(1 / 255), Flatten(), Dense(2)])), read_source(pictures), place / "digits")


def prepare(model: Model | None, source, folder: Path) -> None:
    """Save a model that was not trained, with what it would have learned of the data."""
    preparation = Preparation.learned(source.training, source.target)
    x = preparation.inputs.of(source.training.records)
    if model is None:
        model = Model(tabular_mlp(preparation.inputs.category_sizes, 2, units=(4,)))
    model.predict(x, executor="reference")
    model.preparation = preparation
    model.save(folder)


def test_nothing_is_run_and_nothing_else_opened_while_files_are_loaded_and_predicted(tmp_path, monkeypatch):
    """With the reference executor: to run native code, a compiler is a process of its own."""
    everything_in(tmp_path / "once")  # what is imported when it is first needed, is after this one
    everything_in(tmp_path / "again")
    monkeypatch.setenv("CC", str(tmp_path / "no compiler"))
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "[]\n"
