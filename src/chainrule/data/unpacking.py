"""How much compressed data may become: no more than real ones do, so that a small file does not fill the memory."""

from __future__ import annotations

from chainrule.errors import FileFormatError
from chainrule.messages import Message

_BOMB = Message(
    "unpacking.bomb",
    en="{path} unpacks to {times} times its size, {size:,} bytes, as no data do. If it is yours, write it without"
    " compression.",
    zh="{path} 解压后为其大小的 {times} 倍，即 {size:,} 字节，真实数据不会如此。若文件是您自己的，请不压缩写入。",
)

_MOST_TIMES = 250  # that real data shrink to a part of; deflate makes zeros a thousand times as small
_HARMLESS = 1 << 28  # bytes that may be unpacked from anything


def check_unpacked(path: object, packed: int, size: int) -> None:
    """That so many packed bytes may become bytes of this size.

    Raises:   FileFormatError if they may not.
    """
    times = size // max(1, packed)
    if times > _MOST_TIMES and size > _HARMLESS:
        raise FileFormatError(_BOMB(path=path, times=times, size=size))
