"""Both editions of the README say the same: code, links and the numbers of every table; who edits one edits both."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ((_ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"\]\([^)]*\)", "]", text)))


def _tables(page: str) -> list[list[str]]:
    """The rows of each table."""
    return [table.strip().splitlines() for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)]


def test_blocks_of_code_are_the_same():
    assert _FENCED.findall(ENGLISH) == _FENCED.findall(CHINESE)


def test_headings_and_items_of_lists_are_as_many():
    for what in (r"^## ", r"^### ", r"^- ", r"^  - "):
        assert len(re.findall(what, ENGLISH, re.MULTILINE)) == len(re.findall(what, CHINESE, re.MULTILINE)), what


def test_links_are_the_same():
    found = [re.findall(r"\]\((?!README)([^)]*)\)", page) for page in (ENGLISH, CHINESE)]
    assert found[0] == [link.replace(".zh.md", ".md") for link in found[1]]


_ROWS = [
    pytest.param(english, chinese, id=english.strip("| ").partition(" | ")[0][:60])
    for tables in zip(_tables(ENGLISH), _tables(CHINESE), strict=True)
    for english, chinese in zip(*tables, strict=True)
]


@pytest.mark.parametrize(("english", "chinese"), _ROWS)
def test_a_row_has_the_same_numbers_and_commands(english, chinese):
    assert _numbers(english) == _numbers(chinese)
    assert sorted(re.findall(r"`[^`]*`", english)) == sorted(re.findall(r"`[^`]*`", chinese))


def test_paragraphs_have_the_same_numbers():
    pages = [_FENCED.sub("", page) for page in (ENGLISH, CHINESE)]
    sections = [re.split(r"^## ", page, flags=re.MULTILINE) for page in pages]
    for english, chinese in zip(*sections, strict=True):
        assert _numbers(english) == _numbers(chinese), english.partition("\n")[0]
