"""Losses against the formulas in NumPy and SciPy, and at the ends of float32."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from chainrule.autodiff import gradients
from chainrule.errors import DTypeError, GradientError, ShapeError, UsageError
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.nn import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Dense,
    GaussianLikelihood,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Sequential,
    Sigmoid,
    Softmax,
    SquaredDistance,
    TripletMargin,
    as_loss,
    trace,
)  # fmt: skip
from chainrule.nn.losses.names import LOSSES
from chainrule.ops.comparison import equal
from chainrule.ops.contraction import mean, sum
from chainrule.ops.kinds.conversion import cast
from chainrule.ops.selection import argmax
from tests.nn.formulas import check_derivative, check_formula

GENERATOR = np.random.default_rng(0)
OUTPUTS = GENERATOR.standard_normal((6, 4)) * 2
LABELS = np.array([0, 3, 1, 2, 2, 0])
ONE_HOT = np.eye(4)[LABELS]
TARGETS = GENERATOR.standard_normal((6, 4))
SOFT = GENERATOR.dirichlet(np.ones(4), 6)
PROBABILITIES = special.softmax(OUTPUTS, -1)
LOG_PROBABILITIES = special.log_softmax(OUTPUTS, -1)
WEIGHTS = np.array([1.0, 0.5, 2.0, 4.0])
SIGMOIDS = special.expit(OUTPUTS)
SMOOTH = 0.9 * ONE_HOT + 0.1 / 4
BINARY = (TARGETS > 0).astype(float)

CASES = {
    "L2 to label": (SquaredDistance(), OUTPUTS, LABELS, ((OUTPUTS - ONE_HOT) ** 2).sum(-1)),
    "L2 to one-hot": (SquaredDistance(), OUTPUTS, ONE_HOT, ((OUTPUTS - ONE_HOT) ** 2).sum(-1)),
    "mean squared": (MeanSquaredError(), OUTPUTS, TARGETS, ((OUTPUTS - TARGETS) ** 2).mean(-1)),
    "mean absolute": (MeanAbsoluteError(), OUTPUTS, TARGETS, np.abs(OUTPUTS - TARGETS).mean(-1)),
    "huber": (Huber(), OUTPUTS, TARGETS, special.huber(1.0, OUTPUTS - TARGETS).mean(-1)),
    "huber 0.3": (Huber(0.3), OUTPUTS, TARGETS, special.huber(0.3, OUTPUTS - TARGETS).mean(-1)),
    "binary": (
        BinaryCrossEntropy(), OUTPUTS, BINARY,
        -(BINARY * special.log_expit(OUTPUTS) + (1 - BINARY) * special.log_expit(-OUTPUTS)).mean(-1),
    ),
    "binary of probabilities": (
        BinaryCrossEntropy(from_logits=False), SIGMOIDS, BINARY,
        -(special.xlogy(BINARY, SIGMOIDS) + special.xlog1py(1 - BINARY, -SIGMOIDS)).mean(-1),
    ),
    "categorical": (CategoricalCrossEntropy(), OUTPUTS, LABELS, -LOG_PROBABILITIES[np.arange(6), LABELS]),
    "categorical, one-hot": (CategoricalCrossEntropy(), OUTPUTS, ONE_HOT, -(ONE_HOT * LOG_PROBABILITIES).sum(-1)),
    "categorical, soft": (
        CategoricalCrossEntropy(), OUTPUTS, SOFT,
        special.entr(SOFT).sum(-1) + special.rel_entr(SOFT, PROBABILITIES).sum(-1),
    ),
    "categorical of probabilities": (
        CategoricalCrossEntropy(from_logits=False), PROBABILITIES, LABELS, -LOG_PROBABILITIES[np.arange(6), LABELS],
    ),
    "class weights": (
        CategoricalCrossEntropy(class_weights=list(WEIGHTS)), OUTPUTS, LABELS,
        -WEIGHTS[LABELS] * LOG_PROBABILITIES[np.arange(6), LABELS],
    ),
    "class weights, one-hot": (
        CategoricalCrossEntropy(class_weights=tuple(WEIGHTS)), OUTPUTS, ONE_HOT,
        -(WEIGHTS * ONE_HOT * LOG_PROBABILITIES).sum(-1),
    ),
    "label smoothing": (
        CategoricalCrossEntropy(label_smoothing=0.1), OUTPUTS, LABELS, -(SMOOTH * LOG_PROBABILITIES).sum(-1),
    ),
    "both": (
        CategoricalCrossEntropy(class_weights=tuple(WEIGHTS), label_smoothing=0.1), OUTPUTS, LABELS,
        -WEIGHTS[LABELS] * (SMOOTH * LOG_PROBABILITIES).sum(-1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_formula(case):
    check_formula(*CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_derivative(case):
    check_derivative(*CASES[case])


def test_the_gradient_of_cross_entropy_is_the_error_of_the_probabilities():
    """∂ℓ/∂z = softmax(z) - y."""
    z = tensor(OUTPUTS)
    (found,) = gradients(sum(CategoricalCrossEntropy()(z, tensor(LABELS))), [z])
    np.testing.assert_allclose(found.numpy(), PROBABILITIES - ONE_HOT, rtol=1e-10, atol=1e-12)
    (found,) = gradients(sum(BinaryCrossEntropy()(z, tensor(BINARY))), [z])
    np.testing.assert_allclose(found.numpy(), (SIGMOIDS - BINARY) / 4, rtol=1e-10)


@pytest.mark.parametrize("loss", [CategoricalCrossEntropy(), CategoricalCrossEntropy(label_smoothing=0.1)], ids=str)
def test_categorical_cross_entropy_far_out(loss):
    z = tensor([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4]], "float32")
    losses = loss(z, tensor([0, 0, 0]))
    (slope,) = gradients(sum(losses), [z])
    s = loss.label_smoothing
    np.testing.assert_allclose(losses.numpy(), [s / 2 * 2e4, (1 - s / 2) * 2e4, np.log(2)], rtol=1e-6)
    np.testing.assert_allclose(
        slope.numpy(), [[s / 2, -s / 2], [s / 2 - 1, 1 - s / 2], [s / 2 - 0.5, 0.5 - s / 2]], atol=1e-7
    )


def test_binary_cross_entropy_far_out():
    z = tensor([1e4, -1e4, 1e4, -1e4], "float32")
    losses = BinaryCrossEntropy()(z, tensor([1.0, 0.0, 0.0, 1.0]))
    (slope,) = gradients(sum(losses), [z])
    np.testing.assert_array_equal(losses.numpy(), [0, 0, 1e4, 1e4])
    np.testing.assert_array_equal(slope.numpy(), [0, 0, 1, -1])


def test_distances_far_out():
    x, y = tensor([[1e4], [-1e4]], "float32"), tensor([[-1e4], [-1e4]], "float32")
    for loss, expected, slopes in [
        (MeanSquaredError(), [4e8, 0], [[4e4], [0]]),
        (MeanAbsoluteError(), [2e4, 0], [[1], [0]]),
        (Huber(), [2e4 - 0.5, 0], [[1], [0]]),
        (SquaredDistance(), [4e8, 0], [[4e4], [0]]),
    ]:
        losses = loss(x, y)
        np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-6)
        np.testing.assert_array_equal(gradients(sum(losses), [x])[0].numpy(), slopes)


def test_huber_of_errors_whose_square_overflows():
    x = tensor([[1e30]], "float32")
    loss = Huber()(x, tensor([[0.0]]))
    assert np.isfinite(loss.numpy()).all()
    assert gradients(sum(loss), [x])[0].item() == 1.0


def test_impossible_probabilities_give_a_finite_loss():
    certain = tensor([[0.0, 1.0]], "float32")
    for loss, target in [(CategoricalCrossEntropy(False), [0]), (BinaryCrossEntropy(False), [[1.0, 0.0]])]:
        assert loss(certain, tensor(target)).item() == pytest.approx(-np.log(1e-7), rel=0.01)


def test_images_and_sequences_have_one_loss_per_sample():
    outputs, labels = GENERATOR.standard_normal((2, 3, 5, 4)), GENERATOR.integers(0, 4, (2, 3, 5))
    found = CategoricalCrossEntropy()(tensor(outputs), tensor(labels)).numpy()
    log_p = special.log_softmax(outputs, -1)
    np.testing.assert_allclose(found, -np.take_along_axis(log_p, labels[..., None], -1)[..., 0].mean((1, 2)))
    assert MeanSquaredError()(tensor(outputs), tensor(outputs)).shape == (2,)


# ----------------------------------------------------------------------------------------------- what is refused
def test_one_output_and_a_column_of_targets_fit():
    """(batch, 1) against (batch,) must not broadcast to (batch, batch)."""
    x, y = tensor([[1.0], [3.0]]), tensor([0.0, 0.0])
    np.testing.assert_array_equal(MeanSquaredError()(x, y).numpy(), [1, 9])
    assert BinaryCrossEntropy()(x, tensor([1, 0])).shape == (2,)
    symbolic = input_tensor("x", (batch, 1)), input_tensor("y", (batch,))
    assert MeanAbsoluteError()(*symbolic).shape == (batch,)


@pytest.mark.parametrize("loss", [MeanSquaredError(), MeanAbsoluteError(), Huber(), BinaryCrossEntropy()], ids=str)
def test_shapes_that_would_broadcast_are_refused(loss):
    with pytest.raises(ShapeError, match=r"outputs have shape \(2, 3\), but the targets \(2, 1\)"):
        loss(tensor(np.zeros((2, 3))), tensor(np.zeros((2, 1))))


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("triplet_margin", "gaussian_likelihood")])
def test_tuples_of_outputs_or_targets_are_refused(name):
    x = tensor(np.ones((2, 3)))
    for outputs, targets in [((x, x), (x, x)), (x, (x, x))]:
        with pytest.raises(UsageError, match="compares one output with one target, but was given a tuple of 2"):
            LOSSES[name](outputs, targets)


def test_labels_that_fit_neither_way_are_refused():
    with pytest.raises(ShapeError, match="or an integer label for each sample"):
        SquaredDistance()(tensor(np.zeros((2, 3))), tensor(np.zeros((2, 4))))
    with pytest.raises(ShapeError, match="integer labels"):
        CategoricalCrossEntropy()(tensor(np.zeros((2, 3))), tensor(np.zeros((2, 4))))
    with pytest.raises(DTypeError, match=r"labels .* are not integers"):
        CategoricalCrossEntropy()(tensor(np.zeros((2, 3))), tensor(np.zeros(2)))


def test_probabilities_are_not_taken_for_logits():
    for activation, loss in [(Softmax(), CategoricalCrossEntropy()), (Sigmoid(), BinaryCrossEntropy())]:
        outputs = trace(Sequential([Dense(3), activation]), [(2,)]).training
        assert isinstance(outputs, Tensor)
        with pytest.raises(UsageError, match=r"takes logits, but the outputs are already"):
            loss(outputs, input_tensor("y", (batch, 3)))
        assert type(loss)(from_logits=False)(outputs, input_tensor("y", (batch, 3))).shape == (batch,)


def test_class_weights_are_one_for_each_class():
    with pytest.raises(UsageError, match="there are 2 class weights but 4 classes"):
        CategoricalCrossEntropy(class_weights=(1.0, 2.0))(tensor(OUTPUTS), tensor(LABELS))


def test_names():
    assert as_loss("cross_entropy") == CategoricalCrossEntropy()
    assert as_loss(Huber(2.0)) == Huber(2.0)
    with pytest.raises(UsageError, match=r"'cross_entrop' is not known.*Did you mean 'cross_entropy'\?"):
        as_loss("cross_entrop")
    x, y = tensor(OUTPUTS), tensor(ONE_HOT)
    for loss in LOSSES.values():
        several = {TripletMargin: ((x, x, x), y), GaussianLikelihood: (x, y[:, :2])}
        assert loss(*several.get(type(loss), (x, y))).shape == (6,)


def test_the_error_rate_cannot_be_learned_from():
    """O5: refused, with the name of the node that stops the gradient."""
    network = trace(Dense(4), [(3,)])
    assert isinstance(network.training, Tensor)
    wrong = 1.0 - mean(cast(equal(argmax(network.training), input_tensor("y", (batch,), "int64")), "float32"))
    with pytest.raises(GradientError, match="only through argmax"):
        gradients(wrong, [p.tensor for p in network.parameters.values()])
