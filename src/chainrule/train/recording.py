"""Numbers of every layer and every parameter over a training, taken every so many steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.arguments import leaves, rebuild
from chainrule.errors import UsageError
from chainrule.execute.choice import program
from chainrule.graph.operation import Array
from chainrule.messages import Message, suggestion
from chainrule.train.callback import Callback
from chainrule.train.precision import in_precision
from chainrule.train.statistics import Statistics, statistics
from chainrule.train.table import as_text

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = ["LayerNumbers", "ParameterNumbers", "Recording"]

_EVERY = Message(
    "recording.every",
    en="every={every!r}: numbers are taken every so many steps, a whole number from 1 on, or None.",
    zh="every={every!r}：每隔若干步记录一次，应为不小于 1 的整数，或 None。",
)
_LAYERS = Message(
    "recording.layers",
    en="There is no layer '{name}' whose outputs could be recorded; there are: {known}.{suggestion}",
    zh="没有可记录输出的层“{name}”；现有：{known}。{suggestion}",
)
_NO_PATHS = Message(
    "recording.no_paths",
    en="layers={layers!r}: give a list of the paths of layers, even of one, layers=['dense'], or None for all.",
    zh="layers={layers!r}：请给出层路径的列表，即使只有一个，如 layers=['dense']；或用 None 表示全部。",
)
_LAYER = Message("recording.layer", en="layer", zh="层")
_OUTPUT = Message("recording.output", en="output", zh="输出")
_ZERO = Message("recording.zero", en="zero", zh="为零")
_SILENT = Message("recording.silent", en="units without slope", zh="无斜率的单元")
_GRADIENT = Message("recording.gradient", en="gradient", zh="梯度")
_PARAMETER = Message("recording.parameter", en="parameter", zh="参数")
_WEIGHT = Message("recording.weight", en="size", zh="大小")
_UPDATE = Message("recording.update", en="update", zh="更新")
_RATIO = Message("recording.ratio", en="update / size", zh="更新/大小")
_NOTHING = Message(
    "recording.nothing",
    en="Nothing is recorded yet: give the recording to fit, callbacks=[recording].",
    zh="尚无记录：请将其交给 fit，callbacks=[recording]。",
)

_KINDS = ("layers", "parameters")  # of what numbers are told
MOST_APART = 1000  # steps between two looks, by default: each costs somewhat more than a step
FEWEST = 20  # looks in a training, by default


@dataclass(frozen=True, eq=False)
class LayerNumbers:
    """What a layer gave in training at the recorded steps (T,).

    mean, deviation   of all numbers of the batch
    zero              the share of them that are exactly 0
    gradient          root mean square of the loss's derivative by them; NaN where no step needs one: before the first
                      parameter, and where the optimizer takes none
    passing           (T, units) for each unit, a channel of an image being one, the share of the batch at which the
                      slope of its activation is at least 0.01: 0 means that it passes on no gradient, a dead ReLU or a
                      saturated sigmoid. None where the layer ends in no activation.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    zero: NDArray[np.float64]
    gradient: NDArray[np.float64]
    passing: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class ParameterNumbers:
    """Root mean squares at the recorded steps (T,): of the parameter, of its gradient, and of what the optimizer adds.

    Where the optimizer needs no gradient, it is NaN.
    """

    weight: NDArray[np.float64]
    gradient: NDArray[np.float64]
    update: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """update / weight: about 0.001 in a training that goes well; infinite where all weights are 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.update / self.weight


class Recording(Callback):
    """A callback that takes numbers of every layer and parameter every so many steps; `Model.record` makes one.

    steps        at which it looked (T,): steps of the model's life
    layers       LayerNumbers by the layer's path
    parameters   ParameterNumbers by name

    It looks at what the next step will do, with a second program that changes nothing: a training with a recording
    gives the same bits as one without. A look takes somewhat longer than a step.

    Raises:   UsageError from `fit` for a layer that is not there.
    Source:   the ratio of update to weight: Karpathy, CS231n, Babysitting the learning process
    Example:
        >>> from chainrule.nn import Dense, Sequential
        >>> from chainrule.train import Model
        >>> model = Model(Sequential([Dense(3, "relu"), Dense(1)]), (2,))
        >>> recording = model.record(every=2)
        >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> history = model.fit(x, y, loss="mean_squared_error", epochs=6, verbose=0, callbacks=[recording])
        >>> recording.steps, recording.layers["dense"].passing[0]
        (array([0, 2, 4, 6]), array([0.  , 0.75, 0.5 ]))
        >>> recording.parameters["dense/kernel"].ratio.round(4)
        array([0.002, 0.002, 0.002, 0.002])
    """

    def __init__(self, every: int | None = None, layers: Sequence[str] | None = None) -> None:
        self.every = _checked_every(every)
        self._wanted = _checked_layers(layers)
        self._apart = 1
        self._rows: list[Any] = []
        self._shown: dict[str, tuple[int, dict[str, Any]]] = {}  # beside the number of looks that it was made of
        self._steps: list[int] = []
        self._look: tuple[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"Recording({len(self._steps)} looks at {len(self.layers)} layers, {len(self.parameters)} parameters)"

    def __str__(self) -> str:
        return "\n\n".join(map(as_text, self.last_look())) or _NOTHING()

    def last_look(self) -> list[list[tuple[str, ...]]]:
        """A table of layers and one of parameters, each as rows of which the first one names the columns; none before
        the first look.
        """
        if not self._steps:
            return []
        layers: list[tuple[str, ...]] = [(_LAYER(), _OUTPUT(), _ZERO(), _SILENT(), _GRADIENT())]
        for path, own in self.layers.items():
            silent = "" if own.passing is None else f"{np.mean(own.passing[-1] == 0):.0%}"
            middle = f"{own.mean[-1]:.2g} ± {own.deviation[-1]:.2g}"
            gradient = "" if np.isnan(own.gradient[-1]) else f"{own.gradient[-1]:.2g}"
            layers.append((path, middle, f"{own.zero[-1]:.0%}", silent, gradient))
        parameters: list[tuple[str, ...]] = [(_PARAMETER(), _WEIGHT(), _GRADIENT(), _UPDATE(), _RATIO())]
        for name, its in self.parameters.items():
            numbers = (its.weight, its.gradient, its.update, its.ratio)
            parameters.append((name, *(f"{values[-1]:.2g}" for values in numbers)))
        return [layers, parameters]

    # ------------------------------------------------------------------------------------------------- what it holds
    @property
    def steps(self) -> NDArray[np.int64]:
        return np.array(self._steps, np.int64)

    @property
    def layers(self) -> dict[str, LayerNumbers]:
        return self._made("layers", LayerNumbers)

    @property
    def parameters(self) -> dict[str, ParameterNumbers]:
        return self._made("parameters", ParameterNumbers)

    def _made(self, kind: str, numbers: type) -> dict[str, Any]:
        """Each layer's or parameter's numbers, made anew after a look only: a diagnosis asks for them many times."""
        looks, made = self._shown.get(kind, (-1, {}))
        if looks != len(self._rows):
            made = {key: numbers(**told) for key, told in self._told(kind, numbers)}
            self._shown[kind] = len(self._rows), made
        return dict(made)

    def _told(self, kind: str, numbers: type) -> Iterator[tuple[str, dict[str, Any]]]:
        """Of each layer or parameter, what was told at all looks, as it is shown."""
        missing, names = np.full(len(self._rows), np.nan), [f.name for f in fields(numbers)]
        for key, columns in self._columns(kind).items():
            yield key, {"gradient": missing, **{n: columns[n].astype(np.float64) for n in names if n in columns}}

    def _columns(self, kind: str) -> dict[str, dict[str, Array]]:
        """Of each layer or parameter, what was told at all looks, by what it is."""
        rows = [row[kind] for row in self._rows]
        first = rows[0] if rows else {}
        return {key: {n: np.stack([row[key][n] for row in rows]) for n in own} for key, own in first.items()}

    # --------------------------------------------------------------------------------------------- as a callback
    def on_train_begin(self, training: Training) -> None:
        total = training.epochs * training.steps_per_epoch
        self._apart = max(1, min(MOST_APART, total // FEWEST)) if self.every is None else self.every
        found = statistics(training.step)
        wanted = {path: found.layers[path] for path in self._checked(found)}
        structure = {"layers": wanted, "parameters": found.parameters}
        made = program(in_precision(leaves(structure), training.model.precision), training.executor)
        self._look = structure, made
        if training.state.step % self._apart == 0:
            self.look(training)

    def _checked(self, found: Statistics) -> Sequence[str]:
        for name in self._wanted or ():
            if name not in found.layers:
                known = ", ".join(found.layers)
                raise UsageError(_LAYERS(name=name, known=known, suggestion=suggestion(name, found.layers)))
        return list(found.layers) if self._wanted is None else self._wanted

    def wants_step(self, step: int) -> bool:
        return step % self._apart == 0

    def on_train_batch_end(self, training: Training) -> None:
        if training.state.step % self._apart == 0:  # else another callback wanted it
            self.look(training)

    def look(self, training: Training) -> None:
        """Take the numbers of the next step."""
        assert self._look is not None
        structure, made = self._look
        if self._steps and self._steps[-1] == training.state.step:
            return
        self._rows.append(rebuild(structure, made.run(training.next_bindings())))
        self._steps.append(training.state.step)

    def memory(self) -> dict[str, Any]:
        # One array for all looks: so they are kept among arrays, and not number by number in a text.
        return {"steps": self.steps, **{kind: self._columns(kind) for kind in _KINDS}}

    def recall(self, memory: dict[str, Any]) -> None:
        self._steps = [int(step) for step in memory.get("steps", ())]
        self._shown = {}
        self._rows = [
            {kind: {key: {n: a[k] for n, a in own.items()} for key, own in memory[kind].items()} for kind in _KINDS}
            for k in range(len(self._steps))
        ]


def _checked_every(every: Any) -> int | None:
    if every is not None and (not isinstance(every, Integral) or every < 1):
        raise UsageError(_EVERY(every=every))
    return every if every is None else int(every)


def _checked_layers(layers: Any) -> tuple[str, ...] | None:
    if layers is None:
        return None
    if not isinstance(layers, list | tuple) or not all(isinstance(path, str) for path in layers):
        raise UsageError(_NO_PATHS(layers=layers))
    return tuple(layers)
