"""The search for a model's recipe: accuracy on training digits that are set aside. No test set is looked at.

python -m benchmarks.recipe [--model NAME] [--data FOLDER] [--split K] [--seeds FIRST LAST]
    EPOCHS,PEAK,RISING,BETA_2,BATCH,SHIFT ...
"""

from __future__ import annotations

import argparse
import statistics
import time

import chainrule as cr
from chainrule.data import Split, digits, load_images, train_validation_split
from chainrule.nn import MODELS, Layer, RandomShift, Sequential
from chainrule.optim import Adam, OneCycle


def set_aside(folder: str | None, split: int) -> Split:
    """A twelfth of the full MNIST's training digits, or a tenth of the bundled ones, each class alike."""
    data, share = (digits(), 1 / 10) if folder is None else (load_images(folder), 1 / 12)
    return train_validation_split(data.x_train, data.y_train, share, seed=split, stratify=True)


def trained(name: str, recipe: str, parts: Split, seed: int) -> tuple[float, float, float]:
    """Accuracy and loss on what was set aside, and the seconds of the training."""
    epochs, peak, rising, beta_2, batch, shift = map(float, recipe.split(","))
    network: Layer = MODELS[name]()
    if shift:
        network = Sequential([RandomShift(int(shift)), network])
    model = cr.Model(network, (28, 28, 1), seed=seed)
    optimizer = Adam(OneCycle(peak, rising=rising), beta_2=beta_2)
    began = time.perf_counter()
    model.fit(parts.x_train, parts.y_train, optimizer=optimizer, epochs=int(epochs), batch_size=int(batch), verbose=0)
    seconds = time.perf_counter() - began
    found = model.evaluate(parts.x_validation, parts.y_validation)
    return found["accuracy"], found["loss"], seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lenet5", choices=MODELS)
    parser.add_argument("--data")
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--seeds", type=int, nargs=2, default=(10, 13))
    parser.add_argument("recipes", nargs="+")
    given = parser.parse_args()
    parts = set_aside(given.data, given.split)
    for recipe in given.recipes:
        runs = [trained(given.model, recipe, parts, seed) for seed in range(given.seeds[0], given.seeds[1] + 1)]
        accuracies, losses, seconds = zip(*runs, strict=True)
        print(
            f"{recipe}  accuracy: median {statistics.median(accuracies):.2%}, least {min(accuracies):.2%}"
            f"  loss: mean {statistics.mean(losses):.4f}  training: median {statistics.median(seconds):.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
