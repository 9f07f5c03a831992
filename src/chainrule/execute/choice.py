"""Which executor runs a program: native code, or the reference executor where there is no C compiler."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chainrule.errors import CompilerError, UsageError
from chainrule.execute.reference import Program
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message, suggestion

if TYPE_CHECKING:
    from chainrule.execute.native import NativeProgram

EXECUTORS = ("auto", "native", "reference")

_UNKNOWN_EXECUTOR = Message(
    "executor.unknown",
    en="there is no executor '{given}'; choose one of {known}.{suggestion}",
    zh="没有名为“{given}”的执行器；可选：{known}。{suggestion}",
)
_FALLBACK = Message(
    "executor.fallback",
    en="chainrule runs on the slower reference executor, because no native code can be made here: {reason}",
    zh="chainrule 将使用较慢的参考执行器，因为此处无法生成本机代码：{reason}",
)

_lock = threading.Lock()
_said = False


def program(
    outputs: Sequence[Tensor],
    executor: str = "auto",
    carried: Mapping[Tensor, int] | None = None,
    watched: int | None = None,
) -> Program | NativeProgram:
    """A program for some outputs, made by one executor: `run` is the same, up to rounding, whichever that is.

    "native" is compiled, "reference" is not, and "auto" is compiled where that is possible; where it is not, a warning
    of the logger "chainrule" (one line on stderr, unless logging is set up otherwise) says why, once in a process.
    `carried` and `watched` are those of a native program; a reference program leaves both to its caller.

    Raises:   UsageError if there is no such executor; CompilerError if it is "native" and there is no compiler.
    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> x = input_tensor("x", (3,))
        >>> program([x * 2], "reference").run({x: [1, 2, 3]})
        [array([2., 4., 6.], dtype=float32)]
    """
    require_executor(executor)
    if executor == "reference":
        return Program(outputs)
    # The compiler's passes are loaded when they are first needed: a program that only evaluates starts sooner.
    from chainrule.compiler.toolchain import find_compiler
    from chainrule.execute.native import NativeProgram

    try:
        find_compiler()  # before the passes, which take longer than this and would be for nothing
        return NativeProgram(outputs, carried, watched)
    except CompilerError as reason:
        if executor == "native":
            raise
        _say_once(str(reason))
        return Program(outputs)


def require_executor(executor: str) -> None:
    if executor not in EXECUTORS:
        known = ", ".join(EXECUTORS)
        raise UsageError(_UNKNOWN_EXECUTOR(given=executor, known=known, suggestion=suggestion(executor, EXECUTORS)))


def _say_once(reason: str) -> None:
    global _said
    with _lock:
        first, _said = not _said, True
    if first:
        logging.getLogger("chainrule").warning("%s", _FALLBACK(reason=" ".join(reason.split())))
