"""Calls of chainrule in code that is too long to run every day: are the names and the arguments still there?"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping


def _imported(tree: ast.Module) -> dict[str, object]:
    """What a page imports of chainrule, by the names that it uses. AttributeError where it is gone."""
    found: dict[str, object] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {
                    str(n.asname): importlib.import_module(n.name) for n in names if n.name.startswith("chainrule")
                }
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("chainrule"):
                found |= {n.asname or n.name: getattr(importlib.import_module(module), n.name) for n in names}
    return found


def _value(node: ast.expr, known: Mapping[str, object]) -> object:
    """What `cr.nn.Dense` is; None where a name is not one of chainrule's. AttributeError where it is gone."""
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Attribute(value=value, attr=name):
            owner = _value(value, known)
            return getattr(owner, name) if inspect.ismodule(owner) or inspect.isclass(owner) else None
    return None


def misnamed(code: str) -> list[str]:
    """Names of chainrule that it does not have, and arguments that its functions do not take."""
    tree, found = ast.parse(code), []
    known = _imported(tree)
    for node in ast.walk(tree):
        try:
            match node:
                case ast.Attribute():
                    _value(node, known)
                case ast.Call(func=function, args=args, keywords=keywords) if callable(
                    called := _value(function, known)
                ):
                    if not any(isinstance(x, ast.Starred) for x in args) and all(k.arg for k in keywords):
                        inspect.signature(called).bind(*args, **{str(k.arg): k.value for k in keywords})
        except (AttributeError, TypeError) as error:
            found.append(f"{ast.unparse(node)}: {error}")
    return found
