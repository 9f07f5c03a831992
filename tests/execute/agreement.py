"""What native code owes the reference: an error of a few times the reference's own, and all that is not finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.compiler.target import Target, detect
from chainrule.execute import Program
from chainrule.graph.expansion import expanded_order
from chainrule.graph.operation import Array
from chainrule.graph.tensor import SOURCE, Tensor

SMALLEST = {4: 1e-37, 8: 1e-307}  # denormal numbers are zero to native code


def quick_target(target: Target | None = None, level: str = "-O0") -> Target:
    """A target whose programs compile several times as fast: for tests of what is computed, not of how fast."""
    target = target or detect()
    return replace(target, flags=tuple(level if flag == "-O2" else flag for flag in target.flags))


def difference(
    actual: Array,
    reference: Array,
    exact: Array | None = None,
    spread: float = 0.0,
    times: float = 1.0,
    cancelling: float = 0.0,
) -> str:
    """What is wrong with a native result, or nothing.

    Its error against the float64 reference is at most 4 times the float32 reference's, plus 10⁻⁶ of the largest number;
    where there is no finer reference (float64), 64 units in the last place of number and largest number. Integers and
    bools are equal. `spread` is what rounding, of inputs or on the way, is known to do: among few numbers the reference
    may have been lucky to do better. `times` as much is allowed. Of numbers as large as `cancelling`, of which nothing
    is left in any of the results, some units in the last place may be left instead.
    """
    if (actual.shape, actual.dtype) != (reference.shape, reference.dtype):
        return f"{actual.dtype} {actual.shape} for {reference.dtype} {reference.shape}"
    if reference.dtype.kind != "f":
        return "" if np.array_equal(actual, reference) else f"{actual} for {reference}"
    finite = np.isfinite(reference)
    if not np.array_equal(finite, np.isfinite(actual)):
        return f"not finite at {np.argwhere(finite != np.isfinite(actual))[:5].tolist()}: {actual} for {reference}"
    if not np.array_equal(actual[~finite], reference[~finite], equal_nan=True):
        return f"another kind of not finite: {actual} for {reference}"
    found, wanted = actual[finite].astype(np.float64), reference[finite].astype(np.float64)
    if not wanted.size:
        return ""
    every = [actual, reference] if exact is None else [actual, reference, exact]
    if cancelling and all((np.abs(x[finite]) <= 64 * np.finfo(x.dtype).eps * cancelling).all() for x in every):
        return ""
    largest = np.abs(wanted).max()
    tiny = SMALLEST[reference.dtype.itemsize]
    if exact is None or reference.dtype == np.float64:
        error = np.abs(found - wanted)
        allowed = 4 * spread + 64 * np.finfo(reference.dtype).eps * (np.abs(wanted) + largest) + tiny
    else:
        true = exact[finite]
        own = max(spread, np.abs(wanted - true).max(initial=0.0, where=np.isfinite(true)))
        error = np.where(np.isfinite(true), np.abs(found - true), np.abs(found - wanted))
        allowed = np.broadcast_to(4 * own + 1e-6 * largest + tiny, error.shape)
    allowed = times * allowed
    worst = int(np.argmax(error - allowed))
    if error[worst] <= allowed[worst]:
        return ""
    return f"{found[worst]!r} for {wanted[worst]!r}: off by {error[worst]:.3g}, not {allowed[worst]:.3g}"


def largest_met(
    values: Sequence[Tensor],
    derivatives: Sequence[Tensor],
    bindings: Mapping[Tensor, Any] | None = None,
    batch: int | None = None,
) -> float:
    """The largest finite number on the way from values to derivatives of theirs: the size of what may cancel there.

    Among what is made of given floats. Random numbers are made of whole ones, which are as large as they are exact.
    """
    before, made, met = set(expanded_order(values)), set[Tensor](), list[Tensor]()
    for node in expanded_order(derivatives):
        if (node.operation is SOURCE and node.dtype.floating) or not made.isdisjoint(node.inputs):
            made.add(node)
            if node.dtype.floating and node not in before:
                met.append(node)
    numbers = Program(met).run(bindings or {}, batch=batch)
    return max((float(np.abs(x).max(initial=0.0, where=np.isfinite(x))) for x in numbers), default=0.0)
