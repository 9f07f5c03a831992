"""The pages of the reference: one for each file that defines public names, and one with all names at a glance."""

from __future__ import annotations

import importlib
import re
from typing import Any

from tools.site.docstrings import as_markdown
from tools.site.names import ROOMS, PublicName, by_module, find, first_sentence, resolve

__all__ = ["anchor", "linked", "navigation", "pages"]

_CODE = re.compile(r"(?<![\[`])`cr\.(?P<name>[A-Za-z_][\w.]*)(?P<call>\([^`]*\))?`(?![`\]])")


def pages() -> dict[str, str]:
    """The Markdown of each page of the reference, by its path among the documents."""
    found = {"reference/index.md": _index()}
    for modules in by_module().values():
        for module, names in modules.items():
            found[_path(module)] = _page(module, names)
    return found


def navigation() -> list[dict[str, Any]]:
    """The reference as MkDocs' navigation has it: rooms, and the files in them."""
    rooms: list[dict[str, Any]] = [{"All names": "reference/index.md"}]
    for room, modules in by_module().items():
        rooms.append({ROOMS[room]: [{_title(module): _path(module)} for module in sorted(modules)]})
    return rooms


def anchor(written: str) -> str | None:
    """Where the reference says what `cr.<written>` is, as path#anchor among the documents; None if it says nothing."""
    found = find(written)
    if found is None:
        return None
    public, member = found
    if member:
        try:
            resolve(written)
        except AttributeError:
            return None
    return f"{_path(public.module)}#{'.'.join(filter(None, (public.identifier, member)))}"


def linked(page: str, path: str) -> str:
    """A page with every `cr.…` in its prose a link to the reference."""
    up = "../" * path.count("/")

    def link(found: re.Match[str]) -> str:
        place = anchor(found["name"])
        return f"[{found[0]}]({up}{place})" if place else found[0]

    fences = re.split(r"(^```.*?^```$)", page, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _CODE.sub(link, part) for part in fences)


def _path(module: str) -> str:
    return f"reference/{module.removeprefix('chainrule.').replace('.', '/')}.md"


def _title(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def _page(module: str, names: list[PublicName]) -> str:
    about = first_sentence(importlib.import_module(module))
    defined = [public.name for public in names]
    written = ", ".join(f"`cr.{public.written}`" for public in names[:2]) + (", …" if len(names) > 2 else "")
    options = "\n".join(f"        - {name}" for name in defined)
    return (
        f"# {_title(module)}\n\n{as_markdown(about)}\n\n"
        f"After `import chainrule as cr`: {written}. Defined in `{module}`.\n{{ .written }}\n\n"
        f"::: {module}\n    options:\n      members:\n{options}\n"
    )


def _index() -> str:
    parts = ["# All names\n\nAfter `import chainrule as cr`. Each name leads to its page."]
    for room, modules in by_module().items():
        rows = [_row(module, modules[module]) for module in sorted(modules)]
        parts.append(f"## {ROOMS[room]}\n\n| | |\n|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _row(module: str, names: list[PublicName]) -> str:
    place = _path(module).removeprefix("reference/")
    links = [f"[`{public.written}`]({place}#{public.identifier})" for public in names]
    return f"| [{_title(module)}]({place}) | {' '.join(links)} |"
