"""Training from the disk: what does not fit the memory is to be trained as fast as what does."""

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import STEP

ROWS = (
    Row(
        "streaming",
        "A step of LeNet-5 with 64 images from files that are not in memory, against the same images in memory.",
        (
            Contestant(OURS, "benchmarks.work.our_streaming:epochs", {"from_disk": True}),
            Contestant("in memory", "benchmarks.work.our_streaming:epochs", {"from_disk": False}),
        ),
        InBlocks(),
        STEP,
        Times("in memory", 0.95, 1),
    ),
)
