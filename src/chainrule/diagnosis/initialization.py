"""First weights with which units cannot learn, or all learn the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.autodiff.reverse import gradients
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.train.stand_in import regularizing_scalars

__all__ = ["SYMMETRIC_UNITS", "ZERO_INITIALIZATION"]

ZERO_INITIALIZATION = Kind(
    "CR006",
    title=Message("finding.zeros", en="zero initialisation", zh="零初始化"),
    evidence={
        "no gradient": Message(
            "finding.zeros.no_gradient",
            en="All weights of {layers} start at 0, and their gradients are exactly 0: after {steps} steps that were"
            " tried on a copy they are still 0. Only {moved} learned; nothing of the inputs gets through.",
            zh="{layers} 的所有权重都从 0 开始，且梯度恰为 0：在副本上尝试 {steps} 步之后它们仍为 0。"
            "只有 {moved} 在学习，输入的任何信息都无法通过。",
        ),
        "nothing": Message(
            "finding.zeros.nothing",
            en="All weights of {layers} start at 0, and their gradients are exactly 0: after {steps} steps that were"
            " tried on a copy no parameter at all has changed.",
            zh="{layers} 的所有权重都从 0 开始，且梯度恰为 0：在副本上尝试 {steps} 步之后没有任何参数发生变化。",
        ),
        "symmetric": Message(
            "finding.zeros.symmetric",
            en="All weights of {layers} start at 0, so that their units are alike and receive equal gradients: after"
            " {steps} steps that were tried on a copy, {units} units still have {distinct} different sets of weights."
            " Such a layer computes as little as a single unit.",
            zh="{layers} 的所有权重都从 0 开始，其各单元相同，得到的梯度也相同：在副本上尝试 {steps} 步之后，"
            "{units} 个单元仍只有 {distinct} 组不同的权重。这样的层只相当于单个单元。",
        ),
    },
    remedy=Message(
        "finding.zeros.remedy",
        en="Start with random weights: {layers} with kernel_initializer='glorot_uniform' (the default), or 'he_normal'"
        " before a ReLU. Biases may start at 0.",
        zh="请使用随机的初始权重：为 {layers} 设 kernel_initializer='glorot_uniform'（默认值），其后为 ReLU 时用"
        " 'he_normal'。偏置可以从 0 开始。",
    ),
)
SYMMETRIC_UNITS = Kind(
    "CR007",
    title=Message("finding.symmetric", en="symmetric units", zh="对称的单元"),
    evidence=Message(
        "finding.symmetric.evidence",
        en="The {units} units of {layers} start with only {before} different sets of weights, and those that are alike"
        " receive equal gradients: after {steps} steps that were tried on a copy, {distinct} are different. Units that"
        " start alike stay alike and compute the same, as if the layer had fewer of them.",
        zh="{layers} 的 {units} 个单元开始时只有 {before} 组不同的权重，相同的单元得到相同的梯度："
        "在副本上尝试 {steps} 步之后仍为 {distinct} 组。开始时相同的单元会一直相同，计算的结果也相同，"
        "如同该层的单元更少。",
    ),
    remedy=Message(
        "finding.symmetric.remedy",
        en="Start every unit with weights of its own, drawn at random: {layers} with"
        " kernel_initializer='glorot_uniform' (the default), or 'he_normal' before a ReLU.",
        zh="请为每个单元随机抽取各自的初始权重：为 {layers} 设 kernel_initializer='glorot_uniform'（默认值），"
        "其后为 ReLU 时用 'he_normal'。",
    ),
)
SAMPLES = 32
STEPS = 3  # one for each layer that a gradient must get through, where the layers behind it start at 0
LENGTH = 0.1  # root mean square of what such a step adds to a parameter
ALIKE = 1e-5  # of the size of a unit's weights: up to rounding
SHARE = 0.5  # of a layer's units: fewer different ones than that are too few


def units_that_start_alike(task: Task) -> Iterator[Finding]:
    """Layers of units that start alike, and stay it in steps that are tried; those of zeros that stay zero."""
    if not task.is_fresh or not task.optimizer.needs_gradient:
        return
    first = {name: np.asarray(value) for name, value in task.model.parameters.items() if np.ndim(value) > 1}
    suspects = {name: value for name, value in first.items() if _few_different(value) or not value.any()}
    if not suspects:
        return
    tried = _after_some_steps(task)
    if not all(np.isfinite(value).all() for value in tried.values()):
        return
    zero = {name for name, value in suspects.items() if not value.any()}
    still = {name for name in zero if not tried[name].any()}
    alike = {name for name in suspects if name not in still and _few_different(tried[name])}
    if still:
        moved = [name for name, value in tried.items() if not np.array_equal(value, task.model.parameters[name])]
        case, layers = "no gradient" if moved else "nothing", _layers([name for name in first if name in still])
        learned = ", ".join(f"'{name}'" for name in moved)
        yield ZERO_INITIALIZATION.found(case=case, layers=layers, steps=STEPS, moved=learned)
    elif alike:  # where some are zero, these are the cause
        kind, names = (ZERO_INITIALIZATION, alike & zero) if alike & zero else (SYMMETRIC_UNITS, alike)
        yield kind.found(
            case="symmetric",
            layers=_layers([name for name in first if name in names]),
            steps=STEPS,
            units=sum(first[name].shape[-1] for name in names),
            before=sum(_different(first[name]) for name in names),
            distinct=sum(_different(tried[name]) for name in names),
        )


def _layers(names: list[str]) -> str:
    return ", ".join(f"'{name.rpartition('/')[0] or name}'" for name in names)


def _few_different(weights: Array) -> bool:
    units: int = weights.shape[-1]
    return units > 1 and _different(weights) <= SHARE * units


def _different(weights: Array) -> int:
    """How many units, along the last axis, differ in their weights: in a random sum of them, that is."""
    flat = weights.reshape(-1, weights.shape[-1]).astype(np.float64)
    sums = np.sort(random_generator(0).normal(size=len(flat)) @ flat)
    size = np.sqrt(np.square(flat).sum(0).max())
    return 1 + int((np.diff(sums) > ALIKE * size).sum())


def _after_some_steps(task: Task) -> dict[str, Array]:
    """The parameters after steps down the gradient, each of one length.

    Without randomness, which would hide that units are alike.
    """
    network, some = task.network, task.few(SAMPLES)
    parameters = {name: parameter.tensor for name, parameter in network.parameters.items()}
    loss = task.data.sums(task.objective, network.training, network.mixings).loss
    program = Program(gradients(loss, list(parameters.values())))
    bindings: dict[Tensor, Any] = task.bindings(some)
    bindings |= {network.scalars[name].tensor: np.float64(0) for name in regularizing_scalars(network)}
    values = {name: np.asarray(value) for name, value in task.model.parameters.items()}
    for _ in range(STEPS):
        found = program.run({**bindings, **{parameters[name]: value for name, value in values.items()}})
        for name, gradient in zip(parameters, found, strict=True):
            size = float(np.sqrt(np.square(gradient, dtype=np.float64).mean())) if gradient.size else 0.0
            if size > 0:
                values[name] = (values[name] - LENGTH / size * gradient).astype(gradient.dtype)
    return values
