"""Images of arrows, made up: a set whose labels do not survive being mirrored."""

from __future__ import annotations

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import UsageError
from chainrule.graph.seeds import random_generator
from chainrule.messages import Message

_SIZES = Message(
    "arrows.sizes",
    en="arrows(train={train}, test={test}, size={size}): give at least 4 images of both, of at least 12 pixels.",
    zh="arrows(train={train}, test={test}, size={size})：两者各至少 4 幅图像，边长至少 12 像素。",
)

_DIRECTIONS = ("left", "right", "up", "down")


def arrows(train: int = 1000, test: int = 400, *, size: int = 20, noise: float = 16.0, seed: int = 0) -> Dataset:
    """Arrows that point left, right, up or down, of different lengths, at different places, under noise.

    size    side of the images in pixels
    noise   its standard deviation, where pixels are from 0 to 255

    The four classes are equally frequent, up to one image. The same arguments give the same images.

    Shapes:   images (n, size, size, 1) uint8, labels (n,) int64: left, right, up, down
    Raises:   UsageError for sizes that are too small.
    Example:
        >>> made = arrows(100, 40)
        >>> made, made.class_names
        (<arrows: 100 training and 40 test samples (20, 20, 1) uint8, 4 classes>, ('left', 'right', 'up', 'down'))
    """
    if min(train, test) < 4 or size < 12:
        raise UsageError(_SIZES(train=train, test=test, size=size))
    random = random_generator(seed)
    count = train + test
    labels = np.concatenate([random.permutation(np.arange(n) % 4) for n in (train, test)])
    # Arrows to the left: a shaft of a random length in a random row, and a head whose rows are shorter further out.
    rows, columns = np.indices((size, size))
    length = random.integers(size // 2, size - 3, count)[:, None, None]
    head = random.integers(2, 5, count)[:, None, None]
    middle = random.integers(5, size - 5, count)[:, None, None]
    tip = 1 + random.integers(0, size - 2 - length, (count, 1, 1))
    away = np.abs(rows - middle)
    shaft = (away <= 0.5) & (columns >= tip) & (columns < tip + length)
    wings = (away <= head) & (np.abs(columns - tip - away) <= 0.5)
    drawn = np.where(shaft | wings, random.uniform(160, 255, (count, 1, 1)), 0.0)
    upright = drawn.swapaxes(1, 2)
    turned = np.choose(labels[:, None, None], [drawn, drawn[:, :, ::-1], upright, upright[:, ::-1]])
    noisy = turned + noise * random.standard_normal(turned.shape)
    images = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)[..., None]
    return Dataset("arrows", images[:train], labels[:train], images[train:], labels[train:], _DIRECTIONS)
