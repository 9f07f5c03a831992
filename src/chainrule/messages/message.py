"""A text in both languages, and which of the two is spoken."""

import os
from dataclasses import dataclass

from chainrule.errors import UsageError

LANGUAGES = ("en", "zh")

_chosen: str | None = None


@dataclass(frozen=True)
class Message:
    """One user-facing text in English and Chinese; calling it fills in the values, in the current language.

    Example:
        >>> greeting = Message("example.greeting", en="{count} samples read.", zh="已读取 {count} 个样本。")
        >>> use_language("zh")
        >>> greeting(count=3)
        '已读取 3 个样本。'
        >>> use_language(None)
    """

    key: str
    en: str
    zh: str

    def __call__(self, **values: object) -> str:
        return in_language(en=self.en, zh=self.zh).format(**values)


_UNKNOWN_LANGUAGE = Message(
    "language.unknown",
    en="Language '{code}' is not known; choose one of: {known}.",
    zh="未知语言“{code}”；可选：{known}。",
)


def use_language(code: str | None) -> None:
    """Choose the language of everything said from now on; None returns to the environment's choice.

    Raises:   UsageError if the language is neither 'en' nor 'zh'.
    """
    global _chosen
    if code is not None and code not in LANGUAGES:
        raise UsageError(_UNKNOWN_LANGUAGE(code=code, known=", ".join(LANGUAGES)))
    _chosen = code


def language() -> str:
    """The language of use_language, else of CHAINRULE_LANG, else of the locale; 'en' unless that is Chinese."""
    if _chosen is not None:
        return _chosen
    # The order in which POSIX consults the locale of messages: the first that is set decides.
    for variable in ("CHAINRULE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def in_language(*, en: str, zh: str) -> str:
    """That of two texts which is in the language in use: how a notebook of yours speaks both.

    Example:
        >>> use_language("zh")
        >>> in_language(en="learning rate", zh="学习率")
        '学习率'
        >>> use_language(None)
    """
    return zh if language() == "zh" else en
