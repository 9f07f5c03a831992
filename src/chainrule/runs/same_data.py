"""Whether the data of a run are still those that it was begun with."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from chainrule.data.prepared import arrays_of
from chainrule.errors import DataError
from chainrule.messages import Message
from chainrule.runs.arrangement import Arrangement, Part, arrange
from chainrule.runs.folder import CONFIG, RunFolder

_OTHER_DATA = Message(
    "run.other_data",
    en="The data in {source} are no longer those that {run} was begun with, so it cannot go on as it would have. Put"
    " them back, or begin a new run.",
    zh="{source} 中的数据与 {run} 开始时不同，因此无法照原样继续。请恢复原来的数据，或开始新的运行。",
)

_LOOKED_AT = 4096  # samples of a part that tell whether the data are the same


def arranged_as_then(folder: RunFolder, source: str | None = None) -> Arrangement:
    """A run as it was arranged when it began; `source` is where its data are now, if they have been moved.

    Raises:   DataError if its data are others now; FileFormatError if they or it cannot be read.
    """
    configuration = folder.configuration()
    if source is not None:
        configuration = replace(configuration, data=replace(configuration.data, source=source))
    arrangement = arrange(configuration)
    if folder.read(CONFIG, data=str)["data"] != fingerprint(arrangement):
        raise DataError(_OTHER_DATA(source=arrangement.source.name, run=folder))
    return arrangement


def fingerprint(arrangement: Arrangement) -> str:
    """A number that is another one where the prepared samples are others, as far as some of each part tell."""
    digest = sha256()
    for part in (arrangement.training, arrangement.validation, arrangement.test):
        if part is not None:
            for array in _arrays(part):
                digest.update(f"{array.dtype} {array.shape}".encode())
                for sample in array[:: -(-len(array) // _LOOKED_AT)]:
                    digest.update(sample.tobytes())
    return digest.hexdigest()


def _arrays(part: Part) -> list[NDArray[Any]]:
    return [*arrays_of(part.x), part.y, *([] if part.weights is None else [part.weights])]
