"""Forty trainings that are fine, for checks that were mended after three other forties had judged them.

They take up the samples and the networks of those with other sizes, noise, rates and questions: which digits are
primes, which shoes are boots; and three kinds of samples that are new: stripes, houses, readings that jolt.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule import nn
from chainrule.data import scene_windows, scenes
from chainrule.optim import (
    SGD,
    Adam,
    AdamW,
    AMSGrad,
    ClipByGlobalNorm,
    Cosine,
    ExponentialDecay,
    Lion,
    Momentum,
    Nadam,
    Nesterov,
    OneCycle,
    RMSProp,
    StepDecay,
    WarmUp,
)
from tests.diagnosis.unseen import Unseen
from tests.diagnosis.unseen_again import denoising, labeling_pixels, reading, separable
from tests.diagnosis.unseen_networks import (
    along_time,
    attentive,
    convolutional,
    convolutional_normalized,
    convolutional_residual,
    dense,
    normalized,
    recurrent,
    residual,
    segmenting,
)
from tests.diagnosis.unseen_samples import (
    Array,
    Samples,
    clusters,
    corners,
    curved,
    discs,
    divided,
    fashion,
    fashion_copies,
    fashion_pixels,
    fashion_rows,
    moons,
    pointing,
    rings,
    spirals,
    standardized,
    straight,
    tags,
    waves,
)
from tests.diagnosis.unseen_samples_again import (
    few_causes,
    grades,
    handwritten,
    handwritten_copies,
    leaving,
    lower_halves,
    next_steps,
    overlapping,
    row_by_row,
    sentences,
    shapes,
    spending,
    worn,
)
from tests.diagnosis.unseen_third import board, properties, varied


# ----------------------------------------------------------------------------------------------------------- samples
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


_BINARY, _SQUARED = "binary_cross_entropy", "mean_squared_error"
_FEET, _BAGS = (5, 7, 9), (8,)

# A table: as the formatter would have it, nobody would see what differs from one training to the next.
# fmt: off
HEALTHY_FOURTH = [
    Unseen("clothes, two layers of GELU", lambda seed: fashion(3200, seed=seed),
        dense(80, 40, to=10, activation="gelu"), AdamW(0.001), epochs=7, split=0.15, seed=601),
    Unseen("clothes, batch normalisation, cosine", lambda seed: fashion(4000, 14, seed),
        convolutional_normalized(), Adam(Cosine(0.02)), epochs=11, split=0.2, seed=602),
    Unseen("clothes as rows, ways past layers", lambda seed: fashion_rows(3000, seed),
        residual(10, blocks=2, width=48), Adam(0.001), epochs=6, batch_size=50, split=0.2, seed=603),
    Unseen("clothes of six kinds, ELU, dropout", lambda seed: fashion(2600, 14, seed, classes=6),
        convolutional(6, width=8, activation="elu", before_last=(nn.Dropout(0.3),)), RMSProp(0.001), epochs=8,
        batch_size=32, split=0.2, seed=604),
    Unseen("clothes, copied through 32 numbers", lambda seed: fashion_copies(2000, seed),
        nn.Sequential([dense(96, 32, 96, to=196), nn.Reshape((14, 14, 1))]), Adam(0.0015), epochs=14, batch_size=32,
        loss=_SQUARED, split=0.2, seed=605),
    Unseen("clothes in larger pictures, others to validate", lambda seed: scenes_apart(900, 200, seed),
        convolutional(11, activation="gelu"), Nadam(0.002), epochs=9, seed=606),
    Unseen("clothes of six sorts, three to one, ways past convolutions",
        lambda seed: worn(3500, seed, 14, ((0, 6), (1,), (2, 4), (3,), _FEET, _BAGS)), convolutional_residual(6),
        Adam(0.002), epochs=8, batch_size=50, split=0.2, seed=607),
    Unseen("boots among shoes, one output", lambda seed: worn(2400, seed, 14, ((5, 7), (9,))), dense(32, to=1),
        AMSGrad(0.002), epochs=10, loss=_BINARY, split=0.2, seed=608),
    Unseen("lower halves of clothes, two layers of GELU", lambda seed: lower_halves(3500, seed),
        dense(64, 32, to=98, activation="gelu"), AdamW(0.002, weight_decay=0.05), epochs=12, loss=_SQUARED, split=0.2,
        seed=609),
    Unseen("digits, a fifth of each layer dropped, a rate that falls", lambda seed: handwritten(3500, seed),
        dense(128, 64, to=10, behind=lambda: nn.Dropout(0.2)), Adam(ExponentialDecay(0.002, steps=200, factor=0.6)),
        epochs=9, split=0.2, seed=610),
    Unseen("digits, shifted, nearer or farther", lambda seed: handwritten(2500, seed, 14),
        varied(convolutional(width=10), nn.RandomShift(1), nn.RandomZoom(0.1)), Nesterov(0.02), epochs=9,
        batch_size=32, split=0.2, seed=611),
    Unseen("digits, separable convolutions", lambda seed: handwritten(3000, seed, 14), separable(), Adam(0.004),
        epochs=10, batch_size=32, split=0.2, seed=612),
    Unseen("digits, row by row, LSTM", lambda seed: row_by_row(2500, seed), recurrent(nn.LSTM(28), 10),
        ClipByGlobalNorm(Adam(0.006), 2.0), epochs=9, batch_size=32, split=0.2, seed=613),
    Unseen("digits under more noise", lambda seed: handwritten_copies(1000, seed, 0.4), denoising(),
        Adam(Cosine(0.005)), epochs=9, batch_size=32, loss=_SQUARED, split=0.2, seed=614),
    Unseen("digits that are primes, plain descent", lambda seed: primes(3000, seed), convolutional(2, width=6),
        SGD(0.1), epochs=9, batch_size=32, split=0.2, seed=615),
    Unseen("what digits have, convolutions", lambda seed: properties(2500, seed),
        convolutional(3, width=8, activation="leaky_relu"), RMSProp(0.001), epochs=8, batch_size=50, loss=_BINARY,
        split=0.2, seed=616),
    Unseen("readings that jolt, one in four", lambda seed: bumps(3000, seed), along_time(2, normal=True),
        AdamW(0.005), epochs=12, batch_size=50, split=0.2, seed=617),
    Unseen("arrows under less noise", lambda seed: pointing(1000, 250, seed, noise=8.0),
        convolutional(4, width=6, activation="leaky_relu"), Momentum(0.01), epochs=9, batch_size=25, seed=618),
    Unseen("squares in a quarter of larger pictures", lambda seed: corners(1200, seed, 18),
        convolutional(4, width=6, activation="gelu"), Adam(0.001), epochs=8, batch_size=32, split=0.2, seed=619),
    Unseen("discs in larger pictures, pixel by pixel", lambda seed: discs(500, seed, 18, 0.3), segmenting("gelu"),
        RMSProp(0.003), epochs=10, batch_size=20, loss=_BINARY, split=0.2, seed=620),
    Unseen("larger discs and squares, pixel by pixel", lambda seed: divided(shapes(500, seed, 18), 100),
        labeling_pixels(), AdamW(0.008), epochs=9, batch_size=25, seed=621),
    Unseen("stripes", lambda seed: stripes(1500, seed), convolutional(4, width=6), Adam(0.001), epochs=8,
        batch_size=32, split=0.2, seed=622),
    Unseen("clouds that overlap, batch normalisation, plain descent", lambda seed: clusters(4000, 0.8, seed),
        normalized(32, 24, to=4), SGD(0.05), epochs=8, batch_size=100, split=0.2, seed=623),
    Unseen("clouds, four to one, weighted, tanh",
        lambda seed: clusters(3000, 0.65, seed, shares=(0.4, 0.3, 0.2, 0.1)), dense(24, to=4, activation="tanh"),
        Adam(0.004), epochs=12, batch_size=50, split=0.2, class_weight={3: 2.0}, seed=624),
    Unseen("moons, a way past layers", lambda seed: moons(1500, 0.25, seed), residual(2, blocks=1, width=16),
        Adam(WarmUp(Cosine(0.005), steps=30)), epochs=12, batch_size=32, split=0.2, seed=625),
    Unseen("rings, GELU, Nesterov", lambda seed: rings(1800, 0.16, seed), dense(24, 24, to=3, activation="gelu"),
        Nesterov(0.03), epochs=18, batch_size=32, split=0.25, seed=626),
    Unseen("spirals, three layers of ELU, one cycle", lambda seed: spirals(2200, 0.06, seed),
        dense(40, 40, 40, to=3, activation="elu"), Adam(OneCycle(0.01)), epochs=14, batch_size=50, split=0.2,
        seed=627),
    Unseen("a board of four squares, one output", lambda seed: board(2000, seed, squares=2),
        dense(20, to=1, activation="tanh"), Adam(0.02), epochs=15, batch_size=32, loss=_BINARY, split=0.2, seed=628),
    Unseen("three curved relations, ELU", lambda seed: curved(4000, 0.3, seed, targets=3),
        dense(40, 40, to=3, activation="elu"), RMSProp(0.002), epochs=12, batch_size=50, loss=_SQUARED, split=0.2,
        seed=629),
    Unseen("a straight relation, most of it by chance", lambda seed: straight(1200, 0.8, seed), dense(to=1),
        Adam(0.02), epochs=10, batch_size=50, loss=_SQUARED, split=0.2, seed=630),
    Unseen("spending, two fifths of it by chance, Huber's loss", lambda seed: spending(4000, seed, 0.4),
        dense(24, 12, to=1, activation="elu"), AdamW(StepDecay(0.005, steps=250, factor=0.4)), epochs=12,
        loss="huber", split=0.2, seed=631),
    Unseen("customers who leave, layer normalisation", lambda seed: leaving(4500, seed),
        dense(24, to=1, behind=nn.LayerNormalization), Adam(0.002), epochs=10, loss=_BINARY, split=0.2, seed=632),
    Unseen("tags, batch normalisation", lambda seed: tags(4000, 0.4, seed), normalized(24, to=5), Adam(0.003),
        epochs=10, loss=_BINARY, split=0.2, seed=633),
    Unseen("grades, GELU, early stopping", lambda seed: grades(4000, seed, noise=0.5),
        dense(24, to=5, activation="gelu"), Adam(0.004), epochs=20, split=0.2, patience=4, seed=634),
    Unseen("six clouds that overlap, nothing but a softmax", lambda seed: overlapping(2500, seed, 6, 10, 0.8),
        dense(to=6), Momentum(0.02), epochs=8, batch_size=32, split=0.2, seed=635),
    Unseen("five causes under more noise, ELU", lambda seed: few_causes(3000, seed, 0.4),
        dense(24, 5, 24, to=24, activation="elu"), Adam(0.004), epochs=15, batch_size=50, loss=_SQUARED, split=0.2,
        seed=636),
    Unseen("machines, GRU both ways", lambda seed: waves(1800, 16, 0.4, seed),
        nn.Sequential([nn.Bidirectional(nn.GRU(10)), nn.Dense(4)]), Adam(0.006), epochs=10, batch_size=32, split=0.2,
        seed=637),
    Unseen("the three hours that follow, attention", lambda seed: next_steps(3000, seed, 18, 3),
        nn.Sequential([*attentive(3).layers[:-2], nn.Flatten(), nn.Dense(3)]), Adam(0.002), epochs=10, batch_size=50,
        loss=_SQUARED, split=0.2, seed=638),
    Unseen("sentences of fifteen words", lambda seed: sentences(3000, seed, length=15), reading(), Lion(0.002),
        epochs=10, batch_size=50, split=0.2, seed=639),
    Unseen("prices of houses", lambda seed: houses(2500, seed), dense(24, 12, to=1), Adam(0.003), epochs=15,
        batch_size=32, loss=_SQUARED, split=0.2, seed=640),
]
