"""Courses of trainings made by hand, for checks of numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.diagnosis.course import Course, Facts, Failure
from chainrule.train import Recording

FACTS: dict[str, Any] = {
    "samples": 800, "validation_samples": 200, "batch_size": 32, "optimizer": "Adam",
    "constant_loss": 2.3, "call": "Adam({rate})",
    "parameter_sizes": {"w": 10_000},
}  # fmt: skip


FAILURE = Failure(1, 3, "float32", "nan")


def course(
    losses: Any,
    *,
    rate: float = 0.001,
    ratio: Any = 0.01,
    weight: float = 0.1,
    gradient: float = 0.01,
    logs: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    **others: Any,
) -> Course:
    """A course that is over, with these losses of its steps, of which 20 were looked at."""
    losses = np.asarray(losses, np.float64)
    own = Facts(**FACTS | (facts or {}))
    steps = np.unique(np.linspace(0, max(len(losses) - 1, 0), 20).astype(int))
    ratios = np.broadcast_to(np.asarray(ratio, np.float64), steps.shape)
    told = {"weight": np.full(len(steps), weight), "gradient": np.full(len(steps), gradient), "update": weight * ratios}
    recording = Recording()
    recording.recall({"steps": steps, "layers": {}, "parameters": {"w": told}})
    epochs = np.array_split(losses, max(1, len(losses) // -(-own.samples // own.batch_size)))
    means = {"loss": tuple(float(part.mean()) for part in epochs if len(part))} | (logs or {})
    rates = np.full(len(losses), rate)
    return Course(own, losses, rates, means, recording, **others)
