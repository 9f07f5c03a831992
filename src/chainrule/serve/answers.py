"""Answers of a server: JSON, or CSV where that is asked for, all of them finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.data.tables import Unfamiliar
from chainrule.data.targets import Predictions
from chainrule.messages import Message
from chainrule.runs.answers import answers_of, csv_of, json_of
from chainrule.serve.refusals import RefusedRequestError

_NOT_FINITE = Message(
    "serve.answers.not_finite",
    en="The prediction for instance {number} is no finite number: the numbers that are given are too large for the"
    " model. Check their units.",
    zh="第 {number} 个样本的预测不是有限数：给出的数值对模型来说过大。请检查其单位。",
)


def as_json(target: str, predictions: Predictions, unfamiliar: Sequence[Unfamiliar] = ()) -> bytes:
    """Predictions of a target as JSON, with what is unfamiliar beside them where anything is.

    Raises:   RefusedRequestError if one of them is not finite.
    Example:
        >>> found = Predictions(np.array(["a"]), ("a", "b"), np.array([[0.75, 0.25]]))
        >>> print(as_json("k", found).decode())
        {"target": "k", "predictions": [{"value": "a", "probability": 0.75, "probabilities": {"a": 0.75, "b": 0.25}}]}
        >>> print(as_json("mass", Predictions(np.array([9.5]))).decode())
        {"target": "mass", "predictions": [{"value": 9.5}]}
    """
    _check_finite(predictions)
    return json_of(target, answers_of(predictions, probabilities=True), unfamiliar or None).encode()


def as_csv(target: str, predictions: Predictions) -> bytes:
    r"""The same as a table, as `chainrule predict --probabilities` writes it.

    Raises:   RefusedRequestError if one of them is not finite.
    Example:
        >>> as_csv("fruit", Predictions(np.array(["apple"]), ("apple", "cherry"), np.array([[0.75, 0.25]])))
        b'fruit,probability,probability of apple,probability of cherry\napple,0.75,0.75,0.25\n'
    """
    _check_finite(predictions)
    return "".join(csv_of(target, answers_of(predictions, probabilities=True))).encode()


def _check_finite(predictions: Predictions) -> None:
    numbers = predictions.values if predictions.probabilities is None else predictions.probabilities.sum(1)
    finite = np.isfinite(numbers)
    if not finite.all():
        raise RefusedRequestError(422, "not_finite", _NOT_FINITE(number=int(np.argmin(finite)) + 1))
