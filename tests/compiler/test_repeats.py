"""What lives from phase to phase: the results of convolutions, and no map of them."""

from __future__ import annotations

import numpy as np

from chainrule import ops
from chainrule.autodiff import value_and_grad
from chainrule.compiler.pipeline import Compiled, compiled
from chainrule.compiler.target import detect
from chainrule.execute.native import NativeProgram
from chainrule.execute.reference import Program
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor

X = input_tensor("x", (batch, 6, 6, 2))
W = input_tensor("w", (3, 3, 2, 4))
GAMMA = input_tensor("gamma", (4,))


def normalized(features: Tensor, gamma: Tensor) -> Tensor:
    axes = (0, 1, 2)
    return ops.normalize(features, ops.mean(features, axes), ops.variance(features, axes), gamma)


def loss(w: Tensor, gamma: Tensor) -> Tensor:
    return ops.mean(ops.square(ops.relu(normalized(ops.conv2d(X, w), gamma))))


def kept(program: Compiled) -> set[str]:
    """What a program holds for the whole batch: in lanes, chunk by chunk."""
    return {b.name for b, place in program.layout.places.items() if place.arena == "batch" and len(b.shape) > 1}


def test_of_a_normalised_layer_the_convolution_is_kept_and_nothing_else():
    value, gradients = value_and_grad(loss, (0, 1))(W, GAMMA)
    program = compiled([value, *gradients], {}, None, detect())
    assert kept(program) == {"conv2d"}


def test_a_gradient_of_a_normalisation_goes_through_its_elements_in_two_sums():
    value, gradients = value_and_grad(loss, (0, 1))(W, GAMMA)
    nests = [n for phase in compiled([value, *gradients], {}, None, detect()).phases for n in phase.nests]
    made = [n.outputs[0].buffer for n in nests if n.outputs[0].accumulate]
    by_channel = [b for b in made if b.shape[1:2] == GAMMA.shape]
    assert len(by_channel) == 3 + 2  # the mean, mean and mean square of deviations; and by offset and by scale


def test_what_is_costly_is_kept():
    """Random numbers cost more to be made again than to be read."""
    dropped = ops.inverted_dropout(X, 0.5, seed=1)
    deviation = dropped - ops.mean(dropped, 0)
    assert kept(compiled([ops.mean(ops.square(deviation))], {}, None, detect())) == {"divide"}


def test_maps_that_are_computed_again_give_the_same_numbers():
    random = np.random.default_rng(0)
    bindings = {
        x: random.standard_normal((5, *x.shape[1:]) if x is X else x.shape).astype("float32") for x in (X, W, GAMMA)
    }
    value, gradients = value_and_grad(loss, (0, 1))(W, GAMMA)
    outputs = [value, *gradients]
    for native, reference in zip(NativeProgram(outputs).run(bindings), Program(outputs).run(bindings), strict=True):
        np.testing.assert_allclose(native, reference, rtol=2e-5, atol=1e-6)
