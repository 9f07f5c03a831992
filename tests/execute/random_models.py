"""Random networks with a loss, an optimizer and samples: what the compiler is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from chainrule.autodiff.arguments import leaves
from chainrule.autodiff.reverse import gradients
from chainrule.errors import ChainruleError
from chainrule.execute import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.nn import (
    L2,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Rescaling,
    Scope,
    Sequential,
    ZeroPadding2D,
    trace,
)
from chainrule.ops import concatenate
from chainrule.optim import SGD, Adam, Momentum, Nesterov
from chainrule.train.metrics import objective
from chainrule.train.samples import Samples
from chainrule.train.step import TrainingStep, network_bindings

ACTIVATIONS = ("relu", "relu", "relu", "tanh", "sigmoid", "leaky_relu", "elu", "softplus", "linear", "softmax")
OPTIMIZERS = (SGD(0.5), Momentum(0.3, 0.8), Nesterov(0.3, 0.7), Adam(0.05))
MOVED, UNIT = 2e-6, 2.0**-22  # parts by which numbers are moved; a rounding or two of a float32
LARGEST = 3000  # numbers between two layers: the tests are many, not large

Layer = Callable[[Any, Scope], Tensor]


@dataclass(frozen=True, eq=False)
class Skipping:
    """What a layer makes of x, added to x."""

    layer: Layer

    def __call__(self, x: Tensor, scope: Scope) -> Tensor:
        return x + self.layer(x, scope)


@dataclass(frozen=True, eq=False)
class Beside:
    """What a layer makes of x, and x beside it."""

    layer: Layer

    def __call__(self, x: Tensor, scope: Scope) -> Tensor:
        return concatenate([self.layer(x, scope), x], -1)


def drawn_layer(random: np.random.Generator, rank: int) -> Layer:
    """Any layer, of any form; not all fit what is before them."""

    def one(*choices: Any) -> Any:
        return choices[random.integers(len(choices))]

    activation = one(None, *ACTIVATIONS)
    penalty = one(None, None, L2(float(random.uniform(0, 0.1))))
    channels = int(one(1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 33, 40))
    size, stride = (int(one(1, 2, 3, 4, 5)), int(one(1, 2, 3, 5))), int(one(1, 1, 1, 2, 3, 4))
    padding = one("valid", "same", "same", 1, 2)
    layers: dict[str, Callable[[], Layer]] = {
        "dense": lambda: Dense(channels, activation, use_bias=one(True, True, False), kernel_penalty=penalty),
        "normalization": lambda: BatchNormalization(momentum=0.8),
        "dropout": lambda: Dropout(
            float(one(0.2, 0.5, 0.9)), one("inverted", "direct"), whole_maps=bool(rank == 3 and one(True, False))
        ),
        "activation": lambda: Activation(one(*ACTIVATIONS)),
    }
    if rank == 3:
        layers |= {
            "convolution": lambda: Conv2D(
                channels, size, strides=one(stride, (1, stride)), padding=padding, dilation=int(one(1, 1, 1, 2, 3)),
                groups=int(one(1, 1, 1, 2, 3)), activation=activation, use_bias=one(True, False),
                kernel_penalty=penalty,
            ),
            "another convolution": lambda: Conv2D(channels, size, padding=one("valid", "same"), activation="relu"),
            "max_pool": lambda: MaxPool2D(size, strides=one(None, stride, (stride, 2)), padding=one("valid", "same")),
            "pool": lambda: MaxPool2D(2),
            "average_pool": lambda: AveragePooling2D(size, strides=one(None, stride)),
            "padding": lambda: ZeroPadding2D(int(one(1, 2))),
            "flatten": Flatten,
        }  # fmt: skip
    if rank == 2:
        layers |= {
            "convolution": lambda: Conv1D(
                channels, size[1], strides=stride, padding=padding, dilation=int(one(1, 1, 2)), activation=activation
            ),
            "another convolution": lambda: Conv1D(channels, size[0], padding="same", activation="relu"),
        }
    layer = layers[one(*layers)]()
    around: Layer = one(*[layer] * 6, Skipping(layer), Beside(layer))
    return around


@dataclass(frozen=True, eq=False)
class RandomModel:
    """A network that the seed chooses, as a training step in float32 and in float64, and its tensors of interest."""

    seed: int
    layers: list[Layer]
    step: TrainingStep
    finer: TrainingStep
    loss: str
    sample_shape: tuple[int, ...]
    integers: bool
    parameters: dict[str, Array] = field(default_factory=dict)
    slots: dict[str, dict[str, Array]] = field(default_factory=dict)

    def samples(self, batch: int) -> Samples:
        """Random samples: weights may be 0, labels int32 or int64, images uint8."""
        return samples_of(np.random.default_rng([self.seed, batch]), self.step, self.sample_shape, self.integers, batch)

    def outputs(self, step: TrainingStep, inside: bool) -> list[Tensor]:
        """The results of a step; with `inside`, also what stands between: scores in both modes, and the gradients."""
        found = leaves(step.outputs)
        if inside:
            loss, parameters = step.outputs["sums"][0], list(step.parameters.values())
            found += [*gradients(loss, parameters), *leaves([step.network.training, step.network.inference])]
        return found

    def bindings(self, step: TrainingStep, samples: Samples, moved: float = 0.0) -> dict[Tensor, Any]:
        """What the step's inputs are bound to; `moved` moves parameters and samples by such a part, at random."""
        random = np.random.default_rng([self.seed, 7])

        def near(x: Array) -> Array:
            change = moved * random.standard_normal(x.shape)
            return x if moved == 0 or x.dtype.kind != "f" else x.astype(np.float64) * (1 + change) + 1e-3 * change

        network = step.network
        scalars = {**network.scalar_values(), **step.optimizer.scalars()}
        parameters = {name: near(p) for name, p in self.parameters.items()}
        bound = dict(step.data.bindings(samples)) | network_bindings(
            network, parameters, network.initial_states(), scalars
        )
        bound |= {x: near(np.asarray(bound[x])) for x in network.inputs}
        bound |= {step.slots[n][slot]: value for n, own in self.slots.items() for slot, value in own.items()}
        bound |= {tensor: scalars[name] for name, tensor in step.scalars.items()}
        return bound | {network.seed: self.seed, network.step: 3, step.update: 4}

    def exact(self, samples: Samples, inside: bool) -> Exact:
        """The step in float64, and in its neighbourhood."""
        outputs = self.outputs(self.finer, inside)
        program = Program([*outputs, *self.outputs(self.finer, inside=True)])
        runs = [program.trace(self.bindings(self.finer, samples, moved)) for moved in (0.0, MOVED, -MOVED)]
        decisions = [[v for y, v in run.items() if v.dtype.kind in "bi" or y.operation.name == "sign"] for run in runs]
        decided = all(np.array_equal(a, b) for other in decisions[1:] for a, b in zip(decisions[0], other, strict=True))
        with np.errstate(all="ignore"):
            spread = [np.abs(runs[1][y] - runs[2][y]).max(initial=0.0) * (UNIT / MOVED) for y in outputs]
            rough = Program(self.outputs(self.step, inside))
            for run, moved in zip(runs[1:], (MOVED, -MOVED), strict=True):
                found = rough.run(self.bindings(self.step, samples, moved))
                off = [np.abs(f.astype(np.float64) - run[y]) for f, y in zip(found, outputs, strict=True)]
                spread = [max(s, o.max(initial=0.0, where=np.isfinite(o))) for s, o in zip(spread, off, strict=True)]
        return Exact([runs[0][y] for y in outputs], [float(s) for s in spread], decided)


