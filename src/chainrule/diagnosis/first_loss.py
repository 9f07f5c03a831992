"""Whether a network begins about as one who guesses, which is where what it has learned becomes visible."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.scaling import unscaled_inputs
from chainrule.diagnosis.task import Task, output_layer
from chainrule.execute.reference import Program
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.losses.loss import BinaryLoss, CategoricalLoss
from chainrule.train.guessing import loss_range

__all__ = ["FAR_START"]

_SMALLER = Message(
    "finding.far_start.smaller",
    en="Start the last layer with smaller weights, '{layer}' with kernel_initializer='glorot_uniform' (the"
    " default) or Normal(0, {start:.2g}), and scale the inputs to about [-1, 1].",
    zh="请为最后一层“{layer}”使用较小的初始权重，kernel_initializer='glorot_uniform'（默认值）或"
    " Normal(0, {start:.2g})，并把输入缩放到约 [-1, 1]。",
)
FAR_START = Kind(
    "CR002",
    title=Message("finding.far_start", en="loss at the start far from guessing", zh="初始损失远离随机猜测"),
    evidence={
        "classes": Message(
            "finding.far_start.classes",
            en="Before its first step the network has the loss {loss:.3g} on {samples} samples, where giving each of"
            " the {classes} classes the same probability has {guess:.3g} (usual: up to {usual:.3g}). It is sure of"
            " answers that it has not learned: the outputs of '{layer}' deviate by {spread:.3g} from their mean, where"
            " 1 to 2 is usual. The first steps only unlearn that.",
            zh="训练开始前，网络在 {samples} 个样本上的损失为 {loss:.3g}，而对 {classes} 个类别给出相同概率时为"
            " {guess:.3g}（通常不超过 {usual:.3g}）。网络对尚未学到的答案过于自信：“{layer}”的输出与其均值相差"
            " {spread:.3g}，通常为 1 至 2。最初的训练只是在消除这种自信。",
        ),
        "outputs": Message(
            "finding.far_start.outputs",
            en="Before its first step the network has the loss {loss:.3g} on {samples} samples, where answering each"
            " with the mean target has {guess:.3g} (usual: up to {usual:.3g}). The outputs of '{layer}' deviate by"
            " {spread:.3g} from their mean, the targets by {deviation:.2g}.",
            zh="训练开始前，网络在 {samples} 个样本上的损失为 {loss:.3g}，而始终回答目标均值时为 {guess:.3g}"
            "（通常不超过 {usual:.3g}）。“{layer}”的输出与其均值相差 {spread:.3g}，而目标仅相差 {deviation:.2g}。",
        ),
        "targets": Message(
            "finding.far_start.targets",
            en="Before its first step the network has the loss {loss:.3g} on {samples} samples, where answering each"
            " with the mean target has {guess:.3g} (usual: up to {usual:.3g}). The targets lie around {mean:.4g} ±"
            " {deviation:.2g}, but the outputs start around {middle:.2g}: many steps only carry them there.",
            zh="训练开始前，网络在 {samples} 个样本上的损失为 {loss:.3g}，而始终回答目标均值时为 {guess:.3g}"
            "（通常不超过 {usual:.3g}）。目标分布在 {mean:.4g} ± {deviation:.2g} 附近，而输出从 {middle:.2g}"
            " 附近开始：许多步训练只是把输出移到那里。",
        ),
    },
    remedy={
        "classes": _SMALLER,
        "outputs": _SMALLER,
        "targets": Message(
            "finding.far_start.targets.remedy",
            en="Learn standardised targets: mean, deviation = {mean:.4g}, {deviation:.2g}; y = (y - mean) / deviation."
            " Predictions are then deviation * model.predict(x) + mean.",
            zh="请学习标准化的目标：mean, deviation = {mean:.4g}, {deviation:.2g}; y = (y - mean) / deviation。"
            "此时预测值为 deviation * model.predict(x) + mean。",
        ),
    },
)

SAMPLES = 256
# Where guessing costs ln C, so many √(ln C) more: logits do that which deviate by 5 to 6. Residual networks, and those
# with much dropout, may begin with 2.5.
SURE = 4.0
APART = 20.0  # times the loss of the mean target; 1 + (mean / deviation)² for squares of targets that are not centred


def far_from_guessing(task: Task) -> Iterator[Finding]:
    """The loss of a network that has not been trained yet, beside that of an answer that knows no inputs."""
    outputs, function = task.network.training, task.objective.loss
    if not task.is_fresh or not isinstance(outputs, Tensor) or len(task.samples.targets) != 1:
        return
    if any(finding.values["name"] == "x" for finding in unscaled_inputs(task)):  # which explain it
        return
    some = task.few(SAMPLES)
    known = loss_range(function, task.network, some)
    if known is None or not 0 < known.guessing - known.best < np.inf:
        return
    mean_loss = task.data.sums(task.objective, outputs, task.network.mixings).loss
    found, given = Program([mean_loss, outputs]).run(task.bindings(some))
    loss, span = float(found), known.guessing - known.best
    classes = task.classes
    logarithmic = isinstance(function, BinaryLoss | CategoricalLoss)
    usual = known.guessing + (SURE / math.sqrt(math.log(classes)) if classes and logarithmic else APART - 1) * span
    if not usual < loss < np.inf or not np.isfinite(given).all():
        return
    values = {"loss": loss, "guess": known.guessing, "usual": usual, "samples": len(some), "layer": output_layer(task)}
    given = given.astype(np.float64)
    values |= {"spread": float(given.std()), "start": _smaller(task, float(given.std()))}
    if classes:
        yield FAR_START.found(case="classes", classes=classes, **values)
        return
    y = some.targets[0].astype(np.float64)
    values |= {"mean": float(y.mean()), "deviation": float(y.std()), "middle": float(given.mean())}
    case = "targets" if abs(y.mean() - given.mean()) > given.std() else "outputs"
    yield FAR_START.found(case=case, **values)


def _smaller(task: Task, spread: float) -> float:
    """A deviation of the weights of the last layer with which its outputs would deviate by about 1."""
    kernel = task.model.parameters.get(f"{output_layer(task)}/kernel")
    now = float(np.sqrt(np.square(kernel, dtype=np.float64).mean())) if kernel is not None else 0.0
    return now / spread if now > 0 and spread > 0 else 0.01
