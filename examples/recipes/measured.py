"""What the recipes have in common: a set of images is loaded, each seed trained and tested, and the result printed."""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chainrule as cr

Train = Callable[[Any, Any, int, int], cr.Model]  # from images, labels, seed and number of epochs


def measure(images: str, trained: Train, description: str | None, *, epochs: int, seeds: int) -> None:
    """Train on all training images and test, for seeds 0, 1, ...; or set images aside, as it was done to choose."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help=f"the folder of {images}; else the one in CHAINRULE_DATA_DIR")
    parser.add_argument("--epochs", type=int, default=epochs, help=f"default: {epochs}")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(seeds), help=f"default: 0 to {seeds - 1}")
    parser.add_argument(
        "--set-aside", type=int, metavar="K",
        help="leave the test images alone: test with 10,000 training images, drawn with seed K, train on the others",
    )  # fmt: skip
    given = parser.parse_args()
    folder = given.data or cr.data.find_data(images)
    if folder is None:
        parser.error(f"the images of {images} are needed: give --data FOLDER, or set CHAINRULE_DATA_DIR")
    parts = cr.data.load_images(folder)
    x, y, new_x, new_y = parts.x_train, parts.y_train, parts.x_test, parts.y_test
    if given.set_aside is not None:
        x, y, new_x, new_y = cr.data.train_validation_split(x, y, 1 / 6, seed=given.set_aside, stratify=True)

    accuracies = []
    for seed in given.seeds:
        began = time.perf_counter()
        model = trained(x, y, seed, given.epochs)
        seconds = time.perf_counter() - began
        accuracies.append(model.evaluate(new_x, new_y, metrics=["accuracy"])["accuracy"])
        print(f"seed {seed}: accuracy {accuracies[-1]:.2%}, trained in {seconds:.2f} s", flush=True)
    print(f"median accuracy {statistics.median(accuracies):.2%}")
