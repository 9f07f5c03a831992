"""Recurrent layers against loops in NumPy, and against numbers from PyTorch 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from chainrule.errors import ShapeError, UsageError
from chainrule.execute.reference import Program
from chainrule.graph.extent import concrete_shape
from chainrule.nn import GRU, LSTM, Bidirectional, Dense, Network, SimpleRNN, trace
from tests.nn.harness import bindings, run, samples

X = np.array([[[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]])

PYTORCH = {  # torch.nn.RNN(2, 2) and so on, with weights from the rules below, at each of three steps
    SimpleRNN: [[-0.761594156, 0.537049567], [0.7429162275, -0.8542783589], [-0.0457178445, 0.5280671332]],
    LSTM: [[0.1391160397, -0.0836862076], [0.2492423529, 0.2354376528], [0.3126366223, 0.3844179134]],
    GRU: [[0.2104468046, -0.1177108376], [0.2923422884, 0.6650962403], [0.3042755861, 0.7443929052]],
}


def torch_weights(kind: type, gates: int) -> dict[str, np.ndarray]:
    """weight_ih, weight_hh, bias_ih and bias_hh by rule, as our parameters; torch's GRU has r in front of z."""
    rows = 2 * gates
    kernel = (np.arange(rows * 2.0).reshape(rows, 2) * 5 % 7 - 3) / 5
    recurrent = (np.arange(rows * 2.0).reshape(rows, 2) * 3 % 8 - 3) / 5
    bias, recurrent_bias = np.arange(rows) / 10, np.arange(rows) % 3 / 10
    order = [2, 3, 0, 1, 4, 5] if kind is GRU else list(range(rows))
    own = {"kernel": kernel[order].T, "recurrent_kernel": recurrent[order].T}
    if kind is GRU:
        return {**own, "bias": bias[order], "recurrent_bias": recurrent_bias[order]}
    return {**own, "bias": bias + recurrent_bias}


@pytest.mark.parametrize("kind", PYTORCH)
def test_values_are_those_of_pytorch(kind):
    network = trace(kind(2, return_sequences=True, name="r"), [(3, 2)], dtype="float64")
    values = bindings(network, X)
    values |= {network.parameters[f"r/{name}"].tensor: x for name, x in torch_weights(kind, kind.gates).items()}
    np.testing.assert_allclose(Program([network.inference]).run(values)[0], [PYTORCH[kind]], atol=1e-9)


def _simple(p: dict[str, Any], x: np.ndarray, state: Any) -> Any:
    return (np.tanh(x @ p["kernel"] + state[0] @ p["recurrent_kernel"] + p["bias"]),)


def _lstm(p: dict[str, Any], x: np.ndarray, state: Any) -> Any:
    i, f, g, o = np.split(x @ p["kernel"] + state[0] @ p["recurrent_kernel"] + p["bias"], 4, -1)
    cell = expit(f) * state[1] + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(cell), cell


def _gru(p: dict[str, Any], x: np.ndarray, state: Any) -> Any:
    x_z, x_r, x_n = np.split(x @ p["kernel"] + p["bias"], 3, -1)
    h_z, h_r, h_n = np.split(state[0] @ p["recurrent_kernel"] + p["recurrent_bias"], 3, -1)
    z, new = expit(x_z + h_z), np.tanh(x_n + expit(x_r + h_r) * h_n)
    return (z * state[0] + (1 - z) * new,)


STEPS: dict[type, Callable[..., Any]] = {SimpleRNN: _simple, LSTM: _lstm, GRU: _gru}


def parameters(network: Network, path: str, seed: int) -> dict[str, np.ndarray]:
    """Random values for the parameters under a path, by their last names."""
    own = [name for name in network.parameters if name.startswith(f"{path}/")]
    return {
        name.rpartition("/")[2]: samples(concrete_shape(network.parameters[name].tensor.shape, None), seed + k)
        for k, name in enumerate(own)
    }


