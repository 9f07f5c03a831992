"""Data larger than memory: samples from anywhere, written once into files that are then mapped, not read.

stored.json       the manifest, which is written last: schema version, how many samples, how many inputs
x.npy  y.npy      the samples, as NumPy has them; x0.npy, x1.npy, ... for several inputs
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.archives import read_npy
from chainrule.data.array_writer import KEPT, WIDENED, ArrayWriter
from chainrule.data.whole_files import flush_folder, write_whole
from chainrule.errors import DataError, FileFormatError, SaveError, UsageError
from chainrule.messages import Message
from chainrule.version import __version__

_NO_PAIR = Message(
    "stored.no_pair",
    en="Sample {number} is {kind}; each must be a pair (x, y), such as (image, label).",
    zh="第 {number} 个样本是 {kind}；每个样本都应是 (x, y) 对，例如 (图像, 标签)。",
)
_NO_ARRAY = Message(
    "stored.no_array",
    en="Sample {number}: {name} is no array of numbers ({reason}).",
    zh="第 {number} 个样本：{name} 不是数值数组（{reason}）。",
)
_NOT_NUMBERS = Message("stored.not_numbers", en="it holds {dtype}", zh="其类型为 {dtype}")
_OTHER_SHAPE = Message(
    "stored.other_shape",
    en="Sample {number}: {name} has shape {shape}, but those before have {wanted}. Make all samples the same shape,"
    " e.g. by cropping or padding.",
    zh="第 {number} 个样本：{name} 的形状为 {shape}，而之前的为 {wanted}。请让所有样本的形状相同，例如裁剪或填充。",
)
_OTHER_TYPE = Message(
    "stored.other_type",
    en="Sample {number}: {name} holds {dtype}, which the {wanted} of those before cannot hold. Give all samples the"
    " same type.",
    zh="第 {number} 个样本：{name} 的类型为 {dtype}，之前样本的 {wanted} 无法容纳。请让所有样本的类型相同。",
)
_NOT_FINITE = Message(
    "stored.not_finite",
    en="Sample {number}: {name} holds NaN or infinity. Leave the sample out or fill the gaps, e.g. with"
    " numpy.nan_to_num.",
    zh="第 {number} 个样本：{name} 中有 NaN 或无穷值。请去掉该样本或填补空缺，例如用 numpy.nan_to_num。",
)
_BATCH = Message(
    "stored.batch",
    en="The batch that begins with sample {number} has {x} entries of x and {y} of y. It needs one y for each x, at"
    " least one.",
    zh="从第 {number} 个样本开始的批次有 {x} 个 x 和 {y} 个 y。每个 x 都要有一个 y，且至少有一个。",
)
_NO_SAMPLES = Message(
    "stored.no_samples",
    en="There are no samples to store. Give at least one; an iterator that was gone through already gives none.",
    zh="没有可存储的样本。请至少给出一个；已遍历过的迭代器不会再给出样本。",
)
_OCCUPIED = Message(
    "stored.occupied",
    en="There is something in {folder} already. Store elsewhere, or remove it first.",
    zh="{folder} 中已有内容。请存储到其他位置，或先将其删除。",
)
_CANNOT_STORE = Message(
    "stored.cannot_store",
    en="The samples cannot be stored in {folder}: {reason}. Nothing is left of them. Check the free space and the"
    " permissions, or store elsewhere.",
    zh="无法将样本存储到 {folder}：{reason}。没有留下任何内容。请检查剩余空间和权限，或存储到其他位置。",
)
_MISSING = Message(
    "stored.missing",
    en="There are no stored samples in {folder}: it has no {manifest}. Give the folder that was given to store.",
    zh="{folder} 中没有存储的样本：缺少 {manifest}。请给出存储时使用的文件夹。",
)
_DAMAGED = Message(
    "stored.damaged",
    en="{folder} is damaged: {reason}. Store the samples again.",
    zh="{folder} 已损坏：{reason}。请重新存储样本。",
)
_NOT_A_MANIFEST = Message(
    "stored.not_a_manifest", en="{manifest} does not describe stored samples", zh="{manifest} 不是所存样本的描述"
)
_COUNT = Message(
    "stored.count",
    en="{file} has {found} samples instead of {wanted}",
    zh="{file} 有 {found} 个样本，而应为 {wanted} 个",
)
_VERSION = Message(
    "stored.version",
    en="{folder} has schema_version {found}, but chainrule {version} reads {known}. It was made by another version.",
    zh="{folder} 的 schema_version 为 {found}，而 chainrule {version} 读取 {known}。它由其他版本生成。",
)

MANIFEST = "stored.json"
SCHEMA_VERSION = 1
_PIECE = 1 << 22  # bytes of samples that are gathered before they are written
_MOST_MANIFEST = 1 << 12  # bytes
_MOST_INPUTS = 64


@dataclass(frozen=True, eq=False)
class Stored:
    """Samples in a folder, mapped: a training reads from the disk what it needs, when it needs it.

    x   an array, or a tuple of them for several inputs; first axis the samples
    y   what is to be predicted of each
    """

    folder: Path
    x: NDArray[Any] | tuple[NDArray[Any], ...]
    y: NDArray[Any]

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        inputs = self.x if isinstance(self.x, tuple) else (self.x,)
        shapes = ", ".join(f"{x.shape[1:]} {x.dtype}" for x in inputs)
        return f"<{len(self):,} samples {shapes} in {self.folder}>"


def store(samples: Iterable[Any], folder: str | os.PathLike[str], *, batches: bool = False) -> Stored:
    """Write samples, which any iterable gives one by one, into files of a new folder, and open them.

    Memory holds a few of them at a time. The folder appears when all are written, and not before.

    samples   pairs (x, y): x an array or a tuple of them for several inputs, y a number or an array
    batches   whether each pair holds many samples, whose number may differ from pair to pair

    Raises:   DataError if samples are no such pairs, differ in shape or type, hold NaN or infinity, or if there are
              none; UsageError if there is something in the folder; SaveError if it cannot be written. What the iterable
              raises goes on.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     squares = store(((np.float32([k]), k * k) for k in range(1000)), f"{place}/squares")
        ...     squares.x.shape, squares.y[:5].tolist()
        ((1000, 1), [0, 1, 4, 9, 16])
    """
    target = Path(folder).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(_OCCUPIED(folder=folder))
    part = target.with_name(f".{target.name}.part")
    try:
        with _said(folder):
            shutil.rmtree(part, ignore_errors=True)  # what an interrupted one left
            part.mkdir(parents=True)
        _write(_pieces_of_batches(samples) if batches else _pieces(samples), part, folder)
        with _said(folder):
            if target.exists():
                target.rmdir()
            part.rename(target)
            with suppress(OSError):  # all is there already
                flush_folder(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return stored(folder)


def is_stored(folder: Path) -> bool:
    """Whether a folder is one that `store` wrote, be it damaged since."""
    return (folder / MANIFEST).is_file()


def stored(folder: str | os.PathLike[str]) -> Stored:
    """Samples that were stored, as arrays that cannot be written into; nothing of them is read yet.

    Raises:   FileFormatError if there are none in the folder, or it is damaged.
    """
    place = Path(folder)
    count, inputs = _read_manifest(place)
    x, y = tuple(read_npy(place / f"{name}.npy") for name in _names(inputs)), read_npy(place / "y.npy")
    for name, array in zip((*_names(inputs), "y"), (*x, y), strict=True):
        if array.ndim == 0 or len(array) != count:
            found = len(array) if array.ndim else 1
            raise FileFormatError(_DAMAGED(folder=folder, reason=_COUNT(file=f"{name}.npy", found=found, wanted=count)))
    return Stored(place, x if len(x) > 1 else x[0], y)


# ------------------------------------------------------------------------------------------------------------ writing
Piece = tuple[tuple[NDArray[Any], ...], NDArray[Any]]


def _write(pieces: Iterator[Piece], part: Path, folder: str | os.PathLike[str]) -> None:
    with ExitStack() as files:
        writers: list[_Writer] = []
        count = 0
        for inputs, y in pieces:
            if not writers:
                with _said(folder):
                    writers = [
                        _Writer(files.enter_context((part / f"{name}.npy").open("wb")), name, array)
                        for name, array in zip((*_names(len(inputs)), "y"), (*inputs, y), strict=True)
                    ]
            if len(inputs) != len(writers) - 1:
                wanted = f"{len(writers) - 1} × array"
                raise DataError(_OTHER_SHAPE(number=count, name="x", shape=f"{len(inputs)} × array", wanted=wanted))
            for writer, array in zip(writers, (*inputs, y), strict=True):
                writer.check(array, count)
                with _said(folder):
                    writer.write(array)
            count += len(y)
        if not count:
            raise DataError(_NO_SAMPLES())
        with _said(folder):
            for writer in writers:
                writer.finish()
                os.fsync(writer.file.fileno())
            manifest = {"schema_version": SCHEMA_VERSION, "samples": count, "inputs": len(writers) - 1}
            write_whole(part / MANIFEST, json.dumps(manifest, indent=1).encode())


class _Writer(ArrayWriter):
    """One array's file, for samples that somebody gives."""

    def __init__(self, file: IO[bytes], name: str, first: NDArray[Any]) -> None:
        super().__init__(file, first)
        self.name = name

    def check(self, array: NDArray[Any], number: int) -> None:
        """Refuse samples, the first of which has this number, that do not go with those before, or are not finite."""
        if array.shape[1:] != self.shape:
            raise DataError(_OTHER_SHAPE(number=number, name=self.name, shape=array.shape[1:], wanted=self.shape))
        if not np.can_cast(array.dtype, self.dtype, "safe"):
            raise DataError(_OTHER_TYPE(number=number, name=self.name, dtype=array.dtype, wanted=self.dtype))
        if array.dtype.kind == "f" and not (finite := np.isfinite(array).reshape(len(array), -1).all(1)).all():
            raise DataError(_NOT_FINITE(number=number + int(finite.argmin()), name=self.name))


