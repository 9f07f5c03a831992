"""The catalogue of texts, the set of all Message values in the package: complete in both languages, used rightly."""

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
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


def tree(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def calls(module: ModuleType) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a plain name, or of the last name after a dot."""
    for node in ast.walk(tree(module)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name, node


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


@pytest.mark.parametrize("message", CATALOGUE, ids=lambda message: message.key)
def test_a_message_is_complete(message):
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", message.key)
    assert message.en.strip()
    assert re.search("[\u3000-\u9fff\uff00-\uffef]", message.zh), "no Chinese in the Chinese text"
    assert not re.search("[\u4e00-\u9fff]", message.en), "Chinese in the English text"
    assert placeholders(message.en) == placeholders(message.zh)
    assert "" not in placeholders(message.en), "placeholders have names"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_messages_are_declared_where_this_scan_finds_them(module):
    made = [call for name, call in calls(module) if name == "Message"]
    declared = [node.value for node in tree(module).body if isinstance(node, ast.Assign)]
    kinds = [c for value in declared if isinstance(value, ast.Call) and _name(value) == "Kind" for c in ast.walk(value)]
    assert not [call.lineno for call in made if ast.dump(call) not in map(ast.dump, [*declared, *kinds])]


def _name(call: ast.Call) -> str | None:
    return call.func.id if isinstance(call.func, ast.Name) else None


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_message_is_given_exactly_the_values_it_names(module):
    """A wrong name would turn an error message into a KeyError."""
    known = messages(module)
    for name, call in calls(module):
        if name in known and all(keyword.arg for keyword in call.keywords):
            given = {keyword.arg for keyword in call.keywords}
            expected = {re.split(r"[.\[]", field)[0] for field in placeholders(known[name].en)}
            assert given == expected, f"{module.__name__}:{call.lineno}: {known[name].key}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_errors_speak_both_languages(module):
    """No error is made from a text that is spelled out on the spot."""
    spelled_out = [call.lineno for name, call in calls(module) if name in ERRORS and any(map(is_literal, call.args))]
    assert not spelled_out


def test_the_scan_sees_literal_texts():
    spelled_out = ["'a'", "f'{a}'", "'a' + b", "b + f'{a}'", "'{}'.format(a)", "'%s' % a"]
    assert all(is_literal(ast.parse(text, mode="eval").body) for text in spelled_out)
    assert not any(is_literal(ast.parse(text, mode="eval").body) for text in ["TEXT(a=1)", "text", "A(a=b) + C()"])
