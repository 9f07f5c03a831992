"""What the size of a batch changes: the noise of an update and of the loss, and how fast a training comes down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.autodiff.reverse import gradients
from chainrule.errors import UsageError
from chainrule.execute.choice import Executor, program
from chainrule.graph.seeds import random_generator
from chainrule.inspect.style import BLUE, GRAY, LINES, RED, Picture, draw_grid, only_whole, readable_logarithms
from chainrule.messages import Message
from chainrule.nn.losses.loss import LossFunction
from chainrule.optim.gradient_descent import SGD
from chainrule.optim.optimizer import Optimizer
from chainrule.train.callback import Callback
from chainrule.train.loop import Training
from chainrule.train.metrics import objective
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_samples, check_targets
from chainrule.train.step import Data, network_bindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Convergence", "UpdateNoise", "convergence", "plot_convergence", "plot_update_noise", "update_noise"]

_SIZES = Message(
    "batch_sizes.sizes",
    en="sizes is {sizes!r}; give batch sizes, whole numbers from 1 to the number of samples, {samples}.",
    zh="sizes 为 {sizes!r}；请给出批大小，均为 1 到样本数 {samples} 之间的整数。",
)
_DRAWS = Message(
    "batch_sizes.draws",
    en="draws is {draws!r}; a variance needs 2 batches of each size or more.",
    zh="draws 为 {draws!r}；计算方差需要每种大小至少 2 个批。",
)


_NO_PARAMETERS = Message(
    "batch_sizes.no_parameters",
    en="the model has no parameters, so there is no update whose noise could be measured.",
    zh="模型没有参数，因此没有可以测量噪声的更新。",
)
_MAKE = Message(
    "batch_sizes.make",
    en="{name} is {given}; give a function without arguments that makes a new one for each training: {example}.",
    zh="{name} 为 {given}；请给出无参数的函数，它为每次训练新建一个：{example}。",
)
_SAME = Message(
    "batch_sizes.same",
    en="make_model gave the same model twice, but each training has to start anew. Make the model inside the function.",
    zh="make_model 两次给出同一个模型，但每次训练都须从头开始。请在函数内部新建模型。",
)


@dataclass(frozen=True, eq=False)
class UpdateNoise:
    """How far the gradient and the loss of a batch are from those of all samples, by the size of the batch.

    sizes       b (S,)
    variances   E‖g_b − g‖² over all parameters (S,), and what it should be, σ²/b:
    expected    with σ² the variance of single samples' gradients, as all batches together tell it (S,)
    deviations  standard deviation of the batch's loss (S,)
    """

    sizes: NDArray[np.int64]
    variances: NDArray[np.float64]
    expected: NDArray[np.float64]
    deviations: NDArray[np.float64]

    def __repr__(self) -> str:
        pairs = ", ".join(f"{b}: {v:.3g}" for b, v in zip(self.sizes, self.variances, strict=True))
        return f"UpdateNoise(variance by batch size {pairs})"


def update_noise(
    model: Model,
    x: Any,
    y: Any,
    sizes: Sequence[int] = (1, 4, 16, 64),
    *,
    loss: str | LossFunction = "cross_entropy",
    draws: int = 100,
    seed: int = 0,
    executor: Executor = "auto",
) -> UpdateNoise:
    """The variance of the update at the model's present parameters, measured over batches that are drawn with return.

        E‖g_b − g‖² = σ²/b,  σ² = E‖g_1 − g‖²

    Gradient descent's update is −η g_b: η² times the variance is its own.

    Raises:   as `fit` for samples and losses; UsageError for sizes or draws that are none.
    Example:
        >>> from chainrule.nn import Dense
        >>> model = Model(Dense(1, kernel_initializer="zeros", use_bias=False), (1,))
        >>> x = np.random.default_rng(0).standard_normal((200, 1))
        >>> noise = update_noise(model, x, x[:, 0], (1, 16), loss="mean_squared_error", draws=400)
        >>> np.allclose(noise.variances, noise.expected, rtol=0.1)
        True
    """
    check_model(model)
    samples, goal = as_samples(x, y), objective(loss, [])
    _check_sizes(sizes, len(samples))
    if not (isinstance(draws, Integral) and draws >= 2):
        raise UsageError(_DRAWS(draws=draws))
    network = model.network
    if not network.parameters:
        raise UsageError(_NO_PARAMETERS())
    check_targets(samples, network.inference, goal.loss)
    data = Data(network, samples)
    total = data.sums(goal, network.inference).loss
    made = program([total, *gradients(total, [p.tensor for p in network.parameters.values()])], executor)
    own = network_bindings(network, model.parameters, model.states, model.scalars)
    own |= {network.seed: model.seed, network.step: 0}

    def gradient(places: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
        value, *found = made.run({**own, **data.bindings(samples.batch(places))})
        return float(value), np.concatenate([np.asarray(g, np.float64).ravel() for g in found])

    _, whole = gradient(np.arange(len(samples)))
    random = random_generator(seed)
    variances, deviations = [], []
    for size in sizes:
        drawn = [gradient(random.integers(0, len(samples), size)) for _ in range(draws)]
        variances.append(np.mean([np.square(g - whole).sum() for _, g in drawn]))
        deviations.append(np.std([value for value, _ in drawn]))
    single = np.mean(np.array(variances) * np.array(sizes))
    return UpdateNoise(np.array(sizes), np.array(variances), single / np.array(sizes), np.array(deviations))


def _check_sizes(sizes: Sequence[int], samples: int) -> None:
    if np.ndim(sizes) != 1 or not len(sizes) or not all(isinstance(b, Integral) and 1 <= b <= samples for b in sizes):
        raise UsageError(_SIZES(sizes=sizes, samples=samples))


def plot_update_noise(noise: UpdateNoise) -> Picture:
    """Variance of the update against the batch size, beside 1/b; and how much the loss fluctuates."""

    def drawing(grid: list[list[Axes]]) -> None:
        update, loss = grid[0]
        update.loglog(noise.sizes, noise.expected, color=GRAY, linestyle=":", label="σ²/b")
        update.loglog(noise.sizes, noise.variances, "o", color=BLUE, label="measured")
        update.set_title("Variance of the gradient")
        update.legend()
        loss.loglog(noise.sizes, noise.deviations, "s-", color=RED, markersize=4)
        loss.set_title("Standard deviation of the loss")
        for axes in (update, loss):
            axes.set_xlabel("batch size b")
            axes.set_xticks(noise.sizes, [str(size) for size in noise.sizes])
            axes.minorticks_off()
            readable_logarithms(axes.yaxis)

    return draw_grid(1, 2, drawing, size=(7.2, 3.2))


@dataclass(frozen=True, eq=False)
class Convergence:
    """The loss of all samples as trainings with several batch sizes go on.

    losses   by batch size, after each epoch, the start included (epochs + 1,)
    seconds  by batch size, of training until then, compiling not counted (epochs + 1,)
    """

    losses: dict[int, NDArray[np.float64]]
    seconds: dict[int, NDArray[np.float64]]

    def __repr__(self) -> str:
        return f"Convergence({', '.join(f'batch of {b}: {loss[-1]:.3g}' for b, loss in self.losses.items())})"


@dataclass
class _Clock(Callback):
    """Times of training alone, and the model's loss after each epoch."""

    measure: Callable[[], float]
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=lambda: [0.0])
    _since: float = 0.0

    def on_train_begin(self, training: Training) -> None:
        self.losses.append(self.measure())
        self._since = time.perf_counter()

    def on_epoch_end(self, training: Training) -> None:
        self.seconds.append(self.seconds[-1] + time.perf_counter() - self._since)
        self.losses.append(self.measure())
        self._since = time.perf_counter()


