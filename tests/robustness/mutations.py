"""What may happen to a file: bytes, numbers and entries are changed, lost, repeated, or taken from another one."""

from __future__ import annotations

import copy
import json
import random
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TEXTS = [b"0", b"-1", b"1", b"2147483648", b"9223372036854775807", b"9223372036854775808", b"1000000000", b"1e999",
          b"-1e308", b"1e-400", b"NaN", b"inf", b"-0", b"007", b"9" * 400, b"", b"null", b"\xd9\xa3"]  # fmt: skip
_WORDS = [struct.pack(form, number) for number in (0, 1, -1, 2**31 - 1, -(2**31), 65_535) for form in (">i", "<i")]
_WORDS += [struct.pack(form, number) for number in (2**63 - 1, -(2**63)) for form in (">q", "<q")]
_WORDS += [struct.pack("<d", float("nan")), struct.pack("<f", float("inf")), b"\0\0", b"\xff\xff"]
_VALUES: list[Any] = [None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**9, 10**30, 0.5, -0.0, 1e308, "", "x",
                      "__class__", "../../etc/passwd", "\0", "é" * 9, [], {}, [None], [[]], {"a": 1}, {"float": "nan"},
                      {"float": "x"}, {"array": "x"}, {"dict": {}}, {"batch": 10**18}, {"dtype": "float64"},
                      [10**9, 10**9], [0], [-1]]  # fmt: skip


def changed_bytes(content: bytes, another: bytes, chance: random.Random) -> bytes:
    """One to four things happen to the bytes; `another` is a file of the same kind."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_CHANGES)(content, another, chance)
    return content


def changed_data(data: Any, chance: random.Random) -> Any:
    """One to three entries of JSON's data change."""
    data = copy.deepcopy(data)
    for _ in range(chance.randint(1, 3)):
        places = _places(data)
        if not places:
            return chance.choice(_VALUES)
        inside, key = chance.choice(places)
        match chance.randrange(6):
            case 0:
                del inside[key]
            case 1:
                inside[key] = copy.deepcopy(chance.choice(_VALUES))
            case 2:
                other, at = chance.choice(places)
                if isinstance(other, dict) or at < len(other):
                    inside[key] = copy.deepcopy(other.get(at) if isinstance(other, dict) else other[at])
            case 3:
                inside[key] = _nearby(inside[key], chance)
            case 4:
                if isinstance(inside, list):
                    inside.insert(key, copy.deepcopy(inside[key]))
                else:
                    inside[f"{key}{chance.choice(['_', '0', ' '])}"] = inside.pop(key)
            case 5:
                inside[key] = [inside[key]] if chance.random() < 0.5 else {str(key): inside[key]}
    return data


def nested(levels: int) -> bytes:
    """JSON that is as deep as this."""
    return b'{"a":' * levels + b"[]" + b"}" * levels


def as_json(data: Any) -> bytes:
    return json.dumps(data).encode()


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Every list and dict in data, with each key in it."""
    found, waiting = [], [data]
    while waiting:
        inside = waiting.pop()
        keys: Sequence[Any] = (
            list(inside) if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ()
        )
        found += [(inside, key) for key in keys]
        waiting += [inside[key] for key in keys]
    return found


def _nearby(value: Any, chance: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return chance.choice([value + 1, value - 1, -value, value * 2, value * 10**9, float(value), str(value)])
        case float():
            return chance.choice([-value, value * 1e300, int(value), str(value)])
        case str():
            return chance.choice([value[:-1], value + "x", value.upper(), value * 2, [*value]])
        case list():
            return chance.choice([value[::-1], value[1:], value * 2, [*value, 0]])
    return {} if isinstance(value, dict) else [value]


# ------------------------------------------------------------------------------------------------------------- in bytes
def _piece(content: bytes, chance: random.Random, most: int = 64) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.randint(0, most))


def _flip(content: bytes, another: bytes, chance: random.Random) -> bytes:
    if not content:
        return another
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def _cut(content: bytes, another: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _lose(content: bytes, another: bytes, chance: random.Random) -> bytes:
    start, end = _piece(content, chance)
    return content[:start] + content[end:]


def _repeat(content: bytes, another: bytes, chance: random.Random) -> bytes:
    start, end = _piece(content, chance, 512)
    return content[:end] + content[start:end] * chance.choice([1, 1, 2, 100]) + content[end:]


def _splice(content: bytes, another: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)] + another[chance.randrange(len(another) + 1) :]


def _overwrite(content: bytes, another: bytes, chance: random.Random) -> bytes:
    start, word = chance.randrange(len(content) + 1), chance.choice(_WORDS)
    start = min(start, 64) if chance.random() < 0.5 else start  # heads are small
    return content[:start] + word + content[start + len(word) :]


def _other_number(content: bytes, another: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(content))
    if not found:
        return _overwrite(content, another, chance)
    match = chance.choice(found)
    return content[: match.start()] + chance.choice(_TEXTS) + content[match.end() :]


_CHANGES: list[Callable[[bytes, bytes, random.Random], bytes]] = [
    _flip, _flip, _cut, _lose, _repeat, _splice, _overwrite, _overwrite, _other_number,
]  # fmt: skip
