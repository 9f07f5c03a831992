"""What must be known of a compiled program to run it, as plain data: it travels inside the library itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

WORTH_A_THREAD = 150_000  # cycles, some 40 microseconds


@dataclass(frozen=True)
class Spot:
    """Where a value without a batch lies in the shared memory: offset in bytes, strides and number in elements."""

    offset: int
    strides: tuple[int, ...]
    elements: int


@dataclass(frozen=True)
class Plan:
    """A program's memory, and what goes in and out.

    lanes     samples of a chunk
    sizes     bytes of each arena: for each thread, chunk, bank, sample, pair or triple of samples, or in all
    phases    how many there are
    faults    whether it can find an index out of range while it runs
    inputs    for each input, where it lies; None for those with a batch, which are outside
    outputs   for each output, likewise
    outside   for each array of the caller's, the number of its input, or None: it takes an output
    slots     for each output the number of the array that takes it; None where it lies in the shared memory
    feeds     the inputs without axes that are given anew for each step, by number
    results   the outputs without axes, which are noted after each step, by number
    cycles    about how many a step takes on one thread: for each sample, and beside that
    """

    lanes: int
    sizes: dict[str, int]
    phases: int
    faults: bool
    inputs: tuple[Spot | None, ...]
    outputs: tuple[Spot | None, ...]
    outside: tuple[int | None, ...]
    slots: tuple[int | None, ...]
    feeds: tuple[int, ...]
    results: tuple[int, ...]
    cycles: tuple[float, float]

    def threads(self, batch: int, most: int) -> int:
        """How many threads a step is worth: waiting for each other costs more than small steps take.

        Where other processes want the cores as well, every wait may last a slice of their time.
        """
        return max(1, min(most, int((self.cycles[0] * batch + self.cycles[1]) // WORTH_A_THREAD)))

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def read(text: str) -> Plan:
        data = json.loads(text)

        def spots(key: str) -> tuple[Spot | None, ...]:
            return tuple(s and Spot(s["offset"], tuple(s["strides"]), s["elements"]) for s in data[key])

        return Plan(
            lanes=data["lanes"],
            sizes=data["sizes"],
            phases=data["phases"],
            faults=data["faults"],
            inputs=spots("inputs"),
            outputs=spots("outputs"),
            outside=tuple(data["outside"]),
            slots=tuple(data["slots"]),
            feeds=tuple(data["feeds"]),
            results=tuple(data["results"]),
            cycles=tuple(data["cycles"]),
        )
