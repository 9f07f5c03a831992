"""The command: python -m benchmarks [ROW...] [--seconds S] [--output DIR] [--data DIR] [--list]"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.machine import describe
from benchmarks.results import Result, Run
from benchmarks.row import OURS, Row, WorkFailedError
from benchmarks.rows import ROWS

RESULTS = Path(__file__).parent / "results"


def measure(row: Row, seconds: float) -> Result:
    """Measure a row with the contestants that are installed; who is left out, and why, is in its remarks."""
    present = [contestant for contestant in row.contestants if not contestant.missing]
    remarks = [
        f"{contestant.name} is left out: {' and '.join(contestant.missing)} is not installed."
        for contestant in row.contestants
        if contestant.missing
    ]
    try:
        samples, failed = row.measure(present, seconds)
    except WorkFailedError as reason:
        return Result.of(row, {}, [*remarks, f"{row.name} was not measured. {reason}"])
    remarks += [f"{name} is left out of {row.name}. {reason}" for name, reason in failed.items()]
    return Result.of(row, samples, remarks)


def chosen(names: Sequence[str], rows: Sequence[Row] = ROWS) -> list[Row]:
    """The rows with these names, or whose names go on behind them: 'lenet5-step' is all its batch sizes.

    Raises:   ValueError if there is none.
    """
    wanted: set[str] = set()
    for name in names:
        exact = {row.name for row in rows if row.name == name}
        found = exact or {row.name for row in rows if row.name.startswith(f"{name}-")}
        if not found:
            raise ValueError(f"there is no row '{name}'; --list shows all")
        wanted |= found
    return [row for row in rows if not names or row.name in wanted]


def main(arguments: Sequence[str] | None = None, rows: Sequence[Row] = ROWS, console: Console | None = None) -> int:
    """Measure, show and write; 1 if a row could not be measured."""
    console = console or Console()
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.list:
        report.show_list(rows, console)
        return 0
    try:
        rows = chosen(given.rows, rows)
    except ValueError as reason:
        parser.error(str(reason))
    packages = {name for row in rows for contestant in row.contestants for name in contestant.needs}
    command = shlex.join(["python", "-m", "benchmarks", *(sys.argv[1:] if arguments is None else arguments)])
    environment = describe(packages, command)  # first: the load that it tells is not ours
    results = []
    with _prepared(given.data) as data:
        for row in rows:
            # A line, because a spinner would take time from what is timed.
            console.print(f"{row.name} …", markup=False, highlight=False)
            results.append(measure(row.with_data(data), given.seconds))
    run = Run(environment, results)
    report.show(run, console)
    for path in write(run, given.output):
        console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)
    if find_spec("matplotlib") is None:
        console.print("no pictures: matplotlib is not installed (pip install 'chainrule[bench]')", markup=False)
    return int(any(not result.columns for result in results))


def write(run: Run, folder: Path) -> list[Path]:
    """The run as JSON, Markdown and, where matplotlib is installed, pictures; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S")
    data, page = folder / f"{stem}.json", folder / f"{stem}.md"
    run.save(data)
    pictures = []
    if find_spec("matplotlib") is not None:
        from benchmarks.plot import draw

        pictures = draw(run, folder, stem)
    shown = "".join(f"\n![{path.stem}]({path.name})\n" for path in pictures)
    page.write_text(report.markdown(run) + shown, encoding="utf-8")
    return [data, page, *pictures]


@contextmanager
def _prepared(folder: str | None) -> Iterator[str | None]:
    """The training images of a folder of IDX files as arrays that every contestant can read with NumPy alone."""
    if folder is None:
        yield None
        return
    from benchmarks.work.task import save
    from chainrule.data import load_images

    images = load_images(folder)
    with tempfile.TemporaryDirectory() as prepared:
        save(images.x_train, images.y_train, Path(prepared))
        yield prepared


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=f"Measure {OURS} beside its peers, and write the results down."
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows, or the beginnings of names; all without any")
    parser.add_argument("--seconds", type=_positive, default=6.0, help="measured time of each contestant (default: 6)")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="DIR", help="where the results are written")
    parser.add_argument("--data", metavar="DIR", help="a folder with MNIST's files, instead of noise of the same size")
    parser.add_argument("--list", action="store_true", help="the rows, with one sentence each")
    return parser


def _positive(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
