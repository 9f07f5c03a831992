"""Predictions of LeNet-5 by HTTP, an image at a time, behind the same server."""

from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import ANSWER, ANSWERS
from benchmarks.serving import Served

_CONTESTANTS = (
    Contestant(OURS, "benchmarks.work.our_servers:lenet5"),
    Contestant("ONNX Runtime", "benchmarks.work.onnx_runtime:lenet5_served", needs=("onnxruntime", "onnx")),
)

ROWS = (
    Row(
        "serving-p50",
        "Half of the answers to one client that sends an image at a time come sooner.",
        _CONTESTANTS,
        Served("p50", clients=1),
        ANSWER,
        Times("ONNX Runtime", 0.95, 1.2),
    ),
    Row(
        "serving-p99",
        "99 of 100 answers to 16 clients that send an image at a time come sooner.",
        _CONTESTANTS,
        Served("p99", clients=16),
        ANSWER,
        Times("ONNX Runtime", 0.95, 1.2),
    ),
    Row(
        "serving-throughput",
        "Answers to 16 clients that send an image at a time.",
        _CONTESTANTS,
        Served("throughput", clients=16),
        ANSWERS,
        Times("ONNX Runtime", 0.95, 1.2),
    ),
)
