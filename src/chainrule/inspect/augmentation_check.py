"""Whether an augmentation fits the data: does the label survive what is done to the images?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from chainrule.data import check_labels, check_samples, train_validation_split
from chainrule.errors import DataError, UsageError
from chainrule.execute.choice import Executor
from chainrule.execute.reference import Program
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.graph.seeds import checked_seed
from chainrule.graph.tensor import Tensor
from chainrule.inspect.augmentation_effect import AugmentationEffect
from chainrule.inspect.confusion import Confusion, confusion
from chainrule.inspect.images import scores_of
from chainrule.inspect.style import ORANGE, Picture, draw
from chainrule.messages import Message
from chainrule.nn import Conv2D, Dense, Flatten, Layer, MaxPool2D, Rescaling, Sequential, trace
from chainrule.nn.ranges import is_within
from chainrule.optim import Adam
from chainrule.train.model import Model, check_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AugmentationCheck", "Transform", "check_augmentation", "plot_augmentation_check"]

Transform: TypeAlias = Layer | Callable[[Array], ArrayLike]

_TRANSFORMS = Message(
    "augmentation.transforms",
    en="transforms is {given}; give transforms by name, layers or functions of images:"
    " {{'left-right': RandomFlip('horizontal')}}.",
    zh="transforms 为 {given}；请给出以名称为键的变换（层或图像的函数）：{{'左右翻转': RandomFlip('horizontal')}}。",
)
_IMAGES = Message(
    "augmentation_check.images",
    en="Transforms are checked on images (n, height, width, channels), but x has shape {shape}.",
    zh="变换是在图像 (n, 高, 宽, 通道数) 上检查的，但 x 的形状为 {shape}。",
)
_SHAPE = Message(
    "augmentation.shape",
    en="'{name}' makes images of shape {given} out of {wanted}; a transform here keeps the shape.",
    zh="“{name}”把形状为 {wanted} 的图像变成 {given}；此处的变换应保持形状。",
)
_TOLERANCE = Message(
    "augmentation.tolerance",
    en="tolerance={tolerance!r} is no share between 0 and 1.",
    zh="tolerance={tolerance!r} 不是 0 到 1 之间的比例。",
)
_CLASS_NAMES = Message(
    "augmentation.class_names",
    en="There are {names} class names, but {classes} classes. Name every class.",
    zh="给出了 {names} 个类别名称，但有 {classes} 个类别。请为每个类别命名。",
)


@dataclass(frozen=True, eq=False, repr=False)
class AugmentationCheck:
    """How well a classifier recognises held-out images, and the effect of each transform on them.

    accuracy   of the classifier on all held-out images, as they are
    samples    how many these are
    effects    by the names of the transforms
    """

    accuracy: float
    samples: int
    effects: dict[str, AugmentationEffect]

    @property
    def warnings(self) -> dict[str, str]:
        """The verdicts on transforms that do not fit, or of which it is not known, by name."""
        return {name: effect.verdict for name, effect in self.effects.items() if not effect.fits}

    def __str__(self) -> str:
        return "\n".join(effect.verdict for effect in self.effects.values())

    def __repr__(self) -> str:
        marks = ", ".join(f"{name} {_mark(effect)}" for name, effect in self.effects.items())
        return f"AugmentationCheck({self.accuracy:.1%} of {self.samples} recognised; {marks})"


def _mark(effect: AugmentationEffect) -> str:
    return "fits" if effect.fits else "WARNING" if effect.known else "unknown"


def check_augmentation(
    x: ArrayLike,
    y: ArrayLike,
    transforms: Mapping[str, Transform],
    *,
    model: Model | None = None,
    class_names: Sequence[str] | None = None,
    tolerance: float = 0.1,
    epochs: int = 5,
    seed: int = 0,
    executor: Executor = "auto",
) -> AugmentationCheck:
    """Whether labels survive transforms of images: a classifier that never saw any of them is asked.

        recall_c(x)  against  recall_c(T(x)),  on held-out images that T changes, class by class

    transforms    by name: layers of augmentation, as they act in training, or functions of a batch of images
    model         a classifier that was trained on images without them; x and y are held out then. None: a small
                  convolutional network is trained on three quarters of x and asked about the others
    tolerance     the share of a class that may be lost; what is within two standard errors of it is no warning
    epochs        of that training

    A class that is mostly taken for one other has become it: an arrow that is mirrored points the other way. If a class
    is only recognised less, either the label is gone or the classifier has not learned to ignore what was done; the
    verdict says to look. That the label survives does not say that the transform helps.

    Shapes:   x (n, height, width, channels), y (n,) integers from 0
    Raises:   DataError if x and y do not fit each other; UsageError for transforms that are none.
    Example:
        >>> from chainrule.data import arrows
        >>> from chainrule.nn import RandomFlip, RandomShift
        >>> data = arrows(800, 40)
        >>> transforms = {"left-right": RandomFlip("horizontal", 1.0), "shift": RandomShift(1)}
        >>> found = check_augmentation(data.x_train, data.y_train, transforms, executor="reference")
        >>> {name: effect.fits for name, effect in found.effects.items()}
        {'left-right': False, 'shift': True}
    """
    if not hasattr(transforms, "items") or not transforms or not all(callable(t) for t in transforms.values()):
        raise UsageError(_TRANSFORMS(given=repr(transforms)))
    if not is_within(tolerance, 0, 1):
        raise UsageError(_TOLERANCE(tolerance=tolerance))
    seed = checked_seed(seed)
    images, labels = np.asarray(x), np.asarray(y)
    check_samples({"x": images, "y": labels})
    if images.ndim != 4:
        raise DataError(_IMAGES(shape=show_shape(images.shape)))
    classes = len(class_names) if class_names is not None else int(np.max(labels)) + 1
    check_labels(labels, classes, "y")
    names = tuple(map(str, range(classes))) if class_names is None else tuple(class_names)
    if model is None:
        split = train_validation_split(images, labels, 1 / 4, seed=seed, stratify=True)
        model = _classifier(split.x_train, split.y_train, classes, epochs, seed, executor)
        images, labels = split.x_validation, split.y_validation
    check_model(model)
    scores = scores_of(model).shape[-1]
    if scores != classes:
        raise UsageError(_CLASS_NAMES(names=classes, classes=scores))
    before = model.predict(images, executor=executor).argmax(-1)
    effects = {}
    for name, transform in transforms.items():
        made = _transformed(name, transform, images, seed)
        changed = (made != images).any((1, 2, 3))
        after = model.predict(made[changed], executor=executor).argmax(-1) if changed.any() else before[:0]
        as_they_were, as_made = (_confusion(labels[changed], taken, names) for taken in (before[changed], after))
        effects[name] = AugmentationEffect(name, as_they_were, as_made, tolerance)
    return AugmentationCheck(float((before == labels).mean()), len(images), effects)


def _confusion(labels: Array, taken: Array, names: Sequence[str]) -> Confusion:
    if not len(labels):
        return Confusion(np.zeros((len(names),) * 2, np.int64), tuple(names))
    return confusion(labels, taken, names)


def trained_with(layer: Layer, x: Array, y: Array, *, epochs: int = 5, seed: int = 0) -> Confusion:
    """Which classes are taken for which, of held-out images as they are, by a network that was trained with the layer.

    The same network, images and classes as of `check_augmentation`: where labels survive what the layer does, it
    recognises what the one did that never saw it.
    """
    classes = int(y.max()) + 1
    split = train_validation_split(x, y, 1 / 4, seed=seed, stratify=True)
    model = _classifier(split.x_train, split.y_train, classes, epochs, seed, "auto", first=(layer,))
    taken = model.predict(split.x_validation).argmax(-1)
    return _confusion(split.y_validation, taken, tuple(map(str, range(classes))))


def _classifier(
    images: Array, labels: Array, classes: int, epochs: int, seed: int, executor: Executor, first: Sequence[Layer] = ()
) -> Model:
    """A small convolutional network, trained on images as they are, or as the first layers make them."""
    layers = [
        *first,
        Rescaling(1 / (float(np.abs(images).max()) or 1.0)),
        Conv2D(8, 3, padding="same", activation="relu"),
        MaxPool2D(2),
        Conv2D(16, 3, padding="same", activation="relu"),
        MaxPool2D(2),
        Flatten(),
        Dense(64, "relu"),
        Dense(classes),
    ]
    model = Model(Sequential(layers), images.shape[1:], seed=seed)
    size = min(32, len(images))
    model.fit(images, labels, optimizer=Adam(0.002), epochs=epochs, batch_size=size, verbose=0, executor=executor)
    return model


def _transformed(name: str, transform: Transform, images: Array, seed: int) -> Array:
    """Images as a layer makes them in training, or a function does."""
    if isinstance(transform, Layer):
        network = trace(transform, [images.shape[1:]])
        assert isinstance(network.training, Tensor)
        given: dict[Tensor, Any] = {s.tensor: s.default for s in network.scalars.values()}
        given |= {network.inputs[0]: images.astype(np.float32), network.seed: seed, network.step: 0}
        (made,) = Program([network.training]).run(given)
    else:
        made = np.asarray(transform(images))
    if made.shape != images.shape:
        raise UsageError(_SHAPE(name=name, given=show_shape(made.shape), wanted=show_shape(images.shape)))
    return made


def plot_augmentation_check(record: AugmentationCheck) -> Picture:
    """The share of each class that is recognised, a row for each transform, and above them the images as they are.

    A class that loses more than the tolerance has a frame.
    """
    effects = list(record.effects.values())
    names = effects[0].before.class_names
    # every transform changes its own images; the first row is of those that most transforms change
    most = max(effects, key=lambda effect: effect.changed)
    rows = np.array([most.before.recall, *(effect.after.recall for effect in effects)])

    def drawing(axes: Axes) -> None:
        axes.imshow(rows, vmin=0.0, vmax=1.0, aspect="auto")
        for (row, column), value in np.ndenumerate(rows):
            if np.isfinite(value):
                color = "black" if value > 0.5 else "white"
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=color)
        for row, effect in enumerate(effects, start=1):
            for column in effect.suffering:
                axes.add_patch(_frame(column, row))
        axes.set_xticks(range(len(names)), names)
        marks = [f"{effect.name}{'' if effect.fits else '  ⚠' if effect.known else '  ?'}" for effect in effects]
        axes.set_yticks(range(len(rows)), ["as they are", *marks])
        axes.set_xlabel("class")
        axes.set_title(f"recognised (%); framed: loses more than {100 * effects[0].tolerance:.0f}")
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)

    return draw(drawing, size=(max(1.8 + 0.48 * len(names), 4.6), 0.9 + 0.36 * len(rows)))


def _frame(column: int, row: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, edgecolor=ORANGE, linewidth=1.8)
