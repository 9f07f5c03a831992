"""What Griffe, which reads the sources, does not know of ours: operations that are values, the template."""

from __future__ import annotations

import importlib
from typing import Any

import griffe

from tools.site.docstrings import as_markdown
from tools.site.names import PublicName, by_module

__all__ = ["Template"]


class Template(griffe.Extension):
    """Declared operations become the functions that they are to their users, and docstrings Markdown."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: Any) -> None:
        """Called by Griffe when it has read the whole package."""
        for modules in by_module().values():
            for module, names in modules.items():
                home = pkg[module.removeprefix("chainrule.")]
                home.docstring = None  # the page begins with it
                for public in names:
                    _complete(home, public)
        _rewrite(pkg)


def _complete(home: griffe.Module, public: PublicName) -> None:
    """An operation that is declared as a value becomes the function that it is to its users."""
    member = home.members[public.name]
    value = getattr(importlib.import_module(public.module), public.name)
    arguments = getattr(value, "arguments", None)
    if member.is_attribute and callable(value) and isinstance(arguments, tuple):
        parameters = [griffe.Parameter(name, kind=griffe.ParameterKind.positional_only) for name in arguments]
        function = griffe.Function(
            public.name,
            parameters=griffe.Parameters(*parameters),
            returns="Tensor",
            lineno=member.lineno,
            endlineno=member.endlineno,
            docstring=griffe.Docstring(value.__doc__ or ""),
        )
        home.set_member(public.name, function)


def _rewrite(thing: griffe.Object | griffe.Alias) -> None:
    """Every docstring of it and in it as Markdown."""
    if thing.is_alias:
        return
    if thing.docstring is not None:
        thing.docstring.value = as_markdown(thing.docstring.value)
    for member in thing.members.values():
        _rewrite(member)
