"""The models that come with chainrule."""

from __future__ import annotations

import chainrule as cr
from benchmarks.turns import Turns
from benchmarks.work import models, ours

NETWORKS = {
    "resnet": lambda: cr.nn.resnet(scale=1.0),
    "allconv": lambda: cr.nn.all_cnn(width=32, scale=1.0),
    "autoencoder": lambda: cr.nn.autoencoder(scale=1.0),
    "unet": lambda: cr.nn.unet(scale=1.0),
    "sensor-cnn": lambda: cr.nn.sensor_cnn(models.KINDS),
    "tabular": lambda: cr.nn.tabular_mlp(models.CATEGORIES),
}


def steps(turns: Turns, network: str, batch: int) -> None:
    """Complete training steps of one of these."""
    task = models.TASKS[network]
    x, y = task.data()
    model = ours.checked(cr.Model(NETWORKS[network](), task.shape), task.parameters)
    ours.fit(model, x, y, batch, ours.Timed(turns, task.samples // batch), loss=task.loss)
