"""What findings say, in both languages, about trainings with a planted fault: compared with a snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from chainrule.diagnosis import KINDS, Finding
from chainrule.messages import use_language
from tests.counts import full
from tests.diagnosis import (
    test_data,
    test_depth,
    test_first_loss,
    test_initialization,
    test_modes,
    test_nonfinite,
    test_overfitting,
    test_plateau,
    test_probabilities,
    test_rates,
    test_rehearsals,
    test_small_batches,
    test_underfitting,
    test_units,
)
from tests.refusals import Refusals

PLANTED: dict[str, Callable[[], Finding]] = {  # by code and case
    **test_nonfinite.PLANTED,
    **test_first_loss.PLANTED,
    **test_data.PLANTED,
    **test_rehearsals.PLANTED,
    **test_probabilities.PLANTED,
    **test_initialization.PLANTED,
    **test_units.PLANTED,
    **test_depth.PLANTED,
    **test_modes.PLANTED,
    **test_small_batches.PLANTED,
    **test_rates.PLANTED,
    **test_plateau.PLANTED,
    **test_overfitting.PLANTED,
    **test_underfitting.PLANTED,
}


def said(planted: Callable[[], Finding]) -> str:
    """The finding as its reader sees it; the line on which something was built, which moves, is `line`."""
    found = planted()
    texts = []
    for language in ("en", "zh"):
        use_language(language)
        texts.append(re.sub(r"(\w+\.py):\d+", r"\1:line", str(found)))
    use_language(None)
    return " ‖ ".join(texts)


TEXTS = Refusals(Path(__file__).parent / "texts.txt", PLANTED, said)


@pytest.mark.parametrize("name", list(PLANTED)[:: 1 if full() else 2])
def test_a_finding_says_what_how_one_knows_and_what_to_do(name):
    TEXTS.check(name)
    assert name.split()[0] in KINDS


def test_no_text_is_left_over():
    TEXTS.check_that_none_is_left_over()
