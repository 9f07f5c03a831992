"""A compiled program with its memory: values go in, steps run, values come out."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.compiler import team
from chainrule.compiler.identity import identity
from chainrule.compiler.interface import ACCEPTED, BANKS_AT_MOST, LINE, TYPE_NUMBERS, bytes_of_rows, padded
from chainrule.compiler.lowering import has_batch
from chainrule.compiler.plan import Plan, Spot
from chainrule.compiler.target import Target, detect
from chainrule.compiler.toolchain import EXPORTED, HIDING, load, load_made
from chainrule.execute.immutable import immutable, is_immutable
from chainrule.execute.reference import Program, bound
from chainrule.graph.dtype import as_dtype
from chainrule.graph.extent import concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.compiler.pipeline import Compiled


@dataclass(frozen=True, eq=False)
class Steps:
    """What some steps gave: how many were completed, and the outputs without axes of each, by their numbers.

    Where the last step was not completed, its outputs are here, after those of the completed ones.
    """

    completed: int
    outputs: dict[int, Array]

    def each(self, numbers: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        """The values of some outputs, step by step."""
        return zip(*(self.outputs[k] for k in numbers), strict=True)


class Frame(ctypes.Structure):
    """What frame.h calls FRAME_FIELDS; a program's counters follow it."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("shared", "banks", "batches", "rows", "scratch")),
        *((name, ctypes.c_void_p) for name in ("outside", "types", "places", "feeds", "results", "seconds")),
        *((name, ctypes.c_int64) for name in ("batch", "steps", "done", "watched", "fault")),
    ]


