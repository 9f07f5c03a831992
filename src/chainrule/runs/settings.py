"""Configurations from files and from "section.key=value", checked; their schema, and an example with comments."""

from __future__ import annotations

import json
import os
import re
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from chainrule.errors import FileFormatError, UsageError
from chainrule.messages import Message, suggestion
from chainrule.runs.configuration import DIGITS, Configuration
from chainrule.runs.mistakes import Mistakes
from chainrule.runs.setting import Setting, settings_of

_NO_FILE = Message(
    "settings.no_file",
    en="There is no file {path}. Check the path, or write an example with 'chainrule init {path}'.",
    zh="文件 {path} 不存在。请检查路径，或用“chainrule init {path}”生成示例。",
)
_UNREADABLE = Message("settings.unreadable", en="{path} cannot be read: {reason}.", zh="无法读取 {path}：{reason}。")
_NOT_TOML = Message(
    "settings.not_toml",
    en="{path} is no TOML file: {reason}. 'chainrule init' writes an example.",
    zh="{path} 不是 TOML 文件：{reason}。“chainrule init”可生成示例。",
)
_NO_SECTION = Message(
    "settings.no_section",
    en="{place}: there is no section [{name}]; there are: {known}.{suggestion}",
    zh="{place}：没有 [{name}] 这一节；现有：{known}。{suggestion}",
)
_NOT_A_SECTION = Message(
    "settings.not_a_section",
    en="{place}: '{name}' is a section, and has settings below it: {known}.",
    zh="{place}：“{name}”是一节，其下的设置有：{known}。",
)
_NO_SETTING = Message(
    "settings.no_setting",
    en="{place}: [{section}] has no setting '{key}'; it has: {known}.{suggestion}",
    zh="{place}：[{section}] 中没有设置“{key}”；现有：{known}。{suggestion}",
)
_VALUE = Message(
    "settings.value",
    en="{place}: {section}.{key} is {value}, but must be {wanted}.{suggestion}",
    zh="{place}：{section}.{key} 为 {value}，但应为{wanted}。{suggestion}",
)
_FORM = Message(
    "settings.form",
    en="--set {text}: give a section, a setting and a value, such as --set train.lr=0.001.",
    zh="--set {text}：请给出节、设置和值，例如 --set train.lr=0.001。",
)
_LINE = Message("settings.line", en="{path}, line {line}", zh="{path} 第 {line} 行")
_HEAD = Message(
    "settings.head",
    en="A training: chainrule train {name}. What stands behind # is not set; the values there are examples.",
    zh="一次训练：chainrule train {name}。以 # 开头的行未设置，其中的值仅为示例。",
)

_SEARCH = Message(
    "settings.search",
    en="What 'chainrule tune' varies, by section.setting: a range {{low, high, log}} or {{choices}}; a training itself"
    " does not look at it.",
    zh="“chainrule tune”所搜索的设置，形如“节.设置”：范围 {{low, high, log}} 或 {{choices}}；训练本身不使用它。",
)

SEARCH = "search"  # the section of a file that says what a search may vary
_LARGEST = 1 << 20  # bytes of a file: configurations are pages, not books
_WIDTH = 100

_NAME = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_PATH = rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*"
_HEADING, _ASSIGNMENT = re.compile(rf"\s*\[{_PATH}\]"), re.compile(f"{_PATH}=")

SECTIONS: dict[str, dict[str, Setting]] = {f.name: settings_of(f.default_factory) for f in fields(Configuration)}


