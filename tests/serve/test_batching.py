"""The queue of a prediction thread: what is predicted together, what is refused, what fails alone."""

import asyncio
import threading

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.serve import Limits
from chainrule.serve.batching import Batcher
from chainrule.serve.refusals import RefusedRequestError


class Network:
    """Doubles numbers, once it may; remembers how many were given at a time, and refuses those below 0."""

    def __init__(self):
        self.may, self.given = threading.Event(), []

    def __call__(self, x):
        assert self.may.wait(20)
        self.given.append(len(x))
        if (x < 0).any():
            raise DataError("below 0")
        return 2 * x


def asked(network, inputs, limits=None, *, before=0.1):
    """What becomes of these, which come at once; the network may begin when all have come."""
    told = []

    async def ask():
        batcher = Batcher(network, limits or Limits(), lambda *numbers: told.append(numbers[:2]))
        first = asyncio.create_task(batcher.outputs(inputs[0]))
        await asyncio.sleep(before)  # it is being predicted now
        others = [asyncio.create_task(batcher.outputs(x)) for x in inputs[1:]]
        await asyncio.sleep(before)
        network.may.set()
        found = await asyncio.gather(first, *others, return_exceptions=True)
        batcher.close()
        return found

    return asyncio.run(ask()), told


def numbers(*counts):
    return [np.arange(count, dtype=np.float64)[:, np.newaxis] + 1 for count in counts]


def test_what_waits_is_predicted_together():
    inputs = numbers(1, 2, 1, 3)
    found, told = asked(network := Network(), inputs)
    for x, outputs in zip(inputs, found, strict=True):
        np.testing.assert_array_equal(outputs, 2 * x)
    assert network.given == [1, 6]
    assert told == [(1, 1), (3, 6)]


def test_not_more_than_are_predicted_well_at_a_time():
    asked(network := Network(), numbers(1, 1000, 20, 20, 5000, 1))
    assert network.given == [1, 1020, 20, 5000, 1]


def test_what_differs_in_type_is_predicted_apart():
    inputs = numbers(1, 1, 1)
    inputs[1] = inputs[1].astype(np.uint8)
    found, _ = asked(network := Network(), inputs)
    assert [outputs.dtype for outputs in found] == ["f8", "u1", "f8"]
    assert network.given == [1, 1, 1]


def test_one_that_fails_fails_alone():
    inputs = numbers(1, 2, 1, 1)
    inputs[2] = -inputs[2]
    found, _ = asked(Network(), inputs)
    assert isinstance(found[2], DataError)
    for place in (0, 1, 3):
        np.testing.assert_array_equal(found[place], 2 * inputs[place])


def test_a_queue_that_is_full_refuses():
    found, _ = asked(Network(), numbers(1, 1, 1, 1, 1), Limits(waiting=2))
    codes = [outputs.code if isinstance(outputs, RefusedRequestError) else "" for outputs in found]
    assert codes == ["", "", "", "busy", "busy"]
    assert (found[3].status, found[3].headers["Retry-After"]) == (503, "1")


def test_what_takes_too_long_is_given_up_and_not_predicted():
    found, _ = asked(network := Network(), numbers(1, 1), Limits(wait_seconds=0.05))
    assert [outputs.code for outputs in found] == ["late", "late"]
    assert network.given in ([], [1])


def test_several_inputs():
    async def ask():
        batcher = Batcher(lambda x: x[0] + x[1], Limits(), lambda *_: None)
        first, second = np.ones((2, 3)), np.arange(6).reshape(2, 3)
        found = await asyncio.gather(batcher.outputs((first, second)), batcher.outputs((second, first)))
        batcher.close()
        return found

    for outputs in asyncio.run(ask()):
        np.testing.assert_array_equal(outputs, 1 + np.arange(6).reshape(2, 3))


@pytest.mark.parametrize("count", [1, 3])
def test_an_end_of_the_loop_does_not_end_the_thread(count):
    """Whoever asked may be gone when the answer comes."""
    network = Network()
    batcher = Batcher(network, Limits(), lambda *_: None)

    async def leave():
        task = asyncio.create_task(batcher.outputs(numbers(1)[0]))
        await asyncio.sleep(0.02)
        task.cancel()

    async def stay():
        return await batcher.outputs(numbers(count)[0])

    asyncio.run(leave())
    network.may.set()
    np.testing.assert_array_equal(asyncio.run(stay()), 2 * numbers(count)[0])
    batcher.close()
