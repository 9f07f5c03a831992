"""Compiled functions: traced once for each kind of arguments, the same values as the function itself, kind refusals.

`CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/execute/test_compile.py` writes the refusals anew.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.target import TARGETS, detect
from chainrule.errors import CompilerError, GradientError, UsageError
from tests.refusals import Refusals

pytestmark = pytest.mark.usefixtures("compiled_quickly")

RANDOM = np.random.default_rng(0)
compiled: Any = cr.compile  # called as the type checker would not allow


class Counted:
    """A function that knows how often it was traced."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.times = 0

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.times += 1
        return self.function(*arguments, **keywords)


class Pair(NamedTuple):
    first: Any
    second: Any


def network(parameters: Any, x: Any) -> Any:
    return cr.softmax(cr.matmul(cr.tanh(cr.matmul(x, parameters["w"]) + parameters["b"]), parameters["v"]))


def loss(parameters: Any, x: Any, labels: Any) -> Any:
    return cr.mean(cr.cross_entropy(network(parameters, x), labels))


def parameters(dtype: str = "float32") -> dict[str, Any]:
    shapes = {"w": (5, 7), "b": (7,), "v": (7, 3)}
    return {name: RANDOM.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


# --------------------------------------------------------------------------------------------------------- its values
@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_compiled_gradient_is_the_gradient(dtype, close, executor):
    values, x, labels = parameters(dtype), RANDOM.normal(size=(9, 5)).astype(dtype), RANDOM.integers(0, 3, 9)
    step = cr.compile(cr.value_and_grad(loss), batch=(1, 2), executor=executor)
    found, slopes = step(values, x, labels)
    expected, wanted = cr.value_and_grad(loss)(values, x, labels)
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == ((), np.dtype(dtype))
    np.testing.assert_allclose(found, expected.numpy(), rtol=close)
    assert list(slopes) == ["w", "b", "v"]
    for name, slope in slopes.items():
        assert slope.dtype == dtype
        np.testing.assert_allclose(slope, wanted[name].numpy(), rtol=close, atol=close)


def available() -> list[str]:
    """The instruction sets that this machine can run."""
    found = []
    for t in TARGETS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHAINRULE_ISA", t.name)
            with suppress(UsageError):
                found.append(detect().name)
    return found


@pytest.mark.parametrize("isa", available())
@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-4), ("float64", 1e-10)])
def test_a_gradient_is_the_same_on_every_instruction_set(isa, dtype, close, monkeypatch):
    """Lanes differ between them, and with the lanes how sums over samples are taken: 2 lanes to 16, many chunks."""
    monkeypatch.setenv("CHAINRULE_ISA", isa)
    values = parameters(dtype)
    step = cr.compile(cr.grad(loss), batch=(1, 2), executor="native")
    widths = (1, 3, 4, 8, 17)
    bias = cr.compile(
        lambda *xs: [(cr.sum(cr.tanh(x), axis=0), cr.mean(x * x, axis=0)) for x in xs],
        batch=tuple(range(len(widths))), executor="native",
    )  # fmt: skip
    for size in (1, 3, 16, 33, 70):
        x, labels = RANDOM.normal(size=(size, 5)).astype(dtype), RANDOM.integers(0, 3, size)
        wanted = cr.grad(loss)(values, x, labels)
        for name, slope in step(values, x, labels).items():
            np.testing.assert_allclose(slope, wanted[name].numpy(), rtol=close, atol=close)
        several = [RANDOM.normal(size=(size, width)).astype(dtype) for width in widths]
        for rows, (total, mean) in zip(several, bias(*several), strict=True):
            np.testing.assert_allclose(total, np.tanh(rows).sum(0), rtol=close, atol=close * size)
            np.testing.assert_allclose(mean, (rows * rows).mean(0), rtol=close, atol=close)


def test_structures_go_in_and_come_out_as_they_are():
    f = cr.compile(lambda a, b: {"sum": [a[0] + a[1]["x"], (b.first,)], "pair": Pair(b.first * 2, b.second)})
    found = f((np.ones(2), {"x": np.full(2, 2.0)}), Pair(3.0, [4, 5]))
    assert list(found) == ["sum", "pair"]
    np.testing.assert_array_equal(found["sum"][0], [3, 3])
    assert isinstance(found["sum"], list)
    assert isinstance(found["sum"][1], tuple)
    assert isinstance(found["pair"], Pair)
    assert found["pair"].first == 6.0
    np.testing.assert_array_equal(found["pair"].second, [4, 5])


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_results_have_memory_of_their_own(executor):
    held = cr.tensor([5.0, 6.0])
    given = np.ones((2, 2), "float32")
    f = cr.compile(lambda x: (x, x, x * 1.0, cr.reshape(x, (4,)), held), executor=executor)
    results = f(given)
    for k, y in enumerate(results):
        y += 1 + k
    np.testing.assert_array_equal(given, 1)
    np.testing.assert_array_equal(held.numpy(), [5, 6])
    assert [float(y.ravel()[0]) for y in results] == [2, 3, 4, 5, 10]
    np.testing.assert_array_equal(f(given)[4], [5, 6])


