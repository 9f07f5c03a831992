"""A tensor explained: every step of its value and of its derivatives, with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from chainrule.autodiff.explanation.formula import Symbol
from chainrule.autodiff.reverse import refuse_blocked
from chainrule.errors import GradientError, GraphError, ShapeError, UsageError
from chainrule.execute.reference import bound
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor, input_tensor, number
from chainrule.messages import Message, suggestion

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.explanation import Explanation
    from chainrule.autodiff.explanation.plan import Plan

_MOST_STEPS = 200

_NOT_A_TENSOR = Message(
    "explain.not_a_tensor",
    en="explain takes a tensor, the result of a computation, but was given {kind}. Apply the function first, e.g. "
    "cr.explain(f(x)).",
    zh="explain 接受张量（计算的结果），但给出的是 {kind}。请先调用函数，例如 cr.explain(f(x))。",
)
_UNBOUND = Message(
    "explain.unbound",
    en="the values of {inputs} are not known; give them, e.g. cr.explain(y, values={{'{first}': ...}}).",
    zh="{inputs} 的值未知；请给出它们，例如 cr.explain(y, values={{'{first}': ...}})。",
)
_NO_INPUT = Message(
    "explain.no_input",
    en="no input is called '{name}'; those without a value of their own are {known}.{suggestion}",
    zh="没有名为“{name}”的输入；尚无值的输入有 {known}。{suggestion}",
)
_NOT_SCALAR = Message(
    "explain.not_scalar",
    en="the derivatives of a result of shape {shape} by all variables are many matrices. Explain one number of it, "
    "e.g. cr.explain(y[0]) or cr.explain(cr.sum(y)), or give a direction= for forward mode.",
    zh="形状为 {shape} 的结果对各变量的导数是许多矩阵。请解释其中一个数，例如 cr.explain(y[0]) 或 "
    "cr.explain(cr.sum(y))；或给出 direction= 以使用前向模式。",
)
_TOO_MANY = Message(
    "explain.too_many",
    en="this computation has {steps} steps, more than the {most} that anybody reads. Name the values between which "
    "steps are to be seen, e.g. cr.explain(y, names={{'hidden': h}}, steps='named'), and open those of interest.",
    zh="该计算有 {steps} 个步骤，超过可阅读的 {most} 个。请指定要展示的中间值，例如 "
    "cr.explain(y, names={{'hidden': h}}, steps='named')，再展开感兴趣的步骤。",
)
_NOT_IN_IT = Message(
    "explain.not_in_it",
    en="the result does not depend on {node}; its derivative by it is zero everywhere. Was it made from another "
    "tensor?",
    zh="结果不依赖 {node}；对它的导数处处为零。结果是否由另一个张量构成？",
)
_WHOLE_NUMBERS = Message(
    "explain.whole_numbers",
    en="derivatives are by floating numbers, but {node} is {dtype}.",
    zh="只能对浮点数求导，但 {node} 为 {dtype}。",
)
_BOTH = Message(
    "explain.both",
    en="give `by` for reverse mode or `direction` for forward mode, not both.",
    zh="请给出 by（反向模式）或 direction（前向模式），不能同时给出。",
)
_STEPS = Message(
    "explain.steps",
    en="steps='{steps}' is not known; use 'all', or 'named' for those between the values that have names.{suggestion}",
    zh="未知的 steps='{steps}'；请使用 'all'，或用 'named' 只显示有名称的值之间的步骤。{suggestion}",
)
_BY_NAME = Message(
    "explain.by_name",
    en="{argument}={given} is no dict; give numbers by the name of what they are for, e.g. {argument}={{'x': 2.0}}.",
    zh="{argument}={given} 不是字典；请按名称给出数值，例如 {argument}={{'x': 2.0}}。",
)
_BY = Message(
    "explain.by",
    en="by={given} names no variable; give tensors or their names, one or a list, e.g. by=['x', 'w'].",
    zh="by={given} 未指明变量；请给出张量或其名称，单个或列表均可，例如 by=['x', 'w']。",
)
_NO_VARIABLE = Message(
    "explain.no_variable",
    en="nothing is called '{name}' in this computation; it has {known}. Call tensors by name with names=.{suggestion}",
    zh="该计算中没有名为“{name}”的量；其中有 {known}。可用 names= 为张量命名。{suggestion}",
)

Variable = str | Tensor
_Bindings = dict[Tensor, Array]


def explain(
    result: Tensor,
    by: Variable | Sequence[Variable] | None = None,
    *,
    values: Mapping[Any, ArrayLike] | None = None,
    names: Mapping[str, Any] | None = None,
    direction: Mapping[Any, ArrayLike] | None = None,
    steps: Literal["all", "named"] = "all",
) -> Explanation:
    """Every step of a computation and of its derivatives, with numbers: values forward, then the chain rule back.

        dL/dx = Σ dL/du · ∂u/∂x, over all steps u that read x

    by         the variables, or their names; without it all that come from outside
    values     of inputs that have none, by name or tensor
    names      for tensors on the way; `locals()` calls all as your program does, what is no tensor being left out; the
               last of several names counts
    direction  a change of some variables, by name or tensor: forward mode, which takes the derivatives along with the
               values
    steps      "named": one step from each named value to the next, which `open` shows; for large graphs

    Raises:   GraphError if an input has no value; ShapeError if a result is not one number and no direction is given;
              UsageError if there are more than 200 steps, or names that nothing has.
    Example:
        >>> from chainrule.graph.tensor import tensor
        >>> w, x = tensor(3.0), tensor(2.0)
        >>> print(explain((w * x) * w, names={"w": w, "x": x}, by="w"))
        L, step by step
        <BLANKLINE>
        Given
          w = 3
          x = 2
        ...
    """
    from chainrule.autodiff.explanation.plan import Plan, named

    if not isinstance(result, Tensor):
        raise UsageError(_NOT_A_TENSOR(kind=type(result).__name__))
    for argument, given in (("values", values), ("names", names), ("direction", direction)):
        if given is not None and not hasattr(given, "items"):
            raise UsageError(_BY_NAME(argument=argument, given=repr(given)))
    if by is not None and direction is not None:
        raise UsageError(_BOTH())
    if steps not in ("all", "named"):
        raise UsageError(_STEPS(steps=steps, suggestion=suggestion(steps, ("all", "named"))))
    if by is not None and result.shape != ():
        raise ShapeError(_NOT_SCALAR(shape=show_shape(result.shape)))
    if not isinstance(by, str | Tensor | list | tuple | None):
        raise UsageError(_BY(given=repr(by)))
    variables = [by] if isinstance(by, str | Tensor) else [*(by or ()), *(direction or ())]
    if not all(isinstance(v, str | Tensor) for v in variables):
        raise UsageError(_BY(given=repr(variables)))
    chosen = {name: t for name, t in (names or {}).items() if isinstance(t, Tensor)}
    landmarks = frozenset([*chosen.values(), *(v for v in variables if isinstance(v, Tensor)), result])
    plan = Plan(result, landmarks=landmarks if steps == "named" else None)
    if len(plan.steps) > _MOST_STEPS:
        raise UsageError(_TOO_MANY(steps=f"{len(plan.steps):,}", most=_MOST_STEPS))
    symbols = named(plan, chosen)
    bindings = _bindings(plan, symbols, values or {})
    found = {v: _variable(v, symbols) for v in variables}
    if direction is not None:
        return _forward(plan, symbols, bindings, {found[v]: change for v, change in direction.items()})
    wanted = list(found.values()) or [node for node in plan.sources if node.dtype.floating]
    return _reverse(plan, symbols, bindings, wanted, refuse=by is not None)


def _reverse(
    plan: Plan, symbols: Mapping[Tensor, Symbol], bindings: _Bindings, by: Sequence[Tensor], *, refuse: bool
) -> Explanation:
    from chainrule.autodiff.explanation.edges import Notation
    from chainrule.autodiff.explanation.explanation import explanation_of
    from chainrule.autodiff.explanation.flow import backward
    from chainrule.autodiff.explanation.making import Making

    result = plan.root
    flow = None
    if by and result.shape == () and result.dtype.floating:
        flow = backward(plan, number(1.0, result.dtype), by)
    if refuse and not any(flow is not None and x in flow.totals for x in by):
        refuse_blocked(result, by)
    making = Making(plan, symbols, bindings, flow, Notation(symbols[result], None))
    return explanation_of(making, symbols[result], "none" if flow is None else "reverse")


def _forward(
    plan: Plan, symbols: Mapping[Tensor, Symbol], bindings: _Bindings, changes: Mapping[Tensor, ArrayLike]
) -> Explanation:
    from chainrule.autodiff.explanation.edges import Notation
    from chainrule.autodiff.explanation.explanation import explanation_of
    from chainrule.autodiff.explanation.flow import forward
    from chainrule.autodiff.explanation.making import Making

    directions = {x: input_tensor(f"direction of {symbols[x].name}", x.shape, x.dtype) for x in changes}
    given = bindings | {directions[node]: np.asarray(change) for node, change in changes.items()}
    making = Making(plan, symbols, given, forward(plan, directions), Notation(None, _along(changes, symbols)))
    return explanation_of(making, symbols[plan.root], "forward")


def _along(changes: Mapping[Tensor, ArrayLike], symbols: Mapping[Tensor, Symbol]) -> Symbol:
    """What the direction is called: the variable itself where it is a number that changes by 1, otherwise s."""
    if len(changes) == 1:
        ((node, change),) = changes.items()
        if node.shape == () and np.array_equal(np.asarray(change), 1):
            return symbols[node]
    taken = {symbol.name for symbol in symbols.values()}
    return Symbol(next(letter for letter in ("s", "ε", "direction") if letter not in taken))


def _variable(variable: Variable, symbols: Mapping[Tensor, Symbol]) -> Tensor:
    """The node that is meant, which has to have derivatives."""
    by_name = {symbol.name: node for node, symbol in symbols.items()}
    node = by_name.get(variable.replace("/", ".")) if isinstance(variable, str) else variable
    if node is None:
        raise UsageError(
            _NO_VARIABLE(name=variable, known=", ".join(by_name), suggestion=suggestion(str(variable), by_name))
        )
    if node not in symbols:
        raise UsageError(_NOT_IN_IT(node=node.describe()))
    if not node.dtype.floating:
        raise GradientError(_WHOLE_NUMBERS(node=node.describe(), dtype=node.dtype))
    return node


def _bindings(plan: Plan, symbols: Mapping[Tensor, Symbol], values: Mapping[Any, ArrayLike]) -> _Bindings:
    """The values for all inputs that have none of their own."""
    inputs = {symbols[node].name: node for node in plan.sources if node.value is None}
    bindings: _Bindings = {}
    for key, value in values.items():
        node = inputs.get(key.replace("/", ".")) if isinstance(key, str) else key
        if node not in set(inputs.values()):
            name = key if isinstance(key, str) else getattr(key, "name", "") or repr(key)
            known = ", ".join(inputs) or "none"
            raise UsageError(_NO_INPUT(name=name, known=known, suggestion=suggestion(name, inputs)))
        bindings[node] = value  # type: ignore[assignment]
    missing = [name for name, node in inputs.items() if node not in bindings]
    if missing:
        raise GraphError(_UNBOUND(inputs=", ".join(missing), first=missing[0]))
    return bound(bindings, None)[0]
