"""What was trained is loaded and used: the model that comes with the package, and runs of tables and pictures."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data import digits
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.preparation import Preparation
from chainrule.data.tables import Table, TableInputs, Texts
from chainrule.data.targets import Classes
from chainrule.diagnosis import Diagnosis
from chainrule.errors import DataError, FileFormatError, UsageError
from chainrule.nn import mlp, tabular_mlp
from chainrule.runs import Configuration, RunFolder, Trained, arrange, overridden, train
from chainrule.runs.trained import SHIPPED


# ----------------------------------------------------------------------------------------------- what the package has
def test_the_model_that_comes_with_the_package_reads_digits_it_was_not_trained_on():
    reader = cr.load("digits")
    scores = reader.evaluate()
    assert scores.samples == 2000
    assert scores.values["accuracy"] >= 0.99
    assert reader.model.training_state is None, "nothing that only a training needs"


def test_it_is_small_and_within_what_a_wheel_takes():
    files = [path for path in SHIPPED.rglob("*") if path.is_file()]
    assert 200_000 < sum(path.stat().st_size for path in files) < 300_000
    assert {path.suffix for path in files} == {".json", ".safetensors", ".md"}
    package = Path(cr.__file__).parent
    assert SHIPPED.is_relative_to(package)
    project = package.parents[1] / "pyproject.toml"
    if project.exists():
        wheel = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
        assert wheel["packages"] == ["src/chainrule"]
        assert not {"exclude", "include", "only-include"} & wheel.keys()
        ignored = (package.parents[1] / ".gitignore").read_text(encoding="utf-8").split()  # the build leaves these out
        assert not {"runs/", "runs", "*.safetensors", "*.json", "*.md"} & set(ignored)


def test_a_run_of_the_same_name_goes_before_it_and_a_folder_of_other_things_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()
    assert cr.load("digits").name == "digits"
    model = cr.Model(mlp((2,), 1), (3,))
    model.preparation = Preparation.from_data(
        {"inputs": {"kind": "arrays", "shape": [3], "means": [], "deviations": [], "values": "numbers"},
         "target": {"task": "regression", "name": "own", "mean": 0.0, "deviation": 1.0}}
    )  # fmt: skip
    model.save("digits")
    assert cr.load("digits").preparation.target.name == "own"
    for other in ("digit", "./nothing", "../digits/digits"):
        with pytest.raises(FileFormatError):
            cr.load(other)


# ------------------------------------------------------------------------------------------------------------- a table
@pytest.fixture(scope="module")
def fruit():
    """An untrained model of a table: what is asked here does not depend on how well it predicts."""
    random = np.random.default_rng(1)
    colors = Texts.of(random.choice(["red", "green", "yellow"], 60).tolist())
    table = Table("fruit", {"mass": random.normal(50, 9, 60), "color": colors})
    inputs = TableInputs.learned(table)
    model = cr.Model(tabular_mlp(inputs.category_sizes, 2, units=(4,)), [(1,), (1,)])
    return Trained("fruit", model, Preparation(inputs, Classes("kind", ("apple", "cherry"))))


def test_pieces_change_no_bit(fruit, monkeypatch):
    random = np.random.default_rng(2)
    rows = [
        {"mass": float(m), "color": c} for m, c in zip(random.normal(50, 9, 700), ["red", "blue"] * 350, strict=True)
    ]
    whole = fruit.predict(rows).probabilities
    monkeypatch.setattr("chainrule.data.prepared._LEAST", 100)
    monkeypatch.setattr("chainrule.data.prepared._PIECE", 1)
    pieces = [*fruit.predicted(fruit.records(rows))]
    assert [len(piece) for piece in pieces] == [100] * 7
    assert np.concatenate([piece.probabilities for piece in pieces]).tobytes() == whole.tobytes()
    alone = [fruit.predict([row]).probabilities[0] for row in rows[:3]]
    assert np.array(alone).tobytes() == whole[:3].tobytes()


def test_pictures_that_cannot_be_used_are_refused_all_together_or_left_unanswered(tmp_path, monkeypatch):
    reader, paths = cr.load("digits"), []
    for k, image in enumerate(digits().x_test[:8, ..., 0]):
        paths.append(tmp_path / digits().class_names[digits().y_test[k]] / f"{k}.png")
        paths[-1].parent.mkdir(exist_ok=True)
        Image.fromarray(255 - image).save(paths[-1])
    whole = reader.predict(paths)
    for place in (0, 3, 7):
        paths[place].write_bytes(b"")
    monkeypatch.setattr("chainrule.data.prepared._LEAST", 3)
    monkeypatch.setattr("chainrule.data.prepared._PIECE", 1)
    for refused in (lambda: reader.predict(paths), lambda: reader.evaluate(tmp_path)):
        with pytest.raises(FileFormatError, match=r"3 of 8 pictures cannot be used") as refusal:
            refused()
        assert all(str(paths[place]) in str(refusal.value) for place in (0, 3, 7))
    pieces = [*reader.predicted(reader.records(paths))]
    assert [[*piece.unanswered] for piece in pieces] == [[0], [0], [1]]
    found = np.concatenate([piece.values for piece in pieces])
    assert [place for place, value in enumerate(found) if not value] == [0, 3, 7]
    shares = np.concatenate([piece.probabilities for piece in pieces])
    answered = found != ""
    assert np.isnan(shares[~answered]).all()
    assert shares[answered].tobytes() == whole.probabilities[answered].tobytes()


def test_pictures_for_a_model_of_arrays_of_images_fail_one_by_one_too(tmp_path):
    images = digits().x_test[:4, ..., 0]
    inputs = ArrayInputs((28, 28, 1), values="bytes")
    trained = Trained("own", cr.load("digits").model, Preparation(inputs, Classes("digit", tuple("0123456789"))))
    for k, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{k}.png")
    whole = trained.predict(images)
    (tmp_path / "2.png").write_bytes(b"?")
    (piece,) = trained.predicted(trained.records(tmp_path))
    assert piece.values.tolist() == [*whole.values[:2], "", whole.values[3]]


def test_what_a_row_lacks_and_categories_that_are_new_are_unknown(fruit):
    known = fruit.predict({"mass": 50.0, "color": "red"}).probabilities
    new, missing = (fruit.predict({"mass": 50.0, "color": color}).probabilities for color in ("blue", None))
    assert new.tobytes() == missing.tobytes() != known.tobytes()


def test_a_repr_says_what_it_predicts(fruit):
    assert repr(fruit).startswith("<fruit: predicts one of the 2 classes of 'kind' from table; ")


def test_evaluation_of_others_data(fruit, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("mass,color,kind,said\n9,red,cherry,apple\n60,green,apple,apple\n70,,apple,apple\n")
    scores = fruit.evaluate(path)
    predicted = fruit.predict(path).values
    assert scores.samples == 3
    assert scores.values["accuracy"] == np.mean(predicted == ["cherry", "apple", "apple"])
    assert scores.confusion.sum(1).tolist() == [2, 1]
    assert fruit.evaluate(path, target="said").confusion.sum(1).tolist() == [3, 0]
    with pytest.raises(DataError, match="no column 'sort'"):
        fruit.evaluate(path, target="sort")
    with pytest.raises(UsageError, match="nothing says what it was trained on"):
        fruit.evaluate()
    path.write_text("mass,color,kind\n9,red,chery\n")
    with pytest.raises(DataError, match=r"has the answer 'chery'.*Did you mean 'cherry'"):
        fruit.evaluate(path)


# ------------------------------------------------------------------------------------------------------------- a run
@pytest.mark.usefixtures("compiled_quickly")
def test_a_run_is_evaluated_on_what_it_set_aside(tmp_path):
    folder = tmp_path / "table.csv"
    random = np.random.default_rng(4)
    x = random.normal(size=(300, 2))
    rows = "".join(f"{a:.6f},{b:.6f},{'in' if a * a + b * b < 1 else 'out'}\n" for a, b in x)
    folder.write_text("a,b,where\n" + rows)
    sets = [f"data.source='{folder}'", "data.target=where", "train.epochs=3"]
    run = RunFolder.at(tmp_path / "run")
    outcome = train(arrange(overridden(Configuration(), sets)), run, Diagnosis(verbose=0))
    trained = cr.load(run.path)
    scores = trained.evaluate()
    assert scores.values == pytest.approx(outcome.test.values)
    labeled, training = trained.labeled()
    assert trained.guess(labeled.answers, training.answers).values == outcome.guess.values


def test_pictures_for_a_model_of_images_and_arrays_for_one_of_digits(tmp_path):
    x = digits().x_test[:4]
    for k, image in enumerate(x[..., 0]):
        Image.fromarray(255 - image).resize((100, 100)).save(tmp_path / f"{k}.png")
    reader = cr.load("digits")
    assert reader.predict(tmp_path).values.tolist() == reader.predict(x).values.tolist() == ["2", "7", "6", "5"]
    assert reader.predict(x[0, ..., 0]).values.tolist() == ["2"]