class NativeProgram:
    """Some outputs as one native function of inputs; the same values as the reference executor's up to rounding.

    carried   for an input without a batch, the number of the output that becomes its value in the next step
    watched   the number of an output without axes that must be finite for anything carried to change
    batch     the size of all batches, where it is known: one sample then goes by vectors along its channels

    Raises:   CompilerError where there is no C compiler.
    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> x = input_tensor("x", (3,))
        >>> NativeProgram([x * 2]).run({x: [1, 2, 3]})
        [array([2., 4., 6.], dtype=float32)]
    """

    def __init__(
        self,
        outputs: Sequence[Tensor],
        carried: Mapping[Tensor, int] | None = None,
        watched: int | None = None,
        target: Target | None = None,
        batch: int | None = None,
    ) -> None:
        self.outputs, self.carried, self._watched = list(outputs), dict(carried or {}), watched
        self._target, self.batch = target or detect(), batch
        text, given = identity(self.outputs, self.carried, watched, self._target, batch)
        if text is None:
            self._library = load(self._texts(), self._target.flags)
        else:
            self._library = load_made(text, self._texts, [*self._target.flags, *HIDING])
        self.plan = Plan.read(ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(self._library, "plan"))).decode())
        self.work = ctypes.cast(self._library.work, ctypes.c_void_p).value or 0
        self.threads = team.thread_count()
        self.lock = threading.Lock()
        _programs.add(self)
        self.given = given
        self.numbers = {tensor: k for k, tensor in enumerate(given)}
        self._feeds = [given[k] for k in self.plan.feeds]
        self._fed = set(self._feeds)  # a list would compare tensors, which makes tensors
        sizes = self.plan.sizes
        self._shared = _zeros(sizes["shared"])
        self._banks = _zeros(sizes["banks"] * BANKS_AT_MOST)
        self._scratch = _zeros(sizes["scratch"] * self.threads)
        self._copies: list[NDArray[np.uint8]] = []
        self.capacity = ctypes.c_int64(0)  # samples that there is memory for
        self._batches = self._rows = _zeros(0)
        self._input_views: dict[int, Array] = {}
        self._output_views: dict[int, Array] = {}
        # For each input the array that cannot change and whose numbers the program has, by its address, else 0. Where C
        # writes other numbers it clears that (direct.c); the list keeps the arrays, so that no other has their address.
        self.held = np.zeros(len(given), np.uintp)
        self._kept: list[Array | None] = [None] * len(given)
        self._memory = _zeros(ctypes.sizeof(Frame) + 8 * self.plan.phases)
        self.frame = Frame.from_address(self._memory.ctypes.data)
        for name, arena in (("shared", self._shared), ("banks", self._banks), ("scratch", self._scratch)):
            setattr(self.frame, name, arena.ctypes.data)
        for tensor in given:
            if tensor.value is not None and tensor not in self._fed:
                self.write(tensor, tensor.value)

    @cached_property
    def compiled(self) -> Compiled:
        """Every stage of the compilation, to look at; made again where the library came from the cache."""
        from chainrule.compiler.pipeline import compiled  # a program from the cache needs none of the passes

        return compiled(self.outputs, self.carried, self._watched, self._target, self.batch)

    def show(self, stage: str, *, batch: int | None = None) -> str:
        """One stage of the compilation as text; see `chainrule.compiler.show`. `batch` is for "memory"."""
        from chainrule.compiler.show import show

        return show({y.name or f"output {k}": y for k, y in enumerate(self.outputs)}, self.compiled, stage, batch=batch)

    def _texts(self) -> list[str]:
        team.begin()  # which takes the C compiler about as long as the passes take
        made = self.compiled
        first, *others = made.sources
        return [f"{first}\n{EXPORTED} const char plan[] = {json.dumps(made.plan.text())};\n", *others]

    @property
    def may_fault(self) -> bool:
        """Whether an element may be asked for that is not there, at an index that is only known when steps run."""
        return self.plan.faults

    # ---------------------------------------------------------------------------------------------------- the state
    def input_memory(self, tensor: Tensor) -> Array:
        """Where an input without a batch is, in the program's own memory."""
        number = self.numbers[tensor]
        if number not in self._input_views:
            self._input_views[number] = self._view(self.plan.inputs[number], tensor)
        return self._input_views[number]

    def output_memory(self, output: int) -> Array:
        """Where an output without a batch is, in the program's own memory."""
        if output not in self._output_views:
            self._output_views[output] = self._view(self.plan.outputs[output], self.outputs[output])
        return self._output_views[output]

    def _view(self, spot: Spot | None, tensor: Tensor) -> Array:
        assert spot is not None
        dtype = tensor.dtype.numpy
        flat = self._shared[spot.offset : spot.offset + padded(spot.elements * dtype.itemsize, LINE)].view(dtype)
        strides = [s * dtype.itemsize for s in spot.strides]
        return np.lib.stride_tricks.as_strided(flat, concrete_shape(tensor.shape, self.batch), strides)

    def write(self, tensor: Tensor, value: ArrayLike) -> None:
        """Give an input without a batch its value, until it is given another or a step replaces it.

        Raises:   ShapeError or DTypeError if the value does not fit.
        """
        if self.holds(tensor):
            self._put(tensor, bound({tensor: value}, self.batch)[0][tensor] if tensor.value is None else tensor.value)

    def _put(self, tensor: Tensor, value: Array) -> None:
        """Write a value that fits; an array that cannot change is not written again while its numbers are there."""
        number = self.numbers.get(tensor)
        if number is None or 0 in tensor.shape or self.plan.inputs[number] is None or self.held[number] == id(value):
            return
        self.input_memory(tensor)[...] = value
        stays = is_immutable(value) and tensor not in self.carried
        self._kept[number], self.held[number] = (value, id(value)) if stays else (None, 0)

    def read(self, output: int) -> Array:
        """A copy of an output without a batch, after the last step."""
        tensor = self.outputs[output]
        if 0 in tensor.shape:
            return np.empty(concrete_shape(tensor.shape, self.batch), tensor.dtype.numpy)
        return self.output_memory(output).copy()

    def read_input(self, tensor: Tensor) -> Array:
        """What an input without a batch holds now, as an array that cannot change."""
        return immutable(self.input_memory(tensor))

    def memory(self) -> NDArray[np.uint8]:
        """A copy of everything that lives from step to step; the one before the last is overwritten."""
        if len(self._copies) < 2:
            self._copies.append(np.empty_like(self._shared))
        else:
            self._copies.reverse()
        np.copyto(self._copies[-1], self._shared)
        return self._copies[-1]

    def restore(self, memory: NDArray[np.uint8]) -> None:
        """Go back to what `memory` gave."""
        self._shared[:] = memory
        self.held[:] = 0

    def unlock(self) -> None:
        """In the child of a fork no program runs, whatever another thread of the parent was doing."""
        self.lock = threading.Lock()

    def holds(self, tensor: Tensor) -> bool:
        """Whether the outputs depend on this input."""
        return tensor in self.numbers

    # -------------------------------------------------------------------------------------------------------- running
    def run(self, bindings: Mapping[Tensor, ArrayLike] | None = None, *, batch: int | None = None) -> list[Array]:
        """The outputs' values, as `Program.run` gives them."""
        values, size = bound(bindings or {}, batch)
        needed = [t for t in self.given if t.value is None and t not in values]
        unknown = size is None and any(has_batch(t.shape) for t in [*self.outputs, *self.given])
        if needed or size == 0 or unknown or (self.batch is not None and size != self.batch):
            return Program(self.outputs).run(bindings, batch=batch)  # which says what is missing
        with self.lock:
            results = self._run_once(values, size or 1)
        return Program(self.outputs).run(bindings, batch=batch) if results is None else results

    def _run_once(self, values: Mapping[Tensor, Array], size: int) -> list[Array] | None:
        for tensor, value in values.items():
            if tensor not in self._fed:
                self._put(tensor, value)
        arrays: list[Array] = []
        for slot, k in enumerate(self.plan.outside):
            if k is None:
                tensor = self.outputs[self.plan.slots.index(slot)]
                arrays.append(np.empty(concrete_shape(tensor.shape, size), tensor.dtype.numpy))
            else:
                tensor = self.given[k]
                value = values[tensor] if tensor.value is None else tensor.value
                arrays.append(np.ascontiguousarray(value, tensor.dtype.numpy))
        columns = {t: [values[t] if t.value is None else t.value] for t in self._feeds}
        if self._call(arrays, None, columns, size, 1, watch=False) is None:
            return None
        results: list[Array] = []
        for k, slot_of in enumerate(self.plan.slots):
            if slot_of is None:
                results.append(self.read(k))
            else:  # an input that is an output, or the same output twice: memory of its own
                again = self.plan.outside[slot_of] is not None or slot_of in self.plan.slots[:k]
                results.append(arrays[slot_of].copy() if again else arrays[slot_of])
        return results

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
        outside = [samples[self.given[k]] for k in self.plan.outside if k is not None]
        columns = {t: np.asarray(numbers[t] if t.value is None else t.value).reshape(-1) for t in self._feeds}
        with self.lock:
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
        self.reserve(batch)
        feeds = np.zeros((steps, len(self._feeds)), np.int64)
        for k, tensor in enumerate(self._feeds):
            column = np.zeros((steps, 8 // tensor.dtype.numpy.itemsize), tensor.dtype.numpy)
            column[:, 0] = numbers[tensor]
            feeds[:, k] = column.view(np.int64)[:, 0]
        results = np.zeros((steps, len(self.plan.results)), np.int64)
        pointers = np.array([a.ctypes.data for a in outside], np.uintp)
        types = np.array([TYPE_NUMBERS[as_dtype(a.dtype)] for a in outside], np.int64)
        frame = self.frame
        frame.outside, frame.types = pointers.ctypes.data, types.ctypes.data
        frame.places = None if places is None else places.ctypes.data
        frame.feeds, frame.results = feeds.ctypes.data, results.ctypes.data
        frame.batch, frame.steps, frame.done, frame.fault, frame.watched = batch, steps, 0, 0, int(watch)
        team.run(self.work, ctypes.addressof(frame), self.plan.threads(batch, self.threads))
        if frame.fault:
            return None
        reached = min(steps, frame.done + 1)
        values = {
            k: results[:reached, column].copy().view(self.outputs[k].dtype.numpy).reshape(reached, -1)[:, 0]
            for column, k in enumerate(self.plan.results)
        }
        return Steps(frame.done, values)

    def reserve(self, batch: int) -> None:
        """Memory for batches of this size."""
        chunks = -(-batch // self.plan.lanes)
        if chunks * self.plan.lanes > self.capacity.value:
            self.capacity.value = chunks * self.plan.lanes
            self._batches = _zeros(self.plan.sizes["batch"] * chunks)
            self._rows = _zeros(bytes_of_rows(self.plan.sizes, self.capacity.value))
            self.frame.batches, self.frame.rows = self._batches.ctypes.data, self._rows.ctypes.data


_programs: WeakSet[NativeProgram] = WeakSet()


def _unlock_all() -> None:
    for program in _programs:
        program.unlock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_all)


def _zeros(size: int) -> NDArray[np.uint8]:
    """Bytes that start at a line of the cache; one more line, since vectors may read beyond the last element."""
    memory = np.zeros(size + 5 * LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size + 4 * LINE]


def accepted(dtype: np.dtype[Any], wanted: Tensor) -> bool:
    """Whether samples of this type can be loaded as they are where a program wants this input."""
    return any(d.numpy == dtype for d in ACCEPTED[wanted.dtype])
