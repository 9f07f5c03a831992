"""Wrong calls of operations: what is said about them, compared with a snapshot.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/ops/test_messages.py` writes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import grad, vmap
from chainrule.graph.extent import batch
from chainrule.graph.tensor import input_tensor, tensor
from tests.refusals import refusals, said

SNAPSHOT = Path(__file__).parent / "messages.txt"

ROW, MATRIX, IMAGE = tensor(np.ones(3)), tensor(np.ones((2, 3))), tensor(np.ones((1, 8, 8, 3)))
SAMPLES = input_tensor("x", (batch, 3))
LABELS = tensor([0, 1, 2])

wrong: Any = ops  # called as the type checker would not allow
WRONG: dict[str, Callable[[], Any]] = {
    "add((2, 3), (4,))": lambda: MATRIX + np.ones(4),
    "add(x, 'text')": lambda: MATRIX + "text",
    "add(x, None)": lambda: MATRIX + None,
    "add(x)": lambda: ops.add(MATRIX),
    "uint8 + 300": lambda: tensor([1], "uint8") + 300,
    "tensor(ragged)": lambda: tensor([[1.0, 2.0], [3.0]]),
    "tensor(['a'], 'float32')": lambda: tensor(["a"], "float32"),
    "tensor(complex)": lambda: tensor([1j]),
    "tensor(list of tensors)": lambda: tensor([ROW, ROW]),
    "sum(list of tensors)": lambda: ops.sum([ROW, ROW]),
    "cast(x, 'float16')": lambda: ops.cast(ROW, "float16"),
    "cast(x, 'flaot32')": lambda: ops.cast(ROW, "flaot32"),
    "sum(axis=2)": lambda: ops.sum(MATRIX, axis=2),
    "sum(axis=(0, 0))": lambda: ops.sum(MATRIX, axis=(0, -2)),
    "sum(axis=1.5)": lambda: wrong.sum(MATRIX, axis=1.5),
    "sum(axis='rows')": lambda: wrong.sum(MATRIX, axis="rows"),
    "sum(number, axis=0)": lambda: ops.sum(1.0, axis=0),
    "max of nothing": lambda: ops.max(np.zeros((0, 3)), axis=0),
    "max over the batch": lambda: ops.max(SAMPLES, axis=0),
    "min of nothing": lambda: ops.min(np.zeros((0, 3)), axis=0),
    "min over the batch": lambda: ops.min(SAMPLES),
    "argmin of nothing": lambda: ops.argmin(np.zeros((2, 0))),
    "prod over the batch": lambda: ops.prod(SAMPLES, axis=0),
    "norm(order=0)": lambda: ops.norm(ROW, 0),
    "norm(order='fro')": lambda: wrong.norm(MATRIX, "fro"),
    "argmax(axis=None)": lambda: wrong.argmax(MATRIX, axis=None),
    "cumulative_sum over the batch": lambda: ops.cumulative_sum(SAMPLES, 0),
    "linear_recurrence of unequal lengths": lambda: ops.linear_recurrence(np.ones(2), ROW),
    "where(mask)": lambda: wrong.where(ROW > 0),
    "sort over the batch": lambda: ops.sort(SAMPLES, 0),
    "argsort of a number": lambda: ops.argsort(1.0),
    "squeeze an axis of 3": lambda: ops.squeeze(MATRIX, 1),
    "expand_dims(axis=4)": lambda: ops.expand_dims(MATRIX, 4),
    "expand_dims(axis=(0, 0))": lambda: ops.expand_dims(MATRIX, (0, 0)),
    "stack([])": lambda: ops.stack([]),
    "stack of unequal rows": lambda: ops.stack([ROW, MATRIX]),
    "unstack the batch": lambda: ops.unstack(SAMPLES),
    "split into unequal parts": lambda: ops.split(MATRIX, 2, axis=1),
    "split(sections=1.5)": lambda: wrong.split(MATRIX, 1.5),
    "flip the batch": lambda: ops.flip(SAMPLES),
    "roll(shift=0.5)": lambda: wrong.roll(ROW, 0.5, 0),
    "roll by two along one axis": lambda: ops.roll(MATRIX, (1, 2), 0),
    "repeat(-1)": lambda: ops.repeat(ROW, -1),
    "repeat by too few counts": lambda: ops.repeat(ROW, [1, 2]),
    "tile the batch": lambda: ops.tile(SAMPLES, (2, 1)),
    "moveaxis of one to two": lambda: ops.moveaxis(MATRIX, 0, (0, 1)),
    "swapaxes(0, 2)": lambda: ops.swapaxes(MATRIX, 0, 2),
    "meshgrid(indexing='yx')": lambda: ops.meshgrid(ROW, ROW, indexing="yx"),
    "diag of images": lambda: ops.diag(IMAGE),
    "diagonal of one axis": lambda: ops.diagonal(MATRIX, 0, 1, 1),
    "tril of a row": lambda: ops.tril(ROW),
    "reshape((2, 3), (4, 2))": lambda: ops.reshape(MATRIX, (4, 2)),
    "reshape((2, 3), (-1, 4))": lambda: ops.reshape(MATRIX, (-1, 4)),
    "reshape((2, 3), (-1, -1))": lambda: ops.reshape(MATRIX, (-1, -1)),
    "reshape((2, 3), (-2, -3))": lambda: ops.reshape(MATRIX, (-2, -3)),
    "reshape((2, 3), (2.0, 3))": lambda: wrong.reshape(MATRIX, (2.0, 3)),
    "reshape the batch away": lambda: ops.reshape(SAMPLES, (3, batch)),
    "flatten a number": lambda: ops.flatten(1.0),
    "transpose((0, 0))": lambda: ops.transpose(MATRIX, (0, 0)),
    "broadcast_to((2, 3), (3, 3))": lambda: ops.broadcast_to(MATRIX, (3, 3)),
    "concatenate of different rows": lambda: ops.concatenate([MATRIX, np.ones((2, 4))]),
    "concatenate([])": lambda: ops.concatenate([]),
    "concatenate numbers": lambda: ops.concatenate([1.0, 2.0]),
    "pad too few": lambda: ops.pad(MATRIX, [(1, 1)]),
    "pad(-1)": lambda: ops.pad(ROW, [(-1, 0)]),
    "pad(mode='reflct')": lambda: ops.pad(ROW, [(1, 1)], "reflct"),
    "pad nothing by its edge": lambda: ops.pad(np.zeros((2, 0)), [(0, 0), (1, 1)], "edge"),
    "pad one number": lambda: wrong.pad(ROW, 1),
    "x[5]": lambda: ROW[5],
    "x[0, 0, 0]": lambda: MATRIX[0, 0, 0],
    "x[1.5]": lambda: ROW[1.5],
    "x['a']": lambda: ROW["a"],
    "x[unknown mask]": lambda: SAMPLES[SAMPLES > 0.5],
    "x[mask of other sizes]": lambda: MATRIX[:, np.ones(2, bool)],
    "x[True]": lambda: ROW[True],
    "x[0, [3]]": lambda: MATRIX[0, [3]],
    "x[[0.5]]": lambda: MATRIX[0, [0.5]],
    "x[[0, 1], [0, 1, 2]]": lambda: MATRIX[[0, 1], [0, 1, 2]],
    "x[[0]] of the batch": lambda: SAMPLES[[0]],
    "take outside": lambda: ops.take(ROW, [3]),
    "take_along_axis of too few axes": lambda: ops.take_along_axis(MATRIX, [0, 1], 1),
    "x[..., ...]": lambda: MATRIX[..., ...],
    "x[0] of the batch": lambda: SAMPLES[0],
    "x[::0]": lambda: ROW[::0],
    "zeros((2, -1))": lambda: ops.zeros((2, -1)),
    "zeros((2, 1.5))": lambda: wrong.zeros((2, 1.5)),
    "arange(-1)": lambda: ops.arange(-1),
    "matmul((2, 3), (2, 3))": lambda: ops.matmul(MATRIX, MATRIX),
    "matmul(x, number)": lambda: ops.matmul(MATRIX, 2.0),
    "inner of unequal sizes": lambda: ops.inner(ROW, np.ones(4)),
    "tensordot(axes=3)": lambda: ops.tensordot(MATRIX, MATRIX, 3),
    "tensordot of unequal sizes": lambda: ops.tensordot(MATRIX, MATRIX, 1),
    "bilinear of unequal features": lambda: ops.bilinear(ROW, ROW, np.ones((2, 3, 4))),
    "einsum without the rest": lambda: ops.einsum("...i->i", MATRIX),
    "full of a text": lambda: ops.full(2, "3"),
    "full of nothing": lambda: ops.full(2, None),
    "full of too many": lambda: ops.full(2, [1, 2, 3]),
    "einsum without a text": lambda: wrong.einsum(MATRIX, "ij->i"),
    "einsum of too many": lambda: ops.einsum("ij,jk->ik", MATRIX),
    "einsum of unequal sizes": lambda: ops.einsum("ij,ij->", MATRIX, np.ones((2, 4))),
    "einsum of too few letters": lambda: ops.einsum("i->i", MATRIX),
    "conv2d of unequal depths": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 1, 6))),
    "conv2d of unequal groups": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 1, 6)), groups=2),
    "conv2d of too large a window": lambda: ops.conv2d(IMAGE, np.ones((9, 9, 3, 6))),
    "conv2d without a batch": lambda: ops.conv2d(np.ones((8, 8, 3)), np.ones((5, 5, 3, 6))),
    "conv2d(padding='sane')": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 3, 6)), padding="sane"),
    "conv2d(padding=-1)": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 3, 6)), padding=-1),
    "conv2d(strides=0)": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 3, 6)), strides=0),
    "conv2d(strides=1.5)": lambda: wrong.conv2d(IMAGE, np.ones((5, 5, 3, 6)), strides=1.5),
    "conv2d with the batch inside": lambda: ops.conv2d(input_tensor("x", (1, batch, 8, 3)), np.ones((5, 5, 3, 6))),
    "conv2d with an empty window": lambda: ops.conv2d(IMAGE, np.ones((0, 5, 3, 6))),
    "conv2d(padding=(1, 2, 3))": lambda: ops.conv2d(IMAGE, np.ones((5, 5, 3, 6)), padding=(1, 2, 3)),
    "conv2d_transpose of unequal depths": lambda: ops.conv2d_transpose(IMAGE, np.ones((2, 2, 3, 6))),
    "conv2d_transpose of unequal groups": lambda: ops.conv2d_transpose(IMAGE, np.ones((2, 2, 6, 3)), groups=2),
    "conv2d_transpose of a row": lambda: ops.conv2d_transpose(ROW, np.ones((2, 2, 6, 3))),
    "conv2d_transpose(padding=9)": lambda: ops.conv2d_transpose(IMAGE, np.ones((2, 2, 6, 3)), padding=9),
    "conv2d_transpose(output_padding=2)": lambda: ops.conv2d_transpose(
        IMAGE, np.ones((2, 2, 6, 3)), strides=2, output_padding=2
    ),
    "conv2d_transpose(output_padding=-1)": lambda: ops.conv2d_transpose(
        IMAGE, np.ones((2, 2, 6, 3)), output_padding=-1
    ),
    "depthwise_conv2d of other channels": lambda: ops.depthwise_conv2d(IMAGE, np.ones((3, 3, 4, 1))),
    "depthwise_conv1d of images": lambda: ops.depthwise_conv1d(IMAGE, np.ones((3, 3, 1))),
    "separable_conv2d of too few kernels": lambda: ops.separable_conv2d(
        IMAGE, np.ones((3, 3, 3, 2)), np.ones((1, 1, 3, 8))
    ),
    "unfold(window=9)": lambda: ops.unfold(IMAGE, 9),
    "fold of other positions": lambda: ops.fold(ops.unfold(IMAGE, 2), 8, 2, strides=2),
    "fold of rows of another length": lambda: ops.fold(IMAGE, 9, 2),
    "max_pool(window=9)": lambda: ops.max_pool(IMAGE, 9),
    "max_pool(padding=2) of windows of 2": lambda: ops.max_pool(IMAGE, 2, padding=2),
    "average_pool(dilation=0)": lambda: ops.average_pool(IMAGE, 2, dilation=0),
    "adaptive_max_pool(size=(2, 2, 2))": lambda: ops.adaptive_max_pool(IMAGE, (2, 2, 2)),
    "adaptive_average_pool of no pixels": lambda: ops.adaptive_average_pool(np.zeros((1, 0, 8, 3)), 2),
    "resize(size=0)": lambda: ops.resize(IMAGE, 0),
    "resize(method='bilinaer')": lambda: ops.resize(IMAGE, 4, method="bilinaer"),
    "resize to the nearest with align_corners": lambda: ops.resize(IMAGE, 4, align_corners=True),
    "resize of no pixels": lambda: ops.resize(np.zeros((1, 0, 8, 3)), 2),
    "resize of a matrix": lambda: ops.resize(MATRIX, 2),
    "max_pool of a matrix": lambda: ops.max_pool(MATRIX, 2),
    "average_pool(window=(2, 2, 2))": lambda: ops.average_pool(IMAGE, (2, 2, 2)),
    "gather at fractions": lambda: ops.gather(ROW, [0.5]),
    "gather outside": lambda: ops.gather(ROW, [3]).numpy(),
    "gather before": lambda: ops.gather(ROW, [-1]).numpy(),
    "scatter_add of unequal sizes": lambda: ops.scatter_add(ROW, [0, 1], 3),
    "scatter_add outside": lambda: ops.scatter_add(ROW, [0, 1, 7], 3).numpy(),
    "one_hot of fractions": lambda: ops.one_hot([0.5], 3),
    "one_hot(classes=-1)": lambda: ops.one_hot(LABELS, -1),
    "top_k of too few": lambda: ops.top_k(ROW, 4),
    "cross_entropy of other samples": lambda: ops.cross_entropy(MATRIX, LABELS),
    "cross_entropy of fractions": lambda: ops.cross_entropy(MATRIX, [0.0, 1.0]),
    "cross_entropy of a number": lambda: ops.cross_entropy(1.0, 1),
    "layer_normalization(axis=2)": lambda: ops.layer_normalization(MATRIX, axis=2),
    "group_normalization(groups=2) of 3 channels": lambda: ops.group_normalization(IMAGE, groups=2),
    "group_normalization of a row": lambda: ops.group_normalization(ROW, groups=1),
    "instance_normalization without positions": lambda: ops.instance_normalization(MATRIX),
    "local_response_normalization(size=0)": lambda: ops.local_response_normalization(IMAGE, 0),
    "attention of other features": lambda: ops.scaled_dot_product_attention(MATRIX, np.ones((4, 2)), MATRIX),
    "attention of too few values": lambda: ops.scaled_dot_product_attention(MATRIX, MATRIX, np.ones((3, 5))),
    "attention of a row": lambda: ops.attention_weights(ROW, MATRIX),
    "attention under a mask of another shape": lambda: ops.attention_weights(MATRIX, MATRIX, np.ones((3, 3), bool)),
    "attention under a mask of integers": lambda: ops.attention_weights(MATRIX, MATRIX, [[0, 1]]),
    "softmax of nothing": lambda: ops.softmax(np.zeros((2, 0))),
    "x & fractions": lambda: ROW & 1,
    "~fractions": lambda: ~ROW,
    "x > 0 & x < 1": lambda: ROW > 0 & ROW < 1,
    "x // text": lambda: ROW // "2",
    "(2, 3) % (4,)": lambda: MATRIX % np.ones(4),
    "atan2(x)": lambda: ops.atan2(ROW),
    "is_close((2, 3), (4,))": lambda: ops.is_close(MATRIX, np.ones(4)),
    "glu of three features": lambda: ops.glu(MATRIX),
    "glu over the batch": lambda: ops.glu(SAMPLES, 0),
    "glu of a number": lambda: ops.glu(1.0),
    "maxout of unequal groups": lambda: ops.maxout(MATRIX, 2),
    "maxout(pieces=0)": lambda: ops.maxout(MATRIX, 0),
    "maxout(pieces=1.5)": lambda: wrong.maxout(MATRIX, 1.5),
    "shift_right of fractions": lambda: ops.shift_right(ROW, 1),
    "random_shift of a matrix": lambda: ops.random_shift(MATRIX, seed=0),
    "uniform with a fraction for a seed": lambda: ops.uniform(2, seed=0.5),
    "uniform of integers": lambda: ops.uniform(2, seed=0, dtype="int32"),
    "vmap over seeds": lambda: vmap(lambda seed: ops.uniform(2, seed))(LABELS),
    "vmap over a number": lambda: vmap(ops.exp)(1.0),
    "broadcast_to a smaller shape": lambda: ops.broadcast_to(MATRIX, (1, 3)),
    "broadcast_to fewer axes": lambda: ops.broadcast_to(MATRIX, (3,)),
    "tensor([300], 'uint8')": lambda: tensor([300], "uint8"),
    "tensor(2**63)": lambda: tensor(2**63),
    "x[1.5:]": lambda: ROW[1.5:],
    "top_k(1.5)": lambda: wrong.top_k(ROW, 1.5),
    "uniform(stream=-1)": lambda: ops.uniform(2, 0, stream=-1),
    "uniform under two seeds": lambda: ops.uniform(2, [0, 1]),
    "dropout(rate=2)": lambda: ops.dropout(ROW, 2.0, seed=0),
    "dropout with a fraction for a seed": lambda: ops.dropout(ROW, 0.5, seed=0.5),
    "random_shift(pixels=-1)": lambda: ops.random_shift(IMAGE, seed=0, pixels=-1),
    "random_flip(rate=2)": lambda: ops.random_flip(IMAGE, 2.0, seed=0),
    "random_flip(axis=0)": lambda: ops.random_flip(IMAGE, 0.5, seed=0, axis=0),
    "random_flip(axis=4)": lambda: ops.random_flip(IMAGE, 0.5, seed=0, axis=4),
    "random_crop(size=9)": lambda: ops.random_crop(IMAGE, 9, seed=0),
    "center_crop(size=(2, 2, 2))": lambda: wrong.center_crop(IMAGE, (2, 2, 2)),
    "random_brightness(factor=-1)": lambda: ops.random_brightness(IMAGE, -1, seed=0),
    "random_brightness(value_range=(1, 0))": lambda: ops.random_brightness(IMAGE, 0.1, seed=0, value_range=(1, 0)),
    "random_contrast of a matrix": lambda: ops.random_contrast(MATRIX, 0.1, seed=0),
    "random_saturation of grey images": lambda: ops.random_saturation(IMAGE[..., :1], 0.1, seed=0),
    "random_hue(factor=0.7)": lambda: ops.random_hue(IMAGE, 0.7, seed=0),
    "cutout(size=-1)": lambda: ops.cutout(IMAGE, -1, seed=0),
    "rotate by too few angles": lambda: ops.rotate(np.zeros((2, 3, 3, 1)), [0.1]),
    "random_rotation(factor=45)": lambda: ops.random_rotation(IMAGE, 45, seed=0),
    "sample_images of other samples": lambda: ops.sample_images(IMAGE, np.zeros((2, 8, 8)), np.zeros((2, 8, 8))),
    "elastic_distortion(smoothness=0)": lambda: ops.elastic_distortion(IMAGE, 34, seed=0, smoothness=0),
    "mixing_shares(alpha=-1)": lambda: ops.mixing_shares(3, -1, seed=0),
    "mix_up of other samples": lambda: ops.mix_up(MATRIX, [0.5], 1),
    "roll_samples by a fraction": lambda: ops.roll_samples(ROW, 0.5),
    "roll_samples too far": lambda: ops.roll_samples(ROW, 4).numpy(),
    "cross_entropy of another class": lambda: ops.cross_entropy(MATRIX, [0, 3]),
    "if of several": lambda: bool(ROW > 0),
    "grad of a label": lambda: grad(lambda x: ops.sum(x))(LABELS),
}


@pytest.fixture(scope="module")
def snapshot() -> dict[str, str]:
    return refusals(SNAPSHOT, WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_refused_in_one_readable_paragraph(name, snapshot):
    text = said(WRONG[name])
    assert "\n" not in text
    assert text[-1] in ".?"
    assert text == snapshot[name], "if the change is meant: CHAINRULE_RENEW_SNAPSHOTS=1"


def test_no_message_is_left_over(snapshot):
    assert set(snapshot) == set(WRONG)
