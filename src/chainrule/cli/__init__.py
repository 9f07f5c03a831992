"""The command line: `chainrule train`, `predict`, `evaluate`, `serve`, `runs`, `diagnose` and more.

commands     what can be typed
options      what commands take, each with its help
spoken       help and refusals in the language of the product
beginning    the command init: a configuration with comments
training     the commands train and resume: from the arguments to the result
tuning       the command tune: settings searched for
listing      the command runs: what they reached, and in which settings they differ
reporting    the command report: a run as one page
predicting   the command predict: tables, pictures and arrays in, CSV or JSON out
evaluating   the command evaluate: scores beside guessing
serving      the command serve: a trained model that answers requests
diagnosing   the command diagnose: what was found while a saved model trained
findings     the command findings: a list, and one explained
downloading  the command data get: a full data set
labs         the command labs: a list, and one opened as a notebook
shipped      where labs and documentation are, in a wheel and in the repository
progress     what shows while a training runs
report       what is said before a training and after it
tables       tables in a terminal
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from chainrule.errors import ChainruleError, DataError, DivergedError, FileFormatError, UsageError
from chainrule.messages import LANGUAGES, Message, use_language
from chainrule.messages.paragraph import print_paragraph

_SYSTEM = Message("cli.system", en="The operating system refuses: {reason}", zh="操作系统拒绝执行：{reason}")
_MEMORY = Message(
    "cli.memory",
    en="The memory does not suffice. Try a smaller --batch-size, or less data.",
    zh="内存不足。请减小 --batch-size，或使用更少的数据。",
)

FAILED, USAGE, BAD_DATA, DIVERGED, FOUND, INTERRUPTED = 1, 2, 3, 4, 5, 130
_CODES: dict[type[ChainruleError], int] = {
    UsageError: USAGE,
    DataError: BAD_DATA,
    FileFormatError: BAD_DATA,
    DivergedError: DIVERGED,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; whatever goes wrong is one paragraph on standard error."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a character that a terminal lacks is no reason to fail
            stream.reconfigure(errors="replace")
    _choose_language(arguments)  # before the commands are made, whose help is in that language
    try:
        from chainrule.cli.commands import app  # takes a moment, in which an interrupt is heard too
        from chainrule.graph.tensor import on_no_line

        with on_no_line():
            app(arguments, prog_name="chainrule")
    except ChainruleError as error:
        _leave(str(error), next((code for kind, code in _CODES.items() if isinstance(error, kind)), FAILED))
    except BrokenPipeError:  # whoever read, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        _leave(_SYSTEM(reason=error), FAILED)
    except MemoryError:
        _leave(_MEMORY(), FAILED)
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # what comes next does not stand behind ^C
        sys.exit(INTERRUPTED)


def _leave(paragraph: str, code: int) -> None:
    print_paragraph(paragraph, sys.stderr)
    sys.exit(code)


def _choose_language(arguments: Sequence[str]) -> None:
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        chosen = value or "".join(arguments[place + 1 : place + 2])
        if name == "--lang" and chosen in LANGUAGES:
            use_language(chosen)
