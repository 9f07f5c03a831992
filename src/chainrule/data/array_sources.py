"""Arrays by the names that people give them: what is learned from, and what is predicted for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.archives import name_of, read_npz
from chainrule.data.checks import check_finite
from chainrule.data.records import Arrays, Labeled, Source
from chainrule.data.stored import Stored, stored
from chainrule.errors import DataError
from chainrule.messages import Message

_NAMES = Message(
    "array_sources.names",
    en="{path} holds the arrays {names}; to learn from them they have to be called x and y, or x_train, y_train, x_test"
    " and y_test.",
    zh="{path} 中的数组为 {names}；要从中学习，它们应名为 x 和 y，或 x_train、y_train、x_test 和 y_test。",
)
_NO_INPUT = Message(
    "array_sources.no_input",
    en="{path} holds the arrays {names}, none of which is called x. Save what is to be predicted:"
    " numpy.savez('new.npz', x=x).",
    zh="{path} 中的数组为 {names}，没有名为 x 的数组。请保存待预测的数据：numpy.savez('new.npz', x=x)。",
)
_LENGTHS = Message(
    "array_sources.lengths",
    en="{path}: {x} has {samples} samples, but {y} has shape {shape}; it must have one answer for each, ({samples},)."
    " Of one-hot answers give y.argmax(1).",
    zh="{path}：{x} 有 {samples} 个样本，而 {y} 的形状为 {shape}；每个样本应有一个答案，即 ({samples},)。"
    "若答案为独热编码，请给出 y.argmax(1)。",
)
_SEVERAL_INPUTS = Message(
    "array_sources.several_inputs",
    en="The samples stored in {path} have {count} inputs each, for which there is no ready-made network. Build one with"
    " chainrule.nn, and train it in Python: model.fit(found.x, found.y) with found = stored({path!r}).",
    zh="{path} 中的样本各有 {count} 个输入，没有现成的网络可用。请用 chainrule.nn 构建网络并在 Python 中训练："
    "found = stored({path!r})，model.fit(found.x, found.y)。",
)
_TEST = (("x_test", "y_test"),)
_VALIDATION = (("x_validation", "y_validation"), ("x_valid", "y_valid"), ("x_val", "y_val"))
_TRAINING = (("x_train", "y_train"), ("x", "y"))
_KNOWN = {name for pair in (*_TRAINING, *_VALIDATION, *_TEST) for name in pair}


def read_arrays(path: Path) -> Source:
    """The samples and answers in a .npz file: arrays x and y, or x_train and y_train, and with _test and _val likewise.

    Raises:   FileFormatError as read_npz does; DataError if there are no such arrays, if they do not fit, or if
              an answer is NaN or infinite.
    """
    names: set[str] = set()

    def wanted(held: set[str]) -> set[str]:
        names.update(held)
        return {name for name in held if name.lower() in _KNOWN}

    arrays = {name.lower(): array for name, array in sorted(read_npz(path, wanted).items())}  # x goes before X
    training = _labeled(path, arrays, _TRAINING)
    if training is None:
        raise DataError(_NAMES(path=path, names=", ".join(sorted(names)) or "-"))
    test, validation = _labeled(path, arrays, _TEST), _labeled(path, arrays, _VALIDATION)
    return Source(path.stem, "y", training, test, _classes(training), validation)


def read_stored(folder: Path) -> Source:
    """The samples and answers that chainrule.data.stored.store wrote, mapped: nothing of the samples is read yet.

    Raises:   FileFormatError as `stored` does; DataError if there are several inputs, or no single answer for each
              sample, or an answer is NaN or infinite.
    """
    found = stored(folder)
    training = _labeled(folder, {"x": only_input(found), "y": np.array(found.y)}, _TRAINING)
    assert training is not None
    return Source(folder.resolve().name, "y", training, classes=_classes(training))


def only_input(found: Stored) -> NDArray[Any]:
    """The samples, which have one array each.

    Raises:   DataError if they have several.
    """
    if isinstance(found.x, tuple):
        raise DataError(_SEVERAL_INPUTS(path=str(found.folder), count=len(found.x)))
    return found.x


def read_input(file: str | os.PathLike[str] | bytes) -> NDArray[Any]:
    """The array in a .npz file that is to be predicted for: x or x_test, or the only one.

    Raises:   FileFormatError as read_npz does; DataError if there is none.
    """
    names: set[str] = set()

    def wanted(held: set[str]) -> set[str]:
        names.update(held)
        by_name = {name.lower(): name for name in held}
        chosen = next((by_name[name] for name in ("x", "x_test") if name in by_name), None)
        return {chosen} if chosen else held if len(held) == 1 else set()

    arrays = list(read_npz(file, wanted).values())
    if not arrays:
        raise DataError(_NO_INPUT(path=name_of(file), names=", ".join(sorted(names)) or "-"))
    return arrays[0]


def _labeled(path: Path, arrays: dict[str, NDArray[Any]], pairs: Sequence[tuple[str, str]]) -> Labeled | None:
    """The first pair of arrays that there is."""
    for of_inputs, of_answers in pairs:
        if {of_inputs, of_answers} <= arrays.keys():
            x, y = _with_channels(arrays[of_inputs]), arrays[of_answers]
            records = Arrays((x,))
            y = y[:, 0] if y.shape == (len(x), 1) else y
            if y.shape != (len(x),):
                raise DataError(_LENGTHS(path=path, x=of_inputs, samples=len(x), y=of_answers, shape=y.shape))
            if y.dtype.kind == "f":
                check_finite(f"{path}: {of_answers}", y)
            if y.dtype.kind == "S":
                y = np.char.decode(y, "utf-8", "replace")
            return Labeled(records, y)
    return None


def _classes(training: Labeled) -> tuple[str, ...]:
    """Images have classes, however many: a whole number is rather the name of one than a quantity."""
    (x,) = training.records.whole if isinstance(training.records, Arrays) else ()
    if x.ndim != 4 or training.answers.dtype.kind not in "iu":
        return ()
    found = np.unique(training.answers).tolist()
    return tuple(map(str, found)) if len(found) > 1 else ()


def _with_channels(x: NDArray[Any]) -> NDArray[Any]:
    """Gray images (n, height, width) with the axis that networks expect behind."""
    return x[..., np.newaxis] if x.ndim == 3 and x.dtype == np.uint8 else x
