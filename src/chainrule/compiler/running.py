"""Compiled loop nests as functions of arrays, and a node of the graph computed by its own nests."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.naive import Kernel, emit
from chainrule.compiler.toolchain import FLAGS, load
from chainrule.errors import CompilerError, ShapeError
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import concrete_shape, show_shape
from chainrule.graph.operation import Array, Primitive
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message

_OUTSIDE = Message(
    "running.outside",
    en="the loop nests of {kernel} leave the array {buffer} {shape}. This is a fault in how an operation lowers to "
    "loop nests; please report it.",
    zh="{kernel} 的循环嵌套访问越出了数组 {buffer} {shape}。这是某个运算降为循环嵌套时的错误，请报告。",
)
_WRONG_ARRAY = Message(
    "running.wrong_array",
    en="{kernel}: the array {buffer} must be a row-major {dtype} {shape}, but is {given_dtype} {given}. Convert it "
    "with np.ascontiguousarray.",
    zh="{kernel}：数组 {buffer} 应为行优先的 {dtype} {shape}，但实际为 {given_dtype} {given}。请用 "
    "np.ascontiguousarray 转换。",
)

Runner = Callable[[Sequence[Array], int | None], None]


def run(y: Tensor, inputs: Sequence[Array], batch: int | None = None) -> Array:
    """The value of a node by its own loop nests, for these values of its inputs.

    Raises:   CompilerError without a C compiler, or if the nests leave an array.
    Example:
        >>> from chainrule.graph.dtype import float32
        >>> from chainrule.graph.tensor import number
        >>> run(number(0.5, float32), [])
        array(0.5, dtype=float32)
    """
    return run_all([(y, inputs, batch)])[0]


def run_all(cases: Sequence[tuple[Tensor, Sequence[Array], int | None]], flags: Sequence[str] = FLAGS) -> list[Array]:
    """The values of many nodes, each from (node, values of its inputs, size of the batch), with one compilation.

    The results start as bytes of ones: NaN, -1 or 255 where the nests do not write.
    """
    kernels = []
    for k, (y, _, _) in enumerate(cases):
        buffers = [Buffer(f"x{j}", x.shape, x.dtype) for j, x in enumerate(y.inputs)]
        output = Buffer("y", y.shape, y.dtype)
        assert isinstance(y.operation, Primitive)
        kernels.append(Kernel(f"nests_{k}", y.operation.lower(y, output, buffers), (*buffers, output)))
    results = []
    for runner, (y, inputs, batch) in zip(compile_nests(kernels, flags), cases, strict=True):
        shape = concrete_shape(y.shape, batch)
        ones = np.full(math.prod(shape) * y.dtype.numpy.itemsize, 0xFF, np.uint8)
        result = ones.view(y.dtype.numpy).reshape(shape)
        arrays = [np.require(x, like.dtype.numpy, "C") for x, like in zip(inputs, y.inputs, strict=True)]
        runner([*arrays, result], batch)
        results.append(result)
    return results


def compile_nests(kernels: Sequence[Kernel], flags: Sequence[str] = FLAGS) -> list[Runner]:
    """A callable of (arrays, size of the batch) for each kernel, all from one translation unit."""
    library = load(emit(kernels), flags)
    return [_runner(kernel, library[kernel.name]) for kernel in kernels]


def _runner(kernel: Kernel, function: Any) -> Runner:
    function.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int64]
    function.restype = ctypes.c_int

    def call(arrays: Sequence[Array], batch: int | None) -> None:
        for array, buffer in zip(arrays, kernel.buffers, strict=True):
            shape = concrete_shape(buffer.shape, batch)
            if array.shape != shape or array.dtype != buffer.dtype.numpy or not array.flags.c_contiguous:
                raise ShapeError(
                    _WRONG_ARRAY(
                        kernel=kernel.name, buffer=buffer.name, dtype=buffer.dtype, shape=show_shape(shape),
                        given_dtype=array.dtype, given=show_shape(array.shape),
                    )
                )  # fmt: skip
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
        if left := function(pointers, batch or 0):
            buffer = kernel.buffers[left - 1]
            raise CompilerError(_OUTSIDE(kernel=kernel.name, buffer=buffer.name, shape=show_shape(buffer.shape)))

    return call
