"""What numbers a network multiplies: float32, or bfloat16 with sums in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, get_args

from chainrule.compiler.lowering import needed
from chainrule.compiler.target import detect
from chainrule.errors import CompilerError, UsageError
from chainrule.execute.choice import Executor
from chainrule.graph.dtype import DType, float32
from chainrule.graph.extent import Batch
from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message, suggestion
from chainrule.ops.kinds.indexed import Indexed
from chainrule.ops.rounding import round_to_bfloat16

Precision: TypeAlias = Literal["float32", "bf16"]
PRECISIONS = get_args(Precision)

_PRECISION = Message(
    "precision.unknown",
    en="precision={given!r} is not known; choose 'float32' or 'bf16'.{suggestion}",
    zh="未知的 precision={given!r}；可选 'float32' 或 'bf16'。{suggestion}",
)
_NO_INSTRUCTIONS = Message(
    "precision.no_instructions",
    en="precision='bf16' needs instructions for products of bfloat16 (AVX512-BF16, also beside AMX-BF16), and the"
    " instruction set used here, {name}, has none. Leave precision away: float32 is fastest here; or ask for"
    " executor='reference', which computes the same in NumPy, slowly.",
    zh="precision='bf16' 需要 bfloat16 乘积指令（AVX512-BF16，含 AMX-BF16 的处理器也有），而此处使用的指令集"
    " {name} 没有这种指令。请省略 precision：在此 float32 最快；或使用 executor='reference'，"
    "它用 NumPy 缓慢地完成同样的计算。",
)
_FLOAT64 = Message(
    "precision.float64",
    en="precision='bf16' is for models of float32, but this one computes in float64. Leave one of the two away.",
    zh="precision='bf16' 用于 float32 的模型，而该模型以 float64 计算。请去掉其中之一。",
)


def as_precision(name: str, dtype: DType = float32) -> Precision:
    """The precision of this name, for a model of this type.

    Raises:   UsageError, with the names there are, or if the model is not of float32 and precision is to be lower.
    """
    if name not in PRECISIONS:
        raise UsageError(_PRECISION(given=name, suggestion=suggestion(str(name), PRECISIONS)))
    if name == "bf16" and dtype is not float32:
        raise UsageError(_FLOAT64())
    return cast(Precision, name)


def check_instructions(precision: Precision, executor: Executor) -> None:
    """Refuse native code for a precision that the processor has no instructions for.

    Raises:   CompilerError, with what to do instead.
    """
    if precision == "bf16" and executor != "reference" and not (target := detect()).pairs:
        raise CompilerError(_NO_INSTRUCTIONS(name=target.name))


def in_precision(outputs: Sequence[Tensor], precision: Precision) -> list[Tensor]:
    """The same outputs, computed in a precision.

    In "bf16" the factors of every sum of products of samples are rounded to bfloat16, and the sums stay in float32:
    of convolutions, dense layers and matrix products, and of their gradients, since a graph holds derivatives like
    anything else. All other values are float32: normalisation, activations, losses, and all of the optimizer.

    Example:
        >>> from chainrule.graph.extent import batch
        >>> from chainrule.graph.tensor import input_tensor
        >>> from chainrule.ops.contraction import matmul
        >>> x, w = input_tensor("x", (batch, 2)), input_tensor("w", (2, 1))
        >>> (y,) = in_precision([matmul(x, w)], "bf16")
        >>> [factor.operation.name for factor in y.inputs]
        ['round_to_bfloat16', 'round_to_bfloat16']
    """
    if precision == "float32":
        return list(outputs)
    made: dict[Tensor, Tensor] = {}
    rounded: dict[Tensor, Tensor] = {}
    for node in topological(outputs, needed):
        inputs = tuple(made[x] for x in needed(node))
        if isinstance(node.operation, Expandable) and node.value is None:
            made[node] = node if inputs[0] is node.expansion else inputs[0]
            continue
        if is_sum_of_products(node):
            inputs = tuple(rounded.setdefault(x, round_to_bfloat16(x)) for x in inputs)
        if all(a is b for a, b in zip(inputs, needed(node), strict=True)):
            made[node] = node
        else:
            parts = node.operation, inputs, node.attributes, node.type
            made[node] = Tensor(*parts, name=node.name, where=node.where)
    return [made[y] for y in outputs]


def is_sum_of_products(node: Tensor) -> bool:
    """Whether a node sums up products of float32 in which samples are met; parameters alone are for an optimizer."""
    if not isinstance(node.operation, Indexed) or node.value is not None or node.dtype is not float32:
        return False
    if len(node.inputs) < 2 or not any(isinstance(extent, Batch) for x in node.inputs for extent in x.shape):
        return False
    indexing = node.operation.indexing(node)
    return not {i.pure for i in indexing.output}.issuperset(indexing.axes)  # an axis that meets others is summed over