@dataclass(frozen=True, eq=False)
class Exact:
    """The outputs of a step in float64, and what float32 is off by around: with its inputs rounded, or computed in it.

    In one place alone float32 may be lucky: a sum that is 0 but for rounding can come out as 0. The step is `decided`
    if such rounding flips no decision on the way: one ReLU that flips changes a gradient in its third digit. A
    condition, the place of a maximum and a sign are decisions.
    """

    outputs: list[Array]
    spread: list[float]
    decided: bool


def random_model(seed: int) -> RandomModel:
    random = np.random.default_rng(seed)
    shape, integers = drawn_shape(random)
    layers: list[Layer] = [Rescaling(1 / 255)] if integers else []
    rank = len(shape)
    wanted = int(random.integers(1, 7)) + len(layers)
    for _ in range(40):
        try:
            layer = drawn_layer(random, rank)
            after = inner(trace(Sequential([*layers, layer]), [shape]).inference)
        except ChainruleError:
            continue  # does not fit
        if len(layers) < wanted and prod(after) <= LARGEST:
            layers.append(layer)
            rank = len(after)
    layers += [Flatten()] if rank > 1 else []
    loss = str(random.choice(("cross_entropy", "cross_entropy", "binary_cross_entropy", "mean_squared_error", "huber",
                              "mean_absolute_error", "squared_distance")))  # fmt: skip
    classes = 1 if loss == "binary_cross_entropy" else int(random.choice((2, 3, 10, 17)))
    layers.append(Dense(classes))
    optimizer = OPTIMIZERS[random.integers(len(OPTIMIZERS))]
    target = samples_target(random, loss, classes, 2)
    metrics = ["accuracy"] if loss == "cross_entropy" and random.integers(2) else []
    step, finer = (
        TrainingStep(
            trace(Sequential(layers), [shape], dtype=dtype),
            objective(loss, metrics), optimizer, Samples((np.zeros((2, *shape), np.float32),), (target,)),
        )
        for dtype in ("float32", "float64")
    )  # fmt: skip
    model = RandomModel(seed, layers, step, finer, loss, shape, integers)
    for name, value in step.network.initial_parameters(seed).items():
        model.parameters[name] = (value + 0.1 * random.standard_normal(value.shape)).astype(np.float32)
        model.slots[name] = {
            slot: np.square(0.1 * random.standard_normal(value.shape)).astype(np.float32) for slot in step.slots[name]
        }
    return model


