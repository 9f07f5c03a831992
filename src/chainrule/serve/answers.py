"""Predictions as programs read them: JSON, or CSV where that is asked for."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from chainrule.data.targets import Predictions
from chainrule.messages import Message
from chainrule.serve.refusals import RefusedRequestError

_NOT_FINITE = Message(
    "serve.answers.not_finite",
    en="The prediction for instance {number} is no finite number: the numbers that are given are too large for the"
    " model. Check their units.",
    zh="第 {number} 个样本的预测不是有限数：给出的数值对模型来说过大。请检查其单位。",
)


def as_json(target: str, predictions: Predictions) -> bytes:
    """Predictions of a target as JSON.

    Raises:   RefusedRequestError if one of them is not finite.
    Example:
        >>> apple = Predictions(np.array(["apple"]), ("apple", "cherry"), np.array([[0.75, 0.25]]))
        >>> print(as_json("fruit", apple).decode())
        {"target": "fruit", "predictions": [{"value": "apple", "probabilities": {"apple": 0.75, "cherry": 0.25}}]}
        >>> print(as_json("mass", Predictions(np.array([9.5]))).decode())
        {"target": "mass", "predictions": [{"value": 9.5}]}
    """
    _check_finite(predictions)
    found: list[dict[str, Any]] = [{"value": value} for value in predictions.values.tolist()]
    if predictions.probabilities is not None:
        for one, row in zip(found, predictions.probabilities.tolist(), strict=True):
            one["probabilities"] = dict(zip(predictions.classes, row, strict=True))
    return json.dumps({"target": target, "predictions": found}, ensure_ascii=False, allow_nan=False).encode()


def as_csv(target: str, predictions: Predictions) -> bytes:
    r"""The same as a table, with a column for the probability of each class.

    Raises:   RefusedRequestError if one of them is not finite.
    Example:
        >>> as_csv("fruit", Predictions(np.array(["apple"]), ("apple", "cherry"), np.array([[0.75, 0.25]])))
        b'fruit,probability of apple,probability of cherry\r\napple,0.75,0.25\r\n'
    """
    _check_finite(predictions)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([target, *(f"probability of {name}" for name in predictions.classes)])
    rows = [[value] for value in predictions.values.tolist()]
    if predictions.probabilities is not None:
        rows = [[*row, *more] for row, more in zip(rows, predictions.probabilities.tolist(), strict=True)]
    writer.writerows(rows)
    return text.getvalue().encode()


def _check_finite(predictions: Predictions) -> None:
    numbers = predictions.values if predictions.probabilities is None else predictions.probabilities.sum(1)
    finite = np.isfinite(numbers)
    if not finite.all():
        raise RefusedRequestError(422, "not_finite", _NOT_FINITE(number=int(np.argmin(finite)) + 1))
