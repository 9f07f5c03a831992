"""Runs side by side: how far they came, what they reached, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.runs.folder import CONFIG, DAMAGED, FINISHED, INTERRUPTED, RESULT, RunFolder

_SOURCE = "data.source"


@dataclass(frozen=True)
class Summary:
    """A run in a list.

    state      finished, diverged; interrupted, which may be running still; damaged, or without its model or epochs
    settings   by "section.key"
    epochs     how many are complete
    scores     on the samples to test with, by name
    """

    folder: RunFolder
    state: str
    settings: dict[str, Any]
    epochs: int
    scores: dict[str, float | None]

    @classmethod
    def of(cls, folder: RunFolder) -> Summary:
        """That of a folder, as far as it can be read."""
        epochs = len(folder.metrics())
        try:
            sections = folder.read(CONFIG, settings=dict)["settings"]
            settings = {f"{section}.{key}": value for section, own in sections.items() for key, value in own.items()}
            result: dict[str, Any] = folder.read(RESULT) if folder.has_ended else {"state": INTERRUPTED}
        except (ChainruleError, AttributeError):
            return cls(folder, DAMAGED, {}, epochs, {})
        state = str(result.get("state"))
        if state == FINISHED and not (folder.has_checkpoint and epochs == result.get("epochs")):
            state = DAMAGED
        scores = {name.removeprefix("test_"): value for name, value in result.items() if name.startswith("test_")}
        return cls(folder, state, settings, epochs, scores)

    def as_data(self) -> dict[str, Any]:
        """This as JSON has it."""
        return {
            "run": str(self.folder),
            "state": self.state,
            "epochs": self.epochs,
            "settings": self.settings,
            "scores": self.scores,
        }


def differing(summaries: Sequence[Summary]) -> list[str]:
    """The settings by "section.key" in which runs on the same data are not alike: other data ask for others."""
    found: dict[str, None] = {}
    for source in dict.fromkeys(summary.settings.get(_SOURCE) for summary in summaries):
        alike = [summary.settings for summary in summaries if summary.settings.get(_SOURCE) == source]
        names = dict.fromkeys(name for settings in alike for name in settings)
        found |= {name: None for name in names if len({repr(settings.get(name)) for settings in alike}) > 1}
    return list(found)
