"""Full data sets from public mirrors, each file whole and the one that was meant, or not at all."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any

from chainrule.data.sources import data_folder, missing_files
from chainrule.errors import DownloadError, SaveError, UsageError
from chainrule.messages import Message, suggestion

_UNKNOWN = Message(
    "download.unknown",
    en="There is no data set '{name}' to download; choose one of: {known}.{suggestion}",
    zh="没有可下载的数据集“{name}”；可选：{known}。{suggestion}",
)
_EXTRA = Message(
    "download.extra",
    en='Downloads need pooch, which is not installed. Install it: pip install "chainrule[download]".',
    zh='下载需要 pooch，但它尚未安装。请安装：pip install "chainrule[download]"。',
)
_OFFLINE = Message(
    "download.offline",
    en="{name} is not in {folder}, and CHAINRULE_OFFLINE forbids to download it. Unset that, or copy the four files of"
    " the set there.",
    zh="{folder} 中没有 {name}，而 CHAINRULE_OFFLINE 禁止下载。请取消该设置，或将数据集的四个文件复制到那里。",
)
_FAILED = Message(
    "download.failed",
    en="{file} of {name} could not be downloaded. {reasons} Try again later, or copy the four files of the set to"
    " {folder}.",
    zh="无法下载 {name} 的 {file}。{reasons} 请稍后重试，或将数据集的四个文件复制到 {folder}。",
)
_REASON = Message("download.reason", en="{mirror}: {reason}.", zh="{mirror}：{reason}。")
_OTHER_CONTENT = Message("download.other_content", en="it has another content", zh="其内容不符")
_NO_ANSWER = Message("download.no_answer", en="no answer", zh="没有应答")
_NO_FOLDER = Message(
    "download.no_folder",
    en="{folder} cannot be written into: {reason}. Give another folder, or set CHAINRULE_DATA_DIR to one.",
    zh="无法写入 {folder}：{reason}。请给出其他文件夹，或用 CHAINRULE_DATA_DIR 指定。",
)

_SECONDS = 30.0  # without an answer, after which the next mirror is asked
_IMAGES = {"train-images-idx3-ubyte": 47_040_016, "t10k-images-idx3-ubyte": 7_840_016}
_LABELS = {"train-labels-idx1-ubyte": 60_008, "t10k-labels-idx1-ubyte": 10_008}
_SIZES = _IMAGES | _LABELS  # bytes, decompressed


@dataclass(frozen=True)
class Download:
    """A data set on the network: who has its files, gzipped, and the SHA-256 of each file's content.

    Mirrors are asked one after the other. The content decides, since it may be compressed to other bytes.

    Source:   the mirrors of torchvision, TensorFlow Datasets and Keras, and of the authors of Fashion-MNIST; that of
              Y. LeCun refuses since 2024
    """

    mirrors: Sequence[str]
    contents: Mapping[str, str]


DOWNLOADS = {
    "mnist": Download(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ),
        {
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion-mnist": Download(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ),
        {
            "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    ),
}


def download(
    name: str, folder: str | os.PathLike[str] | None = None, *, told: Callable[[str], None] = lambda file: None
) -> Path:
    """The folder of a full data set, "mnist" or "fashion-mnist", which is downloaded unless it is there; load_images
    reads it, and find_data finds it.

    folder   None: one that is called as the set is, in $CHAINRULE_DATA_DIR, $CHAINRULE_HOME/data or the user's data
    told     is called with the name of each file before it is fetched

    Raises:   UsageError for an unknown set, without pooch, or with CHAINRULE_OFFLINE set; DownloadError if no mirror
              has a file as it should be; SaveError if the folder cannot be written into.
    """
    if name not in DOWNLOADS:
        raise UsageError(_UNKNOWN(name=name, known=", ".join(DOWNLOADS), suggestion=suggestion(name, DOWNLOADS)))
    place = data_folder() / name if folder is None else Path(folder)
    if not missing_files(place):
        return place
    if os.environ.get("CHAINRULE_OFFLINE", "0") not in ("", "0"):
        raise UsageError(_OFFLINE(name=name, folder=place))
    try:
        import pooch
    except ImportError:
        raise UsageError(_EXTRA()) from None
    pooch.get_logger().setLevel("WARNING")  # what it does is told otherwise
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not os.access(place, os.W_OK):
            raise PermissionError(os.strerror(13))
    except OSError as reason:
        raise SaveError(_NO_FOLDER(folder=place, reason=reason.strerror or reason)) from None
    for file, digest in DOWNLOADS[name].contents.items():
        _fetch(name, file, digest, place, told)
    return place


def _fetch(name: str, file: str, digest: str, folder: Path, told: Callable[[str], None]) -> None:
    """One file, from the first mirror that has it; pooch gives it its name when its content is known to be right."""
    import pooch

    reasons = []
    told(file)
    for mirror in DOWNLOADS[name].mirrors:
        try:
            pooch.retrieve(f"{mirror}/{file}.gz", f"sha256:{digest}", file, folder, downloader=_unpacked(_SIZES[file]))
            return
        except (OSError, HTTPException, ValueError, zlib.error) as reason:
            reasons.append(_REASON(mirror=mirror, reason=_said(reason)))
    raise DownloadError(_FAILED(name=name, file=file, reasons=" ".join(reasons), folder=folder))


def _said(reason: Exception) -> str:
    """What went wrong, in fewer words than the layers of a library have."""
    if type(reason) is ValueError:  # pooch's, with the digests
        return _OTHER_CONTENT()
    if getattr(reason, "request", None) is not None and getattr(reason, "response", None) is None:
        return _NO_ANSWER()
    return " ".join(str(reason).split())[:200].rstrip(".") or type(reason).__name__


def _unpacked(size: int) -> Callable[[str, Any, Any], None]:
    """What downloads and decompresses for pooch, no more than a file has."""
    import pooch

    get = pooch.HTTPDownloader(timeout=_SECONDS)

    def fetch(url: str, path: Any, pooch: Any) -> None:
        with Path(path).open("wb") as file:
            get(url, _Unpacking(file, size), pooch)

    return fetch


class _Unpacking:
    """A file to write gzipped bytes to, which holds their content; some servers have decompressed it already."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size + 1  # one byte too many is enough to be seen
        self._unpack: Any = None
        self._begun = False

    def write(self, piece: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._unpack = zlib.decompressobj(wbits=31) if piece.startswith(b"\x1f\x8b") else None
        content = piece[: self._left] if self._unpack is None else self._unpack.decompress(piece, self._left)
        self._file.write(content)
        self._left -= len(content)
        if self._left <= 0:
            raise ValueError

    def flush(self) -> None:
        """pooch asks for it after each piece."""
