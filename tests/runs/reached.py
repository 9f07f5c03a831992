"""All that a run reached, in a form that can be compared."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis import Diagnosis
from chainrule.runs import RunFolder
from chainrule.train import Model

TIMES = ("seconds", "samples_per_second")


def everything(folder: RunFolder) -> dict[str, Any]:
    """Parameters, where the training stands, metrics, findings and result, up to the bit and without times."""
    model = Model.load(folder.path)
    state = model.training_state
    assert state is not None
    watched = Diagnosis.of(model)
    return {
        "numbers": {name: value.tobytes() for name, value in {**model.parameters, **model.states}.items()},
        "slots": {name: {slot: v.tobytes() for slot, v in own.items()} for name, own in state.slots.items()},
        "place": (state.step, state.order, state.update, state.epoch, state.position, state.stopped),
        "totals": state.totals.tobytes(),
        "losses of steps": None if watched is None or watched.course is None else watched.course.losses.tobytes(),
        "logs": dict(state.logs),
        "metrics": [{name: value for name, value in line.items() if name not in TIMES} for line in folder.metrics()],
        "findings": folder.read("findings.json"),
        "result": {name: value for name, value in folder.read("result.json").items() if name not in TIMES},
    }
