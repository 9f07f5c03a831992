"""A complete training step of each model that comes with chainrule, but for those of steps.py."""

from benchmarks.rows.networks import EAGER, IMAGES, step_rows

ROWS = step_rows(
    "models",
    (
        ("resnet", 128, "a residual network, 20 layers on 32 × 32 × 3", IMAGES),
        ("allconv", 64, "an all-convolutional network of width 32 on 32 × 32 × 3", IMAGES),
        ("autoencoder", 128, "a convolutional autoencoder, 32 numbers for 28 × 28", IMAGES),
        ("unet", 64, "a U-Net of depth 3 and width 16 on 32 × 32", IMAGES),
        ("sensor-cnn", 64, "a convolutional network of width 128 on series of 128 times 9 numbers", EAGER),
        ("tabular", 128, "a dense network 64-32 on 10 numbers and the vectors of 8 categories", EAGER),
    ),
)
