"""The arrays of a training, checked once; batches are gathered from them as they are, and cast when a step runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import check_labels, check_samples, split_indices
from chainrule.errors import DataError, UsageError
from chainrule.graph.dtype import float32
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.losses import (
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalCrossEntropy,
    CategoricalFocalCrossEntropy,
    SquaredDistance,
)
from chainrule.nn.losses.loss import CategoricalLoss, LossFunction
from chainrule.nn.network import Network, Outputs
from chainrule.ops.kinds.conversion import CAST

_RAGGED = Message(
    "samples.ragged",
    en="{name} is not one array of numbers: {reason}. Make all samples the same shape, e.g. by cropping or padding.",
    zh="{name} 不是一个数值数组：{reason}。请让所有样本的形状相同，例如裁剪或填充。",
)
_LIST = Message(
    "samples.list",
    en="{name} is a list of {count} arrays of different shapes. Give several inputs or targets as a tuple, one array"
    " for each; make samples of one input the same shape.",
    zh="{name} 是由 {count} 个形状不同的数组组成的列表。若有多个输入或目标，请以元组给出，每个一个数组；"
    "同一输入的各样本形状必须相同。",
)
_INPUT_SHAPE = Message(
    "samples.input_shape",
    en="{name} has samples of shape {given}, but the network was built for {wanted}. {advice}",
    zh="{name} 的样本形状为 {given}，而网络是为 {wanted} 构建的。{advice}",
)
_ADD_CHANNELS = Message(
    "samples.add_channels",
    en="Images need an axis of channels: give {name}[..., None].",
    zh="图像需要通道轴：请给出 {name}[..., None]。",
)
_RESHAPE = Message(
    "samples.reshape",
    en="Reshape the data, or build the model for their shape.",
    zh="请改变数据的形状，或按其形状构建模型。",
)
_FRACTIONS = Message(
    "samples.fractions",
    en="{name} holds {value}, but the network reads whole numbers there, such as those of an "
    "embedding's rows. Give integers from 0 on.",
    zh="{name} 中有 {value}，但网络在此读取整数，例如嵌入表的行号。请给出从 0 开始的整数。",
)
_INPUT_COUNT = Message(
    "samples.input_count",
    en="arrays in x: {given}, inputs of the network: {wanted}. Give one array for each input, several as a tuple, a"
    " single one by itself.",
    zh="x 中的数组数为 {given}，网络的输入数为 {wanted}。请为每个输入各给出一个数组：多个用元组，单个直接给出。",
)
_TOO_LARGE = Message(
    "samples.too_large",
    en="{name} holds {value:.3g}, but float32 ends at {end:.2g}. Scale the data, or compute"
    " with more digits, Model(..., dtype='float64').",
    zh="{name} 中有 {value:.3g}，而 float32 最大到 {end:.2g}。请缩放数据，或使用更高精度："
    "Model(..., dtype='float64')。",
)
_WEIGHT_SHAPE = Message(
    "samples.weight_shape",
    en="sample_weight has shape {shape}; it must be one number for each sample, ({samples},).",
    zh="sample_weight 的形状为 {shape}；它必须为每个样本给出一个数，即 ({samples},)。",
)
_NEGATIVE_WEIGHT = Message(
    "samples.negative_weight",
    en="{name} has the negative weight {value}. Weights are 0 or more; a sample with weight 0 does not count.",
    zh="{name} 中有负权重 {value}。权重必须不小于 0；权重为 0 的样本不计入。",
)
_NO_WEIGHT = Message(
    "samples.no_weight",
    en="All samples have weight 0, so there is nothing to learn from. Give at least one sample a weight above 0.",
    zh="所有样本的权重都是 0，没有可供学习的样本。请至少给一个样本大于 0 的权重。",
)
_CLASS_WEIGHT_LABELS = Message(
    "samples.class_weight_labels",
    en="class_weight needs integer labels of shape (samples,), but y is {dtype} of shape {shape}. Use sample_weight, or"
    " give y as labels, e.g. y.argmax(-1).",
    zh="class_weight 需要形状为 (样本数,) 的整数标签，而 y 是形状 {shape} 的 {dtype}。"
    "请使用 sample_weight，或将 y 转换为标签，例如 y.argmax(-1)。",
)
_CLASS_WEIGHT_FORM = Message(
    "samples.class_weight_form",
    en="class_weight is {given!r}; give a dict of label to weight, such as {{0: 1.0, 1: 5.0}}.",
    zh="class_weight 为 {given!r}；请给出“标签到权重”的字典，例如 {{0: 1.0, 1: 5.0}}。",
)
_CLASS_WEIGHT_ABSENT = Message(
    "samples.class_weight_absent",
    en="class_weight has a weight for class {label}, which no sample of y has; its labels are {present}.",
    zh="class_weight 为类别 {label} 给出了权重，但 y 中没有这个类别；其标签为 {present}。",
)
_NOT_PROBABILITIES = Message(
    "samples.not_probabilities",
    en="binary cross-entropy needs targets between 0 and 1, but {name} has {value}. Use 0 and 1 for the two classes,"
    " e.g. y = (y == {value}); for more classes use the loss 'cross_entropy'.",
    zh="二元交叉熵的目标应在 0 与 1 之间，但 {name} 中有 {value}。请用 0 和 1 表示两个类别，例如 y = (y == {value})；"
    "若类别更多，请使用损失 'cross_entropy'。",
)
_NO_TARGETS = Message(
    "samples.no_targets",
    en="{name} is None, but there is nothing to learn or to compare with without targets. Give an array with one target"
    " for each sample.",
    zh="{name} 为 None，没有目标就无从学习或比较。请给出数组，每个样本一个目标。",
)
_MASKED = Message(
    "samples.masked",
    en="{name} is a masked array; a mask would be ignored here. Fill the gaps, e.g. with {name}.filled(0), or leave"
    " these samples out.",
    zh="{name} 是带掩码的数组，而掩码在此会被忽略。请填补空缺，例如 {name}.filled(0)，或去掉这些样本。",
)
_OTHER_LOSS = Message(
    "samples.other_loss",
    en="For numbers use loss='mean_squared_error', for yes or no 'binary_cross_entropy'.",
    zh="若目标是数值，请使用 loss='mean_squared_error'；若为是或否，请使用 'binary_cross_entropy'。",
)
_ONE_OUTPUT = Message(
    "samples.one_output",
    en="cross-entropy compares the outputs of several classes, but the network has one output. {advice}",
    zh="交叉熵比较多个类别的输出，而该网络只有一个输出。{advice}",
)
_NOT_LABELS = Message(
    "samples.not_labels",
    en="cross-entropy needs class labels, integers from 0 to {last}, but {name} holds {dtype}. {advice} If these are"
    " labels, convert them: {name}.astype('int64').",
    zh="交叉熵需要类别标签，即 0 到 {last} 的整数，而 {name} 的类型是 {dtype}。{advice}"
    "如果这些确实是标签，请转换：{name}.astype('int64')。",
)
_LABEL_COLUMN = Message(
    "samples.label_column",
    en="{name} has shape {shape}; labels are one number for each sample, ({samples},). Give {name}[:, 0].",
    zh="{name} 的形状为 {shape}；标签应为每个样本一个数，即 ({samples},)。请给出 {name}[:, 0]。",
)
_NOT_A_DISTRIBUTION = Message(
    "samples.not_a_distribution",
    en="cross-entropy needs targets that are the probabilities of the classes, 0 or more and of sum 1, but"
    " {name}[{row}] is {value}. {advice}",
    zh="交叉熵的目标应为各类别的概率，不小于 0 且总和为 1，而 {name}[{row}] 为 {value}。{advice}",
)
_SPLIT = Message(
    "samples.split",
    en="validation_split is {fraction!r}; it is the share of the samples that is set aside, from 0 to below 1.",
    zh="validation_split 为 {fraction!r}；它是留作验证的样本比例，应不小于 0 且小于 1。",
)


@dataclass(frozen=True, eq=False)
class Samples:
    """Arrays that belong together, and which of their samples are meant, in order."""

    inputs: tuple[Array, ...]
    targets: tuple[Array, ...] = ()
    weight: Array | None = None
    chosen: NDArray[np.int64] | None = None
    prefix: str = ""  # what messages put before x and y

    def __len__(self) -> int:
        return len(self.inputs[0]) if self.chosen is None else len(self.chosen)

    def named(self) -> Iterator[tuple[str, Array]]:
        """All arrays, by what messages call them."""
        for name, arrays in (("x", self.inputs), ("y", self.targets)):
            for k, array in enumerate(arrays):
                yield f"{self.prefix}{name}" + (f"[{k}]" if len(arrays) > 1 else ""), array
        if self.weight is not None:
            yield f"{self.prefix}sample_weight", self.weight

    def batch(self, places: NDArray[np.int64] | slice) -> Samples:
        """The samples at these places, copied out."""
        where = places if self.chosen is None else self.chosen[places]
        weight = None if self.weight is None else self.weight[where]
        return Samples(tuple(a[where] for a in self.inputs), tuple(a[where] for a in self.targets), weight)

    def split(self, fraction: float, seed: int) -> tuple[Samples, Samples | None]:
        """What to train on and what to validate with: a random fraction, of every integer label alike.

        Raises:   UsageError if the fraction is not in [0, 1); DataError if a part would be empty.
        """
        if not 0 <= fraction < 1:
            raise UsageError(_SPLIT(fraction=fraction))
        if fraction == 0:
            return self, None
        labels = self.targets[0] if len(self.targets) == 1 and _are_integer_labels(self.targets[0]) else None
        train, validation = split_indices(len(self), (1 - fraction, fraction), seed=seed, labels=labels)
        return replace(self, chosen=train), replace(self, chosen=validation)


def as_samples(
    x: Any,
    y: Any,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    *,
    prefix: str = "",
) -> Samples:
    """Data as people have them, in NumPy arrays of their own types; a tuple holds one array for each input or target.

    Raises:   DataError if they are not numbers, hold NaN or infinity, are empty or masked, or do not belong together;
              UsageError if weights are negative, all zero, or not one per sample, or if class_weight does not fit the
              labels.
    """
    if y is None:
        raise DataError(_NO_TARGETS(name=f"{prefix}y"))
    inputs, targets = _named_arrays(f"{prefix}x", x), _named_arrays(f"{prefix}y", y)
    name = f"{prefix}sample_weight"
    weight = None if sample_weight is None else _array(name, sample_weight)
    samples = check_samples(inputs | targets | ({} if weight is None else {name: weight}))
    if weight is not None and weight.shape != (samples,):
        raise UsageError(_WEIGHT_SHAPE(shape=show_shape(weight.shape), samples=samples))
    if class_weight is not None:
        of_class = _class_weights(class_weight, tuple(targets.values()))
        weight = of_class if weight is None else weight * of_class
    if weight is not None:
        weight = _checked_weights(weight.astype(np.float64))
    return Samples(tuple(inputs.values()), tuple(targets.values()), weight, prefix=prefix)


def as_inputs(x: Any) -> Samples:
    """Samples without targets.

    Raises:   DataError if they are not numbers, hold NaN or infinity, are empty or masked, or differ in length.
    """
    inputs = _named_arrays("x", x)
    check_samples(inputs)
    return Samples(tuple(inputs.values()))


def _named_arrays(name: str, value: Any) -> dict[str, Array]:
    if isinstance(value, tuple):
        return {f"{name}[{k}]": _array(f"{name}[{k}]", part) for k, part in enumerate(value)}
    return {name: _array(name, value)}


def _array(name: str, value: Any) -> Array:
    masked = sys.modules.get("numpy.ma")  # not loaded just to ask: who has a masked array has loaded it
    if masked is not None and isinstance(value, masked.MaskedArray):
        raise DataError(_MASKED(name=name))
    try:
        return np.asarray(value)
    except ValueError as reason:  # lists of different lengths
        if isinstance(value, list) and all(isinstance(part, np.ndarray) for part in value):
            raise DataError(_LIST(name=name, count=len(value))) from None
        raise DataError(_RAGGED(name=name, reason=reason)) from None


def _checked_weights(weight: Array) -> Array:
    if weight.min() < 0:
        raise UsageError(_NEGATIVE_WEIGHT(name="sample_weight", value=weight.min()))
    if not weight.any():
        raise UsageError(_NO_WEIGHT())
    return weight


def _are_integer_labels(y: Array) -> bool:
    return y.ndim == 1 and y.dtype.kind in "bui"


def _class_weights(class_weight: Any, targets: tuple[Array, ...]) -> Array:
    """The weight of each sample's class; 1 for classes that are not mentioned."""
    if not isinstance(class_weight, Mapping):
        raise UsageError(_CLASS_WEIGHT_FORM(given=class_weight))
    if len(targets) != 1 or not _are_integer_labels(targets[0]):
        y = targets[0]
        raise UsageError(_CLASS_WEIGHT_LABELS(dtype=y.dtype, shape=show_shape(y.shape)))
    present, places = np.unique(targets[0], return_inverse=True)
    for label, value in class_weight.items():
        if label not in present:
            raise UsageError(_CLASS_WEIGHT_ABSENT(label=label, present=", ".join(map(str, present.tolist()))))
        if value < 0:
            raise UsageError(_NEGATIVE_WEIGHT(name="class_weight", value=value))
    return np.array([class_weight.get(label, 1.0) for label in present.tolist()], np.float64)[places]


