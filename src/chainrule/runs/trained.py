"""A trained model in use: it takes data as people have them, and gives answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_records
from chainrule.data.records import Labeled
from chainrule.data.targets import Predictions
from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.runs.folder import RunFolder
from chainrule.runs.scores import Scores, judged
from chainrule.train import Model
from chainrule.train.evaluation import EVALUATION_BATCH

_UNPREPARED = Message(
    "trained.unprepared",
    en="The model in {path} takes arrays as it was trained on: nothing says how other data are prepared for it. Load it"
    " with cr.Model.load({path!r}), or train it with 'chainrule train', which remembers that.",
    zh="{path} 中的模型只接受与训练时相同形式的数组，没有保存其他数据的预处理方式。请用 cr.Model.load({path!r})"
    " 加载，或用“chainrule train”训练，它会记住预处理。",
)


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and how data are prepared for it.

    name   of the run or the folder that it was loaded from
    """

    name: str
    model: Model
    preparation: Preparation

    def predict(self, data: Any) -> Predictions:
        """Answers for data as they were read for the training, without theirs.

        data   a path (table, pictures, arrays), a table of pandas, polars or Arrow, an array or a list, or whatever
               else chainrule.data.reading.read_records takes

        Raises:   DataError and FileFormatError for data that cannot be read, or lack what the model needs.
        """
        inputs = self.preparation.inputs.of(read_records(data, self.preparation))
        return self.preparation.target.predictions(self.outputs(inputs))

    def evaluate(self, data: Labeled) -> Scores:
        """How good the predictions are for records whose answers are known.

        Raises:   DataError as `predict`, and for answers that no sample to train on had.
        """
        target = self.preparation.target
        outputs = self.outputs(self.preparation.inputs.of(data.records))
        return judged(target, outputs, target.numbers(data.answers))

    def outputs(self, x: NDArray[Any] | tuple[NDArray[Any], ...]) -> NDArray[Any]:
        """The network's outputs for what `preparation.inputs` made of records.

        Those for a record do not depend, to the bit, on the records beside it: a sample that would be alone in its
        batch has a copy of itself beside it, since a program for one sample adds up in another order than that for
        many. In the reference executor, whose matrix products are NumPy's, they agree to rounding.
        """
        arrays = x if isinstance(x, tuple) else (x,)
        if len(arrays[0]) % EVALUATION_BATCH != 1:
            whole: NDArray[Any] = self.model.predict(x)
            return whole
        doubled = tuple(np.concatenate([array, array[-1:]]) for array in arrays)
        outputs: NDArray[Any] = self.model.predict(doubled if isinstance(x, tuple) else doubled[0])
        return outputs[:-1]


def load(path: str | os.PathLike[str]) -> Trained:
    """What a run learned, such as runs/latest, or a model that was saved with its preparation.

    Raises:   FileFormatError if there is none, or it is damaged; UsageError if it does not know how data are prepared.
    """
    folder = RunFolder.find(path).path
    model = Model.load(folder)
    if model.preparation is None:
        raise UsageError(_UNPREPARED(path=str(folder)))
    return Trained(folder.name, model, model.preparation)
