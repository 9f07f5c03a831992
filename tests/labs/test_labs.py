"""Labs keep their word: they run in both languages, wherever their controls stand, and use what anybody may use."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import random
import re
import subprocess
import sys
from typing import Any

import pytest

import chainrule as cr
from chainrule.cli.labs import Lab, labs
from tests.counts import full
from tools.site.names import find

LABS = labs()
# Everyday tests run two, always the same, one in each language, of those that train nothing.
QUICK = [lab for lab in LABS if ".fit(" not in lab.path.read_text(encoding="utf-8")]
SAMPLE = dict(zip(("en", "zh"), random.Random(2).sample(QUICK, 2), strict=True))
RUNS = [(lab, code) for code in SAMPLE for lab in (LABS if full() else [SAMPLE[code]])]
_TOOLBOXES = {"data", "errors", "inspect", "nn", "optim", "signal", "surgery", "train"}
_MODULES = {"itertools", "marimo", "math", "numpy", "scipy", "chainrule", *(f"chainrule.{room}" for room in _TOOLBOXES)}
_PARTS = {"## Try it": "## 动手试试", "## Check": "## 检验", "## Discussion": "## 讨论"}
_CHINESE = re.compile("[\u4e00-\u9fff]")

each_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.path.stem)


@pytest.fixture(autouse=True)
def _language(compiled_quickly):
    yield
    cr.use_language(None)


def _app(lab: Lab) -> Any:
    spec = importlib.util.spec_from_file_location(lab.path.stem, lab.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


def _tree(lab: Lab) -> ast.AST:
    return ast.parse(lab.path.read_text(encoding="utf-8"))


def _texts(lab: Lab) -> list[tuple[str, str]]:
    """Every text of the lab, in English and Chinese; …, twice, where a value stands in it."""
    found = []
    for node in ast.walk(_tree(lab)):
        match node:
            case ast.Call(func=ast.Attribute(attr="in_language"), args=args, keywords=keywords):
                given = {keyword.arg: _written(keyword.value) for keyword in keywords}
                assert not args
                assert given.keys() == {"en", "zh"}
                found.append((given["en"], given["zh"]))
    return found


def _written(text: ast.expr) -> str:
    match text:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_written(part) if isinstance(part, ast.Constant) else "……" for part in values)
    raise AssertionError(f"line {text.lineno}: a text is written where it is said")


def test_each_exercise_has_one_lab():
    assert [lab.number for lab in LABS] == list(range(1, 26))


@pytest.mark.parametrize(("lab", "code"), RUNS, ids=lambda part: part if isinstance(part, str) else part.path.stem)
def test_a_lab_runs_in_both_languages(lab, code):
    cr.use_language(code)
    outputs, made = _app(lab).run()
    assert any(isinstance(shown, cr.inspect.Picture | cr.inspect.Animation) for shown in outputs), "no picture"
    assert _controls(made), "nothing to try"
    pages = [shown.text for shown in outputs if hasattr(shown, "text")]
    assert any(bool(_CHINESE.search(page)) for page in pages) == (code == "zh")


@pytest.mark.full
@each_lab
def test_what_a_lab_claims_holds_wherever_its_controls_stand(lab):
    app = _app(lab)
    _, made = app.run()
    controls = _controls(made)
    places = {name: _places(control) for name, control in controls.items()}
    at_ends = itertools.product(*(_ends(control, places[name]) for name, control in controls.items()))
    choose = random.Random(lab.number)
    anywhere = [choose.choice(values) for values in places.values()]
    for values in (*at_ends, anywhere):
        app.run(defs={name: _moved(controls[name], value) for name, value in zip(controls, values, strict=True)})


def _controls(made: dict[str, Any]) -> dict[str, Any]:
    import marimo as mo

    kinds = mo.ui.slider | mo.ui.dropdown | mo.ui.radio | mo.ui.switch
    return {name: value for name, value in made.items() if isinstance(value, kinds)}


def _places(control: Any) -> list[Any]:
    """Everywhere a control can stand."""
    import marimo as mo

    match control:
        case mo.ui.slider(steps=[*steps]):
            return steps
        case mo.ui.slider(start=start, stop=stop, step=step):
            count = round((stop - start) / (step or 1))
            return [start + k * (stop - start) / count for k in range(count)] + [stop]
        case mo.ui.switch():
            return [False, True]
    return list(control.options)


def _ends(control: Any, places: list[Any]) -> list[Any]:
    """Both ends of a slider; of what has no order every place."""
    import marimo as mo

    return [places[0], places[-1]] if isinstance(control, mo.ui.slider) else places


def _moved(control: Any, value: Any) -> Any:
    """The same control at another place."""
    import marimo as mo

    match control:
        case mo.ui.slider(steps=[*steps]):
            return mo.ui.slider(steps=steps, value=value)
        case mo.ui.slider(start=start, stop=stop, step=step):
            return mo.ui.slider(start, stop, step, value=type(control.value)(value))
        case mo.ui.switch():
            return mo.ui.switch(value=value)
    return type(control)(control.options, value=value)


@each_lab
def test_a_lab_has_all_its_parts(lab):
    texts = _texts(lab)
    for part, chinese in _PARTS.items():
        assert [zh.strip().startswith(chinese) for en, zh in texts if en.strip().startswith(part)] == [True], part
    assert any(isinstance(node, ast.Assert) for node in ast.walk(_tree(lab))), "nothing is checked"
    assert sum(en.strip().startswith("# ") for en, _ in texts) == 1, "one title"
    cr.use_language("zh")
    assert _CHINESE.search(lab.title)
    assert _CHINESE.search(lab.question)


@each_lab
def test_every_text_is_there_in_both_languages(lab):
    for en, zh in _texts(lab):
        assert en.strip()
        assert not _CHINESE.search(en)
        assert _CHINESE.search(zh) or zh == en
        assert en.count("#") == zh.count("#"), "the same headings"
        assert en.count("……") == zh.count("……"), "as many values"
        ended = re.search("[\u4e00-\u9fff，。；：、！？）]\n[\u4e00-\u9fff（]", zh)
        assert not ended, f"a paragraph of Chinese is one line: {ended}"
    for node in ast.walk(_tree(lab)):
        match node:
            case ast.Call(func=ast.Attribute(attr="md"), args=[text]):
                assert _in_language(text), f"line {node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="ui")), keywords=keywords):  # not of curves
                label = next(keyword.value for keyword in keywords if keyword.arg == "label")
                symbol = isinstance(label, ast.Constant) and len(str(label.value)) <= 3
                assert symbol or _in_language(label), f"line {node.lineno}"


def _in_language(text: ast.expr) -> bool:
    return isinstance(text, ast.Call) and ast.unparse(text.func) == "cr.in_language"


@each_lab
def test_a_lab_uses_what_is_public(lab):
    for node in ast.walk(_tree(lab)):
        match node:
            case ast.Import(names=names):
                assert {name.name for name in names} <= _MODULES, f"line {node.lineno}"
            case ast.ImportFrom(module=str(module)):
                assert module in _MODULES or module.startswith("scipy."), f"line {node.lineno}"
            case ast.Attribute(attr=name):
                assert not name.startswith("_"), f"line {node.lineno}: {name}"
                written = ast.unparse(node)
                if re.fullmatch(rf"(cr|{'|'.join(_TOOLBOXES)})(\.\w+)+", written):
                    public = written.removeprefix("cr.")
                    known = public in _TOOLBOXES or public.startswith("inspect.style") or find(public)
                    assert known, f"line {node.lineno}: {written}"


def test_labs_are_as_marimo_writes_them():
    looked_at = LABS if full() else SAMPLE.values()
    check = [sys.executable, "-m", "marimo", "check", "--strict", *(str(lab.path) for lab in looked_at)]
    checked = subprocess.run(check, capture_output=True, encoding="utf-8")
    assert checked.returncode == 0, checked.stdout + checked.stderr
