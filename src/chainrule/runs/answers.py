"""Predictions as programs and spreadsheets read them: JSON and CSV, the same from a command and from a server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import numpy as np

from chainrule.data.json_values import json_values
from chainrule.data.tables import Unfamiliar
from chainrule.data.targets import Predictions

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute

# What is predicted for one record: "value", "probability" and "probabilities", after what says which record it is; for
# one that could not be used these are None, and "error" says why.
Answer = dict[str, Any]


def answers_of(predictions: Predictions, *, probabilities: bool = False) -> Iterator[Answer]:
    """An answer for each record: the value; of a class also its probability, and those of all classes where they are
    asked for. Probabilities have the digits that give the same number in float32, in which networks compute.

    Example:
        >>> fruit = Predictions(np.array(["apple"]), ("apple", "cherry"), np.array([[0.75, 0.25]]))
        >>> list(answers_of(fruit))
        [{'value': 'apple', 'probability': 0.75}]
        >>> list(answers_of(Predictions(np.array([9.5]))))
        [{'value': 9.5}]
    """
    shares = [None] * len(predictions) if predictions.probabilities is None else predictions.probabilities
    for place, (value, share) in enumerate(zip(predictions.values.tolist(), shares, strict=True)):
        error = predictions.unanswered.get(place)
        answer: Answer = {"value": None if error else value}
        if share is not None:
            answer["probability"] = None if error else _written(share.max())
            if probabilities:
                written = [None if error else _written(one) for one in share]
                answer["probabilities"] = dict(zip(predictions.classes, written, strict=True))
        yield answer | {"error": error} if error else answer


def json_of(target: str, answers: Iterable[Answer], unfamiliar: Iterable[Unfamiliar] | None = None) -> str:
    """Answers as one JSON object; what is no finite number is null. What is unfamiliar stands beside them where it is
    given.

    Example:
        >>> json_of("mass", [{"row": 1, "value": 9.5}, {"row": 2, "value": float("nan")}])
        '{"target": "mass", "predictions": [{"row": 1, "value": 9.5}, {"row": 2, "value": null}]}'
    """
    beside = {} if unfamiliar is None else {"unfamiliar": [asdict(values) for values in unfamiliar]}
    told = {"target": target, "predictions": json_values(list(answers)), **beside}
    return json.dumps(told, ensure_ascii=False, allow_nan=False)


def csv_of(target: str, answers: Iterable[Answer]) -> Iterator[str]:
    r"""Answers as the lines of a CSV file: where, the answer under the name of what is predicted, and how probable.

    A text that a spreadsheet would compute has an apostrophe before it, the mark by which spreadsheets know a text: a
    file or a class may have been named by anybody. JSON has it as it is.

    Example:
        >>> list(csv_of("kind", [{"file": "=a.png", "value": "cat", "probability": 0.75}]))
        ['file,kind,probability\n', "'=a.png,cat,0.75\n"]
    """
    for number, answer in enumerate(answers):
        cells = cells_of(target, answer)
        if not number:
            yield _line(name for name, _ in cells)
        yield _line("" if value is None else value for _, value in cells)


def cells_of(target: str, answer: Answer) -> list[tuple[str, Any]]:
    """Names of columns, and what stands in them."""
    cells: list[tuple[str, Any]] = []
    for key, value in answer.items():
        if key == "error":  # every line has the same columns
            continue
        if key == "probabilities":
            cells += [(f"probability of {name}", share) for name, share in value.items()]
        else:
            cells.append((target if key == "value" else key, value))
    return cells


def _written(probability: np.float64) -> float:
    """The number with the fewest digits that is the same in float32."""
    return float(str(np.float32(probability)))


def _line(cells: Iterable[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(map(_harmless, cells))
    return written.getvalue()


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA) or cell == "-":  # the standard input
        return cell
    with suppress(ValueError):
        float(cell)  # a class that is called -1
        return cell
    return f"'{cell}"
