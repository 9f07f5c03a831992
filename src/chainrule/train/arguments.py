"""What a model and its training are given, once it is certain what is meant; all else is refused, with what to give."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chainrule.data import check_batch_size
from chainrule.errors import DTypeError, UsageError
from chainrule.graph.dtype import DType, as_dtype, float32, float64
from chainrule.messages import Message
from chainrule.nn.names import refuse_class
from chainrule.nn.signatures import refuse_without_scope
from chainrule.optim import Optimizer
from chainrule.train.callback import Callback
from chainrule.train.metrics import Objective
from chainrule.train.progress import EpochLines
from chainrule.train.samples import Samples, as_samples

if TYPE_CHECKING:
    from chainrule.train.model import Model

_ARCHITECTURE = Message(
    "model.architecture",
    en="the architecture is {given}, which is neither a layer nor a function (x, scope) → y. Give one, such as"
    " Model(Sequential([Dense(8, 'relu'), Dense(1)])) or Model(lenet5()).",
    zh="架构为 {given}，它既不是层，也不是函数 (x, scope) → y。请给出其一，例如"
    " Model(Sequential([Dense(8, 'relu'), Dense(1)])) 或 Model(lenet5())。",
)
_DTYPE = Message(
    "model.dtype",
    en="dtype={given!r} is no type to learn in; choose 'float32' or 'float64'. Products of fewer digits are asked for"
    " with precision='bf16'.",
    zh="dtype={given!r} 不能用于学习；可选 'float32' 或 'float64'。若要用更少位数的乘积，请使用 precision='bf16'。",
)
_FULL_BATCH = Message(
    "model.full_batch",
    en="{optimizer} needs all {samples} samples in each step, but batch_size is {size}: its steps compare losses, which"
    " must be one and the same. Leave batch_size out, or choose an optimizer for mini-batches, such as Adam.",
    zh="{optimizer} 每一步都需要全部 {samples} 个样本，而 batch_size 为 {size}：它要比较各步的损失，损失必须是同一个。"
    "请省略 batch_size，或选择适用于小批量的优化器，例如 Adam。",
)
_EPOCHS = Message(
    "model.epochs",
    en="epochs is {epochs!r}; it must be a whole number, at least 1.",
    zh="epochs 为 {epochs!r}；它必须是不小于 1 的整数。",
)
_TWO_VALIDATIONS = Message(
    "model.two_validations",
    en="Both validation_data and validation_split are given. Choose one of them.",
    zh="同时给出了 validation_data 和 validation_split。请只选其一。",
)
_VALIDATION_DATA = Message(
    "model.validation_data",
    en="validation_data must be (x, y) or (x, y, sample_weight), but is {given}.",
    zh="validation_data 必须是 (x, y) 或 (x, y, sample_weight)，但给出的是 {given}。",
)
_CALLBACKS = Message(
    "model.callbacks",
    en="callbacks is {given}, but must be a list, even of one: callbacks=[EarlyStopping()].",
    zh="callbacks 为 {given}，但它必须是列表，即使只有一个：callbacks=[EarlyStopping()]。",
)
_CALLBACK = Message(
    "model.callback",
    en="callbacks has the entry {given}, which is no Callback. Give objects of classes derived from Callback, such as"
    " EarlyStopping().",
    zh="callbacks 中的 {given} 不是 Callback。请给出 Callback 派生类的实例，例如 EarlyStopping()。",
)
_VERBOSE = Message(
    "model.verbose",
    en="verbose is {verbose!r}; choose 0 (silent), or 1 or 2 (a line per epoch).",
    zh="verbose 为 {verbose!r}；可选 0（不输出），或 1、2（每轮一行）。",
)

_DEFAULT_BATCH = 32


def check_architecture(architecture: Any) -> None:
    """Refuse what is neither a layer nor a function that calls layers."""
    refuse_class("the architecture", architecture)
    if not callable(architecture):
        given = type(architecture).__name__ if isinstance(architecture, list | tuple) else repr(architecture)
        raise UsageError(_ARCHITECTURE(given=given))
    refuse_without_scope("the architecture", architecture)


def divided(
    model: Model, goal: Objective, samples: Samples, validation_data: Any, validation_split: float
) -> tuple[Samples, Samples | None]:
    """The samples to learn from, and those to validate with: given, or set aside from them, or none.

    Raises:   DataError and ShapeError if model or goal cannot take them; UsageError where it is unclear which they are.
    """
    given = None if validation_data is None else _validation_samples(validation_data, validation_split)
    model.check(samples, goal)
    if given is None:
        return samples.split(validation_split, model.seed)
    model.check(given, goal)
    return samples, given


def _validation_samples(data: Any, fraction: float) -> Samples:
    if fraction:
        raise UsageError(_TWO_VALIDATIONS())
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise UsageError(_VALIDATION_DATA(given=type(data).__name__))
    return as_samples(*data, prefix="validation ")


def checked_dtype(dtype: Any) -> DType:
    """float32 or float64, from its name or NumPy's type."""
    try:
        found = None if dtype is None else as_dtype(dtype)  # NumPy takes None for float64
    except DTypeError:
        found = None
    if found not in (float32, float64):
        raise UsageError(_DTYPE(given=str(dtype)))
    assert found is not None
    return found


def checked_batch(batch_size: Any, optimizer: Optimizer, samples: int) -> int:
    """The number of samples in a batch; None is what suits the optimizer."""
    if batch_size is None:
        return samples if optimizer.full_batch else min(_DEFAULT_BATCH, samples)
    size = check_batch_size(batch_size, samples)
    if optimizer.full_batch and size < samples:
        raise UsageError(_FULL_BATCH(optimizer=type(optimizer).__name__, size=size, samples=samples))
    return size


def checked_epochs(epochs: Any) -> int:
    """The number of epochs as an integer."""
    try:
        number = operator.index(epochs)
    except TypeError:
        raise UsageError(_EPOCHS(epochs=epochs)) from None
    if number < 1:
        raise UsageError(_EPOCHS(epochs=epochs))
    return number


def checked_callbacks(callbacks: Any) -> list[Callback]:
    """The callbacks as a list."""
    if not isinstance(callbacks, Iterable):
        raise UsageError(_CALLBACKS(given=callbacks.__name__ if isinstance(callbacks, type) else repr(callbacks)))
    for callback in (found := list(callbacks)):
        refuse_class("an entry of callbacks", callback)
        if not isinstance(callback, Callback):
            raise UsageError(_CALLBACK(given=repr(callback)))
    return found


def epoch_lines(verbose: Any) -> list[Callback]:
    """What prints a line for each epoch, if it is asked for."""
    if verbose not in (0, 1, 2):
        raise UsageError(_VERBOSE(verbose=verbose))
    return [EpochLines()] if verbose else []
