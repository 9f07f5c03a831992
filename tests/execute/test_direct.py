"""Calls of native programs by the short cut: they give what the thorough way gives, or leave it to that way."""

import contextlib
import os
import sys
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.interface import ACCEPTED
from chainrule.errors import ChainruleError, CompilerError
from chainrule.execute.direct import _function_of, direct
from chainrule.execute.immutable import immutable, is_immutable
from chainrule.execute.native import NativeProgram
from tests.execute.agreement import quick_target

RANDOM = np.random.default_rng(0)


def dense(size=None):
    """A program with a batch outside, arrays in its own memory, a number for each step, and outputs of every kind."""
    x, w, rate = cr.input_tensor("x", (cr.batch, 5)), cr.input_tensor("w", (5, 3)), cr.input_tensor("rate", ())
    y = cr.matmul(x, w) * rate
    return NativeProgram([y, cr.sum(y), w * 2, cr.reshape(y, (-1,))], target=quick_target(), batch=size), [x, w, rate]


def values(count, dtype="float32"):
    return [RANDOM.normal(size=shape).astype(dtype) for shape in ((count, 5), (5, 3), ())]


@pytest.mark.parametrize("size", [None, 1, 7])
def test_it_gives_what_the_thorough_way_gives(size):
    program, inputs = dense(size)
    call = direct(program, inputs)
    for count in (1, 7, 40, 3) if size is None else (size, size):
        given = values(count)
        wanted = program.run(dict(zip(inputs, given, strict=True)))
        found = call(*given)
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
            assert a.flags.owndata
            assert a.flags.writeable


def test_what_does_not_fit_is_left_to_the_thorough_way():
    program, inputs = dense()
    call = direct(program, inputs)
    x, w, rate = values(4)
    program.run(dict(zip(inputs, (x, w, rate), strict=True)))
    assert call(x, w, rate) is not None

    class Own(np.ndarray):
        pass

    for other in (
        x.astype("float64"), x.astype(">f4"), x.tolist(), x[:, :4], x[0], x[:0], x[::2], np.asfortranarray(x), None,
        x.view(Own), np.ma.masked_array(x), x.tobytes(), memoryview(x), cr.tensor(x), x.astype("int32"),
        np.frombuffer(b"x" + x.tobytes(), "float32", offset=1).reshape(4, 5),  # between two addresses for numbers
        np.concatenate([x] * 50),  # more than there is memory for yet
    ):  # fmt: skip
        assert call(other, w, rate) is None
    for other in (w.astype("float64"), w.T, w[:4], w[None]):
        assert call(x, other, rate) is None
    for other in (1.0, np.float32(1), rate[None], rate.astype("float64")):
        assert call(x, w, other) is None
    for arrays in ((), (x,), (x, w, rate, rate)):
        assert call(*arrays) is None
    np.testing.assert_array_equal(call(x, w, rate)[2], w * 2)


def test_two_batches_must_be_of_one_size():
    a, b = (cr.input_tensor(name, (cr.batch, 2)) for name in "ab")
    program = NativeProgram([a * b + 1.0], target=quick_target())
    call = direct(program, [a, b])
    program.run({a: np.ones((4, 2)), b: np.ones((4, 2))})
    one, two = np.ones((3, 2), "float32"), np.ones((2, 2), "float32")
    assert call(one, two) is None
    np.testing.assert_array_equal(call(two, two)[0], np.full((2, 2), 2.0))


def test_samples_that_are_not_finite_are_left_where_that_is_asked():
    program, inputs = dense()
    x, w, rate = values(4)
    program.run(dict(zip(inputs, (x, w, rate), strict=True)))
    anything, finite = direct(program, inputs), direct(program, inputs, finite=True)
    assert finite(x, w, rate) is not None
    for bad in (np.nan, -np.nan, np.inf, -np.inf):
        for place in ((0, 0), (3, 4), (1, 2)):
            wrong = x.copy()
            wrong[place] = bad
            assert finite(wrong, w, rate) is None
            assert anything(wrong, w, rate) is not None
    largest = np.full_like(x, np.finfo("float32").max)
    assert finite(-largest, w, rate) is not None


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize("size", [None, 4])
def test_samples_of_other_types_are_converted_where_that_is_asked(size, dtype):
    program, inputs = dense(size)
    x, w, rate = values(4)
    x = np.abs(x * 20).astype(dtype)
    wanted = program.run(dict(zip(inputs, (x, w, rate), strict=True)))
    assert direct(program, inputs)(x, w, rate) is None
    for a, b in zip(direct(program, inputs, convert=True)(x, w, rate), wanted, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.parametrize("size", [None, 5])
def test_every_type_of_samples(size):
    inputs = [cr.input_tensor(f"x_{to}", (cr.batch, 3), to) for to in ACCEPTED]
    outputs = [cr.where(x, 2.0, 3.0) if x.dtype.name == "bool" else x + x for x in inputs]
    program = NativeProgram(outputs, target=quick_target(), batch=size)
    call = direct(program, inputs, convert=True)
    program.run({x: np.zeros((5, 3)) for x in inputs})
    for k in range(3):
        types = [accepted[k % len(accepted)] for accepted in ACCEPTED.values()]
        given = [(RANDOM.random((5, 3)) * (2 if t.name == "bool" else 120)).astype(t.numpy) for t in types]
        wanted = program.run(dict(zip(inputs, given, strict=True)))
        for a, b in zip(call(*given), wanted, strict=True):
            np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.parametrize("outputs", [lambda x: [x, x * 2], lambda x: [x * 2] * 2, lambda x: [cr.reshape(x, (-1, 5))]])
def test_results_that_share_memory_are_left_to_the_thorough_way(outputs):
    x = cr.input_tensor("x", (cr.batch, 5))
    program = NativeProgram(outputs(x), target=quick_target())
    given = values(3)[0]
    wanted = program.run({x: given})
    call = direct(program, [x])
    found = (call and call(given)) or wanted
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)
    for k, y in enumerate(found):
        y += k + 1
    assert not any(np.shares_memory(a, given) for a in found)


