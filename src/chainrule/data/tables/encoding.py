"""In which encoding a text is that does not say so: found by its bytes, since the files of spreadsheets never do."""

from __future__ import annotations

import codecs

UTF_8 = "utf-8"
_MARKS = {codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LOOKED_AT = 1 << 16  # bytes by which UTF-16 is known
_MOST = 0.9  # of what speaks for an encoding, with which it is believed
_WESTERN, _CHINESE, _CHINESE_COMMON = "cp1252", "gb18030", "gb2312"


def marked(content: bytes) -> tuple[bytes, str | None]:
    """A text without the mark that it begins with, and the encoding that this stands for.

    Example:
        >>> marked(codecs.BOM_UTF8 + b"a,b"), marked(b"a,b")
        ((b'a,b', 'utf-8'), (b'a,b', None))
    """
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :], encoding
    return content, None


def encoding_of(content: bytes, before: str = UTF_8) -> str:
    r"""The encoding of a text without a mark: UTF-8 if it can be that, else the one of the texts before it, if that is
    another one. Else UTF-16, known by its zeros; GB 18030, as Chinese spreadsheets write it, if nearly all that is not
    ASCII are common Chinese characters; or Windows-1252, the Latin-1 of western spreadsheets. UTF-8 with some damage
    remains UTF-8.

    Example:
        >>> [encoding_of("Köln, 東京\n".encode(name)) for name in ("utf-8", "utf-16-le")]
        ['utf-8', 'utf-16-le']
        >>> encoding_of("Köln".encode("latin-1")), encoding_of("北京".encode("gbk"))
        ('cp1252', 'gb18030')
    """
    if b"\0" in content[:_LOOKED_AT]:
        return _with_zeros(content[:_LOOKED_AT])
    if _is(content, UTF_8):
        return UTF_8
    if before != UTF_8 and _is(content, before):
        return before
    if _is_damaged(content):
        return UTF_8
    if _is(content, _CHINESE) and _is_chinese(content.decode(_CHINESE)):
        return _CHINESE
    return _WESTERN if _is(content, _WESTERN) else UTF_8


def _with_zeros(content: bytes) -> str:
    """UTF-16 if nearly all zeros stand at every other place; no other text has any."""
    odd, even = content[1::2].count(0), content[::2].count(0)
    if max(odd, even) < _MOST * (odd + even):
        return UTF_8
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = content[: len(content) // 2 * 2].decode(encoding, "replace")
    return encoding if "\0" not in text and text.count("\n") + text.count("\r") else UTF_8


def _is(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _is_damaged(content: bytes) -> bool:
    """Whether more is UTF-8 than is not."""
    text = content.decode(UTF_8, "replace")
    strange = text.count("\N{REPLACEMENT CHARACTER}")
    return _other_than_ascii(text) - strange > strange


def _is_chinese(text: str) -> bool:
    """Whether nearly all that is not ASCII are characters of GB 2312; two letters with accents are rarely one."""
    common = len(text.encode(_CHINESE_COMMON, "ignore").decode(_CHINESE_COMMON)) - len(text.encode("ascii", "ignore"))
    return common >= _MOST * _other_than_ascii(text)


def _other_than_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))
