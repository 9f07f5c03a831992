"""Values that replace inputs from step to step: written over them where nothing can still want the old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.compiler.expressions import Expressions, reads
from chainrule.compiler.lowering import Lowered, has_batch
from chainrule.compiler.phases import Phase
from chainrule.graph.affine import Affine
from chainrule.graph.expression import Buffer, Read
from chainrule.graph.loopnest import LoopNest, Output, axes_of
from chainrule.graph.tensor import Tensor


def updated(
    phases: Sequence[Phase],
    lowered: Lowered,
    carried: Mapping[Tensor, int],
    watched: Buffer | None,
    expressions: Expressions,
) -> tuple[list[Phase], dict[Buffer, Buffer]]:
    """The phases, and for each new value the input whose memory it takes.

    Where that memory is still read when the new value is made, or where one value replaces several inputs, the value is
    copied at the end instead; so where it is made before the number that is watched.
    """
    read = {id(n): {r.buffer for r in reads(n)} for phase in phases for n in phase.nests}  # once for all new values
    made: dict[Buffer, list[tuple[int, LoopNest]]] = {}
    for p, phase in enumerate(phases):
        for n in phase.nests:
            for b in dict.fromkeys(o.buffer for o in n.outputs):
                made.setdefault(b, []).append((p, n))
    in_place: dict[Buffer, Buffer] = {}
    copies: list[LoopNest] = []
    for tensor, k in carried.items():
        new, old = lowered.outputs[k], lowered.inputs.get(tensor)
        if old is None or new is old or has_batch(new.shape):
            continue
        if new not in in_place and _may_overwrite(new, old, watched, phases, read, made.get(new, [])):
            in_place[new] = old
            continue
        axes = axes_of(old)
        at = tuple(map(Affine.of, axes))
        following = Buffer(f"{old.name}_next", old.shape, old.dtype)
        value = expressions.unique(Read(new, at))
        copies.append(LoopNest(tuple(axes), (Output(following, at, value),)))
        in_place[following] = old
    if not copies:
        return list(phases), in_place
    last = [Phase(True, []), Phase(False, copies)] if len(phases) % 2 else [Phase(False, copies)]
    return [*phases, *last], in_place


def _may_overwrite(
    new: Buffer,
    old: Buffer,
    watched: Buffer | None,
    phases: Sequence[Phase],
    read: Mapping[int, set[Buffer]],
    writers: Sequence[tuple[int, LoopNest]],
) -> bool:
    """Whether one nest of an array phase makes the new value, element by element, after all that reads the old one.

    `read` has the buffers that each nest reads, by the nest's identity; `writers` are the nests that make the new
    value, with their phases.
    """
    if len(writers) != 1 or phases[writers[0][0]].chunked:
        return False
    ((where, writer),) = writers
    (output,) = [o for o in writer.outputs if o.buffer is new]
    if output.accumulate or writer.ordered:
        return False
    if any(r.buffer is old and r.index != output.index for r in reads(writer)):
        return False
    if any(old in read[id(n)] for phase in phases[where + 1 :] for n in phase.nests):
        return False
    if any(o.buffer is watched for phase in phases[where + 1 :] for n in phase.nests for o in n.outputs):
        return False
    if any(o.buffer is watched for o in writer.outputs):
        return False
    nests = phases[where].nests
    after = {o.buffer for o in writer.outputs}
    for n in nests[nests.index(writer) + 1 :]:
        if read[id(n)] & after:
            after |= {o.buffer for o in n.outputs}
            if watched in after or old in read[id(n)]:
                return False
    return True
