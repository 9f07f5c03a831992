"""Samples for the third and fourth forty trainings that are fine: other questions about images, and new tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.data import scene_windows, scenes
from tests.diagnosis.unseen_samples import Array, Samples, fashion_pixels, standardized
from tests.diagnosis.unseen_samples_again import grades, handwritten


def properties(count: int, seed: int) -> Samples:
    """Digits, and for each whether it is odd, at least five, and has a closed loop."""
    made = handwritten(count, seed, 14)
    told = np.stack([made.y % 2 == 1, made.y >= 5, np.isin(made.y, (0, 6, 8, 9))], 1)
    return replace(made, y=told.astype(np.float32))


def below_three(count: int, seed: int) -> Samples:
    """Digits, and which of them are 0, 1 or 2: between a quarter and a third."""
    made = handwritten(count, seed)
    return replace(made, y=(made.y < 3).astype(np.int64))


def graded(count: int, seed: int) -> Samples:
    """Grades as numbers with mean 0 and deviation 1."""
    made = grades(count, seed, noise=0.4)
    return replace(made, y=standardized(made.y[:, None].astype(np.float64)))


def board(count: int, seed: int, squares: int = 3) -> Samples:
    """Points on a board of dark and bright squares, and the color under them; a few lie over the edge."""
    random = np.random.default_rng(seed)
    place = random.uniform(0, squares, (count, 2))
    seen = place + 0.05 * random.standard_normal(place.shape)
    return Samples(standardized(seen), np.floor(place).astype(np.int64).sum(1) % 2)


def tempo(count: int, seed: int, steps: int = 40) -> Samples:
    """A noisy oscillation, and how fast it is."""
    random = np.random.default_rng(seed)
    turns = random.uniform(2, 7, (count, 1))
    x = np.sin(2 * np.pi * (turns * np.arange(steps) / steps + random.uniform(0, 1, (count, 1))))
    x = 1.2 * x + 0.4 * random.standard_normal(x.shape)
    return Samples(x[..., None].astype(np.float32), standardized(turns))


def failures(count: int, seed: int) -> Samples:
    """Three columns of readings, correlated, and whether a part fails, as one in five does."""
    random = np.random.default_rng(seed)
    heat = random.standard_normal(count)
    shaking = 0.6 * heat + 0.8 * random.standard_normal(count)
    age = random.uniform(-1.7, 1.7, count)
    risk = 1.5 * heat * shaking + 1.2 * age - 2.5
    y = (random.uniform(size=count) < 1 / (1 + np.exp(-1.5 * risk))).astype(np.int64)
    return Samples(standardized(np.stack([heat, shaking, age], 1)), y)


def scenes_apart(count: int, validation: int, seed: int) -> Samples:
    """Windows of pictures with several clothes, of which none are both trained on and validated on."""
    x, y = fashion_pixels(4000, 14, seed)

    def windows(images: Array, labels: Array, pictures: int) -> tuple[Array, Array]:
        made = scenes(images, labels, pictures, size=(48, 48), objects=(2, 4), seed=seed)
        found, told = scene_windows(made, background=10, near=1, far=5, backgrounds=0.12, seed=seed)
        return found.astype(np.float32) / 255, told

    return Samples(*windows(x[:3200], y[:3200], count), *windows(x[3200:], y[3200:], validation))


def primes(count: int, seed: int) -> Samples:
    """Digits, and which of them are 2, 3, 5 or 7."""
    made = handwritten(count, seed, 14)
    return replace(made, y=np.isin(made.y, (2, 3, 5, 7)).astype(np.int64))


def stripes(count: int, seed: int, size: int = 14, noise: float = 0.5) -> Samples:
    """Stripes that lie, rise, stand or fall, of several widths, under noise."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, count)
    angle = (np.pi / 4 * y + random.uniform(-0.2, 0.2, count))[:, None, None]
    rows, columns = np.indices((size, size))
    across = rows * np.cos(angle) + columns * np.sin(angle)
    width, offset = random.uniform(3.5, 6, (count, 1, 1)), random.uniform(0, 1, (count, 1, 1))
    x = np.sin(2 * np.pi * (across / width + offset)) + noise * random.standard_normal((count, size, size))
    return Samples(x[..., None].astype(np.float32), y)


def houses(count: int, seed: int) -> Samples:
    """Area, rooms, year, distance, and in which of three districts a house is; the logarithm of its price."""
    random = np.random.default_rng(seed)
    area = random.lognormal(4.6, 0.35, count)
    rooms = np.maximum(1, np.rint(area / 28 + 0.7 * random.standard_normal(count)))
    year = random.integers(1900, 2020, count)
    distance = random.gamma(2, 4, count)
    district = random.choice(3, count, p=(0.5, 0.3, 0.2))
    price = 0.9 * np.log(area) - 0.025 * distance + ((year - 1960) / 80) ** 2 / 2 + np.array([0, 0.25, -0.2])[district]
    price += 0.15 * random.standard_normal(count)
    measured = standardized(np.stack([np.log(area), rooms, year, np.log1p(distance)], 1))
    where = (district[:, None] == np.arange(3)).astype(np.float32)
    return Samples(np.concatenate([measured, where], 1), standardized(price[:, None]))


def bumps(count: int, seed: int, steps: int = 30) -> Samples:
    """A reading that wanders about, and in one of four cases jolts for three steps."""
    random = np.random.default_rng(seed)
    y = (random.uniform(size=count) < 0.25).astype(np.int64)
    x = np.zeros((count, steps))
    x[:, 0] = random.standard_normal(count)
    for k in range(1, steps):
        x[:, k] = 0.9 * x[:, k - 1] + 0.44 * random.standard_normal(count)
    start = random.integers(0, steps - 3, count)
    jolt = (np.arange(steps) >= start[:, None]) & (np.arange(steps) < start[:, None] + 3)
    x += y[:, None] * jolt * random.uniform(1.8, 3, (count, 1))
    return Samples(standardized(x[..., None]), y)
