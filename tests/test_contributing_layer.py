"""CONTRIBUTING.md keeps its word: its layer, added to one file of the package, is a layer like all others."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SECTION = re.compile(r"^## Add a layer\n(?P<section>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def _blocks() -> list[str]:
    section = _SECTION.search((_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert section, "CONTRIBUTING.md has no section '## Add a layer'"
    return [block["body"] for block in _BLOCK.finditer(section["section"])]


def test_the_layer_of_contributing_touches_one_file(tmp_path):
    layer, case = _blocks()
    ignored = shutil.ignore_patterns("__pycache__", "bundled")
    shutil.copytree(_ROOT / "src" / "chainrule", tmp_path / "chainrule", ignore=ignored)
    family = tmp_path / "chainrule" / "nn" / "gates.py"
    text = family.read_text(encoding="utf-8")
    assert text.count("__all__ = [") == 1
    family.write_text(text.replace("__all__ = [", '__all__ = ["Swish", ') + "\n\n" + layer, encoding="utf-8")

    script = tmp_path / "add_a_layer.py"
    script.write_text(
        f"""
import chainrule
from chainrule.nn import Swish, trace
from tests.nn.harness import Case, check_layer
assert chainrule.__file__.startswith({str(tmp_path)!r})
check_layer({case.strip()})
print(*trace(Swish(), [(4,)]).parameters)
""",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(_ROOT)])}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], env=environment, capture_output=True, encoding="utf-8", timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["swish/steepness"]
