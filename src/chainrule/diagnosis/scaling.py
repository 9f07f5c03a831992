"""Inputs and targets that are far from the size of 1, or features of very different sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.execute.reference import Program
from chainrule.graph.expansion import expanded_inputs
from chainrule.graph.extent import Batch
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.ops.kinds.indexed import Indexed

__all__ = ["UNSCALED"]

UNSCALED = Kind(
    "CR004",
    title=Message("finding.unscaled", en="unscaled {name}", zh="{name} 未缩放"),
    evidence={
        "large": Message(
            "finding.unscaled.large",
            en="What the first layer with weights is given has a root mean square of {size:.3g}; about 1 is usual. Sums"
            " of such numbers saturate activations, and a step that suits one weight is far too large for another.",
            zh="第一个带权重的层得到的输入的均方根为 {size:.3g}；通常约为 1。"
            "这样的数之和会使激活函数饱和，而适合某个权重的步长对另一个权重来说又太大。",
        ),
        "small": Message(
            "finding.unscaled.small",
            en="What the first layer with weights is given has a root mean square of only {size:.3g}; about 1 is usual."
            " Weights would have to become very large before it matters.",
            zh="第一个带权重的层得到的输入的均方根仅为 {size:.3g}；通常约为 1。权重必须变得非常大才能起作用。",
        ),
        "features": Message(
            "finding.unscaled.features",
            en="Feature {largest} varies {ratio:.3g} times as much as feature {smallest} (standard deviations"
            " {high:.3g} and {low:.3g}): one learning rate cannot suit the weights of both, and the"
            " smaller one hardly counts.",
            zh="特征 {largest} 的变化幅度是特征 {smallest} 的 {ratio:.3g} 倍（标准差分别为 {high:.3g} 与 {low:.3g}）："
            "同一个学习率无法同时适合两者的权重，较小的特征几乎不起作用。",
        ),
        "constant": Message(
            "finding.unscaled.constant",
            en="All {samples:,} training samples have the same inputs (root mean square {size:.3g}): they deviate by 0"
            " from their mean, where about 1 is usual, and nothing tells one sample from another.",
            zh="全部 {samples:,} 个训练样本的输入都相同（均方根为 {size:.3g}）：与均值的偏差为 0，而通常约为 1，"
            "没有什么能区分各个样本。",
        ),
        "targets": Message(
            "finding.unscaled.targets",
            en="The targets have a root mean square of {size:.3g}, but a new network gives about 1: their squared"
            " errors make gradients that are far too large, or it takes long until it reaches them.",
            zh="目标的均方根为 {size:.3g}，而新网络的输出约为 1：误差的平方会使梯度过大，或需要很久才能达到目标。",
        ),
    },
    remedy={
        "large": Message(
            "finding.unscaled.large.remedy",
            en="Scale them: Rescaling(1 / {largest:.3g}) as the first layer, or x = (x - x.mean(0)) / x.std(0) with the"
            " training samples' mean and standard deviation, for later samples too.",
            zh="请缩放输入：以 Rescaling(1 / {largest:.3g}) 作为第一层，或用训练样本的均值与标准差计算"
            " x = (x - x.mean(0)) / x.std(0)，之后的样本也同样处理。",
        ),
        "small": Message(
            "finding.unscaled.small.remedy",
            en="Scale them: Rescaling({factor:.3g}) as the first layer. If they are divided twice, such as by 255 in"
            " the data and again in the network, leave one out.",
            zh="请缩放输入：以 Rescaling({factor:.3g}) 作为第一层。如果除了两次（例如数据中除以 255，网络中又除一次），"
            "请去掉其中一次。",
        ),
        "features": Message(
            "finding.unscaled.features.remedy",
            en="Scale each feature: x = (x - x.mean(0)) / x.std(0), with the training samples' mean and standard"
            " deviation, for later samples too.",
            zh="请分别缩放每个特征：用训练样本的均值与标准差计算 x = (x - x.mean(0)) / x.std(0)，"
            "之后的样本也同样处理。",
        ),
        "constant": Message(
            "finding.unscaled.constant.remedy",
            en="Look at how x was made, print(x.min(0), x.max(0)): dividing whole numbers by x // 255, and turning"
            " scaled numbers into whole ones, make all of them 0. Scale with x.astype('float32') / 255.",
            zh="请检查 x 的生成方式 print(x.min(0), x.max(0))：用 x // 255 做整数除法，或把缩放后的数转为整数，"
            "都会使其全部变为 0。请用 x.astype('float32') / 255 缩放。",
        ),
        "targets": Message(
            "finding.unscaled.targets.remedy",
            en="Learn y = (y - {mean:.3g}) / {deviation:.3g} instead, and turn predictions back: y * {deviation:.3g} +"
            " {mean:.3g}.",
            zh="请改为学习 y = (y - {mean:.3g}) / {deviation:.3g}，并将预测还原：y * {deviation:.3g} + {mean:.3g}。",
        ),
    },
)

LARGE, SMALL = 15.0, 0.005  # root mean squares of inputs: a factor of ten beyond what standardised or /255 data have
APART = 300.0  # between the standard deviations of features
COLUMNS = 100  # of a table; where there are more, they are pixels or points of time, all in one unit
LARGE_TARGET = 100.0  # root mean square of the targets of a regression
_LOOKED_AT = 500  # samples


def unscaled_inputs(task: Task) -> Iterator[Finding]:
    """What reaches the first weights, and what a regression is to give."""
    some, name = task.some(_LOOKED_AT), "x"
    if task.has_constant_inputs:
        size = float(np.sqrt(np.mean([np.square(x, dtype=np.float64).mean() for x in some.inputs])))
        yield UNSCALED.found(case="constant", name=name, size=size, samples=len(task.samples))
        return
    nodes = first_meetings(task.network)
    for values in Program(nodes).run(task.bindings(some)) if nodes else ():
        if not np.isfinite(values).all() or not values.size:
            continue
        yield from _sizes(name, values.astype(np.float64), is_table=values.ndim == some.inputs[0].ndim == 2)
    yield from _targets(task)


def _sizes(name: str, values: Array, *, is_table: bool) -> Iterator[Finding]:
    size = float(np.sqrt(np.square(values).mean()))
    if size > LARGE:
        yield UNSCALED.found(case="large", name=name, size=size, largest=float(np.abs(values).max()))
    elif 0 < size < SMALL:
        yield UNSCALED.found(case="small", name=name, size=size, factor=1 / size)
    elif is_table and values.shape[1] <= COLUMNS:
        spread = values.std(0)
        varying = np.flatnonzero(spread > 0)
        if len(varying) < 2:
            return
        high, low = varying[spread[varying].argmax()], varying[spread[varying].argmin()]
        # A column of a few ones among zeros varies little, and is no smaller than the others.
        binary = [k for k in (high, low) if len(np.unique(values[:, k])) <= 2]
        ratio = float(spread[high] / spread[low])
        if ratio > APART and not binary:
            numbers = {"high": float(spread[high]), "low": float(spread[low]), "ratio": ratio}
            yield UNSCALED.found(case="features", name=name, largest=int(high), smallest=int(low), **numbers)


def _targets(task: Task) -> Iterator[Finding]:
    if task.classes is not None or len(task.samples.targets) != 1 or task.samples.targets[0].dtype.kind not in "iuf":
        return
    y = task.some(_LOOKED_AT).targets[0].astype(np.float64)
    size = float(np.sqrt(np.square(y).mean()))
    if size > LARGE_TARGET:
        numbers = {"mean": float(y.mean()), "deviation": float(y.std()) or 1.0}
        yield UNSCALED.found(case="targets", name="y", size=size, **numbers)


def first_meetings(network: Network) -> list[Tensor]:
    """What the first products with parameters are given, on each way from the inputs, in training.

    A normalisation in front is thereby looked at by what it gives.
    """
    outputs = network.training if isinstance(network.training, tuple) else (network.training,)
    parameters = {p.tensor for p in network.parameters.values()}
    learned: set[Tensor] = set()
    of_samples: set[Tensor] = set(network.inputs)
    beyond: set[Tensor] = set()  # the first product
    met: dict[Tensor, None] = {}
    for node in topological(outputs, expanded_inputs):
        inputs = expanded_inputs(node)
        if node in parameters or any(x in learned for x in inputs):
            learned.add(node)
        if any(x in of_samples for x in inputs):
            of_samples.add(node)
        if any(x in beyond for x in inputs):
            beyond.add(node)
        elif isinstance(node.operation, Indexed) and len(inputs) > 1 and node in learned:
            samples = [x for x in inputs if x in of_samples and x.dtype.floating and _has_samples(x)]
            met |= dict.fromkeys(samples)
            beyond |= {node} if samples else set()
    return list(met)


def _has_samples(x: Tensor) -> bool:
    return x.ndim > 1 and isinstance(x.shape[0], Batch)
