"""The range test: that its suggestion is a good one, what ends it, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.data import digits
from chainrule.errors import DivergedError
from chainrule.nn import Dense, Sequential
from chainrule.optim import SGD, AccumulateGradients, Adam, ClipByGlobalNorm, Cosine, Momentum, OneCycle
from chainrule.train import Callback, LearningRateRange, Model, lr_find
from tests.counts import full
from tests.train.problems import clusters, everything, fit, model, same


def on(network: Any, x: Any, y: Any, **arguments: Any) -> LearningRateRange:
    given: dict[str, Any] = {"executor": "reference", **arguments}
    return lr_find(network if isinstance(network, Model) else Model(network), x, y, **given)


def line(samples: int = 200, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    x = random.standard_normal((samples, 3))
    return x, scale * (x @ [1.0, -2.0, 0.5] + 0.1 * random.standard_normal(samples))


class Last(Callback):
    """Stops after so many steps, and keeps the mean loss of the last quarter of them."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.totals: list[np.ndarray] = []

    def on_train_batch_end(self, training):
        self.totals.append(training.state.totals[:2])
        if len(self.totals) == self.steps:
            training.stop()

    @property
    def loss(self) -> float:
        if len(self.totals) < self.steps:
            return np.inf
        total, weight = self.totals[-1] - self.totals[-self.steps // 4 - 1]
        return float(total / weight)


WELL = {"an mlp": lambda: nn.mlp((16,), scale=1 / 255), "LeNet-5": nn.lenet5}


@pytest.mark.parametrize("rule", [SGD, Adam])
@pytest.mark.parametrize("name", WELL if full() else ["an mlp"])
def test_training_with_the_suggestion_comes_near_the_best_of_a_grid(name, rule):
    data = digits()
    x, y, steps = data.x_train[:4000], data.y_train[:4000], 100

    def after(rate: float) -> float:
        watched = Last(steps)
        try:
            Model(WELL[name]()).fit(x, y, optimizer=rule(rate), callbacks=[watched], verbose=0)
        except DivergedError:
            return np.inf
        return watched.loss

    found = lr_find(Model(WELL[name]()), x, y, optimizer=rule())
    assert found.suggestion is not None
    grid = {rate: after(rate) for rate in (1e-3, 1e-2, 1e-1, 1.0)}
    assert max(grid.values()) > 3 * min(grid.values())  # the choice matters
    assert after(found.suggestion) < 1.8 * min(grid.values())


def test_the_suggestion_follows_the_scale_of_the_loss():
    """Targets a thousand times larger bend the squared error as before: gradient descent bears the same rates."""
    near, far = (
        on(
            Dense(1, kernel_initializer="zeros"),
            *line(scale=scale),
            loss="mean_squared_error",
            optimizer=SGD(),
            steps=50,
        )
        for scale in (1.0, 1000.0)
    )
    assert near.suggestion == pytest.approx(far.suggestion, rel=0.2)
    x, y = line()
    wide = on(Dense(1, kernel_initializer="zeros"), 10 * x, y, loss="mean_squared_error", optimizer=SGD(), steps=50)
    assert near.suggestion is not None
    assert wide.suggestion == pytest.approx(near.suggestion / 100, rel=0.4)
    largest = np.linalg.eigvalsh(2 * np.c_[x, np.ones(200)].T @ np.c_[x, np.ones(200)] / 200).max()
    assert near.suggestion < 2 / largest < near.diverged  # beyond 2 / λ gradient descent diverges


def test_rates_rise_by_one_factor_and_the_mean_is_the_exponential_one():
    x, y = clusters(64)
    found = on(Dense(3), x, y, optimizer=SGD(), lowest=1e-3, highest=1e-1, steps=20, batch_size=64)
    np.testing.assert_allclose(found.rates, np.geomspace(1e-3, 1e-1, 20))
    assert found.diverged is None
    assert len(found.losses) == 20
    still = on(Sequential([Dense(3)]), x, y, optimizer=SGD(), steps=20, batch_size=64, lowest=0.01, highest=0.2)
    mean, expected = 0.0, []  # a batch of all samples is as hard as all others
    for k, loss in enumerate(still.losses):
        mean = 0.5 * mean + 0.5 * loss
        expected.append(mean / (1 - 0.5 ** (k + 1)))
    np.testing.assert_allclose(still.smoothed, expected, rtol=1e-5)
    assert still.start == pytest.approx(still.losses[0], rel=1e-5)


def test_how_hard_a_batch_is_by_chance_is_taken_away():
    x, y = line(400)
    y[::7] *= 30  # some batches have a hundred times the loss of others
    found = on(Dense(1), x, y, loss="mean_squared_error", optimizer=SGD(), batch_size=8, highest=1e-4, steps=20)
    assert found.losses[:20].std() > 0.5 * found.start
    np.testing.assert_allclose(found.smoothed[:20], found.start, rtol=1e-3)


def test_weights_of_samples_and_classes_count():
    x, y = clusters(60)
    plain = on(model(), x, y, optimizer=SGD(), steps=20, batch_size=20)
    by_class = on(model(), x, y, optimizer=SGD(), steps=20, batch_size=20, class_weight={0: 5.0, 1: 0.0})
    by_sample = on(model(), x, y, optimizer=SGD(), steps=20, batch_size=20, sample_weight=np.choose(y, [5.0, 0.0, 1.0]))
    np.testing.assert_allclose(by_class.losses, by_sample.losses)
    assert abs(by_class.start - plain.start) > 0.01


@pytest.mark.parametrize(
    "optimizer",
    [
        Adam(Cosine(0.5)),
        Momentum(0.1, momentum=Cosine(0.9)),
        ClipByGlobalNorm(SGD(OneCycle(3.0)), 1.0),
        AccumulateGradients(Adam(), 4),
        "adadelta",
        "random_perturbation",
    ],
)
def test_schedules_are_replaced_and_wrappers_kept(optimizer):
    found = on(Dense(3), *clusters(80), optimizer=optimizer, steps=20)
    assert np.isfinite(found.smoothed).all()
    assert found.rates[0] == 1e-6
    accumulates = isinstance(optimizer, AccumulateGradients)
    assert len(set(found.rates)) == len(found.rates) // (4 if accumulates else 1)


def test_a_few_samples_are_visited_again():
    x, y = clusters(3)
    found = on(Dense(3), x, y, optimizer=Adam(), steps=40)
    assert len(found.rates) == 40
    assert found.suggestion is not None
    assert found.suggestion > 1e-3


def test_the_model_stays_as_it_was_whatever_happens():
    trained = model()
    fit(trained, epochs=1, executor="reference")
    before, scalars = everything(trained), dict(trained.scalars)
    arrays = {name: value.copy() for name, value in trained.parameters.items()}
    state = trained.training_state
    assert on(trained, *clusters(), optimizer=SGD(), highest=1e30, steps=20).diverged is not None
    with pytest.raises(ValueError, match="label"):
        on(trained, clusters()[0], clusters()[1] + 5)
    assert same(everything(trained), before)
    assert same(trained.parameters, arrays)
    assert trained.training_state is state
    assert trained.scalars == scalars
    unbuilt = Model(Dense(3))
    on(unbuilt, *clusters(), steps=20)
    assert repr(unbuilt) == "Model(not built)"


@pytest.mark.parametrize(
    ("words", "network", "scale", "arguments"),
    [
        ("suggestion 0", Dense(3), 1.0, {"lowest": 1e-4}),
        (" the training diverged", Dense(3), 1e3, {}),
        ("still falling", Dense(3), 1.0, {"highest": 1e-2}),
        ("Try a smaller lowest=", Dense(3), 1e3, {"lowest": 1.0}),
        ("Something else than the rate is wrong", Sequential([Dense(4, "relu", bias_initializer=nn.Constant(-1e3)),
                                                              Dense(3, use_bias=False)]), 1.0, {}),
    ],
)  # fmt: skip
def test_the_verdict_says_what_to_do(words, network, scale, arguments):
    x, y = clusters(100)
    found = on(network, scale * x, y, optimizer=SGD(), **{"lowest": 1e-5, "steps": 40, **arguments})
    assert words in found.verdict() + repr(found)
    assert (
        (found.suggestion is None) == ("brought the loss down" in found.verdict()) == ("no suggestion" in repr(found))
    )


def test_a_loss_that_is_none_from_the_start_is_said():
    x, y = line()
    with pytest.raises(DivergedError, match="before any update"):
        on(Dense(1), 1e30 * x, y, loss="mean_squared_error")
