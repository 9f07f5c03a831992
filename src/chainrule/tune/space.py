"""Which settings a search varies, and within what bounds, as the section [search] of a configuration declares it.

[search]
"train.lr" = {low = 1e-4, high = 1e-1, log = true}
"model.units" = {choices = [[32], [64, 32]]}
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.runs.arrangement import Arrangement
from chainrule.runs.configuration import Configuration
from chainrule.runs.setting import Setting
from chainrule.runs.settings import SEARCH, SECTIONS, configured, placed, read_toml, written

if TYPE_CHECKING:
    from optuna import Trial

_NO_SETTING = Message(
    "space.no_setting",
    en="{place}: there is no setting '{name}' to search; there are: {known}.{suggestion}",
    zh="{place}：没有可搜索的设置“{name}”；可用的有：{known}。{suggestion}",
)
_FIXED = Message(
    "space.fixed",
    en="{place}: '{name}' cannot be searched: with another value of it, trials would no longer be judged alike. Set it"
    " in [{section}].",
    zh="{place}：“{name}”不能被搜索：取值不同时各次试验的评判标准就不一致。请在 [{section}] 中设置它。",
)
_FORM = Message(
    "space.form",
    en="{place}: '{name}' is {value}; give a range {{low = …, high = …}}, with log = true for one of several powers of"
    " ten, or {{choices = […]}}.",
    zh="{place}：“{name}”为 {value}；请给出范围 {{low = …, high = …}}（跨越多个数量级时加 log = true），"
    "或 {{choices = […]}}。",
)
_ORDER = Message(
    "space.order",
    en="{place}: '{name}' goes from {low} to {high}; low must be below high, and above 0 where log is true.",
    zh="{place}：“{name}”的范围为 {low} 到 {high}；low 必须小于 high，log 为 true 时还必须大于 0。",
)
_VALUE = Message(
    "space.value",
    en="{place}: '{name}' may become {value}, but must be {wanted}.{suggestion}",
    zh="{place}：“{name}”可能取 {value}，但应为{wanted}。{suggestion}",
)
_NO_NUMBER = Message(
    "space.no_number",
    en="{place}: '{name}' is no number, and has no range. Give {{choices = […]}}, each {wanted}.",
    zh="{place}：“{name}”不是数，没有范围。请给出 {{choices = […]}}，每一项为{wanted}。",
)
_NO_SECTION = Message(
    "space.no_section",
    en='{path} has no section [search], which says what is varied, such as "train.lr" = {{low = 1e-4, high = 1e-1, log'
    " = true}}.",
    zh='{path} 中没有 [search] 节；该节说明要搜索的设置，例如 "train.lr" = {{low = 1e-4, high = 1e-1, log = true}}。',
)
_EMPTY = Message(
    "space.empty",
    en="{place}: [search] names no setting, so there is nothing to search. Name one, or leave the section out: then"
    " the rate, the batch size and the hidden units are searched.",
    zh="{place}：[search] 中没有任何设置，因此无可搜索。请至少给出一项，或去掉该节："
    "此时搜索学习率、批大小和隐藏单元数。",
)

# Of the data only what leaves the samples of each part alone; and of the training not its luck.
_SEARCHED = {
    f"{section}.{key}": own
    for section, settings in SECTIONS.items()
    for key, own in settings.items()
    if section != "data" or key in ("class_weight", "image_size")
    if (section, key) not in (("train", "seed"), ("train", "precision"))
}
_ALL = {f"{section}.{key}" for section, settings in SECTIONS.items() for key in settings}


class Domain(ABC):
    """What a setting may become."""

    @abstractmethod
    def suggested(self, name: str, trial: Trial) -> Any:
        """A value that a trial suggests."""

    @abstractmethod
    def value(self, kept: Any) -> Any:
        """The value that a trial keeps as this."""

    @abstractmethod
    def as_data(self) -> dict[str, Any]:
        """This as JSON and TOML have it."""


@dataclass(frozen=True)
class Range(Domain):
    """Numbers from low to high, both included; `log`: each power of ten alike; `whole`: no fractions."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def suggested(self, name: str, trial: Trial) -> float:
        if self.whole:
            return trial.suggest_int(name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def value(self, kept: float) -> float:
        return kept

    def as_data(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Choices(Domain):
    """Some values."""

    choices: tuple[Any, ...]

    def suggested(self, name: str, trial: Trial) -> Any:
        # As texts: lists are no choices that a storage can hold.
        return self.value(trial.suggest_categorical(name, [json.dumps(choice) for choice in self.choices]))

    def value(self, kept: str) -> Any:
        return json.loads(kept)

    def as_data(self) -> dict[str, Any]:
        return {"choices": list(self.choices)}


@dataclass(frozen=True)
class Space:
    """What is varied, by "section.key".

    Example:
        >>> space = space_of({"train.lr": {"low": 1e-4, "high": 1e-1, "log": True}}, "here")
        >>> space.domains
        {'train.lr': Range(low=0.0001, high=0.1, log=True, whole=False)}
        >>> space.applied(Configuration(), {"train.lr": 0.01}).train.lr
        0.01
    """

    domains: Mapping[str, Domain]

    def suggested(self, trial: Trial) -> dict[str, Any]:
        """Values that a trial suggests."""
        return {name: domain.suggested(name, trial) for name, domain in self.domains.items()}

    def values(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """The values that a trial keeps as these."""
        return {name: self.domains[name].value(value) for name, value in kept.items() if name in self.domains}

    def applied(self, configuration: Configuration, values: Mapping[str, Any]) -> Configuration:
        """A configuration with these values in the place of its own."""
        for name, value in values.items():
            section, _, key = name.partition(".")
            configuration = configured(configuration, {section: {key: value}}, name)
        return configuration

    def as_data(self) -> dict[str, Any]:
        """This as JSON has it: what `space_of` takes."""
        return {name: domain.as_data() for name, domain in self.domains.items()}


# ------------------------------------------------------------------------------------------------------------ declared
def read_space(path: Path, *, required: bool = False) -> Space | None:
    """The section [search] of a TOML file; None where there is none, unless it is required.

    Raises:   FileFormatError if there is no such file, or it is no TOML; UsageError for what cannot be searched, with
              the line.
    """
    data, text = read_toml(path)
    if SEARCH in data:
        return space_of(data[SEARCH], str(path), text)
    if required:
        raise UsageError(_NO_SECTION(path=path))
    return None


def space_of(declared: Any, place: str, text: str = "") -> Space:
    """The space that data declare; `place` and `text` are where they are from, for messages.

    Raises:   UsageError for what cannot be searched.
    """
    domains = {}
    for name, given in _named(declared):
        where = placed(place, text, SEARCH, name)
        if name not in _SEARCHED:
            if name in _ALL:
                raise UsageError(_FIXED(place=where, name=name, section=name.partition(".")[0]))
            hint = suggestion(name, _SEARCHED, {"lr": "train.lr", "units": "model.units"})
            raise UsageError(_NO_SETTING(place=where, name=name, known=", ".join(_SEARCHED), suggestion=hint))
        domains[name] = _domain(_SEARCHED[name], name, given, where)
    if not domains:
        raise UsageError(_EMPTY(place=place))
    return Space(domains)


def _named(declared: Any) -> Iterator[tuple[str, Any]]:
    """Each setting by "section.key": TOML has train.lr without quotes as lr within train."""
    for name, given in declared.items() if isinstance(declared, Mapping) else ():
        if name in SECTIONS and isinstance(given, Mapping):
            yield from ((f"{name}.{key}", own) for key, own in given.items())
        else:
            yield name, given


def _domain(own: Setting, name: str, given: Any, place: str) -> Domain:
    form = UsageError(_FORM(place=place, name=name, value=written(given)))
    if not isinstance(given, Mapping):
        raise form
    if given.keys() == {"choices"} and isinstance(given["choices"], list) and given["choices"]:
        for choice in given["choices"]:
            _check(own, name, choice, place)
        return Choices(tuple(given["choices"]))
    if not {"low", "high"} <= given.keys() <= {"low", "high", "log"} or not isinstance(given.get("log", False), bool):
        raise form
    low, high, log = given["low"], given["high"], given.get("log", False)
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise UsageError(_NO_NUMBER(place=place, name=name, wanted=own.kind.wanted()))
        _check(own, name, end, place)
    if not low < high or (log and low <= 0):
        raise UsageError(_ORDER(place=place, name=name, low=low, high=high))
    return Range(low, high, log, whole=not own.kind.allows(low + 0.5))


def _check(own: Setting, name: str, value: Any, place: str) -> None:
    if not own.kind.allows(value):
        hint = suggestion(str(value), own.kind.words())
        raise UsageError(
            _VALUE(place=place, name=name, value=written(value), wanted=own.kind.wanted(), suggestion=hint)
        )


# ------------------------------------------------------------------------------------------------------------- default
_RATES = Range(3e-4, 3e-2, log=True)
_BATCHES = (16, 32, 64, 128)
_UNITS = ([32], [64, 32], [128, 64], [256, 128])
_WITH_UNITS = ("mlp", "tabular_mlp")


def default_space(arrangement: Arrangement, told: Configuration) -> Space:
    """What matters most, of that which nobody has set: the rate, the batch size and, of dense networks, the units."""
    sizes = [size for size in _BATCHES if 4 * size <= len(arrangement.training)] or [len(arrangement.training)]
    domains: dict[str, Domain] = {}
    if told.train.lr is None:
        domains["train.lr"] = _RATES
    if told.train.batch_size is None:
        domains["train.batch_size"] = Choices(tuple(sizes))
    if told.model.units is None and arrangement.configuration.model.name in _WITH_UNITS:
        domains["model.units"] = Choices(_UNITS)
    return Space(domains or {"train.lr": _RATES})
