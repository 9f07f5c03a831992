"""ONNX Runtime's work: the same LeNet-5 with chainrule's parameters, written as an ONNX file's graph."""

# mypy: disable-error-code="import-not-found, import-untyped"
# What is measured need not be installed where types are checked.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import chainrule as cr
from benchmarks.turns import Turns
from benchmarks.work import our_servers, task
from chainrule.runs.trained import Trained


def exported(parameters: Mapping[str, Any]) -> bytes:
    """chainrule's LeNet-5 in the layout of ONNX: channels first, pixels in [0, 255]."""
    # The dense layer behind the flattening reads the maps channels last in chainrule, channels first here.
    dense1 = parameters["dense1/kernel"].reshape(5, 5, 16, 120).transpose(2, 0, 1, 3).reshape(400, 120)
    arrays = {
        "scale": np.float32(1 / 255),
        "conv1.kernel": parameters["conv1/kernel"].transpose(3, 2, 0, 1),
        "conv2.kernel": parameters["conv2/kernel"].transpose(3, 2, 0, 1),
        "dense1.kernel": dense1,
        "dense2.kernel": parameters["dense2/kernel"],
        "scores.kernel": parameters["scores/kernel"],
    } | {f"{layer}.bias": parameters[f"{layer}/bias"] for layer in ("conv1", "conv2", "dense1", "dense2", "scores")}
    assert sum(array.size for array in arrays.values()) == task.LENET5 + 1
    nodes = [
        helper.make_node("Mul", ["x", "scale"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "conv1.kernel", "conv1.bias"], ["c1"], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "conv2.kernel", "conv2.bias"], ["c2"]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p2"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p2"], ["f"]),
        helper.make_node("Gemm", ["f", "dense1.kernel", "dense1.bias"], ["d1"]),
        helper.make_node("Relu", ["d1"], ["r3"]),
        helper.make_node("Gemm", ["r3", "dense2.kernel", "dense2.bias"], ["d2"]),
        helper.make_node("Relu", ["d2"], ["r4"]),
        helper.make_node("Gemm", ["r4", "scores.kernel", "scores.bias"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lenet5",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()],
    )
    model: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    return model


def lenet5_predictions(turns: Turns, batch: int, threads: int) -> None:
    """Calls of a session with NumPy in and out, batch by batch through the pool; its scores are chainrule's.

    With 0 threads it takes as many as it likes.
    """
    x, _ = task.images(task.POOL)
    pixels = np.ascontiguousarray(x.astype(np.float32).transpose(0, 3, 1, 2))
    model = cr.Model(cr.nn.lenet5(), (28, 28, 1))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(exported(model.parameters), options, providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"x": pixels[:8]})
    np.testing.assert_allclose(scores, model.predict(x[:8].astype(np.float32)), rtol=1e-4, atol=1e-5)
    while True:
        for start in range(0, task.POOL, batch):
            session.run(None, {"x": pixels[start : start + batch]})
            if start % (16 * batch) == 15 * batch:
                turns.done(16)


@dataclass(frozen=True)
class SessionAsModel:
    """A session in the place of a model that is served.

    network   chainrule's, which says what the inputs are like
    """

    session: Any
    network: Any

    def predict(self, x: Any) -> Any:
        """The scores of images as chainrule has them."""
        pixels = np.ascontiguousarray(x.astype(np.float32).transpose(0, 3, 1, 2))
        return self.session.run(None, {"x": pixels})[0]


def lenet5_served(threads: int = 1) -> Trained:
    """The same LeNet-5 to be served, in a session with so many threads; one takes half the time for one image."""
    ours = our_servers.lenet5()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(exported(ours.model.parameters), options, providers=["CPUExecutionProvider"])
    model = SessionAsModel(session, ours.model.network)
    x, _ = task.images(8)
    np.testing.assert_allclose(model.predict(x), ours.model.predict(x), rtol=1e-4, atol=1e-5)
    return replace(ours, model=cast(Any, model))
