"""A complete training step of small networks that are made of one kind of layer."""

from typing import Any

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row
from benchmarks.rows.units import STEP

_EAGER: dict[str, dict[str, Any]] = {"PyTorch": {}}
_IMAGES = _EAGER | {"PyTorch, channels last": {"channels_last": True}}
_COMPILED = _EAGER | {"torch.compile": {"compiled": True}}

_NETWORKS: tuple[tuple[str, int, str, dict[str, dict[str, Any]]], ...] = (
    ("depthwise", 128, "five blocks of normalised 3 × 3 depthwise and 1 × 1 convolutions on 32 × 32 × 3", _IMAGES),
    ("conv1d", 128, "three convolutions along series of 256 times 6 numbers, with 32 and 64 channels", _EAGER),
    ("transposed", 64, "two 4 × 4 transposed convolutions, from 7 × 7 × 64 to images of 28 × 28", _IMAGES),
    ("layernorm", 128, "four dense layers of 256, each layer-normalised", _COMPILED),
    ("attention", 64, "two blocks of a transformer's encoder on series of 64 times 64 numbers, four heads", _COMPILED),
    ("lstm", 64, "an LSTM of 32 units over 32 times 8 numbers; PyTorch's has a second bias", _EAGER),
)

ROWS = tuple(
    Row(
        f"{network}-step-{batch}",
        f"A training step with {batch} samples of {words}.",
        (
            Contestant(OURS, "benchmarks.work.our_layers:steps", {"network": network, "batch": batch}),
            *(
                Contestant(
                    name,
                    "benchmarks.work.pytorch_layers:steps",
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
