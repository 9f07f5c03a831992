"""Data of any kind that is read here, by what a path holds: with answers to learn from, or to predict them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.archives import NPY, ZIP, read_npy
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.array_sources import only_input, read_arrays, read_input, read_stored
from chainrule.data.given import as_records
from chainrule.data.idx import read_idx
from chainrule.data.missing_file import missing_file
from chainrule.data.pictures.decoding import is_picture
from chainrule.data.pictures.digits import SIDE, DigitInputs
from chainrule.data.pictures.folders import ENDINGS, pictures_within, read_pictures
from chainrule.data.pictures.inputs import PictureInputs
from chainrule.data.pictures.records import Pictures
from chainrule.data.preparation import Preparation
from chainrule.data.records import Arrays, Records, Source
from chainrule.data.sources import IMAGE_FILES, load_images, missing_files
from chainrule.data.stored import is_stored, stored
from chainrule.data.tables import Named, Notation, Table, TableInputs, read_csv, read_parquet
from chainrule.data.tables.notation import AS_PROGRAMS
from chainrule.data.tables.table import each_of
from chainrule.errors import DataError, FileFormatError, UsageError
from chainrule.messages import Message

_UNREADABLE = Message(
    "reading.unreadable",
    en="{path} cannot be read: {reason}. Check that you may read it.",
    zh="无法读取 {path}：{reason}。请检查是否有读取权限。",
)
_SPECIAL = Message("reading.special", en="it is neither a file nor a folder", zh="它既不是文件也不是文件夹")
_UNKNOWN = Message(
    "reading.unknown",
    en="{path} is no data that can be read. Give a table ({tables}, .parquet), arrays (.npz, .npy) or pictures.",
    zh="{path} 不是可以读取的数据。请给出表格（{tables}、.parquet）、数组（.npz、.npy）或图片。",
)
_NO_COLUMNS = Message(
    "reading.no_columns",
    en="{setting} names a column, but {path} holds {kind}, which have no columns. Leave it out.",
    zh="{setting} 指的是列，但 {path} 中是{kind}，没有列。请省略它。",
)
_NO_TARGET = Message(
    "reading.no_target",
    en="{path} is a table: say with target, or --target, which of its columns is to be predicted. They are: {known}.",
    zh="{path} 是表格：请用 target 或 --target 指明要预测其中哪一列。各列为：{known}。",
)
_PICTURES = Message("reading.pictures", en="pictures", zh="图片")
_ARRAYS = Message("reading.arrays", en="arrays", zh="数组")
_ONE_PICTURE = Message(
    "reading.one_picture",
    en="{path} is one picture. To learn from pictures, give a folder with a folder of pictures for each class.",
    zh="{path} 是一张图片。若要从图片中学习，请给出文件夹，其中每个类别有一个图片子文件夹。",
)
_NO_ANSWERS = Message(
    "reading.no_answers",
    en="{path} is one array, without the answers to learn. Save both: numpy.savez('data.npz', x=x, y=y).",
    zh="{path} 是单个数组，没有要学习的答案。请一起保存：numpy.savez('data.npz', x=x, y=y)。",
)

_SEPARATED = (".csv", ".tsv", ".tab", ".txt")
_PARQUET = b"PAR1"
_MOST_NAMED = 20  # columns that a message lists

File = str | os.PathLike[str] | bytes


def read_source(
    path: str | os.PathLike[str],
    target: str | None = None,
    *,
    exclude: Iterable[str] = (),
    categories: Iterable[str] = (),
    numbers: Iterable[str] = (),
    group: str | None = None,
    weight: str | None = None,
    encoding: str | None = None,
    like: Notation = AS_PROGRAMS,
) -> Source:
    r"""Read the data at a path, with their answers.

        .csv .tsv .txt, and the same with .gz   a table as text
        .parquet                                a table
        .npz                                    arrays x and y, or x_train, y_train, x_test and y_test
        a folder of four IDX files              images, as MNIST has them
        a folder that store wrote               samples, mapped: they may be larger than the memory
        a folder of folders                     pictures, a folder for each class, as read_pictures has them

    target                          the column of a table that is to be predicted
    exclude                         columns of a table that are not to be learned from
    categories, numbers             columns of a table that hold such, whatever they look like
    group, weight                   columns of a table, as Table.labeled takes them
    encoding, like                  of a table as text, as read_csv takes them

    Raises:   FileFormatError if there are no such data, or if they are damaged; DataError if nothing can be learned of
              them; UsageError for columns of what is no table.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = Path(folder, "fruit.csv").write_text("mass,fruit\n9,cherry\n170,apple\n")
        ...     source = read_source(f"{folder}/fruit.csv", "fruit")
        >>> source.name, source.training.answers.tolist(), list(source.training.records.columns)
        ('fruit', ['cherry', 'apple'], ['mass'])
    """
    place = Path(path)
    named = {"target": target, "exclude": exclude, "categories": categories, "numbers": numbers}
    columns = {setting: each_of(names) for setting, names in {**named, "group": group, "weight": weight}.items()}
    head = _head(place)
    if head is None:
        if is_stored(place):
            _refuse_columns(columns, place, _ARRAYS)
            return read_stored(place)
        _refuse_columns(columns, place, _PICTURES)
        lacks_all = len(missing_files(place)) == len(IMAGE_FILES)
        return read_pictures(place) if lacks_all else Source.of(load_images(place))
    if is_picture(head):
        raise DataError(_ONE_PICTURE(path=place))
    if head.startswith(NPY):
        raise DataError(_NO_ANSWERS(path=place))
    if head.startswith(ZIP):
        if place.suffix.lower() != ".npz":  # such as a workbook's
            raise FileFormatError(_UNKNOWN(path=place, tables=", ".join(_SEPARATED)))
        _refuse_columns(columns, place, _ARRAYS)
        return read_arrays(place)
    table = _table(place, head, like, encoding)
    if target is None:
        known = ", ".join([*table.columns][:_MOST_NAMED]) + (", …" if len(table.columns) > _MOST_NAMED else "")
        raise DataError(_NO_TARGET(path=place, known=known))
    name = place.name.removesuffix("".join(place.suffixes)) or place.name
    exclude, categories, numbers = (columns[setting] for setting in ("exclude", "categories", "numbers"))
    labeled = table.labeled(target, exclude=exclude, categories=categories, numbers=numbers, group=group, weight=weight)
    return Source(name, target, labeled)


def columns_of(path: str | os.PathLike[str]) -> list[str]:
    """The names of the columns that a table at a path has; none where other data are there.

    Raises:   FileFormatError if there is nothing, or it is damaged; DataError if it is no table.
    """
    place = Path(path)
    head = _head(place)
    if head is None or is_picture(head) or head.startswith((NPY, ZIP)):
        return []
    return list(_table(place, head, AS_PROGRAMS).columns)


def read_records(data: Any, preparation: Preparation) -> Records:
    """Read data of the same kinds, without answers, for a model whose preparation this is.

    They are a path, the bytes of a file, a file that is open with a table as text, or what as_records takes. A folder
    may hold pictures without classes. Arrays of images become pictures for a model that was trained on pictures; one
    sample is a batch of one. An array (h, w, 3) is one picture in colors, never h gray ones.

    Raises:   FileFormatError if there are no such data, or if they are damaged; DataError for rows that do not fit;
              UsageError for data of another type.
    """
    return as_wanted(read_as_given(data, preparation), preparation)


def read_as_given(data: Any, preparation: Preparation, name: str | None = None) -> Records:
    """The same, but arrays remain arrays, whatever the model was trained on; `name` is what messages call a table that
    is given as bytes.
    """
    match data:
        case Records():
            return data
        case str() | os.PathLike() | bytes():
            return _records(data, notation_of(preparation), name)
        case _ if hasattr(data, "read"):
            return read_csv(data, like=notation_of(preparation))
    return as_records(data, preparation.inputs)


def notation_of(preparation: Preparation) -> Notation:
    """How the table was read that a model was trained on."""
    return preparation.inputs.notation if isinstance(preparation.inputs, TableInputs) else AS_PROGRAMS


def _records(file: File, like: Notation, name: str | None) -> Records:
    if not isinstance(file, bytes) and _is_called_a_picture(Path(file)):
        return Pictures([Path(file)])  # which says itself if it is none
    head = file[:12] if isinstance(file, bytes) else _head(Path(file))
    if head is None:
        assert not isinstance(file, bytes)
        return Arrays((only_input(stored(file)),)) if is_stored(Path(file)) else pictures_within(file)
    if is_picture(head):
        return Pictures([file if isinstance(file, bytes) else Path(file)])
    if head.startswith(NPY):
        return Arrays((read_npy(file),))
    if head.startswith(ZIP):
        return Arrays((read_input(file),))
    if isinstance(file, bytes):
        opened = BytesIO(file) if name is None else Named(file, name)
        return read_parquet(opened) if head.startswith(_PARQUET) else read_csv(opened, like=like)
    if _is_idx(head, Path(file)):
        return Arrays((read_idx(file),))
    return _table(Path(file), head, like)


def _table(path: Path, head: bytes, like: Notation, encoding: str | None = None) -> Table:
    """The table in a file; a text is one where its name says so."""
    name = path.name.lower().removesuffix(".gz")
    if head.startswith(_PARQUET) or name.endswith(".parquet"):
        return read_parquet(path)
    if name.endswith(_SEPARATED):
        return read_csv(path, encoding=encoding, like=like)
    raise FileFormatError(_UNKNOWN(path=path, tables=", ".join(_SEPARATED)))


def _head(path: Path) -> bytes | None:
    """The first bytes of a file; None for a folder.

    Raises:   FileFormatError if it is neither, or cannot be read.
    """
    try:
        if path.is_dir():
            return None
        if path.exists() and not path.is_file():
            raise FileFormatError(_UNREADABLE(path=path, reason=_SPECIAL()))
        with path.open("rb") as file:
            return file.read(12)
    except FileNotFoundError:
        raise missing_file(path) from None
    except OSError as reason:
        raise FileFormatError(_UNREADABLE(path=path, reason=reason.strerror or reason)) from None
    except ValueError as reason:  # a zero byte in the path
        if isinstance(reason, FileFormatError):
            raise
        raise FileFormatError(_UNREADABLE(path=repr(str(path)), reason=reason)) from None


def _refuse_columns(columns: dict[str, list[str]], path: Path, kind: Message) -> None:
    for setting, names in columns.items():
        if names:
            raise UsageError(_NO_COLUMNS(setting=f"{setting}={', '.join(names)!r}", path=path, kind=kind()))


def _is_called_a_picture(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and path.is_file()


def _is_idx(head: bytes, path: Path) -> bool:
    return head.startswith(b"\0\0") or (head.startswith(b"\x1f\x8b") and "ubyte" in path.name)


# --------------------------------------------------------------------------------------------------- as a model wants
def as_wanted(records: Records, preparation: Preparation) -> Records:
    """The records as a model takes them: arrays of images as pictures, or with the axes that were left out.

    Whatever the size and the colors that the model knows, an array of two axes is one gray picture, one of three axes
    is one picture if the last has 1 or 3 numbers, its colors, and all others are several along the first. Of pictures
    that are 1 or 3 wide, several gray ones thus need their axis of colors, (n, height, width, 1).
    """
    match records, preparation.inputs:
        case Arrays(whole=(x,)), DigitInputs():
            images = _of_shape(records, x, (SIDE, SIDE, 1))
            return images if images.whole[0].shape[1:] == (SIDE, SIDE, 1) else _pictures(records)
        case Arrays(whole=(_,)), PictureInputs():
            return _pictures(records)
        case Arrays(whole=(x,)), ArrayInputs() as inputs:
            return _of_shape(records, x, inputs.shape)
    return records


def _pictures(records: Arrays) -> Pictures:
    (x,) = records.arrays
    return Pictures([x] if x.ndim < 3 or (x.ndim == 3 and x.shape[2] in (1, 3)) else list(x))


def _of_shape(records: Arrays, x: NDArray[Any], shape: tuple[int, ...]) -> Arrays:
    """The samples with the axes that were left out: that of the samples for one alone, that of the channels of gray."""
    for axes in (x, x[np.newaxis]) if records.places is None else (x,):
        for complete in (axes, axes[..., np.newaxis]):
            if complete.shape[1:] == shape:
                return replace(records, whole=(complete,))
    return records
