"""A complete training step of small networks that are made of one kind of layer."""

from benchmarks.rows.networks import COMPILED, EAGER, IMAGES, step_rows

ROWS = step_rows(
    "layers",
    (
        ("depthwise", 128, "five blocks of normalised 3 × 3 depthwise and 1 × 1 convolutions on 32 × 32 × 3", IMAGES),
        ("conv1d", 128, "three convolutions along series of 256 times 6 numbers, with 32 and 64 channels", EAGER),
        ("transposed", 64, "two 4 × 4 transposed convolutions, from 7 × 7 × 64 to images of 28 × 28", IMAGES),
        ("layernorm", 128, "four dense layers of 256, each layer-normalised", COMPILED),
        (
            "attention",
            64,
            "two blocks of a transformer's encoder on series of 64 times 64 numbers, four heads",
            COMPILED,
        ),
        ("lstm", 64, "an LSTM of 32 units over 32 times 8 numbers; PyTorch's has a second bias", EAGER),
    ),
)
