"""The data set that comes with the package."""

from pathlib import Path

from chainrule.data.dataset import Dataset
from chainrule.data.sources import load_images

_FOLDER = Path(__file__).parent / "bundled"


def digits() -> Dataset:
    """Real handwritten digits: 10,000 for training and 2,000 for testing, the ten classes equally often.

    Shapes:   images (n, 28, 28, 1) uint8, labels (n,) int64
    Source:   MNIST, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges; bundled/CREDITS.md says how the digits
              were chosen.
    Example:
        >>> digits()
        <digits: 10000 training and 2000 test samples (28, 28, 1) uint8, 10 classes>
    """
    return load_images(_FOLDER, name="digits")
