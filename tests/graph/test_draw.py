"""Drawings, compared with snapshots. `CHAINRULE_RENEW_SNAPSHOTS=1 pytest tests/graph/test_draw.py` writes them anew."""

import os
import re
from pathlib import Path

import pytest

import chainrule as cr
from tests.graph import examples

SNAPSHOTS = Path(__file__).parent / "snapshots"
DRAWINGS = {
    "network.txt": lambda: examples.network().text(),
    "network.mmd": lambda: examples.network().mermaid(),
    "network.dot": lambda: examples.network().dot(),
    "gradient.txt": lambda: examples.gradient().text(),
    "awkward.txt": lambda: examples.awkward().text(),
    "awkward.mmd": lambda: examples.awkward().mermaid(),
    "awkward.dot": lambda: examples.awkward().dot(),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_as_it_was(name):
    drawn, file = DRAWINGS[name]() + "\n", SNAPSHOTS / name
    if os.environ.get("CHAINRULE_RENEW_SNAPSHOTS"):
        file.write_text(drawn, encoding="utf-8")
    assert drawn == file.read_text(encoding="utf-8"), "if the change is meant: CHAINRULE_RENEW_SNAPSHOTS=1"


def test_no_snapshot_is_left_over():
    assert {file.name for file in SNAPSHOTS.iterdir()} == set(DRAWINGS)


def test_text_has_a_line_for_every_node_but_numbers_and_one_for_the_outputs():
    graph = examples.gradient()
    numbers = [n for n in graph.nodes.values() if n.operation.name == "number"]
    assert numbers
    assert len(graph.text().splitlines()) == len(graph.nodes) - len(numbers) + 1


def test_a_number_that_is_an_output_is_drawn():
    assert "one  = number(value=1)" in cr.Graph({"one": cr.ones(())}).text()


def test_labels_of_diagrams_cannot_end_before_their_time():
    """Whatever stands in a name: every line of Mermaid and DOT keeps its form."""
    graph = examples.awkward()
    label = r'"[^"#&<>`\\]*(?:(?:#\d+;|<br/>)[^"#&<>`\\]*)*"'
    for line in graph.mermaid().splitlines()[1:]:
        assert re.fullmatch(
            rf"  n\d+(\(\[{label}\]\)|\[\[{label}\]\]|\[{label}\]| --> (n\d+|out\d+(\(\[{label}\]\))?))", line
        )
    for line in graph.dot().splitlines()[2:-1]:
        assert re.fullmatch(r'  (n|out)\d+ (\[label="([^"\\]|\\["\\n])*"[^"]*\]|-> (n|out)\d+);', line)


def test_an_empty_graph_can_be_drawn():
    graph = cr.Graph({})
    assert graph.text() == "outputs: "
    assert graph.mermaid() == "flowchart TD"
    assert graph.dot().startswith("digraph {")