def convergence(
    make_model: Callable[[], Model],
    x: Any,
    y: Any,
    sizes: Sequence[int] = (1, 32, 1024),
    *,
    loss: str | LossFunction = "cross_entropy",
    optimizer: Callable[[], Optimizer] = lambda: SGD(0.1),
    epochs: int = 5,
) -> Convergence:
    """Trainings from the same start that differ in the batch size alone, by epoch and by second.

        θ ← θ − η g_b:  b = 1 stochastic, b = k batch, between them mini-batch gradient descent

    Each of `sizes` gets a model of its own from make_model() and is trained for so many epochs. A smaller batch makes
    more updates in an epoch, a larger one makes each of them faster per sample.

    Raises:   as `fit`; UsageError for sizes that are none, or what makes no new models and optimizers.
    Example:
        >>> from chainrule.nn import Dense
        >>> x = np.random.default_rng(0).standard_normal((64, 1)).astype(np.float32)
        >>> make = lambda: Model(Dense(1, kernel_initializer="zeros"), (1,))
        >>> found = convergence(make, x, 2 * x, (1, 64), loss="mean_squared_error", epochs=2)
        >>> bool(found.losses[1][-1] < found.losses[64][-1])  # 128 updates against 2
        True
    """
    count = len(as_samples(x, y))
    _check_sizes(sizes, count)
    losses, seconds = {}, {}
    made: list[Model] = []
    for size in sizes:
        # the first training compiles, the second is timed
        for _ in range(2):
            model = _made("make_model", make_model, Model, "lambda: Model(lenet5())")
            if any(model is earlier for earlier in made):
                raise UsageError(_SAME())
            made.append(model)
            rule = _made("optimizer", optimizer, Optimizer, "lambda: SGD(0.1)")
            clock = _Clock(_measure(model, x, y, loss))
            model.fit(
                x, y, loss=loss, optimizer=rule, metrics=[], epochs=epochs, batch_size=size,
                callbacks=[clock], verbose=0,
            )  # fmt: skip
        losses[int(size)], seconds[int(size)] = np.array(clock.losses), np.array(clock.seconds)
    return Convergence(losses, seconds)


def _made(name: str, make: Any, kind: type[Any], example: str) -> Any:
    made = make() if callable(make) else make
    if not callable(make) or not isinstance(made, kind):
        raise UsageError(_MAKE(name=name, given=repr(made), example=example))
    return made


def _measure(model: Model, x: Any, y: Any, loss: str | LossFunction) -> Callable[[], float]:
    return lambda: model.evaluate(x, y, loss=loss, metrics=[])["loss"]


def plot_convergence(found: Convergence) -> Picture:
    """The loss against epochs, and the same against seconds."""

    def drawing(grid: list[list[Axes]]) -> None:
        by_epoch, by_second = grid[0]
        for k, (size, losses) in enumerate(found.losses.items()):
            style: dict[str, Any] = {"color": LINES[k % len(LINES)], "marker": "os^Dv"[k % 5], "markersize": 4}
            by_epoch.semilogy(losses, label=f"b = {size}", **style)
            by_second.loglog(found.seconds[size][1:], losses[1:], **style)
        by_epoch.set_xlabel("epochs")
        by_second.set_xlabel("seconds of training")
        by_epoch.set_title("Loss of all samples")
        only_whole(by_epoch.xaxis)
        for axis in (by_epoch.yaxis, by_second.yaxis, by_second.xaxis):
            readable_logarithms(axis)
        by_epoch.figure.legend(loc="outside lower center", ncols=len(found.losses))

    return draw_grid(1, 2, drawing, size=(7.2, 3.4))
