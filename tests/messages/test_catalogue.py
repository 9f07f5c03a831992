"""The catalogue of texts, the set of all Message values in the package: complete in both languages, used rightly."""

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import chainrule
from chainrule import errors
from chainrule.diagnosis import Kind
from chainrule.messages import Message

ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)}


def modules() -> list[ModuleType]:
    names = [found.name for found in pkgutil.walk_packages(chainrule.__path__, "chainrule.")]
    return [chainrule, *(importlib.import_module(name) for name in names if not name.endswith(".__main__"))]


def messages(module: ModuleType) -> dict[str, Message]:
    """Those of a module by name, and those of the kinds of findings that it declares."""
    found = {name: value for name, value in vars(module).items() if isinstance(value, Message)}
    for name, kind in vars(module).items():
        if isinstance(kind, Kind):
            found |= {f"{name}.{key}": message for key, message in kind.texts.items()}
    return found


MODULES = modules()
# A message that several modules import is one message.
CATALOGUE = list({id(message): message for module in MODULES for message in messages(module).values()}.values())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@cache
def tree(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


@cache
def calls(module: ModuleType) -> list[tuple[str, ast.Call]]:
    """Every call of a plain name, or of the last name after a dot."""
    found = []
    for node in ast.walk(tree(module)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                found.append((name, node))
    return found


def is_literal(node: ast.expr) -> bool:
    """Whether a text is spelled out on the spot, instead of coming from a message or a variable."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return is_literal(left) or is_literal(right)
        case ast.Call(func=ast.Attribute(value=value)):  # "...".format(x)
            return is_literal(value)
    return False


def test_keys_are_unique():
    keys = [message.key for message in CATALOGUE]
    assert sorted(keys) == sorted(set(keys))


def faults(message: Message) -> Iterator[str]:
    """What is wrong with a message."""
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", message.key):
        yield "its key is not words with dots between them"
    if not message.en.strip():
        yield "no English text"
    if not re.search("[\u3000-\u9fff\uff00-\uffef]", message.zh):
        yield "no Chinese in the Chinese text"
    if re.search("[\u4e00-\u9fff]", message.en):
        yield "Chinese in the English text"
    if placeholders(message.en) != placeholders(message.zh):
        yield "other placeholders in Chinese than in English"
    if "" in placeholders(message.en):
        yield "a placeholder without a name"


def test_messages_are_complete():
    assert len(CATALOGUE) > 100
    assert not [f"{message.key}: {fault}" for message in CATALOGUE for fault in faults(message)]


@pytest.mark.parametrize(
    ("key", "en", "zh", "fault"),
    [
        ("Key", "text", "文", "its key is not words with dots between them"),
        ("a.key", " ", "文", "no English text"),
        ("a.key", "text", "text", "no Chinese in the Chinese text"),
        ("a.key", "text 文", "文", "Chinese in the English text"),
        ("a.key", "text {a}", "文 {b}", "other placeholders in Chinese than in English"),
        ("a.key", "text {}", "文 {}", "a placeholder without a name"),
    ],
)
def test_a_fault_of_a_message_is_seen(key, en, zh, fault):
    assert list(faults(Message(key, en=en, zh=zh))) == [fault]


# Of all modules in one test each: what a test of its own for each of 330 modules costs is more than what it looks at.
def test_messages_are_declared_where_this_scan_finds_them():
    for module in MODULES:
        declared = [node.value for node in tree(module).body if isinstance(node, ast.Assign)]
        kinds = [c for v in declared if isinstance(v, ast.Call) and _name(v) == "Kind" for c in ast.walk(v)]
        known = {id(node) for node in (*declared, *kinds)}
        elsewhere = [call.lineno for name, call in calls(module) if name == "Message" and id(call) not in known]
        assert not elsewhere, f"{module.__name__}: lines {elsewhere}"


def _name(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else None


def test_a_message_is_given_exactly_the_values_it_names():
    """A wrong name would turn an error message into a KeyError."""
    for module in MODULES:
        known = messages(module)
        for name, call in calls(module):
            if name in known and all(keyword.arg for keyword in call.keywords):
                given = {keyword.arg for keyword in call.keywords}
                expected = {re.split(r"[.\[]", field)[0] for field in placeholders(known[name].en)}
                assert given == expected, f"{module.__name__}:{call.lineno}: {known[name].key}"


def test_errors_speak_both_languages():
    """No error is made from a text that is spelled out on the spot."""
    for module in MODULES:
        spelled_out = [
            call.lineno for name, call in calls(module) if name in ERRORS and any(map(is_literal, call.args))
        ]
        assert not spelled_out, f"{module.__name__}: lines {spelled_out}"


def test_the_scan_sees_literal_texts():
    spelled_out = ["'a'", "f'{a}'", "'a' + b", "b + f'{a}'", "'{}'.format(a)", "'%s' % a"]
    assert all(is_literal(ast.parse(text, mode="eval").body) for text in spelled_out)
    assert not any(is_literal(ast.parse(text, mode="eval").body) for text in ["TEXT(a=1)", "text", "A(a=b) + C()"])
