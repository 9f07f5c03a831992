"""Batches that are too small for means over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.each_layer import each_layer
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.execute.reference import Program
from chainrule.graph.seeds import random_generator
from chainrule.messages import Message

__all__ = ["SMALL_BATCH"]

SMALL_BATCH = Kind(
    "CR023",
    title=Message("finding.small_batch", en="batch too small for '{layer}'", zh="批量对“{layer}”而言过小"),
    evidence=Message(
        "finding.small_batch.evidence",
        en="In training, '{layer}' takes its means over {values} numbers: batches of {batch} samples, {places} places"
        " each. What it gives for a sample is off by {share:.0%} of its deviation from what it gives in a batch of"
        " {many}, depending on the samples beside it (usual: up to 40%, as with 8 samples). Inference uses means of the"
        " whole training instead, which such batches do not resemble.",
        zh="训练时“{layer}”对 {values} 个数取平均：每个批量 {batch} 个样本，每个样本 {places} 个位置。"
        "它对一个样本的输出与其在 {many} 个样本的批量中的输出相差其标准差的 {share:.0%}，取决于同批的其他样本"
        "（通常不超过 40%，如 8 个样本时）。"
        "而推理时使用的是整个训练的均值，与这样的批量并不相似。",
    ),
    remedy=Message(
        "finding.small_batch.remedy",
        en="Take larger batches, batch_size={wanted}. Where memory does not allow that, normalise"
        " each sample by itself: LayerNormalization() for rows, GroupNormalization(groups) for images, in the place of"
        " '{layer}'.",
        zh="请使用更大的批量，batch_size={wanted}。若内存不允许，请对每个样本单独归一化："
        "用 LayerNormalization()（表格行）或 GroupNormalization(groups)（图像）代替“{layer}”。",
    ),
)

LARGEST = 6  # samples; 8 are few, but train
CHANGED = 0.5  # of the deviation; for values that are independent and normal √(1.5 / values): 0.43 with 8, 0.61 with 4
SAMPLES, BATCHES = 64, 8
WANTED = 32
TINY = 1e-12


def too_small_batches(task: Task) -> Iterator[Finding]:
    """What layers that keep running means give in a batch of the training's size, beside a larger one."""
    size = task.batch_size
    if size > LARGEST or size >= len(task.samples) or not task.network.updates:
        return
    layers = {path: layer for path, layer in each_layer(task.network).items() if layer.updates}
    many = task.few(SAMPLES)
    if not layers or len(many) <= size:
        return
    program = Program([layer.training for layer in layers.values()])
    together = [given.astype(np.float64) for given in program.run(task.bindings(many))]
    rng = random_generator(0)
    squares = np.zeros((len(layers), 2))
    for _ in range(BATCHES):
        places = rng.choice(len(many), size, replace=False)
        for k, given in enumerate(program.run(task.bindings(many.batch(places)))):
            in_many = together[k][places]
            squares[k] += np.square(given - in_many).mean(), np.square(in_many - together[k].mean(0)).mean()
    shares = np.sqrt(squares[:, 0] / np.maximum(squares[:, 1], TINY))
    worst = int(shares.argmax())
    if squares[worst, 1] > TINY and shares[worst] > CHANGED:
        path, layer = list(layers.items())[worst]
        yield SMALL_BATCH.found(
            layer=path,
            values=size * layer.places,
            batch=size,
            places=layer.places,
            share=float(shares[worst]),
            many=len(many),
            wanted=min(WANTED, len(task.samples)),
        )
