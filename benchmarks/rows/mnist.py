"""Training on sixty thousand images: how long an epoch takes, and how much memory."""

from benchmarks.blocks import InBlocks
from benchmarks.processes import WholeProcesses
from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import EPOCH, MEMORY

ROWS = (
    Row(
        "mnist-epoch",
        "An epoch of LeNet-5 over 60,000 images in memory, shuffled, 64 at a time; scikit-learn's is a dense network.",
        (
            Contestant(OURS, "benchmarks.work.ours:mnist_epochs"),
            Contestant("PyTorch", "benchmarks.work.pytorch:mnist_epochs", needs=("torch",)),
            Contestant("scikit-learn", "benchmarks.work.scikit_learn:mnist_epochs", needs=("scikit-learn",)),
        ),
        InBlocks(),
        EPOCH,
        Times("PyTorch", 6.5, 8),
        takes_data=True,
    ),
    Row(
        "diagnosis",
        "The same epoch with a diagnosis left on, against one without.",
        (
            Contestant(OURS, "benchmarks.work.ours:mnist_epochs", {"watched": True}),
            Contestant("unwatched", "benchmarks.work.ours:mnist_epochs"),
        ),
        InBlocks(),
        EPOCH,
        Times("unwatched", 1 / 1.02, 1),
        takes_data=True,
    ),
    Row(
        "memory",
        "Peak memory of a whole process that trains LeNet-5 on 60,000 images for one epoch.",
        (
            Contestant(OURS, "benchmarks.work.ours:mnist_once"),
            Contestant("PyTorch", "benchmarks.work.pytorch:mnist_once", needs=("torch",)),
        ),
        WholeProcesses("peak_bytes", runs=3),
        MEMORY,
        Times("PyTorch", 2, 1 / 0.3),
        takes_data=True,
    ),
)
