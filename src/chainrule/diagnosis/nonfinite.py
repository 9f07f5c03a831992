"""Values that are infinite or no number: which operation made the first of them, and from what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from chainrule.autodiff.arguments import leaves
from chainrule.diagnosis.course import Course, Failure
from chainrule.diagnosis.finding import Finding, Kind
from chainrule.diagnosis.task import Task
from chainrule.execute.reference import Program
from chainrule.graph.expansion import expanded_inputs, expanded_order
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.train.evaluation import EVALUATION_BATCH
from chainrule.train.loop import Training
from chainrule.train.samples import Samples
from chainrule.train.step import EvaluationStep, TrainingStep, network_bindings

__all__ = ["NON_FINITE"]

_FIRST_EN = (
    "In epoch {epoch}, step {step}, '{operation}' gave the first value that is infinite or not a number, on the way to"
    " {place}: {example}."
)
_FIRST_ZH = "第 {epoch} 轮第 {step} 步，“{operation}”首先给出无穷或非数值，在通往 {place} 的途中：{example}。"

_OVERFLOW = Message(
    "finding.non_finite.overflow",
    en=_FIRST_EN + " Numbers had grown beyond what {dtype} holds, or exp can take.",
    zh=_FIRST_ZH + "数值已超出 {dtype} 的范围，或 exp 的承受范围。",
)
_UNTRACED = Message(
    "finding.non_finite.untraced",
    en="'{entry}' was {value} in epoch {epoch}. Computed once more from the same samples it is finite: it lies at the"
    " edge of what {dtype} holds.",
    zh="第 {epoch} 轮的“{entry}”为 {value}。用相同样本再次计算得到有限值：它处于 {dtype} 可表示范围的边缘。",
)
NON_FINITE = Kind(
    "CR001",
    title=Message("finding.non_finite", en="values that are not finite", zh="出现非有限数值"),
    evidence={
        "overflow": _OVERFLOW,
        "overflow, no rate": _OVERFLOW,
        "undefined": Message(
            "finding.non_finite.undefined",
            en=_FIRST_EN + " The numbers that went in were not large: the operation is not defined there.",
            zh=_FIRST_ZH + "输入的数并不大：该运算在此处没有定义。",
        ),
        "untraced": _UNTRACED,
        "untraced, no rate": _UNTRACED,
        "entry": Message(
            "finding.non_finite.entry",
            en="'{entry}' was {value} in epoch {epoch}, although the loss that is trained stayed finite. The first such"
            " value comes from '{operation}', on the way to {place}: {example}.",
            zh="第 {epoch} 轮的“{entry}”为 {value}，而训练的损失仍为有限值。"
            "首个这样的值来自“{operation}”，在通往 {place} 的途中：{example}。",
        ),
    },
    remedy={
        "overflow": Message(
            "finding.non_finite.overflow.remedy",
            en="Take smaller steps, optimizer={optimizer} (--lr {rate:.2g}); where single batches are to blame, keep"
            " gradients short as well, optimizer=ClipByGlobalNorm({optimizer}, 1.0). Scale inputs to about [-1, 1],"
            " images with Rescaling(1 / 255).",
            zh="请减小步长：optimizer={optimizer}（--lr {rate:.2g}）；若问题出在个别批量，还可限制梯度长度："
            "optimizer=ClipByGlobalNorm({optimizer}, 1.0)。请将输入缩放到约 [-1, 1]，图像可用 Rescaling(1 / 255)。",
        ),
        "overflow, no rate": Message(
            "finding.non_finite.overflow_no_rate.remedy",
            en="Take smaller steps: {optimizer} has no learning rate, so take an optimizer that has one,"
            " optimizer=Adam(0.001) (--optimizer adam --lr 0.001); where single batches are to blame, keep gradients"
            " short as well, optimizer=ClipByGlobalNorm(Adam(0.001), 1.0). Scale inputs to about [-1, 1], images with"
            " Rescaling(1 / 255).",
            zh="请减小步长：{optimizer} 没有学习率，请改用有学习率的优化器 optimizer=Adam(0.001)"
            "（--optimizer adam --lr 0.001）；若问题出在个别批量，还可限制梯度长度："
            "optimizer=ClipByGlobalNorm(Adam(0.001), 1.0)。请将输入缩放到约 [-1, 1]，图像可用 Rescaling(1 / 255)。",
        ),
        "undefined": Message(
            "finding.non_finite.undefined.remedy",
            en="Keep what goes into '{operation}' where it is defined, e.g. cr.maximum(x, 1e-7) before a logarithm, a"
            " root or a division; in ∂loss/∂… it is a slope that is infinite, as that of a root at 0. If logarithms of"
            " probabilities are wanted, let the network end without softmax or sigmoid and use loss='cross_entropy' or"
            " 'binary_cross_entropy', which take its outputs as they are.",
            zh="请让“{operation}”的输入保持在其定义域内，例如在对数、开方或除法之前用 cr.maximum(x, 1e-7)；"
            "若位于 ∂loss/∂…，则是斜率为无穷大，例如平方根在 0 处。若需要概率的对数，请去掉网络末端的 softmax 或"
            " sigmoid，使用直接作用于其输出的损失 loss='cross_entropy' 或 'binary_cross_entropy'。",
        ),
        "untraced": Message(
            "finding.non_finite.untraced.remedy",
            en="Take smaller steps, optimizer={optimizer} (--lr {rate:.2g}), scale inputs to about [-1, 1], or compute"
            " with more digits, Model(..., dtype='float64').",
            zh="请减小步长：optimizer={optimizer}（--lr {rate:.2g}），将输入缩放到约 [-1, 1]，"
            "或使用更高精度：Model(..., dtype='float64')。",
        ),
        "untraced, no rate": Message(
            "finding.non_finite.untraced_no_rate.remedy",
            en="Take smaller steps with an optimizer that has a learning rate, which {optimizer} has not,"
            " optimizer=Adam(0.001) (--optimizer adam --lr 0.001), scale inputs to about [-1, 1], or compute with more"
            " digits, Model(..., dtype='float64').",
            zh="请用有学习率的优化器减小步长（{optimizer} 没有学习率）：optimizer=Adam(0.001)"
            "（--optimizer adam --lr 0.001），将输入缩放到约 [-1, 1]，或使用更高精度：Model(..., dtype='float64')。",
        ),
        "entry": Message(
            "finding.non_finite.entry.remedy",
            en="Keep what goes into '{operation}' where it is defined, e.g. cr.maximum(x, 1e-7) before a logarithm, a"
            " root or a division, and look among the samples behind '{entry}' for values far from those of the"
            " training.",
            zh="请让“{operation}”的输入保持在其定义域内，例如在对数、开方或除法之前用 cr.maximum(x, 1e-7)，"
            "并检查“{entry}”所用的样本中是否有与训练数据相差很远的值。",
        ),
    },
)

LARGE = 50.0  # exp overflows float32 at 89; what logarithms, roots and divisions are not defined at is near 0


# ------------------------------------------------------------------------------------------------------ the findings
def non_finite_values(course: Course) -> Iterator[Finding]:
    """What ended the training."""
    failure = course.failure
    if failure is None:
        return
    told = asdict(failure) | {"place": _place(failure.part, failure.where)} | course.easier()
    if not failure.operation:
        yield NON_FINITE.found(case=_by_steps("untraced", course), entry="loss", **told)
    else:
        case = _by_steps("overflow", course) if failure.largest > LARGE else "undefined"
        yield NON_FINITE.found(case=case, **told)


def non_finite_entries(task: Task, course: Course) -> Iterator[Finding]:
    """Entries of the history, of validation or of a metric, that are not finite although the training went on."""
    if course.diverged:
        return
    for entry, values in course.logs.items():
        samples = task.validation if entry.startswith("val_") else task.samples
        epochs = np.flatnonzero(~np.isfinite(values))
        if len(epochs) and samples is not None:
            told = {"entry": entry, "value": str(values[epochs[0]]), "epoch": int(epochs[0]) + 1}
            step = EvaluationStep(task.network, task.objective, samples)
            name = entry.removeprefix("val_")
            wanted = step.outputs.loss if name == "loss" else step.outputs.metrics[name]
            origin = _origin(task, step, name, wanted, samples)
            if origin is None:
                case, dtype = _by_steps("untraced", course), str(task.network.dtype)
                yield NON_FINITE.found(case=case, dtype=dtype, **told, **course.easier())
            else:
                place = _place(origin["part"], origin["where"])
                yield NON_FINITE.found(case="entry", place=place, **told, **origin)
            return  # one cause usually shows in several entries


def _place(part: str, where: str) -> str:
    """A part of the network, and the line on which what is meant of it was built, where that is known."""
    return f"{part} ({where})" if where else part


def _by_steps(case: str, course: Course) -> str:
    """A case whose remedy is smaller steps; it has other words for an optimizer without a learning rate."""
    return case if course.easier_rate() is not None else f"{case}, no rate"


# ------------------------------------------------------------------------------------------------------- the search
def failure_of(training: Training) -> Failure:
    """Why the step failed that a training has gone back from, or the step after it, which used its parameters."""
    step, state = training.step, training.state
    program, dtype = Program(leaves(step.exact)), str(training.model.dtype)
    failed = Failure(0, 0, dtype, str(training.losses[-1]) if training.losses else "nan")
    for _ in range(2):
        values = program.trace(training.bindings_after(state))
        failed = replace(failed, epoch=state.epoch + 1, step=state.position // training.batch_size + 1)
        found = _first(values, program.outputs)
        if found is not None:
            return replace(failed, **found.told(_parts_of_step(step)), largest=found.largest)
        made = step.values([values[output] for output in program.outputs])
        state = replace(
            state,
            parameters=made.parameters,
            slots=made.slots,
            states=made.states,
            step=state.step + 1,
            update=state.update + 1,
            position=state.position + training.batch_size,
        )
        if state.position >= len(training.samples):
            state = replace(state, position=0, order=state.order + 1, epoch=state.epoch + 1)
    return failed


def _origin(task: Task, step: EvaluationStep, name: str, wanted: Tensor, samples: Samples) -> dict[str, Any] | None:
    """The first operation that gives such a value on the way to what is wanted, of any of the samples."""
    model = task.model
    own = network_bindings(task.network, model.parameters, model.states, model.scalars)
    program = Program([wanted])
    for start in range(0, len(samples), EVALUATION_BATCH):
        given = step.data.bindings(samples.batch(slice(start, start + EVALUATION_BATCH)))
        found = _first(program.trace({**own, **given}), [wanted])
        if found is not None:
            return found.told([*_parts(task.network, step.outputs.loss), (name, wanted)])
    return None


@dataclass(frozen=True, eq=False)
class _First:
    """The first value that is not finite, by what made it."""

    node: Tensor
    example: str
    largest: float

    def told(self, parts: Iterable[tuple[str, Tensor]]) -> dict[str, Any]:
        node = self.node
        names = {"operation": node.operation.name, "part": _part(node, parts), "where": node.where}
        return {**names, "example": self.example}


def _first(values: Mapping[Tensor, Array], outputs: Sequence[Tensor]) -> _First | None:
    """What made the first such value that reached an output; infinities of which finite ones come do not count."""
    bad = {node for node, value in values.items() if value.dtype.kind == "f" and not np.isfinite(value).all()}
    reached: dict[Tensor, None] = {}
    stack = [output for output in outputs if output in bad]
    while stack:
        node = stack.pop()
        if node not in reached:
            reached[node] = None
            stack += [x for x in expanded_inputs(node) if x in bad]
    first = [node for node in values if node in reached and bad.isdisjoint(expanded_inputs(node))]
    if not first:
        return None
    node = first[0]
    inputs = [np.asarray(values[x]) for x in node.inputs if x in values]
    sizes = [np.abs(x.astype(np.float64)).max(initial=0.0) for x in inputs]
    return _First(node, _example(node, values[node], inputs), float(max(sizes, default=0.0)))


def _example(node: Tensor, value: Array, inputs: Sequence[Array]) -> str:
    """What went in and came out: at its first such place, where each place is by itself."""
    place = tuple(int(k[0]) for k in np.nonzero(~np.isfinite(value))) if value.ndim else ()
    out, name = f"{float(value[place]):g}", node.operation.name
    if isinstance(node.operation, Elementwise):
        given = ", ".join(f"{float(np.broadcast_to(x, value.shape)[place]):.4g}" for x in inputs)
        return f"{name}({given}) = {out}"
    largest = ", ".join(f"|·| ≤ {np.abs(x.astype(np.float64)).max(initial=0.0):.3g}" for x in inputs)
    return f"{name}({largest}) = {out}"


# -------------------------------------------------------------------------------------------------- where a node is
def _parts(network: Network, loss: Tensor) -> list[tuple[str, Tensor]]:
    """What a node of the forward pass may belong to: what layers give, and the loss."""
    outputs = [
        (f"'{record.path}'", y)
        for record in network.layers
        for given in (record.training_output, record.output)
        for y in (given if isinstance(given, tuple) else (given,))
        if y is not None
    ]
    return [*outputs, ("loss", loss)]


def _parts_of_step(step: TrainingStep) -> list[tuple[str, Tensor]]:
    made = step.exact
    slots = [(f"∂loss/∂'{name}'", y) for name, own in made["slots"].items() for y in own.values()]
    parameters = [(f"∂loss/∂'{name}'", y) for name, y in made["parameters"].items()]
    states = [(f"'{name}'", y) for name, y in made["states"].items()]
    return [*_parts(step.network, step.loss), *states, *slots, *parameters]


def _part(node: Tensor, parts: Iterable[tuple[str, Tensor]]) -> str:
    """Of the parts that depend on the node the one that depends on the fewest."""
    before = [(set(expanded_order([output])), name) for name, output in parts]
    return min(((len(nodes), name) for nodes, name in before if node in nodes), default=(0, "loss"))[1]
