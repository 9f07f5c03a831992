"""Distances, margins, likelihoods and focal losses against their formulas in NumPy, and numbers from PyTorch 2."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from chainrule.autodiff import check_gradients, gradients
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.tensor import tensor
from chainrule.nn import (
    BinaryCrossEntropy,
    BinaryFocalCrossEntropy,
    CategoricalCrossEntropy,
    CategoricalFocalCrossEntropy,
    CategoricalHinge,
    CosineSimilarity,
    GaussianLikelihood,
    Hinge,
    KLDivergence,
    LogCosh,
    MultiMargin,
    PerceptronCriterion,
    Poisson,
    Quantile,
    SquaredHinge,
    TripletMargin,
)  # fmt: skip
from chainrule.ops.contraction import sum
from tests.nn.formulas import check_derivative, check_formula

GENERATOR = np.random.default_rng(0)
OUTPUTS = GENERATOR.standard_normal((6, 4)) * 2
TARGETS = GENERATOR.standard_normal((6, 4))
LABELS = np.array([0, 3, 1, 2, 2, 0])
ONE_HOT = np.eye(4)[LABELS]
SIDES = np.where(TARGETS > 0, 1.0, -1.0)
BINARY = (TARGETS > 0).astype(float)
RATE = 1 + np.abs(OUTPUTS)
COUNTS = GENERATOR.integers(0, 5, (6, 4))
SOFT = np.where(np.eye(6, 4) == 1, 0.0, GENERATOR.dirichlet(np.ones(4), 6))
SIGMOIDS, PROBABILITIES = special.expit(OUTPUTS), special.softmax(OUTPUTS, -1)
WEIGHTS = np.array([1.0, 0.5, 2.0, 4.0])
RIGHT = OUTPUTS[np.arange(6), LABELS]
OTHERS = OUTPUTS[ONE_HOT == 0].reshape(6, 3)
LACKING = np.maximum(0, 1 - SIDES * OUTPUTS)
FOCAL = -((1 - PROBABILITIES[np.arange(6), LABELS]) ** 2) * special.log_softmax(OUTPUTS, -1)[np.arange(6), LABELS]


def _focal(gamma: float, right: float, wrong: float) -> np.ndarray:
    holds = -right * BINARY * (1 - SIGMOIDS) ** gamma * np.log(SIGMOIDS)
    return np.asarray((holds - wrong * (1 - BINARY) * SIGMOIDS**gamma * np.log(1 - SIGMOIDS)).mean(-1))


def _gauss(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The whole negative logarithm of SciPy's density, without its constant."""
    mean, deviation = outputs[:, :2], np.exp(outputs[:, 2:] / 2)
    return np.asarray((-stats.norm.logpdf(targets, mean, deviation) - 0.5 * np.log(2 * np.pi)).mean(-1))


