"""Small models with a preparation, of each kind of inputs; what they learned does not matter here."""

from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from chainrule.data import digits
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.pictures import PictureInputs
from chainrule.data.preparation import Preparation
from chainrule.data.tables import as_table
from chainrule.data.targets import Classes, Quantity
from chainrule.nn import lenet5, mlp, tabular_mlp
from chainrule.runs.trained import Trained
from chainrule.train import Model


def fruit(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with a column of each kind, some values missing."""
    random = np.random.default_rng(seed)
    rows = [
        {
            "mass": round(random.uniform(5, 300), 3),
            "ripe": bool(random.integers(2)),
            "color": str(random.choice(["red", "green", "yellow"])),
            "picked": str(np.datetime64("2024-01-01") + int(random.integers(400))),
        }
        for _ in range(count)
    ]
    for place, name in enumerate(rows[0]):
        rows[place % count][name] = None
    return rows


def pictures(count: int) -> list[bytes]:
    """Digits as PNG files."""
    return [png(x) for x in digits().x_test[:count, :, :, 0]]


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@cache
def table_model() -> Trained:
    """Tells three kinds of fruit apart."""
    rows = [{**row, "fruit": ("apple", "cherry", "pear")[k % 3]} for k, row in enumerate(fruit(60))]
    preparation = Preparation.learned(as_table(rows).labeled("fruit"), "fruit")
    numbers, categories = preparation.inputs.of(as_table(rows))
    model = Model(tabular_mlp(preparation.inputs.category_sizes, 3), seed=1)
    model.predict((numbers[:1], categories[:1]), executor="reference")
    return Trained("orchard", model, preparation)


@cache
def picture_model() -> Trained:
    """Tells ten digits apart."""
    target = Classes("digit", tuple("0123456789"))
    return Trained("digits", Model(lenet5(), (28, 28, 1), seed=1), Preparation(PictureInputs(28, 28, 1), target))


@cache
def array_model() -> Trained:
    """Gives a number for five."""
    inputs = ArrayInputs((5,), (0.0, 1.0, 2.0, 3.0, 4.0), (1.0,) * 5)
    return Trained("sum", Model(mlp((16,), 1), (5,), seed=1), Preparation(inputs, Quantity("sum", 10.0, 3.0)))
