"""How much of the machine a training step uses."""

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import FLOPS

ROWS = (
    Row(
        "sgemm-share",
        "Floating-point rate of a LeNet-5 step with 128 samples, as a share of NumPy's own 2048³ matrix product.",
        (
            Contestant(OURS, "benchmarks.work.ours:lenet5_flops", {"batch": 128}),
            Contestant("NumPy sgemm", "benchmarks.work.numpy_product:product_flops"),
        ),
        InBlocks(),
        FLOPS,
        Times("NumPy sgemm", 0.7, 0.8),
    ),
)
