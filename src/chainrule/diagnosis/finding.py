"""What a finding is: a code that never changes its meaning, numbers that prove it, and what to do."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from chainrule.data.json_values import json_values
from chainrule.messages import Message

__all__ = ["Finding", "Findings", "Kind"]

_FORM = Message("finding.form", en="{code} {title}: {evidence} {remedy}", zh="{code} {title}：{evidence}{remedy}")
_NONE = Message("finding.none", en="Nothing is wrong, as far as was looked.", zh="在所检查的范围内没有发现问题。")


@dataclass(frozen=True)
class Kind:
    """One thing that can be wrong, in words.

    code       "CR012": to search for, to translate and to test; it never changes its meaning
    title      what it is called
    evidence   how one knows: a sentence or two with the numbers of a finding in their places
    remedy     what to do next, as a line of code or a command that cures it, with such numbers too

    Where the same thing shows in several ways, evidence or remedy are Messages by the finding's value "case".
    """

    code: str
    title: Message
    evidence: Message | Mapping[str, Message]
    remedy: Message | Mapping[str, Message]

    @property
    def texts(self) -> dict[str, Message]:
        """All of them, by what they tell and, where there are several, the case."""
        found = {"title": self.title}
        for name, texts in (("evidence", self.evidence), ("remedy", self.remedy)):
            found |= {name: texts} if isinstance(texts, Message) else {f"{name} {c}": m for c, m in texts.items()}
        return found

    def found(self, **values: Any) -> Finding:
        """A finding of this kind; numbers of NumPy become Python's."""
        return Finding(self, {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()})


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a training.

    values   what its texts say: plain numbers, names and lists of them, so that it can be kept as JSON
    """

    kind: Kind
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def title(self) -> str:
        return self.kind.title(**self.values)

    @property
    def evidence(self) -> str:
        """How one knows."""
        return self._text(self.kind.evidence)

    @property
    def remedy(self) -> str:
        """What to do."""
        return self._text(self.kind.remedy)

    def _text(self, texts: Message | Mapping[str, Message]) -> str:
        message = texts if isinstance(texts, Message) else texts[self.values["case"]]
        return message(**self.values)

    def __str__(self) -> str:
        """One paragraph in the language in use."""
        return _FORM(code=self.code, title=self.title, evidence=self.evidence, remedy=self.remedy)

    def __repr__(self) -> str:
        return f"Finding({self.code} {self.title})"

    def as_dict(self) -> dict[str, Any]:
        """As plain data; the texts are for those who read it without chainrule.

        Numbers that are infinite or NaN, which JSON does not know, are None.
        """
        texts = {"title": self.title, "evidence": self.evidence, "remedy": self.remedy}
        return {"code": self.code, "values": json_values(self.values), **texts}


class Findings(Sequence[Finding]):
    """Findings in the order of their codes.

    Example:
        >>> print(Findings([]))
        Nothing is wrong, as far as was looked.
    """

    def __init__(self, found: Iterable[Finding]) -> None:
        self._found = tuple(sorted(found, key=lambda finding: finding.code))

    @property
    def codes(self) -> list[str]:
        """The codes, each once."""
        return list(dict.fromkeys(finding.code for finding in self))

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self)) if self else _NONE()

    def __repr__(self) -> str:
        return f"Findings({', '.join(self.codes) or 'none'})"

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>{html.escape(_NONE())}</p>"
        items = (
            f"<dt><b>{f.code}</b> {html.escape(f.title)}</dt><dd>{html.escape(f.evidence)}"
            f"<br>{html.escape(f.remedy)}</dd>"
            for f in self
        )
        return f"<dl>{''.join(items)}</dl>"
