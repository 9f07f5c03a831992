"""A page of HTML that stands for itself: one file, no script, nothing from a network; light and dark, wide and narrow.

All texts come in here as they are and are escaped here: names of columns and classes are whatever somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from chainrule.graph import markup
from chainrule.messages import in_language
from chainrule.runs.wording import Tabular

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # no page may hold these

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1d21; --paper: #ffffff; --soft: #5b6069; --line: #d9dce1;
  --panel: #f5f6f8; --first: #0072B2; --second: #B86E00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16181c; --soft: #a4aab4; --line: #363b44;
  --panel: #20242a; --first: #56B4E9; --second: #E69F00; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
.soft { color: var(--soft); }
.result { font-size: 1.15rem; font-weight: 600; margin: .75rem 0 .25rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
a { color: var(--first); }
code { font: .875em/1.4 ui-monospace, Consolas, "DejaVu Sans Mono", monospace; background: var(--panel);
  padding: .1em .3em; border-radius: 3px; }
.scroll { overflow-x: auto; margin: .5rem 0 1.25rem; }
.scroll:focus-visible { outline: 2px solid var(--first); }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal; }
caption { color: var(--soft); padding-bottom: .25rem; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  unicode-bidi: isolate; max-width: 26rem; font-variant-numeric: tabular-nums; }
thead th { vertical-align: bottom; color: var(--soft); font-weight: 600; }
th { white-space: nowrap; }
tbody th { font-weight: 500; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
.charts svg { flex: 1 1 22rem; width: 100%; max-width: 29rem; height: auto; }
.chart-1 { stroke: var(--first); }
.chart-2 { stroke: var(--second); }
.confusion th, .confusion td { padding: .25rem .45rem; text-align: right; border: 1px solid var(--line); }
.confusion td { min-width: 2.2rem; }
.confusion .none { color: var(--soft); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 1rem; padding: 0;
  list-style: none; }
figure { margin: 0; }
figcaption { font-size: .85rem; line-height: 1.35; }
.gallery img { width: 112px; height: 112px; object-fit: contain; background: var(--panel); image-rendering: pixelated; }
@media (max-width: 40rem) { .scroll table { width: max-content; } }
@media (max-width: 32rem) { .gallery { grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); } }
@media print { nav { display: none; } .scroll { overflow: visible; } }
"""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    name    of its place, for links
    parts   HTML
    """

    name: str
    title: str
    parts: tuple[str, ...]


def page(title: str, above: Iterable[str], sections: Sequence[Section], contents: str) -> str:
    """The whole of it; `contents` says what the list of sections is, to those who do not see it."""
    links = "".join(f'<li><a href="#{section.name}">{text(section.title)}</a></li>' for section in sections)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing runs, and nothing is fetched
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{in_language(en="en", zh="zh-Hans")}">',
        "<head>",
        '<meta charset="utf-8" />',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}" />',
        '<meta name="viewport" content="width=device-width, initial-scale=1" />',
        '<meta name="color-scheme" content="light dark" />',
        f"<title>{text(title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        f"<header><h1>{text(title)}</h1>",
        *above,
        f'<nav aria-label="{text(contents)}"><ul>{links}</ul></nav></header>',
        "<main>",
        *map(_section, sections),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> str:
    head = f'<section aria-labelledby="{section.name}"><h2 id="{section.name}">{text(section.title)}</h2>'
    return "\n".join([head, *section.parts, "</section>"])


# --------------------------------------------------------------------------------------------------------------- parts
def plain(said: str) -> str:
    """A text without characters that no page may hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", said)


def text(said: str) -> str:
    """A text as HTML shows it.

    Example:
        >>> text("<script> & co")
        '&lt;script&gt; &amp; co'
    """
    return escape(plain(said))


def paragraph(said: str, kind: str = "") -> str:
    """A paragraph of a kind that the style knows."""
    return f'<p class="{kind}">{text(said)}</p>' if kind else f"<p>{text(said)}</p>"


def lines(said: Iterable[str]) -> str:
    """A paragraph of several lines."""
    return f"<p>{'<br />'.join(map(text, said))}</p>"


def table(tabular: Tabular, caption: str) -> str:
    """A table, which scrolls by itself where it is wider than the page."""
    rows = [[*map(plain, row)] for row in tabular.rows]
    head = [*map(plain, tabular.head)]
    made = markup.table(head, rows, caption=plain(caption), foot=tabular.foot, numbers=tabular.numbers)
    return scrolling(made, caption)


def scrolling(made: str, name: str) -> str:
    """A part that scrolls by itself, by keyboard too, where it is wider than the page."""
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{text(name)}">{made}</div>'


def charts(drawn: Iterable[str]) -> str:
    """Pictures side by side, as many as there is room for."""
    return f'<div class="charts">{"".join(drawn)}</div>'
