"""Forty more trainings that are fine, written after the checks had been judged by the first forty, and mended.

Their data are others: digits that no other test takes, other clothes, tables with columns of 0 and 1, of counts and of
skewed numbers, few samples, many features, classes of which nobody could tell more than some.
"""

from __future__ import annotations

from chainrule import nn
from chainrule.optim import (
    SGD,
    Adagrad,
    Adam,
    Adamax,
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
from tests.diagnosis.unseen_networks import (
    along_time,
    convolutional,
    convolutional_normalized,
    dense,
    normalized,
    recurrent,
)
from tests.diagnosis.unseen_samples_again import (
    few_causes,
    flowers,
    grades,
    handwritten,
    handwritten_copies,
    leaving,
    lower_halves,
    many_features,
    next_steps,
    odd,
    one_feature,
    overlapping,
    pulses,
    row_by_row,
    sentences,
    shapes,
    spending,
    steps_passed,
    topics,
    trends,
    two_clouds,
    visits,
    weighted_sums,
    worn,
)


def denoising() -> nn.Sequential:
    """Each pixel of an image of one color, from its surroundings."""
    return nn.Sequential([
        nn.Conv2D(12, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.Conv2D(12, 3, padding="same", activation="relu", kernel_initializer="he_uniform"),
        nn.Conv2D(1, 3, padding="same"),
    ])  # fmt: skip


def separable() -> nn.Sequential:
    """A convolution, and two that are separable, each with a normalisation over its channels."""
    return nn.Sequential([
        nn.Conv2D(16, 3, 2, "same", activation="relu", kernel_initializer="he_uniform"),
        nn.SeparableConv2D(24, 3, padding="same"),
        nn.LayerNormalization(),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.SeparableConv2D(32, 3, padding="same"),
        nn.LayerNormalization(),
        nn.ReLU(),
        nn.GlobalAveragePooling2D(),
        nn.Dense(10),
    ])  # fmt: skip


def labeling_pixels() -> nn.Sequential:
    """Three scores for each pixel; batch normalisation."""
    return nn.Sequential([
        nn.Conv2D(12, 5, padding="same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(0.9),
        nn.ReLU(),
        nn.Conv2D(12, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
        nn.BatchNormalization(0.9),
        nn.ReLU(),
        nn.Conv2D(3, 1),
    ])  # fmt: skip


def reading() -> nn.Sequential:
    """A vector for each word, and their mean."""
    return nn.Sequential([nn.Embedding(60, 16), nn.GlobalAveragePooling1D(), nn.Dense(16, "relu"), nn.Dense(4)])


def forecasting() -> nn.Sequential:
    """Two convolutions along time, and four numbers."""
    return nn.Sequential([
        nn.Conv1D(12, 5, activation="relu", kernel_initializer="he_uniform"),
        nn.Conv1D(12, 3, activation="relu", kernel_initializer="he_uniform"),
        nn.Flatten(),
        nn.Dense(4),
    ])  # fmt: skip


_BINARY, _SQUARED = "binary_cross_entropy", "mean_squared_error"
_TOPS, _SHOES, _REST = (0, 2, 3, 4, 6), (5, 7, 9), (1, 8)

# A table: as the formatter would have it, nobody would see what differs from one training to the next.
# fmt: off
HEALTHY_AGAIN = [
    Unseen("digits, one hidden layer", lambda seed: handwritten(3000, seed), dense(64, to=10), Adam(0.001), epochs=8,
        split=0.2, seed=401),
    Unseen("digits, turned and shifted a little", lambda seed: handwritten(3000, seed, 14),
        convolutional(activation="elu", first=(nn.RandomRotation(0.03), nn.RandomShift(1))), Adam(0.002), epochs=8,
        split=0.2, seed=402),
    Unseen("digits, nothing but a softmax", lambda seed: handwritten(3500, seed), dense(to=10), SGD(0.2), epochs=12,
        batch_size=32, split=0.2, seed=403),
    Unseen("digits, odd or even, one output", lambda seed: odd(3000, seed), dense(64, to=1), RMSProp(0.001),
        epochs=8, loss=_BINARY, split=0.2, seed=404),
    Unseen("digits, half of each layer dropped", lambda seed: handwritten(3000, seed),
        dense(256, 128, to=10, behind=lambda: nn.Dropout(0.5)), Adam(0.001), epochs=12, split=0.2, seed=405),
    Unseen("digits, batch normalisation over sixteen", lambda seed: handwritten(2000, seed, 14),
        normalized(64, 48, to=10), Momentum(0.01), epochs=6, batch_size=16, split=0.2, seed=406),
    Unseen("digits, copied through 16 numbers", lambda seed: handwritten_copies(3000, seed),
        nn.Sequential([dense(64, 16, 64, to=196, activation="elu"), nn.Reshape((14, 14, 1))]), Adam(0.002), epochs=12,
        batch_size=32, loss=_SQUARED, split=0.15, seed=407),
    Unseen("digits under noise", lambda seed: handwritten_copies(1200, seed, 0.3), denoising(), Adam(0.003), epochs=8,
        batch_size=32, loss=_SQUARED, split=0.2, seed=408),
    Unseen("digits, smoothed labels, GELU, cosine", lambda seed: handwritten(3500, seed, 14),
        dense(96, 64, to=10, activation="gelu"), AdamW(Cosine(0.002), weight_decay=0.02), epochs=12,
        loss=nn.CategoricalCrossEntropy(label_smoothing=0.1), split=0.15, seed=409),
    Unseen("digits, row by row, GRU", lambda seed: row_by_row(2000, seed), recurrent(nn.GRU(32), 10),
        ClipByGlobalNorm(Adam(0.005), 1.0), epochs=8, batch_size=50, split=0.2, seed=410),
    Unseen("other clothes, nothing but a softmax", lambda seed: worn(4000, seed), dense(to=10),
        AdamW(0.001, weight_decay=0.02), epochs=14, batch_size=32, split=0.2, seed=411),
    Unseen("shoes or not, one output", lambda seed: worn(2500, seed, 14, (_TOPS + _REST, _SHOES)),
        convolutional(1, width=6, activation="elu"), Adam(0.001), epochs=6, loss=_BINARY, split=0.2, seed=412),
    Unseen("pullovers, coats and shirts, which look alike", lambda seed: worn(2500, seed, 14, ((2,), (4,), (6,))),
        convolutional(3, activation="leaky_relu", before_last=(nn.Dropout(0.3),)), Adam(0.002), epochs=14,
        split=0.2, seed=413),
    Unseen("clothes of three kinds, five to two, batches of 128",
        lambda seed: worn(4000, seed, 14, (_TOPS, _REST, _SHOES)), convolutional_normalized(3), Nesterov(0.05),
        epochs=7, batch_size=128, split=0.2, seed=414),
    Unseen("other clothes, mirrored, brighter or darker", lambda seed: worn(3000, seed, 14),
        convolutional(activation="gelu", first=(nn.RandomFlip("horizontal"), nn.RandomBrightness(0.1, (0, 1)))),
        Nadam(0.002), epochs=10, split=0.2, seed=415),
    Unseen("other clothes, a wide layer, decay", lambda seed: worn(2500, seed),
        dense(384, to=10, behind=lambda: nn.Dropout(0.4)), AdamW(0.0005, weight_decay=0.05), epochs=15, split=0.2,
        patience=3, seed=416),
    Unseen("lower halves of clothes", lambda seed: lower_halves(3000, seed), dense(64, to=98), Adam(0.002), epochs=12,
        loss=_SQUARED, split=0.15, seed=417),
    Unseen("other clothes, separable convolutions, one cycle", lambda seed: worn(2500, seed, 14), separable(),
        Adam(OneCycle(0.01)), epochs=12, batch_size=50, split=0.2, seed=418),
    Unseen("customers who leave, one output", lambda seed: leaving(3000, seed), dense(16, to=1), Adam(0.005),
        epochs=12, loss=_BINARY, split=0.2, seed=419),
    Unseen("customers who leave, weighted", lambda seed: leaving(2500, seed), dense(24, 12, to=2, activation="elu"),
        Momentum(0.005), epochs=10, batch_size=32, split=0.2, class_weight={1: 2.5}, seed=420),
    Unseen("three hundred customers", lambda seed: leaving(400, seed), dense(8, to=2, activation="tanh"),
        AdamW(0.01, weight_decay=0.1), epochs=30, batch_size=16, split=0.25, patience=4, seed=421),
    Unseen("spending, a quarter of it by chance", lambda seed: spending(2500, seed, 0.25), dense(32, 16, to=1),
        Adam(0.003), epochs=15, batch_size=32, loss=_SQUARED, split=0.2, seed=422),
    Unseen("spending, Huber's loss, a rate in steps", lambda seed: spending(3000, seed, 0.15),
        dense(48, to=1, behind=lambda: nn.Dropout(0.1)), RMSProp(StepDecay(0.003, steps=400, factor=0.3)), epochs=20,
        loss="huber", split=0.2, seed=423),
    Unseen("a hundred features, nothing but a softmax", lambda seed: many_features(5000, seed), dense(to=3),
        Adam(0.005), epochs=8, split=0.2, seed=424),
    Unseen("four weighted sums of a hundred features", lambda seed: weighted_sums(3000, seed, 0.3), dense(to=4),
        SGD(0.02), epochs=12, batch_size=32, loss=_SQUARED, split=0.2, seed=425),
    Unseen("one feature, a fifth by chance", lambda seed: one_feature(400, seed, 0.2),
        dense(16, to=1, activation="tanh"), Adam(0.02), epochs=30, batch_size=32, loss=_SQUARED, split=0.25,
        seed=426),
    Unseen("two features, one output, and nothing else", lambda seed: two_clouds(600, seed, 1.6), dense(to=1),
        SGD(0.2), epochs=10, batch_size=32, loss=_BINARY, split=0.25, seed=427),
    Unseen("four clouds of which two thirds can be told", lambda seed: overlapping(3000, seed, 4, 6, 0.7),
        dense(32, to=4), Adam(0.002), epochs=10, split=0.2, seed=428),
    Unseen("grades", lambda seed: grades(3000, seed), dense(32, 16, to=5), Adam(0.003), epochs=15, split=0.2,
        seed=429),
    Unseen("grades, as steps that were passed", lambda seed: steps_passed(2000, seed), normalized(24, to=4),
        Adam(0.005), epochs=12, batch_size=32, loss=_BINARY, split=0.2, seed=430),
    Unseen("twenty classes with few samples", lambda seed: overlapping(1200, seed, 20, 12, 1.2), dense(32, to=20),
        Adam(0.003), epochs=12, batch_size=32, split=0.25, seed=431),
    Unseen("topics, features of 0 and 1", lambda seed: topics(3000, seed), dense(32, to=6), Adamax(0.005), epochs=12,
        batch_size=32, loss=_BINARY, split=0.2, seed=432),
    Unseen("visits, Poisson's likelihood", lambda seed: visits(2500, seed), dense(24, to=1, activation="tanh"),
        Adagrad(0.05), epochs=15, loss="poisson", split=0.2, seed=433),
    Unseen("five causes of twenty-four measures", lambda seed: few_causes(2000, seed), dense(16, 5, 16, to=24,
        activation="tanh"), Adam(0.005), epochs=20, batch_size=32, loss=_SQUARED, split=0.2, seed=434),
    Unseen("trends", lambda seed: trends(1500, seed), along_time(3), Adam(0.003), epochs=12, batch_size=32, split=0.2,
        seed=435),
    Unseen("beats, LSTM both ways", lambda seed: pulses(1500, seed),
        nn.Sequential([nn.Bidirectional(nn.LSTM(12)), nn.Dense(3)]), Adam(0.01), epochs=9, batch_size=32, split=0.2,
        seed=436),
    Unseen("sentences", lambda seed: sentences(2500, seed), reading(), Adam(0.005), epochs=10, split=0.2, seed=437),
    Unseen("the four hours that follow", lambda seed: next_steps(2000, seed), forecasting(),
        Adam(WarmUp(ExponentialDecay(0.005, steps=500, factor=0.3), steps=50)), epochs=15, batch_size=32,
        loss=_SQUARED, split=0.2, seed=438),
    Unseen("discs and squares, pixel by pixel", lambda seed: shapes(500, seed), labeling_pixels(), Adam(0.01),
        epochs=10, batch_size=25, split=0.2, seed=439),
    Unseen("a hundred and fifty flowers", lambda seed: flowers(150, seed), dense(8, to=3), Adam(0.02), epochs=25,
        batch_size=16, split=0.2, seed=440),
]
