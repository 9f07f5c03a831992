"""Attention by several heads, against numbers from PyTorch 2."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import ShapeError, UsageError
from chainrule.execute.reference import Program
from chainrule.nn import MultiHeadAttention, trace
from tests.nn.harness import bindings, run, samples

X = np.array([[[1.0, -2.0, 0.5, 0.0], [0.0, 1.0, 1.0, -1.0]]])
INPUT_KERNELS = (np.arange(48.0).reshape(12, 4) * 7 % 11 - 5) / 10  # torch's in_proj_weight: (outputs, inputs)
OUTPUT_KERNEL = (np.arange(16.0).reshape(4, 4) * 5 % 7 - 3) / 10
BIASES = np.arange(12.0) / 20

FOUND = {  # torch.nn.MultiheadAttention(4, 2), without and under a causal mask
    False: [[-0.2012289160, 0.5172826917, 0.0699327401, -0.1036451731],
            [-0.2253910556, 0.4034564883, 0.2302794798, 0.1206357379]],
    True: [[-0.21, 0.57, 0.055, -0.145], [-0.2253910556, 0.4034564883, 0.2302794798, 0.1206357379]],
}  # fmt: skip


@pytest.mark.parametrize("causal", FOUND)
def test_values_are_those_of_pytorch(causal):
    network = trace(MultiHeadAttention(2, 2, causal=causal), [(2, 4)], dtype="float64")
    given = {"output_kernel": OUTPUT_KERNEL.T, "output_bias": np.arange(4.0) / 10}
    for k, name in enumerate(("query", "key", "value")):
        given |= {f"{name}_kernel": INPUT_KERNELS[4 * k : 4 * k + 4].T, f"{name}_bias": BIASES[4 * k : 4 * k + 4]}
    values = bindings(network, X)
    values |= {network.parameters[f"multi_head_attention/{name}"].tensor: x for name, x in given.items()}
    np.testing.assert_allclose(Program([network.inference]).run(values)[0], [FOUND[causal]], atol=1e-9)


def test_another_series_with_keys_and_a_mask():
    """What the mask hides does not matter, and the output is as long as the query."""
    layer = MultiHeadAttention(2, 3)
    network = trace(lambda x, scope: layer((x[0], x[1], x[2], x[3] > 0.0), scope), [(2, 4), (5, 3), (5, 6), (2, 2, 5)])
    query, value, key, mask = (samples((3, *s)) for s in ((2, 4), (5, 3), (5, 6), (2, 2, 5)))
    mask[..., 3:] = -1.0
    mask[..., 0] = 1.0
    found = run(network, query, value, key, mask)
    assert found.shape == (3, 2, 4)
    value[:, 3:], key[:, 3:] = 7.0, -7.0
    np.testing.assert_array_equal(run(network, query, value, key, mask), found)


def test_dropout_falls_on_the_weights_in_training_only():
    network = trace(MultiHeadAttention(1, 4, dropout=0.5), [(3, 4)])
    x = samples((2, 3, 4))
    first, second = (run(network, x, training=True, step=k) for k in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(run(network, x, step=0), run(network, x, step=1))


def test_what_is_no_series_is_refused():
    with pytest.raises(ShapeError, match=r"query \(batch, 4\) needs the axes \(batch, places, features\)"):
        trace(MultiHeadAttention(2, 3), [(4,)])
    with pytest.raises(UsageError, match="it was given 5"):
        trace(lambda x, scope: MultiHeadAttention(2, 3)((x,) * 5, scope), [(3, 4)])
    with pytest.raises(UsageError, match="dropout must be a number from 0 to 1"):
        MultiHeadAttention(2, 3, dropout=2.0)