# --------------------------------------------------------------------------------------------------------------- read
def read_configuration(path: str | os.PathLike[str]) -> Configuration:
    r"""The configuration in a TOML file; a path in it is seen from the file's folder.

    Raises:   FileFormatError if there is none, or it is no TOML; UsageError for unknown settings and values that they
              cannot have, with the line.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "quick.toml").write_text("[train]\nepochs = 3\n")
        ...     read_configuration(f"{folder}/quick.toml").train.epochs
        3
    """
    path = Path(path)
    data, text = read_toml(path)
    told = {name: given for name, given in data.items() if name != SEARCH}
    configuration = configured(Configuration(), told, str(path), text)
    source = configuration.data.source
    if source == DIGITS:
        return configuration
    return replace(configuration, data=replace(configuration.data, source=str(path.parent / source)))


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """What a TOML file holds, and its text.

    Raises:   FileFormatError if there is none, or it is no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode() if len(content) <= _LARGEST else ""
        data = tomllib.loads(text) if text or not content else None
    except FileNotFoundError:
        raise FileFormatError(_NO_FILE(path=path)) from None
    except OSError as reason:
        raise FileFormatError(_UNREADABLE(path=path, reason=reason.strerror or reason)) from None
    except (ValueError, RecursionError) as reason:
        raise FileFormatError(_NOT_TOML(path=path, reason=str(reason) or type(reason).__name__)) from None
    if data is None:
        raise FileFormatError(_UNREADABLE(path=path, reason=f"> {_LARGEST:,} bytes"))
    return data, text


def configured(configuration: Configuration, data: Mapping[str, Any], place: str, text: str = "") -> Configuration:
    """A configuration with these settings, by section and key, in the place of its own.

    place, text   where they are from, and what stands there, for messages

    Raises:   UsageError for unknown settings, and values that they cannot have; all of them at once.
    """
    mistakes = Mistakes()
    for name, given in data.items():
        checked = {}
        with mistakes.noted():
            for key, value in _section(name, given, place, text).items():
                with mistakes.noted():
                    checked[key] = _checked(name, key, value, place, text)
            configuration = replace(configuration, **{name: replace(getattr(configuration, name), **checked)})
    mistakes.refuse()
    return configuration


def _section(name: str, given: Any, place: str, text: str) -> Mapping[str, Any]:
    """The settings that are given in a section."""
    if name not in SECTIONS:
        known, hint, where = ", ".join(SECTIONS), suggestion(name, SECTIONS), placed(place, text, name, "")
        raise UsageError(_NO_SECTION(place=where, name=name, known=known, suggestion=hint))
    if not isinstance(given, Mapping):
        where = placed(place, text, "", name)
        raise UsageError(_NOT_A_SECTION(place=where, name=name, known=", ".join(SECTIONS[name])))
    return given


def _checked(section: str, key: str, value: Any, place: str, text: str) -> Any:
    settings = SECTIONS[section]
    if key not in settings:
        known, where = ", ".join(settings), placed(place, text, section, key)
        hint = suggestion(key, settings, {"learning_rate": "lr"})
        raise UsageError(_NO_SETTING(place=where, section=section, key=key, known=known, suggestion=hint))
    kind = settings[key].kind
    if not kind.allows(value):
        where, hint = placed(place, text, section, key), suggestion(str(value), kind.words())
        message = _VALUE(
            place=where, section=section, key=key, value=written(value), wanted=kind.wanted(), suggestion=hint
        )
        raise UsageError(message)
    return tuple(value) if isinstance(value, list) else value


def placed(place: str, text: str, section: str, key: str) -> str:
    """A place with the line of a TOML text that says a setting, or else its section; without one where none does."""
    wanted = [name for name in (section, key) if name]
    headed: list[str] = []
    around = None  # the line of an inline table that holds it
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _HEADING.match(line):
            said = headed = _names(heading[1])
        elif assignment := _ASSIGNMENT.match(line):
            said = [*headed, *_names(assignment[1])]
            if not around and said == wanted[: len(said)]:
                around = number
        else:
            continue
        if said[: len(wanted)] == wanted:
            return _LINE(path=place, line=number)
    return _LINE(path=place, line=around) if around else place


def _names(path: str) -> list[str]:
    """The names of a dotted path, without quotes."""
    return [name.strip("\"'") for name in re.findall(_NAME, path)]


# ---------------------------------------------------------------------------------------------------------- from texts
def overridden(configuration: Configuration, texts: Iterable[str]) -> Configuration:
    """A configuration with settings from texts, such as "train.lr=1e-3", in the place of its own.

    A value is read as TOML has it, and as a text where that fails: model.name=mlp needs no quotes.

    Raises:   UsageError for what is no setting, all at once.
    Example:
        >>> overridden(Configuration(), ["train.lr=1e-3", "model.name=mlp"]).as_data()["train"]["lr"]
        0.001
    """
    mistakes = Mistakes()
    for text in texts:
        with mistakes.noted():
            path, equals, value = text.partition("=")
            section, dot, key = path.strip().partition(".")
            if not (equals and dot and section and key):
                raise UsageError(_FORM(text=text))
            configuration = configured(configuration, {section: {key: read_value(value.strip())}}, f"--set {text}")
    mistakes.refuse()
    return configuration


def read_value(text: str) -> Any:
    """A value as TOML has it; what is none is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


# ------------------------------------------------------------------------------------------------------------- written
def schema() -> dict[str, Any]:
    """What a configuration may hold, as JSON Schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chainrule configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    key: {**own.kind.schema(), "description": own.about()}
                    | ({} if own.default is None else {"default": own.default})
                    for key, own in settings.items()
                },
            }
            for name, settings in SECTIONS.items()
        }
        | {SEARCH: {"type": "object", "description": _SEARCH(), "additionalProperties": {"type": "object"}}},
    }


def example(name: str = "experiment.toml", configuration: Configuration | None = None) -> str:
    """A configuration as a TOML file, with a comment about every setting; what is not set stands behind #."""
    lines = [*_comment(_HEAD(name=name))]
    given = (configuration or Configuration()).as_data()
    for section, settings in SECTIONS.items():
        lines += ["", f"[{section}]"]
        for key, own in settings.items():
            value, mark = (given[section][key], "") if key in given[section] else (own.example, "# ")
            lines += [*_comment(own.about()), f"{mark}{key} = {written(value)}"]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH)]


def written(value: Any) -> str:
    """A value as TOML has it: for what settings hold, JSON's way."""
    return json.dumps(value, ensure_ascii=False, default=str)