def _pieces(samples: Iterable[Any]) -> Iterator[Piece]:
    """Several samples at a time, so many as a piece's bytes hold."""
    gathered: list[tuple[tuple[NDArray[Any], ...], NDArray[Any]]] = []
    size = 0
    for number, sample in enumerate(samples):
        inputs, y = _pair(sample, number)
        if gathered and _form(gathered[-1]) != _form((inputs, y)):  # which the writer accepts or refuses
            yield _stacked(gathered)
            gathered, size = [], 0
        gathered.append((inputs, y))
        size += sum(array.nbytes for array in (*inputs, y))
        if size >= _PIECE:
            yield _stacked(gathered)
            gathered, size = [], 0
    if gathered:
        yield _stacked(gathered)


def _form(sample: tuple[tuple[NDArray[Any], ...], NDArray[Any]]) -> list[tuple[Any, Any]]:
    return [(array.shape, array.dtype) for array in (*sample[0], sample[1])]


def _stacked(samples: list[tuple[tuple[NDArray[Any], ...], NDArray[Any]]]) -> Piece:
    inputs = tuple(np.stack(arrays) for arrays in zip(*(inputs for inputs, _ in samples), strict=True))
    return inputs, np.stack([y for _, y in samples])


def _pieces_of_batches(batches: Iterable[Any]) -> Iterator[Piece]:
    number = 0
    for batch in batches:
        inputs, y = _pair(batch, number)
        lengths = {len(array) if array.ndim else 0 for array in inputs}
        if lengths != {len(y) if y.ndim else -1} or 0 in lengths:
            x = "/".join(map(str, sorted(lengths)))
            raise DataError(_BATCH(number=number, x=x, y=len(y) if y.ndim else 0))
        yield inputs, y
        number += len(y)


