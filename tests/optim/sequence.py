"""A few steps of an optimizer on a function of one array, as training does them: one graph, run again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.execute.reference import Program
from chainrule.graph.dtype import as_dtype, float64, int64
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.optim import Optimizer


def sequence(
    optimizer: Optimizer, loss: Callable[[Tensor], Tensor], start: Array, steps: int, dtype: str = "float64"
) -> list[dict[str, Array]]:
    """Parameter "theta" and slots after each step."""
    theta = input_tensor("theta", start.shape, dtype)
    first = optimizer.slots("theta", start.shape)
    slots = {name: input_tensor(name, start.shape, dtype) for name in first}
    scalars = {name: input_tensor(name, (), float64) for name in optimizer.scalars()}
    t = input_tensor("t", (), int64)
    step = optimizer.step(
        lambda parameters: (loss(parameters["theta"]), None), {"theta": theta}, {"theta": slots}, {**scalars, "t": t}
    )
    program = Program([step.parameters["theta"], *step.slots["theta"].values()])
    assert all(y.dtype is as_dtype(dtype) for y in program.outputs)
    values = {"theta": start} | {name: np.full(start.shape, value) for name, value in first.items()}
    history = []
    for k in range(steps):
        bindings: dict[Tensor, Any] = {theta: values["theta"], t: k + 1} | {slots[name]: values[name] for name in slots}
        bindings |= {scalars[name]: value for name, value in optimizer.scalars(k, steps).items()}
        found = program.run(bindings)
        values = dict(zip(["theta", *step.slots["theta"]], found, strict=True))
        history.append(values)
    return history
