"""The command evaluate: how good the predictions of a run are, beside guessing."""

from __future__ import annotations

import json

from chainrule.cli.tables import fits, print_tabular, printable
from chainrule.data.json_values import json_values
from chainrule.data.targets import Classes
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.scores import Scores
from chainrule.runs.trained import Trained, load
from chainrule.runs.wording import Tabular, confused_in_words, guess_in_words, scores_in_words

_CONFUSION = Message(
    "cli.evaluate.confusion",
    en="rows: the class of '{target}' that it is; columns: the one that is predicted",
    zh="行：“{target}”的实际类别；列：预测的类别",
)

_WIDTH = 12  # characters of a class's name at the head of a column


def run(path: str, source: str | None, *, target: str | None, as_json: bool) -> int:
    """Evaluate what a run learned, print, and give the exit code."""
    trained = load(path)
    labeled, training = trained.labeled(source, target)
    scores = trained.evaluate(labeled)
    guess = trained.guess(labeled.answers, None if training is None else training.answers)
    if as_json:
        print(json.dumps(_as_data(path, source, trained, scores, guess), ensure_ascii=False))
        return 0
    wanted = trained.preparation.target
    print_paragraph(scores_in_words(wanted, scores))
    print_paragraph("\n".join(guess_in_words(wanted, scores, guess)))
    if isinstance(wanted, Classes):
        _print_confusion(wanted, scores)
    return 0


def _as_data(path: str, source: str | None, trained: Trained, scores: Scores, guess: Scores) -> dict[str, object]:
    """What is found, as JSON has it: numbers that are none become null."""
    numbers = scores.values | {f"guess_{name}": value for name, value in guess.values.items()}
    found: dict[str, object] = {"run": path, "data": source, "samples": scores.samples, **json_values(numbers)}
    wanted = trained.preparation.target
    if scores.confusion is not None and isinstance(wanted, Classes):
        found |= {"classes": list(wanted.labels), "confusion": scores.confusion.tolist()}
    return found


def _print_confusion(target: Classes, scores: Scores) -> None:
    """How many of each class were taken for which; where that has no room, the pairs most often confused."""
    assert scores.confusion is not None
    names = [printable(name) for name in target.labels]
    head = ("", *(name if len(name) <= _WIDTH else f"{name[: _WIDTH - 1]}…" for name in names))
    rows = [
        (name, *(f"{count:,}" if count else "·" for count in counts))
        for name, counts in zip(names, scores.confusion.tolist(), strict=True)
    ]
    shown = Tabular(head, tuple(rows), numbers=len(names))
    if fits(shown):
        print()
        print_paragraph(f"{_CONFUSION(target=printable(target.name))}\n")
        print_tabular(shown)
    elif pairs := confused_in_words(target, scores):
        print_paragraph(pairs)
