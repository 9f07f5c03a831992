"""Help and refusals in the language of the product; typer's own words exist in English only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.messages.paragraph import terminal_width
from chainrule.messages.wrapping import cells, wrapped

_USAGE = Message("cli.help.usage", en="Usage: {command} {pieces}", zh="用法：{command} {pieces}")
_ARGUMENTS = Message("cli.help.arguments", en="Arguments:", zh="参数：")
_OPTIONS = Message("cli.help.options", en="Options:", zh="选项：")
_COMMANDS = Message("cli.help.commands", en="Commands:", zh="命令：")
_HELP = Message("cli.help.help", en="Show this text.", zh="显示本说明。")
_INSTALL = Message(
    "cli.help.install_completion", en="Let this shell complete what is typed.", zh="为当前 shell 安装自动补全。"
)
_SHOW = Message(
    "cli.help.show_completion",
    en="Print what --install-completion would install.",
    zh="打印 --install-completion 将安装的脚本。",
)
_LISTED = Message(
    "cli.refusal.listed",
    en="{problem} '{command} --help' lists what there is.",
    zh="{problem}“{command} --help”列出所有可用项。",
)
_NO_COMMAND = Message(
    "cli.refusal.command",
    en="There is no command '{name}'; choose one of: {known}.{suggestion}",
    zh="没有命令“{name}”；可选：{known}。{suggestion}",
)
_NO_OPTION = Message(
    "cli.refusal.option", en="There is no option {option}.{suggestion}", zh="没有选项 {option}。{suggestion}"
)
_NO_VALUE = Message("cli.refusal.no_value", en="{option} takes no value.", zh="{option} 不带值。")
_VALUE = Message(
    "cli.refusal.value", en="{option} needs a value: {option} {kind}.", zh="{option} 需要一个值：{option} {kind}。"
)
_WHOLE = Message(
    "cli.refusal.whole",
    en="{option} must be a whole number, {least} or more.",
    zh="{option} 必须是不小于 {least} 的整数。",
)
_NUMBER = Message("cli.refusal.number", en="{option} must be a number.", zh="{option} 必须是一个数。")
_MISSING = Message("cli.refusal.missing", en="{argument} is missing.", zh="缺少 {argument}。")
_OTHER = Message("cli.refusal.other", en="{reason}.", zh="参数不正确（{reason}）。")

# Options that typer adds by itself, with help in English.
_ADDED = {"help": _HELP, "install_completion": _INSTALL, "show_completion": _SHOW}

_WIDEST = 100  # columns of a terminal: longer lines are hard to read
_FEWEST = 30  # columns beside names for what they mean

# The class of all that typer raises about arguments; it exports only some of them.
_Misuse: Any = typer.BadParameter.__base__


class Command(TyperCommand):
    """A command that explains itself in the language of the product."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _refused_in_words(self, ctx):
            return super().parse_args(ctx, args)


class Group(TyperGroup):
    """The same for commands together."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx, [(name, command.help or "") for name, command in self.commands.items()]))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _refused_in_words(self, ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not ctx.resilient_parsing:  # that is, unless a shell asks for completion
            known, hint = ", ".join(self.commands), suggestion(args[0], self.commands)
            raise UsageError(_NO_COMMAND(name=args[0], known=known, suggestion=hint))
        return super().resolve_command(ctx, args)


def _help(command: Any, ctx: Any, commands: Iterable[tuple[str, str]] = ()) -> str:
    """What a command does and takes, in two columns where the terminal has room for them."""
    width = min(terminal_width(sys.stdout), _WIDEST)
    sections: dict[Message, list[tuple[str, str]]] = {_ARGUMENTS: [], _OPTIONS: [], _COMMANDS: list(commands)}
    for parameter in command.get_params(ctx):
        if parameter.param_type_name == "argument":
            sections[_ARGUMENTS].append((parameter.metavar, parameter.help))
        else:
            name = " ".join(filter(None, [", ".join(sorted(parameter.opts, key=len)), parameter.metavar]))
            text = _ADDED[parameter.name]() if parameter.name in _ADDED else parameter.help
            sections[_OPTIONS].append((name, text))
    following = [name for name, _ in sections[_ARGUMENTS]] or [command.subcommand_metavar]
    usage = _USAGE(command=ctx.command_path, pieces=" ".join([command.options_metavar, *following]))
    lines = [wrapped(usage, width, indent=2), "", wrapped(f"  {command.help}", width, indent=2)]
    for title, rows in sections.items():
        if rows:
            lines += ["", title(), *_explained(rows, width)]
    return "\n".join(lines)


def _explained(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Names, and beside them what they mean; below them where there is no room for some words in a line."""
    column = 4 + max(cells(name) for name, _ in rows)
    if width - column < _FEWEST:
        return [line for name, text in rows for line in (f"  {name}", wrapped(f"      {text}", width, indent=6))]
    blanks = [" " * (column - 2 - cells(name)) for name, _ in rows]
    lines = zip(rows, blanks, strict=True)
    return [wrapped(f"  {name}{blank}{text}", width, indent=column) for (name, text), blank in lines]


@contextmanager
def _refused_in_words(command: Any, ctx: Any) -> Iterator[None]:
    try:
        yield
    except _Misuse as misuse:
        problem = _problem(misuse, {option: each for each in command.get_params(ctx) for option in each.opts})
        raise UsageError(_LISTED(problem=problem, command=ctx.command_path)) from None


def _problem(misuse: Any, known: dict[str, Any]) -> str:
    """What is wrong with the arguments, in words of the product; typer's own only for what nobody foresaw."""
    match type(misuse).__name__:
        case "NoSuchOption":
            return _NO_OPTION(option=misuse.option_name, suggestion=suggestion(misuse.option_name, known))
        case "BadOptionUsage":
            option = misuse.option_name
            return (
                _NO_VALUE(option=option) if known[option].is_flag else _VALUE(option=option, kind=known[option].metavar)
            )
        case "MissingParameter":
            return _MISSING(argument=misuse.param.metavar)
        case "BadParameter":
            named = (
                misuse.param.opts[0] if misuse.param.param_type_name == "option" else misuse.param.metavar.strip("[]")
            )
            option = " / ".join(filter(None, [named, misuse.param.envvar]))
            least = getattr(misuse.param.type, "min", None)
            return _NUMBER(option=option) if least is None else _WHOLE(option=option, least=least)
    return _OTHER(reason=misuse.format_message())
