"""How many threads NumPy's matrix products should have in the reference executor: alone, and beside a second training.

    python -m benchmarks.blas_threads

Prints the median time of a LeNet-5 training step (64 samples, forward and backward) for one and two BLAS threads.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

STEPS = 20


def measure() -> float:
    """Milliseconds per step in this process, with the threads that its environment allows."""
    from contextlib import nullcontext

    import numpy as np

    import chainrule as cr
    from chainrule.autodiff import gradients
    from chainrule.execute import Program, reference
    from chainrule.nn import lenet5, trace

    reference.one_thread = nullcontext  # type: ignore[attr-defined, assignment] # the environment decides
    network = trace(lenet5(), [(28, 28, 1)])
    labels = cr.input_tensor("labels", (cr.batch,), "int64")
    assert isinstance(network.training, cr.Tensor)
    loss = cr.mean(cr.cross_entropy(network.training, labels))
    program = Program([loss, *gradients(loss, [p.tensor for p in network.parameters.values()])])
    digits = cr.data.digits()
    values = network.initial_parameters(0)
    bindings = {p.tensor: values[name] for name, p in network.parameters.items()}
    bindings |= {network.inputs[0]: digits.x_train[:64].astype(np.float32), labels: digits.y_train[:64]}
    times = []
    for _ in range(STEPS):
        started = time.perf_counter()
        program.run(bindings)
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def processes(count: int, threads: int) -> list[float]:
    """The same measurement in several processes at once."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command: Sequence[str] = [sys.executable, "-m", "benchmarks.blas_threads", "one"]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return [float(process.communicate()[0]) for process in running]


if __name__ == "__main__":
    if sys.argv[1:] == ["one"]:
        print(measure())
    else:
        for count in (1, 2):
            for threads in (1, 2):
                shown = ", ".join(f"{ms:.0f}" for ms in processes(count, threads))
                print(f"{count} training(s) at once, {threads} BLAS thread(s) each: {shown} ms per step")
