"""A few steps of an optimizer on a function of some arrays, as training does them: one graph, run again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.autodiff.arguments import leaves, rebuild
from chainrule.execute.reference import Program
from chainrule.graph.dtype import as_dtype, float64, int64
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.optim import Optimizer

Arrays: TypeAlias = dict[str, Array]
SEED = 7


def sequence(
    optimizer: Optimizer, loss: Callable[[Tensor], Tensor], start: Array, steps: int, dtype: str = "float64"
) -> list[Arrays]:
    """Parameter "theta" and slots after each step."""
    history = sequences(optimizer, lambda p: loss(p["theta"]), {"theta": start}, steps, dtype)
    return [{**parameters, **slots["theta"]} for _, parameters, slots in history]


def sequences(
    optimizer: Optimizer,
    loss: Callable[..., Tensor],
    start: Mapping[str, Array],
    steps: int,
    dtype: str = "float64",
    data: Sequence[Array] = (),
) -> list[tuple[float, Arrays, dict[str, Arrays]]]:
    """The loss before each step, and parameters and slots after it; loss(parameters, row of data), if there are any."""
    tensors = {name: input_tensor(name, value.shape, dtype) for name, value in start.items()}
    first = {name: optimizer.slots(name, value.shape) for name, value in start.items()}
    slots = {n: {s: input_tensor(f"{n}/{s}", start[n].shape, dtype) for s in own} for n, own in first.items()}
    scalars = {name: input_tensor(name, (), float64) for name in optimizer.scalars()}
    counters = {name: input_tensor(name, (), int64) for name in ("t", "seed", "step")}
    row = [input_tensor("row", data[0].shape, dtype)] if len(data) else []
    step = optimizer.step(lambda p: (loss(p, *row), None), tensors, slots, {**scalars, **counters})
    outputs = (step.loss, step.parameters, step.slots)
    program = Program(leaves(outputs))
    assert all(y.dtype is as_dtype(dtype) for y in program.outputs[1:])
    values: Any = (
        0.0,
        dict(start),
        {n: {s: np.full(start[n].shape, v) for s, v in o.items()} for n, o in first.items()},
    )
    history = []
    for k in range(steps):
        bindings: dict[Tensor, Any] = {tensors[name]: value for name, value in values[1].items()}
        bindings |= {slots[n][s]: value for n, own in values[2].items() for s, value in own.items()}
        bindings |= {scalars[name]: value for name, value in optimizer.scalars(k, steps).items()}
        bindings |= {counters["t"]: k + 1, counters["seed"]: SEED, counters["step"]: k}
        bindings |= dict(zip(row, data[k : k + 1], strict=False))
        values = rebuild(outputs, program.run(bindings))
        history.append(values)
    return history
