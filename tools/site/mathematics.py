"""LaTeX as MathML: the browser sets it, and no page needs a script, a font or the network.

Arithmatex finds the formulas between dollars; here they become MathML. A command that the converter does not know is an
error, not a word in the formula.
"""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert

__all__ = ["UnknownCommandError", "as_mathml", "with_mathml"]

_FOUND = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<latex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)  # what Arithmatex writes
_LETTER = re.compile(r"\\mathrm\{([A-Za-z])\}")  # of which the converter makes an italic letter, as of a variable
_UPRIGHT = re.compile(r'(?:<mi mathvariant="normal">\w</mi>){2,}')  # \mathrm, letter by letter

# A minus behind another sign that closes nothing is a number's own: it stands close to it.
_SIGN = re.compile(r"(<mo[^>]*>(?!&#x00029;|&#x0005D;|&#x0230B;|&#x0007C;|[|!])[^<]*</mo>)<mo>&#x02212;</mo>")


class UnknownCommandError(ValueError):
    """A formula has a command that becomes no MathML."""


def as_mathml(latex: str, *, display: bool) -> str:
    r"""A formula as MathML, with its LaTeX as the annotation that is copied with it.

    >>> as_mathml("x_1", display=False).startswith('<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">')
    True
    >>> "<mtext>d</mtext><mi>x</mi>" in as_mathml(r"\mathrm{d}x", display=False)  # a derivative's d is no variable
    True
    >>> as_mathml("f(x) - (-3) = -3", display=False).count('form="prefix"')
    2
    """
    source = latex.strip()
    known = _LETTER.sub(r"\\text{\1}", re.sub(r"\\arg\b", r"\\operatorname{arg}", source))
    made = convert(known, display="block" if display else "inline")
    if unknown := re.search(r"\\[A-Za-z]+", made):
        raise UnknownCommandError(f"{unknown[0]} in the formula {source}")
    made = _UPRIGHT.sub(lambda letters: f"<mi>{re.sub('<[^>]*>', '', letters[0])}</mi>", made)
    made = _SIGN.sub(r'\1<mo form="prefix">&#x02212;</mo>', made)
    note = f'<annotation encoding="application/x-tex">{html.escape(source)}</annotation>'
    opening, body = re.fullmatch(r"(<math[^>]*>)(.*)</math>", made, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{opening}<semantics>{body}{note}</semantics></math>"


def with_mathml(page: str) -> str:
    """The HTML of a page with its formulas as MathML."""

    def formula(found: re.Match[str]) -> str:
        display = found["tag"] == "div"
        made = as_mathml(html.unescape(found["latex"]), display=display)
        return f'<div class="formula">{made}</div>' if display else made

    return _FOUND.sub(formula, page)