# ------------------------------------------------------------------------------------------------- against a network
def check_inputs(samples: Samples, network: Network) -> None:
    """Refuse inputs of another number or shape than the network's, and fractions where it reads whole numbers; of all
    that is given, numbers that the network's type does not hold.

    Raises:   DataError, with what to do.
    """
    if network.dtype is float32:
        _check_float32(samples)
    if len(samples.inputs) != len(network.inputs):
        raise DataError(_INPUT_COUNT(given=len(samples.inputs), wanted=len(network.inputs)))
    for k, (array, tensor) in enumerate(zip(samples.inputs, network.inputs, strict=True)):
        given, wanted = array.shape[1:], tensor.shape[1:]
        name = samples.prefix + ("x" if len(network.inputs) == 1 else f"x[{k}]")
        if given != wanted:
            advice = _ADD_CHANNELS(name=name) if (*given, 1) == wanted else _RESHAPE()
            raise DataError(_INPUT_SHAPE(name=name, given=show_shape(given), wanted=show_shape(wanted), advice=advice))
        if array.dtype.kind == "f" and _is_read_as_integers(tensor, network):
            fractions = array[array != np.floor(array)]
            if fractions.size:
                raise DataError(_FRACTIONS(name=name, value=fractions[0]))


def _check_float32(samples: Samples) -> None:
    for name, array in samples.named():
        if array.dtype.kind != "f" or array.dtype.itemsize <= 4:
            continue
        largest = max(array.max(), array.min(), key=abs)
        with np.errstate(over="ignore"):
            fits = np.isfinite(np.float32(largest))
        if not fits:
            end = np.finfo(np.float32).max
            raise DataError(_TOO_LARGE(name=name, value=largest, end=end))


