"""From records to a network's numbers, and from its outputs back to answers: learned once, kept with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.inputs import Inputs
from chainrule.data.pictures.digits import DigitInputs
from chainrule.data.pictures.inputs import PictureInputs
from chainrule.data.pictures.records import Pictures
from chainrule.data.records import Arrays, Labeled, Records
from chainrule.data.tables.table import Table
from chainrule.data.tables.table_inputs import TableInputs
from chainrule.data.targets import Classes, Quantity, Target, are_classes

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Preparation:
    """How records become a network's inputs and its targets, and its outputs predictions.

    Everything in it is learned from the samples to train on, alone: what is tested with, and what is predicted later,
    is scaled and encoded as they were.

    Example:
        >>> import numpy as np
        >>> training = Labeled(Arrays((np.array([[1.0], [3.0]]),)), np.array(["low", "high"]))
        >>> learned = Preparation.learned(training, "level")
        >>> learned.inputs.of(Arrays((np.array([[5.0]]),))), learned.target.labels
        (array([[3.]], dtype=float32), ('high', 'low'))
        >>> learned == Preparation.from_data(learned.as_data())
        True
    """

    inputs: Inputs
    target: Target

    @classmethod
    def learned(
        cls,
        training: Labeled,
        target: str,
        task: Task | None = None,
        *,
        classes: tuple[str, ...] = (),
        image_size: tuple[int, int] | None = None,
    ) -> Self:
        """The preparation for a target of this name; a task of None is what the answers look like.

        classes      all that there are, where that is known; else those of the answers
        image_size   height and width that pictures are brought to; None: what suits most of them

        Raises:   DataError if the answers are all alike, or no numbers for a regression.
        """
        inputs, answers = _inputs(training.records, image_size), training.answers
        if task == "regression" or not (classes or task or are_classes(answers)):
            return cls(inputs, Quantity.learned(target, answers))
        return cls(inputs, Classes(target, classes) if classes else Classes.learned(target, answers))

    # ------------------------------------------------------------------------------------------------------- as data
    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""
        task = "classification" if isinstance(self.target, Classes) else "regression"
        return {
            "inputs": {"kind": self.inputs.kind, **self.inputs.as_data()},
            "target": {"task": task, **self.target.as_data()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What as_data made into data; whatever Python raises says that it is no such data."""
        inputs, target = dict(data["inputs"]), dict(data["target"])
        kind = _INPUTS[inputs.pop("kind")]
        return cls(kind.from_data(inputs), _TARGETS[target["task"]].from_data(target))


_TARGETS: dict[Task, type[Target]] = {"classification": Classes, "regression": Quantity}
_INPUTS: dict[str, type[Inputs]] = {kind.kind: kind for kind in (ArrayInputs, DigitInputs, PictureInputs, TableInputs)}


def _inputs(records: Records, image_size: tuple[int, int] | None) -> Inputs:
    match records:
        case Arrays():
            return ArrayInputs.learned(records)
        case Pictures():
            return PictureInputs.learned(records, image_size)
        case Table():
            return TableInputs.learned(records)
    raise TypeError(type(records))
