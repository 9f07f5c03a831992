"""The README keeps its word: its quick start runs as printed and prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

_README = Path(__file__).parents[1] / "README.md"
_LONGEST = 15  # lines

# The quick start is the one ```python block of its section; what it prints is the ```text block after it.
_QUICK_START = re.compile(r"^## Quick start\n(?P<section>.*?)(?=^## )", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def _quick_start() -> tuple[str, str]:
    section = _QUICK_START.search(_README.read_text(encoding="utf-8"))
    assert section, "README.md has no section '## Quick start'"
    blocks = [(block["language"], block["body"]) for block in _BLOCK.finditer(section["section"])]
    languages = [language for language, _ in blocks]
    assert languages == ["python", "text"], f"the quick start is one python and one text block, not {languages}"
    return blocks[0][1], blocks[1][1]


def test_quick_start_is_short():
    code, _ = _quick_start()
    assert len(code.splitlines()) <= _LONGEST


def test_quick_start_prints_what_it_says(tmp_path):
    code, printed = _quick_start()
    script = tmp_path / "quick_start.py"
    script.write_text(code, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == printed.strip()
