"""Embeddings: rows of a table."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.autodiff import gradients
from chainrule.errors import UsageError
from chainrule.execute.reference import Program
from chainrule.nn import Embedding, trace
from chainrule.ops.contraction import sum
from tests.nn.harness import bindings


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32", "float64"])
def test_the_row_of_each_number_and_the_gradient_of_each_row(dtype):
    network = trace(Embedding(5, 2), [(3,)])
    x = np.array([[4, 0, 4], [1, 4, 0]], dtype)
    table = network.parameters["embedding/embeddings"].tensor
    (slope,) = gradients(sum(network.inference), [table])
    values = bindings(network, x)
    y, found = Program([network.inference, slope]).run(values)
    np.testing.assert_array_equal(y, values[table][x.astype(int)])
    np.testing.assert_array_equal(found, [[2, 2], [1, 1], [0, 0], [0, 0], [3, 3]])


def test_a_table_has_no_more_rows_than_inputs_can_name():
    with pytest.raises(UsageError, match=r"input_dim is at most 2\*\*24"):
        Embedding(2**24 + 1, 1)
