"""Samples for the second forty trainings that are fine: other images, and tables as they come from people's lives."""

from __future__ import annotations

import numpy as np

from chainrule.data import digits
from tests.diagnosis.unseen_samples import Array, Samples, fashion_data, standardized


# ------------------------------------------------------------------------------------------------------------ images
def _scaled(images: Array, size: int) -> Array:
    x = images.astype(np.float32) / 255
    return x.reshape(-1, 14, 2, 14, 2, 1).mean((2, 4)) if size == 14 else x


def handwritten(count: int, seed: int, size: int = 28) -> Samples:
    """Digits, scaled to [0, 1]: of the last 4,000 to train with; other tests take the first."""
    data = digits()
    chosen = 6000 + np.random.default_rng(seed).permutation(4000)[:count]
    return Samples(_scaled(data.x_train[chosen], size), data.y_train[chosen])


def odd(count: int, seed: int) -> Samples:
    """Digits, and whether they are odd."""
    made = handwritten(count, seed)
    return Samples(made.x, made.y % 2)


def row_by_row(count: int, seed: int) -> Samples:
    """Digits of 14 × 14 pixels as series of rows."""
    made = handwritten(count, seed, 14)
    return Samples(standardized(made.x[..., 0].reshape(-1, 1)).reshape(-1, 14, 14), made.y)


def handwritten_copies(count: int, seed: int, noise: float = 0.0) -> Samples:
    """Digits of 14 × 14 pixels, to be found again under noise."""
    x = handwritten(count, seed, 14).x
    noisy = x + noise * np.random.default_rng(seed).standard_normal(x.shape)
    return Samples(noisy.astype(np.float32), x)


def worn(count: int, seed: int, size: int = 28, kinds: tuple[tuple[int, ...], ...] | None = None) -> Samples:
    """Clothes of the test samples, scaled to [0, 1]; of `kinds`, if given, each is a class, and others are left out."""
    data = fashion_data()
    classes = np.full(10, -1)
    for label, members in enumerate(kinds or tuple((k,) for k in range(10))):
        classes[list(members)] = label
    held = np.flatnonzero(classes[data.y_test] >= 0)
    chosen = np.random.default_rng(seed).permutation(held)[:count]
    return Samples(_scaled(data.x_test[chosen], size), classes[data.y_test[chosen]])


def lower_halves(count: int, seed: int) -> Samples:
    """The upper half of clothes, pixels about 0, and the lower one, to be guessed from it."""
    x = worn(count, seed, 14).x
    return Samples((x[:, :7] - 0.3) / 0.35, x[:, 7:].reshape(len(x), -1))


