"""Pages keep their word: their code runs, prints what they say and draws what they show, and both editions are one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.calls import misnamed
from tests.counts import full
from tools.site.assemble import ROOT, guide
from tools.site.mathematics import as_mathml
from tools.site.pages import blocks, complaints, in_chinese, run

PAGES = guide()
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]+?)(?<!\s)\$", re.DOTALL)
# These have tests of their own, which know on what their output depends.
_TESTED_ELSEWHERE = {"README.md", "README.zh.md", "CONTRIBUTING.md", "docs/compiler.md"}

# Pages that take more than four seconds of one core, compiling included: make test-all runs them, and so does make
# docs. Of all pages, the names of chainrule and the arguments of its functions are looked up in everyday tests.
_LONG = {
    *("01-neuron", "02-perceptron", "03-layers", "05-optimisation", "06-convolution", "07-networks-of-convolutions"),
    *("08-surgery", "09-training", "10-seeing", "11-regularisation", "12-diagnosis", "13-own-data"),
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_and_draws_what_it_says(page, tmp_path):
    if page.stem in _LONG and not full():
        pytest.skip("long; runs with --full (make test-all)")
    assert complaints(page, run(page, tmp_path)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_calls_what_there_is(page):
    """Also where its code is too long to run every day: a name or an argument that has changed is seen."""
    assert misnamed("".join(block.code for block in blocks(page.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("cr.nn.Dens(3)", "Dens"),
        ("cr.nn.Dense(unit=3)", "unit"),
        ("cr.nn.Dense()", "units"),
        ("cr.mean(x, 0, False, 1, 2, 3)", "too many positional"),
        ("f(cr.sums)", "sums"),
        ("plot_explanation(explained=1)", "explained"),
    ],
)
def test_a_call_of_what_there_is_not_is_seen(code, words):
    imports = "import chainrule as cr\nfrom chainrule.inspect import plot_explanation\n"
    assert misnamed(imports + "cr.nn.Dense(3, name='a')") == []
    assert words in misnamed(imports + code)[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_chinese_edition_has_the_same_code_pictures_and_headings(page):
    """Its code therefore need not run."""
    english, chinese = (path.read_text(encoding="utf-8") for path in (page, in_chinese(page)))
    assert _CODE.findall(english) == _CODE.findall(chinese)
    for what in (r"\]\((pictures/[^)]+)\)", r"\*\*([A-Z]\d+)\*\*", r"^(#+) ", r"\$\$(.+?)\$\$"):
        found = [re.findall(what, _CODE.sub("", text), re.DOTALL | re.MULTILINE) for text in (english, chinese)]
        assert sorted(found[0]) == sorted(found[1]), what
    assert re.search(r"[\u4e00-\u9fff]", chinese)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_formula_has_a_form_that_a_browser_can_set(page):
    for edition in (page, in_chinese(page)):
        for display, inline in _FORMULA.findall(_CODE.sub("", edition.read_text(encoding="utf-8"))):
            assert as_mathml(display or inline, display=bool(display))


def test_no_page_with_code_escapes():
    written = [path for path in (ROOT / "docs").rglob("*.md") if "pictures" not in path.parts]
    with_code = {path for path in [*written, *ROOT.glob("*.md")] if blocks(path.read_text(encoding="utf-8"))}
    known = {ROOT / name for name in _TESTED_ELSEWHERE} | {
        edition for page in PAGES for edition in (page, in_chinese(page))
    }
    assert with_code <= known


def _page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def _complaints(folder: Path, text: str) -> list[str]:
    page = _page(folder, text)
    work = folder / "work"
    work.mkdir()
    return complaints(page, run(page, work))


_TRUE = """
```python
x = 0.5
print("loss", x)
```

```text
loss 0.50
```

```python
from pathlib import Path
Path("pictures/line.svg").write_text(f"<svg>{x}</svg>")
```

![a line](pictures/line.svg)
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("loss 0.50", "loss 0.53", "block 1 printed"),
        ("loss 0.50", "error 0.50", "block 1 printed"),
        ('print("loss", x)', "pass", "block 1 printed"),
        ("(pictures/line.svg)", "(pictures/other.svg)", "does not make"),
        ("![a line](pictures/line.svg)", "", "does not show"),
        ("\n```text\nloss 0.50\n```\n", "", r"\(nothing\)"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_complained_of(tmp_path, old, new, complaint):
    assert _complaints(tmp_path, _TRUE) == []
    other = tmp_path / "other"
    other.mkdir()
    found = _complaints(other, _TRUE.replace(old, new))
    assert re.search(complaint, found[0])


def test_a_warning_ends_a_page(tmp_path):
    with pytest.raises(UserWarning, match="careful"):
        _complaints(tmp_path, '```python\nimport warnings\nwarnings.warn("careful")\n```\n')
