"""What writing out a recurrent layer costs: python -m benchmarks.unrolling

A line for each number of steps: nodes of the graph, kernels of a training step's value and gradients, seconds of
processor time to compile them (Python and the C compiler apart), and the time of one run on 64 samples.
"""

from __future__ import annotations

import os
import tempfile
import time
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import numpy as np

from chainrule.autodiff.reverse import gradients
from chainrule.execute.native import NativeProgram
from chainrule.graph.tensor import Tensor
from chainrule.graph.traversal import topological
from chainrule.nn import GRU, LSTM, Layer, SimpleRNN, trace
from chainrule.ops.contraction import mean
from chainrule.ops.elementwise import square

UNITS, FEATURES, SAMPLES, RUNS = 32, 8, 64, 50


def processor_seconds(who: int) -> float:
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


def measure(layer: Layer, steps: int) -> str:
    network = trace(layer, [(steps, FEATURES)])
    assert isinstance(network.training, Tensor)
    parameters = [p.tensor for p in network.parameters.values()]
    loss = mean(square(network.training))
    bindings = {network.parameters[name].tensor: value for name, value in network.initial_parameters(0).items()}
    bindings[network.inputs[0]] = np.random.default_rng(0).standard_normal((SAMPLES, steps, FEATURES), np.float32)
    ours, theirs = processor_seconds(RUSAGE_SELF), processor_seconds(RUSAGE_CHILDREN)
    program = NativeProgram([loss, *gradients(loss, parameters)])
    program.run(bindings)
    ours, theirs = processor_seconds(RUSAGE_SELF) - ours, processor_seconds(RUSAGE_CHILDREN) - theirs
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        program.run(bindings)
        times.append(time.perf_counter() - start)
    nodes, kernels = len(topological([network.training])), len(program.compiled.kernels)
    return (
        f"{type(layer).__name__:10} {steps:4} steps {nodes:5} nodes {kernels:4} kernels  "
        f"compiled in {ours:4.1f} + {theirs:4.1f} s  run in {1e3 * np.median(times):6.2f} ms"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CHAINRULE_CACHE_DIR"] = folder  # nothing compiled before
        for kind in (SimpleRNN, GRU, LSTM):
            for steps in (8, 16, 32):
                print(measure(kind(UNITS), steps), flush=True)


if __name__ == "__main__":
    main()
