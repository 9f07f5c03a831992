"""Folders of files that are written all or not at all, and read only if they are what was written.

    checkpoint.json               the manifest: schema version, of each file its name and SHA-256, and its own SHA-256
    architecture-<hash>.json      the others, named after their contents
    model-<hash>.safetensors
    ...

The manifest is written last, in one atomic replacement: until then the folder holds what it held, from then on the
new contents. Files that no manifest names any more are removed after that.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.whole_files import read_whole, sealed, unsealed, write_whole
from chainrule.errors import FileFormatError, SaveError, UsageError
from chainrule.graph.operation import Array
from chainrule.messages import Message, suggestion
from chainrule.version import __version__

_MISSING = Message(
    "checkpoint.missing",
    en="There is no saved model in {path}: {reason}.{suggestion} Check the path; it is the folder that was given to"
    " save, with a file {manifest} in it.",
    zh="{path} 中没有保存的模型：{reason}。{suggestion} 请检查路径；它应是保存时给出的文件夹，其中有文件 {manifest}。",
)
_NO_FOLDER = Message("checkpoint.no_folder", en="there is no such folder", zh="该文件夹不存在")
_NOT_A_FOLDER = Message("checkpoint.not_a_folder", en="it is a file", zh="它是一个文件")
_NO_MANIFEST = Message("checkpoint.no_manifest", en="it has no {manifest}", zh="其中没有 {manifest}")
_DAMAGED = Message(
    "checkpoint.damaged",
    en="{path} is damaged: {reason}. Use an earlier checkpoint, or copy the folder again.",
    zh="{path} 已损坏：{reason}。请使用更早的检查点，或重新复制该文件夹。",
)
_UNREADABLE = Message("checkpoint.unreadable", en="it cannot be read ({reason})", zh="无法读取（{reason}）")
_NO_FILE = Message("checkpoint.no_file", en="its file {file} is missing", zh="缺少其文件 {file}")
_OTHER_CONTENT = Message(
    "checkpoint.other_content", en="the contents of {file} have changed", zh="文件 {file} 的内容已改变"
)
_NOT_A_MANIFEST = Message(
    "checkpoint.not_a_manifest", en="it is not a description of a saved model", zh="它不是已保存模型的描述"
)
_VERSION = Message(
    "checkpoint.version",
    en="{path} has schema_version {found}, but chainrule {version} reads {known}. It was made by another version of"
    " chainrule; use that one, or a newer one.",
    zh="{path} 的 schema_version 为 {found}，而 chainrule {version} 只能读取 {known}。"
    "它由其他版本的 chainrule 生成；请使用那个版本或更新的版本。",
)
_NO_PATH = Message(
    "checkpoint.no_path",
    en="The model cannot be saved in {path!r}. Give the path of a folder, e.g. save('my_model').",
    zh="无法将模型保存到 {path!r}。请给出文件夹的路径，例如 save('my_model')。",
)
_NOT_A_PATH = Message(
    "checkpoint.not_a_path",
    en="{path!r} is not the path of a folder. Give the one that was given to save, e.g. load('my_model').",
    zh="{path!r} 不是文件夹的路径。请给出保存时使用的路径，例如 load('my_model')。",
)
_ONTO_A_FILE = Message(
    "checkpoint.onto_a_file",
    en="The model cannot be saved in {path}: it is a file, and a model is saved as a folder. Choose another name, or"
    " move the file away.",
    zh="无法将模型保存到 {path}：它是一个文件，而模型保存为文件夹。请另选名称，或移走该文件。",
)
_CANNOT_SAVE = Message(
    "checkpoint.cannot_save",
    en="The model cannot be saved in {path}: {reason}. What was saved there before is still there. Check the free space"
    " and the permissions, or save somewhere else.",
    zh="无法将模型保存到 {path}：{reason}。之前保存在那里的内容仍然完好。请检查剩余空间和权限，或保存到其他位置。",
)

SCHEMA_VERSION = 3
MANIFEST = "checkpoint.json"
_FILE = re.compile(r"[a-z]+-[0-9a-f]{16}\.(json|safetensors)")
_PART = re.compile(r"\..+\.part")  # what an interrupted save left


# ------------------------------------------------------------------------------------------------------------ writing
def write(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write files, named such as "model.safetensors", in place of what the folder held.

    Raises:   SaveError if that is not possible; the folder then still holds what it held; UsageError for no path.
    """
    check_place(path)
    folder, named = Path(path), {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            digest = sha256(content).hexdigest()
            stem, _, kind = name.partition(".")
            named[name] = {"file": f"{stem}-{digest[:16]}.{kind}", "sha256": digest}
            write_whole(folder / named[name]["file"], content)
        manifest = {"schema_version": SCHEMA_VERSION, "chainrule": __version__, "files": named}
        write_whole(folder / MANIFEST, sealed(manifest))
    except OSError as reason:
        raise SaveError(_CANNOT_SAVE(path=path, reason=reason.strerror or reason)) from reason
    current = {entry["file"] for entry in named.values()}
    with suppress(OSError):  # a file too many does no harm
        for old in folder.iterdir():
            if old.name not in current and (_FILE.fullmatch(old.name) or _PART.fullmatch(old.name)):
                old.unlink()


def check_place(path: str | os.PathLike[str]) -> None:
    """Refuse where nothing can be written, as far as that can be told without writing.

    Raises:   SaveError if a file is in the way, or nobody may write there; UsageError for no path.
    """
    if not path or not isinstance(path, str | os.PathLike):
        raise UsageError(_NO_PATH(path=path))
    folder = Path(path)
    if folder.is_file():
        raise SaveError(_ONTO_A_FILE(path=path))
    there = next(place for place in (folder, *folder.parents) if place.exists())
    wrong = errno.ENOTDIR if not there.is_dir() else 0 if os.access(there, os.W_OK | os.X_OK) else errno.EACCES
    if wrong:
        raise SaveError(_CANNOT_SAVE(path=path, reason=os.strerror(wrong)))


# ------------------------------------------------------------------------------------------------------------ reading
def read(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """The files that were written to a folder.

    Raises:   FileFormatError if there are none, they are damaged, or another version of chainrule wrote them;
              UsageError for what is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(_NOT_A_PATH(path=path))
    folder = Path(path)
    content = _manifest(folder)
    with damaged(folder / MANIFEST):
        version = json.loads(content)["schema_version"]
        if version != SCHEMA_VERSION:
            raise FileFormatError(_VERSION(path=path, found=version, version=__version__, known=SCHEMA_VERSION))
        manifest = unsealed(content)
    with damaged(folder):
        return {name: _read_file(folder, e["file"], e["sha256"]) for name, e in manifest["files"].items()}


@contextmanager
def damaged(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever Python says of data that do not have the expected form becomes one readable error."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as reason:
        if isinstance(reason, FileFormatError):
            raise
        raise FileFormatError(_DAMAGED(path=path, reason=_NOT_A_MANIFEST())) from reason


def _manifest(folder: Path) -> bytes:
    if not folder.is_dir():
        missing = _NOT_A_FOLDER() if folder.exists() else _NO_FOLDER()
        beside = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        hint = suggestion(folder.name, beside)
        raise FileFormatError(_MISSING(path=folder, reason=missing, suggestion=hint, manifest=MANIFEST))
    try:
        return read_whole(folder / MANIFEST)
    except FileNotFoundError:
        missing = _NO_MANIFEST(manifest=MANIFEST)
        raise FileFormatError(_MISSING(path=folder, reason=missing, suggestion="", manifest=MANIFEST)) from None
    except OSError as reason:
        raise FileFormatError(_DAMAGED(path=folder, reason=_UNREADABLE(reason=reason.strerror))) from reason


def _read_file(folder: Path, file: str, digest: str) -> bytes:
    if not _FILE.fullmatch(file):  # nothing outside of the folder
        raise FileFormatError(_DAMAGED(path=folder / MANIFEST, reason=_NOT_A_MANIFEST()))
    try:
        content = read_whole(folder / file)
    except FileNotFoundError:
        raise FileFormatError(_DAMAGED(path=folder, reason=_NO_FILE(file=file))) from None
    except OSError as reason:
        raise FileFormatError(_DAMAGED(path=folder, reason=_UNREADABLE(reason=reason.strerror))) from reason
    if sha256(content).hexdigest() != digest:
        raise FileFormatError(_DAMAGED(path=folder, reason=_OTHER_CONTENT(file=file)))
    return content


# ------------------------------------------------------------------------------------------------------ arrays in data
def separated(data: Any, arrays: dict[str, Array], name: str = "") -> Any:
    """Data for JSON, with every array in it moved to `arrays`, under the path by which it is reached."""
    match data:
        case np.ndarray():
            arrays[name] = data
            return {"array": name}
        case dict():
            return {"dict": {key: separated(value, arrays, f"{name}/{key}") for key, value in data.items()}}
        case list() | tuple():
            return [separated(value, arrays, f"{name}/{k}") for k, value in enumerate(data)]
        case np.generic():
            return separated(data.item(), arrays, name)
        case float():
            return float(data) if np.isfinite(data) else {"float": str(float(data))}
    return data


def joined(data: Any, arrays: Mapping[str, Array]) -> Any:
    """What `separated` took apart; lists in place of tuples."""
    match data:
        case {"array": str(name)}:
            return arrays[name]
        case {"dict": dict(entries)}:
            return {key: joined(value, arrays) for key, value in entries.items()}
        case {"float": str(text)}:
            return float(text)
        case list():
            return [joined(value, arrays) for value in data]
    return data
