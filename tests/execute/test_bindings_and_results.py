"""What may be bound, and whose memory results are."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError


def test_only_inputs_are_bound():
    a = cr.tensor([1.0])
    with pytest.raises(GraphError, match="is not an input"):
        cr.evaluate([a + 1], {a: [5.0]})
    y = cr.input_tensor("x", (1,)) * 2
    with pytest.raises(GraphError, match="is not an input"):
        cr.evaluate([y + 1], {y: [5.0]})


@pytest.mark.parametrize("function", [cr.identity, lambda x: cr.reshape(x, (2, 2)), lambda x: cr.sum(x, ())])
def test_results_are_not_the_memory_of_what_was_bound(function):
    given = np.zeros(4, np.float32)
    x = cr.input_tensor("x", (4,))
    (result,) = cr.evaluate([function(x)], {x: given})
    result += 1
    assert not given.any()
