"""One contestant's model behind chainrule's server, in a process of its own.

python -m benchmarks.server MODULE:FUNCTION OPTIONS-AS-JSON
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from benchmarks.memory import peak_bytes


def main(work: str, options: str) -> None:
    """Serve what the work gives, until the standard input ends; each line of it is answered with the resources used."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from threading import Thread

    from chainrule.serve.server import bound, serve

    module, function = work.split(":")
    trained = getattr(import_module(module), function)(**json.loads(options))
    listener = bound("127.0.0.1", 0)

    def answer() -> None:
        for _ in sys.stdin:
            used = os.times()
            answers.write(json.dumps({"cpu": used.user + used.system, "peak": peak_bytes()}) + "\n")
            answers.flush()
        os._exit(0)

    def ready() -> None:
        answers.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
        answers.flush()
        Thread(target=answer, daemon=True).start()

    serve(trained, listener, ready=ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
