"""What MkDocs calls while it builds the site: the navigation is filled in, and formulas become MathML."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from tools.site.assemble import guide
from tools.site.mathematics import UnknownCommandError, with_mathml
from tools.site.reference import navigation

logging.getLogger("jieba").setLevel(logging.WARNING)  # which reports that it has begun


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The guide's pages in the order of their numbers, the decisions, and the reference as the code has it."""
    decisions = sorted(page.name for page in Path(config.docs_dir, "decisions").glob("0*.md"))
    filled = {
        "Guide": [f"guide/{page.name}" for page in guide()],
        "Decisions": ["decisions/README.md", *(f"decisions/{name}" for name in decisions)],
        "Reference": navigation(),
    }
    config.nav = [_filled(entry, filled) for entry in config.nav or []]
    return config


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Formulas become MathML."""
    try:
        return with_mathml(html)
    except UnknownCommandError as unknown:
        raise PluginError(f"{page.file.src_uri}: there is no MathML for {unknown}") from None


def _filled(entry: Any, filled: dict[str, Any]) -> Any:
    match entry:
        case {**title} if len(title) == 1 and (name := next(iter(title))) in filled:
            return {name: filled[name]}
    return entry
