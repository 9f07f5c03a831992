"""Documents as HTML, for notebooks and pages: no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from chainrule.autodiff.explanation import mathml

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.document import Document, Entry

_STYLE = """\
.chainrule-steps{max-width:64em;line-height:1.6}
.chainrule-steps h4{margin:1em 0 .3em}
.chainrule-steps h5{margin:.9em 0 .2em;font-weight:600}
.chainrule-steps .entry{display:grid;grid-template-columns:2.2em 1fr auto;gap:0 .6em;padding:.15em 0}
.chainrule-steps .entry{align-items:baseline;border-bottom:1px solid #8883}
.chainrule-steps .label{text-align:right;opacity:.65}
.chainrule-steps .remark{opacity:.65;font-size:.85em}
.chainrule-steps .equation{overflow-x:auto;overflow-y:hidden;padding:.15em 0}
.chainrule-steps details{grid-column:2/4;margin:.2em 0 .4em}
.chainrule-steps details>div{border-left:3px solid #0072b2;padding-left:1em}
.chainrule-steps summary{cursor:pointer;color:#0072b2;font-size:.85em}
.chainrule-steps .legend{opacity:.7;font-size:.85em;margin-top:.8em}
.chainrule-steps mtd{padding:.2em .35em}"""


def written(document: Document) -> str:
    """The document in a division of its own, with its style."""
    return f'<div class="chainrule-steps"><style>{_STYLE}</style>{_inside(document)}</div>'


def _inside(document: Document) -> str:
    parts = [f"<h4>{escape(document.title)}</h4>"]
    for section in document.sections:
        parts.append(f"<h5>{escape(section.heading)}</h5>")
        parts += map(_entry, section.entries)
    if document.legend:
        parts.append(f'<div class="legend">{"<br/>".join(map(escape, document.legend))}</div>')
    return "".join(parts)


def _entry(entry: Entry) -> str:
    equations = "".join(f'<div class="equation">{mathml.equation(e)}</div>' for e in entry.equations)
    inner = ""
    if entry.inner is not None:
        summary = escape(entry.inner.title)
        inner = f"<details><summary>{summary}</summary><div>{_inside(entry.inner)}</div></details>"
    label, remark = escape(entry.label), escape(entry.remark)
    return (
        f'<div class="entry"><div class="label">{label}</div><div>{equations}</div>'
        f'<div class="remark">{remark}</div>{inner}</div>'
    )
