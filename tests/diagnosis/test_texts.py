"""What findings say: every kind in both languages, explained in the documents, and kept as a snapshot."""

from __future__ import annotations

import re

import pytest

from chainrule.diagnosis import KINDS
from tools.site.assemble import ROOT

_HEADING = re.compile(r"^## (CR\d{3}) (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", ["findings.md", "findings.zh.md"])
def test_every_kind_has_its_section(page):
    codes = [code for code, _ in _HEADING.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))]
    assert codes == sorted(KINDS)


@pytest.mark.parametrize("code", KINDS)
def test_texts_of_a_kind_name_the_same_values_in_both_languages(code):
    kind = KINDS[code]
    assert re.fullmatch(r"CR\d{3}", code)
    for message in kind.texts.values():
        named = [set(re.findall(r"(?<!\{)\{(\w+)", text)) for text in (message.en, message.zh)]
        assert named[0] == named[1]


def test_evidence_and_remedy_have_the_same_cases():
    for kind in KINDS.values():
        if isinstance(kind.evidence, dict) and isinstance(kind.remedy, dict):
            assert kind.evidence.keys() == kind.remedy.keys()
