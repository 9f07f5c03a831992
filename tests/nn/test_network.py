"""A traced network: inputs, outputs, first values, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.errors import UsageError
from chainrule.execute import evaluate
from chainrule.graph.dtype import float64, int64
from chainrule.graph.extent import batch
from chainrule.graph.traversal import topological
from chainrule.nn import BatchNormalization, Dense, Dropout, Network, Parameter, Sequential, trace
from chainrule.ops.parts import concatenate
from tests.nn.harness import run, samples


def test_several_inputs_and_outputs_are_tuples():
    left, right, top = Dense(3), Dense(3), Dense(2)

    def architecture(inputs, scope):
        a, b = inputs
        h = concatenate([left(a, scope), right(b, scope)], axis=-1)
        return top(h, scope), h

    network = trace(architecture, [(4,), (5,)])
    assert [(x.name, x.shape) for x in network.inputs] == [("x0", (batch, 4)), ("x1", (batch, 5))]
    assert isinstance(network.inference, tuple)
    assert [y.shape for y in network.inference] == [(batch, 2), (batch, 6)]


def test_both_modes_stand_on_the_same_inputs_and_parameters():
    """Training and inference differ in what layers do, and in nothing else."""
    network = trace(Sequential([Dense(4), Dropout(0.5), Dense(3)]), [(2,)])
    learned = {p.tensor for p in network.parameters.values()}
    inference, training = (set(topological([y])) for y in (network.inference, network.training))
    assert learned | set(network.inputs) <= inference & training
    assert {network.seed, network.step} <= training
    assert not {network.seed, network.step} & inference
    assert (network.seed.dtype, network.step.shape) == (int64, ())


def test_the_seed_decides_about_every_parameter_by_its_name():
    def network(*units: int) -> Network:
        return trace(Sequential([Dense(u, name=f"d{u}") for u in units]), [(4,)])

    first, again, other = (network(3).initial_parameters(seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["d3/kernel"], again["d3/kernel"])
    assert (first["d3/kernel"] != other["d3/kernel"]).any()
    more = network(3, 5).initial_parameters(1)
    np.testing.assert_array_equal(first["d3/kernel"], more["d3/kernel"])  # whatever stands beside it
    assert more["d5/kernel"].dtype == np.float32
    assert not more["d5/bias"].any()
    equal_shapes = trace(Sequential([Dense(4), Dense(4)]), [(4,)]).initial_parameters(1)
    assert (equal_shapes["dense/kernel"] != equal_shapes["dense_1/kernel"]).any()


def test_a_network_in_double_precision():
    network = trace(Sequential([Dense(3, "tanh"), BatchNormalization()]), [(2,)], dtype="float64")
    assert network.inputs[0].dtype is float64
    assert {v.dtype for v in network.initial_parameters(0).values()} == {np.dtype("float64")}
    assert {v.dtype for v in network.initial_states().values()} == {np.dtype("float64")}
    assert run(network, samples((4, 2)), training=True).dtype == np.float64


def test_a_loaded_parameter_has_no_first_value():
    network = trace(Dense(3), [(2,)])
    loaded = {n: Parameter(p.tensor) for n, p in network.parameters.items()}
    network = Network(**{**vars(network), "parameters": loaded})
    with pytest.raises(UsageError, match="'dense/kernel' was loaded with its value"):
        network.initial_parameters(0)


@pytest.mark.parametrize("given", [None, 3.0, [], (None,)])
def test_an_architecture_without_a_tensor_is_refused(given):
    with pytest.raises(UsageError, match="should give a tensor"):
        trace(lambda x, scope: given, [(2,)])


def test_one_neuron():
    """y = f(Σ wᵢ xᵢ + b)."""
    network = trace(Dense(1, "tanh"), [(2,)])
    w, b = (network.parameters[f"dense/{name}"].tensor for name in ("kernel", "bias"))
    (y,) = evaluate([network.inference], {network.inputs[0]: [[1.0, 2.0]], w: [[0.5], [-0.25]], b: [0.125]})
    np.testing.assert_allclose(y, [[np.tanh(0.125)]], rtol=1e-6)
