"""A trained model in use: it takes data as people have them, and gives answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.failures import Failures, refuse
from chainrule.data.preparation import Preparation
from chainrule.data.prepared import pieces
from chainrule.data.reading import read_records, read_source
from chainrule.data.records import Labeled, Records, Source
from chainrule.data.tables import Table, TableInputs, Unfamiliar
from chainrule.data.targets import Classes, Predictions
from chainrule.errors import ChainruleError, FileFormatError, UsageError
from chainrule.messages import Message
from chainrule.runs.configuration import DIGITS, Configuration, DataSettings
from chainrule.runs.division import divided, read
from chainrule.runs.folder import CONFIG, RunFolder
from chainrule.runs.scores import Scores, guessed, judged
from chainrule.train import Model
from chainrule.train.evaluation import EVALUATION_BATCH

_UNPREPARED = Message(
    "trained.unprepared",
    en="The model in {path} takes arrays as it was trained on: nothing says how other data are prepared for it. Load it"
    " with cr.Model.load({path!r}), or train it with 'chainrule train', which remembers that.",
    zh="{path} 中的模型只接受与训练时相同形式的数组，没有保存其他数据的预处理方式。请用 cr.Model.load({path!r})"
    " 加载，或用“chainrule train”训练，它会记住预处理。",
)
_NO_SAMPLES = Message(
    "trained.no_samples",
    en="{path} is a saved model, not a run: nothing says what it was trained on. Say which data to evaluate it with.",
    zh="{path} 是保存的模型而不是运行：没有记录它的训练数据。请指明用哪些数据评估。",
)
_OF_CLASSES = Message(
    "trained.of_classes", en="one of the {count} classes of {target!r}", zh="{target!r} 的 {count} 个类别之一"
)
_QUANTITY = Message("trained.quantity", en="the quantity {target!r}", zh="数量 {target!r}")
_SHOWN = Message(
    "trained.shown",
    en="<{name}: predicts {predicted} from {kind}; {parameters:,} parameters>",
    zh="<{name}：由 {kind} 预测{predicted}；{parameters:,} 个参数>",
)

SHIPPED = Path(__file__).parent / "shipped"  # models that come with the package, by name


@dataclass(frozen=True, eq=False, repr=False)
class Trained:
    """A model, and how data are prepared for it: as `load` gives it, or made of a model of yours.

    name   of the run or the folder that it was loaded from

    Example:
        >>> from chainrule.data import digits
        >>> reader = load("digits")
        >>> reader
        <digits: predicts one of the 10 classes of 'digit' from digits; 61,706 parameters>
        >>> found = reader.predict(digits().x_test[:5])
        >>> found.values.tolist(), digits().y_test[:5].tolist()
        (['2', '7', '6', '5', '0'], [2, 7, 6, 5, 0])
        >>> found.probabilities.max(1).round(2)
        array([1.  , 1.  , 0.99, 1.  , 1.  ])
    """

    name: str
    model: Model
    preparation: Preparation
    _folder: RunFolder | None = None

    def __repr__(self) -> str:
        target = self.preparation.target
        said = _OF_CLASSES(count=target.outputs, target=target.name)
        predicted = said if isinstance(target, Classes) else _QUANTITY(target=target.name)
        count = self.model.network.parameter_count
        return _SHOWN(name=self.name, predicted=predicted, kind=self.preparation.inputs.kind, parameters=count)

    # ------------------------------------------------------------------------------------------------------ prediction
    def predict(self, data: Any) -> Predictions:
        """Answers for data as they were read for the training, without theirs.

            a path                      of a table, arrays, a picture, or a folder of pictures; the bytes of such a file
            a frame                     of pandas or polars, or a table of Arrow
            dicts, or lists of values   rows; without names in the order of the columns
            arrays                      samples; one alone is a batch of one
            pictures                    of Pillow, or as pixels (height, width[, 3]) uint8

        Rows may have columns that are not needed; what is empty, and a category that no row to train on had, count as
        unknown.

        Raises:   DataError and FileFormatError for data that cannot be read, or lack what the model needs, which names
                  all pictures that cannot be used; UsageError for an object of another kind.
        """
        return self.preparation.target.predictions(self._outputs_of_all(self.records(data)))

    def records(self, data: Any) -> Records:
        """The records that data are, as `predict` reads them.

        Raises:   as `predict`, as far as reading goes.
        """
        return read_records(data, self.preparation)

    def predicted(self, records: Records) -> Iterator[Predictions]:
        """Answers piece by piece, in order, with memory for the inputs of one piece only. Pictures that cannot be used
        are unanswered, and those behind them are answered.

        Raises:   DataError and FileFormatError for a piece that lacks what the model needs.
        """
        for outputs, failures in self._pieces(records):
            yield self.preparation.target.predictions(outputs).with_unanswered(failures)

    def unfamiliar(self, records: Records) -> list[Unfamiliar]:
        """Values of a table's columns that hardly any row to train on had; none where the records are no table.

        Raises:   as `predicted`.
        """
        inputs = self.preparation.inputs
        return inputs.unfamiliar(records) if isinstance(inputs, TableInputs) and isinstance(records, Table) else []

    def outputs(self, x: NDArray[Any] | tuple[NDArray[Any], ...]) -> NDArray[Any]:
        """The network's outputs for what `preparation.inputs` made of records.

        Those for a record do not depend, to the bit, on the records beside it: a sample that would be alone in its
        batch has a copy of itself beside it, since a program for one sample adds up in another order than that for
        many. In the reference executor, whose matrix products are NumPy's, they agree to rounding.
        """
        arrays = x if isinstance(x, tuple) else (x,)
        if not len(arrays[0]):
            return np.empty((0, self.preparation.target.outputs), np.float32)
        if len(arrays[0]) % EVALUATION_BATCH != 1:
            whole: NDArray[Any] = self.model.predict(x)
            return whole
        doubled = tuple(np.concatenate([array, array[-1:]]) for array in arrays)
        outputs: NDArray[Any] = self.model.predict(doubled if isinstance(x, tuple) else doubled[0])
        return outputs[:-1]

    def _outputs_of_all(self, records: Records) -> NDArray[Any]:
        """The outputs for records of which each can be used.

        Raises:   FileFormatError with all that cannot.
        """
        found: list[NDArray[Any]] = []
        every: dict[int, FileFormatError] = {}
        start = 0
        for outputs, failures in self._pieces(records):
            found.append(outputs)
            every |= {start + place: failure for place, failure in failures.items()}
            start += len(outputs) + len(failures)
        refuse(every, len(records))
        return np.concatenate(found)

    def _pieces(self, records: Records) -> Iterator[tuple[NDArray[Any], Failures]]:
        """The outputs for records, piece by piece: for those that can be used, and why the others cannot."""
        for x, failures in pieces(self.preparation.inputs, records):
            yield self.outputs(x), failures

    # ------------------------------------------------------------------------------------------------------ evaluation
    def evaluate(self, data: Any = None, target: str | None = None) -> Scores:
        """How good the predictions are for data whose answers are known: those that the run set aside for testing, or
        others.

        data     a path as for training, of which the part to test with counts where there is one; "digits", the bundled
                 ones; or Labeled records
        target   the column of a table with the answers; None: that which is predicted

        Raises:   FileFormatError and DataError as `predict`, and for answers that no sample to train on had;
                  UsageError where nothing says what the model was trained on.
        Example:
            >>> scores = load("digits").evaluate("digits")
            >>> scores.samples, scores.values["accuracy"] > 0.99
            (2000, True)
        """
        labeled = data if isinstance(data, Labeled) else self.labeled(data, target)[0]
        inputs, wanted = read_records(labeled.records, self.preparation), self.preparation.target
        return judged(wanted, self._outputs_of_all(inputs), wanted.numbers(labeled.answers))

    def guess(self, judged_by: NDArray[Any], learned_from: NDArray[Any] | None = None) -> Scores:
        """The scores of who always says the largest class, or the mean.

        judged_by      the answers to be guessed
        learned_from   those that the guess is made of; None: of what is to be guessed
        """
        wanted = self.preparation.target
        y = wanted.numbers(judged_by)
        return guessed(wanted, y if learned_from is None else wanted.numbers(learned_from), y)

    def labeled(self, data: Any = None, target: str | None = None) -> tuple[Labeled, Labeled | None]:
        """The records that `evaluate` judges by, and those that the run was trained on, where it says so.

        Raises:   as `evaluate`, as far as reading goes.
        """
        if data is None:
            configuration = self._configuration()
            division = divided(read(configuration.data), configuration)
            return division.test, division.training
        source = self._source(data, target)
        return source.test or source.training, None

    def _source(self, data: str | os.PathLike[str], target: str | None) -> Source:
        if data == DIGITS and not Path(DIGITS).exists():
            return read(DataSettings())
        inputs = self.preparation.inputs
        if not isinstance(inputs, TableInputs):
            return read_source(data, target)
        return read_source(data, target or self.preparation.target.name, like=inputs.notation)

    def _configuration(self) -> Configuration:
        folder = self._folder
        if folder is not None and folder.path.parent == SHIPPED:
            return Configuration()  # the bundled digits to test with are none that it was trained on
        if folder is None or not (folder.path / CONFIG).is_file():
            raise UsageError(_NO_SAMPLES(path=self.name if folder is None else folder))
        return folder.configuration()


def load(path: str | os.PathLike[str]) -> Trained:
    """What a run learned, such as runs/latest; a model that was saved with its preparation; or "digits", a LeNet-5 that
    comes with the package and reads handwritten digits.

    Raises:   FileFormatError if there is none, or it is damaged; UsageError if it does not know how data are prepared.
    Example:
        >>> from PIL import Image, ImageDraw
        >>> paper = Image.new("RGB", (300, 200), "white")
        >>> pencil = ImageDraw.Draw(paper)
        >>> pencil.line([(120, 40), (190, 40), (140, 160)], fill="darkblue", width=12)  # seven
        >>> load("digits").predict(paper).values
        array(['7'], dtype='<U1')
    """
    folder = _found(path)
    model = Model.load(folder.path)
    if model.preparation is None:
        raise UsageError(_UNPREPARED(path=str(folder)))
    return Trained(folder.path.name, model, model.preparation, folder)


def _found(path: str | os.PathLike[str]) -> RunFolder:
    """A run of this name goes before a model that comes with the package, and that before a folder without a model."""
    shipped = RunFolder(SHIPPED / path)
    is_shipped = len(Path(path).parts) == 1 and shipped.has_checkpoint
    try:
        folder = RunFolder.find(path)
    except ChainruleError:
        if is_shipped:
            return shipped
        raise
    return shipped if is_shipped and not folder.has_checkpoint else folder