def test_arrays_may_lie_in_memory_as_they_like():
    x = RANDOM.normal(size=(6, 4)).astype("float32")
    f = cr.compile(lambda x: cr.sum(x * 2, axis=1), batch=0)
    wanted = (x * 2).sum(1)
    for same in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x.astype(">f4"), cr.tensor(x)):
        np.testing.assert_allclose(f(same), wanted, rtol=1e-6)
    frozen = x.copy()
    frozen.flags.writeable = False
    np.testing.assert_allclose(f(frozen), wanted, rtol=1e-6)


def test_pythons_numbers_are_as_precise_as_the_arrays_beside_them():
    f = cr.compile(lambda x, rate: x * rate)
    assert f(np.ones(1), 0.1).dtype == np.float64
    assert f(np.ones(1), 0.1)[0] == 0.1
    assert f(np.ones(1, "float32"), 0.1).dtype == np.float32
    assert f(cr.tensor([1.0], "float64"), [0.1])[0] == 0.1
    assert f(3, 2).dtype == np.int64


# ------------------------------------------------------------------------------------------------------ when it traces
def test_each_kind_of_arguments_is_traced_once():
    f = Counted(lambda x, k=1: x * k)
    g = cr.compile(f)
    for k in (1, 2, 3.5, 4.5):
        np.testing.assert_array_equal(g(np.ones(3), k), np.full(3, k))
    assert f.times == 2  # integers, and fractions
    g(np.ones(4), 1)
    g(np.ones(3, "float32"), 1)
    g(np.ones(3))
    assert f.times == 5
    g(np.zeros(4), 7)
    assert f.times == 5


def test_a_program_with_a_batch_serves_every_size():
    f = Counted(lambda x, y: (cr.sum(x * y, axis=0), x + y))
    g = cr.compile(f, batch=(0, 1))
    for size in (1, 2, 15, 16, 17, 40, 0, 3):
        x, y = RANDOM.normal(size=(2, size, 3))
        total, plain = g(x, y)
        np.testing.assert_allclose(total, (x * y).sum(0), rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(plain, x + y)
    assert f.times == 1


def test_batch_counts_from_the_end_too_and_names_structures():
    g = cr.compile(lambda w, data: cr.sum(data["x"] * w, axis=1) + data["y"], batch=-1)
    for size in (2, 5):
        np.testing.assert_array_equal(g(2.0, {"x": np.ones((size, 3)), "y": np.zeros(size)}), np.full(size, 6.0))


def test_arguments_by_name_are_the_same_program():
    f = Counted(lambda x, scale=2.0: x * scale)
    f.__signature__ = inspect.signature(f.function)
    g = cr.compile(f, batch=0)
    np.testing.assert_array_equal(g(np.ones(3), 3.0), g(x=np.ones(3), scale=3.0))
    assert f.times == 1
    np.testing.assert_array_equal(g(np.ones(3)), [2, 2, 2])


def test_tensors_from_outside_are_read_when_it_is_traced():
    held = {"w": cr.tensor([1.0, 2.0])}
    f = cr.compile(lambda x: x * held["w"], batch=0)
    np.testing.assert_array_equal(f(np.ones((1, 2), "float32")), [[1, 2]])
    held["w"] = cr.tensor([7.0, 7.0])
    np.testing.assert_array_equal(f(np.ones((2, 2), "float32")), [[1, 2], [1, 2]])


def test_a_compiled_function_is_part_of_the_graph_of_another():
    inner = cr.compile(lambda x: cr.sum(x * x))
    x = np.arange(6, dtype="float64").reshape(2, 3)
    np.testing.assert_allclose(cr.vmap(inner)(x).numpy(), (x * x).sum(1))
    np.testing.assert_allclose(cr.compile(cr.vmap(inner))(x), (x * x).sum(1))
    np.testing.assert_allclose(cr.compile(cr.grad(inner))(x), 2 * x)


def test_a_derivative_of_finished_numbers_is_refused():
    said = r"compiled and gives finished numbers.* argument 'x' would be lost.*cr.compile\(cr.grad\(f\)\)"
    with pytest.raises(GradientError, match=said):
        cr.grad(cr.compile(lambda x: cr.sum(x * x)))([1.0, 2.0])


def test_it_carries_the_functions_name_and_text():
    assert (cr.compile(network).__name__, cr.compile(network).__wrapped__) == ("network", network)
    cr.compile(partial(network, parameters()), batch=0)(np.ones((2, 5), "float32"))


# ------------------------------------------------------------------------------------------------------------- threads
def test_threads_call_one_function_and_trace_it_once():
    f = Counted(lambda x, k: cr.sum(cr.exp(x * k), axis=1))
    g = cr.compile(f, batch=0)
    shapes = [(4, 3), (9, 3), (5, 2)]
    start = threading.Barrier(8)
    wrong: list[Any] = []

    def work(k: int) -> None:
        start.wait()
        for turn in range(20):
            x = np.full(shapes[(k + turn) % 3], 0.1 * k)
            found = g(x, turn)
            if not np.allclose(found, np.exp(x * turn).sum(1), rtol=1e-10):
                wrong.append((k, turn))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert f.times == 2


# ----------------------------------------------------------------------------------------------------------- executors
def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "CC"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=kept | environment, check=False
    )


