"""PyTorch's versions of the models that come with chainrule compute what these do. Needs PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from benchmarks.work import models
from benchmarks.work.our_models import NETWORKS


def _turned(name: str, array: np.ndarray) -> np.ndarray:
    """A parameter with PyTorch's axes: (out, in, window…); maps of 7 × 7 in a row channels first."""
    if name in ("decoder/dense/kernel", "decoder/dense/bias"):
        array = np.moveaxis(array.reshape(*array.shape[:-1], 7, 7, 32), -1, -3).reshape(array.shape)
    if name == "encoder/code/kernel":
        array = np.moveaxis(array.reshape(7, 7, 32, -1), 2, 0).reshape(array.shape)
    return array if array.ndim == 1 or name.endswith("embeddings") else np.moveaxis(array, (-1, -2), (0, 1))


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_has_our_model(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from benchmarks.work import pytorch_models

    task = models.TASKS[name]
    model = cr.Model(NETWORKS[name](), task.shape)
    random = np.random.default_rng(0)
    for key, array in model.parameters.items():  # no bias is 0, no scale 1
        model.parameters[key] = (array + random.normal(0, 0.1, array.shape)).astype(np.float32)
    network = pytorch_models.NETWORKS[name]().eval()
    x, _ = task.data()
    x = tuple(part[:5] for part in x) if isinstance(x, tuple) else x[:5]
    with torch.no_grad():
        for parameter, (key, array) in zip(network.parameters(), model.parameters.items(), strict=True):
            parameter.copy_(torch.tensor(np.ascontiguousarray(_turned(key, array))))
        found = network(pytorch_models.prepared(x)).numpy()
    if found.ndim > 2:
        found = np.moveaxis(found, 1, -1)
    wanted = model.predict(x, executor="reference")
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())
