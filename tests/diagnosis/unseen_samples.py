"""Samples for trainings that the diagnosis has not been tuned on: none of them are the bundled digits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import Dataset, arrows, find_data, load_images, scene_windows, scenes

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Samples:
    """What is trained on, and what it is validated on, if that is not a share of it."""

    x: Array
    y: Array
    x_validation: Array | None = None
    y_validation: Array | None = None


class NotHereError(LookupError):
    """The data of a training are not on this machine."""


def divided(made: Samples, validation: int) -> Samples:
    """The last samples set aside for validation."""
    x, y = made.x, made.y
    return Samples(x[:-validation], y[:-validation], x[-validation:], y[-validation:])


def standardized(values: Array) -> Array:
    """Every feature with mean 0 and deviation 1."""
    axes = tuple(range(values.ndim - 1)) or None
    scaled: Array = (values - values.mean(axes)) / values.std(axes)
    return scaled.astype(np.float32)


# ------------------------------------------------------------------------------------------------------------ images
@cache
def fashion_data() -> Dataset:
    """All clothes; NotHereError where they are not."""
    folder = find_data("fashion-mnist")
    if folder is None:
        raise NotHereError("needs Fashion-MNIST: set CHAINRULE_DATA_DIR")
    return load_images(folder)


def fashion_pixels(count: int, size: int = 28, seed: int = 0, classes: int = 10) -> tuple[Array, Array]:
    """Clothes of the first classes in gray levels from 0 to 255, of 28 or 14 pixels."""
    data = fashion_data()
    held = np.flatnonzero(data.y_train < classes)
    chosen = np.random.default_rng(seed).permutation(held)[:count]
    x, y = data.x_train[chosen], data.y_train[chosen]
    if size == 14:
        x = np.rint(x.reshape(-1, 14, 2, 14, 2, 1).mean((2, 4))).astype(np.uint8)
    return x, y


def fashion(count: int, size: int = 28, seed: int = 0, classes: int = 10) -> Samples:
    """Clothes, scaled to [0, 1]."""
    x, y = fashion_pixels(count, size, seed, classes)
    return Samples(x.astype(np.float32) / 255, y)


def fashion_rows(count: int, seed: int = 0, classes: int = 10) -> Samples:
    """Clothes of 14 × 14 pixels as rows of a table, every pixel about 0."""
    made = fashion(count, 14, seed, classes)
    return replace(made, x=(made.x.reshape(-1, 196) - made.x.mean()) / made.x.std())


def fashion_copies(count: int, seed: int = 0) -> Samples:
    """Clothes of 14 × 14 pixels, each its own target."""
    x = fashion(count, 14, seed).x
    return Samples(x, x)


def fashion_scenes(count: int, seed: int = 0) -> Samples:
    """Windows of pictures with several clothes; the class 10 is background."""
    x, y = fashion_pixels(1000, 14, seed)
    made = scenes(x, y, count, size=(48, 48), objects=(2, 4), seed=seed)
    windows, labels = scene_windows(made, background=10, near=1, far=5, backgrounds=0.15, seed=seed)
    # The same piece of clothing may be cut out at the same place more than once, and would stand on both sides.
    once = np.sort(np.unique(windows.reshape(len(windows), -1), axis=0, return_index=True)[1])
    return Samples(windows[once].astype(np.float32) / 255, labels[once])


def pointing(train: int = 1200, validation: int = 400, seed: int = 0, noise: float = 16.0) -> Samples:
    """Arrows in four directions, scaled to [0, 1]."""
    made = arrows(train, validation, noise=noise, seed=seed)
    x, x_validation = (x.astype(np.float32) / 255 for x in (made.x_train, made.x_test))
    return Samples(x, made.y_train, x_validation, made.y_test)


def discs(count: int, seed: int = 0, size: int = 16, noise: float = 0.25) -> Samples:
    """Bright discs under noise, and which pixels are theirs."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((size, size))
    middle = random.uniform(4, size - 4, (2, count, 2, 1, 1))
    radius = random.uniform(2, 4, (count, 2, 1, 1))
    inside = ((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2).any(1)
    x = 0.8 * inside + noise * random.standard_normal(inside.shape) + random.uniform(-0.2, 0.2, (count, 1, 1))
    return Samples(x[..., None].astype(np.float32), inside[..., None].astype(np.float32))


def corners(count: int, seed: int = 0, size: int = 14) -> Samples:
    """A bright square in one of four quarters of an image, which is its label."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, count)
    rows, columns = np.indices((size, size))
    half = size // 2
    top, left = (half * part + random.integers(1, half - 3, count) for part in (y // 2, y % 2))
    inside = (abs(rows - top[:, None, None] - 1) <= 1) & (abs(columns - left[:, None, None] - 1) <= 1)
    x = 0.8 * inside + 0.1 * random.standard_normal(inside.shape)
    return Samples(x[..., None].astype(np.float32), y)


def brightnesses(count: int, seed: int = 0, size: int = 14) -> Samples:
    """A dark, a medium or a bright texture; the label is which."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, count)
    level = 0.25 + 0.25 * y + random.uniform(-0.06, 0.06, count)
    x = np.clip(level[:, None, None] + 0.1 * random.standard_normal((count, size, size)), 0, 1)
    return Samples(x[..., None].astype(np.float32), y)


# ------------------------------------------------------------------------------------------------------------ tables
def clusters(
    count: int, spread: float, seed: int = 0, modes: int = 2, shares: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25)
) -> Samples:
    """Four classes of 10 features, each of one or two clouds; the larger the spread, the more they overlap."""
    random = np.random.default_rng(seed)
    y = random.choice(4, count, p=shares)
    turned, _ = np.linalg.qr(random.standard_normal((10, 10)))
    x = 2 * turned[y + 4 * random.integers(0, modes, count)] + spread * random.standard_normal((count, 10))
    return Samples(standardized(x), y)


