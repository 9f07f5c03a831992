"""Where trials are kept: a file of SQLite, or whatever Optuna stores in, so that many machines share a study."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import UsageError
from chainrule.messages import Message

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

_EXTRA = Message(
    "tune.extra",
    en='A search needs Optuna, which is not installed. Install it: pip install "chainrule[tune]".',
    zh='搜索需要 Optuna，但它尚未安装。请安装：pip install "chainrule[tune]"。',
)
_UNREACHED = Message(
    "tune.unreached",
    en="The storage of the study cannot be used: {reason}. Give an address such as sqlite:///study.db,"
    " mysql://user@host/database or postgresql://user@host/database, whose driver is installed.",
    zh="无法使用该研究的存储：{reason}。请给出如 sqlite:///study.db、mysql://user@host/database 或"
    " postgresql://user@host/database 的地址，并安装其驱动。",
)

_BEAT, _GRACE = 20, 60  # seconds: a trial that has not been heard of for so long was killed, and does not count

# Two processes may find a database empty at the same time: then one of them is told that the tables are there already.
_ATTEMPTS, _PAUSE, _MADE_MEANWHILE = 5, 0.5, ("already exists", "UNIQUE", "uplicate")
_WARM_UP = 20  # percent of a training that no trial is judged by: high rates begin badly


def check_optuna() -> None:
    """Refuse to begin without Optuna.

    Raises:   UsageError with what to install.
    """
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise UsageError(_EXTRA()) from None


@contextmanager
def quietly() -> Iterator[None]:
    """Without Optuna's own log, nor its warnings about what is new in it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def sqlite_in(path: Path) -> str:
    """The address of a file of SQLite."""
    return f"sqlite:///{path.resolve().as_posix()}"


def opened(address: str, name: str) -> Study:
    """The study of this name, made where there is none.

    Raises:   UsageError if the storage cannot be reached.
    """
    left = _ATTEMPTS
    while True:
        try:
            return _opened(address, name)
        except Exception as reason:  # whatever the driver of a database raises
            said = str(reason).partition("\n")[0].rstrip(".")
            left -= 1
            if not left or not any(word in said for word in _MADE_MEANWHILE):
                raise UsageError(_UNREACHED(reason=said)) from None
            time.sleep(_PAUSE)


def _opened(address: str, name: str) -> Study:
    import optuna
    from optuna.pruners import MedianPruner

    return optuna.create_study(
        storage=_storage(address),
        study_name=name,
        direction="minimize",
        pruner=MedianPruner(n_startup_trials=4, n_warmup_steps=_WARM_UP),
        load_if_exists=True,
    )


def _storage(address: str) -> BaseStorage:
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    # No journal in Redis: what Optuna keeps there is unpickled, and so could be a program of somebody else's.
    if "://" not in address:  # a file that grows, which machines may share over a network
        return JournalStorage(JournalFileBackend(address))
    waiting = {"connect_args": {"timeout": 60}} if address.startswith("sqlite") else None  # while others write
    return RDBStorage(address, engine_kwargs=waiting, heartbeat_interval=_BEAT, grace_period=_GRACE)
