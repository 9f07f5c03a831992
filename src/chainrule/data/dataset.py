"""A data set: arrays to train on, and arrays to test with."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chainrule.data.checks import check_labels, check_samples
from chainrule.errors import DataError
from chainrule.messages import Message

_SHAPES = Message(
    "data.shapes",
    en="{name}: a training sample has shape {train}, a test sample {test}. Both must agree; check that the files belong"
    " to the same set.",
    zh="{name}：训练样本的形状为 {train}，测试样本的形状为 {test}。两者必须一致；请检查这些文件是否属于同一个数据集。",
)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Samples and labels for training and for testing, checked when they are put together.

    Shapes:   x (n, ...), y (n,) with labels from 0 to len(class_names) - 1
    Raises:   DataError if the arrays do not belong together, hold NaN, or a label has no class.
    """

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_samples({"x_train": self.x_train, "y_train": self.y_train})
        check_samples({"x_test": self.x_test, "y_test": self.y_test})
        check_labels(self.y_train, len(self.class_names), "y_train")
        check_labels(self.y_test, len(self.class_names), "y_test")
        train, test = self.x_train.shape[1:], self.x_test.shape[1:]
        if train != test:
            raise DataError(_SHAPES(name=self.name, train=train, test=test))

    def __repr__(self) -> str:
        counts = f"{len(self.x_train)} training and {len(self.x_test)} test samples"
        return f"<{self.name}: {counts} {self.x_train.shape[1:]} {self.x_train.dtype}, {len(self.class_names)} classes>"