@pytest.mark.skipif(
    find_spec("ziglang") is not None, reason="the package ziglang is a compiler that PATH does not hide"
)
def test_without_a_compiler_it_says_so_once_and_runs_all_the_same():
    code = """if True:
        import chainrule as cr, numpy as np
        f = cr.compile(lambda x: x * 2)
        print(f(np.ones(2)), f(np.ones(3)), cr.compile(lambda x: x + 1)(1.0))
        print(f.show("groups"))
    """
    result = run(code, PATH="")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("[2. 2.] [2. 2. 2.] 2.0")
    assert "x[i]·2" in result.stdout
    assert result.stderr.count("\n") == 1, result.stderr
    assert "pip install ziglang" in result.stderr


def test_native_without_a_compiler_is_refused(monkeypatch):
    monkeypatch.setenv("CC", "there-is-no-such-compiler")
    with pytest.raises(CompilerError, match="there-is-no-such-compiler"):
        cr.compile(lambda x: x * 3, executor="native")(1.0)


# ------------------------------------------------------------------------------------------------------------ refusals
def looks(x: Any) -> Any:
    return x if x > 0 else -x


def counts(x: Any) -> Any:
    return x * len(x)


def nothing(x: Any) -> None:
    cr.sum(x)


def rows(x: Any) -> Any:
    return cr.sum(x, axis=1)


def with_a_name(x: Any) -> Any:
    return x, "x"


FREE = cr.input_tensor("w", (3,))
ONES = np.ones((2, 3), "float32")
WRONG: dict[str, Callable[[], Any]] = {
    "if of an argument": lambda: cr.compile(looks)(1.0),
    "len of a batch": lambda: cr.compile(counts, batch=0)(ONES),
    "float of what depends on one": lambda: cr.compile(lambda x: x * float(cr.sum(x)))(ONES),
    "a loop over a batch": lambda: cr.compile(lambda x: [row for row in x], batch=0)(ONES),  # noqa: C416
    "an array of an argument": lambda: cr.compile(lambda x: np.exp(np.asarray(x)))(ONES),
    "no result": lambda: cr.compile(nothing)(ONES),
    "a number as the result": lambda: cr.compile(lambda x: 3)(ONES),
    "no result at all": lambda: cr.compile(lambda x: ())(ONES),
    "a text among the results": lambda: cr.compile(with_a_name)(ONES),
    "an input that is no argument": lambda: cr.compile(lambda x: x * FREE)(ONES),
    "program of an input": lambda: cr.compile(rows).program(FREE),
    "batches of two sizes": lambda: cr.compile(lambda x, y: x + y, batch=(0, 1))(ONES, np.ones((3, 3))),
    "batches of two sizes in a dict": lambda: cr.compile(lambda d: d["x"], batch=0)({"x": ONES, "y": np.ones(5)}),
    "a number as a batch": lambda: cr.compile(rows, batch=0)(1.0),
    "batch of no argument": lambda: cr.compile(rows, batch=1)(ONES),
    "batch=True": lambda: compiled(rows, batch=True),
    "batch by a name": lambda: compiled(rows, batch="x"),
    "the batch away": lambda: cr.compile(lambda x: cr.reshape(x, (6,)), batch=0)(ONES),
    "a complex argument": lambda: cr.compile(rows)(np.ones((2, 3)) * 1j),
    "a half-precision argument": lambda: cr.compile(lambda p: p["w"])({"w": np.ones(2, "float16")}),
    "a text as an argument": lambda: cr.compile(lambda x, axis: x)(ONES, "rows"),
    "None as an argument": lambda: cr.compile(lambda x, mask: x)(ONES, None),
    "rows of different lengths": lambda: cr.compile(rows)([[1.0, 2.0], [3.0]]),
    "a number too large": lambda: cr.compile(lambda x: x)(2**63),
    "an axis as an argument": lambda: cr.compile(lambda x, axis: cr.sum(x, axis=axis))(ONES, 1),
    "an unknown executor": lambda: compiled(rows, executor="natve"),
    "no function": lambda: compiled(ONES),
    "show before a call": lambda: cr.compile(rows).show("c"),
    "an unknown stage": lambda: cr.compile(rows).program(ONES).show("grahp"),
    "memory for no samples": lambda: cr.compile(rows).program(ONES).show("memory", batch=0),
}
REFUSALS = Refusals(Path(__file__).parent / "refusals.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


def test_an_error_of_the_function_itself_stays_what_it_is():
    def broken(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cr.compile(broken)(1.0)
    with pytest.raises(TypeError, match="required argument"):
        cr.compile(rows)(z=1.0)
