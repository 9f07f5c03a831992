"""What a compiled program says of itself: the page about it is true, and what it says of memory as well.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/compiler/test_show.py` writes what docs/compiler.md and README.md print anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import gradients
from chainrule.compiler import team
from chainrule.compiler.copies import Load, Store, Turn
from chainrule.compiler.formulas import formula
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.show import STAGES, bytes_for, show
from chainrule.compiler.target import TARGETS, Target
from chainrule.errors import UsageError
from chainrule.execute import native
from chainrule.execute.native import NativeProgram
from chainrule.graph.extent import batch
from chainrule.graph.loopnest import LoopNest
from chainrule.graph.tensor import Tensor, input_tensor
from tests.counts import full

ROOT = Path(__file__).parents[2]
GENERIC: Target = next(t for t in TARGETS if t.name == "generic")
FIXED = {"CHAINRULE_ISA": "generic", "CHAINRULE_NUM_THREADS": "2", "CHAINRULE_LANG": "en"}

# A page is python blocks, each run after those before it; what one prints is the text block that follows it.
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?", re.DOTALL | re.MULTILINE)
_MARK = "\n=====\n"


def printed(blocks: list[str], **environment: str) -> list[str]:
    """What each of these blocks prints, one after the other in one process."""
    script = f"\nprint({_MARK!r}, end='')\n".join(blocks)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
        timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout.split(_MARK)


def renewed(page: str, outputs: list[str]) -> str:
    remaining = iter(outputs)

    def block(match: re.Match[str]) -> str:
        output = next(remaining)
        shown = f"\n```text\n{output}```\n" if match["printed"] is not None else ""
        return f"```python\n{match['code']}```\n{shown}"

    return _BLOCK.sub(block, page)


def check_page(path: Path, section: str, **environment: str) -> None:
    """The section of a page prints what it says; or is made to."""
    page = path.read_text(encoding="utf-8")
    start = page.index(section)
    end = page.find("\n## ", start + len(section)) if section.startswith("## ") else len(page)
    part = page[start:end] + "\n"
    blocks = list(_BLOCK.finditer(part))
    assert blocks
    code = [b["code"] for b in blocks]
    outputs = printed(code, **environment)
    # What native code prints is not believed by itself, nor written down: the reference executor says the same.
    assert outputs == printed(code, **environment, CC="there-is-no-such-compiler"), (
        "native code and the reference executor disagree"
    )
    if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
        path.write_text(page[:start] + renewed(part, outputs)[:-1] + page[end:], encoding="utf-8")
        return
    for b, output in zip(blocks, outputs, strict=True):
        assert output == (b["printed"] or ""), "if the change is meant: CHAINRULE_RENEW_SNAPSHOTS=1"


def test_the_page_about_the_compiler_prints_what_it_says():
    check_page(ROOT / "docs" / "compiler.md", "# Looking into the compiler", **FIXED)


def test_the_readme_compiles_what_it_says():
    check_page(ROOT / "README.md", "## Native code", **FIXED)


# ------------------------------------------------------------------------------------------------------------- stages
def outputs_of(dtype: str = "float32", hidden: int = 12) -> dict[str, Tensor]:
    x, y = input_tensor("x", (batch, 9), dtype), input_tensor("y", (batch,), "int64")
    w, v = input_tensor("first/w", (9, hidden), dtype), input_tensor("second/w", (hidden, 4), dtype)
    scores = ops.matmul(ops.tanh(ops.matmul(x, w)), v)
    loss = ops.mean(ops.cross_entropy(scores, y))
    return dict(zip(("loss", "scores", "dw", "dv"), (loss, scores, *gradients(loss, [w, v])), strict=True))


@pytest.fixture(scope="module")
def shown() -> tuple[Compiled, dict[str, str]]:
    outputs = outputs_of()
    made = compiled(list(outputs.values()), {}, None, GENERIC)
    return made, {stage: show(outputs, made, stage) for stage in STAGES}


def test_every_kernel_is_in_groups_and_in_schedule(shown):
    made, texts = shown
    assert made.kernels
    for k in made.kernels:
        assert re.search(rf"^  {k.name}  {re.escape(formula(k.nest).splitlines()[0])}$", texts["groups"], re.MULTILINE)
        assert re.search(rf"^{k.name} .*tile .*, (vectors along|no vectors)", texts["schedule"], re.MULTILINE)
        assert re.search(rf"^(void {k.name}\(|// {k.name} is k\d+ with other arguments$)", texts["c"], re.MULTILINE)


def test_kernels_that_differ_in_their_arguments_alone_are_one_function():
    """What is done twice is compiled once, and gives each its own numbers."""
    x, y = (input_tensor(name, (batch, 3)) for name in "xy")
    twice = NativeProgram([ops.sum(ops.tanh(x), 1), ops.sum(ops.tanh(y), 1)])
    text = twice.show("c")
    assert len(twice.compiled.kernels) == 2
    assert len(re.findall(r"^void k\d+\(.*\) {$", text, re.MULTILINE)) == 1
    found = twice.run({x: np.ones((2, 3)), y: np.zeros((2, 3))})
    np.testing.assert_allclose(found, [[3 * np.tanh(1.0)] * 2, [0.0] * 2], rtol=1e-6)


def test_every_nest_and_every_copy_is_shown(shown):
    made, texts = shown
    nests = [n for p in made.phases for n in p.nests]
    assert nests
    for n in nests:
        assert f"    {formula(n).splitlines()[0]}\n" in texts["phases"] + "\n"
    copies = [s for _, steps in made.arranged.phases for s in steps if isinstance(s, Load | Store | Turn)]
    assert copies
    assert texts["groups"].count("  copy  ") == len(copies)


def test_a_phase_says_what_it_waits_for(shown):
    _, texts = shown
    assert re.search(r"^  begins when the whole batch has passed phase 1, which makes .*_banks", texts["phases"], re.M)
    assert "each sample by itself:" in texts["phases"]
    assert "a sum over samples, gathered in banks:" in texts["phases"]
    assert "adds up what the banks hold, always in the same order:" in texts["phases"]


def test_the_graph_has_a_line_for_every_node_and_its_shape(shown):
    _, texts = shown
    assert "float32 (batch, 4)" in texts["graph"]
    assert texts["graph"].endswith("outputs: loss, scores, dw, dv")


def test_every_buffer_has_its_place(shown):
    made, texts = shown
    places = texts["memory"].partition("places, from byte to byte\n")[2].splitlines()
    assert len(places) == len(made.layout.places)
    assert {line.split()[0] for line in places} == {p.arena for p in made.layout.places.values()}


def test_no_line_ends_in_blanks(shown):
    for stage, text in shown[1].items():
        assert stage == "c" or not re.search(r"[ \t]$", text, re.MULTILINE)


@pytest.mark.parametrize("stage", ["", "C", "memroy"])
def test_an_unknown_stage_is_refused_with_those_there_are(shown, stage):
    with pytest.raises(UsageError, match="graph, phases, groups, schedule, c, memory"):
        show(outputs_of(), shown[0], stage)


# ------------------------------------------------------------------------------------------------------------- memory
def test_carried_values_are_shown_in_place():
    w, x = input_tensor("w", (5, 7)), input_tensor("x", (batch, 5))
    new = w - 0.1 * gradients(ops.mean(ops.matmul(x, w) ** 2), [w])[0]
    made = compiled([new], {w: 0}, None, GENERIC)
    assert re.search(r"float32 \(5, 7\) +in place of w$", show({"w": new}, made, "memory"), re.MULTILINE)


@pytest.fixture
def warm() -> None:
    """What the first program of a process loads, for itself and for its threads, is not the next one's."""
    x = input_tensor("x", (batch, 3))
    NativeProgram([x * 2]).run({x: np.ones((2, 3))})