def shapes(count: int, seed: int, size: int = 16) -> Samples:
    """Under noise, a disc and a darker square over it: which pixels are neither's, the disc's, the square's."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((size, size))
    middle = random.uniform(4, size - 4, (2, 2, count, 1, 1))
    radius = random.uniform(2.5, 4.5, (2, count, 1, 1))
    disc = (rows - middle[0, 0]) ** 2 + (columns - middle[0, 1]) ** 2 < radius[0] ** 2
    square = np.maximum(abs(rows - middle[1, 0]), abs(columns - middle[1, 1])) < 0.7 * radius[1]
    y = np.where(square, 2, disc.astype(np.int64))
    x = np.array([-0.5, 1.2, 0.3])[y] + 0.3 * random.standard_normal(y.shape)
    return Samples(x[..., None].astype(np.float32), y)


# ------------------------------------------------------------------------------------------------------------ tables
def _people(count: int, random: np.random.Generator) -> tuple[Array, dict[str, Array]]:
    """A row for each customer: 0/1 columns as they are, all others with mean 0 and deviation 1."""
    income = random.lognormal(0, 0.8, count)
    age = random.integers(18, 80, count)
    orders = random.poisson(3, count)
    member = (random.uniform(size=count) < 0.35).astype(np.int64)
    region = random.choice(4, count, p=(0.4, 0.3, 0.2, 0.1))
    flags = np.stack([member, random.uniform(size=count) < 0.08, *(region == k for k in range(4))], 1)
    measured = standardized(np.stack([income, age, orders, random.gamma(1.5, 1, count)], 1))
    columns = {"income": np.log(income), "age": (age - 49) / 18, "orders": orders, "member": member, "region": region}
    return np.concatenate([measured, flags.astype(np.float32)], 1), columns


def leaving(count: int, seed: int) -> Samples:
    """Customers, and the one in four who leave; of six, five can be foreseen to stay or to leave, not more."""
    random = np.random.default_rng(seed)
    x, of = _people(count, random)
    score = 1.2 * of["age"] * (1 - 1.6 * of["member"]) - 0.5 * of["orders"] + 0.7 * (of["region"] == 2) + 0.2
    score += 0.5 * of["income"]
    return Samples(x, (random.uniform(size=count) < 1 / (1 + np.exp(-2 * score))).astype(np.int64))


def spending(count: int, seed: int, noise: float) -> Samples:
    """Customers, and what they spend; `noise` is its share of the variance."""
    random = np.random.default_rng(seed)
    x, of = _people(count, random)
    y = of["income"] * (1 + 0.6 * of["member"]) + 0.3 * of["orders"] - 0.5 * of["age"] ** 2 + 0.4 * of["region"]
    return Samples(x, _noisy(y[:, None], noise, random))


def _noisy(y: Array, noise: float, random: np.random.Generator) -> Array:
    return standardized(np.sqrt(1 - noise) * standardized(y) + np.sqrt(noise) * random.standard_normal(y.shape))


def many_features(count: int, seed: int, classes: int = 3, telling: int = 12) -> Samples:
    """A hundred features of which a dozen tell the class, as far as it can be told."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, 100)).astype(np.float32)
    weight = random.standard_normal((telling, classes))
    return Samples(x, (x[:, :telling] @ weight + random.gumbel(size=(count, classes))).argmax(1))


def weighted_sums(count: int, seed: int, noise: float, features: int = 100, targets: int = 4) -> Samples:
    """Targets that are weighted sums of features which are correlated; `noise` is its share of their variance."""
    random = np.random.default_rng(seed)
    x = standardized(random.standard_normal((count, features)) + 0.5 * random.standard_normal((count, 1)))
    return Samples(x, _noisy(x @ random.standard_normal((features, targets)), noise, random))


def one_feature(count: int, seed: int, noise: float) -> Samples:
    """A number that rises and falls with another; `noise` is its share of the variance."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1.7, 1.7, (count, 1))
    return Samples(x.astype(np.float32), _noisy(np.sin(2 * x) + 0.4 * x, noise, random))


def overlapping(count: int, seed: int, classes: int, features: int, apart: float) -> Samples:
    """One round cloud for each class; their middles are as far apart as by chance, `apart` times."""
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, count)
    middles = apart * random.standard_normal((classes, features))
    return Samples(standardized(middles[y] + random.standard_normal((count, features))), y)


def two_clouds(count: int, seed: int, apart: float) -> Samples:
    """Two round clouds in the plane, their middles `apart` deviations from each other."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, count)
    x = random.standard_normal((count, 2)) + apart * y[:, None] * np.array([0.8, 0.6])
    return Samples(standardized(x), y)