def _is_read_as_integers(tensor: Tensor, network: Network) -> bool:
    """Whether everything that uses an input converts it to integers first."""
    modes = (network.inference, network.training)
    roots = [y for mode in modes for y in (mode if isinstance(mode, tuple) else (mode,))]
    users = [node for node in topological(roots) if any(x is tensor for x in node.inputs)]
    return bool(users) and all(node.operation is CAST and not node.dtype.floating for node in users)


def check_targets(samples: Samples, outputs: Outputs, loss: LossFunction) -> None:
    """Refuse labels that are not among the classes, and targets that are no probabilities where the loss needs them.

    Raises:   DataError, naming the first of them; UsageError for cross-entropy with a network of one output.
    """
    if not isinstance(outputs, Tensor) or len(samples.targets) != 1:
        return
    (y,), name = samples.targets, f"{samples.prefix}y"
    classes = outputs.shape[-1]
    one_label = y.ndim == outputs.ndim - 1 and isinstance(classes, int)
    if isinstance(loss, BinaryCrossEntropy | BinaryFocalCrossEntropy) and (outside := (y < 0) | (y > 1)).any():
        raise DataError(_NOT_PROBABILITIES(name=name, value=y[outside][0]))
    if isinstance(loss, CategoricalCrossEntropy | CategoricalFocalCrossEntropy):
        _check_classes(name, y, outputs)
    if one_label and (isinstance(loss, CategoricalLoss) or (isinstance(loss, SquaredDistance) and classes != 1)):
        assert isinstance(classes, int)
        check_labels(y, classes, name)


def _check_classes(name: str, y: Array, outputs: Tensor) -> None:
    """Refuse what only looks like a classification, such as a regression whose loss was forgotten."""
    *places, classes = outputs.shape[1:] or (None,)
    if classes == 1:
        raise UsageError(_ONE_OUTPUT(advice=_OTHER_LOSS()))
    if not isinstance(classes, int):
        return
    if y.dtype.kind == "f" and y.shape[1:] in ((), (1,)):
        raise DataError(_NOT_LABELS(name=name, dtype=y.dtype, last=classes - 1, advice=_OTHER_LOSS()))
    if y.shape[1:] == (1,) and not places:
        raise DataError(_LABEL_COLUMN(name=name, shape=show_shape(y.shape), samples=len(y)))
    if y.shape[1:] == outputs.shape[1:]:
        wrong = (y < 0).any(-1) | (np.abs(y.sum(-1, dtype=np.float64) - 1) > 1e-3)
        if wrong.any():
            first = tuple(int(i) for i in np.argwhere(wrong)[0])
            row = ", ".join(map(str, first))
            value = np.array2string(y[first], threshold=6)
            raise DataError(_NOT_A_DISTRIBUTION(name=name, row=row, value=value, advice=_OTHER_LOSS()))
