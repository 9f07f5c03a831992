"""A training that stands still on flat ground is found, and first weights of the right size let it go on."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.diagnosis.course import Facts
from chainrule.diagnosis.plateau import plateau
from chainrule.diagnosis.restraints import restraint
from chainrule.diagnosis.task import Task
from chainrule.nn import L2, Dense, Dropout, Normal, Sequential
from chainrule.optim import SGD, Adam, AdamW, as_optimizer
from chainrule.train import Model
from chainrule.train.metrics import objective
from chainrule.train.samples import as_samples
from tests.counts import full
from tests.diagnosis.courses import course
from tests.diagnosis.trainings import diagnosed, finding, images, numbers, table


def deep(initializer, activation="tanh", outputs=3):
    hidden = [Dense(24, activation, kernel_initializer=initializer, name=f"hidden{k}") for k in range(3)]
    return Model(Sequential([*hidden, Dense(outputs, kernel_initializer=initializer, name="scores")]))


DATA = {
    "table": (lambda: table(400), {"optimizer": SGD(0.1), "epochs": 6}, "tanh", 3),
    "numbers": (numbers, {"optimizer": SGD(0.05), "epochs": 12, "loss": "mean_squared_error"}, "tanh", 1),
}


@pytest.mark.parametrize("kind", DATA if full() else ["table"])
@pytest.mark.parametrize("scale", [0.02, 0.01, 0.001] if full() else [0.01])
def test_a_start_at_a_saddle_is_found_and_weights_of_the_right_size_cure_it(kind, scale):
    data, settings, activation, outputs = DATA[kind]
    x, y = data()

    def trained(initializer):
        model = deep(initializer, activation, outputs)
        return diagnosed(model, x, y, executor="reference", **settings)

    stuck = trained(Normal(0.0, scale))
    told = finding(stuck, "CR011").values
    assert stuck.on_the_way["CR011"][0] >= 3
    assert told["last"] == pytest.approx(told["constant"], rel=0.1)
    assert not {"CR010", "CR018"} & set(stuck.findings.codes)
    cured = trained("glorot_uniform")
    assert "CR011" not in cured.findings.codes
    assert cured.course.logs["loss"][-1] < 0.9 * stuck.course.logs["loss"][-1]


@pytest.mark.skipif(not full(), reason="--full: it takes longer")
@pytest.mark.parametrize("depth", [5, 7, 9])
def test_a_deep_chain_of_sigmoids_is_found_and_rectifiers_cure_it(depth):
    x, y = images(600)
    x = (x / np.float32(255)).reshape(len(x), -1)

    def trained(activation, initializer):
        hidden = [Dense(32, activation, kernel_initializer=initializer) for _ in range(depth)]
        model = Model(Sequential([*hidden, Dense(10)]))
        return diagnosed(model, x, y, optimizer=SGD(0.1), epochs=8, executor="reference")

    assert "CR011" in trained("sigmoid", "glorot_uniform").findings.codes
    assert "CR011" not in trained("relu", "he_normal").findings.codes


# ------------------------------------------------------------------------------------------------ by hand
def task_of(model, x, y, optimizer="adam", loss="cross_entropy"):
    """What a training of the model would be about."""
    samples, goal, rule = as_samples(x, y), objective(loss, None), as_optimizer(optimizer)
    model.check(samples, goal)
    return Task(model, samples, None, goal, rule, rule.scalars(0, 100), 32, 1)


def test_the_loss_must_stay_at_that_of_the_constant_answer_on_flat_ground():
    task = task_of(deep("glorot_uniform"), *table(60))
    noise = np.random.default_rng(0).normal(size=300)
    flat = 2.3 + 0.05 * noise
    assert [f.code for f in plateau(task, course(flat, gradient=1e-6))] == ["CR011"]
    assert list(plateau(task, course(flat, gradient=1e-6, steps_left=300)))
    assert not list(plateau(task, course(flat, gradient=1e-6, steps_left=301)))  # it may still leave it
    assert not list(plateau(task, course(flat, gradient=1e-2)))  # steep ground
    assert not list(plateau(task, course(np.linspace(2.3, 1.6, 300), gradient=1e-6)))  # it falls
    assert not list(plateau(task, course(0.8 * flat, gradient=1e-6)))  # it has learned something
    assert not list(plateau(task, course(flat[:20], gradient=1e-6)))  # too short
    assert not list(plateau(task, course(flat, gradient=1e-6, facts={"constant_loss": None})))


@pytest.mark.parametrize(
    ("build", "optimizer", "kind"),
    [
        (lambda: Model(Sequential([Dense(8, "relu", kernel_penalty=L2(3.0)), Dense(3)])), Adam(0.001), "penalty"),
        (lambda: Model(Sequential([Dense(8, "relu", kernel_penalty=L2(1e-4)), Dense(3)])), Adam(0.001), None),
        (lambda: Model(Sequential([Dense(8, "relu"), Dense(3)])), AdamW(0.001, weight_decay=50.0), "decay"),
        (lambda: Model(Sequential([Dense(8, "relu"), Dense(3)])), AdamW(0.001), None),
        (lambda: Model(Sequential([Dense(64, "relu"), Dropout(0.95), Dense(3)])), Adam(0.001), "noise"),
        (lambda: Model(Sequential([Dense(8, "relu"), Dropout(0.5), Dense(3)])), Adam(0.001), None),
    ],
)
def test_what_holds_a_network_back_is_measured(build, optimizer, kind):
    found = restraint(task_of(build(), *table(300), optimizer))
    assert (found.kind if found else None) == kind


def test_facts_count_the_numbers_of_each_parameter():
    facts = Facts.of(task_of(deep("glorot_uniform"), *table(60)))
    assert facts.parameter_sizes["hidden0/kernel"] == 8 * 24
    assert facts.fresh


PLANTED = {
    "CR011": lambda: finding(
        diagnosed(deep(Normal(0.0, 0.01)), *table(400), optimizer=SGD(0.1), epochs=6, executor="reference"), "CR011"
    )
}
