"""docs/chapter.md is true: every row is there, and what a row claims exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.site import labs
from tools.site.assemble import guide, with_claims
from tools.site.names import find, resolve

ROOT = Path(__file__).parents[2]
_COUNTS = {"N": 6, "L": 6, "O": 5, "P": 2, "G": 8, "D": 6, "C": 11, "R": 7, "T": 4, "Z": 7}
_IDS = [f"{letter}{number}" for letter, count in _COUNTS.items() for number in range(1, count + 1)]
_EXERCISE = re.compile(r"^(?:- \*\*|\| )X(\d+)\b", re.MULTILINE)  # of the list, and of the table
_LINK = re.compile(r"\[[^\]]+\]\((?P<page>[\w/.-]+\.md)#(?P<place>[\w-]+)\)")


class Row(NamedTuple):
    """A row of the table."""

    id: str
    what: str
    api: str
    test: str
    place: str


def _rows() -> list[Row]:
    lines = (ROOT / "docs" / "chapter.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return [Row(*row) for row in cells if len(row) == len(Row._fields) and row[0] != "row"]


ROWS = _rows()


def test_every_row_is_there_once_and_in_order():
    assert [row.id for row in ROWS] == _IDS


def test_the_chinese_table_has_the_same_rows_and_gets_their_claims():
    folder = ROOT / "docs"
    english, chinese = ((folder / f"chapter{end}").read_text(encoding="utf-8") for end in (".md", ".zh.md"))
    assert re.findall(r"^\| ([A-WYZ]\d+) \|", chinese, re.MULTILINE) == _IDS
    assert len(re.findall(r"^## ", chinese, re.MULTILINE)) == len(re.findall(r"^## ", english, re.MULTILINE))
    rows = [line for line in with_claims(chinese, english).splitlines() if re.match(r"\| [A-WYZ]\d+ \|", line)]
    claims = re.compile(r"`[^`]+`|\(guide[^)]+\)")
    for row, line in zip(ROWS, rows, strict=True):
        assert claims.findall(line) == claims.findall(row.api + row.test + row.place)


@pytest.mark.parametrize("page", labs.pages(), ids=lambda page: page.name)
def test_exercises_are_those_of_the_labs(page):
    text = page.read_text(encoding="utf-8")
    assert text == labs.renewed(page), "python -m tools.site.labs writes it anew"
    assert _EXERCISE.findall(text) == [str(number) for number in range(1, 26)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_claims_what_is_there(row):
    assert row.what
    for cell, check in ((row.api, _check_names), (row.test, _check_tests), (row.place, _check_places)):
        check(cell)


def _check_names(cell: str) -> None:
    """Every name imports, and is documented in the reference."""
    names = re.findall(r"`([^`]+)`", cell)
    assert names, cell
    assert ", ".join(f"`{name}`" for name in names) == cell, "names stand between backticks and commas"
    for name in names:
        assert name.startswith("cr."), name
        assert resolve(name.removeprefix("cr.")).__doc__, name
        assert find(name.removeprefix("cr.")), f"{name} is not public"


def _check_tests(cell: str) -> None:
    tests = re.findall(r"`([^`]+)`", cell)
    assert tests, cell
    for test in tests:
        path, _, name = test.partition("::")
        assert name in _tests(ROOT / path), test


@cache
def _tests(path: Path) -> frozenset[str]:
    """The tests of a file, as pytest names them: test_name, TestClass::test_name."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=group, body=body):
                names |= {f"{group}::{test.name}" for test in body if isinstance(test, ast.FunctionDef)}
    return frozenset(name for name in names if name.rpartition("::")[2].startswith("test_"))


def _check_places(cell: str) -> None:
    """Each is shown by the page that is linked, or is what the page says of the row, **N2**.

    That a page's own code makes its pictures is what the page's test says.
    """
    links = list(_LINK.finditer(cell))
    assert ", ".join(link[0] for link in links) == cell, "links such as [the region](guide/01-neuron.md#region)"
    for link in links:
        shown = (ROOT / "docs" / link["page"]).read_text(encoding="utf-8")
        place = link["place"]
        assert f"**{place}**" in shown or re.search(rf"\]\(pictures/{place}\.(svg|png|gif)\)", shown), link[0]


@pytest.mark.parametrize("page", guide(), ids=lambda page: page.stem)
def test_a_row_that_a_page_shows_leads_to_the_page(page):
    told = set(re.findall(r"\*\*([A-Z]\d+)\*\*", page.read_text(encoding="utf-8"))) & set(_IDS)
    lacking = [row.id for row in ROWS if row.id in told and f"(guide/{page.name}#" not in row.place]
    assert lacking == [], f"their lines in docs/chapter.md have no link to {page.name}"
