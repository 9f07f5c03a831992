"""A compiled program with its memory: values go in, steps run, values come out."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Steps:
    """What some steps gave: how many were completed, and the outputs without axes of each, by their numbers.

    Where the last step was not completed, its outputs are here, after those of the completed ones.
    """

    completed: int
    outputs: dict[int, Array]


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
        self._feeds = set(self.compiled.feeds)  # a list would compare tensors, which makes tensors
        self._tensors = {b: t for t, b in self._inputs.items()}
        memory = _zeros(ctypes.sizeof(_Frame) + 8 * len(self.compiled.groups))
        self._memory = memory
        self._frame = _Frame.from_address(memory.ctypes.data)
        for name, arena in (("shared", self._shared), ("banks", self._banks), ("scratch", self._scratch)):
            setattr(self._frame, name, arena.ctypes.data)
        for tensor in self._inputs:
            if tensor.value is not None and tensor not in self._feeds and not has_batch(tensor.shape):
                self.write(tensor, tensor.value)

    @property
    def may_fault(self) -> bool:
        """Whether an element may be asked for that is not there, at an index that is only known when steps run."""
        return any(kernel.faults for kernel in self.compiled.kernels)

    # ---------------------------------------------------------------------------------------------------- the state
    def view(self, buffer: Buffer) -> Array:
        """The memory of a buffer without a batch, as an array."""
        place = self.compiled.layout.places[buffer]
        dtype = buffer.dtype.numpy
        flat = self._shared[place.offset : place.offset + padded(place.elements * dtype.itemsize, LINE)].view(dtype)
        strides = [s * dtype.itemsize for s in place.strides if isinstance(s, int)]
        shape = concrete_shape(buffer.shape, None)
        return np.lib.stride_tricks.as_strided(flat, shape, strides)

    def write(self, tensor: Tensor, value: ArrayLike) -> None:
        """Give an input without a batch its value, until it is given another or a step replaces it."""
        if tensor in self._inputs and 0 not in tensor.shape:
            self.view(self._inputs[tensor])[...] = value

    def read(self, output: int) -> Array:
        """A copy of an output without a batch, after the last step."""
        return self._value(self._buffers[output])

    def read_input(self, tensor: Tensor) -> Array:
        """A copy of what an input without a batch holds now."""
        return self._value(self._inputs[tensor])

    def memory(self) -> NDArray[np.uint8]:
        """A copy of everything that lives from step to step."""
        return self._shared.copy()

    def restore(self, memory: NDArray[np.uint8]) -> None:
        """Go back to what `memory` gave."""
        self._shared[:] = memory

    def holds(self, tensor: Tensor) -> bool:
        """Whether the outputs depend on this input."""
        return tensor in self._inputs

    def _value(self, buffer: Buffer) -> Array:
        if 0 in buffer.shape:
            return np.empty(concrete_shape(buffer.shape, None), buffer.dtype.numpy)
        return self.view(buffer).copy()

    # -------------------------------------------------------------------------------------------------------- running
    def run(self, bindings: Mapping[Tensor, ArrayLike] | None = None, *, batch: int | None = None) -> list[Array]:
        """The outputs' values, as `Program.run` gives them."""
        values, size = bound(bindings or {}, batch)
        needed = [t for t in self._inputs if t.value is None and t not in values]
        unknown = size is None and any(has_batch(b.shape) for b in [*self._buffers, *self._inputs.values()])
        if needed or size == 0 or unknown:
            return Program(self.outputs).run(bindings, batch=batch)  # which says what is missing
        with self._lock:
            results = self._run_once(values, size or 1)
        return Program(self.outputs).run(bindings, batch=batch) if results is None else results

    def _run_once(self, values: Mapping[Tensor, Array], size: int) -> list[Array] | None:
        for tensor, value in values.items():
            if tensor in self._inputs and tensor not in self._feeds and not has_batch(tensor.shape):
                self.write(tensor, value)
        arrays = {
            b: np.ascontiguousarray(values[tensor] if tensor.value is None else tensor.value, b.dtype.numpy)
            for tensor, b in self._inputs.items()
            if has_batch(b.shape)
        }
        outside = self.compiled.arranged.outside
        for b in self._buffers:
            if has_batch(b.shape) and outside.get(b, b) not in arrays:
                arrays[outside.get(b, b)] = np.empty(concrete_shape(b.shape, size), b.dtype.numpy)
        columns = {t: [values[t] if t.value is None else t.value] for t in self.compiled.feeds}
        done = self._call([arrays[b] for b in self.compiled.layout.outside], None, columns, size, 1, watch=False)
        if done is None:
            return None
        return [arrays[outside.get(b, b)] if has_batch(b.shape) else self._value(b) for b in self._buffers]

    def steps(
        self,
        samples: Mapping[Tensor, Array],
        places: NDArray[np.int64],
        numbers: Mapping[Tensor, ArrayLike],
        batch: int,
    ) -> Steps:
        """Steps on batches of this size, one after the other, each beginning with what the last one left.

        samples    whole arrays, contiguous, of types that are accepted, for the inputs with a batch
        places     where in them the samples of all steps are, one step after the other
        numbers    for inputs without axes, one value for each step, or one for all

        It ends before a step whose watched output is not finite would change anything.

        Raises:   IndexError where an index left its array; what lives from step to step is then worth nothing.
        """
        count = len(places) // batch
        outside = [samples[self._tensors[b]] for b in self.compiled.layout.outside]
        columns = {t: np.asarray(numbers[t] if t.value is None else t.value).reshape(-1) for t in self.compiled.feeds}
        with self._lock:
            done = self._call(outside, np.ascontiguousarray(places, np.int64), columns, batch, count, watch=True)
            if done is None:
                raise IndexError("an index left its array")
            return done

    def _call(
        self,
        outside: Sequence[Array],
        places: NDArray[np.int64] | None,
        numbers: Mapping[Tensor, Any],
        batch: int,
        steps: int,
        watch: bool,
    ) -> Steps | None:
        self._reserve(batch)
        feeds = np.zeros((steps, len(self.compiled.feeds)), np.int64)
        for k, tensor in enumerate(self.compiled.feeds):
            column = np.zeros((steps, 8 // tensor.dtype.numpy.itemsize), tensor.dtype.numpy)
            column[:, 0] = numbers[tensor]
            feeds[:, k] = column.view(np.int64)[:, 0]
        results = np.zeros((steps, len(self.compiled.results)), np.int64)
        pointers = np.array([a.ctypes.data for a in outside], np.uintp)
        types = np.array([TYPE_NUMBERS[as_dtype(a.dtype)] for a in outside], np.int64)
        frame = self._frame
        frame.outside, frame.types = pointers.ctypes.data, types.ctypes.data
        frame.places = None if places is None else places.ctypes.data
        frame.feeds, frame.results = feeds.ctypes.data, results.ctypes.data
        frame.batch, frame.steps, frame.done, frame.fault, frame.watched = batch, steps, 0, 0, int(watch)
        team.run(self._work, ctypes.addressof(frame), self._threads)
        if frame.fault:
            return None
        reached = min(steps, frame.done + 1)
        values = {
            k: results[:reached, column].copy().view(self.outputs[k].dtype.numpy).reshape(reached, -1)[:, 0]
            for column, k in enumerate(self.compiled.results)
        }
        return Steps(frame.done, values)

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
