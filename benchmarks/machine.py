"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
_THREADS = ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def describe(packages: Iterable[str], command: str) -> dict[str, str]:
    """Machine, processor, threads, load, versions, commit, command and date, each in a line."""
    limits = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    versions = [f"{name} {installed(name)}" for name in ("chainrule", "numpy", *sorted(set(packages) - {"numpy"}))]
    return {
        "machine": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": _processor(),
        "cores": f"{_cores()} usable of {os.cpu_count()}; {', '.join(limits) or 'no limits on threads set'}",
        "load": "before the run " + " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": _compiler(),
        "versions": ", ".join(name for name in versions if not name.endswith(" None")),
        "commit": _commit(),
        "command": command,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _cores() -> int | None:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return _said("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or "unknown"


def _compiler() -> str:
    from chainrule.compiler.toolchain import find_compiler
    from chainrule.errors import CompilerError

    try:
        return next(iter(_said(*find_compiler(), "--version").splitlines()), "unknown")
    except CompilerError:
        return "none found"


def _commit() -> str:
    changed = _said("git", "status", "--porcelain", "--", "src", "benchmarks/work")
    return (_said("git", "rev-parse", "--short=12", "HEAD") or "unknown") + (", with changes" if changed else "")


def installed(distribution: str) -> str | None:
    """The version of a package that is installed here, or None."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
