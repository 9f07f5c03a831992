"""Forty trainings that are fine, for checks that were mended after two other forties had judged them.

They take up the samples and the networks of those with other sizes, noise, rates and questions: what a digit has,
whether one is small, a grade as a number, and three kinds of samples that are new.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule import nn
from chainrule.optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ClipByGlobalNorm,
    Cosine,
    ExponentialDecay,
    Momentum,
    Nadam,
    Nesterov,
    OneCycle,
    RMSProp,
    StepDecay,
    WarmUp,
)
from tests.diagnosis.unseen import Unseen
from tests.diagnosis.unseen_again import denoising, labeling_pixels, reading
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
    Samples,
    clusters,
    corners,
    curved,
    discs,
    divided,
    fashion,
    fashion_copies,
    fashion_rows,
    fashion_scenes,
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
    grades,
    handwritten,
    handwritten_copies,
    leaving,
    many_features,
    one_feature,
    overlapping,
    row_by_row,
    sentences,
    shapes,
    spending,
    trends,
    two_clouds,
    visits,
    weighted_sums,
    worn,
)


# ----------------------------------------------------------------------------------------------------------- samples
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


# ---------------------------------------------------------------------------------------------------------- networks
def timing() -> nn.Sequential:
    """Convolutions along time, pooled twice, and one number."""
    return nn.Sequential([
        nn.Conv1D(12, 5, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.MaxPool1D(2),
        nn.Conv1D(16, 5, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.MaxPool1D(2),
        nn.Flatten(),
        nn.Dense(1),
    ])  # fmt: skip


def varied(network: nn.Sequential, *variations: nn.Layer) -> nn.Sequential:
    """A network behind layers that vary the training images."""
    return nn.Sequential([*variations, *network.layers])


_BINARY, _SQUARED = "binary_cross_entropy", "mean_squared_error"
_TOPS, _SHOES = (0, 2, 4), (5, 7, 9)

# A table: as the formatter would have it, nobody would see what differs from one training to the next.
# fmt: off
HEALTHY_THIRD = [
    Unseen("clothes, two layers of tanh, Nesterov", lambda seed: fashion(2500, seed=seed),
        dense(48, 24, to=10, activation="tanh"), Nesterov(0.005), epochs=9, batch_size=32, split=0.2, seed=501),
    Unseen("digits, batch normalisation, one cycle", lambda seed: handwritten(3000, seed, 14),
        convolutional_normalized(), Adam(OneCycle(0.02)), epochs=9, batch_size=100, split=0.2, seed=502),
    Unseen("few digits, GELU, dropout", lambda seed: handwritten(1500, seed, 14),
        convolutional(width=8, activation="gelu", before_last=(nn.Dropout(0.4),)), Adam(0.002), epochs=10,
        batch_size=32, split=0.2, seed=503),
    Unseen("digits, convolutions along their rows", lambda seed: row_by_row(2500, seed), along_time(10),
        Nadam(0.004), epochs=12, batch_size=50, split=0.2, seed=504),
    Unseen("what digits have", lambda seed: properties(3000, seed), dense(64, to=3), Adam(0.002), epochs=10,
        batch_size=32, loss=_BINARY, split=0.2, seed=505),
    Unseen("small digits, one output", lambda seed: below_three(2500, seed), dense(32, to=1), SGD(0.05),
        epochs=10, batch_size=32, loss=_BINARY, split=0.2, seed=506),
    Unseen("clothes, ways past convolutions, mirrored and a little nearer", lambda seed: fashion(3000, 14, seed),
        varied(convolutional_residual(), nn.RandomFlip("horizontal"), nn.RandomZoom(0.08)), AdamW(0.003), epochs=9,
        split=0.2, seed=507),
    Unseen("clothes as rows, layer normalisation, a rate that warms up", lambda seed: fashion_rows(3500, seed),
        dense(64, 32, to=10, activation="gelu", behind=nn.LayerNormalization),
        AdamW(WarmUp(Cosine(0.002), steps=60), weight_decay=0.05), epochs=8, split=0.2, seed=508),
    Unseen("clothes of three kinds, small convolutions", lambda seed: fashion(1800, 14, seed, classes=3),
        convolutional(3, width=4, activation="leaky_relu"), Momentum(0.01), epochs=10, batch_size=32,
        split=0.25, seed=509),
    Unseen("clothes, copied through 12 numbers", lambda seed: fashion_copies(2500, seed),
        nn.Sequential([dense(80, 12, 80, to=196, activation="gelu"), nn.Reshape((14, 14, 1))]), AdamW(0.002),
        epochs=14, batch_size=50, loss=_SQUARED, split=0.2, seed=510),
    Unseen("digits under less noise", lambda seed: handwritten_copies(900, seed, 0.2), denoising(), RMSProp(0.002),
        epochs=8, batch_size=25, loss=_SQUARED, split=0.2, seed=511),
    Unseen("clothes of four kinds, three to one, weighted",
        lambda seed: worn(3500, seed, 14, (_TOPS, _SHOES, (1,), (8,))), convolutional(4, width=8, activation="gelu"),
        Adam(0.001), epochs=7, split=0.2, class_weight={2: 2.0, 3: 2.0}, seed=512),
    Unseen("clothes in larger pictures, dropout", lambda seed: fashion_scenes(900, seed),
        convolutional(11, activation="elu", before_last=(nn.Dropout(0.3),)), Adam(0.002), epochs=8, batch_size=32,
        split=0.15, seed=513),
    Unseen("arrows under more noise", lambda seed: pointing(1500, 300, seed, noise=24.0),
        convolutional(4, width=8, activation="gelu"), AdamW(0.002, weight_decay=0.02), epochs=8, batch_size=50,
        seed=514),
    Unseen("squares in a quarter", lambda seed: corners(800, seed), convolutional(4, width=6), Adam(0.002), epochs=8,
        batch_size=32, split=0.25, seed=515),
    Unseen("sentences of twenty words", lambda seed: sentences(2500, seed, length=20), reading(), RMSProp(0.003),
        epochs=10, batch_size=50, split=0.2, seed=516),
    Unseen("discs under more noise, pixel by pixel", lambda seed: discs(500, seed, 20, 0.35), segmenting("elu"),
        AdamW(0.005), epochs=10, batch_size=25, loss=_BINARY, split=0.2, seed=517),
    Unseen("smaller discs and squares, pixel by pixel", lambda seed: divided(shapes(600, seed, 14), 120),
        labeling_pixels(), Momentum(0.05), epochs=10, batch_size=32, seed=518),
    Unseen("visits, ELU", lambda seed: visits(4000, seed), dense(16, 16, to=1, activation="elu"), Adam(0.003),
        epochs=10, loss="poisson", split=0.2, seed=519),
    Unseen("one cloud for each of four classes, decay", lambda seed: clusters(2500, 0.8, seed, modes=1),
        dense(24, 24, to=4, activation="elu"), AdamW(0.002, weight_decay=0.1), epochs=8, batch_size=32, split=0.2,
        seed=520),
    Unseen("clouds, three to one", lambda seed: clusters(3000, 0.6, seed, shares=(0.38, 0.3, 0.2, 0.12)),
        dense(48, to=4), Adam(0.003), epochs=12, split=0.2, seed=521),
    Unseen("moons, four to one, one output", lambda seed: moons(1500, 0.2, seed, share=0.22), dense(24, to=1),
        RMSProp(0.005), epochs=15, batch_size=32, loss=_BINARY, split=0.2, seed=522),
    Unseen("rings that overlap", lambda seed: rings(2000, 0.2, seed), dense(32, 16, to=3, activation="tanh"),
        Momentum(0.02), epochs=20, batch_size=32, split=0.2, seed=523),
    Unseen("spirals, batch normalisation", lambda seed: spirals(2000, 0.08, seed), normalized(48, 48, to=3),
        Adam(Cosine(0.01)), epochs=20, batch_size=50, split=0.2, seed=524),
    Unseen("a board of nine squares", lambda seed: board(3000, seed), dense(48, 48, to=2), Adam(0.005), epochs=20,
        batch_size=50, split=0.2, seed=525),
    Unseen("two curved relations, ways past layers", lambda seed: curved(4000, 0.35, seed, targets=2),
        residual(2, blocks=2, width=24), AdamW(0.002, weight_decay=0.02), epochs=10, loss=_SQUARED, split=0.2,
        seed=526),
    Unseen("a straight relation, half of it by chance", lambda seed: straight(600, 0.55, seed), dense(to=1),
        SGD(0.02), epochs=10, batch_size=16, loss=_SQUARED, split=0.25, seed=527),
    Unseen("spending, absolute errors, early stopping", lambda seed: spending(4000, seed, 0.3), dense(32, to=1),
        Adam(0.003), epochs=25, loss="mean_absolute_error", split=0.2, patience=3, seed=528),
    Unseen("customers who leave, dropout, large batches", lambda seed: leaving(5000, seed),
        dense(48, to=2, behind=lambda: nn.Dropout(0.2)), Nesterov(0.05), epochs=12, batch_size=128, split=0.2,
        seed=529),
    Unseen("a hundred features, one output", lambda seed: many_features(5000, seed, classes=2, telling=30),
        dense(to=1), RMSProp(0.003), epochs=8, batch_size=50, loss=_BINARY, split=0.2, seed=530),
    Unseen("two weighted sums of forty features", lambda seed: weighted_sums(2500, seed, 0.4, 40, 2), dense(to=2),
        Adagrad(0.1), epochs=10, loss=_SQUARED, split=0.2, seed=531),
    Unseen("one feature, a third by chance", lambda seed: one_feature(800, seed, 0.35),
        dense(24, to=1, activation="gelu"), AdamW(0.01), epochs=20, batch_size=32, loss=_SQUARED, split=0.2,
        seed=532),
    Unseen("eight clouds that overlap, early stopping", lambda seed: overlapping(3000, seed, 8, 15, 0.6),
        dense(40, to=8, activation="elu"), Adam(0.002), epochs=20, split=0.2, patience=3, seed=533),
    Unseen("two clouds, three hundred points, two scores", lambda seed: two_clouds(400, seed, 2.2), dense(to=2),
        Momentum(0.02), epochs=15, batch_size=16, split=0.25, seed=534),
    Unseen("grades as numbers", lambda seed: graded(2500, seed), dense(32, 16, to=1),
        Adam(StepDecay(0.005, steps=300, factor=0.3)), epochs=15, batch_size=50, loss=_SQUARED, split=0.2, seed=535),
    Unseen("tags, plain descent", lambda seed: tags(4000, 0.5, seed), dense(32, to=5, activation="elu"), SGD(0.2),
        epochs=15, batch_size=32, loss=_BINARY, split=0.2, seed=536),
    Unseen("parts that fail, one in five, weighted", lambda seed: failures(3000, seed), dense(24, to=2), Adam(0.005),
        epochs=12, batch_size=32, split=0.2, class_weight={1: 2.0}, seed=537),
    Unseen("machines, GRU, clipped", lambda seed: waves(1500, 16, 0.5, seed), recurrent(nn.GRU(20), 4),
        ClipByGlobalNorm(RMSProp(0.003), 1.0), epochs=9, batch_size=32, split=0.2, seed=538),
    Unseen("trends, attention", lambda seed: trends(2000, seed, 20), attentive(3),
        Adam(ExponentialDecay(0.005, steps=400, factor=0.4)), epochs=12, batch_size=50, split=0.2, seed=539),
    Unseen("how fast an oscillation is", lambda seed: tempo(2500, seed), timing(), Adam(0.003), epochs=14,
        batch_size=50, loss=_SQUARED, split=0.2, seed=540),
]
