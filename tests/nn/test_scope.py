"""Names, sharing, state and randomness: what a scope promises to layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from chainrule.errors import GraphError, ShapeError, UsageError
from chainrule.execute import evaluate
from chainrule.graph.tensor import Tensor
from chainrule.nn import L2, Dense, Dropout, Layer, Scope, Sequential, trace
from chainrule.nn.scope import snake_case
from chainrule.ops.random import stream_of


def parameters(architecture, *shapes) -> list[str]:
    return list(trace(architecture, shapes or [(4,)]).parameters)


def test_layers_are_called_after_their_class_in_order_of_first_use():
    first, second = Dense(4, use_bias=False), Dense(4, use_bias=False)
    assert parameters(lambda x, scope: first(second(first(x, scope), scope), scope)) == [
        "dense/kernel",
        "dense_1/kernel",
    ]
    names = {"Dense": "dense", "Conv2D": "conv2d", "MaxPool2D": "max_pool2d", "AveragePooling2D": "average_pooling2d",
             "ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "BatchNormalization": "batch_normalization",
             "ZeroPadding2D": "zero_padding2d", "RMSNormalization": "rms_normalization", "SimpleRNN": "simple_rnn",
             "Conv2DTranspose": "conv2d_transpose", "PReLU": "prelu"}  # fmt: skip
    assert {name: snake_case(name) for name in names} == names


def test_automatic_names_give_way_to_chosen_ones():
    layers = [Dense(4, name="dense", use_bias=False), Dense(4, use_bias=False), Dense(4, name="out", use_bias=False)]
    assert parameters(Sequential(layers)) == ["dense/kernel", "dense_1/kernel", "out/kernel"]


def test_two_layers_may_not_have_one_name():
    with pytest.raises(GraphError, match="two layers are called 'out'"):
        trace(Sequential([Dense(4, name="out"), Dense(4, name="out")]), [(4,)])


def test_a_sequential_is_a_place_in_the_path_only_if_it_has_a_name():
    inner = [Dense(3, use_bias=False), Dense(2, use_bias=False)]
    assert parameters(Sequential([Sequential(inner)])) == ["dense/kernel", "dense_1/kernel"]
    block = Sequential(inner, name="block")
    assert parameters(block) == ["block/dense/kernel", "block/dense_1/kernel"]
    assert [(r.path, r.kind) for r in trace(block, [(4,)]).layers] == [
        ("block", "Sequential"),
        ("block/dense", "Dense"),
        ("block/dense_1", "Dense"),
    ]


def test_a_layer_of_layers_has_them_under_its_own_path_wherever_they_are_used_again():
    @dataclass(frozen=True, eq=False)
    class Residual(Layer):
        inner: Layer

        def apply(self, x: Tensor, scope: Scope) -> Tensor:
            return x + self.inner(x, scope)

    shared = Dense(4, use_bias=False)
    network = trace(Sequential([Residual(shared), Residual(shared), shared]), [(4,)])
    assert list(network.parameters) == ["residual/dense/kernel"]
    assert [record.path for record in network.layers] == ["residual", "residual/dense", "residual_1"]


def test_equality_is_not_identity():
    """A layer of a user that forgot eq=False still has parameters of its own."""

    @dataclass(frozen=True)
    class Scale(Layer):
        def apply(self, x: Tensor, scope: Scope) -> Tensor:
            return x * scope.parameter("factor", (), "ones")

    assert Scale() == Scale()
    assert parameters(Sequential([Scale(), Scale()])) == ["scale/factor", "scale_1/factor"]


def test_layers_made_inside_of_the_function_are_the_same_in_both_modes():
    def architecture(x: Tensor, scope: Scope) -> Tensor:
        return Dense(3)(Dense(4, "relu")(x, scope), scope)

    assert parameters(architecture) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]


def test_an_output_for_training_only():
    body, auxiliary, main = Dense(4), Dense(3), Dense(3)

    def architecture(x: Tensor, scope: Scope) -> Tensor | tuple[Tensor, ...]:
        h = body(x, scope)
        extra = auxiliary(h, scope) if scope.training else None
        y = main(h, scope)
        return y if extra is None else (y, extra)

    network = trace(architecture, [(4,)])
    assert isinstance(network.training, tuple)
    assert len(network.parameters) == 6
    assert [record.path for record in network.layers] == ["dense", "dense_2"]  # dense_1 is the auxiliary one


def test_modes_that_use_other_layers_made_anew_are_refused():
    def architecture(x: Tensor, scope: Scope) -> Tensor:
        if scope.training:
            Dense(3)(x, scope)
        return Dense(3)(x, scope)

    with pytest.raises(GraphError, match=r"uses dense, dense_1 in training but dense in inference"):
        trace(architecture, [(4,)])


def test_an_error_says_which_layer_once_and_where_it_was_built():
    with pytest.raises(ShapeError) as caught:
        trace(Sequential([Sequential([Dense(4), Dense(4, name="deep")], name="block")]), [()])
    assert str(caught.value).startswith("layer 'block/dense', built at test_scope.py:")
    assert str(caught.value).count("layer '") == 1


def test_a_shared_layer_needs_inputs_of_one_size():
    layer = Dense(3)
    with pytest.raises(ShapeError, match=r"'dense/kernel' has shape \(4, 3\), but is wanted here with shape \(3, 3\)"):
        trace(Sequential([layer, layer]), [(4,)])


def test_a_function_may_declare_parameters_itself():
    def architecture(x: Tensor, scope: Scope) -> Tensor:
        return x @ scope.parameter("w", (4, 2), "orthogonal")

    assert parameters(architecture) == ["w"]


# ------------------------------------------------------------------------------------------------ state and scalars
@dataclass(frozen=True, eq=False)
class Counter(Layer):
    """Adds how often it has been trained on."""

    def apply(self, x: Tensor, scope: Scope) -> Tensor:
        count = scope.state("count", (), 0.0)
        if scope.training:
            scope.update("count", count + 1.0)
        return x + count


def test_a_second_use_sees_the_state_that_the_first_one_left():
    counter = Counter()
    network = trace(lambda x, scope: counter(counter(x, scope), scope), [()])
    state = network.states["counter/count"]
    values = evaluate(
        [network.updates["counter/count"], network.training, network.inference],
        {network.inputs[0]: [0.0], state.tensor: 5.0},
    )
    assert [float(v.squeeze()) for v in values] == [7.0, 11.0, 10.0]
    assert network.initial_states()["counter/count"].shape == ()


def test_state_is_declared_before_it_is_updated_and_keeps_its_shape():
    with pytest.raises(UsageError, match="no state is called 'count'"):
        trace(lambda x, scope: scope.update("count", x), [()])

    def grow(x: Tensor, scope: Scope) -> Tensor:
        scope.state("s", (2,), 0.0)
        scope.update("s", x)
        return x

    with pytest.raises(ShapeError, match=r"the state 's' has shape \(2,\)"):
        trace(grow, [(2,)])


def test_parameters_do_not_depend_on_the_size_of_the_batch():
    with pytest.raises(ShapeError, match=r"'w' cannot have shape \(batch,\)"):
        trace(lambda x, scope: x + scope.parameter("w", x.shape, "zeros"), [()])


def test_a_penalty_counts_once_and_its_factor_is_an_input():
    layer = Dense(4, use_bias=False, kernel_penalty=L2(0.5))
    network = trace(Sequential([layer, layer]), [(4,)])
    assert network.scalar_values() == {"dense/kernel_penalty": 0.5}
    (penalty,) = network.penalties
    theta = np.arange(16.0).reshape(4, 4)
    factor, kernel = network.scalars["dense/kernel_penalty"].tensor, network.parameters["dense/kernel"].tensor
    for value in (0.5, 2.0):
        assert evaluate([penalty], {factor: value, kernel: theta})[0] == value * np.sum(theta**2)


def test_a_penalty_is_one_number():
    with pytest.raises(ShapeError, match="a penalty is one number"):
        trace(lambda x, scope: scope.penalty(x), [(2,)])


def test_each_call_has_a_stream_of_its_own_that_depends_on_the_path_alone():
    streams: dict[bool, list[int]] = {True: [], False: []}

    @dataclass(frozen=True, eq=False)
    class Noisy(Layer):
        def apply(self, x: Tensor, scope: Scope) -> Tensor:
            streams[scope.training].append(scope.stream())
            return x

    noisy = Noisy(name="noise")
    trace(Sequential([noisy, Noisy(), noisy]), [()])
    assert streams[True] == streams[False] == [stream_of("noise#0"), stream_of("noisy#0"), stream_of("noise#1")]


def test_two_dropouts_of_one_network_are_independent():
    network = trace(Sequential([Dropout(0.5), Dropout(0.5)]), [(10_000,)])
    bindings = {network.inputs[0]: np.ones((1, 10_000)), network.seed: 0, network.step: 0}
    bindings |= {s.tensor: s.default for s in network.scalars.values()}
    kept = np.count_nonzero(evaluate([network.training], bindings)[0]) / 10_000
    assert abs(kept - 0.25) < 5 * (0.25 * 0.75 / 10_000) ** 0.5
