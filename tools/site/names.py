"""The public names, as a user writes them after `import chainrule as cr`, and the files that define them."""

from __future__ import annotations

import ast
import importlib
import types
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import chainrule

__all__ = ["ROOMS", "PublicName", "by_module", "find", "first_sentence", "public_names", "resolve"]

_SOURCE = Path(chainrule.__file__).parent
ROOMS = {  # those whose names are public, in the order of the reference
    "graph": "Tensors and graphs",
    "ops": "Operations",
    "ops.kinds": "Kinds of operation",
    "autodiff": "Derivatives",
    "autodiff.explanation": "Derivatives, step by step",
    "execute": "Running and compiling",
    "nn": "Layers",
    "nn.losses": "Losses",
    "nn.models": "Models to begin with",
    "optim": "Optimizers",
    "data": "Data",
    "train": "Training",
    "diagnosis": "What is wrong with a training",
    "inspect": "Measurements and pictures",
    "surgery": "Models in another form",
    "signal": "Signals and systems",
    "messages": "Languages",
    "errors": "Errors",
}
_TOOLBOXES = (
    "data",
    "diagnosis",
    "inspect",
    "nn",
    "optim",
    "signal",
    "surgery",
    "train",
    "errors",
)  # cr.nn.Dense; all else is cr.relu
_FOR_NEW_OPERATIONS = {  # cr.ops.kinds.elementwise.Elementwise: what declares an operation of one's own
    "ops.kinds.composite": ("Composite",),
    "ops.kinds.elementwise": ("Elementwise",),
    "ops.kinds.indexed": ("Indexed",),
    "graph.operation": ("Primitive",),
}


@dataclass(frozen=True)
class PublicName:
    """A name, `nn.Dense` as a user writes it behind `cr.`, and where it is defined: `chainrule.nn.dense`, `Dense`."""

    written: str
    module: str
    name: str

    @property
    def identifier(self) -> str:
        return f"{self.module}.{self.name}"


@cache
def public_names() -> dict[str, PublicName]:
    """All of them, by what is written behind `cr.`.

    >>> public_names()["nn.Dense"].identifier
    'chainrule.nn.dense.Dense'
    """
    defined = _definitions()
    found: dict[str, PublicName] = {}
    for room in ("", *_TOOLBOXES):
        namespace = importlib.import_module(f"chainrule.{room}".rstrip("."))
        names = getattr(namespace, "__all__", None) or [name for name in vars(namespace) if not name.startswith("_")]
        for name in [*names, "Explanation", "Model"] if not room else names:
            value = getattr(namespace, name)
            home = next((m for m in defined.get(name, ()) if _holds(m, name, value)), None)
            if home is not None:
                written = f"{room}.{name}".lstrip(".")
                found[written] = PublicName(written, home, name)
    for room, names in _FOR_NEW_OPERATIONS.items():
        found |= {f"{room}.{name}": PublicName(f"{room}.{name}", f"chainrule.{room}", name) for name in names}
    return found


@cache
def _definitions() -> dict[str, list[str]]:
    """The files with a definition of a name at their outermost level, by the name."""
    found: dict[str, list[str]] = {}
    for file in sorted(_SOURCE.rglob("*.py")):
        module = ".".join(("chainrule", *file.relative_to(_SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    found.setdefault(name, []).append(module)
                case ast.Assign(targets=targets):
                    for target in targets:
                        for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                            if isinstance(part, ast.Name):
                                found.setdefault(part.id, []).append(module)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    found.setdefault(name, []).append(module)
    return found


def _holds(module: str, name: str, value: object) -> bool:
    return getattr(importlib.import_module(module), name, None) is value


def by_module() -> dict[str, dict[str, list[PublicName]]]:
    """The names of each room by the modules that define them; a name that two rooms lend is in its own only."""
    found: dict[str, dict[str, list[PublicName]]] = {room: {} for room in ROOMS}
    seen = set()
    for public in public_names().values():
        if public.identifier not in seen:
            seen.add(public.identifier)
            path = public.module.removeprefix("chainrule.")
            room = next((room for room in reversed(ROOMS) if path == room or path.startswith(f"{room}.")), None)
            if room is not None:
                found[room].setdefault(public.module, []).append(public)
    return {room: modules for room, modules in found.items() if modules}


def find(written: str) -> tuple[PublicName, str] | None:
    """The public name that a text such as 'nn.Dense' or 'Model.fit' begins with, and what follows it: 'fit'."""
    parts = written.split(".")
    for length in range(len(parts), 0, -1):
        if public := public_names().get(".".join(parts[:length])):
            return public, ".".join(parts[length:])
    return None


def resolve(written: str) -> Any:
    """The object of that name: what `cr.<written>` is.

    Raises:   AttributeError if there is none.
    """
    value: Any = chainrule
    for part in written.split("."):
        value = getattr(value, part)
    return value


def first_sentence(value: object) -> str:
    """What its docstring begins with; nothing for a plain value, such as a number."""
    plain = isinstance(value, str | int | float | dict | tuple | types.NoneType)
    text = "" if plain else (value.__doc__ or "")
    return " ".join(text.strip().partition("\n\n")[0].split())
