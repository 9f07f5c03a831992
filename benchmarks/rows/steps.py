"""A complete training step: forward, loss, backward, Adam."""

from benchmarks.blocks import InBlocks
from benchmarks.row import OURS, Contestant, Row, Times
from benchmarks.rows.units import STEP

_LENET5 = {32: Times("PyTorch", 8, 10), 128: Times("PyTorch", 5.5, 7), 512: Times("PyTorch", 5.5, 7)}
_MLP = {32: Times("PyTorch", 3.5, 4.5), 128: Times("PyTorch", 1.9, 2.4), 512: Times("PyTorch", 1.25, 1.5)}


def _contestants(steps: str, batch: int) -> tuple[Contestant, ...]:
    options = {"batch": batch}
    return (
        Contestant(OURS, f"benchmarks.work.ours:{steps}", options),
        Contestant("PyTorch", f"benchmarks.work.pytorch:{steps}", options, needs=("torch",)),
        Contestant("JAX", f"benchmarks.work.with_jax:{steps}", options, needs=("jax",)),
    )


ROWS = (
    *(
        Row(
            f"lenet5-step-{batch}",
            f"A training step of LeNet-5 with {batch} samples: forward, loss, backward, Adam; ours gathers too.",
            _contestants("lenet5_steps", batch),
            InBlocks(),
            STEP,
            target,
        )
        for batch, target in _LENET5.items()
    ),
    Row(
        "lenet5-step-128-compile",
        "The same with 128 samples against torch.compile, whose compiling is not counted.",
        (
            Contestant(OURS, "benchmarks.work.ours:lenet5_steps", {"batch": 128}),
            Contestant(
                "torch.compile",
                "benchmarks.work.pytorch:lenet5_steps",
                {"batch": 128, "compiled": True},
                needs=("torch",),
            ),
        ),
        InBlocks(),
        STEP,
    ),
    *(
        Row(
            f"mlp-step-{batch}",
            f"A training step of a dense network 784-512-256-10, ReLU, Adam, with {batch} samples.",
            _contestants("mlp_steps", batch),
            InBlocks(),
            STEP,
            target,
        )
        for batch, target in _MLP.items()
    ),
    Row(
        "cnn-step-128",
        "A training step of six batch-normalised 3 × 3 convolutions with 32 to 128 channels on 32 × 32 × 3, Adam.",
        (
            Contestant(OURS, "benchmarks.work.ours:cnn_steps", {"batch": 128}),
            *(
                Contestant(name, "benchmarks.work.pytorch:cnn_steps", {"batch": 128, **options}, needs=("torch",))
                for name, options in (
                    ("PyTorch", {}),
                    ("PyTorch, channels last", {"channels_last": True}),
                    ("torch.compile", {"compiled": True}),
                )
            ),
        ),
        InBlocks(),
        STEP,
        Times(None, 1.45, 1.8),
    ),
    Row(
        "cnn-step-bf16",
        "The same network and step with products of bfloat16 numbers, where the processor has them; and ours without.",
        (
            Contestant(OURS, "benchmarks.work.ours:cnn_steps", {"batch": 128, "precision": "bf16"}),
            Contestant(
                "PyTorch, bfloat16, channels last",
                "benchmarks.work.pytorch:cnn_steps",
                {"batch": 128, "channels_last": True, "bfloat16": True},
                needs=("torch",),
            ),
            Contestant(f"{OURS}, float32", "benchmarks.work.ours:cnn_steps", {"batch": 128}),
        ),
        InBlocks(),
        STEP,
        Times("PyTorch, bfloat16, channels last", 2, 3),
    ),
)
