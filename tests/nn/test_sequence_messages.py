"""Wrong uses of layers for sequences, of normalisation and of losses: what is said, compared with a snapshot.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/nn/test_sequence_messages.py` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.graph.tensor import tensor
from chainrule.nn import trace
from tests.refusals import Refusals

SCORES, NUMBERS = tensor(np.ones((2, 4))), tensor(np.ones((2, 3)))

wrong: Any = nn  # called as the type checker would not allow
WRONG: dict[str, Callable[[], Any]] = {
    "LayerNormalization(axis=0)": lambda: trace(nn.LayerNormalization(axis=0), [(4,)]),
    "LayerNormalization(axis=3)": lambda: trace(nn.LayerNormalization(axis=3), [(4,)]),
    "LayerNormalization(epsilon=0)": lambda: nn.LayerNormalization(epsilon=0.0),
    "GroupNormalization(32) of 48 channels": lambda: trace(nn.GroupNormalization(), [(8, 8, 48)]),
    "GroupNormalization(0)": lambda: nn.GroupNormalization(0),
    "LocalResponseNormalization(k=0)": lambda: nn.LocalResponseNormalization(k=0.0),
    "MultiHeadAttention of single samples": lambda: trace(nn.MultiHeadAttention(2, 8), [(4,)]),
    "MultiHeadAttention(0, 8)": lambda: nn.MultiHeadAttention(0, 8),
    "MultiHeadAttention(dropout=2)": lambda: nn.MultiHeadAttention(2, 8, dropout=2.0),
    "MultiHeadAttention of five": lambda: trace(
        lambda x, scope: nn.MultiHeadAttention(2, 8)((x,) * 5, scope), [(3, 4)]
    ),
    "Embedding(0, 8)": lambda: nn.Embedding(0, 8),
    "Embedding of too many": lambda: nn.Embedding(2**25, 1),
    "LSTM of single samples": lambda: trace(nn.LSTM(4), [(4,)]),
    "GRU of no steps": lambda: trace(nn.GRU(4), [(0, 4)]),
    "SimpleRNN(units=1.5)": lambda: wrong.SimpleRNN(1.5),
    "Bidirectional of a dense layer": lambda: wrong.Bidirectional(nn.Dense(2)),
    "Bidirectional of a class": lambda: wrong.Bidirectional(nn.LSTM),
    "Bidirectional(merge_mode='max')": lambda: nn.Bidirectional(nn.LSTM(2), "max"),
    "SpatialDropout2D of a series": lambda: trace(nn.SpatialDropout2D(0.5), [(4, 3)]),
    "SpatialDropout1D(rate=2)": lambda: nn.SpatialDropout1D(2.0),
    "GaussianNoise(-1)": lambda: nn.GaussianNoise(-1.0),
    "AlphaDropout(1)": lambda: nn.AlphaDropout(1.0),
    "Hinge of other targets": lambda: nn.Hinge()(SCORES, NUMBERS),
    "MultiMargin of other labels": lambda: nn.MultiMargin()(SCORES, NUMBERS),
    "MultiMargin of too few weights": lambda: nn.MultiMargin(class_weights=[1.0, 2.0])(SCORES, tensor([0, 1])),
    "MultiMargin(power=3)": lambda: nn.MultiMargin(3),
    "TripletMargin of one output": lambda: nn.TripletMargin()(SCORES, NUMBERS),
    "GaussianLikelihood of as many outputs": lambda: nn.GaussianLikelihood()(SCORES, SCORES),
    "MeanSquaredError of a number": lambda: nn.MeanSquaredError()(tensor(1.0), tensor(2.0)),
    "CategoricalHinge of a number": lambda: nn.CategoricalHinge()(tensor(1.0), tensor(0)),
    "KLDivergence of a softmax": lambda: trace(
        lambda x, scope: nn.KLDivergence()(nn.Softmax()(x, scope), x), [(3,)]
    ),
    "BinaryFocalCrossEntropy(alpha=2)": lambda: nn.BinaryFocalCrossEntropy(alpha=2.0),
    "CategoricalFocalCrossEntropy(gamma=-1)": lambda: nn.CategoricalFocalCrossEntropy(-1.0),
    "Quantile(1)": lambda: nn.Quantile(1.0),
}  # fmt: skip
REFUSALS = Refusals(Path(__file__).parent / "sequence_messages.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()
