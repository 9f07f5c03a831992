"""Rows that measure a training step of small networks, each beside PyTorch's twin of it."""

from collections.abc import Iterable
from typing import Any

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row
from benchmarks.rows.units import STEP

Peers = dict[str, dict[str, Any]]  # ways of PyTorch, and what they are told

EAGER: Peers = {"PyTorch": {}}
IMAGES: Peers = EAGER | {"PyTorch, channels last": {"channels_last": True}}
COMPILED: Peers = EAGER | {"torch.compile": {"compiled": True}}


def step_rows(kind: str, networks: Iterable[tuple[str, int, str, Peers]]) -> tuple[Row, ...]:
    """A row for each network (its name, samples, description, peers); the work is in `our_{kind}`, `pytorch_{kind}`."""
    return tuple(
        Row(
            f"{network}-step-{batch}",
            f"A training step with {batch} samples of {words}.",
            (
                Contestant(OURS, f"benchmarks.work.our_{kind}:steps", {"network": network, "batch": batch}),
                *(
                    Contestant(
                        name,
                        f"benchmarks.work.pytorch_{kind}:steps",
                        {"network": network, "batch": batch, **options},
                        needs=("torch",),
                    )
                    for name, options in peers.items()
                ),
            ),
            InBlocks(),
            STEP,
        )
        for network, batch, words, peers in networks
    )
