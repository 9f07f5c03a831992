"""A model that is used by many threads at once, and by processes that were forked from one that used it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import digits
from chainrule.data.preparation import Preparation
from chainrule.data.records import Arrays, Labeled
from chainrule.nn import lenet5, mlp
from chainrule.runs.trained import Trained
from chainrule.train import Model
from tests.counts import scaled

THREADS, CALLS, FORKS, PATIENCE = 8, 2000, 200, 60.0


@pytest.fixture(scope="module")
def trained() -> Trained:
    """A small model of rows, and what it learned of them."""
    x = np.random.default_rng(0).normal(size=(60, 5))
    preparation = Preparation.learned(Labeled(Arrays((x,)), np.array(["a", "b", "c"] * 20)), "answer")
    model = Model(mlp((8,), 3), (5,))
    model.preparation = preparation
    return Trained("small", model, preparation)


def in_threads(predict: Callable[[int], bytes], calls: int) -> None:
    """So many predictions in each thread, all at once, are those of one thread alone; of batches of several sizes."""
    expected = [predict(k) for k in range(20)]
    ready = threading.Barrier(THREADS)

    def repeat(thread: int) -> int:
        ready.wait(PATIENCE)
        return sum(predict((k + thread) % 20) != expected[(k + thread) % 20] for k in range(calls))

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(repeat, range(THREADS))) == 0


def test_threads_predict_what_one_predicts(trained):
    x = np.random.default_rng(1).normal(size=(64, 5))
    in_threads(lambda k: trained.model.predict(x[k : 2 * k + 1].astype(np.float32)).tobytes(), scaled(CALLS, 50))


def test_threads_predict_pictures(compiled_quickly):
    model, x = Model(lenet5(), (28, 28, 1)), digits().x_test[:64]
    in_threads(lambda k: model.predict(x[k : k + 1 + k % 5]).tobytes(), scaled(CALLS // 4, 50))


def test_threads_predict_from_records(trained):
    x = np.random.default_rng(2).normal(size=(64, 5))

    def predict(k: int) -> bytes:
        found = trained.predict(x[k : 2 * k + 1])
        assert found.probabilities is not None
        return bytes(found.values.tobytes() + found.probabilities.tobytes())

    in_threads(predict, scaled(CALLS, 50))


# ---------------------------------------------------------------------------------------------------------------- forks
def in_child(work: Callable[[], bool]) -> None:
    """Fork, let the child do it, and wait; not for ever."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 2
        finally:
            os._exit(code)
    deadline = time.monotonic() + PATIENCE
    while (found := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.002)
    if found[0] == 0:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert found == (child, 0), "it hangs" if found[0] == 0 else "it computes something else"


def step() -> bytes:
    """What a training of three steps makes of a model."""
    x = np.random.default_rng(3).normal(size=(24, 5)).astype(np.float32)
    copied = Model(mlp((8,), 3), (5,))
    copied.fit(x, np.arange(24) % 3, epochs=1, batch_size=8, verbose=0)
    return b"".join(value.tobytes() for value in copied.parameters.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_forks_predict_and_train_as_their_parent(trained):
    x = np.random.default_rng(1).normal(size=(64, 5)).astype(np.float32)
    predicted, stepped = trained.model.predict(x).tobytes(), step()
    for _ in range(scaled(FORKS, 100)):
        in_child(lambda: trained.model.predict(x).tobytes() == predicted and step() == stepped)
        assert trained.model.predict(x).tobytes() == predicted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_forks_while_other_threads_predict_and_train(trained):
    x = np.random.default_rng(1).normal(size=(64, 5)).astype(np.float32)
    predicted, stepped = trained.model.predict(x).tobytes(), step()
    ended, failures = threading.Event(), []

    def repeat(work: Callable[[], bytes], expected: bytes) -> None:
        while not ended.is_set():
            if work() != expected:
                failures.append(work)

    def evaluate() -> bytes:
        return np.asarray(cr.tanh(cr.tensor(x)) @ cr.tensor(x.T)).tobytes()

    works = [(lambda: trained.model.predict(x).tobytes(), predicted), (evaluate, evaluate()), (step, stepped)]
    threads = [threading.Thread(target=repeat, args=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        for _ in range(scaled(FORKS // 2, 50)):
            in_child(lambda: trained.model.predict(x).tobytes() == predicted and step() == stepped)
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)
