"""Tensors: values on demand, what they are made from, how they meet Python and NumPy, and what is refused."""

import copy
import inspect

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, GraphError, ShapeError
from chainrule.graph.tensor import Tensor


def line(offset: int = 0) -> str:
    """The caller's own line, as errors and drawings say it."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"test_tensor.py:{frame.f_back.f_lineno + offset}"


# ---------------------------------------------------------------------------------------------------- values on demand
def test_a_value_is_computed_when_somebody_looks_and_then_kept(monkeypatch):
    looked = []
    evaluator = Tensor.evaluator
    monkeypatch.setattr(Tensor, "evaluator", lambda t: looked.append(t) or evaluator(t))
    x = cr.tensor([1.0, 2.0])
    y = x * 3
    z = y + 1
    assert looked == []
    assert y.value is None
    assert repr(y) == "Tensor([3. 6.], shape=(2,), dtype=float32)"
    assert y.numpy() is y.numpy()
    assert [t is y for t in looked] == [True]
    y.value = np.float32([10, 20])  # evaluation of what depends on it starts there
    np.testing.assert_array_equal(z.numpy(), [11, 21])
    (slope,) = cr.gradients(cr.sum(z), [x])  # differentiation does not
    np.testing.assert_array_equal(slope.numpy(), [3, 3])


def test_numbers_and_conditions():
    x = cr.tensor([2.5, -1.0])
    assert float(x[0]) == 2.5
    assert int(x[0]) == 2
    assert x[1].item() == -1.0
    assert isinstance(x[1].item(), float)
    assert isinstance(cr.tensor([3]).item(), int)
    assert isinstance((x[0] > 0).item(), bool)
    assert x[0] > 0
    assert not x[1] > 0
    assert f"{x[0]:.2f}" == "2.50"
    assert f"{x}" == repr(x)
    assert [10, 20, 30][cr.tensor(2)] == 30
    assert list(range(cr.tensor(3))) == [0, 1, 2]


def test_more_than_one_number_is_no_condition():
    x = cr.tensor([1.0, 2.0])
    for look in (bool, float, int, Tensor.item):
        with pytest.raises(ShapeError, match=rf"a tensor of shape \(2,\) \({line(-2)}\) is not one number; reduce it"):
            look(x)
    with pytest.raises(TypeError, match=r"float32 .* cannot count or index; convert it with cr.cast"):
        range(x[0])


def test_what_depends_on_an_unbound_input_has_no_value():
    x = cr.input_tensor("x", (cr.batch, 3))
    where = line(-1)
    y = cr.sum(x * 2)
    for look in (Tensor.numpy, float, bool, np.asarray):
        with pytest.raises(GraphError, match=rf"it depends on the input 'x' \({where}\), which nothing is bound to"):
            look(y)
    assert repr(y) == "Tensor(sum, shape=(), dtype=float32)"
    assert repr(x) == "Tensor(x, shape=(batch, 3), dtype=float32)"
    np.testing.assert_array_equal(cr.evaluate([y], {x: np.ones((2, 3))}), [12])


# ------------------------------------------------------------------------------------------------- where it was made
def test_where_a_tensor_was_made_is_said_in_both_languages():
    y = cr.tensor([1.0, 2.0]) * 3
    where = line(-1)
    assert y.describe() == f"multiply (2,), built at {where}"
    cr.use_language("zh")
    try:
        assert y.describe() == f"multiply (2,)（构建于 {where}）"
    finally:
        cr.use_language(None)


def test_the_line_recorded_is_the_users_own():
    def inner(x):
        return cr.softmax(x) + 1

    x = cr.tensor([1.0, 2.0])
    assert x.where == line(-1)
    assert inner(x).where == line(-4)
    assert x[0].where == line()
    assert cr.tensor([1]).where == line()
    _, pull = cr.vjp(inner, x)
    assert pull([1.0, 1.0])[0].where == line()
    assert (2 * x).where == line()


# ---------------------------------------------------------------------------------------------------- made from what
@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, "float32"), (1, "int64"), (True, "bool"), ([1, 2.5], "float32"), ([[True], [False]], "bool"),
        ([], "float32"),
        ((1, 2), "int64"), (range(3), "int64"), (np.float64(1), "float64"), (np.array([1], "i4"), "int32"),
        (np.array([[1]], "u1"), "uint8"), (np.array([1.0]), "float64"), ([np.float64(1)], "float32"),
    ],
)  # fmt: skip
def test_python_numbers_become_float32_or_int64_and_arrays_keep_their_type(data, dtype):
    t = cr.tensor(data)
    assert str(t.dtype) == dtype
    assert t.shape == np.shape(data)
    np.testing.assert_array_equal(t.numpy(), np.array(data), strict=isinstance(data, np.ndarray))


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("f4"), cr.float32])
def test_a_type_has_several_names(dtype):
    assert cr.tensor([1], dtype).dtype is cr.float32
    assert cr.cast([1], dtype).dtype is cr.float32


def test_arrays_are_copied_and_frozen():
    data = np.arange(6.0).reshape(2, 3).T
    t = cr.tensor(data)
    data[:] = -1
    np.testing.assert_array_equal(t.numpy(), np.arange(6.0).reshape(2, 3).T)
    assert t.numpy().flags.c_contiguous
    for array in (t.numpy(), np.asarray(t), (t * 2).numpy(), t.T.numpy(), cr.reshape(t, (6,)).numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    np.array(t)[:] = 0  # a copy
    assert t.numpy()[2, 1] == 5


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("text", DTypeError, "'text' cannot be made into a tensor: it holds str, not numbers"),
        (["cat", "dog"], DTypeError, r"\['cat', 'dog'\] .* holds str, not numbers. .* names of classes"),
        (None, DTypeError, "None .* holds NoneType, not numbers"),
        (np.array(["2026-01-01"], "M8[D]"), DTypeError, "holds date, not numbers"),
        ([2**80], DTypeError, "dtype object is not supported; chainrule computes with bool, uint8"),
        (1 + 2j, DTypeError, "complex128"),
        (np.array([1], "f2"), DTypeError, r"float16 is not supported.*x.astype\('float32'\)"),
        ([[1], [1, 2]], ShapeError, "do not form a tensor: .*Give every row as many entries"),
    ],
)
def test_what_is_not_numbers_is_refused(data, error, words):
    with pytest.raises(error, match=words):
        cr.tensor(data)
    with pytest.raises(error, match=words):
        cr.tensor([1.0]) + data


def test_an_unknown_type_is_refused():
    with pytest.raises(DTypeError, match="dtype floaty is not supported"):
        cr.tensor([1], "floaty")


def test_a_list_of_tensors_is_refused_because_derivatives_would_be_lost():
    with pytest.raises(GraphError, match=r"how these were computed.* Put the tensors together with cr.stack or cr"):
        cr.grad(lambda x: cr.sum([x, x * 2]))(3.0)
    with pytest.raises(GraphError, match="list of tensors"):
        cr.tensor([(1.0, [cr.tensor(1.0)])])


@pytest.mark.parametrize("extent", [-1, 2.5, None, True, "3"])
def test_an_input_has_sizes(extent):
    with pytest.raises(ShapeError, match=f"input 'x': {extent} is not the size of an axis.*cr.batch"):
        cr.input_tensor("x", (2, extent))


# ------------------------------------------------------------------------------------------------------------- NumPy
def test_an_array_beside_a_tensor_gives_a_tensor():
    t, a = cr.tensor([1.0, 2.0]), np.float32([10, 20])
    for found, expected in [
        (a + t, [11, 22]), (t + a, [11, 22]), (a - t, [9, 18]), (a * t, [10, 40]), (a / t, [10, 10]), (a**t, [10, 400]),
        (a @ t, 50), (t @ a, 50), (a > t, [True, True]), (a == t, [False, False]), (np.float32(3) * t, [3, 6]),
    ]:  # fmt: skip
        assert isinstance(found, Tensor)
        np.testing.assert_array_equal(found.numpy(), expected)
    assert (np.float64([1, 2]) + t).dtype is cr.float64


def test_numpys_functions_take_tensors():
    t = cr.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.asarray(t).dtype == np.float32
    assert np.asarray(t, "float64").dtype == np.float64
    assert np.asarray(t) is not np.array(t)
    assert np.mean(np.asarray(t)) == 2.5
    np.testing.assert_allclose(t, [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="copy"):
        np.array(t, "float64", copy=False)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_dlpack(dtype):
    t = cr.tensor(np.array([[0, 1], [1, 0]], dtype))
    array = np.from_dlpack(t)
    np.testing.assert_array_equal(array, t.numpy(), strict=True)
    assert not np.shares_memory(array, t.numpy())


# ------------------------------------------------------------------------------------------------- as a container
def test_length_and_iteration():
    t = cr.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(t) == 3
    assert [row.shape for row in t] == [(2,)] * 3
    a, b, c = t
    np.testing.assert_array_equal((a + b + c).numpy(), [9, 12])
    assert 2.0 in t[0]
    assert [float(x) for x in reversed(t[1])] == [4.0, 3.0]
    with pytest.raises(ShapeError, match=r"a tensor without axes .* has no length"):
        len(cr.tensor(1.0))
    with pytest.raises(TypeError, match="has no length and cannot be iterated over"):  # as others ask for it
        list(cr.tensor(1.0))
    with pytest.raises(GraphError, match="the input 'x'"):
        len(cr.input_tensor("x", (cr.batch,)))


def test_rows_by_integers():
    t = cr.tensor([10.0, 20.0, 30.0])
    for places in ([2, 0], np.array([2, 0]), cr.tensor([2, 0])):
        np.testing.assert_array_equal(t[places].numpy(), [30, 10])


def test_a_tensor_is_a_key_by_identity():
    a, b = cr.tensor([1.0]), cr.tensor([1.0])
    assert {a: 1, b: 2}[a] == 1
    assert (a == b).numpy().all()
    assert hash(a) != hash(b)


def test_shape_facts():
    x = cr.input_tensor("x", (cr.batch, 2, 3))
    assert (x.ndim, str(x.size), str(x.type)) == (3, "6·batch", "float32 (batch, 2, 3)")
    assert x.T.shape == (3, 2, cr.batch)
    assert x.describe() == f"'x' (batch, 2, 3), built at {line(-3)}"


def test_a_copy_is_another_node_with_the_same_value():
    x = cr.tensor([1.0, 2.0])
    twin = copy.copy(x * 2)
    np.testing.assert_array_equal(twin.numpy(), [2, 4])
