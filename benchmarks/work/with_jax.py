"""JAX's work: one jitted step, Adam by hand."""

# mypy: disable-error-code="import-not-found, import-untyped"
# What is measured need not be installed where types are checked.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.turns import Turns
from benchmarks.work import task

Parameters = list[tuple[Any, Any]]
_LENET5 = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
_MLP = [(784, 512), (512, 256), (256, 10)]


def initial(shapes: Sequence[tuple[int, ...]], parameters: int) -> Parameters:
    """Kernels and biases, uniform up to 1/√fan-in."""
    random = np.random.default_rng(0)
    bounds = [float(np.prod(shape[:-1])) ** -0.5 for shape in shapes]
    found = [
        (jnp.asarray(random.uniform(-b, b, s), jnp.float32), jnp.zeros(s[-1], jnp.float32))
        for s, b in zip(shapes, bounds, strict=True)
    ]
    assert sum(w.size + b.size for w, b in found) == parameters
    return found


def lenet5(parameters: Parameters, x: Any) -> Any:
    """chainrule.nn.lenet5, channels last."""
    *convolutions, (w3, b3), (w4, b4), (w5, b5) = parameters
    for (w, b), padding in zip(convolutions, ((2, 2), (0, 0)), strict=True):
        x = lax.conv_general_dilated(x, w, (1, 1), (padding, padding), dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = lax.reduce_window(jax.nn.relu(x + b), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = jax.nn.relu(x.reshape(x.shape[0], -1) @ w3 + b3)
    return jax.nn.relu(x @ w4 + b4) @ w5 + b5


def mlp(parameters: Parameters, x: Any) -> Any:
    """784-512-256-10."""
    *hidden, (w, b) = parameters
    for wh, bh in hidden:
        x = jax.nn.relu(x @ wh + bh)
    return x @ w + b


def lenet5_steps(turns: Turns, batch: int) -> None:
    """Complete training steps of LeNet-5."""
    _steps(turns, lenet5, initial(_LENET5, task.LENET5), task.step_images(flat=False), batch)


def mlp_steps(turns: Turns, batch: int) -> None:
    """Complete training steps of 784-512-256-10."""
    _steps(turns, mlp, initial(_MLP, task.MLP), task.step_images(flat=True), batch)


def _steps(turns: Turns, network: Callable[..., Any], parameters: Parameters, data: Any, batch: int) -> None:
    def loss(parameters: Parameters, x: Any, y: Any) -> Any:
        scores = jax.nn.log_softmax(network(parameters, x))
        return -jnp.take_along_axis(scores, y[:, None], 1).mean()

    def step(state: Any, x: Any, y: Any) -> Any:
        parameters, m, v, t = state
        gradient, t = jax.grad(loss)(parameters, x, y), t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)

        def moved(p: Any, m: Any, v: Any) -> Any:
            return p - task.RATE * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)

        return jax.tree.map(moved, parameters, m, v), m, v, t

    jitted = jax.jit(step, donate_argnums=0)
    x, y = data
    batches = [
        (jnp.asarray(x[start : start + batch]), jnp.asarray(y[start : start + batch], jnp.int32))
        for start in range(0, len(x), batch)
    ]
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state: Any = (parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))
    while True:
        for one_x, one_y in batches:
            state = jitted(state, one_x, one_y)
        jax.block_until_ready(state)
        turns.done(len(batches))
