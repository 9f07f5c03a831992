"""Calls of a native program that cost next to nothing, for arrays that fit it as they are (direct.c).

A network for one sample takes 10 µs; checking its arrays and its parameters in Python took 140. What depends on the
program alone is worked out once, here, and what depends on the arrays is compared in C. It is a short cut through
`NativeProgram.run`, never another way: where anything is unusual it gives None, and `run` does it or says what is
wrong.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler import team
from chainrule.compiler.interface import ACCEPTED, TYPE_NUMBERS
from chainrule.compiler.plan import WORTH_A_THREAD
from chainrule.compiler.target import detect
from chainrule.compiler.toolchain import load
from chainrule.errors import CompilerError
from chainrule.graph.extent import Batch, Shape, batch, concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.execute.native import NativeProgram

MOST_AXES = 16  # the same number as in direct.c
NOWHERE, SHARED, OUTSIDE, FEED = range(4)
_SIZE_OF_BUFFER = 80  # bytes of a Py_buffer
_ADDRESS, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_EXTENTS = _NUMBER * MOST_AXES


class _Spread(ctypes.Structure):
    _fields_ = [
        ("start", _ADDRESS),
        ("loops", _NUMBER),
        ("bytes", _NUMBER),
        ("counts", _EXTENTS),
        ("strides", _EXTENTS),
    ]


class _Input(ctypes.Structure):
    _fields_ = [
        ("held", _ADDRESS),
        *((name, _NUMBER) for name in ("place", "number", "axes", "type", "finite", "fraction")),
        ("shape", _EXTENTS),
        ("formats", ctypes.c_char_p),
        ("types", _ADDRESS),
        ("spread", _Spread),
    ]


class _Output(ctypes.Structure):
    _fields_ = [
        ("dtype", ctypes.py_object),
        *((name, _NUMBER) for name in ("place", "number", "axes")),
        ("shape", _EXTENTS),
        ("spread", _Spread),
    ]


class _Direct(ctypes.Structure):
    _fields_ = [
        *((name, _ADDRESS) for name in ("run", "work", "frame", "capacity")),
        *((name, ctypes.py_object) for name in ("array_type", "bytes_type", "float_type", "empty")),
        *((name, _NUMBER) for name in ("inputs", "outputs", "threads", "usual")),
        *((name, ctypes.c_double) for name in ("cycles_of_sample", "cycles_beside", "cycles_of_thread")),
        *((name, _ADDRESS) for name in ("input", "output", "buffers", "outside", "types", "feeds", "results")),
    ]


class DirectCall:
    """A native program as a function of arrays, given in a fixed order; `direct` makes it."""

    def __init__(self, program: NativeProgram, inputs: Sequence[_Input], outputs: Sequence[_Output]) -> None:
        self._program = program
        plan = program.plan
        program.reserve(program.batch or 1)
        arrays = (_Input * len(inputs))(*inputs), (_Output * len(outputs))(*outputs)
        buffers = np.zeros(len(inputs) * _SIZE_OF_BUFFER, np.uint8)
        tables = [np.zeros(len(t), np.int64) for t in (plan.outside, plan.outside, plan.feeds, plan.results)]
        d = _Direct()
        d.run, d.work, d.frame = team.run_address(), program.work, ctypes.addressof(program.frame)
        d.capacity = ctypes.addressof(program.capacity)
        d.array_type, d.bytes_type, d.float_type, d.empty = np.ndarray, bytes, float, np.empty
        d.inputs, d.outputs = len(inputs), len(outputs)
        d.usual, d.threads = program.batch or 1, program.threads
        (d.cycles_of_sample, d.cycles_beside), d.cycles_of_thread = plan.cycles, WORTH_A_THREAD
        d.input, d.output, d.buffers = ctypes.addressof(arrays[0]), ctypes.addressof(arrays[1]), buffers.ctypes.data
        d.outside, d.types, d.feeds, d.results = (table.ctypes.data for table in tables)
        self._known = d, inputs, outputs, arrays, buffers, tables  # to C, by their addresses
        function_of = _function_of()
        assert function_of is not None
        self._call = function_of(ctypes.addressof(d))

    def __call__(self, *arrays: Any) -> tuple[Array, ...] | None:
        """The outputs; None where an array is not exactly what the program takes, or an index leaves its array."""
        with self._program.lock:
            found: tuple[Array, ...] | None = self._call(*arrays)
        return found


def direct(
    program: NativeProgram,
    inputs: Sequence[Tensor],
    *,
    finite: bool = False,
    convert: bool = False,
    fractions: Collection[Tensor] = (),
) -> DirectCall | None:
    """A native program as a function of the values of these inputs; None where that cannot be made.

    finite       leave samples that are NaN or infinite to the thorough way too
    convert      take samples of all types that the program converts while it loads them
    fractions    inputs without axes that take Python's floats as well

    Example:
        >>> from chainrule.execute.native import NativeProgram
        >>> from chainrule.graph.tensor import input_tensor
        >>> x = input_tensor("x", (3,))
        >>> call = direct(NativeProgram([x * 2]), [x])
        >>> call(np.ones(3, "float32"))
        (array([2., 2., 2.], dtype=float32),)
        >>> call([1, 2, 3]), call(np.ones(3)), call(np.ones(4, "float32"))
        (None, None, None)
    """
    if not _can_be_direct(program, inputs) or _function_of() is None:
        return None
    return DirectCall(
        program,
        [_input(program, tensor, finite, convert, tensor in set(fractions)) for tensor in inputs],
        [_output(program, number) for number in range(len(program.outputs))],
    )


def _can_be_direct(program: NativeProgram, inputs: Sequence[Tensor]) -> bool:
    """Whether all comes from the caller and goes into arrays of their own; what does not is rare."""
    plan, given, tensors = program.plan, set(inputs), [*inputs, *program.outputs]
    taken = [slot for slot in plan.slots if slot is not None]
    numbers = [number for number in (*plan.outside, *plan.feeds) if number is not None]
    size_is_told = program.batch is not None or any(map(_has_samples, inputs)) or not any(map(_has_samples, tensors))
    return (
        size_is_told
        and not program.carried
        and all(tensor.value is not None or tensor in given for tensor in program.given)
        and all(program.given[number] in given for number in numbers)
        and all(t.ndim <= MOST_AXES and 0 not in t.shape for t in tensors)
        and all(extent == batch for t in inputs for extent in t.shape if isinstance(extent, Batch))
        and len(set(taken)) == len(taken)  # no output twice
        and all(plan.outside[slot] is None for slot in taken)  # nor one that is an input
    )


def _has_samples(tensor: Tensor) -> bool:
    return any(isinstance(extent, Batch) for extent in tensor.shape)


def _input(program: NativeProgram, tensor: Tensor, finite: bool, convert: bool, fraction: bool) -> _Input:
    plan, number, made = program.plan, program.numbers.get(tensor), _Input()
    made.place, made.axes, made.finite = NOWHERE, tensor.ndim, finite and _has_samples(tensor)
    made.shape = _extents(tensor.shape, program.batch)
    types = ACCEPTED[tensor.dtype] if convert and _has_samples(tensor) else (tensor.dtype,)
    if number in plan.outside:
        made.place, made.number = OUTSIDE, plan.outside.index(number)
    elif number in plan.feeds:
        made.place, made.number = FEED, plan.feeds.index(number)
    elif number is not None and plan.inputs[number] is not None:
        made.place, made.held = SHARED, program.held.ctypes.data + program.held.itemsize * number
        made.spread = _spread(program.input_memory(tensor))
    made.formats = "".join(memoryview(np.empty(1, dtype.numpy).data).format for dtype in types).encode()
    made.numbers = np.array([TYPE_NUMBERS[dtype] for dtype in types], np.int64)
    made.fraction = fraction
    made.type = TYPE_NUMBERS[tensor.dtype]
    made.types = made.numbers.ctypes.data
    return made


def _output(program: NativeProgram, number: int) -> _Output:
    tensor, slot, made = program.outputs[number], program.plan.slots[number], _Output()
    made.dtype, made.axes = tensor.dtype.numpy, tensor.ndim
    made.shape = _extents(tensor.shape, program.batch)
    if slot is not None:
        made.place, made.number = OUTSIDE, slot
    else:
        made.place, made.spread = SHARED, _spread(program.output_memory(number))
    return made


def _extents(shape: Shape, size: int | None) -> Any:
    """The extents as C knows them: those that depend on the number of samples below 0."""
    known = concrete_shape(shape, size) if size is not None else shape
    return _EXTENTS(*(-extent.multiple if isinstance(extent, Batch) else extent for extent in known))


def _spread(memory: Array) -> _Spread:
    """Where the elements of an array are, in their order: loops over pieces of neighbours."""
    loops: list[tuple[int, int]] = []
    piece = memory.itemsize
    for count, stride in zip(memory.shape[::-1], memory.strides[::-1], strict=True):
        if not loops and stride == piece:
            piece *= count
        elif count > 1:
            loops.insert(0, (count, stride))
    counts, strides = zip(*loops, strict=True) if loops else ((), ())
    return _Spread(memory.ctypes.data, len(loops), piece, _EXTENTS(*counts), _EXTENTS(*strides))


@cache
def _function_of() -> Callable[[int], Any] | None:
    """What makes the function of a struct direct at some address; None where Python hides its own from libraries."""
    frame = Path(team.__file__).with_name("frame.h").read_text(encoding="utf-8")
    text = Path(__file__).with_name("direct.c").read_text(encoding="utf-8")
    linking = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()
    try:
        library = load(f"{frame}\n{text}", (*detect().flags, "-O3", *linking))
    except CompilerError:
        return None
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))  # never unloaded: its functions live as long as Python likes
    address = ctypes.cast(library.function_of, ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(address)
