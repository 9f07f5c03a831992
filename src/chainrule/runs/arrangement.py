"""From a configuration to all that its training needs: the data in parts, prepared; the network; how it is trained."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import check_batch_size, digits, split_indices
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_source
from chainrule.data.records import Labeled, Source
from chainrule.data.targets import Classes, Target, are_classes
from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.nn import MODELS, Layer, RandomShift, Sequential, mlp, tabular_mlp
from chainrule.optim import Optimizer
from chainrule.runs.configuration import AUTO, DIGITS, Configuration, DataSettings, ModelSettings
from chainrule.runs.recipes import RECIPES, TABLE, Recipe, optimizer_of
from chainrule.train import Callback, EarlyStopping, Model, lr_find

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

_VALIDATION = 0.1  # of the training samples, where somebody must know when to stop
_HIDDEN = (64, 32)  # units for tables
_MLP, _TABLE = "mlp", "tabular_mlp"
_SMALLEST_FOR_LENET5 = 12  # pixels that are left with something to pool behind both convolutions


@dataclass(frozen=True, eq=False)
class Part:
    """Samples of one part as a network takes them, and the records that they were made from."""

    x: Any
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
    epochs: int
    batch_size: int

    @property
    def target(self) -> Target:
        return self.preparation.target

    def fit_arguments(self) -> dict[str, Any]:
        """What `Model.fit` is given beside callbacks."""
        held = self.validation
        return {
            "x": self.training.x,
            "y": self.training.y,
            "sample_weight": self.training.weights,
            "validation_data": None if held is None else (held.x, held.y),
            "loss": self.target.loss,
            "optimizer": self.optimizer,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "verbose": 0,
        }

    def stopping(self) -> list[Callback]:
        """What ends the training where validation gets no better, if it is to be ended there."""
        patience = self.configuration.train.patience
        return [EarlyStopping("val_loss", patience=patience, restore_best_weights=True)] if patience else []

    def used(self, model: Model) -> Model:
        """What a trained model is used as: itself, or the average of its weights, with where its training stands."""
        if self.configuration.train.average is None:
            return model
        average = model.averaged()
        average.training_state = model.training_state
        return average


@dataclass(frozen=True, eq=False)
class Parts:
    """Labeled records in parts; validation is None where nothing is to be validated."""

    training: Labeled
    validation: Labeled | None
    test: Labeled


def arrange(configuration: Configuration) -> Arrangement:
    """Read the data, divide and prepare them, and choose what the configuration leaves open.

    Raises:   FileFormatError and DataError for what cannot be read or learned from; UsageError for settings that do
              not fit the data.
    """
    source = read(configuration.data)
    return arranged(configuration, source, divided(source, configuration))


def arranged(configuration: Configuration, source: Source, parts: Parts) -> Arrangement:
    """The arrangement for data that have been divided.

    Raises:   as `arrange`.
    """
    settings, how = configuration.data, configuration.train
    task = settings.task or ("classification" if names_classes(source, settings) else "regression")
    classes = source.classes
    if task == "classification" and not classes:  # one of which there are few may be in one part only
        classes = Classes.learned(source.target, source.training.answers).labels
    preparation = Preparation.learned(
        parts.training, source.target, task, classes=classes, image_size=settings.image_size
    )
    training = _part(parts.training, preparation, settings)
    validation = None if parts.validation is None else _part(parts.validation, preparation, settings)
    name, architecture, recipe = _network(configuration.model, preparation, training.x, source)
    shapes = [x.shape[1:] for x in training.x] if isinstance(training.x, tuple) else training.x.shape[1:]
    model = Model(architecture, shapes, seed=how.seed, precision=how.precision)
    model.preparation = preparation
    epochs = how.epochs or recipe.epochs(len(training))
    batch_size = check_batch_size(how.batch_size or min(recipe.batch_size, len(training)), len(training))
    patience = how.patience if how.patience is not None else recipe.patience if validation is not None else 0
    steps = epochs * math.ceil(len(training) / batch_size)
    if how.lr == AUTO:
        how = replace(how, lr=_found_rate(model, training, preparation, optimizer_of(how, recipe, steps), batch_size))
    return Arrangement(
        configuration=replace(
            configuration,
            data=replace(settings, source=_wherever(settings.source), task=task),
            model=replace(configuration.model, name=name),
            train=replace(how, epochs=epochs, batch_size=batch_size, patience=patience),
        ),
        source=source,
        preparation=preparation,
        training=training,
        validation=validation,
        test=_part(parts.test, preparation, settings),
        model=model,
        optimizer=optimizer_of(how, recipe, steps),
        epochs=epochs,
        batch_size=batch_size,
    )


# --------------------------------------------------------------------------------------------------------------- data
def read(settings: DataSettings) -> Source:
    """What there is to learn from.

    Raises:   FileFormatError and DataError for what cannot be read; UsageError for columns that there are not.
    """
    if settings.source == DIGITS:
        return Source.of(digits())
    return read_source(
        settings.source,
        target=settings.target,
        exclude=settings.exclude,
        group=settings.group,
        weight=settings.weight,
    )


def _wherever(source: str) -> str:
    """A source as it is found from any folder."""
    return source if source == DIGITS else os.path.abspath(source)


def divided(source: Source, configuration: Configuration) -> Parts:
    """The parts: what the source itself does not set aside for testing is set aside here, always the same."""
    settings, seed = configuration.data, configuration.train.seed
    training, test = source.training, source.test
    if test is None:
        training, test = _two_parts(training, settings.test, seed, stratified=names_classes(source, settings))
    return with_validation(training, test, source, configuration)


def with_validation(training: Labeled, test: Labeled, source: Source, configuration: Configuration) -> Parts:
    """The parts, with as much for validation as the configuration says."""
    settings, how = configuration.data, configuration.train
    share = settings.validation
    if share is None and source.validation is not None:
        return Parts(training, source.validation, test)
    if share is None:
        share = _VALIDATION if how.patience or source.test is None else 0.0
    if not share:
        return Parts(training, None, test)
    stratified = names_classes(source, settings)
    training, validation = _two_parts(training, share, how.seed + 1, stratified=stratified)
    return Parts(training, validation, test)


def names_classes(source: Source, settings: DataSettings) -> bool:
    """Whether what is predicted are classes: as it was told, or as the answers look."""
    if settings.task is not None:
        return settings.task == "classification"
    return bool(source.classes) or are_classes(source.training.answers)


def _two_parts(data: Labeled, share: float, seed: int, *, stratified: bool) -> tuple[Labeled, Labeled]:
    """What is left, and a share that is set aside: of every class alike where asked, and groups as a whole."""
    labels = data.answers if stratified else None
    left, aside = split_indices(len(data), (1 - share, share), seed=seed, labels=labels, groups=data.groups)
    return data.take(np.sort(left)), data.take(np.sort(aside))


def _part(part: Labeled, preparation: Preparation, settings: DataSettings) -> Part:
    y, weights = preparation.target.numbers(part.answers), part.weights
    if settings.class_weight is not None:
        if not isinstance(preparation.target, Classes):
            raise UsageError(_WEIGHED_QUANTITY(weight=settings.class_weight, target=preparation.target.name))
        counts = np.bincount(y, minlength=preparation.target.outputs)
        balanced = len(y) / np.count_nonzero(counts) / counts[y]
        weights = balanced if weights is None else weights * balanced
    return Part(preparation.inputs.of(part.records), y, weights, part)


# ------------------------------------------------------------------------------------------------------------- network
def _network(settings: ModelSettings, preparation: Preparation, x: Any, source: Source) -> tuple[str, Layer, Recipe]:
    """The network by its name, as it suits the data, and how it is trained."""
    outputs, units = preparation.target.outputs, settings.units
    several, pictures = isinstance(x, tuple), not isinstance(x, tuple) and x.ndim == 4
    name = _suitable(x) if settings.name == AUTO else settings.name
    if name == _TABLE and not several:
        raise _misfit(name, _CATEGORIES(), source, _PICTURES() if pictures else _ROWS())
    if name != _TABLE and several:
        raise _misfit(name, _ROWS(), source, _CATEGORIES())
    if name not in (_TABLE, _MLP) and not pictures:
        raise _misfit(name, _PICTURES(), source, _ROWS())
    if several:
        sizes = preparation.inputs.category_sizes
        return name, tabular_mlp(sizes, outputs, units=units or _HIDDEN), TABLE
    if not pictures:
        return name, mlp(units or _HIDDEN, outputs), TABLE
    recipe = RECIPES[name]
    scale = 1 / 255 if x.dtype == np.uint8 else None
    network = mlp(units, outputs, scale=scale) if name == _MLP and units else MODELS[name](classes=outputs)
    return name, Sequential([RandomShift(recipe.shift), network]), recipe


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
