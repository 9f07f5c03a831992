"""Predictions of LeNet-5 from Python, NumPy arrays in and out."""

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import CALL

ROWS = tuple(
    Row(
        f"inference-{batch}",
        f"A call that predicts {samples}, NumPy in and out, against a session of ONNX Runtime.",
        (
            Contestant(OURS, "benchmarks.work.ours:lenet5_predictions", {"batch": batch}),
            Contestant(
                "ONNX Runtime",
                "benchmarks.work.onnx_runtime:lenet5_predictions",
                {"batch": batch, "threads": threads},
                needs=("onnxruntime", "onnx"),
            ),
        ),
        InBlocks(),
        CALL,
        target,
    )
    for batch, samples, threads, target in (
        # With more threads than one, a session takes twice as long for one image.
        (1, "one image", 1, Times("ONNX Runtime", 1.8, 3)),
        (256, "256 images", 0, Times("ONNX Runtime", 2.5, 3.3)),
    )
)
