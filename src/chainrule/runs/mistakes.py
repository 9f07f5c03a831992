"""Mistakes in what somebody wrote, which are told together, so that nobody corrects them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import UsageError
from chainrule.messages import Message

_MORE = Message("mistakes.more", en="Further mistakes: {count}.", zh="另有 {count} 处错误。")

_MOST_TOLD = 5


class MistakesError(UsageError):
    """One or several mistakes, each a text of its own."""

    def __init__(self, texts: list[str]) -> None:
        told, more = texts[:_MOST_TOLD], len(texts) - _MOST_TOLD
        super().__init__(" ".join([*told, _MORE(count=more)] if more > 0 else told))
        self.texts = texts


class Mistakes:
    """Mistakes that are gathered until `refuse` tells them.

    Example:
        >>> mistakes = Mistakes()
        >>> for text in ("one", "1", "two"):
        ...     with mistakes.noted():
        ...         if not text.isdecimal():
        ...             raise UsageError(f"{text!r} is no number.")
        >>> mistakes.refuse()
        Traceback (most recent call last):
        chainrule.runs.mistakes.MistakesError: 'one' is no number. 'two' is no number.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is refused within is noted, and all goes on behind."""
        try:
            yield
        except MistakesError as several:
            self.texts += several.texts
        except UsageError as mistake:
            self.texts.append(str(mistake))

    def refuse(self) -> None:
        """Tell what was noted, if anything was.

        Raises:   UsageError, with the first few of them.
        """
        if self.texts:
            raise MistakesError(self.texts)
