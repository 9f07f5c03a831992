"""Mix-up in training: the loss is blended as the samples are, with their weights, in both executors, and once saved."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.execute import Program
from chainrule.nn import Dense, MixUp, Sequential, trace
from chainrule.optim import SGD, Adam
from chainrule.train import Model
from chainrule.train.metrics import objective
from chainrule.train.samples import as_samples
from chainrule.train.step import TrainingStep
from tests.nn.harness import bindings
from tests.train.problems import CLASSES, FEATURES, SAMPLES, clusters

pytestmark = pytest.mark.usefixtures("compiled_quickly")


def architecture() -> Sequential:
    return Sequential([MixUp(1.0), Dense(CLASSES)])


def test_the_loss_is_blended_as_the_samples_are():
    network = trace(architecture(), [(FEATURES,)])
    x, labels = clusters()
    weight = np.random.default_rng(1).uniform(0, 2, SAMPLES).astype(np.float32)
    samples = as_samples(x, labels, weight)
    step = TrainingStep(network, objective("cross_entropy", ["accuracy"]), SGD(0.1), samples)
    parameters = network.initial_parameters(0)
    scalars = {**network.scalar_values(), **step.optimizer.scalars()}
    scalars = {name: value(0) if callable(value) else value for name, value in scalars.items()}
    slots = step.initial_slots()
    result = step.run(step.bindings(samples, parameters, {}, slots, scalars, seed=3, step=4, update=1))

    (mixing,) = network.mixings
    shares, turn = Program([mixing.shares, mixing.turn]).run(bindings(network, x, seed=3, step=4))
    assert shares.min() >= 0.5
    assert 1 <= turn < SAMPLES
    share, partner = shares[:, None], (np.arange(SAMPLES) - turn) % SAMPLES
    kernel, bias = parameters.values()
    logits = (share * x + (1 - share) * x[partner]) @ kernel + bias
    losses = np.log(np.exp(logits).sum(1, keepdims=True)) - logits
    own, other = (losses[np.arange(SAMPLES), labels[p]] * weight[p] for p in (np.arange(SAMPLES), partner))
    assert result.sums.loss == pytest.approx((shares * own + (1 - shares) * other).sum() / weight.sum(), rel=1e-5)
    assert result.sums.metrics["accuracy"] == (logits.argmax(1) == labels).sum()


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_mixed_training_teaches_and_goes_on_after_saving(tmp_path, executor):
    x, labels = clusters(200)

    def fit(model: Model, epochs: int) -> list[float]:
        arguments = {"epochs": epochs, "batch_size": 16, "verbose": 0, "executor": executor}
        return model.fit(x, labels, optimizer=Adam(0.02), **arguments).history["loss"]

    model = Model(architecture(), seed=1)
    losses = fit(model, 6)
    assert losses[-1] < losses[0]
    assert model.evaluate(x, labels)["accuracy"] > 0.8
    model.save(tmp_path / "mixed")
    again = Model.load(tmp_path / "mixed")
    assert len(again.network.mixings) == 1
    assert fit(again, 2) == fit(model, 2)


def test_samples_that_are_mixed_twice_are_refused():
    model = Model(Sequential([MixUp(), Dense(CLASSES), MixUp()]))
    with pytest.raises(UsageError, match="mixes samples more than once"):
        model.fit(*clusters(), optimizer=SGD(0.1), epochs=1, verbose=0)


def test_several_inputs_are_mixed_alike():
    network = trace(lambda x, scope: MixUp(1.0, name="mix")(x, scope), [(2,), (2,)])
    x = np.random.default_rng(0).standard_normal((9, 2))
    first, second = Program(list(network.training)).run(bindings(network, x, x))
    np.testing.assert_array_equal(first, second)
    assert (first != x.astype(np.float32)).any()