def test_an_input_that_is_not_in_the_order_makes_no_short_cut():
    program, (x, w, _) = dense()
    assert direct(program, [x, w]) is None


def test_an_index_that_leaves_its_array_is_left_to_the_thorough_way():
    table, rows = cr.input_tensor("table", (4, 2)), cr.input_tensor("rows", (3,), "int64")
    program = NativeProgram([cr.gather(table, rows)], target=quick_target())
    call = direct(program, [table, rows])
    numbers = values(1)[1][:4, :2].copy()
    np.testing.assert_array_equal(call(numbers, np.array([0, 3, 1]))[0], numbers[[0, 3, 1]])
    assert call(numbers, np.array([0, 4, 1])) is None
    with pytest.raises(ChainruleError):
        program.run({table: numbers, rows: np.array([0, 4, 1])})


def test_a_python_that_hides_its_functions_goes_the_thorough_way(monkeypatch):
    def fail(*_):
        raise CompilerError("undefined symbol: PyObject_GetBuffer")

    _function_of.cache_clear()
    monkeypatch.setattr("chainrule.execute.direct.load", fail)
    try:
        program, inputs = dense()
        assert direct(program, inputs) is None
        f = cr.compile(lambda x: x * 2, executor="native")
        for _ in range(3):
            np.testing.assert_array_equal(f(np.ones(3)), np.full(3, 2.0))
        model = cr.Model(cr.nn.Dense(2), input_shape=(3,))
        for _ in range(3):
            assert model.predict(np.ones((1, 3)), executor="native").shape == (1, 2)
    finally:
        _function_of.cache_clear()


# ------------------------------------------------------------------------------------------- arrays that cannot change
def test_an_immutable_array_cannot_be_made_writable():
    array = immutable(np.arange(6.0).reshape(2, 3))
    assert is_immutable(array)
    assert immutable(array) is array
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True
    merely_said = np.ones(3)
    merely_said.flags.writeable = False
    assert not is_immutable(merely_said)
    assert immutable(np.zeros((0, 3))).shape == (0, 3)


def test_numbers_are_those_of_the_array_that_was_given_last():
    """By both ways in any order, arrays that can change and arrays that cannot."""
    program, inputs = dense()
    call = direct(program, inputs)
    x, _, rate = values(4)
    fixed = [immutable(values(1)[1]) for _ in range(2)]
    mine = values(1)[1]
    program.run(dict(zip(inputs, (x, mine, rate), strict=True)))
    for _ in range(200):
        w = [*fixed, mine][RANDOM.integers(3)]
        mine += 1
        if RANDOM.integers(2):
            found = program.run(dict(zip(inputs, (x, w, rate), strict=True)))
        elif RANDOM.integers(4) == 0:
            call(x.tolist(), w, rate)  # does not fit, and may have written some of it
            continue
        elif (found := call(x, w, rate)) is None:
            assert is_immutable(w)  # it is new
            found = program.run(dict(zip(inputs, (x, w, rate), strict=True)))
            assert call(x, w, rate) is not None
        np.testing.assert_array_equal(found[2], w * 2)


def test_what_a_step_replaces_is_never_held():
    w, x = cr.input_tensor("w", (3,)), cr.input_tensor("x", (cr.batch, 3))
    program = NativeProgram([w + cr.sum(x, 0)], carried={w: 0}, target=quick_target())
    start = immutable(np.ones(3, "float32"))
    for _ in range(2):
        program.write(w, start)
        program.steps({x: np.ones((2, 3), "float32")}, np.arange(2), {}, 2)
        np.testing.assert_array_equal(program.read(0), np.full(3, 3.0))
    assert direct(program, [w, x]) is None


