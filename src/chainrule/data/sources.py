"""Data sets in folders of this machine."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from chainrule.data.checks import check_samples
from chainrule.data.dataset import Dataset
from chainrule.data.idx import read_idx
from chainrule.errors import FileFormatError
from chainrule.messages import Message

_NO_FOLDER = Message(
    "source.no_folder",
    en="There is no folder {folder}. Give the folder that holds the files of the data set.",
    zh="文件夹 {folder} 不存在。请给出数据集文件所在的文件夹。",
)
_NO_FILE = Message(
    "source.no_file",
    en="The folder {folder} lacks one of the four files of a set of images: there is no {name} (or {name}.gz) in it."
    " It holds: {held}.",
    zh="文件夹 {folder} 缺少图像数据集四个文件中的一个：其中没有 {name}（或 {name}.gz）。其中有：{held}。",
)
_NOTHING = Message("source.nothing", en="nothing", zh="无")
_CONTENT = Message(
    "source.content",
    en="{path} holds {dtype} of shape {shape}, but {wanted} should be uint8 with {axes} axes."
    " Check that the file has the right name.",
    zh="{path} 中是形状 {shape} 的 {dtype}，而{wanted}应为 {axes} 个轴的 uint8。请检查文件名是否正确。",
)
_IMAGES = Message("source.images", en="images", zh="图像")
_LABELS = Message("source.labels", en="labels", zh="标签")

IMAGE_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def load_images(folder: str | os.PathLike[str], name: str = "") -> Dataset:
    """Read a set of gray images laid out as MNIST is: four IDX files, plain or compressed, in one folder.

        train-images-idx3-ubyte   train-labels-idx1-ubyte   t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte

    Shapes:   images (n, height, width, 1) uint8, labels (n,) int64
    Raises:   FileFormatError if the folder or a file is missing or damaged; DataError if they do not fit together.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileFormatError(_NO_FOLDER(folder=folder))
    x_train, y_train = _read_part(folder, "train")
    x_test, y_test = _read_part(folder, "t10k")
    classes = 1 + max(y_train.max(), y_test.max())
    names = tuple(str(label) for label in range(classes))
    return Dataset(name or folder.resolve().name, x_train, y_train, x_test, y_test, names)


def missing_files(folder: Path) -> list[str]:
    """Those of the four files that load_images reads which a folder lacks."""
    return [file for file in IMAGE_FILES if not any((folder / name).is_file() for name in _spellings(file))]


def data_folder() -> Path:
    """Where full data sets are: $CHAINRULE_DATA_DIR, else data in $CHAINRULE_HOME, else the user's data folder."""
    if chosen := os.environ.get("CHAINRULE_DATA_DIR"):
        return Path(chosen)
    home = os.environ.get("CHAINRULE_HOME")
    return (Path(home) if home else user_data_path("chainrule")) / "data"


def find_data(name: str) -> Path | None:
    """The folder of a full data set, such as 'mnist', in CHAINRULE_DATA_DIR or where `chainrule data get` puts it; None
    if it is not on this machine.
    """
    folder = data_folder() / name
    return None if missing_files(folder) else folder


def _read_part(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images_file, images = _read(folder, f"{part}-images-idx3-ubyte", _IMAGES, axes=3)
    labels_file, labels = _read(folder, f"{part}-labels-idx1-ubyte", _LABELS, axes=1)
    check_samples({str(images_file): images, str(labels_file): labels})
    return images[..., np.newaxis], labels.astype(np.int64)


def _read(folder: Path, name: str, wanted: Message, axes: int) -> tuple[Path, NDArray[Any]]:
    path = _find(folder, name)
    array = read_idx(path)
    if array.dtype != np.uint8 or array.ndim != axes:
        raise FileFormatError(_CONTENT(path=path, dtype=array.dtype, shape=array.shape, wanted=wanted(), axes=axes))
    return path, array


def _find(folder: Path, name: str) -> Path:
    for spelling in _spellings(name):
        if (folder / spelling).is_file():
            return folder / spelling
    held = ", ".join(sorted(os.listdir(folder))[:10]) or _NOTHING()
    raise FileFormatError(_NO_FILE(folder=folder, name=name, held=held))


def _spellings(name: str) -> list[str]:
    """Some copies of MNIST have a dot before "idx"."""
    return [f"{stem}{ending}" for stem in (name, name.replace("-idx", ".idx")) for ending in ("", ".gz")]
