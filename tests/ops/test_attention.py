"""Attention against a loop in NumPy, and against numbers from PyTorch 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.graph.operation import Array
from chainrule.graph.tensor import tensor
from tests.counts import scaled
from tests.ops.attention_cases import ATTENTION


def _weights(query: Array, key: Array, mask: Any = None, *, causal: bool, scale: float | None) -> Array:
    """Query by query, over the keys that it may attend to."""
    scale = 1 / np.sqrt(query.shape[-1]) if scale is None else scale
    scores = np.einsum("...le,...se->...ls", query, key) * scale
    added = np.zeros(()) if mask is None or mask.dtype == bool else mask
    allowed = np.broadcast_to(mask if mask is not None and mask.dtype == bool else True, scores.shape).copy()
    if causal:
        allowed &= np.tri(*scores.shape[-2:]) == 1
    scores = scores + added
    result = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        may = allowed[place]
        if may.any():
            powers = np.exp(scores[place][may])
            result[place][may] = powers / powers.sum()
    return np.asarray(result)


def _attention(query: Array, key: Array, value: Array, mask: Any = None, **more: Any) -> Array:
    return np.asarray(_weights(query, key, mask, **more) @ value)


NUMPY = {"attention_weights": _weights, "scaled_dot_product_attention": _attention}


@pytest.mark.parametrize("name", NUMPY)
@given(data=st.data())
@settings(max_examples=scaled(200))
def test_values_are_those_of_the_loop(name, data):
    case = data.draw(ATTENTION[name])
    actual = case(*map(tensor, case.inputs)).numpy()
    np.testing.assert_allclose(actual, NUMPY[name](*case.inputs, **case.attributes), rtol=1e-11, atol=1e-13)


QUERY = [[1.0, -0.5], [0.0, 2.0], [0.3, 0.7]]
KEY, VALUE = [[0.2, 1.0], [-1.0, 0.5], [1.5, 0.0], [0.0, 0.1]], [[1.0], [2.0], [-3.0], [0.5]]
ALLOWED = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 0]], bool)

PYTORCH: dict[str, tuple[dict[str, Any], list[float]]] = {
    "plain": ({}, [-1.2899021091, 0.6927824182, 0.0357542995]),
    "causal": ({"causal": True}, [1.0, 1.3302384507, -0.0825815797]),
    "under a mask": ({"mask": ALLOWED}, [-1.5814487043, -3.0, -0.0825815797]),
    "with added scores": (
        {"mask": np.array([[0.5, -1.0, 0.0, 2.0]]), "scale": 2.0}, [-2.0193275832, 0.9351527508, 0.2762585484]),
}  # fmt: skip


@pytest.mark.parametrize("name", PYTORCH)
def test_values_are_those_of_pytorch(name):
    arguments, wanted = PYTORCH[name]
    query, key, value = (np.array(x) for x in (QUERY, KEY, VALUE))
    found = ops.scaled_dot_product_attention(query, key, value, **arguments)
    np.testing.assert_allclose(found[:, 0].numpy(), wanted, atol=1e-9)


def test_large_scores_do_not_overflow():
    found = ops.attention_weights(np.float32([[1e20]]), np.float32([[1e18], [-1e18]]))
    np.testing.assert_array_equal(found.numpy(), [[1, 0]])


def test_a_query_that_may_attend_to_nothing_gets_zeros_and_no_gradient():
    nothing = np.zeros((1, 4), bool)
    query, key, value = (tensor(np.float32(x)) for x in (QUERY[:1], KEY, VALUE))
    np.testing.assert_array_equal(ops.scaled_dot_product_attention(query, key, value, nothing).numpy(), [[0]])
    slope = grad(lambda q: ops.sum(ops.scaled_dot_product_attention(q, key, value, nothing)))(query)
    np.testing.assert_array_equal(slope.numpy(), np.zeros((1, 2)))