def along(kind: type, p: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """All outputs, in order."""
    state, outputs = (np.zeros((len(x), 3)),) * 2, []
    for t in range(x.shape[1]):
        state = STEPS[kind](p, x[:, t], state)
        outputs.append(state[0])
    return np.stack(outputs, 1)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", STEPS)
def test_values_are_those_of_the_loop(kind, backwards):
    x = samples((2, 5, 4))
    wanted = None
    for sequences in (True, False):
        network = trace(
            kind(3, return_sequences=sequences, go_backwards=backwards, name="r"), [(5, 4)], dtype="float64"
        )
        p = parameters(network, "r", 1)
        values = bindings(network, x) | {network.parameters[f"r/{name}"].tensor: v for name, v in p.items()}
        found = Program([network.inference]).run(values)[0]
        wanted = along(kind, p, x[:, ::-1] if backwards else x)
        np.testing.assert_allclose(found, wanted if sequences else wanted[:, -1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "ave"])
def test_both_directions_have_parameters_of_their_own(merge, sequences):
    network = trace(Bidirectional(GRU(3, return_sequences=sequences), merge, name="both"), [(5, 4)], dtype="float64")
    assert list(network.parameters)[::4] == ["both/forward/kernel", "both/backward/kernel"]
    x = samples((2, 5, 4))
    values, found = bindings(network, x), {}
    for name, seed, series in (("forward", 1, x), ("backward", 11, x[:, ::-1])):
        p = parameters(network, f"both/{name}", seed)
        values |= {network.parameters[f"both/{name}/{own}"].tensor: v for own, v in p.items()}
        outputs = along(GRU, p, series)
        found[name] = (outputs if name == "forward" else outputs[:, ::-1]) if sequences else outputs[:, -1]
    a, b = found["forward"], found["backward"]
    wanted = {"concat": np.concatenate([a, b], -1), "sum": a + b, "mul": a * b, "ave": (a + b) / 2}[merge]
    np.testing.assert_allclose(Program([network.inference]).run(values)[0], wanted, rtol=1e-12, atol=1e-14)


def test_a_pattern_used_twice_makes_two_layers():
    pattern = LSTM(2)
    layers = Bidirectional(pattern), Bidirectional(pattern)
    network = trace(lambda x, scope: (layers[0](x, scope), layers[1](x, scope), layers[0](x, scope)), [(3, 2)])
    assert len(network.parameters) == 12


def test_the_forget_gate_begins_open():
    initial = trace(LSTM(2), [(3, 2)]).initial_parameters(0)
    np.testing.assert_array_equal(initial["lstm/bias"], [0, 0, 1, 1, 0, 0, 0, 0])
    initial = trace(LSTM(2, unit_forget_bias=False), [(3, 2)]).initial_parameters(0)
    np.testing.assert_array_equal(initial["lstm/bias"], np.zeros(8))
    kernel = initial["lstm/recurrent_kernel"]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(2), atol=1e-6)


def test_one_step_sees_no_state():
    network = trace(SimpleRNN(2, name="r"), [(1, 2)])
    kernel = network.initial_parameters(0)["r/kernel"]
    np.testing.assert_allclose(run(network, X[:, :1]), np.tanh(X[:, 0] @ kernel), rtol=1e-5)


def test_what_is_no_series_is_refused():
    with pytest.raises(ShapeError, match=r"x \(batch, 4\) needs the axes \(batch, steps, features\)"):
        trace(LSTM(2), [(4,)])
    with pytest.raises(ShapeError, match="at least 1"):
        trace(GRU(2), [(0, 4)])
    wrong: Any = Dense(2)
    with pytest.raises(UsageError, match="takes a SimpleRNN, LSTM or GRU, but was given Dense"):
        Bidirectional(wrong)
    with pytest.raises(UsageError, match="choose one of: concat, sum, mul, ave"):
        Bidirectional(GRU(2), "max")
