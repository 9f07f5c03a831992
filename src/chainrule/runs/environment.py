"""With what a run was made: versions, machine, and when."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from chainrule.compiler.target import detect
from chainrule.version import __version__

_NEEDED = ("numpy", "safetensors", "pillow", "narwhals")


def environment() -> dict[str, Any]:
    """What this process runs on, for whoever wants to know later why numbers differ."""
    return {
        "began": datetime.now(UTC).isoformat(timespec="microseconds"),
        "chainrule": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _NEEDED},
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "instructions": detect().name,
        "variables": {name: value for name, value in sorted(os.environ.items()) if name.startswith("CHAINRULE_")},
    }
