"""A graph of very many nodes: nothing about it recurses, and nothing of it stays."""

import gc
import weakref

import chainrule as cr
from chainrule.autodiff.forward import pushforward
from chainrule.execute import Program
from tests.counts import full

COUNT = 100_000 if full() else 20_000  # either is far beyond what recursion could follow


def test_a_chain_of_very_many_nodes():
    """Built, shown, differentiated in both modes, evaluated, named and collected."""
    x = cr.input_tensor("x", ())
    y = x
    for _ in range(COUNT):
        y = -y
    assert repr(y) == "Tensor(negative, shape=(), dtype=float32)"
    assert len(cr.Graph({"y": y}).nodes) == COUNT + 1
    (reverse,) = cr.gradients(y, [x])
    (forward,) = pushforward([y], {x: cr.ones(())})
    assert Program([y, reverse, forward]).run({x: 0.5}) == [0.5, 1.0, 1.0]

    gone = [weakref.ref(t) for t in (x, y, reverse, forward)]
    del x, y, reverse, forward
    gc.collect()
    assert [r() for r in gone] == [None] * 4


def test_a_long_chain_of_numbers():
    """Looked at in the end, and on the way."""
    y = cr.tensor(0)
    for k in range(20_000):
        y = y + 1
        if k == 10_000:
            assert y.item() == k + 1
    assert y.item() == 20_000
