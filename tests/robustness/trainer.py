"""A training in a process of its own, which dies where it is told to: python -m tests.robustness.trainer ORDER

It saves at every chance there is, and has one after every step. At the moment of writing that is ordered it ends itself
as `kill -9` does.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chainrule.data import prepared
from chainrule.diagnosis import Diagnosis
from chainrule.runs import Configuration, RunFolder, arrange, overridden, rearrange, resume, train, training
from chainrule.runs.recorder import Recorder
from chainrule.train import Callback
from tests.robustness.moments import Moments


class EveryStep(Callback):
    """Wants each step, so that each may be followed by a save; says when the first is about to be taken."""

    def on_train_begin(self, training: Any) -> None:
        print("begun", flush=True)

    def wants_step(self, step: int) -> bool:
        return True


def main(sets: list[str], folder: str, *, within: bool = False, dies_at: float = math.inf) -> int:
    """Begin the run, or go on with it; the number of moments."""
    run, followed = RunFolder(Path(folder)), (Diagnosis(verbose=0), [EveryStep()])
    always = patch.object(training, "Recorder", partial(Recorder, share=math.inf))
    if any(one.startswith("train.blocks") for one in sets):  # as on a machine that is too small for the samples
        patch.object(prepared, "memory_size", lambda: 0).start()
    moments = Moments(lambda: os.kill(os.getpid(), signal.SIGKILL), dies_at, within=within)
    with always, moments.watched():
        if (run.path / "config.json").exists():
            resume(rearrange(run), run, *followed)
        else:
            train(arrange(overridden(Configuration(), sets)), RunFolder.at(folder), *followed)
    return len(moments.names)


if __name__ == "__main__":
    print(main(**json.loads(sys.argv[1])))
