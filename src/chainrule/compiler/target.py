"""The instruction sets that code is written for, and the one of the running processor."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion

# No -ffast-math: it reassociates sums (and so breaks chains of multiply-adds) and forgets NaN and infinity.
_COMMON = (
    "-std=gnu11", "-O2", "-fPIC", "-shared", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fwrapv",
)  # fmt: skip
_CPU_INFORMATION = Path("/proc/cpuinfo")

_ASK_FOR_TILES = (158, 0x1023, 18)  # arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA), on x86-64

_UNKNOWN = Message(
    "target.unknown",
    en="CHAINRULE_ISA is set to '{name}', which is no instruction set that chainrule writes code for; choose one of: "
    "{known}.{suggestion} Unset it to use the best one of this processor.",
    zh="CHAINRULE_ISA 设为“{name}”，但 chainrule 不为这种指令集生成代码；可选：{known}。{suggestion}"
    "取消设置即使用本机处理器支持的最佳指令集。",
)
_MISSING = Message(
    "target.missing",
    en="CHAINRULE_ISA is set to '{name}', but this processor cannot run it; it runs: {runs}. Choose one of these, or "
    "unset it to use the best one.",
    zh="CHAINRULE_ISA 设为“{name}”，但本机处理器无法运行；可运行：{runs}。请选择其中之一，或取消设置以使用最佳指令集。",
)


@dataclass(frozen=True)
class Target:
    """An instruction set: the width of its vectors, how many registers hold them, and the compiler's flags for it.

    by_halves   the processor computes a vector in two passes, so that one of half the width takes half the time
    pairs       it has an instruction that multiplies pairs of bfloat16, and adds both products to a float32
    tiles       it has one that does so for tiles of 16 × 16 sums
    """

    name: str
    vector_bytes: int
    registers: int
    flags: tuple[str, ...]
    by_halves: bool = False
    pairs: bool = False
    tiles: bool = False


TARGETS = (
    Target(
        "avx512",
        64,
        32,
        (
            *_COMMON,
            "-mavx512f",
            "-mavx512bw",
            "-mavx512dq",
            "-mavx512vl",
            "-mfma",
            "-mavx2",
            "-mprefer-vector-width=512",
        ),
    ),
    # With this tuning GCC 12 moves vectors of two registers by registers, not by words; it adds no instructions.
    Target("avx2", 32, 16, (*_COMMON, "-mavx2", "-mfma", "-mtune=cascadelake")),
    Target("neon", 16, 32, _COMMON),
    Target("generic", 16, 16, _COMMON),
)  # the best first

_NEEDED = {
    "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"},
    "avx2": {"avx2", "fma"},
    "neon": {"neon"},
    "generic": set[str](),
}


def detect() -> Target:
    """The best target that the running processor has, or the one that CHAINRULE_ISA names.

    The best one is compiled with -march=native as well, so that the compiler may also use what the target does not
    ask for; the one that is named is not, so that it gives the same code on every machine.

    Raises:   UsageError if CHAINRULE_ISA names no target, or one that this processor cannot run.
    """
    runs = available()
    if not (name := os.environ.get("CHAINRULE_ISA")):
        widest = runs[0].name == "avx512"
        tiles = widest and {"avx512_bf16", "amx_tile", "amx_bf16"} <= _features() and _may_use_tiles()
        return replace(
            runs[0],
            flags=(*runs[0].flags, *_native(runs[0]), *(("-DAMX",) if tiles else ())),
            by_halves=widest and computes_by_halves(_cpu_information()),
            pairs=widest and "avx512_bf16" in _features(),
            tiles=tiles,
        )
    known = {target.name: target for target in TARGETS}
    if name not in known:
        raise UsageError(_UNKNOWN(name=name, known=", ".join(known), suggestion=suggestion(name, known)))
    if known[name] not in runs:
        raise UsageError(_MISSING(name=name, runs=", ".join(target.name for target in runs)))
    return known[name]


def _native(target: Target) -> tuple[str, ...]:
    """Flags for this processor alone, which is named so that no other finds what they make in a cache they share."""
    if target.name == "generic":
        return ()
    digest = sha256(" ".join(sorted(_features())).encode()).hexdigest()[:8]
    return ("-mcpu=native" if target.name == "neon" else "-march=native", f"-DPROCESSOR=0x{digest}")


@cache
def _may_use_tiles() -> bool:
    """Whether Linux gives this process the memory that tiles take in each of its threads: only if it asks."""
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).syscall(*_ASK_FOR_TILES) == 0)
    return False


def available() -> tuple[Target, ...]:
    """The targets that the running processor has, the best first.

    Example:
        >>> available()[-1].name
        'generic'
    """
    features = _features()
    return tuple(target for target in TARGETS if _NEEDED[target.name] <= features)


def lanes(target: Target, element_bytes: int) -> int:
    """How many elements of this size a vector holds.

    Example:
        >>> [lanes(target, 4) for target in TARGETS]
        [16, 8, 4, 4]
    """
    return target.vector_bytes // element_bytes


@cache
def _features() -> frozenset[str]:
    """What the processor says it has, in Linux's words; nothing where it is not known how to ask."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return frozenset({"neon"})
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return frozenset()
    with suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "darwin":
            return features_of_sysctl(
                subprocess.run(
                    ["sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"],
                    capture_output=True, encoding="utf-8", check=True, timeout=10,
                ).stdout
            )  # fmt: skip
        return features_of_cpuinfo(_cpu_information())
    return frozenset()


@cache
def _cpu_information() -> str:
    with suppress(OSError):
        return _CPU_INFORMATION.read_text(encoding="utf-8", errors="replace")
    return ""


def features_of_cpuinfo(text: str) -> frozenset[str]:
    """The features that Linux lists: those of the first processor.

    Example:
        >>> sorted(features_of_cpuinfo("flags : fma avx2"))
        ['avx2', 'fma']
    """
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def computes_by_halves(text: str) -> bool:
    r"""Whether vectors of 512 bits take two passes: on AMD's fourth generation of Zen, as Linux describes it.

    Example:
        >>> computes_by_halves("vendor_id : AuthenticAMD\ncpu family : 25")
        True
    """
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    return (fields.get("vendor_id"), fields.get("cpu family")) == ("AuthenticAMD", "25")


def features_of_sysctl(text: str) -> frozenset[str]:
    """The features that macOS lists, in the words of Linux.

    Example:
        >>> sorted(features_of_sysctl("FMA AVX1.0 AVX2 AVX512F"))
        ['avx1.0', 'avx2', 'avx512f', 'fma']
    """
    return frozenset(text.lower().split())
