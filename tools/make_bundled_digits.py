"""Make the handwritten digits that come with the package from the full MNIST set.

    python tools/make_bundled_digits.py FOLDER_OF_MNIST [OUTPUT]

Of each class the first 1,000 training and the first 200 test images are kept in a seeded shuffle of MNIST, and stay in
the order of that shuffle. The same MNIST gives the same images everywhere, and with zlib's deflate the same files.
"""

import sys
from pathlib import Path

from chainrule.data import load_images, permutation, write_idx
from chainrule.data.splits import occurrence

SEED = 0
PER_CLASS = {"train": 1000, "t10k": 200}
BUNDLED = Path(__file__).parents[1] / "src" / "chainrule" / "data" / "bundled"


def make(source: Path, output: Path) -> None:
    """Write the four files of the subset."""
    mnist = load_images(source)
    parts = {"train": (mnist.x_train, mnist.y_train), "t10k": (mnist.x_test, mnist.y_test)}
    output.mkdir(parents=True, exist_ok=True)
    for part, (images, labels) in parts.items():
        order = permutation(len(labels), SEED)
        chosen = order[occurrence(labels[order]) < PER_CLASS[part]]
        write_idx(output / f"{part}-images-idx3-ubyte.gz", images[chosen, ..., 0])
        write_idx(output / f"{part}-labels-idx1-ubyte.gz", labels[chosen].astype("uint8"))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    make(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else BUNDLED)
