"""What somebody probably meant by an unknown name."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from chainrule.messages.message import Message

_DID_YOU_MEAN = Message("suggestion.did_you_mean", en=" Did you mean '{name}'?", zh=" 您是否想输入“{name}”？")


def suggestion(name: str, known: Iterable[str], elsewhere: Mapping[str, str] = MappingProxyType({})) -> str:
    """A sentence, with a space before it, that names the known name nearest to `name`; empty if none is near.

    `elsewhere` gives the known names of things that are called otherwise in other libraries: {"mse":
    "mean_squared_error"}.

    Example:
        >>> suggestion("adan", ["sgd", "adam", "momentum"])
        " Did you mean 'adam'?"
        >>> suggestion("zebra", ["sgd", "adam", "momentum"])
        ''
        >>> suggestion("GD", ["sgd", "adam", "momentum"], {"gd": "sgd"})
        " Did you mean 'sgd'?"
    """
    if name.lower() in elsewhere:
        return _DID_YOU_MEAN(name=elsewhere[name.lower()])
    originals = {candidate.lower(): candidate for candidate in known}
    nearest = get_close_matches(name.lower(), originals, n=1)
    return _DID_YOU_MEAN(name=originals[nearest[0]]) if nearest else ""
