"""Native code under the C compiler's sanitizers, and memory over thousands of programs and steps."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.arguments import leaves
from chainrule.compiler.interface import LINE, padded
from chainrule.compiler.layout import Layout
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import Target, available
from chainrule.compiler.toolchain import find_compiler
from chainrule.execute.native import NativeProgram
from chainrule.graph.expression import Buffer
from tests.counts import full, scaled
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


def harness(program: Compiled, text: str) -> str:
    """A `main` that calls every kernel once, on arrays of its own, each a piece of memory by itself."""
    chunks = -(-BATCH // program.layout.lanes)
    lines = []
    for k in program.kernels:
        lines.append("  {")
        for j, b in enumerate(k.buffers):
            size = padded(size_of(b, program.layout), LINE) + ROOM
            lines.append(f"    void *b{j} = aligned_alloc({LINE}, {size}); memset(b{j}, 0, {size});")
        names = [f"b{j}" for j in range(len(k.buffers))]
        begins = [start * b.dtype.numpy.itemsize for b, start in zip(k.buffers, k.starts, strict=True)]
        pointers = ", ".join(f"{name} + {begin}" for name, begin in zip(names, begins, strict=True))
        fault = ", &fault" if k.faults else ""
        arguments = re.search(rf"\bvoid {k.name}\(([^)]*)\)", k.code)
        assert arguments
        ends = "0, batch" if "first" in arguments[1] else f"0, {k.units or 1}, batch"
        shared = re.search(rf"^// {k.name} is (k\d+) with other arguments$", text, re.MULTILINE)
        lines += [
            f"    {shared[1] if shared else k.name}({pointers}, {ends}{fault});",
            *(f"    free({n});" for n in names),
            "  }",
        ]
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
        main = (
            harness(program, "\n".join(sources)) if "void work(" in source else ""
        )  # beside it everything is declared
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


@pytest.mark.parametrize("seed", range(3000, 3000 + scaled(50, one_in=16)))  # one for each instruction set
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
    assert cycle(scaled(1000, one_in=20)) - warm < 4 * 2**20


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

    warm = steps(2 * scaled(10_000, one_in=20))  # NumPy's and Python's own memory grows at first, and then no more
    assert steps(scaled(10_000, one_in=20)) - warm < 2**20


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


WHOLE = """
import numpy as np
from dataclasses import replace
from chainrule.compiler.target import detect
from chainrule.execute import choice
from chainrule.execute.native import NativeProgram
from chainrule.nn import *
from chainrule.nn.models import lenet5
from chainrule.train import Model

flags = tuple("-O1" if flag == "-O2" else flag for flag in detect().flags)
target = replace(detect(), flags=(*flags, *{sanitizers}))
choice.NativeProgram = lambda *given, batch=None: NativeProgram(*given, target=target, batch=batch)
rng = np.random.default_rng(0)
for layers, shape in (
    ([RandomShift(1), lenet5()], (28, 28, 1)),
    ([Dense(600, "relu"), Dropout(0.3), Dense(300, "tanh"), BatchNormalization(), Dense(10)], (300,)),
    ([Conv2D(5, 3, padding="same", strides=2), BatchNormalization(), MaxPool2D(3, strides=2), Flatten(), Dense(10)],
     (17, 13, 3)),
):
    model = Model(Sequential(layers), input_shape=shape)
    x, y = rng.random((75, *shape)).astype(np.float32), rng.integers(0, 10, 75)
    model.fit(x, y, epochs=2, batch_size=32, verbose=0, executor="native")
    model.evaluate(x, y, loss="cross_entropy", executor="native")
    model.predict(x[:1], executor="native"), model.predict(x, executor="native")
print("no report")
"""


@pytest.mark.skipif(not full(), reason="long; runs with --full (make test-all)")
def test_whole_programs_under_sanitizers(tmp_path):
    """Training, evaluation and prediction as they are run, copies, banks and barriers included."""
    compiler = find_compiler()
    libraries = [
        subprocess.run(
            [*compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    if not all(Path(path).is_absolute() for path in libraries):
        pytest.skip("this compiler has no sanitizers to load")
    environment = os.environ | {
        "LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": "detect_leaks=0", "CHAINRULE_CACHE_DIR": str(tmp_path),
    }  # fmt: skip
    code = WHOLE.format(sanitizers=[flag for flag in SANITIZERS if flag.startswith("-f")])
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=900)
    assert (run.returncode, run.stdout) == (0, "no report\n"), run.stderr[-3000:]
