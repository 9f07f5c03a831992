"""The C text of a few small programs, compared with a snapshot: what a reader of it sees.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/compiler/test_emitted.py` writes it anew.
"""

import os
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.compiler.pipeline import compiled
from chainrule.compiler.target import TARGETS

SNAPSHOTS = Path(__file__).parent / "snapshots"
AVX2 = next(target for target in TARGETS if target.name == "avx2")  # text needs no processor that runs it
PROGRAMS = {
    "sigmoid": cr.sigmoid(cr.input_tensor("x", (cr.batch, 3))),
    "matmul": cr.input_tensor("x", (cr.batch, 3)) @ cr.input_tensor("w", (3, 2)),
    "strided_gradient": cr.gradients(
        cr.sum(cr.conv1d(x := cr.input_tensor("x", (1, 11, 1)), cr.input_tensor("w", (3, 1, 1)), strides=2)), [x]
    )[0],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_c_text_is_as_it_was(name):
    kernels = compiled([PROGRAMS[name]], {}, None, AVX2).kernels
    text = "\n".join(kernel.code for kernel in kernels)
    file = SNAPSHOTS / f"{name}.c"
    if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()
