"""Functions compiled: traced once for each kind of arguments, then run as one native program."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property, update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from chainrule.errors import DTypeError, GraphError, ShapeError, UsageError
from chainrule.execute.call import Arguments, Reader, open_inputs
from chainrule.execute.reference import Program
from chainrule.execute.structures import Form, flat, parts_of, rebuilt
from chainrule.graph.dtype import float32, float64
from chainrule.graph.operation import Array
from chainrule.graph.tensor import SOURCE, Tensor, input_tensor, tensor
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.compiler.pipeline import Compiled
    from chainrule.execute.choice import Executor
    from chainrule.execute.direct import DirectCall
    from chainrule.execute.native import NativeProgram

_NOT_A_FUNCTION = Message(
    "compile.not_a_function",
    en="cr.compile takes a function of tensors, but was given {given}. A model needs no compiling: fit, evaluate and "
    "predict do so by themselves.",
    zh="cr.compile 需要一个张量的函数，但得到的是 {given}。模型无需编译：fit、evaluate 和 predict 会自行编译。",
)
_BATCH = Message(
    "compile.batch",
    en="batch={given} is not understood: give the number of the argument whose first axis counts samples, or several, "
    "e.g. batch=0 or batch=(1, 2).",
    zh="无法理解 batch={given}：请给出第一个轴为样本的参数的编号，可以是多个，例如 batch=0 或 batch=(1, 2)。",
)
_LOOKS = Message(
    "compile.looks",
    en="{function} looks at a value while it is traced ({where}): with if, float(), .numpy(), len() or a loop over a "
    "tensor. There are no values yet, only shapes: select with cr.where in place of if, and fix what decides the shape "
    "of the computation outside, e.g. by functools.partial.",
    zh="{function} 在追踪时查看了张量的值（{where}）：例如使用了 if、float()、.numpy()、len() 或对张量的循环。此时"
    "只有形状，还没有值：请用 cr.where 代替 if，并在函数之外（例如用 functools.partial）固定决定计算形状的内容。",
)
_NO_TENSORS = Message(
    "compile.no_tensors",
    en="{function} must return tensors, or tuples, lists and dicts of them, but returned {given}. Compute the result "
    "from the arguments with chainrule's operations, and return it.",
    zh="{function} 必须返回张量，或由张量组成的元组、列表和字典，但返回了 {given}。请用 chainrule 的操作由参数计算"
    "结果并返回。",
)
_OPEN = Message(
    "compile.open",
    en="{function} reads the input {input}, which nothing gives a value. Make it an argument of the function.",
    zh="{function} 读取了没有值的输入 {input}。请将它作为函数的参数。",
)
_NOT_YET = Message(
    "compile.not_yet",
    en="{function} has not been compiled for any arguments yet: call it first, or say for which arguments, e.g. "
    "f.program(x).show('c').",
    zh="{function} 尚未针对任何参数编译：请先调用它，或指明参数，例如 f.program(x).show('c')。",
)


def compile(
    function: Callable[..., Any],
    *,
    batch: int | tuple[int, ...] | list[int] = (),
    executor: Executor = "auto",
) -> CompiledFunction:
    """The same function as native code: f is traced once for each kind of arguments, and from then on only computed.

    Arguments are arrays, numbers, tensors, or tuples, lists and dicts of them. The results are NumPy arrays in the form
    of f's result: they are finished numbers, not a graph; so derivatives are taken inside, as in `compile(grad(f))`.
    Shapes, types and structure of the arguments make their kind; a new kind is a new program. `batch` names arguments
    as grad's argnums does: their first axis counts samples, and one program serves every number of them.

    Numbers are arguments like others and never make a new program; Python's take the widest floating type among the
    arrays, or float32. Tensors that f finds outside itself are read when it is traced, and not again. f may be called
    by several threads. While another function is traced, or under vmap, a compiled f is simply part of that graph.

    `executor` is "native", "reference" (NumPy, without a compiler), or "auto": native where there is a C compiler,
    otherwise reference, which a line on standard error then says, once.

    Raises:   UsageError if f gives no tensors; GraphError if it looks at a value while it is traced; ShapeError where
              batch sizes disagree; DTypeError for arguments that are no numbers; CompilerError if the executor is
              "native" and there is no compiler.
    Example:
        >>> from chainrule.ops import sum, tanh
        >>> from chainrule.autodiff import grad
        >>> import numpy as np
        >>> slope = compile(grad(lambda w: sum(tanh(w * 2.0))))
        >>> slope(np.array([0.0, 0.5]))
        array([2.        , 0.83994868])
        >>> norms = compile(lambda x: {"square": sum(x * x, axis=1)}, batch=0)
        >>> norms(np.ones((4, 3), "float32"))
        {'square': array([3., 3., 3., 3.], dtype=float32)}
        >>> norms(np.ones((1, 3), "float32"))
        {'square': array([3.], dtype=float32)}
    """
    from chainrule.execute.choice import check_executor

    if not callable(function):
        raise UsageError(_NOT_A_FUNCTION(given=type(function).__name__))
    check_executor(executor)
    numbers = tuple(batch) if isinstance(batch, list | tuple) else (batch,)
    if not all(type(k) is int for k in numbers):
        raise UsageError(_BATCH(given=repr(batch)))
    return CompiledFunction(function, numbers, executor)


class CompiledProgram:
    """A function traced for one kind of arguments, and the program that computes it.

    Example:
        >>> program = compile(lambda x: x * 2 + 1).program([1.0, 2.0, 3.0])
        >>> print(program.show("groups"))
        phase 0, whole arrays
          k0  add[i] = x[i]·2 + 1
    """

    def __init__(
        self,
        inputs: Sequence[Tensor],
        arguments: Sequence[Form],
        outputs: Mapping[str, Tensor],
        form: Form,
        program: Program | NativeProgram,
    ) -> None:
        self.inputs = list(inputs)
        self.arguments = tuple, tuple(range(len(arguments))), tuple(arguments)
        self.outputs = dict(outputs)
        self.form = form
        self.program = program
        self._direct: DirectCall | None = None
        self._looked_for_direct = False

    def run(self, arrays: Sequence[Array], size: int | None) -> Any:
        """The results, for the values of the inputs in their order, in the form that the function gives them."""
        found = self.program.run(dict(zip(self.inputs, arrays, strict=True)), batch=size)
        if not self._looked_for_direct:
            self._direct, self._looked_for_direct = self._made_direct(), True
        return rebuilt(self.form, iter(_with_memory_of_their_own(found, arrays)))

    def directly(self, arguments: tuple[Any, ...]) -> Any:
        """The results for arguments that are arrays of this very kind; None where they need a closer look."""
        if self._direct is None or (arrays := parts_of(self.arguments, arguments)) is None:
            return None
        found = self._direct(*arrays)
        return None if found is None else rebuilt(self.form, iter(found))

    def _made_direct(self) -> DirectCall | None:
        from chainrule.execute.direct import direct

        if isinstance(self.program, Program):
            return None
        # Python's fractions have the widest floating type among the arrays (call.py): where that is known beforehand
        doubles = [x for x in self.inputs if x.dtype is float64]
        floats = float64 if any(x.shape for x in doubles) else None if doubles else float32
        fractions = {x for x in self.inputs if not x.shape and x.dtype is floats}
        return direct(self.program, self.inputs, fractions=fractions)

    @cached_property
    def compiled(self) -> Compiled:
        """All that the compiler worked out; without a C compiler too, since the C text needs none."""
        from chainrule.compiler.pipeline import compiled
        from chainrule.compiler.target import detect

        if isinstance(self.program, Program):
            return compiled(self.program.outputs, {}, None, detect())
        return self.program.compiled

    def show(self, stage: str, *, batch: int | None = None) -> str:
        """One stage of the compilation as text; see `chainrule.compiler.show`. `batch` is for "memory"."""
        from chainrule.compiler.show import show

        return show(self.outputs, self.compiled, stage, batch=batch)


class CompiledFunction:
    """What `compile` gives: called like the function itself; `show` lets you look inside."""

    def __init__(self, function: Callable[..., Any], batch: tuple[int, ...], executor: Executor) -> None:
        update_wrapper(self, function)
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.executor: Executor = executor
        self._programs: dict[Hashable, CompiledProgram] = {}
        self._last: CompiledProgram | None = None
        self._reader = Reader(function, self.name, batch)
        self._lock = threading.RLock()
        _functions.add(self)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self._last is not None and not keywords and (found := self._last.directly(arguments)) is not None:
            return found
        read = self._reader.read(arguments, keywords)
        if read is None:
            return self.function(*arguments, **keywords)
        return self._program(read).run([x.array for x in read.leaves], read.size)

    def program(self, *arguments: Any, **keywords: Any) -> CompiledProgram:
        """The program for arguments of this kind, made but not run.

        Raises:   as calling the function does; GraphError if the arguments have no values.
        """
        read = self._reader.read(arguments, keywords)
        if read is None:
            first, *_ = open_inputs(flat((arguments, keywords))[0])
            raise GraphError(_OPEN(function=self.name, input=first.describe()))
        return self._program(read)

    def show(self, stage: str, *, batch: int | None = None) -> str:
        """One stage of the program that was used last: "graph", "phases", "groups", "schedule", "c" or "memory".

        Raises:   UsageError if there is no such stage, or if nothing has been compiled yet.
        """
        if self._last is None:
            raise UsageError(_NOT_YET(function=self.name))
        return self._last.show(stage, batch=batch)

    def unlock(self) -> None:
        """In the child of a fork nobody traces it, whatever another thread of the parent was doing."""
        self._lock = threading.RLock()

    # ----------------------------------------------------------------------------------------------------- the program
    def _program(self, arguments: Arguments) -> CompiledProgram:
        kind = arguments.kind
        found = self._programs.get(kind)
        if found is None:
            with self._lock:  # threads that come with the same kind at once wait for the first one's program
                found = self._programs.get(kind) or self._traced(arguments)
                self._programs[kind] = found
        self._last = found
        return found

    def _traced(self, arguments: Arguments) -> CompiledProgram:
        from chainrule.execute.choice import program

        inputs = [input_tensor(x.path, x.shape, x.dtype) for x in arguments.leaves]
        positional, keywords = arguments.parts(inputs)
        try:
            result = self.function(*positional, **keywords)
        except GraphError as error:
            if not _looked_at_an_input(error.__traceback__):
                raise
            raise GraphError(_LOOKS(function=self.name, where=_users_line(error.__traceback__))) from None
        values, form, paths = flat(result, "result")
        if not any(isinstance(y, Tensor) for y in values):
            raise UsageError(_NO_TENSORS(function=self.name, given=_said(result)))
        outputs = [y if isinstance(y, Tensor) else self._constant(y) for y in values]
        own = set(inputs)
        for x in open_inputs(outputs):
            if x not in own:
                raise GraphError(_OPEN(function=self.name, input=x.describe()))
        named = dict(zip(paths, outputs, strict=True))
        return CompiledProgram(inputs, arguments.forms, named, form, program(outputs, self.executor))

    def _constant(self, value: Any) -> Tensor:
        try:
            return tensor(value)
        except (DTypeError, GraphError, ShapeError):
            raise UsageError(_NO_TENSORS(function=self.name, given=f"a structure that holds {_said(value)}")) from None


def _with_memory_of_their_own(results: Sequence[Array], given: Sequence[Array]) -> list[Array]:
    """The results; those that share memory with an argument, with another result or with a constant are copied."""
    taken = {id(_owner(x)) for x in given}
    own = []
    for y in results:
        if id(_owner(y)) in taken or not y.flags.writeable:
            y = y.copy()
        taken.add(id(_owner(y)))
        own.append(y)
    return own


def _owner(array: Array) -> object:
    return array if array.base is None else array.base


def _said(result: Any) -> str:
    return "None" if result is None else type(result).__name__


# -------------------------------------------------------------------------------------------------- where f went wrong
def _frames(traceback: TracebackType | None) -> Iterator[tuple[Any, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code, traceback.tb_lineno
        traceback = traceback.tb_next


def _looked_at_an_input(traceback: TracebackType | None) -> bool:
    """Whether it was an input that refused: somebody asked for its value."""
    *_, (innermost, _) = _frames(traceback)
    return innermost is type(SOURCE).evaluate.__code__


def _users_line(traceback: TracebackType | None) -> str:
    """The innermost line outside this package."""
    package = __file__.rpartition("execute")[0]
    lines = [f"{code.co_filename.rpartition('/')[2]}:{line}" for code, line in _frames(traceback)
             if not code.co_filename.startswith(package)]  # fmt: skip
    return lines[-1] if lines else ""


_functions: WeakSet[CompiledFunction] = WeakSet()


def _unlock_all() -> None:
    for function in _functions:
        function.unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)
