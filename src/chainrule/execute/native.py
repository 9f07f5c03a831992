"""A compiled program with its memory: values go in, steps run, values come out."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.compiler import team
from chainrule.compiler.assembly import ACCEPTED, TYPE_NUMBERS
from chainrule.compiler.layout import LINE, padded
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import Target, detect
from chainrule.compiler.toolchain import load
from chainrule.execute.reference import Program, bound
from chainrule.graph.dtype import as_dtype
from chainrule.graph.expression import Buffer
from chainrule.graph.extent import concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor

MOST_SCRATCH_THREADS = 256


class _Frame(ctypes.Structure):
    """What program.c calls `struct frame`; its counters follow it."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("shared", "banks", "batches", "rows", "scratch")),
        *((name, ctypes.c_void_p) for name in ("outside", "types", "places", "feeds", "results", "seconds")),
        *((name, ctypes.c_int64) for name in ("batch", "steps", "done", "watched", "fault")),
    ]


class NativeProgram:
    """Some outputs as one native function of inputs; the same values as the reference executor's up to rounding."""

    def __init__(
        self,
        outputs: Sequence[Tensor],
        carried: Mapping[Tensor, int] | None = None,
        watched: int | None = None,
        target: Target | None = None,
    ) -> None:
        target = target or detect()
        self.outputs = list(outputs)
        self.compiled: Compiled = compiled(self.outputs, carried or {}, watched, target)
        self._library = load(self.compiled.source, target.flags)
        self._work = ctypes.cast(self._library.work, ctypes.c_void_p).value or 0
        self._threads = team.thread_count()
        self._lock = threading.Lock()
        layout = self.compiled.layout
        self._inputs, self._buffers = self.compiled.lowered.inputs, self.compiled.lowered.outputs
        self._shared = _zeros(layout.sizes["shared"])
        self._banks = _zeros(layout.sizes["banks"] * 8)
        self._scratch = _zeros(layout.sizes["scratch"] * self._threads)
        self._capacity = 0
        self._batches = self._rows = _zeros(0)
        self._feeds = self.compiled.feeds
        self._results = self.compiled.results
        memory = _zeros(ctypes.sizeof(_Frame) + 8 * len(self.compiled.phases) + 64)
        self._memory = memory
        self._frame = _Frame.from_address(memory.ctypes.data)
        for name, arena in (("shared", self._shared), ("banks", self._banks), ("scratch", self._scratch)):
            setattr(self._frame, name, arena.ctypes.data)
        for tensor in self._inputs:
            if tensor.value is not None and tensor.shape:
                self.write(tensor, tensor.value)

    # ---------------------------------------------------------------------------------------------------- the state
    def view(self, buffer: Buffer) -> Array:
        """The memory of a buffer without a batch, as an array."""
        place = self.compiled.layout.places[buffer]
        dtype = buffer.dtype.numpy
        flat = self._shared[place.offset : place.offset + padded(place.elements * dtype.itemsize, LINE)].view(dtype)
        strides = [s * dtype.itemsize for s in place.strides if isinstance(s, int)]
        shape = concrete_shape(buffer.shape, None)
        return np.lib.stride_tricks.as_strided(flat, shape, strides)

    def value(self, buffer: Buffer) -> Array:
        """A copy of a buffer without a batch."""
        return self.view(buffer).copy() if 0 not in buffer.shape else np.empty(concrete_shape(buffer.shape, None), buffer.dtype.numpy)

    def write(self, tensor: Tensor, value: ArrayLike) -> None:
        """Give an input without a batch its value."""
        if tensor in self._inputs:
            self.view(self._inputs[tensor])[...] = value

    def read(self, output: int) -> Array:
        """The value of an output without a batch after the last step."""
        return self.value(self._buffers[output])

    # -------------------------------------------------------------------------------------------------------- running
    def run(self, bindings: Mapping[Tensor, ArrayLike] | None = None, *, batch: int | None = None) -> list[Array]:
        """The outputs' values, as `Program.run` gives them."""
        values, size = bound(bindings or {}, batch)
        needed = [t for t in self._inputs if t.value is None and t not in values]
        if needed:
            return Program(self.outputs).run(bindings, batch=batch)  # which says what is missing
        unknown = size is None and any(has_batch(b.shape) for b in [*self._buffers, *self._inputs.values()])
        if size == 0 or unknown:
            return Program(self.outputs).run(bindings, batch=batch)
        with self._lock:
            results = self._run(values, size or 1)
        if results is None:
            return Program(self.outputs).run(bindings, batch=batch)  # which says which index was out of range
        return results

    def _run(self, values: Mapping[Tensor, Array], size: int) -> list[Array] | None:
        arrays: dict[Buffer, Array] = {}
        for tensor, b in self._inputs.items():
            value = values[tensor] if tensor.value is None else tensor.value
            if has_batch(b.shape):
                arrays[b] = np.ascontiguousarray(value, b.dtype.numpy)
            elif tensor.value is None:
                self.view(b)[...] = value
        outside = self.compiled.arranged.outside
        for b in self._buffers:
            if has_batch(b.shape) and outside.get(b, b) not in arrays:
                arrays[outside.get(b, b)] = np.empty(concrete_shape(b.shape, size), b.dtype.numpy)
        feeds = np.zeros((1, len(self._feeds)), np.int64)
        for k, tensor in enumerate(self._feeds):
            value = values[tensor] if tensor.value is None else tensor.value
            feeds.view(np.uint8).reshape(1, -1, 8)[0, k, : tensor.dtype.numpy.itemsize] = np.frombuffer(
                np.ascontiguousarray(value, tensor.dtype.numpy).tobytes(), np.uint8
            )
        results = self._call([arrays[b] for b in self.compiled.layout.outside], None, feeds, size, 1, watch=False)
        if results is None:
            return None
        return [arrays[outside.get(b, b)] if has_batch(b.shape) else self.value(b) for b in self._buffers]

    def _call(
        self,
        outside: Sequence[Array],
        places: NDArray[np.int64] | None,
        feeds: NDArray[np.int64],
        batch: int,
        steps: int,
        watch: bool,
    ) -> NDArray[np.int64] | None:
        self._reserve(batch)
        frame = self._frame
        pointers = np.array([a.ctypes.data for a in outside], np.uintp)
        types = np.array([TYPE_NUMBERS[as_dtype(a.dtype)] for a in outside], np.int64)
        results = np.zeros((steps, max(1, len(self._results))), np.int64)
        frame.outside, frame.types = pointers.ctypes.data, types.ctypes.data
        frame.places = None if places is None else places.ctypes.data
        frame.feeds, frame.results = feeds.ctypes.data, results.ctypes.data
        frame.batch, frame.steps, frame.done, frame.fault, frame.watched = batch, steps, 0, 0, int(watch)
        team.run(self._work, ctypes.addressof(frame), self._threads)
        return None if frame.fault else results

    def _reserve(self, batch: int) -> None:
        """Memory for batches of this size."""
        layout = self.compiled.layout
        chunks = -(-batch // layout.lanes)
        if chunks * layout.lanes > self._capacity:
            self._capacity = chunks * layout.lanes
            self._batches = _zeros(layout.sizes["batch"] * chunks)
            self._rows = _zeros(layout.sizes["rows"] * self._capacity)
            self._frame.batches, self._frame.rows = self._batches.ctypes.data, self._rows.ctypes.data


def _zeros(size: int) -> NDArray[np.uint8]:
    """Bytes that start at a line of the cache; one more line, since vectors may read beyond the last element."""
    memory = np.zeros(size + 5 * LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size + 4 * LINE]


def accepted(dtype: np.dtype[Any], wanted: Tensor) -> bool:
    """Whether samples of this type can be loaded as they are where a program wants this input."""
    return any(d.numpy == dtype for d in ACCEPTED[wanted.dtype])
