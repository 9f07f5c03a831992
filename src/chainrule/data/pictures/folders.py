"""Folders of pictures: a subfolder for each class, and these within train/ and test/ where there are such."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule.data.pictures.records import Pictures
from chainrule.data.records import Labeled, Source
from chainrule.errors import DataError, FileFormatError
from chainrule.messages import Message

_NO_FOLDER = Message(
    "picture_folder.no_folder",
    en="There is no folder {folder}. Give the folder that holds the pictures.",
    zh="文件夹 {folder} 不存在。请给出包含图片的文件夹。",
)
_UNREADABLE = Message(
    "picture_folder.unreadable",
    en="The folder {folder} cannot be read: {reason}. Check that you may read it.",
    zh="无法读取文件夹 {folder}：{reason}。请检查是否有读取权限。",
)
_NO_CLASSES = Message(
    "picture_folder.no_classes",
    en="The folder {folder} holds no folders of pictures. Put the pictures of each class into a folder of their own,"
    " called as the class is: {folder}/cat/1.png, {folder}/dog/1.png. It holds: {held}.",
    zh="文件夹 {folder} 中没有图片子文件夹。请把每个类别的图片放入以该类别命名的子文件夹："
    "{folder}/cat/1.png、{folder}/dog/1.png。其中有：{held}。",
)
_EMPTY_CLASS = Message(
    "picture_folder.empty_class",
    en="The folder {folder} of a class holds no pictures ({endings}). Put some into it, or remove it. It holds:"
    " {held}.",
    zh="类别文件夹 {folder} 中没有图片（{endings}）。请放入图片，或删除该文件夹。其中有：{held}。",
)
_EMPTY = Message(
    "picture_folder.empty",
    en="The folder {folder} holds no pictures ({endings}). It holds: {held}.",
    zh="文件夹 {folder} 中没有图片（{endings}）。其中有：{held}。",
)
_NESTED = Message(
    "picture_folder.nested",
    en="The folder {folder} of a class holds the folder {nested}. Move its pictures up, or make it a class of its own"
    " beside the others.",
    zh="类别文件夹 {folder} 中还有文件夹 {nested}。请把其中的图片上移，或让它与其他类别并列，成为独立的类别。",
)
_BESIDE = Message(
    "picture_folder.beside",
    en="{picture} is a picture beside the folders of the classes, so that it has no class. Move it into one of them, or"
    " away.",
    zh="图片 {picture} 与类别文件夹并列，因此没有类别。请把它移入某个类别文件夹，或移走。",
)
_OUTSIDE = Message(
    "picture_folder.outside",
    en="{path} is a link to something outside of {folder}. Put a copy in its place, or remove it.",
    zh="{path} 是指向 {folder} 之外的链接。请换成副本，或删除它。",
)
_SPECIAL = Message(
    "picture_folder.special",
    en="{path} is neither a file nor a folder. Remove it.",
    zh="{path} 既不是文件也不是文件夹。请删除它。",
)
_OTHER_FORMAT = Message(
    "picture_folder.other_format",
    en="{count} pictures are of formats that cannot be read here, the first of them {path}. Convert them to PNG or"
    " JPEG, or move them away.",
    zh="有 {count} 张图片的格式无法在此读取，第一张是 {path}。请转换为 PNG 或 JPEG，或移走。",
)
_NOTHING = Message("picture_folder.nothing", en="nothing", zh="无")

ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp")
_OTHER_ENDINGS = (".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".svg", ".ico", ".ppm", ".pgm", ".psd")
_PARTS = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_MOST_NAMED = 10


def read_pictures(folder: str | os.PathLike[str]) -> Source:
    """Pictures with a class each: that which their folder is named after.

        photos/cat/1.png  photos/cat/2.jpg  photos/dog/1.png
        photos/train/cat/1.png  photos/test/cat/2.jpg         where parts are set aside already: train, val and test

    Read are PNG, JPEG, GIF (the first frame), BMP and WebP, in the order of their names; they are decoded when a
    network needs them. Hidden files, and those that are no pictures by their endings, as notes.txt, are passed over.

    Raises:   FileFormatError if the folder cannot be read; DataError if pictures have no class or a class no pictures,
              are of other formats, or where a folder lies within a class, a link leads out of the folder, or something
              is neither file nor folder.
    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("night", "snow"):
        ...         os.mkdir(f"{folder}/{name}")
        ...         Image.new("L", (9, 9), 250 * (name == "snow")).save(f"{folder}/{name}/1.png")
        ...     source = read_pictures(folder)
        >>> source.training.answers
        array(['night', 'snow'], dtype='<U5')
    """
    root = Path(folder)
    held = _inside(root, root)
    parts = {path.name.lower(): path for path in held.folders}
    if not parts.keys() <= _PARTS.keys() or not {"train", "training"} & parts.keys():
        return Source(root.resolve().name, "class", _labeled(root, root))
    _refuse_pictures_beside(held)
    found = {_PARTS[name]: _labeled(path, root) for name, path in parts.items()}
    test, validation = found.get("test"), found.get("validation")
    return Source(root.resolve().name, "class", found["training"], test, validation=validation)


def pictures_within(folder: str | os.PathLike[str]) -> Pictures:
    """All pictures of a folder and of the folders in it, each in the order of the names.

    Raises:   FileFormatError and DataError as read_pictures does where a folder cannot be read or holds none.
    """
    root = Path(folder)
    paths, folders, entered = list[Path](), [root], set[Path]()
    while folders:
        inner = folders.pop()
        if (place := inner.resolve()) in entered:  # a link leads there again
            continue
        entered.add(place)
        held = _inside(inner, root)
        paths += held.pictures()
        folders += reversed(held.folders)
    if not paths:
        raise DataError(_EMPTY(folder=root, endings=", ".join(ENDINGS), held=_inside(root, root)))
    return Pictures(paths)


@dataclass(frozen=True)
class _Inside:
    """What is in a folder and not hidden, in the order of the names."""

    folders: list[Path]
    files: list[Path]

    def __str__(self) -> str:
        paths = [*self.folders, *self.files]
        names = ", ".join(path.name for path in paths[:_MOST_NAMED]) + (", …" if len(paths) > _MOST_NAMED else "")
        return names or _NOTHING()

    def pictures(self) -> list[Path]:
        """The files that are pictures by their endings."""
        if others := [path for path in self.files if path.suffix.lower() in _OTHER_ENDINGS]:
            raise DataError(_OTHER_FORMAT(count=len(others), path=others[0]))
        return [path for path in self.files if path.suffix.lower() in ENDINGS]


def _labeled(folder: Path, root: Path) -> Labeled:
    """The pictures in the folders of the classes."""
    held = _inside(folder, root)
    if not held.folders:
        raise DataError(_NO_CLASSES(folder=folder, held=held))
    _refuse_pictures_beside(held)
    paths: list[Path] = []
    answers: list[str] = []
    for of_class in held.folders:
        inner = _inside(of_class, root)
        if inner.folders:
            raise DataError(_NESTED(folder=of_class, nested=inner.folders[0].name))
        own = inner.pictures()
        if not own:
            raise DataError(_EMPTY_CLASS(folder=of_class, endings=", ".join(ENDINGS), held=inner))
        paths += own
        answers += [of_class.name] * len(own)
    return Labeled(Pictures(paths), np.array(answers))


def _refuse_pictures_beside(held: _Inside) -> None:
    if beside := held.pictures():
        raise DataError(_BESIDE(picture=beside[0]))


def _inside(folder: Path, root: Path) -> _Inside:
    """What a folder holds; links are followed within the root alone."""
    if not folder.is_dir():
        raise FileFormatError(_NO_FOLDER(folder=folder))
    found = _Inside([], [])
    try:
        with os.scandir(folder) as entries:
            visible = sorted((e for e in entries if not e.name.startswith((".", "__MACOSX"))), key=lambda e: e.name)
        for entry in visible:
            path = folder / entry.name
            if entry.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
                raise DataError(_OUTSIDE(path=path, folder=root))
            if entry.is_dir():
                found.folders.append(path)
            elif entry.is_file():
                found.files.append(path)
            else:
                raise DataError(_SPECIAL(path=path))
    except OSError as reason:
        raise FileFormatError(_UNREADABLE(folder=folder, reason=reason.strerror or reason)) from None
    return found
