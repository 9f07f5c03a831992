"""A search: trials, until there are enough, by one process or by several that share a study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.runs.arrangement import Arrangement, arrange
from chainrule.runs.configuration import Configuration
from chainrule.runs.division import Division
from chainrule.runs.folder import RunFolder
from chainrule.runs.same_data import fingerprint
from chainrule.runs.settings import configured
from chainrule.tune.interrupts import Interrupts
from chainrule.tune.objective import AS_CONFIGURED, Objective
from chainrule.tune.results import Found, Trial, ended, importance
from chainrule.tune.space import Space, default_space, space_of
from chainrule.tune.storage import opened, quietly

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

_OTHER = Message(
    "tune.other",
    en="The study '{study}' was begun with other {what}, so that its trials and new ones cannot be compared. Use the"
    " same, or another name for the study.",
    zh="研究“{study}”开始时使用的{what}不同，其试验无法与新的试验比较。请使用相同的{what}，或另取研究名称。",
)
_SETTINGS = Message("tune.settings", en="settings", zh="设置")
_SPACE = Message("tune.space", en="bounds to search in", zh="搜索范围")
_DATA = Message("tune.data", en="data", zh="数据")

STUDY, DATABASE, BEST = "study.json", "study.db", "best.toml"

_VALIDATION = 0.2  # of the training samples, where the configuration says nothing: few would choose by luck


# --------------------------------------------------------------------------------------------------------- what it is
@dataclass(frozen=True, eq=False)
class Search:
    """What is searched.

    told           the configuration as somebody gave it: what it leaves open, each trial decides for itself; but there
                   always are samples to validate with
    space          what is varied
    arrangement    that of the configuration as it is: the data, and how they are divided in all trials
    """

    told: Configuration
    space: Space
    arrangement: Arrangement

    @classmethod
    def of(cls, told: Configuration, space: Space | None = None) -> Search:
        """A search around a configuration; without a space what matters most is varied.

        Raises:   as `arrange`.
        """
        if not told.data.validation:
            told = replace(told, data=replace(told.data, validation=_VALIDATION))
        arrangement = arrange(told)
        data = replace(told.data, source=arrangement.configuration.data.source)
        return cls(replace(told, data=data), space or default_space(arrangement, told), arrangement)

    @property
    def name(self) -> str:
        """What it is called unless somebody says otherwise: as its data."""
        return self.arrangement.source.name

    def objective(self, interrupts: Interrupts) -> Objective:
        """What a trial does. What is tested with stays out: trials are judged by the validation samples."""
        training, validation = self.arrangement.training, self.arrangement.validation
        assert validation is not None
        division = Division(training.labeled, validation.labeled, validation.labeled)
        return Objective(self.told, self.space, self.arrangement.source, division, interrupts)

    def identity(self) -> dict[str, Any]:
        """What has to be the same for all trials of a study, wherever its data are."""
        settings = self.told.as_data()
        settings["data"].pop("source")
        return {"settings": settings, "space": self.space.as_data(), "data": fingerprint(self.arrangement)}


@dataclass(frozen=True)
class StudyFolder:
    """The folder of a search: study.json says what is searched, study.db holds its trials, best.toml came of it."""

    path: Path

    @classmethod
    def new(cls, name: str) -> StudyFolder:
        """A new one beside the runs."""
        return cls(RunFolder.new(f"tune-{name}").path)

    @classmethod
    def at(cls, path: str | Path) -> StudyFolder | None:
        """That of a search at a path; None if there is none."""
        return cls(Path(path)) if (Path(path) / STUDY).is_file() else None

    def write(self, wanted: Search, name: str) -> None:
        """Keep what is searched, so that it can be gone on with.

        Raises:   SaveError if that is not possible.
        """
        data = {"study": name, "settings": wanted.told.as_data(), "space": wanted.space.as_data()}
        RunFolder(self.path).write(STUDY, data)

    def read(self) -> tuple[str, Search]:
        """The name of the study, and what is searched.

        Raises:   FileFormatError if it is damaged; and as `Search.of`.
        """
        kept = RunFolder(self.path).read(STUDY)
        place = str(self.path / STUDY)
        space = space_of(kept["space"], place)
        return str(kept["study"]), Search.of(configured(Configuration(), kept["settings"], place), space)


# ---------------------------------------------------------------------------------------------------------- its course
def search(
    wanted: Search, address: str, name: str, trials: int, after_each: Callable[[Trial, Found], None] | None = None
) -> Found:
    """Make trials until the study has as many, and say what came of them.

    A trial that was killed does not count. The first is the configuration as it is. By one process, the same seed
    makes the same trials, also after a break.

    address      of the storage
    after_each   is called with each trial that ended, and what came of all

    Raises:   UsageError if the storage cannot be reached, or the study is about something else; KeyboardInterrupt,
              after what was reached is kept.
    """
    from chainrule.tune.sampler import Sampler

    with quietly():
        study = opened(address, name)
        _check_identity(study, wanted)
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial({}, user_attrs={AS_CONFIGURED: True})
        interrupts = Interrupts()
        objective = wanted.objective(interrupts)

        def tell(study: Study, trial: FrozenTrial) -> None:
            if after_each is not None:
                after_each(Trial.of(trial, wanted.space), Found.of(study, wanted))

        study.sampler = Sampler(wanted.told.train.seed)
        with interrupts.remembered():
            while len(ended(study)) < trials:
                interrupts.check()
                try:
                    study.optimize(objective, n_trials=1, callbacks=[tell])
                except Exception as error:
                    if _is_interrupt(error):  # a second one, over which Optuna fails as it stores a trial
                        raise KeyboardInterrupt from error
                    raise
        return _found(study, wanted)


def _is_interrupt(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, KeyboardInterrupt) or _is_interrupt(error.__context__))


def found_so_far(wanted: Search, address: str, name: str) -> Found:
    """What came of the trials that a study has."""
    with quietly():
        return _found(opened(address, name), wanted)


def _found(study: Study, wanted: Search) -> Found:
    return replace(Found.of(study, wanted), importance=importance(study, wanted.space))


def _check_identity(study: Study, wanted: Search) -> None:
    own, words = wanted.identity(), {"settings": _SETTINGS, "space": _SPACE, "data": _DATA}
    for part, value in own.items():
        kept = study.user_attrs.get(part)
        if kept is None:
            study.set_user_attr(part, value)
        elif kept != value:
            raise UsageError(_OTHER(study=study.study_name, what=words[part]()))
