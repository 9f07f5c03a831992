"""Pictures: decoded upright and in eight bits, brought to one size, and refused where they could do harm."""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from chainrule.data.pictures import PictureInputs, Pictures, decode, read_pictures
from chainrule.data.pictures.decoding import _FORMATS, measure
from chainrule.data.pictures.folders import pictures_within
from chainrule.data.preparation import Preparation
from chainrule.errors import ChainruleError, DataError, FileFormatError, UsageError
from tests import counts
from tests.refusals import Refusals, said

RANDOM = np.random.default_rng(7)
GRAY = RANDOM.integers(0, 256, (9, 7), np.uint8)
COLORS = RANDOM.integers(0, 256, (9, 7, 3), np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(file, kind, **options)
    return file.getvalue()


# ------------------------------------------------------------------------------------------------------- the decoding
def test_a_gif_has_a_palette_and_so_colors_even_where_all_are_gray():
    np.testing.assert_array_equal(decode(encoded(GRAY, "GIF")), np.repeat(GRAY[..., None], 3, 2))
    assert PictureInputs.learned(Pictures([encoded(GRAY, "GIF")])).channels == 1


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("BMP", {}), ("WebP", {"lossless": True})])
def test_formats_without_loss_give_the_pixels_that_were_written(kind, options):
    np.testing.assert_array_equal(decode(encoded(COLORS, kind, **options)), COLORS)


def test_a_jpeg_is_what_pillow_makes_of_it(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(COLORS, "JPEG"))
    np.testing.assert_array_equal(decode(path), np.asarray(Image.open(path)))
    assert decode(path).flags.c_contiguous


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_what_stands_in_the_head_is_what_is_decoded(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("I;16", (7, 9), 0x1234) if mode == "I;16" else Image.fromarray(COLORS).convert(mode)
    data = encoded(image, kind)
    pixels, found = decode(data), measure(data)
    assert pixels.shape == (9, 7, 1 if found.gray else 3)
    assert (found.height, found.width) == (9, 7)
    assert found.gray == (mode in ("1", "L", "LA", "I;16"))
    assert pixels.dtype == np.uint8


def test_a_bilevel_picture_is_black_and_white():
    assert decode(encoded(Image.fromarray(GRAY > 127)))[..., 0].tolist() == np.where(GRAY > 127, 255, 0).tolist()


def test_of_sixteen_bits_the_upper_eight_remain():
    deep = np.array([[0, 0x00FF, 0x0100, 0x80FF, 0xFFFF]], np.uint16)
    assert decode(encoded(deep)).ravel().tolist() == [0, 0, 1, 0x80, 255]


def test_what_is_transparent_is_white():
    colors = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 128]]], np.uint8)
    assert decode(encoded(colors)).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]]
    gray = Image.fromarray(np.array([[[40, 255], [40, 0]]], np.uint8), "LA")
    assert decode(encoded(gray)).tolist() == [[[40], [255]]]
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([1, 2, 3, 4, 5, 6])
    assert decode(encoded(palette, transparency=1)).tolist() == [[[1, 2, 3], [255, 255, 255]]]
    assert decode(encoded(np.array([[5, 6]], np.uint8), transparency=5)).ravel().tolist()[-1] == 6
    assert decode(encoded(np.array([[5 << 8, 6 << 8]], np.uint16), transparency=5 << 8)).ravel().tolist() == [255, 6]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_as_its_camera_was_held(orientation):
    image = Image.fromarray(COLORS)
    notes = image.getexif()
    notes[0x0112] = orientation
    data = encoded(image, exif=notes)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(data))))
    np.testing.assert_array_equal(decode(data), expected)
    assert measure(data)[:2] == expected.shape[:2]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # pytest forgets what the decoder itself silences
@pytest.mark.parametrize(
    "notes", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x01"]
)
def test_a_picture_with_damaged_notes_is_a_picture(notes):
    assert decode(encoded(COLORS, "JPEG", exif=notes)).shape == COLORS.shape


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (40, 200)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert set(decode(data).ravel().tolist()) == {40}


