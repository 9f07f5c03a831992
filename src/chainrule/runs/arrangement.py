"""From a configuration to all that its training needs: the data in parts, prepared; the network; how it is trained."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import Blocks, check_batch_size
from chainrule.data.failures import refuse
from chainrule.data.preparation import Preparation, Task
from chainrule.data.prepared import SHARE, Prepared, arrays_of, bytes_of_each, prepared
from chainrule.data.records import Labeled, Source
from chainrule.data.targets import Classes, Target
from chainrule.errors import FileFormatError, UsageError
from chainrule.messages import Message
from chainrule.nn import MODELS, Layer, RandomShift, Sequential, mlp, tabular_mlp
from chainrule.optim import Optimizer
from chainrule.runs.configuration import AUTO, DIGITS, Configuration, ModelSettings, TrainSettings
from chainrule.runs.division import Division, divided, names_classes, read, validation_share
from chainrule.runs.recipes import RECIPES, TABLE, Recipe, optimizer_of, rate_of
from chainrule.runs.scores import Scores, guessed, judged
from chainrule.train import EarlyStopping, Model, lr_find

_NOT_FOR_DATA = Message(
    "arrangement.not_for_data",
    en="{model} takes {wanted}, but {source} has {found}. Choose another model, or leave it to model.name = 'auto'.",
    zh="{model} 需要{wanted}，而 {source} 中是{found}。请选择其他模型，或使用 model.name = 'auto'。",
)
_PICTURES = Message("arrangement.pictures", en="pictures", zh="图片")
_ROWS = Message("arrangement.rows", en="rows of numbers", zh="数值行")
_CATEGORIES = Message("arrangement.categories", en="columns of categories", zh="类别列")
_WEIGHED_QUANTITY = Message(
    "arrangement.weighed_quantity",
    en="data.class_weight is '{weight}', but '{target}' is a quantity and has no classes. Leave it out, or set"
    " data.task = 'classification'.",
    zh="data.class_weight 为“{weight}”，但“{target}”是数量，没有类别。请省略它，或设置 data.task = 'classification'。",
)
_NEVER_VALIDATED = Message(
    "arrangement.never_validated",
    en="train.patience is {patience}, but data.validation = 0 sets nothing aside to see by when to stop. Set"
    " data.validation = 0.1, or train.patience = 0.",
    zh="train.patience 为 {patience}，但 data.validation = 0 没有留出用于判断何时停止的样本。请设置"
    " data.validation = 0.1，或 train.patience = 0。",
)
_NEVER_AVERAGED = Message(
    "arrangement.never_averaged",
    en="train.patience is {patience}, but train.average = 'swa' is the average of the last quarter of all epochs,"
    " before which the training may stop. Set train.patience = 0, or train.average = 'ema'.",
    zh="train.patience 为 {patience}，但 train.average = 'swa' 是全部轮数中最后四分之一的平均，而训练可能在此之前停止。"
    "请设置 train.patience = 0，或 train.average = 'ema'。",
)

_OF_ROWS, _OF_PICTURES = (64, 32), (128,)  # units of hidden layers
_MLP, _TABLE = "mlp", "tabular_mlp"
_SMALLEST_FOR_LENET5 = 12  # pixels that are left with something to pool behind both convolutions

_IN_ANY_MEMORY = (4 << 30) // SHARE  # bytes of samples: machines have 4 GB at least
_BLOCK = 1 << 18  # bytes that a disk reads in a few milliseconds; so few that a window has blocks of many classes
_WINDOW = 1 << 28  # bytes, two of which are in memory

# Of the validation loss, which is about 1 for a guess, whatever is predicted: the logarithm of the number of classes,
# or the variance of quantities, brought to 1. Where classes are apart, it falls by less to the last epoch.
_LEAST_GAIN = 1e-4


@dataclass(frozen=True, eq=False)
class Part:
    """Samples of one part as a network takes them, and the records that they were made from.

    weights   how much each of them counts in the loss, those of its class included; None: all alike
    """

    x: Prepared
    y: NDArray[Any]
    weights: NDArray[np.float64] | None
    labeled: Labeled

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """All that a training needs.

    configuration   with what was left open decided: the same data arranged by it make the same training
    """

    configuration: Configuration
    source: Source
    preparation: Preparation
    training: Part
    validation: Part | None
    test: Part
    model: Model
    optimizer: Optimizer

    @property
    def target(self) -> Target:
        return self.preparation.target

    @property
    def epochs(self) -> int:
        """How often the training passes over its samples, at most."""
        return _decided(self.configuration.train.epochs)

    @property
    def batch_size(self) -> int:
        """Samples per step."""
        return _decided(self.configuration.train.batch_size)

    def fit_arguments(self) -> dict[str, Any]:
        """What `Model.fit` is given beside callbacks."""
        held, blocks = self.validation, self.configuration.train.blocks
        return {
            "x": self.training.x,
            "y": self.training.y,
            "sample_weight": self.training.weights,
            "validation_data": None if held is None else (held.x, held.y),
            "loss": self.target.loss,
            "optimizer": self.optimizer,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "shuffle": True if blocks is None else Blocks(*blocks),
            "verbose": 0,
        }

    def stopping(self) -> list[EarlyStopping]:
        """What ends the training where validation gets no better, if it is to be ended there."""
        how = self.configuration.train
        if not how.patience:
            return []
        return [EarlyStopping("val_loss", patience=how.patience, min_delta=_LEAST_GAIN)]

    def used(self, model: Model) -> Model:
        """What a trained model is used as: itself, or the average of its weights, with where its training stands."""
        if self.configuration.train.average is None:
            return model
        average = model.averaged()
        average.training_state = model.training_state
        return average

    def outputs(self, model: Model) -> NDArray[Any]:
        """What a trained model gives for the samples to test with."""
        return np.asarray(model.predict(self.test.x))

    def tested(self, outputs: NDArray[Any]) -> Scores:
        """How good such outputs are."""
        return judged(self.target, outputs, self.test.y)

    def guessed(self) -> Scores:
        """How good it is to guess instead."""
        return guessed(self.target, self.training.y, self.test.y)


def arrange(configuration: Configuration) -> Arrangement:
    """Read the data, divide and prepare them, and choose what the configuration leaves open.

    Raises:   FileFormatError and DataError for what cannot be read or learned from; UsageError for settings that do
              not fit the data.
    Example:
        >>> arrangement = arrange(Configuration())  # the bundled digits
        >>> len(arrangement.training), len(arrangement.test), arrangement.target.outputs
        (10000, 2000, 10)
        >>> arrangement.configuration.model.name, arrangement.epochs, arrangement.batch_size
        ('lenet5', 8, 64)
    """
    source = read(configuration.data)
    return arranged(configuration, source, divided(source, configuration))


def arranged(configuration: Configuration, source: Source, division: Division) -> Arrangement:
    """The arrangement for data that have been divided.

    Raises:   as `arrange`.
    """
    settings, how = configuration.data, configuration.train
    task: Task = "classification" if names_classes(source, settings) else "regression"
    classes = source.classes
    if task == "classification" and not classes:  # one of which there are few may be in one part only
        classes = Classes.learned(source.target, source.training.answers).labels
    preparation = Preparation.learned(
        division.training, source.target, task, classes=classes, image_size=settings.image_size
    )
    training, validation, test = _parts(division, preparation)
    if settings.class_weight is not None:
        training = replace(training, weights=_balanced(training, preparation.target, settings.class_weight))
    chosen, architecture, recipe = _network(configuration.model, preparation, training.x, source)
    shapes = [x.shape[1:] for x in training.x] if isinstance(training.x, tuple) else training.x.shape[1:]
    model = Model(architecture, shapes, seed=how.seed, precision=how.precision)
    model.preparation = preparation
    epochs = how.epochs or recipe.epochs(len(training))
    batch_size = check_batch_size(how.batch_size or min(recipe.batch_size, len(training)), len(training))
    patience = _patience(how, recipe, validated=validation is not None)
    steps = epochs * math.ceil(len(training) / batch_size)
    rate = how.lr if isinstance(how.lr, float | int) else rate_of(how, recipe)
    optimizer = optimizer_of(how, rate, steps)
    if how.lr == AUTO:
        rate = _found_rate(model, training, preparation, optimizer, batch_size)
        optimizer = optimizer_of(how, rate, steps)
    return Arrangement(
        configuration=replace(
            configuration,
            data=replace(
                settings,
                source=_wherever(settings.source),
                task=task,
                validation=validation_share(source, configuration),
                image_size=preparation.inputs.image_size or settings.image_size,
            ),
            model=chosen,
            train=replace(
                how,
                epochs=epochs,
                batch_size=batch_size,
                blocks=how.blocks or _blocks(training.x),
                lr=rate,
                patience=patience,
            ),
        ),
        source=source,
        preparation=preparation,
        training=training,
        validation=validation,
        test=test,
        model=model,
        optimizer=optimizer,
    )


def _decided(setting: int | None) -> int:
    assert setting is not None
    return setting


# --------------------------------------------------------------------------------------------------------------- data
def _wherever(source: str) -> str:
    """A source as it is found from any folder."""
    return source if source == DIGITS else os.path.abspath(source)


def _parts(division: Division, preparation: Preparation) -> tuple[Part, Part | None, Part]:
    """The parts as a network takes them; what cannot be used of any of them is told together."""
    every: dict[int, FileFormatError] = {}
    count = 0

    def part(labeled: Labeled) -> Part:
        nonlocal count
        x, failures = prepared(preparation.inputs, labeled.records)
        every.update((count + place, failure) for place, failure in failures.items())
        count += len(labeled)
        return Part(x, preparation.target.numbers(labeled.answers), labeled.weights, labeled)

    training = part(division.training)
    validation = None if division.validation is None else part(division.validation)
    test = part(division.test)
    refuse(every, count)
    return training, validation, test


def _balanced(part: Part, target: Target, class_weight: str) -> NDArray[np.float64]:
    """Weights by which each class that there is counts alike, however many samples it has; each sample's own beside
    that.

        weight = own weight · samples / (classes · samples of the class)
    """
    if not isinstance(target, Classes):
        raise UsageError(_WEIGHED_QUANTITY(weight=class_weight, target=target.name))
    counts = np.bincount(part.y, minlength=target.outputs)
    of_class: NDArray[np.float64] = len(part) / np.count_nonzero(counts) / counts[part.y]
    return of_class if part.weights is None else part.weights * of_class


def _patience(how: TrainSettings, recipe: Recipe, *, validated: bool) -> int:
    """Epochs that a lower validation loss is waited for; 0: to the end, which an average of the last quarter needs.

    Raises:   UsageError where both are asked for, or nothing is validated with.
    """
    if how.patience and not validated:
        raise UsageError(_NEVER_VALIDATED(patience=how.patience))
    if how.average == "swa":
        if how.patience:
            raise UsageError(_NEVER_AVERAGED(patience=how.patience))
        return 0
    if how.patience is not None:
        return how.patience
    return recipe.patience if validated else 0


def _blocks(x: Prepared) -> tuple[int, int] | None:
    """The order for samples that may have to come from a disk, whatever the memory of this machine: the same data give
    the same bits everywhere. None for fewer.
    """
    each = bytes_of_each(x)
    if each * len(arrays_of(x)[0]) <= _IN_ANY_MEMORY:
        return None
    block = max(1, _BLOCK // each)
    return block, max(1, _WINDOW // (block * each))


# ------------------------------------------------------------------------------------------------------------- network
def _network(
    settings: ModelSettings, preparation: Preparation, x: Any, source: Source
) -> tuple[ModelSettings, Layer, Recipe]:
    """The network by its name, as it suits the data: the settings with all decided, itself, and how it is trained."""
    outputs = preparation.target.outputs
    several, pictures = isinstance(x, tuple), not isinstance(x, tuple) and x.ndim == 4
    name = _suitable(x) if settings.name == AUTO else settings.name
    if name == _TABLE and not several:
        raise _misfit(name, _CATEGORIES(), source, _PICTURES() if pictures else _ROWS())
    if name != _TABLE and several:
        raise _misfit(name, _ROWS(), source, _CATEGORIES())
    if name not in (_TABLE, _MLP) and not pictures:
        raise _misfit(name, _PICTURES(), source, _ROWS())
    if name not in (_TABLE, _MLP):
        recipe = RECIPES[name]
        network = Sequential([RandomShift(recipe.shift), MODELS[name](classes=outputs)])
        return replace(settings, name=name), network, recipe
    usual = _OF_PICTURES if pictures else _OF_ROWS
    units = usual if settings.units is None else settings.units  # none at all is a linear model
    decided = replace(settings, name=name, units=units)
    if several:
        return decided, tabular_mlp(preparation.inputs.category_sizes, outputs, units=units), TABLE
    if not pictures:
        return decided, mlp(units, outputs), TABLE
    recipe = RECIPES[name]
    dense = mlp(units, outputs, scale=1 / 255 if x.dtype == np.uint8 else None)
    return decided, Sequential([RandomShift(recipe.shift), dense]), recipe


def _suitable(x: Any) -> str:
    """The name of a network for such inputs."""
    if isinstance(x, tuple):
        return _TABLE
    if x.ndim == 4 and min(x.shape[1:3]) >= _SMALLEST_FOR_LENET5:
        return "lenet5" if x.shape[3] == 1 else "resnet"
    return _MLP


def _misfit(model: str, wanted: str, source: Source, found: str) -> UsageError:
    return UsageError(_NOT_FOR_DATA(model=model, wanted=wanted, source=source.name, found=found))


def _found_rate(model: Model, training: Part, preparation: Preparation, optimizer: Optimizer, batch_size: int) -> float:
    """The rate that a range test suggests.

    Raises:   UsageError if it suggests none.
    """
    found = lr_find(
        model, training.x, training.y, loss=preparation.target.loss, optimizer=optimizer, batch_size=batch_size,
        sample_weight=training.weights,
    )  # fmt: skip
    if found.suggestion is None:
        raise UsageError(found.verdict())
    return found.suggestion
