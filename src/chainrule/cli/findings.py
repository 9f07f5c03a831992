"""The command findings: which there are, and the mathematics and remedies of one of them."""

from __future__ import annotations

import re

from chainrule.cli.shipped import shipped
from chainrule.errors import UsageError
from chainrule.messages import Message, in_language, suggestion
from chainrule.messages.paragraph import print_paragraph
from chainrule.messages.wrapping import cells

_UNKNOWN = Message(
    "findings.unknown",
    en="There is no finding {code}.{suggestion} 'chainrule findings' lists them.",
    zh="没有发现 {code}。{suggestion}“chainrule findings”列出全部发现。",
)
_HOW = Message(
    "findings.how",
    en="'chainrule findings {code}' explains the first of them.",
    zh="“chainrule findings {code}”说明其中第一个。",
)


def print_list() -> None:
    """Codes and what they mean, in the language in use."""
    found = sections()
    for section in found.values():
        print_paragraph(_title(section), indent=6)
    print()
    print_paragraph(_HOW(code=next(iter(found))))


def print_one(code: str) -> None:
    """The part of the documentation about a code."""
    found = sections()
    if code not in found:
        raise UsageError(_UNKNOWN(code=code, suggestion=suggestion(code, found)))
    text = found[code].partition("\n\n")[2]
    print_paragraph(_title(found[code]))
    for block in text.split("\n\n"):
        print()
        for item in re.split(r"\n(?=- )", block):
            print_paragraph(_unbroken(item), indent=2 * item.startswith("- "))


def _title(section: str) -> str:
    return section.partition("\n")[0].removeprefix("## ")


def _unbroken(block: str) -> str:
    """A paragraph of the page without its ends of lines, between Chinese characters without a blank; formulas stay."""
    if block.startswith("$$"):
        return block
    wide = [cells(before + behind) == 4 for before, behind in re.findall(r"(.)\n *(.)", block)]
    first, *others = re.split(r"\n *", block)
    return first + "".join(line if joined else f" {line}" for line, joined in zip(others, wide, strict=True))


def sections() -> dict[str, str]:
    """The parts of the page of findings by their codes, in the language in use."""
    page = shipped("docs") / in_language(en="findings.md", zh="findings.zh.md")
    parts = re.split(r"^(?=## CR\d{3} )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.split()[1]: part.strip() for part in parts}
