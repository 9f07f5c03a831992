"""Networks in bfloat16: what is rounded, what is not, what is refused, and that they learn."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.compiler import target
from chainrule.data import digits
from chainrule.errors import CompilerError, UsageError
from chainrule.execute import Program
from chainrule.graph.expansion import expanded_order
from chainrule.graph.extent import batch
from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import input_tensor
from chainrule.messages import use_language
from chainrule.nn import BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Flatten, MaxPool2D, Sequential
from chainrule.nn.network import trace
from chainrule.ops.kinds.indexed import Indexed
from chainrule.optim import Adam
from chainrule.train import checkpoints, saved
from chainrule.train.metrics import objective
from chainrule.train.precision import in_precision
from chainrule.train.samples import as_samples
from chainrule.train.step import TrainingStep

DIGITS = digits()


def is_rounded(x):
    return not (x.view(np.uint32) & 0xFFFF).any()


def test_factors_are_rounded_and_their_sums_are_not():
    x, w = input_tensor("x", (batch, 3)), input_tensor("w", (3, 2))
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(4, 3)).astype("f4"), generator.normal(size=(3, 2)).astype("f4")
    (y,) = in_precision([ops.matmul(x, w)], "bf16")
    (found,) = Program([y]).run({x: a, w: b})
    bits = [((v.view(np.uint32) + 0x7FFF + ((v.view(np.uint32) >> 16) & 1)) & 0xFFFF0000).view("f4") for v in (a, b)]
    np.testing.assert_allclose(found, bits[0].astype("f8") @ bits[1].astype("f8"), rtol=1e-6)
    assert not is_rounded(found)


def step(layers, shape, precision, optimizer=None):
    x, y = np.zeros((4, *shape), "f4"), np.arange(4) % 3
    samples = as_samples(x, y)
    goal = objective("cross_entropy", ["accuracy"])
    return TrainingStep(trace(layers, [shape]), goal, optimizer or Adam(0.01), samples, precision)


def sums_of_products(made):
    """The nodes of a step that sum up products of numbers, in both directions."""
    order = expanded_order(cr.autodiff.arguments.leaves(made.outputs))
    return [
        n for n in order
        if isinstance(n.operation, Indexed) and len(n.inputs) > 1 and any(x.shape[:1] == (batch,) for x in n.inputs)
    ]  # fmt: skip


def test_all_factors_of_a_step_are_rounded_whatever_they_belong_to():
    layers = Sequential([
        Conv2D(4, 3, padding="same"), BatchNormalization(), MaxPool2D(2), DepthwiseConv2D(3), Flatten(),
        Dense(5, "tanh"), Dense(3),
    ])  # fmt: skip
    found = sums_of_products(step(layers, (8, 8, 2), "bf16"))
    assert len(found) == 4 + 4 + 3  # the images need no gradient
    assert all(x.operation is ops.round_to_bfloat16 for n in found for x in n.inputs)
    plain = sums_of_products(step(layers, (8, 8, 2), "float32"))
    assert len(plain) == len(found)
    assert not any(x.operation is ops.round_to_bfloat16 for n in plain for x in n.inputs)


def test_what_needs_no_rounding_stays_the_same_node():
    x = input_tensor("x", (batch, 4))
    outputs = [ops.softmax(x), ops.mean(x, 0), x * 2.0, ops.sum(x * x, 1)]
    assert all(a is b for a, b in zip(in_precision(outputs, "bf16"), outputs, strict=True))
    assert any(isinstance(y.operation, Expandable) for y in outputs)


def test_parameters_alone_are_not_rounded():
    """An optimizer multiplies matrices in float32."""
    w = input_tensor("w", (3, 3))
    (y,) = in_precision([ops.matmul(w, w)], "bf16")
    assert y.inputs == (w, w)


@cache
def trained(precision, executor="reference"):
    """A model after 3 epochs on a few digits, and its accuracy on others."""
    layers = Sequential([Conv2D(6, 5, activation="relu"), MaxPool2D(2), Flatten(), Dense(10)])
    model = cr.Model(layers, (28, 28, 1), precision=precision)
    x, y = DIGITS.x_train[:1000] / np.float32(255), DIGITS.y_train[:1000]
    model.fit(x, y, optimizer=Adam(0.003), epochs=3, batch_size=50, verbose=0, executor=executor)
    new = DIGITS.x_test[:2000] / np.float32(255), DIGITS.y_test[:2000]
    return model, model.evaluate(*new, executor="reference")["accuracy"]


native = pytest.param(
    "native",
    marks=pytest.mark.skipif(not target.detect().pairs, reason="this processor has no instructions for bfloat16"),
)


@pytest.mark.parametrize("executor", ["reference", native])
def test_a_network_learns_nearly_as_well(executor):
    model, accuracy = trained("bf16", executor=executor)
    _, known = trained("float32")
    assert accuracy > known - 0.01
    assert known > 0.85
    kernel = model.parameters["conv2d/kernel"]
    assert kernel.dtype == np.float32
    assert not is_rounded(kernel)  # the weights that are kept have all their digits
    slots = model.training_state.slots["conv2d/kernel"]
    assert all(slot.dtype == np.float32 and not is_rounded(slot) for slot in slots.values())


def test_prediction_and_evaluation_are_those_of_the_precision(tmp_path):
    model, _ = trained("bf16")
    x = DIGITS.x_test[:8] / np.float32(255)
    rounded = model.predict(x, executor="reference")
    model.save(tmp_path / "model")
    loaded = cr.Model.load(tmp_path / "model")
    assert loaded.precision == "bf16"
    assert all(p.dtype == np.float32 for p in loaded.parameters.values())
    np.testing.assert_array_equal(loaded.predict(x, executor="reference"), rounded)
    loaded.precision = "float32"
    plain = loaded.predict(x, executor="reference")
    assert 0 < np.abs(plain - rounded).max() < 0.03 * np.abs(plain).max()


def test_files_that_do_not_name_a_precision_are_in_float32(tmp_path):
    cr.Model(Dense(1), (2,), precision="bf16").save(tmp_path / "model")
    files = dict(checkpoints.read(tmp_path / "model"))
    kept = json.loads(files["training.json"])
    assert kept["dict"].pop("precision") == "bf16"
    files["training.json"] = json.dumps(kept).encode()
    assert saved.from_files(files).precision == "float32"


def test_unknown_precisions_are_refused():
    with pytest.raises(UsageError) as refusal:
        cr.Model(Dense(1), precision="bf61")
    assert str(refusal.value) == "precision='bf61' is not known; choose 'float32' or 'bf16'. Did you mean 'bf16'?"
    model = cr.Model(Dense(1))
    with pytest.raises(UsageError, match="'float16' is not known"):
        model.precision = "float16"
    assert model.precision == "float32"


@pytest.fixture
def without_instructions(monkeypatch):
    monkeypatch.setattr("chainrule.train.precision.detect", lambda: replace(target.detect(), name="avx2", pairs=False))


@pytest.mark.parametrize("executor", ["auto", "native"])
def test_a_processor_without_instructions_is_told(without_instructions, executor):
    x, y = np.ones((4, 2), "f4"), np.array([0, 1, 0, 1])
    model = cr.Model(Dense(2), (2,), precision="bf16")
    for verb in (
        lambda: model.fit(x, y, executor=executor),
        lambda: model.evaluate(x, y, loss="cross_entropy", executor=executor),
        lambda: model.predict(x, executor=executor),
    ):
        with pytest.raises(CompilerError) as refusal:
            verb()
        assert str(refusal.value) == (
            "precision='bf16' needs instructions for products of bfloat16 (AVX512-BF16, also beside AMX-BF16), and the "
            "instruction set used here, avx2, has none. Leave precision away: float32 is fastest here; or ask for "
            "executor='reference', which computes the same in NumPy, slowly."
        )
    model.predict(x, executor="reference")
    model.precision = "float32"
    model.predict(x, executor=executor)


def test_the_refusal_speaks_chinese(without_instructions):
    use_language("zh")
    try:
        with pytest.raises(CompilerError, match="请省略 precision"):
            cr.Model(Dense(2), (2,), precision="bf16").predict(np.ones((4, 2), "f4"))
    finally:
        use_language(None)
