"""CONTRIBUTING.md keeps its word: its operation, added to one file of the package, is an operation like all others."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SECTION = re.compile(r"^## Add an operation\n(?P<section>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)

_USE = """
import doctest

import numpy as np
import chainrule as cr
from chainrule.execute.native import NativeProgram
from chainrule.ops import activations, vocabulary
from tests.ops.cases import CASES

authority = {{ {authority} }}
assert cr.__file__.startswith({folder!r})
assert vocabulary["isru"] is cr.isru
assert "isru" in CASES

x = cr.tensor(np.linspace(-3.0, 3.0, 7))
y = cr.isru(x)
np.testing.assert_allclose(y.numpy(), authority["isru"](x.numpy()), rtol=1e-12)
np.testing.assert_allclose(NativeProgram([cr.isru(x)]).run()[0], y.numpy(), rtol=1e-12)
cr.check_gradients(cr.isru, x)
cr.check_gradients(cr.vmap(cr.grad(cr.isru)), x)
doctest.run_docstring_examples(cr.isru.__doc__, vars(activations), optionflags=doctest.NORMALIZE_WHITESPACE)

a = cr.input_tensor("a", (cr.batch,))
print(cr.Graph({{"b": cr.isru(a)}}).text())
"""


def test_the_operation_of_contributing_touches_one_file(tmp_path):
    section = _SECTION.search((_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert section, "CONTRIBUTING.md has no section '## Add an operation'"
    operation, authority = (block["body"] for block in _BLOCK.finditer(section["section"]))

    ignored = shutil.ignore_patterns("__pycache__", "bundled")
    shutil.copytree(_ROOT / "src" / "chainrule", tmp_path / "chainrule", ignore=ignored)
    family = tmp_path / "chainrule" / "ops" / "activations.py"
    text = family.read_text(encoding="utf-8")
    assert text.count("__all__ = [") == 1
    family.write_text(text.replace("__all__ = [", '__all__ = ["isru", ') + "\n\n" + operation, encoding="utf-8")

    script = tmp_path / "use.py"
    script.write_text(_USE.format(authority=authority.strip(), folder=str(tmp_path)), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(_ROOT)])}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], env=environment, capture_output=True, encoding="utf-8", timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"^b += isru\(a\) .*float32 \(batch,\)", run.stdout, re.MULTILINE), run.stdout
