"""PyTorch's networks of one kind of layer compute what ours do, with the same numbers. Needs PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from benchmarks.work import layers
from benchmarks.work.our_layers import NETWORKS


def _turned(name: str, array: np.ndarray) -> np.ndarray:
    """A parameter with PyTorch's axes: (out, in, window…)."""
    if array.ndim == 1:
        return array
    if name.startswith("depthwise"):
        array = array.swapaxes(-1, -2)
    return np.moveaxis(array, (-1, -2), (0, 1))


def _together(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Queries, keys and values of each encoder's block in one matrix; its normalisations stand at its end."""
    found = []
    for start in range(0, len(arrays) - 2, 16):
        block = arrays[start : start + 16]
        found += [np.concatenate(block[0:6:2]), np.concatenate(block[1:6:2]), *block[6:8], *block[10:14]]
        found += [*block[8:10], *block[14:16]]
    return [*found, *arrays[-2:]]


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_has_our_network(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from benchmarks.work import pytorch_layers

    task = layers.TASKS[name]
    model = cr.Model(NETWORKS[name](), task.shape)
    random = np.random.default_rng(0)
    for key, array in model.parameters.items():  # no bias is 0, no scale 1
        model.parameters[key] = (array + random.normal(0, 0.1, array.shape)).astype(np.float32)
    arrays = [_turned(key, array) for key, array in model.parameters.items()]
    if name == "attention":
        arrays = _together(arrays)
    if name == "lstm":
        arrays.insert(3, np.zeros(layers.LSTM_SECOND_BIAS, np.float32))
    network = pytorch_layers.NETWORKS[name]().eval()
    x = task.data()[0][:5]
    with torch.no_grad():
        for parameter, array in zip(network.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
        found = network(torch.from_numpy(np.moveaxis(x, -1, 1) if name in pytorch_layers.CHANNELS_FIRST else x)).numpy()
    if task.target is not None:
        found = np.moveaxis(found, 1, -1)
    np.testing.assert_allclose(found, model.predict(x, executor="reference"), rtol=1e-4, atol=1e-4)
