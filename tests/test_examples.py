"""The examples print what they say: the words, and the numbers up to what another machine's rounding makes of them."""

from __future__ import annotations

import ast
import re
import runpy
import textwrap
from pathlib import Path

import pytest

from tests.calls import misnamed
from tests.counts import full

EXAMPLES = sorted(Path(__file__).parents[1].joinpath("examples").glob("*.py"))
NUMBER = re.compile(r"(?<!,)\b\d+(?:\.\d+)?\b(?!,)")


def announced(example: Path) -> str:
    """What the docstring says that it prints."""
    text = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    return textwrap.dedent(text.partition("It prints\n\n")[2])


def test_there_are_examples():
    assert {example.stem for example in EXAMPLES} >= {"localization", "segmentation", "sensor_series", "table"}


# Every day tests/train/test_architectures.py trains a smaller network for segmentation, tests/surgery moves a
# classifier over images, and tests/train/test_models.py saves a smaller network for series.
_LONG = {"localization", "segmentation", "sensor_series", "table"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_calls_what_there_is(example):
    assert misnamed(example.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_prints_what_it_says(example, capsys):
    """A training that fails is far from the numbers that it announces, which are far from those that it is to beat."""
    if example.stem in _LONG and not full():
        pytest.skip("long; runs with --full (make test-all)")
    made = runpy.run_path(str(example), run_name="__main__")
    printed, expected = capsys.readouterr().out.rstrip(), announced(example)
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", expected)
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (printed, expected)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.1)
    if example.stem == "localization":  # what finding digits is held to, whatever the example announces
        assert made["rates"].recall >= 0.9
        assert made["rates"].false_per_picture <= 0.5
