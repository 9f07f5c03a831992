"""A complete training step of each model that comes with chainrule, but for those of steps.py."""

from typing import Any

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row
from benchmarks.rows.units import STEP

_EAGER: dict[str, dict[str, Any]] = {"PyTorch": {}}
_IMAGES = _EAGER | {"PyTorch, channels last": {"channels_last": True}}

_NETWORKS: tuple[tuple[str, int, str, dict[str, dict[str, Any]]], ...] = (
    ("resnet", 128, "a residual network, 20 layers on 32 × 32 × 3", _IMAGES),
    ("allconv", 64, "an all-convolutional network of width 32 on 32 × 32 × 3", _IMAGES),
    ("autoencoder", 128, "a convolutional autoencoder, 32 numbers for 28 × 28", _IMAGES),
    ("unet", 64, "a U-Net of depth 3 and width 16 on 32 × 32", _IMAGES),
    ("sensor-cnn", 64, "a convolutional network of width 128 on series of 128 times 9 numbers", _EAGER),
    ("tabular", 128, "a dense network 64-32 on 10 numbers and the vectors of 8 categories", _EAGER),
)

ROWS = tuple(
    Row(
        f"{network}-step-{batch}",
        f"A training step with {batch} samples of {words}.",
        (
            Contestant(OURS, "benchmarks.work.our_models:steps", {"network": network, "batch": batch}),
            *(
                Contestant(
                    name,
                    "benchmarks.work.pytorch_models:steps",
                    {"network": network, "batch": batch, **options},
                    needs=("torch",),
                )
                for name, options in peers.items()
            ),
        ),
        InBlocks(),
        STEP,
    )
    for network, batch, words, peers in _NETWORKS
)
