"""Make the model that comes with the package, which reads handwritten digits, from the full MNIST set.

    python tools/make_shipped_digits.py FOLDER_OF_MNIST [OUTPUT]

It is what 'chainrule train lenet5 --data FOLDER_OF_MNIST --seed 0' trains, without where its training stands, and with
a preparation that brings pictures of digits to what MNIST's are like. On processors with the same instructions the same
MNIST gives the same bits.
"""

import sys
import tempfile
from pathlib import Path

from chainrule.data.pictures import DigitInputs
from chainrule.data.preparation import Preparation
from chainrule.data.targets import Classes
from chainrule.diagnosis import Diagnosis
from chainrule.runs import Configuration, RunFolder, arrange, overridden, train
from chainrule.train import Model

SHIPPED = Path(__file__).parents[1] / "src" / "chainrule" / "runs" / "shipped" / "digits"


def make(source: Path, output: Path) -> None:
    """Train the model, and save it."""
    settings = ["model.name=lenet5", f"data.source={str(source)!r}", "train.seed=0"]
    arrangement = arrange(overridden(Configuration(), settings))
    with tempfile.TemporaryDirectory() as folder:
        outcome = train(arrangement, RunFolder.at(folder), Diagnosis(verbose=0))
        model = Model.load(folder)
    model.training_state = None
    model.preparation = Preparation(DigitInputs(), Classes("digit", tuple(map(str, range(10)))))
    model.save(output)
    print(f"MNIST's {outcome.test.samples:,} test digits: {outcome.test.values['accuracy']:.2%} read rightly")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    make(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else SHIPPED)
