"""Hyper-parameters out of range are refused where they are written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.nn import (
    L2,
    BatchNormalization,
    CategoricalCrossEntropy,
    Dense,
    Dropout,
    Embedding,
    Huber,
    Rescaling,
    Sequential,
    ZeroPadding2D,
    trace,
)


@pytest.mark.parametrize(
    ("kind", "arguments", "match"),
    [
        (L2, {"factor": -0.1}, "factor must be a finite number, 0 or more"),
        (L2, {"factor": "0.1"}, "factor must be"),
        (L2, {"factor": math.inf}, "factor must be"),
        (Huber, {"delta": 0}, "delta must be a finite number above 0"),
        (CategoricalCrossEntropy, {"label_smoothing": 1.0}, "label_smoothing must be a number from 0 to below 1"),
        (CategoricalCrossEntropy, {"class_weights": [1.0, -1.0]}, "class_weights must be a finite number, 0 or m"),
        (CategoricalCrossEntropy, {"class_weights": [1.0, math.nan]}, "class_weights must be"),
        (BatchNormalization, {"epsilon": 0}, "epsilon must be a finite number above 0"),
        (BatchNormalization, {"momentum": "0.9"}, "from 0 to 1"),
        (BatchNormalization, {"momentum": math.nan}, "from 0 to 1"),
        (Dropout, {"rate": "0.5"}, "from 0 to 1"),
        (Rescaling, {"scale": math.nan}, "scale must be a finite number"),
        (Rescaling, {"scale": 1, "offset": None}, "offset must be a finite number"),
        (ZeroPadding2D, {"padding": -1}, "does not say how much on each side: give an integer from 0 on"),
        (Dense, {"units": True}, "units must be a whole number above 0"),
        (Dense, {"units": np.float64(3)}, "units must be a whole number above 0"),
        (ZeroPadding2D, {"padding": 1.5}, "does not say how much on each side: give an integer from 0 on"),
    ],
)
def test_it_is_refused(kind, arguments, match):
    with pytest.raises(UsageError, match=match):
        kind(**arguments)


def test_sizes_may_be_numpys_integers():
    """What `y.max() + 1` gives, for one."""
    network = Sequential([Embedding(np.int64(5), np.int32(4)), Dense(np.uint8(3))])
    assert {n: p.tensor.shape for n, p in trace(network, [(2,)]).parameters.items()} == {
        "embedding/embeddings": (5, 4), "dense/kernel": (4, 3), "dense/bias": (3,),
    }  # fmt: skip
