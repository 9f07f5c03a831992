"""Native code under the C compiler's sanitizers, and memory over thousands of programs and steps."""

from __future__ import annotations

import gc
import re
import subprocess
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.arguments import leaves
from chainrule.compiler.layout import LINE, Layout, padded
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import Target, available
from chainrule.compiler.toolchain import find_compiler
from chainrule.execute.native import NativeProgram
from chainrule.graph.expression import Buffer
from tests.counts import scaled
from tests.execute.agreement import quick_target
from tests.execute.random_models import random_model

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-sanitize=alignment", "-g", "-lm")
BATCH, BANKS = 19, 8
ROOM = 4 * LINE  # what vectors may read, or write of empty places, beyond the last element


def size_of(b: Buffer, layout: Layout) -> int:
    """Bytes that a kernel may touch from where its pointer points to."""
    place = layout.places[b]
    if place.arena == "banks":  # a bank after the other, each with what all kernels sum up
        return BANKS * layout.sizes["banks"]
    elements = place.elements
    if place.arena in ("outside", "rows"):
        elements = prod(e if isinstance(e, int) else e.multiple * BATCH for e in b.shape)
    elif place.arena == "batch":
        elements = place.chunk * -(-BATCH // layout.lanes)
    return elements * b.dtype.numpy.itemsize


def harness(program: Compiled) -> str:
    """A `main` that calls every kernel once, on arrays of its own, each a piece of memory by itself."""
    chunks = -(-BATCH // program.layout.lanes)
    lines = []
    for k in program.kernels:
        lines.append("  {")
        for j, b in enumerate(k.buffers):
            size = padded(size_of(b, program.layout), LINE) + ROOM
            lines.append(f"    void *b{j} = aligned_alloc({LINE}, {size}); memset(b{j}, 0, {size});")
        names = [f"b{j}" for j in range(len(k.buffers))]
        pointers, fault = ", ".join(names), ", &fault" if k.faults else ""
        arguments = re.search(rf"\bvoid {k.name}\(([^)]*)\)", k.code)
        assert arguments
        ends = "0, batch" if "first" in arguments[1] else f"0, {k.units or 1}, batch"
        lines += [f"    {k.name}({pointers}, {ends}{fault});", *(f"    free({n});" for n in names), "  }"]
    head = [
        "#include <stdlib.h>", "int main(void) {", f"  const i64 batch = {BATCH}, chunks = {chunks};",
        "  const i64 banks = banks_of(batch);", "  i64 fault = 0;", "  (void)chunks; (void)banks; (void)fault;",
    ]  # fmt: skip
    return "\n".join([*head, *lines, "  return 0;", "}"])


def reported(program: Compiled, sources: Sequence[str], flags: Sequence[str], folder: Path) -> str:
    """What the sanitizers say of a program's C texts."""
    files = []
    for k, source in enumerate(sources):
        files.append(folder / f"part{k}.c")
        main = harness(program) if "void work(" in source else ""  # beside it everything is declared
        files[-1].write_text(f"{source}\n{main}", encoding="utf-8")
    command = [*find_compiler(), *flags, *SANITIZERS, "-o", str(folder / "program"), *map(str, files)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode and "sanitize" in made.stderr:
        pytest.skip("this C compiler has no sanitizers")
    assert made.returncode == 0, made.stderr[:3000]
    ran = subprocess.run([str(folder / "program")], capture_output=True, text=True, timeout=60)
    return ran.stderr[:3000] if ran.returncode else ""


def plain(target: Target) -> list[str]:
    """Flags for a program rather than a library."""
    return [flag for flag in quick_target(target).flags if flag not in ("-fPIC", "-shared")]


@pytest.mark.parametrize("seed", range(3000, 3000 + scaled(50)))
def test_kernels_stay_inside_their_arrays(seed, tmp_path):
    """No index leaves its array, no integer overflows, no shift is too far."""
    model = random_model(seed)
    targets = available()
    target = targets[seed % len(targets)]
    program = compiled(model.outputs(model.step, inside=bool(seed % 2)), {}, None, target)
    assert program.kernels
    assert not reported(program, program.sources, plain(target), tmp_path)


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc to see memory")


@needs_proc
def test_programs_that_are_dropped_leave_nothing():
    x = cr.input_tensor("x", (cr.batch, 3))
    data = np.ones((5, 3), np.float32)

    def cycle(count: int) -> int:
        for _ in range(count):
            program = NativeProgram([cr.sum(cr.tanh(x) * 2.0)], target=quick_target())
            program.run({x: data})
        gc.collect()
        return resident()

    warm = cycle(20)
    assert cycle(scaled(1000)) - warm < 4 * 2**20


@needs_proc
def test_steps_leave_nothing():
    model = random_model(1)
    step = model.step
    program = NativeProgram(leaves(step.outputs), step.carried, step.sum_numbers[0], quick_target())
    bindings = [model.bindings(step, model.samples(size)) for size in (16, 33)]

    def steps(count: int) -> int:
        for k in range(count):
            program.run(bindings[k % 2])
        gc.collect()
        return resident()

    warm = steps(100)
    assert steps(scaled(10_000)) - warm < 2 * 2**20


def test_the_harness_sees_a_kernel_that_leaves_its_array(tmp_path):
    """So that silence means something."""
    x = cr.input_tensor("x", (cr.batch, 64))
    target = available()[-1]
    program = compiled([cr.tanh(x)], {}, None, target)
    far = program.layout.places[program.kernels[0].buffers[0]].elements + ROOM
    broken = [source.replace("*)(p0 + ", f"*)(p0 + {far} + ") for source in program.sources]
    assert broken != program.sources
    assert not reported(program, program.sources, plain(target), tmp_path)
    assert "AddressSanitizer" in reported(program, broken, plain(target), tmp_path)