def whole(size: int) -> tuple[list[Tensor], dict[Tensor, Any]]:
    """A value that is needed again once the whole batch has been met, so that it is kept for all samples."""
    x, w = input_tensor("x", (batch, 300)), input_tensor("w", (300, 300))
    y = ops.matmul(x, w)
    mean = ops.mean(y, axis=0)
    bindings = {x: np.ones((size, 300), "float32"), w: np.ones((300, 300), "float32")}
    return [ops.sum((y - mean) ** 2, axis=0), y - mean], bindings


@pytest.mark.parametrize("size", [3000, *([50_000] if full() else [])])
def test_what_a_batch_takes_is_known_before_it_runs(size, warm):
    outputs, bindings = whole(size)
    program = NativeProgram(outputs)
    sizes = bytes_for(program.compiled, size, team.thread_count())
    growing = sizes["batch"] + sizes["rows"] + sizes["results"]
    assert growing > 2 * 4 * 300 * size
    tracemalloc.start()
    results = program.run(bindings)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert results
    assert most == pytest.approx(growing, rel=0.01)
    text = show({"y": outputs[1]}, program.compiled, "memory", batch=size)
    assert text.startswith(f"{sum(sizes.values()):,} bytes for a batch of {size} samples, ")


def test_what_a_program_takes_by_itself_is_known_too(warm):
    outputs, _ = whole(1)
    tracemalloc.start()
    program = NativeProgram(outputs)
    snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, native.__file__)])
    tracemalloc.stop()
    taken = sum(trace.size for trace in snapshot.statistics("filename"))
    sizes = bytes_for(program.compiled, 1, team.thread_count())
    assert taken == pytest.approx(sizes["shared"] + sizes["banks"] + sizes["scratch"], rel=0.02)


def test_nothing_that_is_alive_shares_memory_in_what_is_shown():
    """What is said to be where something else was is first touched after that is last touched."""
    outputs = outputs_of(hidden=40)
    made = compiled(list(outputs.values()), {}, None, GENERIC)
    text = show(outputs, made, "memory")
    reused = re.findall(r"^  scratch +\S+ +(\S+) .* where (.*) was,", text, re.MULTILINE)
    order: dict[str, list[int]] = {}
    steps = [s for _, steps in made.arranged.phases for s in steps]
    for k, s in enumerate(steps):
        touched = (s.source, s.target) if not isinstance(s, LoopNest) else [
            *(o.buffer for o in s.outputs), *(r.buffer for r in s.reads())]  # fmt: skip
        for b in touched:
            order.setdefault(b.name, []).append(k)
    assert reused
    for new, old in reused:
        for name in re.split(r", | and \d+ more", old):
            if name in order:
                assert max(order[name]) < min(order[new]), (new, name)