def moons(count: int, noise: float = 0.15, seed: int = 0, share: float = 0.5) -> Samples:
    """Two half circles, one in the other; `share` is that of the second."""
    random = np.random.default_rng(seed)
    y = (random.uniform(size=count) < share).astype(np.int64)
    angle = np.pi * random.uniform(size=count)
    x = np.stack([np.where(y, 1 - np.cos(angle), np.cos(angle)), np.where(y, 0.5 - np.sin(angle), np.sin(angle))], 1)
    return Samples(standardized(x + noise * random.standard_normal(x.shape)), y)


def rings(count: int, noise: float = 0.12, seed: int = 0) -> Samples:
    """Three rings about the origin."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, count)
    angle, radius = 2 * np.pi * random.uniform(size=count), 0.5 + 0.6 * y + noise * random.standard_normal(count)
    return Samples(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32), y)


def spirals(count: int, noise: float = 0.05, seed: int = 0) -> Samples:
    """Three spiral arms."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, count)
    along = np.sqrt(random.uniform(0.02, 1, count))
    angle = 2 * np.pi * y / 3 + 4.5 * along
    x = 1.7 * np.stack([along * np.cos(angle), along * np.sin(angle)], 1)
    return Samples((x + noise * random.standard_normal(x.shape)).astype(np.float32), y)


def parity(count: int, seed: int = 0, bits: int = 10) -> Samples:
    """Ten signs, and whether an odd number of them is positive."""
    x = np.random.default_rng(seed).choice([-1.0, 1.0], (count, bits)).astype(np.float32)
    return Samples(x, (x > 0).sum(1) % 2)


def curved(count: int, noise: float = 0.2, seed: int = 0, targets: int = 1) -> Samples:
    """Numbers that follow from 8 features in curves, under noise; all with mean 0 and deviation 1."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (count, 8))
    one = 2 * np.sin(2.5 * x[:, 0] * x[:, 1]) + 2 * x[:, 2] ** 2 + x[:, 3] + 0.5 * x[:, 4]
    two = np.abs(x[:, 1]) + x[:, 5] * x[:, 6]
    three = np.cos(2 * x[:, 0]) - x[:, 7]
    y = standardized(np.stack([one, two, three], 1)[:, :targets])
    return Samples(standardized(x), standardized(y + noise * random.standard_normal(y.shape)))


def straight(count: int, noise: float = 0.3, seed: int = 0) -> Samples:
    """A number that is a weighted sum of 8 features, under noise."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, 8)).astype(np.float32)
    y = x @ random.standard_normal((8, 1)) / 3 + noise * random.standard_normal((count, 1))
    return Samples(x, standardized(y))


def tags(count: int, noise: float = 0.3, seed: int = 0) -> Samples:
    """Five labels that hold or not, each by itself, by 12 features."""
    random = np.random.default_rng(7)  # the same rule for every seed
    inner, outer = random.standard_normal((12, 16)) / 3, random.standard_normal((16, 5)) / 3
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, 12)).astype(np.float32)
    scores = np.tanh(x @ inner) @ outer + x[:, :5] / 3 + noise * random.standard_normal((count, 5)) / 2
    return Samples(x, (scores > 0.1).astype(np.float32))


