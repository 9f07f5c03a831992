"""The model: an architecture and its parameters, and the verbs that people know."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from numbers import Integral
from typing import Any, NoReturn, Self

from numpy.typing import DTypeLike

from chainrule.data import Blocks, check_batch_size
from chainrule.data.preparation import Preparation
from chainrule.errors import UsageError
from chainrule.execute.choice import Executor
from chainrule.execute.immutable import all_immutable
from chainrule.graph.dtype import DType
from chainrule.graph.extent import Shape
from chainrule.graph.markup import code
from chainrule.graph.seeds import checked_seed
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.nn.network import Architecture, Network, trace
from chainrule.optim import Optimizer
from chainrule.train import checkpoints, saved
from chainrule.train.arguments import check_architecture, checked_dtype
from chainrule.train.callback import Callback
from chainrule.train.evaluation import EVALUATION_BATCH, Evaluator
from chainrule.train.goal import Goal
from chainrule.train.history import History
from chainrule.train.loop import Training
from chainrule.train.metrics import MetricFunction, Objective
from chainrule.train.plan import planned
from chainrule.train.precision import Precision, as_precision, check_instructions
from chainrule.train.predictor import Predictor
from chainrule.train.recording import Recording
from chainrule.train.resuming import state_to_resume
from chainrule.train.samples import Samples, as_inputs, as_samples, check_inputs, check_targets
from chainrule.train.state import TrainingState
from chainrule.train.step import Arrays, EvaluationStep
from chainrule.train.summary import summary

__all__ = ["Model"]

_NOT_BUILT = Message(
    "model.not_built",
    en="The model does not know the shape of its input yet. Give it when the model is made, e.g."
    " Model(architecture, input_shape=(28, 28, 1)), or fit the model first.",
    zh="模型尚不知道输入的形状。请在创建模型时给出，例如 Model(architecture, input_shape=(28, 28, 1))，或先训练模型。",
)
_NO_MODEL = Message(
    "model.no_model",
    en="A model is needed here, but this is {kind}: {given}. Make one of an architecture, e.g. cr.Model(architecture,"
    " input_shape=(28, 28, 1)), or load one with cr.Model.load(folder).",
    zh="此处需要模型，但给出的是 {kind}：{given}。请由架构创建模型，例如 cr.Model(architecture,"
    " input_shape=(28, 28, 1))，或用 cr.Model.load(folder) 加载模型。",
)
_NOT_PICKLED = Message(
    "model.not_pickled",
    en="A model is not pickled, since its operations are functions of Python. Save it with model.save(folder), and load"
    " it, in another process too, with cr.Model.load(folder); copy.deepcopy copies it within this one.",
    zh="模型不能用 pickle 保存，因为它的操作是 Python 函数。请用 model.save(folder) 保存，并用 cr.Model.load(folder)"
    " 加载（也可在其他进程中）；在同一进程内可用 copy.deepcopy 复制。",
)
_NO_AVERAGE = Message(
    "model.no_average",
    en="There are no averages of the weights: the model's last training kept none, or has made no update yet. Train it"
    " with an optimizer that keeps them, e.g. fit(x, y, optimizer=ExponentialAverage(Adam(0.001))).",
    zh="没有权重的平均值：该模型上一次训练没有保存它，或尚未进行任何更新。"
    "请使用会保存它的优化器训练，例如 fit(x, y, optimizer=ExponentialAverage(Adam(0.001)))。",
)


class Model:
    """A network with its parameters: the one object here that changes.

    architecture     a layer, or any function (x, scope) → y that calls layers; None where a network was loaded
    input_shape      that of one sample, or a tuple of shapes for several inputs; without it, the data's
    seed             decides the first parameters, the order of the samples, and the randomness of layers
    dtype            "float32", or "float64", of parameters and of all that is computed: for gradients to be checked
                     with, or where digits matter more than time
    precision        what is multiplied where products are summed up, in convolutions, dense layers and their
                     gradients: "float32" (in a model of float64 that), or "bf16", numbers of 8 binary digits with sums
                     in float32. All else is float32, parameters too, in memory and in files. It may be set at any time.

    What it holds, as flat dicts of named arrays or numbers; its own arrays cannot be written into, so that nobody need
    look whether they have changed: put another in the place of one. Arrays of yours are taken as they are at each call.

    parameters       what is learned: "conv2d/kernel"
    states           what layers keep otherwise, such as running means
    scalars          the layers' numbers that may be turned at any time, such as dropout rates
    training_state   where its last training stands; None before the first
    preparation      how records become its inputs, and its outputs answers; saved with it, None where it takes arrays

    Raises:   UsageError if the seed is out of range, or dtype or precision are not known, or exclude each other; what
              tracing the architecture raises. Verbs raise CompilerError where the processor has no instructions for
              the precision, and the executor is not "reference".
    Example:
        >>> from chainrule.nn import Dense, Sequential
        >>> from chainrule.optim import Adam
        >>> model = Model(Sequential([Dense(8, "tanh"), Dense(1)]))
        >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> history = model.fit(x, y, loss="binary_cross_entropy", optimizer=Adam(0.05), epochs=200, verbose=0)
        >>> model.predict(x)[:, 0] > 0
        array([False,  True,  True, False])
    """

    _network: Network | None = None
    _predictor: Predictor | None = None
    _goal = Goal()

    def __init__(
        self,
        architecture: Architecture | None,
        input_shape: Sequence[Any] | int | None = None,
        *,
        seed: int = 0,
        dtype: DType | DTypeLike = "float32",
        precision: Precision = "float32",
    ) -> None:
        if architecture is not None:
            check_architecture(architecture)
        self.architecture = architecture
        self.seed = checked_seed(seed)
        self._dtype = checked_dtype(dtype)
        self.precision = precision
        self.parameters: Arrays = {}
        self.states: Arrays = {}
        self.scalars: dict[str, float] = {}
        self.training_state: TrainingState | None = None
        self.preparation: Preparation | None = None
        if input_shape is not None:
            shape: Any = (input_shape,) if isinstance(input_shape, Integral) else input_shape
            several = bool(shape) and all(isinstance(part, Sequence) for part in shape)
            self.build([tuple(part) for part in shape] if several else [tuple(shape)])

    def __repr__(self) -> str:
        if self._network is None:
            return f"{type(self).__name__}(not built)"
        layers, count = len(self._network.layers), self._network.parameter_count
        return f"{type(self).__name__}({layers} layer{'s' if layers != 1 else ''}, {count:,} parameters)"

    def _repr_html_(self) -> str:
        from chainrule.train.notebook import network_as_html

        return code(repr(self)) if self._network is None else network_as_html(self._network)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: everything but the programs, which it makes again."""
        return {**vars(self), "_predictor": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # copied arrays are writable
        self.parameters, self.states = all_immutable(self.parameters), all_immutable(self.states)

    def __copy__(self) -> Self:
        return self._with_state(self.__getstate__())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._with_state(deepcopy(self.__getstate__(), memo))

    def _with_state(self, state: dict[str, Any]) -> Self:
        other = type(self).__new__(type(self))
        other.__setstate__(state)
        return other

    def __reduce__(self) -> NoReturn:
        raise UsageError(_NOT_PICKLED())

    @property
    def dtype(self) -> DType:
        """The type of parameters and of all that is computed; decided when the model is made."""
        return self._dtype

    @property
    def precision(self) -> Precision:
        """What is multiplied where products are summed up: "float32" or "bf16".

        Raises:   when it is set, UsageError if it is not known, or the model is one of float64.
        """
        return self._precision

    @precision.setter
    def precision(self, precision: Precision) -> None:
        self._precision = as_precision(precision, self.dtype)
        self._predictor = None

    @property
    def network(self) -> Network:
        """The architecture as a graph.

        Raises:   UsageError if the shape of the input is not known yet.
        """
        if self._network is None:
            raise UsageError(_NOT_BUILT())
        return self._network

    def build(self, input_shapes: Sequence[Shape]) -> None:
        """Trace the architecture for inputs of these shapes, and make its first parameters."""
        if self.architecture is None:
            raise UsageError(_NOT_BUILT())
        network = trace(self.architecture, input_shapes, dtype=self.dtype)
        self.parameters = all_immutable(network.initial_parameters(self.seed))
        self.states = all_immutable(network.initial_states())
        self.scalars = network.scalar_values()
        self._network, self._predictor = network, None

    # ------------------------------------------------------------------------------------------------------- training
    def fit(
        self,
        x: Any,
        y: Any,
        *,
        loss: str | LossFunction | None = None,
        optimizer: str | Optimizer = "adam",
        metrics: Sequence[str | MetricFunction] | None = None,
        epochs: int = 1,
        batch_size: int | None = None,
        validation_data: tuple[Any, ...] | None = None,
        validation_split: float = 0.0,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        callbacks: Sequence[Callback] = (),
        shuffle: bool | Blocks = True,
        verbose: int = 1,
        resume: bool = False,
        executor: Executor = "auto",
    ) -> History:
        """Train the parameters on samples: lower the mean loss, mini-batch by mini-batch.

            loss of a step = Σ w·ℓ(ŷ, y) / Σ w + penalties

        x, y               arrays, first axis the samples; a tuple of them for several inputs or targets
        loss               by name or as a function; None: the cross-entropy, "cross_entropy"
        metrics            by name or as functions; None: the accuracy, where the loss is that of a classifier
        batch_size         None: 32, or all samples if there are fewer, or if the optimizer needs all, as LBFGS does;
                           the last batch of an epoch may be smaller
        validation_data    (x, y) or (x, y, sample_weight), evaluated after each epoch: with the averages of the weights
                           where the optimizer keeps them, since these are to be used
        validation_split   or the share of the samples to set aside for it: at random, of every integer label alike
        sample_weight      w, one number per sample; metrics do not use it
        class_weight       a weight for all samples of an integer label, multiplied with theirs
        shuffle            whether each epoch has an order of its own; Blocks(...), one for data larger than memory
        resume             go on with the last training of this model, or of the checkpoint it was loaded from, up to
                           `epochs` in all. With the arguments that it was begun with, it then gives the bits that it
                           would have given without a break; loss and metrics of None are those. Without resume a new
                           training begins, from the parameters as they are: its optimizer starts afresh.
        executor           "native": compiled code; "reference": NumPy, the same up to rounding; "auto": native where
                           there is a C compiler

        The same seed, data and arguments give the same bits. When it is interrupted (Ctrl-C), the model holds the last
        whole step and can be resumed.

        Raises:   DataError if samples do not fit each other or the network, hold NaN, or have labels out of range, or
                  a batch is larger than the data; UsageError for unknown names and arguments out of range;
                  GradientError if no parameter can lower the loss; DivergedError if the loss becomes infinite or NaN
                  (SkipNonFinite around the optimizer leaves such steps out).
        """
        resumed = state_to_resume(self.training_state, self.parameters, self.states) if resume else None
        plan = planned(
            self,
            self._goal.resumed(loss, metrics) if resume else Goal.begun(loss, metrics),
            x,
            y,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=validation_data,
            validation_split=validation_split,
            sample_weight=sample_weight,
            class_weight=class_weight,
            callbacks=callbacks,
            shuffle=shuffle,
            verbose=verbose,
            executor=executor,
        )
        training = Training(plan, self, resumed)
        self._goal = plan.goal
        return training.run()

    def record(self, every: int | None = None, layers: Sequence[str] | None = None) -> Recording:
        """A callback for `fit` that takes numbers of every layer and parameter while the model trains.

        every    steps from one look to the next; None: 1000, or fewer, so that a short training has 20 looks
        layers   paths of those whose outputs matter; None: all

        Raises:   UsageError for anything else.
        """
        return Recording(every, layers)

    def check(self, samples: Samples, goal: Objective) -> None:
        """Refuse samples that the network cannot learn from; a network that is not built yet takes its shape from them.

        Raises:   DataError and ShapeError as `fit` does.
        """
        if self._network is None:
            self.build([array.shape[1:] for array in samples.inputs])
        check_inputs(samples, self.network)
        check_targets(samples, self.network.inference, goal.loss)

    def averaged(self) -> Self:
        """A model like this one with the averages of its weights, where its last training was with an optimizer that
        keeps them: ExponentialAverage or StochasticWeightAverage. This one stays as it is, and can be resumed.

        States, such as the running means of batch normalisation, are those of this model; its training is left behind.

        Raises:   UsageError if there are no averages.
        Example:
            >>> from chainrule.nn import Dense
            >>> from chainrule.optim import SGD, ExponentialAverage
            >>> model = Model(Dense(1))
            >>> history = model.fit([[1.0]], [[2.0]], loss="mean_squared_error", epochs=3, verbose=0,
            ...                     optimizer=ExponentialAverage(SGD(0.1)))
            >>> average = model.averaged()
            >>> average.predict([[1.0]]) < model.predict([[1.0]])  # it lags behind
            array([[ True]])
        """
        averages = self.training_state.averages if self.training_state else None
        if averages is None:
            raise UsageError(_NO_AVERAGE())
        model = copy(self)
        model.parameters = {name: averages[name] for name in self.parameters}
        model.states, model.scalars = dict(self.states), dict(self.scalars)
        model.training_state = None
        return model

    # ------------------------------------------------------------------------------------------------------ inference
    def evaluate(
        self,
        x: Any,
        y: Any,
        *,
        loss: str | LossFunction | None = None,
        metrics: Sequence[str | MetricFunction] | None = None,
        sample_weight: Any = None,
        batch_size: int = EVALUATION_BATCH,
        executor: Executor = "auto",
    ) -> dict[str, float]:
        """The means of loss and metrics over samples, in inference mode; by default those of the last training.

        Raises:   DataError if samples do not fit each other or the network; UsageError if no loss is known.
        """
        given = self._goal.evaluated(loss, metrics)
        samples, goal = as_samples(x, y, sample_weight), given.objective()
        self.check(samples, goal)
        check_instructions(self.precision, executor)
        evaluator = Evaluator(EvaluationStep(self.network, goal, samples, self.precision), executor)
        size = check_batch_size(min(batch_size, len(samples)), len(samples))
        return evaluator.means(samples, size, self.parameters, self.states, self.scalars)

    def predict(self, x: Any, *, batch_size: int = EVALUATION_BATCH, executor: Executor = "auto") -> Any:
        """The network's outputs in inference mode; a tuple where it has several.

        Raises:   DataError if x does not fit the network, or holds NaN.
        """
        own = self.parameters, self.states, self.scalars, executor
        if self._predictor is not None and (quick := self._predictor.directly(x, batch_size, *own)) is not None:
            return self._predictor.formed(quick)
        samples = as_inputs(x)
        if self._network is None:
            self.build([array.shape[1:] for array in samples.inputs])
            own = self.parameters, self.states, self.scalars, executor
        check_inputs(samples, self.network)
        size = check_batch_size(min(batch_size, len(samples)), len(samples))
        check_instructions(self.precision, executor)
        predictor = self._predictor = self._predictor or Predictor(self.network, self.precision)
        return predictor.formed(predictor.in_batches(samples, size, *own))

    def summary(self) -> str:
        """A table of the layers: path, kind, output shape, parameters.

        Raises:   UsageError if the shape of the input is not known yet.
        """
        return summary(self.network)

    # ---------------------------------------------------------------------------------------------------------- files
    def save(self, path: str | os.PathLike[str]) -> None:
        """Save everything in a folder: graph, parameters, and where the training stands; in place of what was there.

        Raises:   SaveError if it cannot be written; what was saved there before is then still there.
        """
        loss, metrics = self._goal.named()
        files = saved.to_files(
            saved.SavedModel(
                network=self.network,
                parameters=self.parameters,
                states=self.states,
                scalars=self.scalars,
                seed=self.seed,
                precision=self.precision,
                loss=loss,
                metrics=metrics,
                training_state=self.training_state,
                preparation=self.preparation,
            )
        )
        checkpoints.write(path, files)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The model that was saved in a folder. Its graph is read as data: the code that built it is not needed.

        Raises:   FileFormatError if there is none, it is damaged, or another version of chainrule made it.
        """
        files = checkpoints.read(path)
        with checkpoints.damaged(path):
            found = saved.from_files(files)
        model = cls.of(
            found.network, found.parameters, found.states, found.scalars,
            seed=found.seed, precision=found.precision, loss=found.loss, metrics=found.metrics,
        )  # fmt: skip
        model.training_state, model.preparation = found.training_state, found.preparation
        return model

    @classmethod
    def of(
        cls,
        network: Network,
        parameters: Mapping[str, Any],
        states: Mapping[str, Any],
        scalars: Mapping[str, float],
        *,
        seed: int = 0,
        precision: Precision = "float32",
        loss: str | LossFunction | None = None,
        metrics: Sequence[str | MetricFunction] | None = None,
    ) -> Self:
        """A model of a network that is there already, with these numbers, whatever it was once traced from.

        loss, metrics   those that evaluate takes by default
        """
        model = cls(None, seed=seed, dtype=network.dtype, precision=precision)
        model._network = network
        model.parameters, model.states = all_immutable(parameters), all_immutable(states)
        model.scalars = dict(scalars)
        model._goal = Goal(loss, metrics)
        return model

    def with_network(self, network: Network, parameters: Mapping[str, Any]) -> Self:
        """A model like this one, of a network that gives the same outputs in another way, with these parameters.

        Seed, precision, loss, metrics, preparation, and what the network still has of states and scalars are this
        one's; its training is left behind.
        """
        states = {name: self.states[name] for name in network.states}
        scalars = {name: self.scalars[name] for name in network.scalars}
        model = self.of(
            network, parameters, states, scalars,
            seed=self.seed, precision=self.precision, loss=self._goal.loss, metrics=self._goal.metrics,
        )  # fmt: skip
        model.preparation = self.preparation
        return model


def check_model(given: object) -> None:
    """Refuse what is no model, where one is measured, drawn or taken apart."""
    if not isinstance(given, Model):
        raise UsageError(_NO_MODEL(kind=type(given).__name__, given=reprlib.repr(given)))
