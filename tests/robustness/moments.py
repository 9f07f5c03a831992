"""The moments at which something is written: before each call that changes the disk, and within each write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chainrule.train import checkpoints

_CALLS = ("fsync", "replace", "open", "close", "unlink", "mkdir")  # of os; files are opened and written by Path.open


class Moments:
    """Counts moments, and acts at one of them: of all, or of those within the writing of a checkpoint.

    names   what is about to be done at each
    """

    def __init__(self, act: Callable[[], None], at: float, *, within: bool = False) -> None:
        self._act, self._at, self._counting, self._within = act, at, not within, within
        self.names: list[str] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        with ExitStack() as patches:
            for name in _CALLS:
                patches.enter_context(patch.object(os, name, self._before(name, getattr(os, name))))
            patches.enter_context(patch.object(Path, "open", self._opening(Path.open)))
            if self._within:
                patches.enter_context(patch.object(checkpoints, "write", self._counted(checkpoints.write)))
            yield

    def pass_one(self, name: str) -> None:
        if self._counting:
            self.names.append(name)
            if len(self.names) == self._at:
                self._act()

    def _before(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            self.pass_one(name)
            return function(*given, **named)

        return called

    def _opening(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def opening(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
            if mode[0] not in "wa":
                return function(path, mode, *given, **named)
            self.pass_one("create")
            return _Torn(function(path, mode, *given, **named), self)

        return opening

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> None:
            self._counting = True
            try:
                function(*given)
            finally:
                self._counting = False

        return called


class _Torn:
    """A file, with a moment between the halves of what is written."""

    def __init__(self, file: Any, moments: Moments) -> None:
        self._file, self._moments = file, moments

    def __enter__(self) -> _Torn:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, content: Any) -> None:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        self._moments.pass_one("write")
        self._file.write(content[len(content) // 2 :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
