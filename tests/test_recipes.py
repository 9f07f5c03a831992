"""The recipes reach what the README says of them, on test images that they were not chosen with."""

from __future__ import annotations

import re
import runpy
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.data import find_data
from chainrule.nn import trace

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"
REACHED = [("mnist_speedrun", "mnist", 5, 0.99), ("mnist_augmented", "mnist", 1, 0.994)]
REACHED += [("fashion_mnist", "fashion-mnist", 1, 0.916)]


def test_every_recipe_is_held_to_what_it_reached():
    assert {path.stem for path in RECIPES.glob("*.py")} == {"measured", *(recipe for recipe, *_ in REACHED)}


@pytest.mark.parametrize("recipe", [recipe for recipe, *_ in REACHED])
def test_a_network_has_the_parameters_that_are_written_beside_it(recipe, monkeypatch):
    monkeypatch.syspath_prepend(RECIPES)
    network = runpy.run_path(str(RECIPES / f"{recipe}.py"))["network"]
    written = re.search(r"with ([\d,]+) parameters", network.__doc__)
    assert trace(network(), [(28, 28, 1)]).parameter_count == int(written[1].replace(",", ""))


@pytest.mark.full
@pytest.mark.parametrize(("recipe", "images", "seeds", "least"), REACHED, ids=[recipe for recipe, *_ in REACHED])
def test_a_recipe_reaches_what_the_readme_says(recipe, images, seeds, least):
    if (folder := find_data(images)) is None:
        pytest.skip(f"needs the full {images}: set CHAINRULE_DATA_DIR")
    command = [sys.executable, RECIPES / f"{recipe}.py", "--data", folder, "--seeds", *map(str, range(seeds))]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    found = [float(percent) / 100 for percent in re.findall(r"seed \d+: accuracy ([\d.]+)%", run.stdout)]
    assert len(found) == seeds
    assert statistics.median(found) >= least, run.stdout
