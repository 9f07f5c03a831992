"""Files that are written whole or not at all, and data whose damage is noticed."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

_SEAL = "sha256"


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the file, and put that in its place once it is on the disk.

    Raises:   OSError if that is not possible; the file then is as it was.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, too, where a folder can be opened for that.

    Raises:   OSError if that is not possible.
    """
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def read_whole(path: Path) -> bytes:
    """What a file holds.

    Raises:   OSError if it cannot be read, holds more than the memory, or is none, such as a pipe that nobody writes.
    """
    if not path.is_file():
        path.lstat()  # raises what is to be said where there is nothing
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    try:
        return path.read_bytes()
    except (MemoryError, OverflowError):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG)) from None


def sealed(data: dict[str, Any]) -> bytes:
    """An object as JSON that people can read, with the SHA-256 of the rest of its text as its last entry.

    Example:
        >>> print(sealed({"seed": 0}).decode())
        {
         "seed": 0,
         "sha256": "aae02764710613727aee9cd599cfc44d45e3c44471d7b3b08674cbcd8239d688"
        }
        <BLANKLINE>
    """
    body = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    opened = body.removesuffix("\n}") + "," if data else "{"
    return f'{opened}\n "{_SEAL}": "{_digest(opened)}"\n}}\n'.encode()


def unsealed(content: bytes) -> dict[str, Any]:
    """The object that `sealed` made into text.

    Raises:   ValueError if a byte of it has changed.
    """
    opened, _, end = content.decode().rpartition("\n")[0].rpartition("\n")[0].rpartition("\n")
    if end != f' "{_SEAL}": "{_digest(opened)}"' or content.decode() != f"{opened}\n{end}\n}}\n":
        raise ValueError(_SEAL)
    data = json.loads(content)
    del data[_SEAL]
    found: dict[str, Any] = data
    return found


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