# --------------------------------------------------------------------------------------------------------- the limits
def png_that_promises(width: int, height: int) -> bytes:
    """A head without a body."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def webp_that_promises(width: int, height: int) -> bytes:
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


BOMBS = {
    "png": png_that_promises(60_000, 60_000),
    "png of the largest size": png_that_promises(2**31 - 1, 2**31 - 1),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b"," + struct.pack("<HHHHBB", 0, 0, 1, 1, 0, 8),
    "bmp": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 99999, 99999, 1, 24, *[0] * 6),
    "webp": webp_that_promises(16_383, 16_383),
    "webp of pixels": encoded(np.zeros((9000, 8), np.uint8), "WebP", lossless=True)[:21]
    + b"\xff\xff\xff\x0f"
    + bytes(20),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_fill_the_memory_is_refused_before_it_does(name):
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="more than the 67,108,864 that are decoded"):
            decode(BOMBS[name])
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_limits_can_be_narrower():
    data = encoded(GRAY)
    assert decode(data, most_pixels=63, most_bytes=len(data)).shape == (9, 7, 1)
    with pytest.raises(FileFormatError, match="7 × 9 pixels, more than the 62"):
        decode(data, most_pixels=62)
    with pytest.raises(FileFormatError, match="more than 10 bytes"):
        decode(data, most_bytes=10)


@pytest.mark.parametrize("kind", _FORMATS)
def test_wherever_a_file_is_cut_off_it_is_refused(kind):
    data = encoded(RANDOM.integers(0, 256, (24, 24, 3), np.uint8), kind)
    for length in range(0, len(data) // 2, max(1, len(data) // counts.scaled(400))):
        with pytest.raises(FileFormatError):
            decode(data[:length])


@pytest.mark.parametrize("kind", _FORMATS)
def test_whatever_bytes_change_only_a_refusal_comes_out(kind):
    clean = encoded(COLORS, kind)
    for _ in range(counts.scaled(2000, 40)):
        data = bytearray(clean)
        for place in RANDOM.integers(0, len(data), RANDOM.integers(1, 6)):
            data[place] = RANDOM.integers(0, 256)
        try:
            pixels = decode(bytes(data), most_pixels=1 << 20)
        except FileFormatError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] in (1, 3)


# --------------------------------------------------------------------------------------------------------- the inputs
def test_small_pictures_of_one_size_stay_as_they_are():
    given = Pictures([encoded(GRAY), GRAY, GRAY[..., None]])
    inputs = PictureInputs.learned(given)
    assert inputs == PictureInputs(9, 7, 1)
    np.testing.assert_array_equal(inputs.of(given), np.stack([GRAY[..., None]] * 3))


def test_one_colored_picture_among_many_gray_ones_makes_colors():
    gray_in_colors = encoded(np.repeat(GRAY[..., None], 3, 2))
    assert PictureInputs.learned(Pictures([gray_in_colors] * 40)).channels == 1
    given = Pictures([*[gray_in_colors] * 39, encoded(COLORS)])
    inputs = PictureInputs.learned(given)
    assert inputs.channels == 3
    x = inputs.of(given)
    np.testing.assert_array_equal(x[-1], COLORS)
    np.testing.assert_array_equal(x[0], np.repeat(GRAY[..., None], 3, 2))


def test_colors_become_gray_by_their_luminance():
    x = PictureInputs(1, 3, 1).of(Pictures([np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)]))
    assert np.abs(x.ravel() - np.array([0.299, 0.587, 0.114]) * 255).max() < 1


def test_a_size_that_most_have_is_kept_if_it_is_small():
    sizes = [(20, 30)] * 3 + [(21, 30), (20, 29)]
    assert PictureInputs.learned(Pictures([np.zeros(size, np.uint8) for size in sizes])) == PictureInputs(20, 30, 1)
    for sizes in ([(20, 30), (21, 30)], [(100, 100)] * 3):
        assert PictureInputs.learned(Pictures([np.zeros(size, np.uint8) for size in sizes])) == PictureInputs(32, 32, 1)


def test_a_size_may_be_given():
    given = Pictures([COLORS])
    assert PictureInputs.learned(given, 28) == PictureInputs(28, 28, 3)
    assert PictureInputs.learned(given, (12, 16)).of(given).shape == (1, 12, 16, 3)


def test_a_picture_keeps_its_shape_and_gets_the_color_of_its_edge_around_it():
    paper = np.full((40, 20), 230, np.uint8)
    paper[10:30, 8:12] = 0  # a one
    (x,) = PictureInputs(20, 20, 1).of(Pictures([paper]))[..., 0]
    assert (x[:, :5] == 230).all()
    assert (x[:, 15:] == 230).all()
    assert x[10, 10] < 60
    dark = x < 115
    assert dark.any(1).sum() == 10  # half of the height, as it was
    assert dark.any(0).sum() == 2
    np.testing.assert_array_equal(PictureInputs(20, 20, 1).of(Pictures([255 - paper]))[0, ..., 0], 255 - x)


def test_a_large_photograph_is_decoded_at_a_fraction_and_looks_the_same():
    rows, columns = np.mgrid[:900, :1600]
    photograph = np.stack([rows / 900, columns / 1600, (rows + columns) / 2500], -1) * 255
    data = encoded(photograph.astype(np.uint8), "JPEG", quality=95)
    assert decode(data, box=(32, 32)).shape == (113, 200, 3)
    assert decode(data, box=(900, 1600)).shape == (900, 1600, 3)
    inputs = PictureInputs(32, 32, 3)
    near = inputs.of(Pictures([data])).astype(int)
    exact = inputs.of(Pictures([decode(data)])).astype(int)
    assert np.abs(near - exact).max() <= 4
    notes = Image.new("RGB", (1, 1)).getexif()
    notes[0x0112] = 6
    upright = encoded(photograph.astype(np.uint8), "JPEG", quality=95, exif=notes)
    assert decode(upright, box=(32, 32)).shape == (200, 113, 3)


def test_what_cannot_be_read_changes_nothing_for_the_others():
    good = [encoded(COLORS), GRAY, encoded(COLORS, "JPEG")]
    given = Pictures([b"", good[0], encoded(COLORS)[:-60], *good[1:], b"%PDF"])
    inputs = PictureInputs.learned(given)
    assert inputs == PictureInputs.learned(Pictures(good))
    x, failures = inputs.of_usable(given)
    np.testing.assert_array_equal(x, inputs.of(Pictures(good)))
    assert [*failures] == [0, 2, 5]
    x, failures = inputs.of_usable(Pictures([b"", b"a"]))
    assert (x.shape, len(failures)) == ((0, 9, 7, 3), 2)


def test_any_number_of_threads_gives_the_same(monkeypatch):
    given = Pictures([encoded(RANDOM.integers(0, 256, (40, 30 + k % 7, 3), np.uint8), "JPEG") for k in range(70)])
    many = PictureInputs.learned(given).of(given)
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "1")
    np.testing.assert_array_equal(PictureInputs.learned(given).of(given), many)


def test_the_preparation_is_kept_as_data(tmp_path):
    write_folder(tmp_path, {"a": 3, "b": 3})
    training = read_pictures(tmp_path).training
    preparation = Preparation.learned(training, "class", image_size=(8, 8))
    again = Preparation.from_data(preparation.as_data())
    assert again == preparation
    np.testing.assert_array_equal(again.inputs.of(training.records), preparation.inputs.of(training.records))
    assert again.target.numbers(training.answers).tolist() == [0, 0, 0, 1, 1, 1]
    for wrong in ({"height": 0}, {"channels": 2}, {"height": 10**9}, {"width": None}):
        data = preparation.as_data()
        with pytest.raises((ValueError, TypeError)):
            Preparation.from_data({**data, "inputs": {**data["inputs"], **wrong}})


def test_records_are_taken_in_the_order_asked_for():
    given = Pictures([GRAY, GRAY + np.uint8(1), GRAY + np.uint8(2)])
    taken = given.take(np.array([2, 0]))
    assert [picture[0, 0] for picture in taken.pictures] == [GRAY[0, 0] + np.uint8(2), GRAY[0, 0]]
    assert len(taken) == 2


# --------------------------------------------------------------------------------------------------------- the folders
def write_folder(folder: Path, classes: dict[str, int], image: np.ndarray = GRAY) -> Path:
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


def test_the_class_of_a_picture_is_the_name_of_its_folder(tmp_path):
    write_folder(tmp_path, {"dog": 2, "cat": 1, "3": 1})
    source = read_pictures(tmp_path)
    assert source.name == tmp_path.name
    assert source.target == "class"
    assert source.training.answers.tolist() == ["3", "cat", "dog", "dog"]
    paths = [path.relative_to(tmp_path).as_posix() for path in source.training.records.pictures]
    assert paths == ["3/0.png", "cat/0.png", "dog/0.png", "dog/1.png"]
    assert source.test is None
    assert source.validation is None


@pytest.mark.parametrize("names", [("train", "test", "val"), ("training", "testing", "validation"), ("Train", "Test")])
def test_parts_that_are_set_aside_already_stay_so(tmp_path, names):
    for count, part in zip((3, 2, 1), names, strict=False):
        write_folder(tmp_path / part, {"a": count, "b": count})
    source = read_pictures(tmp_path)
    assert (len(source.training), len(source.test)) == (6, 4)
    assert source.test.answers.tolist() == ["a", "a", "b", "b"]
    assert (source.validation is None) == (len(names) == 2)


def test_a_class_may_be_called_as_a_part_is(tmp_path):
    write_folder(tmp_path, {"train": 1, "ship": 1})
    assert read_pictures(tmp_path).training.answers.tolist() == ["ship", "train"]
    write_folder(tmp_path / "other", {"test": 1, "exam": 1})
    assert read_pictures(tmp_path / "other").training.answers.tolist() == ["exam", "test"]


def test_what_is_hidden_or_no_picture_is_passed_over(tmp_path):
    write_folder(tmp_path, {"a": 1, "b": 1, ".thumbnails": 1, "__MACOSX": 1})
    for path in ("notes.txt", ".DS_Store", "a/Thumbs.db", "a/._0.png"):
        (tmp_path / path).write_bytes(b"?")
    (tmp_path / "b" / "0.png").rename(tmp_path / "b" / "0.PNG")
    assert len(read_pictures(tmp_path).training) == 2


def test_links_are_followed_within_the_folder(tmp_path):
    write_folder(tmp_path, {"a": 1, "b": 1})
    (tmp_path / "a" / "again.png").symlink_to(tmp_path / "b" / "0.png")
    assert len(read_pictures(tmp_path).training) == 3


def test_pictures_to_predict_need_no_classes(tmp_path):
    write_folder(tmp_path, {"x": 3})
    assert [path.name for path in pictures_within(tmp_path / "x").pictures] == ["0.png", "1.png", "2.png"]
    write_folder(tmp_path, {"y": 1, "y/inner": 1})
    (tmp_path / "beside.png").write_bytes(encoded(GRAY))
    (tmp_path / "y" / "round").symlink_to(tmp_path)
    found = [path.relative_to(tmp_path).as_posix() for path in pictures_within(tmp_path).pictures]
    assert found == ["beside.png", "x/0.png", "x/1.png", "x/2.png", "y/0.png", "y/inner/0.png"]


# -------------------------------------------------------------------------------------------------- what is refused
def said_in_an_empty_folder(call):
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return said(call)


def _folder(*made: str, **files: bytes) -> Path:
    """A folder with two good classes and whatever else: paths, or the contents of files in class a."""
    write_folder(Path("photos"), {"a": 1, "b": 1})
    for path in made:
        place = Path("photos", path)
        place.mkdir() if path.endswith("/") else place.write_bytes(encoded(GRAY))
    for name, content in files.items():
        Path("photos", "a", f"{name}.png").write_bytes(content)
    return Path("photos")


def _with_a_link_outside() -> None:
    folder = _folder()
    Path("secret.png").write_bytes(encoded(GRAY))
    (folder / "a" / "link.png").symlink_to("../../secret.png")
    read_pictures(folder)


def _with_a_pipe() -> None:
    os.mkfifo(_folder() / "a" / "pipe.png")
    read_pictures("photos")


def _a_pipe() -> None:
    os.mkfifo("pipe.png")
    decode(Path("pipe.png"))


def _prepared(folder: Path) -> None:
    training = read_pictures(folder).training
    Preparation.learned(training, "class").inputs.of(training.records)


WRONG = {
    "no folder": lambda: read_pictures("photos"),
    "an empty folder": lambda: read_pictures("."),
    "pictures without classes": lambda: read_pictures(_folder() / "a"),
    "a class without pictures": lambda: read_pictures(_folder("c/")),
    "a folder within a class": lambda: read_pictures(_folder("a/more/")),
    "a picture beside the classes": lambda: read_pictures(_folder("c.jpg")),
    "pictures of other formats": lambda: read_pictures(_folder("a/1.heic", "a/2.tiff")),
    "a link out of the folder": _with_a_link_outside,
    "a pipe in the folder": _with_a_pipe,
    "a picture that is a pipe": _a_pipe,
    "one that is no picture": lambda: _prepared(_folder(text=b"hello, world")),
    "one that is empty": lambda: _prepared(_folder(nothing=b"")),
    "one of another format than its name says": lambda: _prepared(_folder(phone=b"\0\0\0\x18ftypheic" + bytes(9))),
    "two damaged ones": lambda: _prepared(_folder(cut=encoded(GRAY)[:20], foreign=b"%PDF-1.5")),
    "one cut off": lambda: PictureInputs(8, 8, 1).of(
        read_pictures(_folder(cut=encoded(COLORS)[:-60])).training.records
    ),
    "too large a promise": lambda: decode(BOMBS["png"]),
    "too many bytes": lambda: decode(encoded(GRAY), most_bytes=10),
    "none that can be read": lambda: PictureInputs.learned(Pictures([b"", b"a"])),
    "no picture": lambda: Pictures([]),
    "pixels of another type": lambda: Pictures([GRAY.astype(np.float32)]),
    "pixels of another shape": lambda: Pictures([np.zeros((4, 4, 2), np.uint8)]),
    "a folder without pictures": lambda: pictures_within(write_folder(Path("photos"), {"a": 0}) / "a"),
    "a size of nothing": lambda: PictureInputs.learned(Pictures([GRAY]), 0),
    "a size of three numbers": lambda: PictureInputs.learned(Pictures([GRAY]), (8, 8, 3)),  # type: ignore[arg-type]
    "a size in words": lambda: PictureInputs.learned(Pictures([GRAY]), "large"),  # type: ignore[arg-type]
}
REFUSALS = Refusals(Path(__file__).parent / "pictures_refused.txt", WRONG, said_in_an_empty_folder)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


def test_pictures_that_cannot_be_read_are_named_together(tmp_path):
    write_folder(tmp_path / "p", {"a": 30, "b": 30})
    for k in range(7):
        (tmp_path / "p" / "a" / f"{k}.png").write_bytes(b"x" * k)
    with pytest.raises(FileFormatError, match=r"7 of 60 pictures cannot be used.*0\.png.*12\.png|7 of 60") as refusal:
        _prepared(tmp_path / "p")
    assert str(refusal.value).count("Convert it") + str(refusal.value).count("it is empty") == 5
    assert isinstance(refusal.value, ChainruleError)
    assert not isinstance(refusal.value, DataError | UsageError)
