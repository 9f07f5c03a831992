"""The command predict: answers for tables, pictures and arrays, as a table on a terminal, as CSV, or as JSON."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from chainrule.cli import BAD_DATA
from chainrule.cli.tables import print_tabular, printable
from chainrule.data.pictures import Pictures
from chainrule.data.reading import read_as_given
from chainrule.data.records import Records
from chainrule.data.whole_files import write_whole
from chainrule.errors import FileFormatError, SaveError, UsageError
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.answers import Answer, answers_of, cells_of, csv_of, json_of
from chainrule.runs.trained import Trained, load
from chainrule.runs.wording import Tabular

_ENDING = Message(
    "cli.predict.ending",
    en="-o {path}: predictions are written as .csv or .json. Give a name that ends so.",
    zh="-o {path}：预测可写为 .csv 或 .json。请给出以此结尾的名称。",
)
_CANNOT = Message(
    "cli.predict.cannot",
    en="The predictions cannot be written in {path}: {reason}. Choose another place.",
    zh="无法将预测写入 {path}：{reason}。请另选位置。",
)
_WRITTEN = Message("cli.predict.written", en="{path}: predictions for {count:,}", zh="{path}：{count:,} 个预测")
_TWICE = Message(
    "cli.predict.twice",
    en="Standard input can be read once only, but '-' is given several times.",
    zh="标准输入只能读取一次，但“-”给出了多次。",
)
_TOO_LARGE = Message(
    "cli.predict.too_large",
    en="Standard input has more than {most:,} bytes. Give the path of a file.",
    zh="标准输入超过 {most:,} 字节。请给出文件的路径。",
)
_NAME = Message("cli.predict.name", en="standard input", zh="标准输入")
_MORE = Message(
    "cli.predict.more",
    en="and {count:,} more; -o predictions.csv keeps all",
    zh="另有 {count:,} 个；-o predictions.csv 可保存全部",
)
_UNANSWERED = Message(
    "cli.predict.unanswered",
    en="No answer for {count:,} of {total:,}, which are empty in the output:",
    zh="{total:,} 项中有 {count:,} 项没有答案，在输出中为空：",
)
_MORE_REASONS = Message(
    "cli.predict.more_reasons", en="and {count:,} more; --json says why", zh="另有 {count:,} 项；--json 给出原因"
)
_FILE = Message("cli.predict.file", en="file", zh="文件")
_ROW = Message("cli.predict.row", en="row", zh="行")
_PROBABILITY = Message("cli.predict.probability", en="probability", zh="概率")

_HEADINGS = {"file": _FILE, "row": _ROW, "probability": _PROBABILITY}
STANDARD_INPUT = "-"
_SHOWN = 20  # predictions on a terminal
_MOST_BYTES = 1 << 30  # of standard input
_MOST_TOLD = 5  # reasons why there is no answer


def run(path: str, inputs: Sequence[str], *, output: str | None, as_json: bool, probabilities: bool) -> int:
    """Predict with what a run learned, print, and give the exit code."""
    ending = None if output is None else Path(output).suffix.lower()
    if ending not in (None, ".csv", ".json"):
        raise UsageError(_ENDING(path=output))
    trained = load(path)
    found, target = _read(trained, inputs), trained.preparation.target.name
    unfamiliar = [values for _, records in found for values in trained.unfamiliar(records)]
    for values in unfamiliar:
        print_paragraph(printable(str(values)), sys.stderr)
    reasons: list[str] = []
    answers = _noted(_answers(trained, found, probabilities), reasons)
    if output is not None:
        kept = list(answers)
        as_text = json_of(target, kept, unfamiliar) if ending == ".json" else "".join(csv_of(target, kept))
        answers = iter(kept)
        try:
            write_whole(Path(output), as_text.encode())
        except OSError as reason:
            raise SaveError(_CANNOT(path=output, reason=reason.strerror or reason)) from None
        if not as_json:
            print_paragraph(_WRITTEN(count=len(kept) - len(reasons), path=output))
            return _told(reasons, len(kept))
    if as_json:
        print(json_of(target, answers, unfamiliar))
    elif sys.stdout.isatty():
        _print(target, answers)
    else:
        for line in csv_of(target, answers):
            print(line, end="")
    return _told(reasons, sum(len(records) for _, records in found))


# ------------------------------------------------------------------------------------------------------------- reading
def _read(trained: Trained, inputs: Sequence[str]) -> list[tuple[str, Records]]:
    """What the inputs hold, each with its name. Pictures that follow each other are read together, in parallel."""
    if inputs.count(STANDARD_INPUT) > 1:
        raise UsageError(_TWICE())
    found: list[tuple[str, Records]] = []
    for name in inputs:
        data = _standard_input() if name == STANDARD_INPUT else name
        records = read_as_given(data, trained.preparation, _NAME())
        if isinstance(records, Pictures) and found and isinstance(found[-1][1], Pictures):
            found[-1] = "", Pictures([*found[-1][1].pictures, *records.pictures])
        else:
            found.append((name, records))
    return found


def _standard_input() -> bytes:
    content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise FileFormatError(_TOO_LARGE(most=_MOST_BYTES))
    return content


def _answers(trained: Trained, found: Sequence[tuple[str, Records]], probabilities: bool) -> Iterator[Answer]:
    with_files = len(found) > 1 or any(_files(name, records) for name, records in found)
    with_rows = not all(_files(name, records) for name, records in found)
    for name, records in found:
        files, place = _files(name, records), 0
        for predictions in trained.predicted(trained.records(records)):
            for answer in answers_of(predictions, probabilities=probabilities):
                where: Answer = {}
                if with_files:
                    where["file"] = files[place] if files else name
                if with_rows:
                    where["row"] = None if files else place + 1
                yield where | answer
                place += 1


def _files(name: str, records: Records) -> list[str]:
    """The file of each picture; none where records are rows of one file."""
    if not isinstance(records, Pictures):
        return []
    return [str(picture) if isinstance(picture, Path) else name for picture in records.pictures]


def _noted(answers: Iterator[Answer], reasons: list[str]) -> Iterator[Answer]:
    """The same answers; why one of them is none is noted as it passes."""
    for answer in answers:
        if "error" in answer:
            reasons.append(answer["error"])
        yield answer


def _told(reasons: Sequence[str], total: int) -> int:
    """The exit code, once it is said on standard error which answers are none."""
    if not reasons:
        return 0
    lines = [_UNANSWERED(count=len(reasons), total=total), *map(printable, reasons[:_MOST_TOLD])]
    if len(reasons) > _MOST_TOLD:
        lines.append(_MORE_REASONS(count=len(reasons) - _MOST_TOLD))
    print_paragraph("\n".join(lines), sys.stderr)
    return BAD_DATA


# ------------------------------------------------------------------------------------------------------- on a terminal
def _print(target: str, answers: Iterator[Answer]) -> None:
    """The first of them as a table; one alone as a line."""
    first = list(islice(answers, _SHOWN))
    if len(first) == 1:
        print("  ".join(_written(key, first[0][key]) for key in ("value", "probability") if key in first[0]))
        return
    names = [name for name, _ in cells_of(target, first[0])]
    head = tuple(printable(_HEADINGS[name]() if name in _HEADINGS else name) for name in names)
    rows = tuple(tuple(_written(name, value) for name, value in cells_of(target, answer)) for answer in first)
    cells = [enumerate(cells_of(target, answer)) for answer in first]
    words = 1 + max((place for row in cells for place, (_, value) in row if isinstance(value, str)), default=-1)
    print_tabular(Tabular(head, rows, numbers=len(head) - words))
    if more := sum(1 for _ in answers):
        print_paragraph(_MORE(count=more))


def _written(name: str, value: Any) -> str:
    if name.startswith("probability") and isinstance(value, float):
        return f"{math.floor(1000 * value) / 10:.1f}%"  # nothing uncertain is 100 %
    return f"{value:,.5g}" if isinstance(value, float) else "–" if value is None else printable(str(value))
