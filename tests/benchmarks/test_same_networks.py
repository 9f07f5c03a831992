"""The peers compute what chainrule computes. These need the peers and skip without them."""

import numpy as np
import pytest

import chainrule as cr
from benchmarks.work import task

_X, _ = task.images(5)
_LENET5 = cr.Model(cr.nn.lenet5(), (28, 28, 1))
_MLP = cr.Model(cr.nn.mlp((512, 256)), (784,))
_CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def _layers(model: cr.Model) -> list[tuple[np.ndarray, np.ndarray]]:
    names = dict.fromkeys(name.split("/")[0] for name in model.parameters)
    return [(model.parameters[f"{name}/kernel"], model.parameters[f"{name}/bias"]) for name in names]


def _scaled() -> np.ndarray:
    return _X.astype(np.float32) / np.float32(255)


def test_pytorch_has_our_networks():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from benchmarks.work.pytorch import lenet5, mlp

    def loaded(network, arrays):
        parameters = list(network.parameters())
        with torch.no_grad():
            for parameter, array in zip(parameters, arrays, strict=True):
                parameter.copy_(torch.tensor(array))
        return network

    arrays = []
    for kernel, bias in _layers(_LENET5):
        if kernel.shape == (400, 120):  # behind the flattening: maps channels last here, first there
            kernel = kernel.reshape(5, 5, 16, 120).transpose(2, 0, 1, 3).reshape(400, 120)
        arrays += [kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T, bias]
    scores = loaded(lenet5(), arrays)(torch.from_numpy(_scaled()).permute(0, 3, 1, 2))
    np.testing.assert_allclose(scores.detach().numpy(), _LENET5.predict(_X), **_CLOSE)

    dense = loaded(mlp(), [array for kernel, bias in _layers(_MLP) for array in (kernel.T, bias)])
    flat = _scaled().reshape(-1, 784)
    np.testing.assert_allclose(dense(torch.from_numpy(flat)).detach().numpy(), _MLP.predict(flat), **_CLOSE)


def test_pytorch_has_our_network_of_3x3_convolutions():
    """With the statistics that both begin with, and no dropout: as both predict."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from benchmarks.work.ours import cnn as our_cnn
    from benchmarks.work.pytorch import cnn

    model = cr.Model(our_cnn(), (32, 32, 3))
    network = cnn().eval()
    with torch.no_grad():
        for parameter, array in zip(network.parameters(), model.parameters.values(), strict=True):
            if array.shape == (2048, 10):  # behind the flattening: maps channels last here, first there
                array = array.reshape(4, 4, 128, 10).transpose(2, 0, 1, 3).reshape(2048, 10)
            turned = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
            parameter.copy_(torch.tensor(turned))
    x = task.color_images()[0][:5]
    scores = network(torch.from_numpy(x).permute(0, 3, 1, 2))
    np.testing.assert_allclose(scores.detach().numpy(), model.predict(x), **_CLOSE)


def test_jax_has_our_networks():
    pytest.importorskip("jax", reason="JAX is not installed")
    from benchmarks.work.with_jax import lenet5, mlp

    np.testing.assert_allclose(lenet5(_layers(_LENET5), _scaled()), _LENET5.predict(_X), **_CLOSE)
    flat = _scaled().reshape(-1, 784)
    np.testing.assert_allclose(mlp(_layers(_MLP), flat), _MLP.predict(flat), **_CLOSE)


def test_onnx_runtime_has_our_network():
    onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    from benchmarks.work.onnx_runtime import exported

    session = onnxruntime.InferenceSession(exported(_LENET5.parameters), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"x": np.ascontiguousarray(_X.astype(np.float32).transpose(0, 3, 1, 2))})
    np.testing.assert_allclose(scores, _LENET5.predict(_X), **_CLOSE)
