"""Overfitting on purpose: what counts as learned by heart, what is turned off, and what is said where it fails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import nn
from chainrule.data import epoch_order
from chainrule.errors import UsageError
from chainrule.nn import Dense, Sequential
from chainrule.nn.losses.names import as_loss
from chainrule.optim import SGD, Adam, AdamW, ClipByGlobalNorm, Cosine
from chainrule.train import Callback, Memorization, Model, overfit_batches
from chainrule.train.guessing import loss_range
from chainrule.train.samples import as_samples
from tests.train.problems import clusters, everything, fit, model, same

REFERENCE: Any = {"executor": "reference"}


def on(network: Any, x: Any, y: Any, **arguments: Any) -> Memorization:
    given: dict[str, Any] = {"optimizer": Adam(0.03), **REFERENCE, **arguments}
    return overfit_batches(network if isinstance(network, Model) else Model(network), x, y, **given)


def line(samples: int = 40, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    x = random.standard_normal((samples, 2))
    return x, x @ [1.0, -2.0] + noise * random.standard_normal(samples)


def test_a_classifier_is_done_at_a_twentieth_of_ln_c_and_no_mistake():
    found = on(model(), *clusters(200))
    assert found.memorized
    assert found.accuracies is not None
    assert found.guessing == pytest.approx(math.log(3))
    assert found.target == pytest.approx(math.log(3) / 20)
    assert found.losses[-1] <= found.target < found.losses[-2] or found.accuracies[-2] < 1.0
    assert found.accuracies[-1] == 1.0
    assert found.steps == len(found.losses) < 500


def test_a_regression_is_done_at_a_twentieth_of_the_variance():
    x, y = line(20)
    found = on(Dense(1), x, y, loss="mean_squared_error", optimizer=SGD(0.1))
    assert found.memorized
    assert found.accuracies is None
    assert found.target == pytest.approx(y.var() / 20)


@pytest.mark.parametrize(
    ("loss", "targets", "guessing", "best"),
    [
        ("binary_cross_entropy", [[0.5], [0.5]], math.log(2), math.log(2)),
        ("binary_cross_entropy", [[1.0], [0.0]], math.log(2), 0.0),
        (nn.losses.BinaryCrossEntropy(from_logits=False), [[0.9], [0.1]], math.log(2), 0.3250830),
        (nn.losses.CategoricalCrossEntropy(from_logits=False), [[0.9, 0.1], [0.1, 0.9]], math.log(2), 0.3250830),
        ("poisson", [[1.0], [3.0]], 2 - 2 * math.log(2), 2 - 1.5 * math.log(3)),
        ("mean_absolute_error", [[1.0], [3.0]], 1.0, 0.0),
        ("hinge", [[1.0], [0.0]], 1.0, 0.0),
    ],
)
def test_targets_that_are_uncertain_leave_a_loss(loss, targets, guessing, best):
    network = Model(Dense(len(targets[0])), (3,)).network
    found = loss_range(as_loss(loss), network, as_samples(np.zeros((2, 3)), np.array(targets)))
    assert found is not None
    assert found.guessing == pytest.approx(guessing, abs=1e-6)
    assert found.best == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "targets", "constant"),
    [
        ("cross_entropy", [0, 0, 0, 1], -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))),
        ("cross_entropy", [False, False, False, True], -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))),
        ("cross_entropy", [[1.0, 0.0], [0.5, 0.5]], -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))),
        ("cross_entropy", [0, 0], -np.log(1 / 1.001)),
        ("binary_cross_entropy", [[0, 0], [0, 1], [0, 1], [1, 1]], -(np.log(0.75) * 1.5 + np.log(0.25) * 0.5) / 2),
        ("squared_distance", [0, 0, 0, 1], 2 * 0.75 * 0.25),
        ("mean_squared_error", [[1.0, 0.0], [3.0, 0.0]], 0.5),
    ],
)
def test_the_best_answer_that_does_not_look_at_the_inputs_knows_the_shares_of_the_classes(loss, targets, constant):
    network, samples = Model(Dense(2), (3,)).network, as_samples(np.zeros((len(targets), 3)), np.array(targets))
    found = loss_range(as_loss(loss), network, samples)
    assert found is not None
    assert found.constant == pytest.approx(constant, abs=1e-6)


def test_the_batches_are_the_first_that_fit_would_draw():
    x, y = clusters(200)
    seen = []

    class Look(Callback):
        def on_train_batch_end(self, training):
            order = epoch_order(200, training.model.seed, 0)
            seen.extend(order[: training.state.position])
            training.stop()

    fitted = model(seed=3)
    fitted.fit(x, y, batch_size=8, callbacks=[Look()], verbose=0, executor="reference")
    found = on(model(seed=3), x, y, batch_size=8, batches=3, steps=3)
    assert found.places[:8].tolist() == seen
    assert len(found.places) == 24
    assert (len(found.losses), found.steps) == (1, 3)


def test_what_hinders_is_turned_off_and_named():
    network = Sequential(
        [
            nn.Dropout(0.4, method="direct"),
            nn.GaussianNoise(0.5),
            nn.MixUp(0.3),
            Dense(16, "relu", kernel_penalty=nn.L2(0.1)),
            nn.BatchNormalization(),
            Dense(3),
        ]
    )
    x, y = clusters(60)
    loss = nn.losses.CategoricalCrossEntropy(label_smoothing=0.2)
    found = on(network, x, y, loss=loss, optimizer=ClipByGlobalNorm(AdamW(0.03, weight_decay=0.1), 5.0))
    assert found.memorized
    assert found.turned_off == {
        "label_smoothing": 0.2,
        "dropout/rate": 0.4,
        "gaussian_noise/stddev": 0.5,
        "mix_up/alpha": 0.3,
        "dense/kernel_penalty": 0.1,
        "weight_decay": 0.1,
    }


def test_a_layer_that_stays_random_is_named():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((16, 6, 6, 1)), random.integers(0, 4, 16)
    network = Sequential(
        [Sequential([nn.Dropout(0.5), nn.RandomShift(2, name="shift")], name="first"), nn.Flatten(), Dense(4)]
    )
    found = on(network, x, y, steps=5)
    assert found.random_layer == "first/shift"
    assert "'first/shift' varies the samples at random" in found.verdict()


def test_the_model_stays_as_it_was_whatever_happens():
    trained = model()
    fit(trained, epochs=1, executor="reference")
    before = everything(trained)
    arrays = {name: value.copy() for name, value in trained.parameters.items()}
    kept = [
        trained.parameters,
        trained.states,
        dict(trained.scalars),
        trained.training_state,
        trained.evaluate(*clusters()),
    ]
    x, y = clusters()
    assert not on(trained, x, y, steps=3).memorized
    assert on(trained, x, y, optimizer=SGD(1e30)).outcome == "diverged"
    with pytest.raises(ValueError, match="label"):
        on(trained, x, y + 5)
    assert same(everything(trained), before)
    assert same(trained.parameters, arrays)
    assert trained.training_state is kept[3]
    assert trained.scalars == kept[2]
    assert trained.evaluate(x, y) == kept[4]
    unbuilt = Model(Dense(3))
    on(unbuilt, x, y, steps=3)
    assert repr(unbuilt) == "Model(not built)"


@pytest.mark.parametrize(
    ("outcome", "words", "network", "rate", "steps"),
    [
        ("falling", "still falling", Sequential([Dense(64, "tanh"), Dense(3)]), 0.02, 40),
        ("stuck", "hardly better than the same guess", Sequential([Dense(16, "tanh"), Dense(3)]), 1e-7, 40),
        ("plateau", "hardly fell any more", Dense(3), 0.1, 80),
        ("rose", "rose above", Sequential([Dense(16, "relu"), Dense(3)]), 30.0, 60),
    ],
)
def test_what_stood_in_the_way_is_said(outcome, words, network, rate, steps):
    x, y = clusters(32)
    y[:6] = (y[:6] + 1) % 3
    found = on(network, x, y, optimizer=Adam(rate), steps=steps)
    assert (found.outcome, found.memorized) == (outcome, False)
    assert words in found.verdict()
    assert outcome in repr(found)


def test_contradictions_make_it_impossible():
    x, y = clusters(20)
    x[[5, 9]], y[[5, 9, 2]] = x[2], [0, 1, 0]
    found = on(Sequential([Dense(32, "relu"), Dense(3)]), x, y, steps=50)
    assert found.outcome == "contradictory"
    assert {frozenset(pair) for pair in found.contradictions} <= {frozenset(p) for p in ((2, 9), (5, 9))}
    assert "same, but their targets differ" in found.verdict()


@pytest.mark.parametrize(("gap", "outcome"), [(0.1, "memorized"), (4.0, "contradictory")])
def test_numbers_that_contradict_each_other_a_little_can_be_learned(gap, outcome):
    x, y = line(20)
    x[1], y[1] = x[0], y[0] + gap
    found = on(
        Sequential([Dense(16, "tanh"), Dense(1)]), x, y, loss="mean_squared_error", optimizer=Adam(0.1), steps=50
    )
    assert (found.outcome, len(found.contradictions)) == (outcome, 1)


def test_a_loss_of_ones_own_is_measured_against_its_start():
    x, y = line(20)

    def likelihood(outputs, targets):
        return nn.losses.GaussianLikelihood()(outputs, targets)

    def nearer(outputs, targets):
        return likelihood(outputs, targets) - 10.0

    found = on(Dense(2), x, y, loss=likelihood)
    assert found.guessing == found.losses[0] == 20 * found.target
    with pytest.raises(UsageError, match=r"Say it, e\.g\. target_loss=-"):
        on(Dense(2), x, y, loss=nearer)
    assert on(Dense(2), x, y, loss=nearer, target_loss=-9.5).memorized


def test_a_constant_target_is_measured_against_the_start():
    x, _ = line(8)
    found = on(Dense(1), x, np.full(8, 3.0), loss="mean_squared_error", optimizer=SGD(0.1))
    assert found.memorized
    assert found.target == pytest.approx(found.losses[0] / 20)


def test_optimizers_of_all_kinds():
    x, y = line(50)
    for optimizer in ("lbfgs", Adam(Cosine(0.3)), "random_perturbation"):
        found = on(Dense(1), x, y, loss="mean_squared_error", optimizer=optimizer, steps=20)
        assert np.isfinite(found.losses).all()
        assert len(found.places) == 32


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_verdict_reads_well(language):
    from chainrule.messages import use_language

    found = on(model(), *clusters(1))
    try:
        use_language(language)
        text = found.verdict()
    finally:
        use_language(None)
    assert text in found._repr_html_() or language == "zh"
    assert ("1 sample by heart" if language == "en" else "1 个样本") in text
