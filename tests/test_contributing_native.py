"""CONTRIBUTING.md keeps its word about native code: its scalar function compiles, its looks and profiles run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(?:python|c)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)

_USE = """
import numpy as np

import chainrule as cr
from chainrule.execute.native import NativeProgram

assert cr.__file__.startswith({folder!r})
for dtype, error in (("float32", 3e-7), ("float64", 5e-16)):
    x = cr.tensor(np.linspace(-3.0, 3.0, 37).astype(dtype))
    np.testing.assert_allclose(cr.cbrt(x).numpy(), np.cbrt(x.numpy()), rtol=error)
    program = NativeProgram([cr.cbrt(x)])
    np.testing.assert_allclose(program.run()[0], np.cbrt(x.numpy()), rtol=error)
    assert f"cbrt_f{{dtype[-2:]}}v(" in program.show("c").rpartition("static void k0")[2]
cr.check_gradients(cr.cbrt, cr.tensor(np.linspace(-3.0, 3.0, 8)))
"""


def _blocks(section: str) -> list[str]:
    text = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {section}\n(?P<section>.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"CONTRIBUTING.md has no section '## {section}'"
    return [block["body"] for block in _BLOCK.finditer(found["section"])]


def _run(script: Path, *paths: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", str(script)]
    run = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def _insert(path: Path, before: str, text: str) -> None:
    old = path.read_text(encoding="utf-8")
    assert old.count(before) == 1
    path.write_text(old.replace(before, text + before), encoding="utf-8")


def test_the_scalar_function_of_contributing_is_one_like_all_others(tmp_path):
    function, code, operation = _blocks("Add a scalar function")
    package = tmp_path / "chainrule"
    shutil.copytree(_ROOT / "src" / "chainrule", package, ignore=shutil.ignore_patterns("__pycache__", "bundled"))
    _insert(package / "graph" / "scalar.py", "\nFUNCTIONS = ", function)
    with (package / "compiler" / "mathematics" / "libm.h").open("a", encoding="utf-8") as file:
        file.write(code)
    family = package / "ops" / "elementwise.py"
    text = family.read_text(encoding="utf-8")
    assert text.count("__all__ = [") == 1
    family.write_text(text.replace("__all__ = [", '__all__ = ["cbrt", ') + "\n\n" + operation, encoding="utf-8")
    script = tmp_path / "use.py"
    script.write_text(_USE.format(folder=str(tmp_path)), encoding="utf-8")
    _run(script, tmp_path)


def test_what_contributing_looks_at_and_profiles_runs(tmp_path):
    blocks = [*_blocks("Look at what the compiler makes"), *_blocks("Profile a program")]
    assert len(blocks) == 2
    script = tmp_path / "look.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    printed = _run(script, _ROOT / "src")
    scheduled = re.findall(r"^(k\d+) .* tile ", printed, re.MULTILINE)
    timed = {name: float(taken) for taken, name in re.findall(r"^ *(\d+\.\d) µs  (\w+)$", printed, re.MULTILINE)}
    assert scheduled
    assert [name for name in timed if name.startswith("k")] == scheduled
    assert max(timed.values()) > 0
