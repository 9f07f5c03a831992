"""From kernels to the C text of a program: phases one after the other, barriers where one needs another's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chainrule.compiler import team
from chainrule.compiler.copies import Arranged, Gather, Load, Step, Store, Turn, resolved
from chainrule.compiler.interface import ACCEPTED, BANKS_AT_MOST, ROWS, TYPE_NUMBERS
from chainrule.compiler.kernels import C_TYPES, Kernel, memory_type
from chainrule.compiler.layout import Layout, touched
from chainrule.compiler.mathematics import prelude
from chainrule.compiler.strips import Strip
from chainrule.compiler.toolchain import EXPORTED
from chainrule.graph.expression import Buffer
from chainrule.graph.loopnest import LoopNest

SPLIT = 40_000  # characters of kernels that two compilers side by side take less time for than one
WORK_WEIGHT = 30_000  # characters of kernels that take as long to compile as what surrounds them
ALONE = 4096  # points of a kernel over whole arrays that one thread computes sooner than several


@dataclass(frozen=True, eq=False)
class Piece:
    """A step with what it touches and how it is called."""

    step: Step
    kernel: Kernel | None
    call: str
    alone: bool

    @property
    def written(self) -> frozenset[Buffer]:
        if isinstance(self.step, LoopNest):
            return frozenset(o.buffer for o in self.step.outputs)
        return frozenset([self.step.target])

    @property
    def read(self) -> frozenset[Buffer]:
        own = self.written if isinstance(self.step, LoopNest) else frozenset()
        return frozenset(touched(self.step)) - own


def assembled(
    arranged: Arranged,
    kernels: Mapping[int, Kernel],
    layout: Layout,
    in_place: Mapping[Buffer, Buffer],
    aliases: Mapping[Buffer, Buffer],
    strips: Mapping[int, Sequence[Strip]],
    feeds: Sequence[Buffer],
    results: Sequence[Buffer],
    watched: Buffer | None,
) -> list[str]:
    """The C texts of a program. `kernels` are by the identity of their nests."""
    kernels = _shared(kernels)
    depths = {id(n): x.depth for found in strips.values() for x in found for n in x.steps}
    everything = [(chunked, s) for chunked, steps in arranged.phases for s in steps]
    pieces = {
        id(s): _timed(k, _piece(s, kernels.get(id(s)), layout, chunked, depths.get(id(s), 0)))
        for k, (chunked, s) in enumerate(everything)
    }
    copies = _copies(arranged, layout)
    texts = [
        f"enum {{ PHASES = {len(arranged.phases)} }};",
        *(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("frame.h", "program.c")),
        *copies,
        *(f"{k.head};" for k in kernels.values() if k.head),
    ]
    body: list[str] = []
    guard = False
    for p, (chunked, steps) in enumerate(arranged.phases):
        if not steps:
            continue
        if chunked:
            texts.append(_chunk_function(p, [pieces[id(s)] for s in steps], strips.get(p, ())))
            body += _chunk_phase(p, steps, layout)
        else:
            lines, guard = _array_phase([pieces[id(s)] for s in steps], in_place, aliases, watched, guard)
            body += lines
    texts.append(_work(body, layout, feeds, results, watched))
    includes = ["#include <stdatomic.h>", "#include <string.h>", team.header()]
    return _units("\n".join([*includes, *_common(layout)]), texts, list(kernels.values()), "\n".join(_common(layout)))


def _shared(kernels: Mapping[int, Kernel]) -> dict[int, Kernel]:
    """The kernels, where several that differ in their arguments alone call one function.

    A network that does the same thing many times, such as a recurrent one step by step, is compiled in the time of one.
    """
    first: dict[str, str] = {}
    found = {}
    for key, k in kernels.items():
        title, head, body = k.code.partition(k.head)
        name = first.setdefault(head.removeprefix(f"void {k.name}") + body, k.name)
        if name != k.name:
            k = replace(k, name=name, head="", code=f"{title}// {k.name} is {name} with other arguments\n")
        found[key] = k
    return found


def _common(layout: Layout) -> list[str]:
    return [
        prelude(layout.lanes),
        f"enum {{ BANKS_AT_MOST = {BANKS_AT_MOST} }};",
        (Path(__file__).parent / "common.h").read_text(encoding="utf-8"),
    ]


def _units(head: str, texts: Sequence[str], kernels: Sequence[Kernel], common: str) -> list[str]:
    """The texts to be compiled side by side: the program with as many kernels as balance it, and the other kernels."""
    if sum(len(k.code) for k in kernels) < SPLIT:
        return ["\n".join([head, *(k.code for k in kernels), *texts])]
    weights = [WORK_WEIGHT + sum(map(len, texts)), 0]
    parts: list[list[Kernel]] = [[], []]
    for k in sorted(kernels, key=lambda k: -len(k.code)):
        lighter = weights.index(min(weights))
        parts[lighter].append(k)
        weights[lighter] += len(k.code)
    ordered = [[k for k in kernels if k in part] for part in parts]
    main = "\n".join([head, *(k.code for k in ordered[0]), *texts])
    return [main, "\n".join([common, *(k.code for k in ordered[1])])]


# ------------------------------------------------------------------------------------------------------------- calls
def _pointer(b: Buffer, layout: Layout, chunked: bool) -> str:
    place = layout.places[b]
    kind = memory_type(b.dtype)
    match place.arena:
        case "scratch":
            where = f"scratch + {place.offset}"
        case "batch":
            size = place.chunk * b.dtype.numpy.itemsize
            where = f"f->batches + {place.offset} * chunks" + (f" + c * {size}" if chunked else "")
        case arena if arena in ROWS:
            axes = ROWS.index(arena) + 1
            before = [f"{layout.sizes[a]}{' * batch' * k}" for k, a in enumerate(ROWS[: axes - 1], 1)]
            where = " + ".join(["f->rows", *before, f"{place.offset}{' * batch' * axes}"])
        case "banks":
            where = f"bank + {place.offset}" if chunked else f"f->banks + {place.offset}"
        case "shared":
            where = f"f->shared + {place.offset}"
        case _:
            where = f"f->outside[{place.offset}]"
    return f"({kind} *)({where})"


def _piece(step: Step, kernel: Kernel | None, layout: Layout, chunked: bool, depth: int) -> Piece:
    if kernel is not None:
        places = zip(kernel.buffers, kernel.starts, strict=True)
        pointers = ", ".join(_pointer(b, layout, chunked) + f" + {start}" * (start > 0) for b, start in places)
        fault = ", &f->fault" if kernel.faults else ""
        if chunked:
            part = "".join(f"s{k}, " for k in range(depth))
            return Piece(step, kernel, f"{kernel.name}({pointers}, {part}first, batch{fault});", False)
        if not kernel.units:
            return Piece(step, kernel, f"{kernel.name}({pointers}, 0, 1, batch{fault});", True)
        alone = kernel.work < ALONE
        ends = "0, units" if alone else "units * thread / threads, units * (thread + 1) / threads"
        call = f"{{ const i64 units = {kernel.units}; {kernel.name}({pointers}, {ends}, batch{fault}); }}"
        return Piece(step, kernel, call, alone)
    assert not isinstance(step, LoopNest)
    # copies go chunk by chunk in array phases too
    source, target = _pointer(step.source, layout, True), _pointer(step.target, layout, True)
    size = _sample_size(step.source)
    t = memory_type(step.source.dtype)
    match step:
        case Gather():
            return Piece(step, None, _gather(step, target, size, layout), False)
        case Load():
            call = _load(step, source, target, size, layout)
        case Store():
            call = f"store_{t}({source}, {target}, {size}, first, batch);"
        case _:
            elements = layout.places[step.source].elements // layout.lanes
            call = f"turn_{t}({source}, {target}, {elements}, {layout.places[step.target].lane});"
    if not chunked:
        head = "for (i64 c = chunks * thread / threads; c < chunks * (thread + 1) / threads; c++)"
        call = f"{head} {{ const i64 first = c * LANES; {call} }}"
    return Piece(step, None, call, False)


def _timed(number: int, piece: Piece) -> Piece:
    return replace(piece, call=f"TIMED({number}, {piece.call})")


def _load(step: Load, source: str, target: str, size: int, layout: Layout) -> str:
    to = memory_type(step.target.dtype)
    place = layout.places[step.source]
    if place.arena != "outside":
        return f"load_{to}_{to}({source}, {target}, {size}, first, batch, 0);"
    cases = [
        f"case {TYPE_NUMBERS[d]}: load_{to}_{memory_type(d)}((void *)f->outside[{place.offset}], {target}, {size}, "
        "first, batch, places); break;"
        for d in ACCEPTED[step.source.dtype]
    ]
    return f"switch (f->types[{place.offset}]) {{ {' '.join(cases)} }}"


def _gather(step: Gather, target: str, size: int, layout: Layout) -> str:
    to, place = memory_type(step.target.dtype), layout.places[step.source]
    cases = [
        f"case {TYPE_NUMBERS[d]}: gather_{to}_{memory_type(d)}((void *)f->outside[{place.offset}], {target}, {size}, "
        "batch * thread / threads, batch * (thread + 1) / threads, places); break;"
        for d in ACCEPTED[step.source.dtype]
    ]
    return f"switch (f->types[{place.offset}]) {{ {' '.join(cases)} }}"


def _sample_size(b: Buffer) -> int:
    size = 1
    for extent in b.shape[1:]:
        assert isinstance(extent, int)
        size *= extent
    return size


def _copies(arranged: Arranged, layout: Layout) -> list[str]:
    """The copying functions that the program calls."""
    wanted: dict[str, None] = {}
    for _, steps in arranged.phases:
        for s in steps:
            match s:
                case Load(source, target):
                    outside = layout.places[source].arena == "outside"
                    for d in ACCEPTED[source.dtype] if outside else (source.dtype,):
                        to, given = memory_type(target.dtype), memory_type(d)
                        convert = f"{to}v_from_{given}v" if to != given else ""
                        wanted[f"LOAD({to}, {given}, {convert})"] = None
                case Gather(source):
                    for d in ACCEPTED[source.dtype]:
                        wanted[f"GATHER({memory_type(source.dtype)}, {memory_type(d)})"] = None
                case Store(source):
                    wanted[f"STORE({memory_type(source.dtype)})"] = None
                case Turn(source):
                    wanted[f"TURN({memory_type(source.dtype)})"] = None
    return list(wanted)


# ------------------------------------------------------------------------------------------------------------ phases
def _chunk_function(p: int, pieces: Sequence[Piece], strips: Sequence[Strip]) -> str:
    begins, ends = {x.first: x for x in strips}, {x.last: x for x in strips}
    calls = []
    for k, piece in enumerate(pieces):
        if k in begins:
            calls += [f"  for (i64 s{d} = 0; s{d} < {e}; s{d}++) {{" for d, e in enumerate(begins[k].extents)]
        calls.append(f"  {piece.call}")
        calls += ["  }"] * ends[k].depth if k in ends else []
    arguments = "struct frame *f, char *scratch, char *bank, const i64 *places, const i64 c, const int thread"
    return "\n".join([
        f"static void phase{p}({arguments}) {{",
        "  const i64 first = c * LANES, batch = f->batch, chunks = (batch + LANES - 1) / LANES;",
        "  (void)first; (void)chunks; (void)bank; (void)places; (void)scratch; (void)thread;",
        *calls,
        "}",
    ])  # fmt: skip


def _chunk_phase(p: int, steps: Sequence[Step], layout: Layout) -> list[str]:
    """Threads take banks, or chunks where nothing is summed up, until none is left."""
    made = [o.buffer for s in steps if isinstance(s, LoopNest) for o in s.outputs]
    banked = [b for b in made if layout.places[b].arena == "banks"]
    call = f"phase{p}(f, scratch, bank, places, c, thread);"
    if not banked:
        return [
            "    {",
            "      char *bank = 0;",
            f"      for (i64 c; (c = atomic_fetch_add(&f->taken[{p}], 1)) < chunks;) {call}",
            "    }",
            "    team_barrier(team);",
        ]
    places = [layout.places[b] for b in banked]
    start = min(x.offset for x in places)
    end = max(x.offset + x.elements * b.dtype.numpy.itemsize for x, b in zip(places, banked, strict=True))
    return [
        f"    for (i64 b; (b = atomic_fetch_add(&f->taken[{p}], 1)) < banks;) {{",
        f"      char *bank = f->banks + b * {layout.sizes['banks']};",
        f"      memset(bank + {start}, 0, {end - start});",
        f"      for (i64 c = chunks * b / banks; c < chunks * (b + 1) / banks; c++) {call}",
        "    }",
        "    team_barrier(team);",
    ]


def _array_phase(
    pieces: Sequence[Piece],
    in_place: Mapping[Buffer, Buffer],
    aliases: Mapping[Buffer, Buffer],
    watched: Buffer | None,
    guarded: bool,
) -> tuple[list[str], bool]:
    """Steps in rounds: a barrier ends a round, and what one thread does alone needs none before its next step.

    What writes in place waits for all that reads the old value, and for the number that is watched.
    """
    rounds = _rounds(pieces, in_place, aliases, watched)
    lines: list[str] = []
    checked = guarded
    for r in range(max(rounds, default=-1) + 1):
        now = [piece for piece, x in zip(pieces, rounds, strict=True) if x == r]
        writes = any(b in in_place for piece in now for b in piece.written)
        if writes and not checked and watched is not None:
            lines.append("    if (f->watched && !is_finite(f)) goto end;")
            checked = True
        lines += [f"    {piece.call}" for piece in now if not piece.alone]
        alone = [f"      {piece.call}" for piece in now if piece.alone]
        lines += ["    if (thread == 0) {", *alone, "    }"] if alone else []
        lines.append("    team_barrier(team);")
    return lines, checked


def _rounds(
    pieces: Sequence[Piece],
    in_place: Mapping[Buffer, Buffer],
    aliases: Mapping[Buffer, Buffer],
    watched: Buffer | None,
) -> list[int]:
    """The round of each piece: after all that it needs, and all that reads what it writes over."""
    written = [{resolved(b, aliases) for b in piece.written} for piece in pieces]
    read = [{resolved(b, aliases) for b in piece.read} for piece in pieces]
    replaced = [{in_place[b] for b in piece.written if b in in_place} for piece in pieces]
    before = [
        [
            j
            for j in range(len(pieces))
            if (j < k and written[j] & (read[k] | written[k]))
            or (j != k and read[j] & replaced[k])
            or (j != k and replaced[k] and watched in written[j])
        ]
        for k in range(len(pieces))
    ]

    def together(j: int, k: int) -> bool:
        """Whether one thread computes both, one after the other, and nothing is asked in between."""
        asked = bool(replaced[k]) and watched in written[j]
        return pieces[j].alone and pieces[k].alone and j < k and not asked

    rounds: dict[int, int] = {}
    while len(rounds) < len(pieces):
        ready = [k for k in range(len(pieces)) if k not in rounds and all(j in rounds for j in before[k])]
        assert ready, "pieces of a phase wait for each other"
        for k in ready:
            rounds[k] = max([0, *(rounds[j] + int(not together(j, k)) for j in before[k])])
    return [rounds[k] for k in range(len(pieces))]


def _work(
    body: Sequence[str], layout: Layout, feeds: Sequence[Buffer], results: Sequence[Buffer], watched: Buffer | None
) -> str:
    def copied(b: Buffer, k: int, table: str, count: int, back: bool) -> str:
        inside, size = f"f->shared + {layout.places[b].offset}", b.dtype.numpy.itemsize
        outside = f"f->{table} + (step * {count} + {k}) * 8"
        return f"      memcpy({f'{outside}, {inside}' if back else f'{inside}, {outside}'}, {size});"

    test = ["static int is_finite(struct frame *f) {"]
    if watched is not None:
        kind = C_TYPES[watched.dtype]
        test += [
            f"  const {kind} x = *({kind} *)(f->shared + {layout.places[watched].offset});",
            "  return x - x == 0;",
        ]
    else:
        test += ["  (void)f;", "  return 1;"]
    test.append("}")
    return "\n".join([
        *test,
        "/* Every thread of a team runs all steps; `done` counts those that were completed. */",
        f"{EXPORTED} void work(void *argument, int thread, int threads, struct team *team) {{",
        "  struct frame *f = argument;",
        f"  char *scratch = f->scratch + (i64)thread * {layout.sizes['scratch']};",
        "  const i64 batch = f->batch, chunks = (batch + LANES - 1) / LANES, banks = banks_of(batch);",
        "  (void)chunks; (void)banks; (void)scratch; (void)threads;",
        "  for (i64 step = 0; step < f->steps; step++) {",
        "    const i64 *places = f->places ? f->places + step * batch : 0;",
        "    (void)places;",
        "    if (thread == 0) {",
        "      for (i64 p = 0; p < PHASES; p++) atomic_store(&f->taken[p], 0);",
        *(copied(b, k, "feeds", len(feeds), False) for k, b in enumerate(feeds)),
        "    }",
        "    team_barrier(team);",
        *body,
        "    if (thread == 0) {",
        *(copied(b, k, "results", len(results), True) for k, b in enumerate(results)),
        "      f->done = step + 1;",
        "    }",
        "    continue;",
        *(["  end:", "    if (thread == 0) {",
           *(copied(b, k, "results", len(results), True) for k, b in enumerate(results)),
           "    }", "    return;"] if any("goto end" in line for line in body) else []),
        "  }",
        "}",
    ])  # fmt: skip
