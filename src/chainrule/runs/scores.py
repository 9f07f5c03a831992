"""How good predictions are, and how good it is to guess."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.targets import Classes, Quantity, Target


@dataclass(frozen=True, eq=False)
class Scores:
    """What predictions are worth.

        classes:   accuracy = share of right ones,  loss = -mean log p[right class]
        quantity:  rmse = √(mean (ŷ - y)²),  mae = mean |ŷ - y|,  r2 = 1 - Σ(ŷ - y)² / Σ(y - ȳ)²

    values      those, by name; rmse and mae in units of the target
    samples     how many were judged
    confusion   [class, predicted class] → how many; None for a quantity
    """

    values: dict[str, float]
    samples: int
    confusion: NDArray[np.int64] | None = None

    def better_than(self, guess: Scores) -> bool:
        """Whether these, by accuracy or by rmse, are better than those of who guesses; what is NaN is not.

        Example:
            >>> guess = Scores({"accuracy": 0.5}, 10)
            >>> Scores({"accuracy": 0.75}, 10).better_than(guess), Scores({"accuracy": 0.5}, 10).better_than(guess)
            (True, False)
        """
        if "accuracy" in self.values:
            return self.values["accuracy"] > guess.values["accuracy"]
        return self.values["rmse"] < guess.values["rmse"]


def judged(target: Target, outputs: NDArray[Any], y: NDArray[Any]) -> Scores:
    """The scores of a network's outputs, where these are the answers as the loss needs them.

    Example:
        >>> fruit = Classes("fruit", ("apple", "pear"))
        >>> found = judged(fruit, np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), np.array([0, 1, 1]))
        >>> {name: round(value, 3) for name, value in found.values.items()}
        {'accuracy': 0.667, 'loss': 1.163}
        >>> found.confusion
        array([[1, 0],
               [1, 1]])
    """
    found = target.predictions(outputs)
    if isinstance(target, Classes):
        assert found.probabilities is not None
        right = found.probabilities[np.arange(len(y)), y]
        confusion = np.zeros((len(target.labels),) * 2, np.int64)
        np.add.at(confusion, (y, outputs.argmax(1)), 1)
        with np.errstate(divide="ignore"):
            loss = -float(np.log(right).mean())
        return Scores({"accuracy": float(np.trace(confusion) / len(y)), "loss": loss}, len(y), confusion)
    return _of_quantity(found.values, _answers(target, y))


def guessed(target: Target, y_train: NDArray[Any], y: NDArray[Any]) -> Scores:
    """Those of who always says the largest class to train on, or their mean.

    Example:
        >>> size = Quantity("size", mean=10.0, deviation=2.0)
        >>> guessed(size, np.array([-1.0, 1.0]), np.array([0.0, 1.0])).values  # 10, where it is 10 and 12
        {'rmse': 1.4142135623730951, 'mae': 1.0, 'r2': -1.0}
    """
    if isinstance(target, Classes):
        largest = np.bincount(y_train, minlength=len(target.labels)).argmax()
        return Scores({"accuracy": float((y == largest).mean())}, len(y))
    return _of_quantity(np.full(len(y), _answers(target, y_train).mean()), _answers(target, y))


def _answers(target: Target, y: NDArray[Any]) -> NDArray[np.float64]:
    assert isinstance(target, Quantity)
    return target.mean + target.deviation * y.astype(np.float64)


def _of_quantity(predicted: NDArray[np.float64], answers: NDArray[np.float64]) -> Scores:
    largest = max(np.abs(predicted).max(), np.abs(answers).max())
    unit = 2.0 ** (math.frexp(largest)[1] - 1)  # in which no square overflows, and which changes no digit
    predicted, answers = predicted / unit, answers / unit
    squares = (predicted - answers) ** 2
    spread = ((answers - answers.mean()) ** 2).sum()
    return Scores(
        {
            "rmse": unit * float(np.sqrt(squares.mean())),
            "mae": unit * float(np.abs(predicted - answers).mean()),
            "r2": float(1 - squares.sum() / spread) if spread else float("nan"),
        },
        len(answers),
    )