def flowers(count: int, seed: int) -> Samples:
    """Three kinds by four measures, one kind by itself and two that touch."""
    random = np.random.default_rng(seed)
    y = np.arange(count) % 3
    middles = np.array([[5.0, 3.4, 1.5, 0.25], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
    deviations = np.array([[0.35, 0.38, 0.17, 0.1], [0.5, 0.3, 0.45, 0.2], [0.6, 0.3, 0.55, 0.27]])
    shuffled = random.permutation(y)
    return Samples(standardized(random.normal(middles[shuffled], deviations[shuffled])), shuffled)


def grades(count: int, seed: int, noise: float = 0.6) -> Samples:
    """Six features, and a grade from 0 to 4 that rises with what follows from them."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, 6))
    merit = x[:, 0] + 0.8 * x[:, 1] - 0.6 * x[:, 2] + 0.5 * x[:, 3] * x[:, 4] + noise * random.standard_normal(count)
    return Samples(x.astype(np.float32), np.digitize(merit, np.quantile(merit, [0.15, 0.4, 0.65, 0.85])))


def steps_passed(count: int, seed: int) -> Samples:
    """Grades, told as which of four steps were passed."""
    made = grades(count, seed)
    return Samples(made.x, (made.y[:, None] > np.arange(4)).astype(np.float32))


def topics(count: int, seed: int) -> Samples:
    """Twenty features with values of 0 or 1, and which of six topics they speak of, some more seldom than others."""
    random = np.random.default_rng(seed)
    x = (random.uniform(size=(count, 20)) < 0.3).astype(np.float32)
    scores = (x - 0.3) @ random.normal(0, 2, (20, 6)) + 0.7 * random.logistic(size=(count, 6))
    return Samples(x, (scores > np.quantile(scores, [0.5, 0.6, 0.65, 0.7, 0.75, 0.8], axis=0).diagonal()).astype("f4"))


def visits(count: int, seed: int) -> Samples:
    """Five features, and how often something happens whose rate depends on them."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, 5)).astype(np.float32)
    rate = np.exp(0.8 + 0.5 * x[:, 0] - 0.4 * x[:, 1] + 0.4 * np.maximum(x[:, 2], 0) * x[:, 3])
    return Samples(x, random.poisson(np.minimum(rate, 20))[:, None].astype(np.float32))


def few_causes(count: int, seed: int, noise: float = 0.3) -> Samples:
    """Twenty-four measures behind which there are five causes; each sample is its own target."""
    random = np.random.default_rng(seed)
    causes = random.standard_normal((count, 5))
    x = np.tanh(causes @ random.standard_normal((5, 24)) / 2) + noise / 2 * random.standard_normal((count, 24))
    x = standardized(x)
    return Samples(x, x)


# ------------------------------------------------------------------------------------------------------------ series
def trends(count: int, seed: int, steps: int = 24) -> Samples:
    """A walk that falls, stays, or rises, under the ups and downs of a week."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, count)
    week = np.sin(2 * np.pi * (np.arange(steps) + random.integers(0, 7, (count, 1))) / 7)
    walk = (0.18 * (y[:, None] - 1) + 0.35 * random.standard_normal((count, steps))).cumsum(1)
    return Samples(((walk + week) / 2)[..., None].astype(np.float32), y)


def pulses(count: int, seed: int, steps: int = 24) -> Samples:
    """Beats at equal distances, or with one that is missing, or with one too many."""
    random = np.random.default_rng(seed)
    y = random.choice(3, count, p=(0.5, 0.25, 0.25))
    x = 0.25 * random.standard_normal((count, steps))
    first = random.integers(0, 5, count)
    for k in range(count):
        beats = list(range(first[k], steps, 5))
        if y[k] == 1:
            beats.pop(random.integers(1, len(beats) - 1))
        if y[k] == 2:
            beats.append(int(random.choice(beats[:-1])) + int(random.integers(2, 4)))
        x[k, beats] += 2
    return Samples(standardized(x[..., None]), y)


def sentences(count: int, seed: int, words: int = 60, length: int = 12) -> Samples:
    """Words by number, of which some are more frequent in one of four topics."""
    random = np.random.default_rng(11)  # the same language for every seed
    frequencies = random.dirichlet(np.full(words, 1.5), 4)
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, count)
    return Samples(np.stack([random.choice(words, length, p=frequencies[label]) for label in y]), y)


def next_steps(count: int, seed: int, past: int = 16, future: int = 4) -> Samples:
    """What a load was over sixteen hours, and what it is in the four that follow."""
    random = np.random.default_rng(seed)
    hours = np.arange(past + future) + random.uniform(0, 24, (count, 1))
    height = random.uniform(0.6, 1.4, (count, 1))
    load = height * np.sin(2 * np.pi * hours / 24) + 0.4 * np.sin(2 * np.pi * hours / 8)
    load += 0.3 * random.standard_normal((count, 1)) + 0.25 * random.standard_normal(load.shape)
    load = load.astype(np.float32)
    return Samples(load[:, :past, None], load[:, past:])
