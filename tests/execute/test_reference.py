"""The reference executor: what it keeps, what it frees, what it refuses to bind."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from chainrule import ops
from chainrule.errors import ChainruleError, GraphError, ShapeError
from chainrule.execute import Program, evaluate
from chainrule.graph.expansion import expanded_order
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor, tensor

_MEGABYTE = 2**20
_NUMBERS = _MEGABYTE // 8  # float64 numbers in a megabyte


def chain(x: Tensor, length: int) -> Tensor:
    for _ in range(length):
        x = x + 1.0
    return x


def peak(run) -> float:
    """The most megabytes in use while something runs."""
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / _MEGABYTE


def test_running_frees_what_is_not_needed_any_more():
    x = input_tensor("x", (_NUMBERS,), "float64")
    program, data = Program([ops.sum(chain(x, 30))]), np.ones(_NUMBERS)
    program.run({x: data})
    assert peak(lambda: program.run({x: data})) < 4
    assert peak(lambda: program.trace({x: data})) > 30


def test_a_trace_keeps_the_value_of_every_node():
    x = input_tensor("x", (batch, 3))
    y = ops.softmax(chain(x, 3)) * 2.0
    values = Program([y]).trace({x: np.ones((2, 3))})
    assert set(values) == set(expanded_order([y]))
    np.testing.assert_allclose(values[y], np.full((2, 3), 2 / 3), rtol=1e-6)


def test_outputs_survive_although_others_use_them():
    x = input_tensor("x", ())
    y = x * 2.0
    z = y + 1.0
    assert Program([z, y, z, x]).run({x: 3.0}) == [7.0, 6.0, 7.0, 3.0]


def test_a_program_runs_as_often_as_wanted_with_batches_of_any_size():
    x, w = input_tensor("x", (batch, 2)), input_tensor("w", (2,))
    program = Program([ops.mean(ops.matmul(x, w)), ops.reshape(x, -1)])
    for samples in (1, 5, 2):
        data = np.arange(2.0 * samples).reshape(samples, 2)
        mean, flat = program.run({x: data, w: [1.0, 1.0]})
        assert mean == pytest.approx(data.sum(1).mean())
        assert flat.shape == (2 * samples,)


def test_the_batch_can_be_given_where_no_input_has_it():
    y = ops.sum(ops.ones((batch, 2)))
    assert Program([y]).run(batch=4) == [8.0]
    with pytest.raises(GraphError, match="batch is not known"):
        evaluate([y])


def test_values_that_are_known_are_not_computed_again():
    x = tensor([1.0, 2.0])
    y = x * 2.0
    y.numpy()
    assert Program([y + 1.0]).order[0] is y


def test_bound_arrays_are_converted_and_left_alone():
    x = input_tensor("x", (2,))
    data = np.array([1, 2])
    (y,) = Program([ops.reshape(x, (2, 1))]).run({x: data})
    assert y.dtype == np.float32
    mine = np.array([1.0, 2.0], np.float32)
    Program([ops.reshape(x, (2, 1)) * 1.0]).run({x: mine})
    mine[0] = 5.0
    assert mine.flags.writeable


def test_arrays_that_a_tensor_was_made_from_are_copied():
    data = np.array([1.0, 2.0])
    x = tensor(data)
    data[0] = 5.0
    np.testing.assert_array_equal(x.numpy(), [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 1.0


@pytest.mark.parametrize(
    ("bindings", "text"),
    [
        ({"x": np.ones((2, 4))}, r"'x' \(batch, 3\).*shape \(2, 4\)"),
        ({"x": np.ones(3)}, r"'x' \(batch, 3\).*shape \(3,\)"),
        ({"x": np.ones((2, 3)), "z": np.ones((5, 2))}, "disagree on the size of the batch: 2 and 5"),
        ({"x": np.ones((2, 3)), "z": np.ones((2, 3))}, r"'z'.*shape \(2, 3\)"),
        ({"x": np.ones((2, 3))}, "'z'.*nothing is bound to"),
        ({"x": [[1.0, 2.0, "three"]], "z": np.ones((1, 2))}, "'x'"),
        ({"x": [[1.0], [1.0, 2.0]], "z": np.ones((1, 2))}, "'x'"),
        ({"x": np.array([[1 + 2j, 0, 0]]), "z": np.ones((1, 2))}, "'x'"),
        ({"x": tensor([[1.0, 2.0, 3.0]]), "z": None}, "'z'"),
    ],
)
def test_what_cannot_be_bound_is_refused_by_name(bindings, text):
    inputs = {"x": input_tensor("x", (batch, 3)), "z": input_tensor("z", (batch, 2))}
    program = Program([ops.sum(inputs["x"]) + ops.sum(inputs["z"])])
    with pytest.raises(ChainruleError, match=text) as refusal:
        program.run({inputs[name]: data for name, data in bindings.items()})
    assert "test_reference.py" in str(refusal.value) or "disagree" in str(refusal.value)


def test_a_name_in_place_of_an_input_is_refused():
    x = input_tensor("x", ())
    with pytest.raises(ChainruleError, match="'x'"):
        Program([x + 1.0]).run({"x": 1.0})


def test_looking_at_what_is_unbound_is_refused_with_the_input_named():
    y = input_tensor("image", (2,)) * 2.0
    for look in (y.numpy, y.item, lambda: float(y), lambda: bool(y), lambda: np.asarray(y)):
        with pytest.raises(GraphError, match=r"'image' \(test_reference.py"):
            look()
    assert repr(y) == "Tensor(multiply, shape=(2,), dtype=float32)"


def test_a_scalar_is_asked_for_and_several_numbers_are_there():
    with pytest.raises(ShapeError, match="not one number"):
        float(tensor([1.0, 2.0]))