def _pair(sample: Any, number: int) -> tuple[tuple[NDArray[Any], ...], NDArray[Any]]:
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise DataError(_NO_PAIR(number=number, kind=type(sample).__name__))
    x, y = sample
    inputs = x if isinstance(x, tuple) else (x,)
    names = _names(len(inputs))
    return tuple(_array(part, name, number) for part, name in zip(inputs, names, strict=True)), _array(y, "y", number)


def _array(value: Any, name: str, number: int) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError as reason:
        raise DataError(_NO_ARRAY(number=number, name=name, reason=reason)) from None
    if array.dtype.name not in (*KEPT, *WIDENED):
        raise DataError(_NO_ARRAY(number=number, name=name, reason=_NOT_NUMBERS(dtype=array.dtype)))
    return array


def _names(inputs: int) -> tuple[str, ...]:
    return ("x",) if inputs == 1 else tuple(f"x{k}" for k in range(inputs))


@contextmanager
def _said(folder: str | os.PathLike[str]) -> Iterator[None]:
    """What the system refuses, in words."""
    try:
        yield
    except OSError as reason:
        raise SaveError(_CANNOT_STORE(folder=folder, reason=reason.strerror or reason)) from reason


# ------------------------------------------------------------------------------------------------------------ reading
def _read_manifest(folder: Path) -> tuple[int, int]:
    """How many samples there are, and how many inputs."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            data = json.loads(file.read(_MOST_MANIFEST))
    except OSError:
        raise FileFormatError(_MISSING(folder=folder, manifest=MANIFEST)) from None
    except (ValueError, RecursionError):
        data = None
    match data:
        case {"schema_version": int(version)} if version != SCHEMA_VERSION:
            raise FileFormatError(_VERSION(folder=folder, found=version, version=__version__, known=SCHEMA_VERSION))
        case {"schema_version": int(), "samples": int(count), "inputs": int(inputs)} if 1 <= inputs <= _MOST_INPUTS:
            return count, inputs
    raise FileFormatError(_DAMAGED(folder=folder, reason=_NOT_A_MANIFEST(manifest=MANIFEST)))
