"""Random perturbation (G1): what it keeps, and that it needs no gradient."""

from __future__ import annotations

import numpy as np

from chainrule.graph.tensor import Tensor
from chainrule.nn import Dense, Sequential
from chainrule.ops.comparison import greater
from chainrule.ops.contraction import sum
from chainrule.ops.elementwise import cast, square
from chainrule.ops.random import normal, stream_of
from chainrule.optim import RandomPerturbation
from chainrule.train import Model
from tests.optim.sequence import SEED, sequences
from tests.train.problems import clusters

START = {"a": np.array([1.0, -2.0]), "b": np.array([[0.5]])}


def loss(parameters: dict[str, Tensor]) -> Tensor:
    return sum(square(parameters["a"])) + sum(square(parameters["b"]))


def value(parameters: dict[str, np.ndarray]) -> float:
    return float(np.sum([np.sum(p**2) for p in parameters.values()]))


def test_it_keeps_what_lowers_the_loss_and_nothing_else():
    """The perturbations are the project's normal numbers, of seed, step and the parameter's name."""
    theta, kept = START, 0
    for step, (before, found, slots) in enumerate(sequences(RandomPerturbation(0.3), loss, START, 40)):
        tried = {}
        for name, p in theta.items():
            noise = normal(p.shape, SEED, step, stream=stream_of(f"perturbation of {name}"), dtype="float64")
            tried[name] = p + 0.3 * noise.numpy()
        assert before == value(theta)
        lower = value(tried) < value(theta)
        kept += lower
        theta = tried if lower else theta
        for name in START:
            np.testing.assert_array_equal(found[name], theta[name])
        assert slots == {"a": {}, "b": {}}
    assert 5 < kept < 35
    assert value(theta) < 0.1 * value(START)


def test_a_step_function_can_be_trained():
    """The share of wrong answers of neurons that fire or do not: every derivative is zero."""
    x, labels = clusters(60)
    y = (labels == 0)[:, None].astype(np.float32)

    def wrong(outputs: Tensor, targets: Tensor) -> Tensor:
        return sum(square(cast(greater(outputs, 0.0), "float32") - targets), -1)

    model = Model(Sequential([Dense(1)]))
    history = model.fit(
        x, y, loss=wrong, optimizer=RandomPerturbation(0.3), batch_size=60, epochs=60, verbose=0, executor="reference"
    )
    losses = history.history["loss"]
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] < 0.35 * losses[0]


def test_a_second_training_tries_others():
    x, y = clusters(60)
    model = Model(Sequential([Dense(3)]))
    moves = []
    for _ in range(2):
        before = model.parameters.get("dense/kernel", np.zeros((5, 3)))
        model.fit(x, y, optimizer=RandomPerturbation(1e-4), batch_size=60, epochs=8, verbose=0, executor="reference")
        moves.append(model.parameters["dense/kernel"] - before)
    assert not np.allclose(*moves, rtol=0.1)