def drawn_shape(random: np.random.Generator) -> tuple[tuple[int, ...], bool]:
    """The shape of a sample, and whether samples are bytes."""
    rank = int(random.choice((1, 2, 3, 3, 3)))
    channels = int(random.choice((1, 2, 3, 4, 17)))
    side = [int(s) for s in random.choice((1, 2, 3, 5, 6, 7, 8, 11, 13), 2)]
    shape = {1: (int(random.choice((1, 2, 5, 16, 17, 40))),), 2: (side[0], channels), 3: (*side, channels)}[rank]
    return shape, bool(rank == 3 and random.integers(4) == 0)


def samples_target(random: np.random.Generator, loss: str, classes: int, batch: int) -> Array:
    if loss == "cross_entropy" or (loss == "squared_distance" and random.integers(2)):
        return random.integers(0, classes, batch).astype(random.choice(("int32", "int64")))
    if loss == "binary_cross_entropy":
        return random.integers(0, 2, (batch, 1)).astype(np.float32)
    return random.standard_normal((batch, classes)).astype(np.float32)


def samples_of(
    random: np.random.Generator, step: TrainingStep, shape: tuple[int, ...], integers: bool, batch: int
) -> Samples:
    """Samples with targets as the step has them."""
    if integers:
        x = random.integers(0, 256, (batch, *shape)).astype(np.uint8)
    else:
        x = random.standard_normal((batch, *shape)).astype(np.float32)
    (classes,) = inner(step.network.inference)
    (target,) = step.data.targets
    y = random.integers(0, classes, batch).astype(random.choice(("int32", "int64")))
    if target.dtype.floating and classes == 1:
        y = random.integers(0, 2, (batch, *inner(target))).astype(np.float32)
    elif target.dtype.floating:
        y = random.standard_normal((batch, *inner(target))).astype(np.float32)
    weight = None
    if random.integers(2):
        weight = (random.uniform(0, 2, batch) * (random.random(batch) < 0.8)).astype(np.float32)
    return Samples((x,), (y,), weight)


def inner(y: Any) -> tuple[int, ...]:
    """The shape of one sample."""
    return tuple(e for e in y.shape[1:] if isinstance(e, int))


def planted(samples: Samples, numbers: Mapping[int, float] | None = None) -> Samples:
    """The samples with numbers that are not finite, or very large, in a few places."""
    x = samples.inputs[0].astype(np.float32)
    for place, value in (numbers or {}).items():
        x.reshape(-1)[place % x.size] = value
    return Samples((x,), samples.targets, samples.weight)