CASES = {
    "log-cosh": (LogCosh(), OUTPUTS, TARGETS, np.log(np.cosh(OUTPUTS - TARGETS)).mean(-1)),
    "quantile": (Quantile(0.9), OUTPUTS, TARGETS, np.where(
        TARGETS > OUTPUTS, 0.9 * (TARGETS - OUTPUTS), 0.1 * (OUTPUTS - TARGETS)).mean(-1)),
    "cosine": (CosineSimilarity(), OUTPUTS, TARGETS,
        -(OUTPUTS * TARGETS).sum(-1) / np.linalg.norm(OUTPUTS, axis=-1) / np.linalg.norm(TARGETS, axis=-1)),
    "hinge": (Hinge(), OUTPUTS, SIDES, LACKING.mean(-1)),
    "hinge of 0 and 1": (Hinge(), OUTPUTS, BINARY, LACKING.mean(-1)),
    "perceptron": (PerceptronCriterion(), OUTPUTS, SIDES, np.maximum(0, -SIDES * OUTPUTS).mean(-1)),
    "squared hinge": (SquaredHinge(), OUTPUTS, SIDES, (LACKING**2).mean(-1)),
    "categorical hinge": (CategoricalHinge(), OUTPUTS, LABELS, np.maximum(0, 1 + OTHERS.max(-1) - RIGHT)),
    "categorical hinge, one-hot": (CategoricalHinge(), OUTPUTS, ONE_HOT, np.maximum(0, 1 + OTHERS.max(-1) - RIGHT)),
    "multi-margin": (MultiMargin(), OUTPUTS, LABELS, np.maximum(0, 1 - RIGHT[:, None] + OTHERS).sum(-1) / 4),
    "multi-margin, squared": (MultiMargin(2, 0.7, WEIGHTS.tolist()), OUTPUTS, ONE_HOT,
        WEIGHTS[LABELS] * (np.maximum(0, 0.7 - RIGHT[:, None] + OTHERS) ** 2).sum(-1) / 4),
    "KL": (KLDivergence(), OUTPUTS, SOFT, special.rel_entr(SOFT, PROBABILITIES).sum(-1)),
    "KL of probabilities": (
        KLDivergence(from_logits=False), PROBABILITIES, SOFT, special.rel_entr(SOFT, PROBABILITIES).sum(-1)),
    "Poisson": (Poisson(), OUTPUTS, COUNTS,
        (-stats.poisson.logpmf(COUNTS, np.exp(OUTPUTS)) - special.gammaln(COUNTS + 1)).mean(-1)),
    "Poisson of rates": (Poisson(from_logarithms=False), RATE, COUNTS,
        (-stats.poisson.logpmf(COUNTS, RATE) - special.gammaln(COUNTS + 1)).mean(-1)),
    "Gauss": (GaussianLikelihood(), OUTPUTS, TARGETS[:, :2], _gauss(OUTPUTS, TARGETS[:, :2])),
    "binary focal": (BinaryFocalCrossEntropy(), OUTPUTS, BINARY, _focal(2, 1, 1)),
    "binary focal, weighted": (BinaryFocalCrossEntropy(1.5, 0.25), OUTPUTS, BINARY, _focal(1.5, 0.25, 0.75)),
    "binary focal of probabilities": (
        BinaryFocalCrossEntropy(from_logits=False), SIGMOIDS, BINARY, _focal(2, 1, 1)),
    "categorical focal": (CategoricalFocalCrossEntropy(), OUTPUTS, LABELS, FOCAL),
    "categorical focal, weighted": (
        CategoricalFocalCrossEntropy(class_weights=WEIGHTS.tolist()), OUTPUTS, ONE_HOT, WEIGHTS[LABELS] * FOCAL),
    "categorical focal of probabilities": (
        CategoricalFocalCrossEntropy(from_logits=False), PROBABILITIES, LABELS, FOCAL),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_formula(case):
    check_formula(*CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_derivative(case):
    check_derivative(*CASES[case])


Z = np.array([[0.5, -1.0, 2.0, 0.0], [1.0, 1.5, -0.5, 0.2]])
DIRECTION = np.array([[1.0, 0, 2, -1], [0, 1, 1, 1]])
RATES = np.array([[0.0, 2, 1, 5], [3, 0, 1, 1]])

PYTORCH = {
    "multi_margin_loss": (MultiMargin(), Z, [2, 0], [0.0, 0.425]),
    "multi_margin_loss, squared": (MultiMargin(2, 0.7, [1.0, 0.5, 2.0, 4.0]), Z, [2, 0], [0.0, 0.36]),
    "kl_div": (KLDivergence(), Z, [[0.5, 0.25, 0.25, 0], [0.1, 0.2, 0.3, 0.4]], [0.8026288115, 0.5904660346]),
    "poisson_nll_loss": (Poisson(), Z, RATES, [2.6014142027, 1.5819760792]),
    "gaussian_nll_loss": (GaussianLikelihood(), Z, [[1.0, -1], [0.5, 2]], [0.5084584552, 0.0792157515]),
    "cosine_similarity": (CosineSimilarity(), Z, DIRECTION, [-0.8017837257, -0.3682298472]),
}


@pytest.mark.parametrize("case", PYTORCH)
def test_values_are_those_of_pytorch(case):
    loss, outputs, targets, expected = PYTORCH[case]
    np.testing.assert_allclose(loss(tensor(outputs), tensor(np.array(targets))).numpy(), expected, atol=1e-10)


def test_triplets_are_those_of_pytorch():
    """Within the 1e-6 that PyTorch adds to differences."""
    anchor, near, far = tensor(Z), tensor(DIRECTION), tensor(RATES)
    np.testing.assert_allclose(TripletMargin()((anchor, near, far), None).numpy(), [0, 0.0114562364], atol=3e-6)
    turned = TripletMargin(0.2)((anchor, far, near), None).numpy()
    np.testing.assert_allclose(turned, [4.6371702821, 1.1885437636], atol=3e-6)
    check_gradients(lambda a, p, n: TripletMargin(0.2)((a, p, n), None), Z, RATES, DIRECTION)


def test_equal_embeddings_have_a_finite_gradient():
    same = tensor([[1.0, 2.0]])
    loss = sum(TripletMargin()((same, same * 1.0, same + 1.0), None))
    assert np.isfinite(gradients(loss, [same])[0].numpy()).all()


def test_without_focus_they_are_cross_entropies():
    x, y = tensor(OUTPUTS), tensor(LABELS)
    for focal, plain, targets in [
        (BinaryFocalCrossEntropy(0.0), BinaryCrossEntropy(), tensor(BINARY)),
        (CategoricalFocalCrossEntropy(0.0), CategoricalCrossEntropy(), y),
    ]:
        np.testing.assert_allclose(focal(x, targets).numpy(), plain(x, targets).numpy(), rtol=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_losses_far_out(gamma):
    z = tensor([[1e4], [-1e4], [1e4], [-1e4]], "float32")
    losses = BinaryFocalCrossEntropy(gamma)(z, tensor([1.0, 0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(losses.numpy(), [0, 0, 1e4, 1e4])
    np.testing.assert_array_equal(gradients(sum(losses), [z])[0].numpy(), [[0], [0], [1], [-1]])
    z = tensor([[1e4, -1e4], [-1e4, 1e4]], "float32")
    losses = CategoricalFocalCrossEntropy(gamma)(z, tensor([0, 0]))
    np.testing.assert_allclose(losses.numpy(), [0, 2e4])
    np.testing.assert_allclose(gradients(sum(losses), [z])[0].numpy(), [[0, 0], [-1, 1]], atol=1e-6)


def test_distances_and_likelihoods_far_out():
    z = tensor([[1e4], [-1e4], [0.0]], "float32")
    losses = LogCosh()(z, tensor([[0.0], [0.0], [0.0]]))
    np.testing.assert_allclose(losses.numpy(), [1e4 - np.log(2), 1e4 - np.log(2), 0], rtol=1e-6)
    np.testing.assert_array_equal(gradients(sum(losses), [z])[0].numpy(), [[1], [-1], [0]])
    z = tensor([[0.0, 60.0], [0.0, -60.0]], "float32")  # a variance of e⁶⁰, and of e⁻⁶⁰
    losses = GaussianLikelihood()(z, tensor([[3.0], [0.0]]))
    np.testing.assert_allclose(losses.numpy(), [30, -30], rtol=1e-6)
    nowhere = CosineSimilarity()(tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]]))
    np.testing.assert_array_equal(nowhere.numpy(), [0])


def test_hinges_of_one_class_and_of_a_winner_by_far():
    np.testing.assert_array_equal(CategoricalHinge()(tensor([[3.0]]), tensor([0])).numpy(), [0])
    np.testing.assert_array_equal(CategoricalHinge()(tensor([[-1e30, 1e30]], "float32"), tensor([1])).numpy(), [0])


def test_what_does_not_fit_is_refused():
    x, y = tensor(OUTPUTS), tensor(TARGETS)
    with pytest.raises(ShapeError, match=r"TripletMargin compares three outputs .* was given \(6, 4\)"):
        TripletMargin()(x, y)
    with pytest.raises(ShapeError, match="give twice as many outputs as targets"):
        GaussianLikelihood()(x, y)
    with pytest.raises(ShapeError, match="or an integer label for each sample"):
        MultiMargin()(x, y[:, :2])
    with pytest.raises(UsageError, match="choose 1 or 2"):
        MultiMargin(3)
    with pytest.raises(UsageError, match="above 0 and below 1"):
        Quantile(1.0)
    with pytest.raises(UsageError, match="alpha is the weight of what holds"):
        BinaryFocalCrossEntropy(alpha=2.0)
