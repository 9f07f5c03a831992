"""Kernels that do the same to other memory are one C function."""

from __future__ import annotations

import re

import pytest

from chainrule import ops
from chainrule.autodiff import grad
from chainrule.compiler.pipeline import compiled
from chainrule.compiler.target import available
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor

W = input_tensor("w", (8, 8))


def recurrence(w: Tensor, steps: int) -> Tensor:
    """h ← tanh(h·w + x[t]), the series given whole, as recurrent layers have it."""
    x = input_tensor("x", (batch, steps, 8))
    h = x[:, 0]
    for t in range(1, steps):
        h = ops.tanh(ops.matmul(h, w) + x[:, t])
    return ops.mean(ops.sum(h * h, axis=1))


def residual(w: Tensor, blocks: int) -> Tensor:
    """h ← h + relu(h·w)."""
    h = input_tensor("x", (batch, 8))
    for _ in range(blocks):
        h = h + ops.relu(ops.matmul(h, w))
    return ops.mean(ops.sum(h * h, axis=1))


def functions(outputs: list[Tensor]) -> tuple[int, int]:
    """How many kernels a program has, and how many functions they call."""
    program = compiled(outputs, {}, None, available()[0])
    return len(program.kernels), len(re.findall(r"^void k\d+\(.*\{$", program.source, re.MULTILINE))


@pytest.mark.parametrize("network", [recurrence, residual])
def test_a_longer_network_has_more_kernels_but_no_more_functions(network):
    kernels, texts = functions([grad(network)(W, 6)])
    more_kernels, more_texts = functions([grad(network)(W, 12)])
    assert more_kernels > kernels
    assert more_texts == texts