# ------------------------------------------------------------------------------------------------------------ series
def waves(
    count: int,
    steps: int = 32,
    noise: float = 0.4,
    seed: int = 0,
    shares: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25),
) -> Samples:
    """Two sensors of a machine in one of four states: slow, fast, rattling, or with its sensors out of step."""
    random = np.random.default_rng(seed)
    y = random.choice(4, count, p=shares)
    time = np.arange(steps)[None] / steps + random.uniform(0, 1, (count, 1))
    turns = np.where(y == 1, 4.0, 2.0)[:, None]
    first = np.sin(2 * np.pi * turns * time)
    second = np.sin(2 * np.pi * turns * time + np.where(y == 3, np.pi, 0.0)[:, None])
    first += np.where(y == 2, 1.0, 0.0)[:, None] * np.sign(np.sin(2 * np.pi * 6 * time))
    x = np.stack([first, second], 2) + noise * random.standard_normal((count, steps, 2))
    return Samples(standardized(x), y)


def forecasts(count: int, seed: int = 0) -> Samples:
    """12 steps of a noisy oscillation, and the next one."""
    random = np.random.default_rng(seed)
    values = np.zeros(count + 200)
    for k in range(2, len(values)):
        values[k] = 1.7 * values[k - 1] - 0.9 * values[k - 2] + 0.3 * random.standard_normal()
    series = standardized(values[100:, None])
    windows = np.lib.stride_tricks.sliding_window_view(series[:, 0], 13)[:count]
    return Samples(np.ascontiguousarray(windows[:, :12, None]), np.ascontiguousarray(windows[:, 12:]))


# ------------------------------------------------------------------------------------------ what can be wrong with them
def relabeled(made: Samples, share: float, classes: int, seed: int = 0) -> Samples:
    """A share of the labels replaced by others, those of validation too."""

    def flipped(y: Array, seed: int) -> Array:
        random = np.random.default_rng(seed)
        return np.where(random.uniform(size=len(y)) < share, (y + random.integers(1, classes, len(y))) % classes, y)

    y_validation = None if made.y_validation is None else flipped(made.y_validation, seed + 1)
    return replace(made, y=flipped(made.y, seed), y_validation=y_validation)


def thinned(made: Samples, label: int, kept: int) -> Samples:
    """Only the first few samples of one label."""
    own = np.flatnonzero(made.y == label)
    rest = np.delete(np.arange(len(made.y)), own[kept:])
    return replace(made, x=made.x[rest], y=made.y[rest])


def leaked(made: Samples, validation: int, share: float, seed: int = 0) -> Samples:
    """Validation samples of which a share were trained on."""
    apart = divided(made, validation)
    assert apart.x_validation is not None
    assert apart.y_validation is not None
    random = np.random.default_rng(seed)
    mixed = random.choice(validation, round(share * validation), replace=False)
    taken = random.choice(len(apart.x), len(mixed), replace=False)
    x, y = apart.x_validation.copy(), apart.y_validation.copy()
    x[mixed], y[mixed] = apart.x[taken], apart.y[taken]
    return replace(apart, x_validation=x, y_validation=y)


def repeated(made: Samples, times: int, seed: int = 0) -> Samples:
    """Every sample several times, mixed, as oversampling leaves them."""
    order = np.random.default_rng(seed).permutation(np.tile(np.arange(len(made.x)), times))
    return replace(made, x=made.x[order], y=made.y[order])


def stretched(made: Samples, factor: Any, offset: float = 0.0) -> Samples:
    """Inputs in another unit; `factor` may differ from feature to feature."""
    return replace(made, x=(made.x * np.asarray(factor) + offset).astype(np.float32))


def with_labels(made: Samples, labels: tuple[int, ...]) -> Samples:
    """Only samples of some labels."""
    held = np.isin(made.y, labels)
    return replace(made, x=made.x[held], y=made.y[held])


def with_blank_rows(made: Samples, share: float, seed: int = 0) -> Samples:
    """A share of the samples with nothing in them, as a sensor that failed leaves them."""
    blank = np.random.default_rng(seed).uniform(size=len(made.x)) < share
    return replace(made, x=np.where(blank[:, None], 0, made.x).astype(np.float32))


def untrained_class(made: Samples, label: int, validation: int) -> Samples:
    """Validation samples with a label that is not trained on."""
    apart = divided(made, validation)
    held = apart.y != label
    return replace(apart, x=apart.x[held], y=apart.y[held])


def counted_from_one(made: Samples) -> Samples:
    """Labels one too large."""
    return replace(made, y=made.y + 1)


def rounded(made: Samples) -> Samples:
    """Targets in halves, so that some are 0."""
    return replace(made, y=np.rint(2 * made.y) / 2)


def larger_targets(made: Samples, factor: float, offset: float) -> Samples:
    """Targets in another unit."""
    return replace(made, y=made.y * np.float32(factor) + np.float32(offset))


def unscaled_fashion(count: int, seed: int = 0) -> Samples:
    """Clothes whose pixels are numbers up to 255."""
    x, y = fashion_pixels(count, seed=seed)
    return Samples(x.astype(np.float32), y)
