"""Networks that give probabilities to a loss that makes them itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task, output_layer
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.messages import Message
from chainrule.nn.network import shape_of
from chainrule.train.samples import Samples

__all__ = ["PROBABILITIES_TWICE"]

_BETWEEN = Message(
    "finding.twice.between",
    en="Whatever its weights are, the network's outputs ('{layer}') lie between {low:.2f} and {high:.2f}. {loss} is"
    " small only for outputs beyond that: with the right answer for every sample, as far as such outputs can say it,"
    " the loss is still {best:.2f}, and with outputs {times:.0f} times as far apart {wider:.2f}.",
    zh="无论权重如何，网络的输出（“{layer}”）都在 {low:.2f} 与 {high:.2f} 之间。而 {loss} 只有在输出超出这一范围时"
    "才会变小：即使对每个样本都给出这种输出所能表达的正确答案，损失仍为 {best:.2f}；若输出的差距为其 {times:.0f} 倍，"
    "则为 {wider:.2f}。",
)
_SUM = Message(
    "finding.twice.sum",
    en="Whatever its weights are, the network's outputs ('{layer}') lie between {low:.2f} and {high:.2f} and sum to 1"
    " for every sample. {loss} is small only for outputs beyond that: with the right answer for every sample, as far as"
    " such outputs can say it, the loss is still {best:.2f}, and with outputs {times:.0f} times as far apart"
    " {wider:.2f}.",
    zh="无论权重如何，网络的输出（“{layer}”）都在 {low:.2f} 与 {high:.2f} 之间，且每个样本的各输出之和为 1。"
    "而 {loss} 只有在输出超出这一范围时才会变小：即使对每个样本都给出这种输出所能表达的正确答案，损失仍为"
    " {best:.2f}；若输出的差距为其 {times:.0f} 倍，则为 {wider:.2f}。",
)
PROBABILITIES_TWICE = Kind(
    "CR005",
    title=Message("finding.twice", en="softmax or sigmoid twice", zh="重复使用 softmax 或 sigmoid"),
    evidence={"softmax": _SUM, "sigmoid": _BETWEEN, "layers": _BETWEEN},
    remedy={
        "softmax": Message(
            "finding.twice.softmax",
            en="The loss applies the softmax itself. Leave it out of the network, a last layer Dense({outputs}) without"
            " activation, or tell the loss, loss=CategoricalCrossEntropy(from_logits=False).",
            zh="损失函数自身会应用 softmax。请从网络中去掉它，即最后一层用不带激活函数的 Dense({outputs})；"
            "或告知损失函数，loss=CategoricalCrossEntropy(from_logits=False)。",
        ),
        "sigmoid": Message(
            "finding.twice.sigmoid",
            en="The loss applies the sigmoid itself. Leave it out of the network, a last layer Dense({outputs}) without"
            " activation, or tell the loss, loss=BinaryCrossEntropy(from_logits=False).",
            zh="损失函数自身会应用 sigmoid。请从网络中去掉它，即最后一层用不带激活函数的 Dense({outputs})；"
            "或告知损失函数，loss=BinaryCrossEntropy(from_logits=False)。",
        ),
        "layers": Message(
            "finding.twice.layers",
            en="The network itself makes probabilities of probabilities. Keep one softmax or sigmoid, the last, or"
            " better none: a last layer Dense({outputs}) without activation, and a loss that takes logits, as"
            " loss='cross_entropy' and 'binary_cross_entropy' do.",
            zh="网络自身对概率又求了一次概率。请只保留最后一个 softmax 或 sigmoid，最好一个也不用："
            "最后一层用不带激活函数的 Dense({outputs})，并使用以 logits 为输入的损失，如 loss='cross_entropy'"
            " 与 'binary_cross_entropy'。",
        ),
    },
)

SAMPLES = 16
DRAWS = 4  # of weights, so that outputs that only happen to lie between 0 and 1 do not do so in all of them
GAIN = 5.0  # in each layer, by which numbers grow where nothing bounds them
ROUNDING = 1e-3
WIDER = 5.0  # outputs so much farther apart
LESS = 0.1  # that lower the loss by so much


def probabilities_twice(task: Task) -> Iterator[Finding]:
    """Outputs that are probabilities, and a loss that wants more than those can say."""
    outputs = task.network.inference
    if not isinstance(outputs, Tensor) or len(task.samples.targets) != 1 or not task.samples.targets[0].size:
        return
    some = task.few(SAMPLES)
    right = _right_answers(some, outputs)
    if right is None:
        return
    given = _with_other_weights(task, some, outputs)
    if given is None:
        return
    low, high = float(given.min()), float(given.max())
    if not (-ROUNDING <= low < high <= 1 + ROUNDING):
        return
    middle, half = (low + high) / 2, (high - low) * (right - 0.5)
    best, wider = _losses(task, some, middle + half), _losses(task, some, middle + WIDER * half)
    if not wider < best - LESS:
        return
    sums = outputs.shape[-1] != 1 and np.abs(given.sum(-1) - 1).max() <= ROUNDING
    case = "layers" if high - low < 0.9 else "softmax" if sums else "sigmoid"
    function = task.objective.loss
    yield PROBABILITIES_TWICE.found(
        case=case,
        layer=output_layer(task),
        low=low,
        high=high,
        loss=getattr(function, "__name__", type(function).__name__),
        best=best,
        wider=wider,
        times=WIDER,
        outputs=outputs.shape[-1],
    )


def _right_answers(some: Samples, outputs: Tensor) -> Array | None:
    """1 for what holds and 0 for what does not, in the shape of the outputs; None where targets say something else."""
    (y,) = some.targets
    shape = (len(some), *(extent for extent in outputs.shape[1:] if isinstance(extent, int)))
    if len(shape) != outputs.ndim:
        return None
    if y.dtype.kind in "bui" and y.shape == shape[:-1] and shape[-1] > 1:
        labels: Array = y[..., None] == np.arange(shape[-1])
        return labels.astype(np.float64)
    if y.size != np.prod(shape) or not np.isin(y, (0, 1)).all():
        return None
    return y.reshape(shape).astype(np.float64)


def _with_other_weights(task: Task, some: Samples, outputs: Tensor) -> Array | None:
    """What the network gives with weights that have nothing to do with its own; None if that is mostly no number."""
    rng, program, bindings = random_generator(0), Program([outputs]), task.bindings(some)
    parameters = [parameter.tensor for parameter in task.network.parameters.values()]
    draws = []
    for _ in range(DRAWS):
        drawn = {p: _drawn(rng, shape_of(p)).astype(p.dtype.numpy) for p in parameters}
        draws.append(program.run({**bindings, **drawn})[0].astype(np.float64))
    given = np.concatenate(draws)
    finite = np.isfinite(given).all(tuple(range(1, given.ndim)))
    return given[finite] if finite.mean() > 0.5 else None


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Weights with which a layer makes numbers so many times larger; other parameters are about 1."""
    return rng.normal(size=shape) * (GAIN / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 1.0)


def _losses(task: Task, some: Samples, given: Array) -> float:
    """The mean loss of these outputs."""
    node = input_tensor("given", given.shape, task.network.dtype)
    target = input_tensor("target", (y := some.targets[0]).shape, y.dtype if y.dtype.kind != "b" else np.int64)
    (losses,) = Program([task.objective.loss(node, target)]).run({node: given, target: y})
    return float(losses.mean())
