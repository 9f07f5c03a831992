"""Which executor runs a graph: native code where there is a C compiler, else NumPy, and one line that says so."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from chainrule.errors import CompilerError, UsageError
from chainrule.execute.native import NativeProgram
from chainrule.execute.reference import Program
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion
from chainrule.messages.paragraph import print_paragraph

Executor: TypeAlias = Literal["auto", "native", "reference"]

_EXECUTOR = Message(
    "choice.executor",
    en="executor='{given}' is not known; choose 'auto', 'native' or 'reference'.{suggestion}",
    zh="未知的 executor='{given}'；可选 'auto'、'native' 或 'reference'。{suggestion}",
)
_FALLBACK = Message(
    "choice.fallback",
    en="chainrule: running in NumPy, many times slower than native code: {reason}",
    zh="chainrule：正在用 NumPy 运行，比本机代码慢许多倍：{reason}",
)

_INTERNAL = Message(
    "choice.internal",
    en="the compiler failed on this graph ({kind}: {error}); please report it. executor='native' shows where.",
    zh="编译器在此计算图上失败（{kind}：{error}），请报告此问题。executor='native' 会显示出错位置。",
)

_said: set[str] = set()  # reasons that this process has already given


def program(
    outputs: Sequence[Tensor],
    executor: Executor = "auto",
    carried: Mapping[Tensor, int] | None = None,
    watched: int | None = None,
    batch: int | None = None,
) -> NativeProgram | Program:
    """What computes some outputs: a native program, or the reference executor's.

    `carried`, `watched` and `batch` are those of a NativeProgram. With "auto" a line on standard error says, once, why
    it is not native, and what to install.

    Raises:   UsageError for an unknown executor; CompilerError where "native" is asked for and there is no C compiler.
    """
    check_executor(executor)
    if executor == "reference":
        return Program(outputs)
    try:
        return NativeProgram(outputs, carried, watched, batch=batch)
    except UsageError:  # a mistake in the environment, which the user can correct
        raise
    except Exception as error:
        if executor == "native":
            raise
        reason = str(error) if isinstance(error, CompilerError) else _INTERNAL(kind=type(error).__name__, error=error)
        if reason not in _said:
            _said.add(reason)
            print_paragraph(_FALLBACK(reason=reason), sys.stderr)
        return Program(outputs)


def check_executor(executor: str) -> None:
    """Refuse what is not the name of an executor.

    Raises:   UsageError, with the names.
    """
    if executor not in get_args(Executor):
        raise UsageError(_EXECUTOR(given=executor, suggestion=suggestion(executor, get_args(Executor))))
