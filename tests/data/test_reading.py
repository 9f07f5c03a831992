"""What a path holds decides how it is read; what a model was trained on decides what is made of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chainrule.data import write_idx
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.pictures import DigitInputs, PictureInputs, Pictures
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_records, read_source
from chainrule.data.records import Arrays
from chainrule.data.targets import Classes
from chainrule.errors import DataError, FileFormatError, UsageError

IMAGES = np.random.default_rng(5).integers(0, 256, (6, 5, 4), np.uint8)
LABELS = np.array([2, 0, 1, 1, 0, 2])
READER = Preparation(DigitInputs(), Classes("digit", tuple("0123456789")))


def in_a_folder_as_mnist(folder: Path) -> Path:
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", IMAGES)
        write_idx(folder / f"{part}-labels-idx1-ubyte", LABELS.astype(np.uint8))
    return folder


# ------------------------------------------------------------------------------------------------------- with answers
def test_a_folder_as_mnists_is_images_with_classes(tmp_path):
    source = read_source(in_a_folder_as_mnist(tmp_path))
    assert source.name == tmp_path.name
    assert source.training.answers.tolist() == ["2", "0", "1", "1", "0", "2"]
    np.testing.assert_array_equal(source.test.records.arrays[0], IMAGES[..., None])


def test_a_folder_of_folders_is_pictures(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(IMAGES[0]).save(tmp_path / name / "1.png")
    assert isinstance(read_source(tmp_path).training.records, Pictures)


def test_an_npz_as_keras_has_it_holds_gray_images_with_classes(tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(
        path,
        x_train=IMAGES,
        y_train=LABELS.astype(np.uint8),
        x_test=IMAGES[:2],
        y_test=LABELS[:2, None],
        x_val=IMAGES[:1],
        y_val=[1],
    )
    source = read_source(path)
    assert (source.name, source.target) == ("mnist", "y")
    assert source.training.records.arrays[0].shape == (6, 5, 4, 1)
    assert source.training.answers.tolist() == [2, 0, 1, 1, 0, 2]
    assert source.test.answers.tolist() == [2, 0]
    assert source.validation.answers.tolist() == [1]
    assert source.classes == ("0", "1", "2")


def test_an_npz_of_rows_keeps_its_answers(tmp_path):
    path = tmp_path / "rows.npz"
    rows = IMAGES.reshape(6, 20).astype(np.float32)
    for answers, expected in ((LABELS, LABELS), (LABELS / 3, LABELS / 3), (np.array(list(b"abcabc"), "S1"), None)):
        np.savez(path, X=rows, y=answers, other=np.array([object], dtype=object).astype("U"))
        source = read_source(path)
        np.testing.assert_array_equal(source.training.records.arrays[0], rows)
        assert source.test is None
        assert source.classes == ()
        if expected is not None:
            np.testing.assert_array_equal(source.training.answers, expected)
    assert source.training.answers.dtype.kind == "U"


def test_a_table_that_begins_as_a_bitmap_does_is_a_table(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("BMI,sex\n21.5,f\n24,m\n")
    source = read_source(path, "sex")
    assert source.training.answers.tolist() == ["f", "m"]
    with pytest.raises(DataError, match=r"or --target, which of its columns is to be predicted. They are: BMI, sex"):
        read_source(path)
    preparation = Preparation.learned(source.training, "sex")
    expected = preparation.inputs.of(source.training.records)
    for data in (path, path.read_bytes(), io.StringIO(path.read_text()), source.training.records):
        np.testing.assert_array_equal(preparation.inputs.of(read_records(data, preparation)), expected)


# ---------------------------------------------------------------------------------------------------- without answers
def of_arrays(shape: tuple[int, ...]) -> Preparation:
    return Preparation(ArrayInputs(shape, values="bytes"), Classes("y", ("0", "1")))


def of_pictures(height: int, width: int, channels: int = 1) -> Preparation:
    return Preparation(PictureInputs(height, width, channels), Classes("y", ("0", "1")))


def prepared(data: Path | bytes | np.ndarray, preparation: Preparation) -> np.ndarray:
    x = preparation.inputs.of(read_records(data, preparation))
    assert isinstance(x, np.ndarray)
    return x


def test_a_picture_a_folder_and_bytes_of_a_picture_are_the_same(tmp_path):
    path = tmp_path / "1.png"
    Image.fromarray(IMAGES[0]).save(path)
    for given in (path, path.read_bytes(), tmp_path):
        for preparation in (of_pictures(5, 4), of_arrays((5, 4, 1))):
            np.testing.assert_array_equal(prepared(given, preparation), IMAGES[:1, ..., None])


@pytest.mark.parametrize("preparation", [of_pictures(5, 4), of_arrays((5, 4, 1))])
def test_arrays_of_images_may_lack_the_axes_of_samples_and_channels(tmp_path, preparation):
    for given in (IMAGES, IMAGES[..., None], IMAGES[0], IMAGES[0, ..., None]):
        np.save(tmp_path / "x.npy", given)
        expected = IMAGES[..., None] if len(given) == 6 else IMAGES[:1, ..., None]
        np.testing.assert_array_equal(prepared(tmp_path / "x.npy", preparation), expected)
        np.testing.assert_array_equal(prepared((tmp_path / "x.npy").read_bytes(), preparation), expected)
        np.testing.assert_array_equal(prepared(given, preparation), expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(5, 4), (9, 4), (5, 7), (9, 7)])
def test_what_is_one_picture_does_not_depend_on_what_the_model_knows(size, channels):
    pixels = np.random.default_rng(2).integers(0, 256, (2, *size, 3), np.uint8)
    preparation = of_pictures(5, 4, channels)

    def count(x: np.ndarray) -> int:
        return len(prepared(x, preparation))

    assert [count(pixels[0]), count(pixels[0, ..., 0]), count(pixels[0, ..., :1])] == [1, 1, 1]
    assert [count(pixels), count(pixels[..., 0]), count(pixels[..., :1]), count(pixels[:1])] == [2, 2, 2, 1]
    np.testing.assert_array_equal(prepared(pixels[0], preparation), prepared(pixels[:1], preparation))


def test_other_arrays_of_an_npz_are_left_alone_and_a_name_in_small_letters_comes_first(tmp_path):
    x, y = np.arange(12.0).reshape(6, 2), np.array([0, 1] * 3)
    np.savez(tmp_path / "d.npz", x=x, y=y, X=2 * x, x_names=np.array(["a", "b"], object), y_mean=y.mean())
    training = read_source(tmp_path / "d.npz").training
    np.testing.assert_array_equal(training.records.arrays[0], x)
    np.savez(tmp_path / "d.npz", x=x, y=np.eye(2)[y])
    with pytest.raises(DataError, match=r"y has shape \(6, 2\).*Of one-hot answers give y\.argmax\(1\)"):
        read_source(tmp_path / "d.npz")


def test_what_is_called_a_picture_is_one_or_says_why_not(tmp_path):
    paths = [tmp_path / name for name in ("empty.JPG", "page.png", "table.png")]
    for path, content in zip(paths, (b"", b"<html>", b"a,b\n1,2\n"), strict=True):
        path.write_bytes(content)
    for path, said in zip(paths, ("it is empty", "it is HTML, whatever", "starts with the bytes"), strict=True):
        records = read_records(path, READER)
        with pytest.raises(FileFormatError, match=f"{path.name}.*{said}"):
            DigitInputs().of(records)


def test_the_input_of_an_npz_is_x_or_the_only_array(tmp_path):
    for held in ({"x": IMAGES, "y": LABELS}, {"X_test": IMAGES, "x_train": IMAGES[:1]}, {"new": IMAGES}):
        saved(tmp_path / "new.npz", **held)
        np.testing.assert_array_equal(prepared(tmp_path / "new.npz", of_arrays((5, 4, 1))), IMAGES[..., None])


def test_images_in_an_idx_file_can_be_predicted(tmp_path):
    for name in ("t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"):
        write_idx(tmp_path / name, IMAGES)
        np.testing.assert_array_equal(prepared(tmp_path / name, of_arrays((5, 4, 1))), IMAGES[..., None])


def test_images_of_the_other_kind_than_was_trained_on_are_refused():
    """A network for bytes scales them itself: of fractions from 0 to 1 it would see next to nothing."""
    images = IMAGES[..., None]
    of_bytes, of_numbers = (ArrayInputs.learned(Arrays((x,))) for x in (images, images / 255))
    assert (of_bytes.values, of_numbers.values) == ("bytes", "numbers")
    for inputs in (of_bytes, of_numbers):
        assert ArrayInputs.from_data(json.loads(json.dumps(inputs.as_data()))) == inputs
    for whole in (images, images.astype(np.float64), images.astype(np.int64)):
        found = of_bytes.of(Arrays((whole,)))
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, images)
    for other in (images / 255, images - 300.0, images.astype(np.int64) + 1):
        with pytest.raises(DataError, match=r"trained on bytes, .* are given\. Give .*\(255 \* x\)\.astype\('uint8'\)"):
            of_bytes.of(Arrays((other,)))
    np.testing.assert_array_equal(of_numbers.of(Arrays((images / 255,))), images / 255)
    with pytest.raises(DataError, match=r"but uint8 are given\. Give them as they were .* x / 255"):
        of_numbers.of(Arrays((images,)))


def test_rows_of_bytes_are_the_same_numbers_as_rows_of_others():
    rows = IMAGES.reshape(6, 20)
    of_bytes, of_numbers = (ArrayInputs.learned(Arrays((x,))) for x in (rows, rows.astype(np.float64)))
    for x in (rows, rows.astype(np.float32)):
        np.testing.assert_array_equal(of_bytes.of(Arrays((x,))), of_numbers.of(Arrays((x,))))
    with pytest.raises(DataError, match="trained on bytes"):
        of_bytes.of(Arrays((rows / 255,)))


# -------------------------------------------------------------------------------------------------- what is refused
def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_what_cannot_be_learned_from_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"There is no file or folder .*nowhere"):
        read_source(tmp_path / "nowhere")
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n....")
    with pytest.raises(DataError, match=r"1\.png is one picture"):
        read_source(tmp_path / "1.png")
    saved(tmp_path / "book.npz", x=IMAGES).rename(tmp_path / "book.xlsx")
    (tmp_path / "text").write_text("a,b")
    for name in ("book.xlsx", "text"):
        with pytest.raises(FileFormatError, match=rf"{name} is no data that can be read. Give a table"):
            read_source(tmp_path / name)
    np.save(tmp_path / "x.npy", IMAGES)
    with pytest.raises(DataError, match=r"x\.npy is one array"):
        read_source(tmp_path / "x.npy")
    path = tmp_path / "a.npz"
    with pytest.raises(DataError, match=r"holds the arrays a, b; .* x_train"):
        read_source(saved(path, a=IMAGES, b=LABELS))
    with pytest.raises(DataError, match=r"x has 6 samples, but y has shape \(5,\)"):
        read_source(saved(path, x=IMAGES, y=LABELS[:5]))
    with pytest.raises(DataError, match=r"y has shape \(6, 3\)"):
        read_source(saved(path, x=IMAGES, y=np.eye(3)[LABELS]))
    with pytest.raises(DataError, match="NaN"):
        read_source(saved(path, x=np.full((6, 2), np.nan), y=LABELS))
    for setting in ({"target": "y"}, {"exclude": ["a"]}, {"group": "g"}, {"weight": "w"}):
        with pytest.raises(UsageError, match=f"{next(iter(setting))}='.' names a column, but .*a.npz holds arrays"):
            read_source(saved(path, x=IMAGES, y=LABELS), **setting)


def test_what_cannot_be_predicted_is_refused(tmp_path):
    with pytest.raises(UsageError, match="data are of type set"):
        read_records({1, 2}, of_arrays((5, 4, 1)))
    path = saved(tmp_path / "a.npz", a=IMAGES, b=LABELS)
    with pytest.raises(DataError, match="holds the arrays a, b, none of which is called x"):
        read_records(path, of_arrays((5, 4, 1)))
    np.save(tmp_path / "x.npy", IMAGES[:, :3])
    with pytest.raises(DataError, match=r"shape \(3, 4\), but the model was trained on samples of shape \(5, 4, 1\)"):
        prepared(tmp_path / "x.npy", of_arrays((5, 4, 1)))
    np.save(tmp_path / "x.npy", IMAGES.astype(np.float32))
    with pytest.raises(DataError, match=r"Picture 1 \(the first is 1\) holds float32"):
        prepared(tmp_path / "x.npy", of_pictures(5, 4))
    with pytest.raises(DataError, match="trained on pictures, not on arrays"):
        of_pictures(5, 4).inputs.of(Arrays((IMAGES,)))


@pytest.mark.parametrize("exclude", ["mass", (name for name in ["mass"])])
def test_columns_to_leave_out_may_come_as_they_like(tmp_path, exclude):
    path = tmp_path / "fruit.csv"
    path.write_text("mass,size,fruit\n9,2,cherry\n170,8,apple\n")
    assert list(read_source(path, "fruit", exclude=exclude).training.records.columns) == ["size"]
