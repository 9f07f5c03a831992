"""Writes data as people have them into a folder: two tables from scikit-learn, and a folder of pictures.

    wine.csv       178 wines: 13 numbers from a laboratory, and the cultivar
    diabetes.csv   442 patients: age, sex, body mass, blood, and how far the illness went in a year
    pictures/      2,500 handwritten digits as PNG, a folder for each, in train/ and test/

Then, for example:

    chainrule train wine.csv --target cultivar
    chainrule train diabetes.csv --target progression
    chainrule train pictures
    chainrule predict runs/latest pictures/test/7

It takes the name of the folder, by default this one, and needs scikit-learn.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_diabetes, load_wine

from chainrule.data import digits


def write_table(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table with a line of names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def write_pictures(folder: Path, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Each picture into the folder of its label."""
    for number, (picture, label) in enumerate(zip(pictures[..., 0], labels, strict=True)):
        path = folder / str(label) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)


folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
folder.mkdir(parents=True, exist_ok=True)

wine = load_wine()
cultivars = wine.target_names[wine.target]
wines = [[*x, y] for x, y in zip(wine.data, cultivars, strict=True)]
write_table(folder / "wine.csv", [*wine.feature_names, "cultivar"], wines)

diabetes = load_diabetes(scaled=False)
patients = [[*x, y] for x, y in zip(diabetes.data, diabetes.target, strict=True)]
write_table(folder / "diabetes.csv", [*diabetes.feature_names, "progression"], patients)

data = digits()
write_pictures(folder / "pictures" / "train", data.x_train[:2000], data.y_train[:2000])
write_pictures(folder / "pictures" / "test", data.x_test[:500], data.y_test[:500])
print(f"wine.csv, diabetes.csv and pictures are written in {folder.resolve()}")
