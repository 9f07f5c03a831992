"""The command line: `chainrule train`, `chainrule summary`.

commands   what can be typed
recipes    how each model is trained unless somebody says otherwise
training   the command train: from the arguments to the result
progress   the live line
report     tables and texts
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from chainrule.errors import ChainruleError, DataError, DivergedError, FileFormatError, UsageError
from chainrule.messages import LANGUAGES, use_language

USAGE, BAD_DATA, DIVERGED, FAILED, INTERRUPTED = 2, 3, 4, 1, 130
_CODES: dict[type[ChainruleError], int] = {
    UsageError: USAGE,
    DataError: BAD_DATA,
    FileFormatError: BAD_DATA,
    DivergedError: DIVERGED,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; whatever goes wrong is one paragraph on standard error."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _choose_language(arguments)  # before the commands are made, whose help is in that language
    from chainrule.cli.commands import app

    try:
        app(arguments, prog_name="chainrule")
    except ChainruleError as error:
        print(error, file=sys.stderr)
        sys.exit(next((code for kind, code in _CODES.items() if isinstance(error, kind)), FAILED))


def _choose_language(arguments: Sequence[str]) -> None:
    for option, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, _, value = option.partition("=")
        chosen = value or following
        if name == "--lang" and chosen in LANGUAGES:
            use_language(chosen)
