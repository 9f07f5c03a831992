"""What every layer must do, whichever it is: one set of checks for those of the package and those of users."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from chainrule.autodiff import check_gradients
from chainrule.execute.reference import Program
from chainrule.graph.dtype import float64
from chainrule.graph.extent import batch, concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.graph.traversal import topological
from chainrule.nn import Layer, Network, Scope, trace
from chainrule.nn.scope import Declarations
from tests.counts import full

BATCH = 3


@dataclass(frozen=True, eq=False)
class Case:
    """A layer, and what is to be expected of it on samples of one shape."""

    layer: Layer
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: dict[str, tuple[int, ...]]
    differentiable: bool = True
    below: int | None = None  # whole numbers from 0 to here are its inputs

    def of(self, x: Array) -> Array:
        """Numbers made ready to be an input."""
        return x if self.below is None else np.floor(np.abs(x) * 10) % self.below

    def __str__(self) -> str:
        return type(self.layer).__name__


def samples(shape: Iterable[int], seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(tuple(shape))


def bindings(network: Network, *x: Array, seed: int = 0, step: int = 0) -> dict[Tensor, Array]:
    """First values for everything that the network needs, and x."""
    values = dict(zip(network.inputs, x, strict=True))
    values |= {network.parameters[n].tensor: v for n, v in network.initial_parameters(seed).items()}
    values |= {network.states[n].tensor: v for n, v in network.initial_states().items()}
    values |= {network.scalars[n].tensor: np.asarray(v) for n, v in network.scalar_values().items()}
    return values | {network.seed: np.asarray(seed), network.step: np.asarray(step)}


def run(network: Network, *x: Array, training: bool = False, step: int = 0) -> Array:
    output = network.training if training else network.inference
    assert isinstance(output, Tensor)
    return Program([output]).run(bindings(network, *x, step=step))[0]


# --------------------------------------------------------------------------------------------------------- checks
def check_layer(case: Case) -> None:
    check_types(case)
    check_values(case)
    check_modes(case)
    check_sharing(case)
    check_derivatives(case)


def check_types(case: Case) -> None:
    """Shapes and parameter counts, in both modes, and what a summary would say."""
    network = trace(case.layer, [case.input_shape])
    prefix = network.layers[0].path
    assert {n: p.tensor.shape for n, p in network.parameters.items()} == {
        f"{prefix}/{name}": shape for name, shape in case.parameters.items()
    }
    assert network.parameter_count == sum(math.prod(shape) for shape in case.parameters.values())
    for output in (network.training, network.inference):
        assert isinstance(output, Tensor)
        assert output.shape == (batch, *case.output_shape)
    record = network.layers[0]
    assert record.kind == type(case.layer).__name__
    assert record.output_shape == (batch, *case.output_shape)
    assert record.parameters == tuple(network.parameters)


def check_values(case: Case) -> None:
    """Finite values of the shape that was announced, for any number of samples, which do not see each other."""
    network = trace(case.layer, [case.input_shape])
    x = case.of(samples((BATCH, *case.input_shape)))
    for training in (False, True):
        for count in (1, BATCH):
            y = run(network, x[:count], training=training)
            assert y.shape == (count, *case.output_shape)
            assert y.dtype == np.float32
            assert np.isfinite(y).all()
    np.testing.assert_allclose(run(network, x)[:1], run(network, x[:1]), rtol=1e-5, atol=1e-6)


def check_modes(case: Case) -> None:
    """Inference is neither random nor does it change anything."""
    network = trace(case.layer, [case.input_shape])
    assert isinstance(network.inference, Tensor)
    assert not {network.seed, network.step} & set(topological([network.inference]))
    x = case.of(samples((BATCH, *case.input_shape)))
    np.testing.assert_array_equal(run(network, x, step=1), run(network, x, step=2))
    assert network.updates.keys() == network.states.keys()


def check_sharing(case: Case) -> None:
    """One object used twice has one set of parameters; two alike have two, whatever they think of their equality."""
    alike = replace(case.layer, name=None)

    def twice(first: Layer, second: Layer) -> Network:
        return trace(lambda x, scope: (first(x, scope), second(x, scope)), [case.input_shape])

    assert len(twice(case.layer, case.layer).parameters) == len(case.parameters)
    assert len(twice(case.layer, case.layer).layers) == 1
    assert len(twice(case.layer, alike).parameters) == 2 * len(case.parameters)
    assert len(twice(case.layer, alike).layers) == 2


def check_derivatives(case: Case) -> None:
    """Both modes of differentiation against central differences, by the input and every parameter, in float64."""
    if not case.differentiable:
        return
    declared = Declarations(float64)
    x = input_tensor("x", (BATCH, *case.input_shape), float64)
    outputs = {training: case.layer(x, Scope(declared, training=training)) for training in (False, True)}
    parameters = [p.tensor for p in declared.parameters.values()]
    fixed = {s.tensor: tensor(np.full(s.tensor.shape, s.value)) for s in declared.states.values()}
    fixed |= {s.tensor: tensor(np.float64(s.default)) for s in declared.scalars.values()}
    fixed |= {declared.seed: tensor(1), declared.step: tensor(2)}
    arguments = parameters if case.below else [x, *parameters]  # whole numbers have no derivative
    fixed |= {x: tensor(case.of(samples(concrete_shape(x.shape, None))))} if case.below else {}
    point = [samples(concrete_shape(a.shape, None), seed) for seed, a in enumerate(arguments)]
    for y in outputs.values():

        def function(*values: Tensor, y: Tensor = y) -> Tensor:
            replaced = dict(zip(arguments, values, strict=True))
            return substituted([y], fixed | replaced)[0]

        check_gradients(function, *point, directions=3 if full() else 1)
