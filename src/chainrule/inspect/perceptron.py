"""Rosenblatt's perceptron: one neuron that fires or does not, and the rule by which it learns from its mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.inspect.separability import Separability, draw_classes, draw_line, separability, two_classes
from chainrule.inspect.style import BLACK, GRAY, Picture, draw_grid, only_whole
from chainrule.messages import Message
from chainrule.nn.dense import Dense
from chainrule.optim.gradient_descent import SGD
from chainrule.train.callback import Callback
from chainrule.train.loop import Training
from chainrule.train.metrics import BinaryAccuracy
from chainrule.train.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Perceptron", "plot_perceptron", "train_perceptron"]

_FEATURES = Message(
    "perceptron.features",
    en="the perceptron has {weights} weights, but x has shape {x}. Give samples (N, {weights}).",
    zh="感知机有 {weights} 个权重，而 x 的形状为 {x}。请给出样本 (N, {weights})。",
)
_PLANE = Message(
    "perceptron.plane",
    en="only a perceptron of two inputs can be drawn in the plane; this one has {given}.",
    zh="只有两个输入的感知机才能画在平面上；这个有 {given} 个输入。",
)


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A neuron with a threshold, as the learning rule left it; called with samples it says which of them it fires at.

        y = 1 if w·x + b > 0, else 0

    weights, bias   w (D,) and b; b is 0 if it was trained without
    mistakes        how many it made in each epoch, each followed by an update
    path            (w, b) after each epoch (epochs, D + 1)
    x, sides        what it was trained on: samples (N, D), and 1 or -1 for the class of each
    verdict         where it did not come to an end: whether any hyperplane separates them, with the proof; None without
                    SciPy, and where it did: then its own is one
    """

    weights: NDArray[np.float64]
    bias: float
    mistakes: tuple[int, ...]
    path: NDArray[np.float64]
    x: NDArray[np.float64]
    sides: NDArray[np.float64]
    verdict: Separability | None

    @property
    def converged(self) -> bool:
        """Whether its last epoch was without a mistake: it then never changes again."""
        return self.mistakes[-1] == 0

    def __call__(self, x: ArrayLike) -> NDArray[np.int64]:
        """Whether it fires at each sample, 1 or 0.

        Raises:   ShapeError if the samples have another number of features.
        """
        samples = np.asarray(x, np.float64)
        if samples.ndim == 0 or samples.shape[-1] != len(self.weights):
            raise ShapeError(_FEATURES(weights=len(self.weights), x=show_shape(samples.shape)))
        return (samples @ self.weights + self.bias > 0).astype(np.int64)

    def __repr__(self) -> str:
        epochs, updates = len(self.mistakes), sum(self.mistakes)
        if self.converged:
            return f"Perceptron(separates its samples after {updates} updates in {epochs} epochs)"
        known = "" if self.verdict is None else f"; its samples are{'' if self.verdict.separable else ' not'} separable"
        return f"Perceptron({self.mistakes[-1]} mistakes in epoch {epochs}{known})"


def train_perceptron(
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int = 100,
    use_bias: bool = True,
    learning_rate: float = 1.0,
    seed: int = 0,
) -> Perceptron:
    """Rosenblatt's rule, sample by sample from zero, until an epoch is without a mistake or all epochs are over.

        w ← w + η (y − ŷ) x,  b ← b + η (y − ŷ)

    It comes to an end if and only if a hyperplane separates the classes, after at most (R/γ)² updates for samples
    within R of the origin and a hyperplane γ away from all of them. Where it does not, a linear program (with SciPy,
    extra `scipy`) tells whether more epochs could help, and proves it if not. Without a bias the boundary goes through
    the origin. The rule is stochastic gradient descent on the loss 'perceptron'; the samples come in a new order each
    epoch, which the seed decides.

    Shapes:   x (N, D), y (N,) of 0 and 1, or of -1 and 1
    Units:    learning_rate η: per sample; started from zero, it scales w and b alike and changes no decision
    Raises:   ShapeError and DataError for other shapes and classes; UsageError for epochs or seeds out of range.
    Source:   Rosenblatt 1958; Novikoff 1962 for the bound
    Example:
        >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> both = train_perceptron(corners, [0, 0, 0, 1])
        >>> both, both(corners)
        (Perceptron(separates its samples after 7 updates in 5 epochs), array([0, 0, 0, 1]))
        >>> train_perceptron(corners, [0, 1, 1, 0], epochs=20)
        Perceptron(4 mistakes in epoch 20; its samples are not separable)
    """
    points, sides = two_classes(x, y)
    neuron = Dense(1, use_bias=use_bias, kernel_initializer="zeros", name="neuron")
    model = Model(neuron, (points.shape[1],), seed=seed, dtype="float64")
    record = _Record(len(points))
    model.fit(
        points,
        (sides > 0).astype(np.int64),
        loss="perceptron",
        optimizer=SGD(learning_rate),
        metrics=[BinaryAccuracy()],
        epochs=epochs,
        batch_size=1,
        callbacks=[record],
        verbose=0,
    )
    path = np.array(record.path)
    ask = record.mistakes[-1] > 0 and find_spec("scipy") is not None
    verdict = separability(points, sides, use_bias=use_bias) if ask else None
    return Perceptron(path[-1, :-1], float(path[-1, -1]), tuple(record.mistakes), path, points, sides, verdict)


class _Record(Callback):
    """The weights and the number of mistakes after each epoch; an epoch without a mistake is the last."""

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.mistakes: list[int] = []
        self.path: list[NDArray[np.float64]] = []

    def on_epoch_end(self, training: Training) -> None:
        parameters = training.model.parameters
        bias = parameters.get("neuron/bias", np.zeros(1))
        self.path.append(np.concatenate([parameters["neuron/kernel"][:, 0], bias]).astype(np.float64))
        self.mistakes.append(round((1 - training.logs["binary_accuracy"]) * self.samples))
        if self.mistakes[-1] == 0:
            training.stop()


def plot_perceptron(perceptron: Perceptron) -> Picture:
    """The boundary as it moved from epoch to epoch, the last one in black; beside it the mistakes of each epoch.

    Raises:   UsageError unless it has two inputs.
    """
    if len(perceptron.weights) != 2:
        raise UsageError(_PLANE(given=len(perceptron.weights)))

    def drawing(grid: list[list[Axes]]) -> None:
        plane, curve = grid[0]
        draw_classes(plane, perceptron.x, perceptron.sides)
        lines = [(w[:2], w[2]) for w in perceptron.path if np.any(w[:2])]
        for k, (weights, bias) in enumerate(lines[:-1]):
            draw_line(plane, weights, bias, color=GRAY, linewidth=0.8, alpha=0.15 + 0.6 * k / len(lines))
        for weights, bias in lines[-1:]:
            draw_line(plane, weights, bias, color=BLACK)
        plane.set_title("Boundary after each epoch, last in black")
        curve.plot(range(1, len(perceptron.mistakes) + 1), perceptron.mistakes, "o-", color=BLACK, markersize=3)
        curve.set_xlabel("epoch")
        curve.set_ylabel("mistakes = updates")
        curve.set_ylim(bottom=0)
        only_whole(curve.xaxis)
        only_whole(curve.yaxis)
        curve.set_title("It ends: no mistake is left" if perceptron.converged else "It goes on making mistakes")

    return draw_grid(1, 2, drawing, size=(8.4, 4.0))
