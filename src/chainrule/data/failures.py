"""Records of which some cannot be used, such as damaged pictures: which, why, and how that is told."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.errors import FileFormatError
from chainrule.messages import Message

_SEVERAL = Message(
    "failures.several",
    en="{count} of {total} pictures cannot be used. Remove or replace them: {reasons}",
    zh="{total} 张图片中有 {count} 张无法使用。请删除或替换：{reasons}",
)
_MOST_NAMED = 5  # that a message lists

Failures = Mapping[int, FileFormatError]  # by the places of the records


def refuse(failures: Failures, total: int) -> None:
    """Nothing where all of so many records can be used.

    Raises:   FileFormatError with how many cannot, and the reasons for the first of them.
    """
    if len(failures) == 1:
        raise next(iter(failures.values()))
    if failures:
        first = [str(failure) for _, failure in zip(range(_MOST_NAMED), failures.values(), strict=False)]
        reasons = " ".join(first) + (" …" if len(failures) > _MOST_NAMED else "")
        raise FileFormatError(_SEVERAL(count=len(failures), total=total, reasons=reasons))
