"""One contestant in a process of its own, so that the thread pools of two libraries never share one.

python -m benchmarks.worker MODULE:FUNCTION OPTIONS-AS-JSON
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from benchmarks.turns import Turns


def main(work: str, options: str) -> None:
    """Run the work until the conversation ends; what libraries print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    module, function = work.split(":")
    getattr(import_module(module), function)(Turns(sys.stdin, answers), **json.loads(options))


if __name__ == "__main__":
    main(*sys.argv[1:])
