"""The C text of a few small programs, compared with a snapshot: what a reader of it sees.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/compiler/test_emitted.py` writes it anew.
"""

import os
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.compiler import Kernel, emit
from chainrule.graph.expression import Buffer

SNAPSHOTS = Path(__file__).parent / "snapshots"
PROGRAMS = {
    "sigmoid": cr.sigmoid(cr.input_tensor("x", (cr.batch, 3))),
    "matmul": cr.input_tensor("x", (cr.batch, 3)) @ cr.input_tensor("w", (3, 2)),
    "strided_gradient": cr.gradients(
        cr.sum(cr.conv1d(x := cr.input_tensor("x", (1, 11, 1)), cr.input_tensor("w", (3, 1, 1)), strides=2)), [x]
    )[0],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_c_text_is_as_it_was(name):
    y = PROGRAMS[name]
    buffers = [Buffer(x.name or x.operation.name, x.shape, x.dtype) for x in y.inputs]
    output = Buffer("y", y.shape, y.dtype)
    text = emit([Kernel(name, y.operation.lower(y, output, buffers), (*buffers, output))])
    kernel = text[text.index(f"int {name}(") :]  # after the prelude, which is the same for all
    file = SNAPSHOTS / f"{name}.c"
    if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(kernel)
    assert kernel == file.read_text()
