"""Wrong uses of signals, systems and kernels: what is said, compared with a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import signal
from tests.refusals import Refusals

RANDOM = np.random.default_rng(0)
ONES = np.ones((4, 6))

wrong: Any = signal  # called as the type checker would not allow
WRONG: dict[str, Callable[[], Any]] = {
    "convolve of pictures": lambda: signal.convolve(ONES, ONES),
    "convolve of nothing": lambda: signal.convolve([], [1.0]),
    "convolve of a batch": lambda: signal.convolve(cr.input_tensor("x", (cr.batch,)), [1.0]),
    "convolve(mode='vaild')": lambda: signal.convolve([1.0], [1.0], "vaild"),
    "correlate(mode=2)": lambda: wrong.correlate([1.0], [1.0], 2),
    "convolve2d of series": lambda: signal.convolve2d([1.0, 2.0], [1.0]),
    "convolve2d of crossed sizes": lambda: signal.convolve2d(np.ones((2, 6)), np.ones((4, 3)), "valid"),
    "linearity of a shorter response": lambda: signal.linearity(lambda x: x[::2]),
    "linearity of a logarithm": lambda: signal.linearity(lambda x: np.log(np.maximum(x, 0) * 0 - 1)),
    "linearity of noise": lambda: signal.linearity(lambda x: x + RANDOM.normal(size=x.shape)),
    "linearity in no window": lambda: signal.linearity(np.abs, 0),
    "linearity in half a place": lambda: wrong.linearity(np.abs, 1.5),
    "linearity of a number": lambda: wrong.linearity(3),
    "linearity(margin=0.5)": lambda: wrong.linearity(np.abs, margin=0.5),
    "linearity(margin=16)": lambda: signal.linearity(np.abs, 32, margin=16),
    "linearity(trials=0)": lambda: signal.linearity(np.abs, trials=0),
    "shift_invariance(margin=0)": lambda: signal.shift_invariance(np.abs, margin=0),
    "impulse_response(at=99)": lambda: signal.impulse_response(np.abs, at=99),
    "kronecker_delta at one place of two": lambda: signal.kronecker_delta((3, 3), [1]),
    "ImpulseResponse of three axes": lambda: signal.ImpulseResponse(np.ones((2, 2, 2))),
    "ImpulseResponse from two places on": lambda: signal.ImpulseResponse(np.ones(3), (0, 1)),
    "ImpulseResponse of series on a picture": lambda: signal.moving_average(2)(ONES),
    "moving_average(0)": lambda: signal.moving_average(0),
    "echo(1.5)": lambda: wrong.echo(1.5),
    "echo(2, 'loud')": lambda: wrong.echo(2, "loud"),
    "linearity(tolerance='small')": lambda: wrong.linearity(np.abs, tolerance="small"),
    "linearity(seed=-1)": lambda: signal.linearity(np.abs, seed=-1),
    "decompose of a number": lambda: signal.decompose(3.0),
    "superposition of a picture": lambda: signal.superposition([1.0], ONES),
    "sobel('z')": lambda: signal.sobel("z"),
    "gaussian(0)": lambda: signal.gaussian(0.0),
    "gaussian('wide')": lambda: wrong.gaussian("wide"),
    "gaussian(1e4)": lambda: signal.gaussian(1e4),
    "box_blur(9999)": lambda: signal.box_blur(9999),
    "sharpen('much')": lambda: wrong.sharpen("much"),
    "gaussian(size=4)": lambda: signal.gaussian(1.0, 4),
    "box_blur(2)": lambda: signal.box_blur(2),
    "as_conv_kernel of two sizes": lambda: signal.as_conv_kernel([signal.box_blur(3), signal.box_blur(5)]),
    "as_conv_kernel of nothing": lambda: signal.as_conv_kernel([]),
    "edges of colors": lambda: signal.edges(np.ones((8, 8, 3))),
    "edges of too little": lambda: signal.edges(ONES, sigma=1.0),
}
REFUSALS = Refusals(Path(__file__).parent / "messages.txt", WRONG)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # NumPy's, of the logarithm
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()
