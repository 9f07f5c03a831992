"""Impulse responses, and that they tell what a linear shift-invariant system answers to anything."""

import numpy as np
import pytest
from scipy import ndimage

import chainrule as cr
from chainrule.signal import (
    ImpulseResponse,
    convolve,
    decompose,
    difference,
    echo,
    impulse_response,
    kronecker_delta,
    linearity,
    moving_average,
    shift_invariance,
    superposition,
)  # fmt: skip
from chainrule.signal.window import shifted
from tests.signal.test_systems import LINEAR_AND_INVARIANT


def _signal(*shape):
    return np.random.default_rng(shape).normal(size=shape)


@pytest.mark.parametrize("name", LINEAR_AND_INVARIANT)
def test_the_response_is_the_convolution_with_the_impulse_response(name):
    """Of any such system, on a signal that fills its window; no response is longer than that."""
    system, x = LINEAR_AND_INVARIANT[name], _signal(24)
    h = impulse_response(system, 64)
    np.testing.assert_allclose(h(x), system(x), atol=1e-6)


def test_it_does_not_tell_what_other_systems_answer():
    x = _signal(24)
    assert np.abs(impulse_response(np.square, 64)(x).numpy() - np.square(x)).max() > 1


@pytest.mark.parametrize(
    ("system", "values", "start", "causal"),
    [
        (moving_average(3), [1 / 3] * 3, 0, True),
        (moving_average(3, centered=True), [1 / 3] * 3, -1, False),
        (moving_average(4, centered=True), [1 / 4] * 4, -2, False),
        (echo(3, 0.5), [1, 0, 0, 0.5], 0, True),
        (difference(), [1, -1], 0, True),
        (lambda x: shifted(x, (5,)), [1], 5, True),
        (lambda x: shifted(x, (-2,)), [1], -2, False),
    ],
    ids=["mean", "centered mean", "of an even width", "echo", "difference", "delay", "foresight"],
)
def test_impulse_responses_are_measured(system, values, start, causal):
    h = impulse_response(system)
    np.testing.assert_allclose(h.values, values, atol=1e-7)
    assert h.start == (start,)
    assert h.causal is causal
    assert not h.cut


def test_a_response_that_never_ends_is_marked():
    def leaky(x):
        y = np.zeros_like(x)
        for n in range(len(x)):
            y[n] = 0.5 * y[n - 1] * (n > 0) + x[n]
        return y

    h = impulse_response(leaky, 16, at=4)
    np.testing.assert_allclose(h.values, 0.5 ** np.arange(12))
    assert h.cut
    assert repr(h) == "ImpulseResponse(places 0 … 11, causal, cut)"


@pytest.mark.parametrize("start", [-40, -3, -1, 0, 2, 40])
def test_a_system_answers_from_its_start_on_with_zeros_outside(start):
    x, values = _signal(6), _signal(3)
    h = ImpulseResponse(values, start)
    expected = [sum(x[n - start - k] * values[k] for k in range(3) if 0 <= n - start - k < 6) for n in range(6)]
    np.testing.assert_allclose(h(x), expected, atol=1e-12)


def test_impulse_responses_of_pictures():
    h = impulse_response(lambda picture: ndimage.uniform_filter(picture, (3, 5), mode="constant"), (15, 15))
    assert h.start == (-1, -2)
    np.testing.assert_allclose(h.values, np.full((3, 5), 1 / 15))
    picture = _signal(9, 8)
    np.testing.assert_allclose(h(picture), ndimage.uniform_filter(picture, (3, 5), mode="constant"), atol=1e-12)


def test_an_impulse_response_is_a_linear_shift_invariant_system_that_is_differentiated():
    h = ImpulseResponse(_signal(2, 3), start=(-1, 0))
    assert linearity(h, (12, 12))
    assert shift_invariance(h, (12, 12))
    cr.check_gradients(lambda x: cr.sum(h(x) ** 2), _signal(4, 4))


def test_convolving_two_impulse_responses_puts_the_systems_in_a_row():
    x = np.pad(_signal(8), 8)
    both = ImpulseResponse(convolve(echo(2).values, moving_average(3).values))
    np.testing.assert_allclose(both(x), echo(2)(moving_average(3)(x)), atol=1e-6)


def test_a_signal_is_the_sum_of_its_impulses():
    x = np.array([0.0, 3.0, 0.0, -1.0])
    parts = decompose(x)
    np.testing.assert_array_equal(parts.impulses.sum(axis=0), x)
    expected = [
        weight * kronecker_delta(4, int(place[0])) for place, weight in zip(parts.places, parts.weights, strict=True)
    ]
    np.testing.assert_array_equal(parts.impulses, expected)
    assert len(parts.weights) == 2

    picture = _signal(3, 4)
    np.testing.assert_array_equal(decompose(picture).impulses.sum(axis=0), picture)


@pytest.mark.parametrize("shapes", [((7,), (3,)), ((4, 3), (2, 2))], ids=str)
def test_a_response_is_the_sum_of_shifted_weighted_impulse_responses(shapes):
    x, values = (_signal(*shape) for shape in shapes)
    record = superposition(ImpulseResponse(values, -1), x)
    expected = convolve(x, values) if x.ndim == 1 else cr.signal.convolve2d(x, values)
    np.testing.assert_allclose(record.response, expected, atol=1e-12)
    np.testing.assert_allclose(record.responses.sum(axis=0), record.response, atol=1e-12)
    assert len(record.responses) == x.size
    assert record.start == (-1,) * x.ndim
    first = record.responses[0][tuple(slice(0, m) for m in values.shape)]
    np.testing.assert_allclose(first, x.flat[0] * values)


def test_silence_is_the_sum_of_no_impulses():
    record = superposition([1.0, 2.0], np.zeros(3))
    assert record.responses.shape == (0, 4)
    np.testing.assert_array_equal(record.response, np.zeros(4))