def test_restored_memory_is_not_what_was_written_after_it():
    program, inputs = dense()
    x, w, rate = values(4)
    first, second = immutable(w), immutable(w + 1)
    program.write(inputs[1], first)
    before = program.memory().copy()
    program.write(inputs[1], second)
    program.restore(before)
    found = program.run(dict(zip(inputs, (x, second, rate), strict=True)))
    np.testing.assert_array_equal(found[2], second * 2)


def test_calls_leave_nothing():
    program, inputs = dense()
    call = direct(program, inputs)
    x, w, rate = values(4)
    fixed = immutable(w)
    program.run(dict(zip(inputs, (x, fixed, rate), strict=True)))
    known = x, w, fixed, rate, np.dtype("float32"), np.ndarray, bytes, np.empty, call._call.__self__

    def cycle(count):
        for _ in range(count):
            for other in (fixed, w, w.T, None, fixed):
                call(x, other, rate)
        return [sys.getrefcount(value) for value in known]

    before, calls = cycle(10), 100
    assert max(abs(a - b) for a, b in zip(cycle(calls), before, strict=True)) < calls


# ------------------------------------------------------------------------------------------------- threads and children
def test_several_threads_may_call_at_once():
    program, inputs = dense()
    call = direct(program, inputs)
    sets = [values(4) for _ in range(4)]
    wanted = [program.run(dict(zip(inputs, given, strict=True))) for given in sets]
    wrong = []

    def repeat(given, right):
        for k in range(300):
            found = program.run(dict(zip(inputs, given, strict=True))) if k % 7 == 0 else call(*given)
            if not all(np.array_equal(a, b) for a, b in zip(found, right, strict=True)):
                wrong.append(k)

    threads = [threading.Thread(target=repeat, args=pair) for pair in zip(sets, wanted, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_may_call_what_its_parent_is_calling():
    program, inputs = dense()
    call = direct(program, inputs)
    given = values(4)
    program.run(dict(zip(inputs, given, strict=True)))
    wanted = call(*given)[0]
    ended = threading.Event()

    def repeat():
        while not ended.is_set():
            call(*given)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        for _ in range(5):
            if (child := os.fork()) == 0:
                os._exit(0 if np.array_equal(call(*given)[0], wanted) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        ended.set()
        thread.join()


# --------------------------------------------------------------------------------------------------- compiled functions
def test_a_compiled_function_reads_its_arguments_thoroughly_once(monkeypatch):
    f = cr.compile(lambda p, x: {"y": cr.matmul(x, p["w"]) + p["b"][0]}, batch=1, executor="native")
    x, w, _ = values(4)
    b = np.zeros(3, "float32")
    f({"w": w, "b": (b,)}, x)
    read, seen = f._reader.read, []
    monkeypatch.setattr(f._reader, "read", lambda *given: seen.append(given) or read(*given))
    for k in range(3):
        w += 1
        b -= k
        np.testing.assert_allclose(f({"w": w, "b": (b,)}, x)["y"], x @ w + b, rtol=1e-5, atol=1e-5)
    assert not seen
    for other in (
        {"b": (b,), "w": w},
        {"w": w, "b": [b]},
        {"w": w.tolist(), "b": (b,)},
        {"w": w, "b": (cr.tensor(b),)},
    ):
        np.testing.assert_allclose(f(other, x)["y"], x @ w + b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(f({"w": w, "b": (b,)}, x=x)["y"], x @ w + b, rtol=1e-5, atol=1e-5)
    assert len(seen) == 5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pythons_fractions_go_the_short_way(monkeypatch, dtype):
    f = cr.compile(lambda x, rate, unused: x * rate, executor="native")
    x = np.arange(1.0, 4.0).astype(dtype)
    f(x, 0.5, 0.5)
    read, seen = f._reader.read, []
    monkeypatch.setattr(f._reader, "read", lambda *given: seen.append(given) or read(*given))
    for rate in (0.1, -2.5, 1e-30, float("inf")):
        np.testing.assert_array_equal(f(x, rate, rate), x * np.dtype(dtype).type(rate), strict=True)
    assert not seen
    for rate in (2, True, np.float64(0.1), np.asarray(0.1), "a"):
        count = len(seen)
        with contextlib.suppress(ChainruleError):
            f(x, rate, 0.5)
        # an array may be of the very type that the fractions have
        assert len(seen) > count or (dtype == "float64" and isinstance(rate, np.ndarray))
        f(x, 0.5, 0.5)


def test_a_fraction_has_the_type_of_the_arrays_beside_it():
    f = cr.compile(lambda a, b: a * b, executor="native")
    for _ in range(2):
        assert f(0.1, 0.2).dtype == np.float32
        assert f(np.asarray(0.1), 0.2).dtype == np.float64
        assert f(np.asarray(0.1), np.asarray(0.2)).dtype == np.float64
        assert f(np.asarray(0.1, "float32"), 0.2).dtype == np.float32
        assert f(0.1, np.asarray(0.2, "float32")).dtype == np.float32
        assert f(0.1, 0.2).dtype == np.float32
        assert f(0.1, np.asarray([0.2])).dtype == np.float64
