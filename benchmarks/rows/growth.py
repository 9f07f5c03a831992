"""How our time and memory grow with the batch, the width and the depth of a network; there is no peer."""

from benchmarks.blocks import InBlocks
from benchmarks.row import Contestant, Row
from benchmarks.rows.units import STEP

_BATCHES = (16, 32, 64, 128, 256, 512, 1024)
_NETWORKS: tuple[tuple[str, str, dict[str, tuple[int, ...]]], ...] = (
    (
        "mlp",
        "a dense network (2 layers of 256)",
        {"batch": _BATCHES, "width": (32, 64, 128, 256, 512), "depth": (1, 2, 4, 8)},
    ),
    (
        "cnn",
        "a 3×3 CNN on 14×14 maps (2 layers of 16)",
        {"batch": _BATCHES, "width": (4, 8, 16, 32), "depth": (1, 2, 4, 8)},
    ),
)

ROWS = tuple(
    Row(
        f"growth-{network}-{axis}",
        f"Time and peak memory of our training step of {words}, by its {axis}.",
        tuple(Contestant(str(size), f"benchmarks.work.ours:growing_{network}", {axis: size}) for size in sizes),
        InBlocks(),
        STEP,
        axis=axis,
    )
    for network, words, axes in _NETWORKS
    for axis, sizes in axes.items()
)
