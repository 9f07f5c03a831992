"""NumPy's files: what NumPy writes is read, and whatever else comes is refused before memory is taken for it."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.data import archives
from chainrule.data.archives import read_npy, read_npz
from chainrule.errors import FileFormatError
from tests import counts
from tests.refusals import Refusals, said

X = np.arange(12, dtype=np.float32).reshape(4, 3)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**held: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **held)  # type: ignore[arg-type]
    return file.getvalue()


def any_array():
    shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    dtypes = st.sampled_from(["bool", "uint8", "<i2", ">i4", "int64", "float16", ">f4", "float64", "<U3", ">U2", "S4"])
    return dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes))


@given(array=any_array(), fortran=st.booleans())
def test_what_numpy_writes_is_read(array, fortran):
    array = np.asfortranarray(array) if fortran else array
    for back in (read_npy(npy(array)), read_npz(npz(x=array))["x"]):
        assert back.dtype == array.dtype.newbyteorder("=")
        assert back.shape == array.shape
        np.testing.assert_array_equal(back, array)


def test_a_file_is_mapped_and_not_read(tmp_path):
    path = tmp_path / "large.npy"
    np.lib.format.open_memmap(path, "w+", np.uint8, (1 << 28,))[-1] = 7  # a hole of a quarter of a GB
    tracemalloc.start()
    array = read_npy(path)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert array[-1] == 7
    assert not array.flags.writeable
    assert type(array) is np.ndarray


def test_what_lies_in_an_archive_as_it_is_is_mapped_if_it_is_large(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MOST_READ", 200)
    held = {
        "x": np.arange(60.0).reshape(20, 3),
        "f": np.asfortranarray(np.arange(60).reshape(20, 3)),
        "swapped": np.arange(60, dtype=">f4"),
        "texts": np.array(["cherry"] * 9),
        "few": np.arange(3),
    }
    path = tmp_path / "plain.npz"
    np.savez(path, **held)
    found = read_npz(path)
    for name, array in held.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable == (name not in ("x", "f")), "what is mapped is not written into"
        np.testing.assert_array_equal(read_npz(path.read_bytes())[name], array)
    content = bytearray(path.read_bytes())
    content[content.index(held["x"].tobytes()) + 77] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"plain\.npz is damaged: .*CRC"):
        read_npz(path)


def test_only_what_is_wanted_is_unpacked():
    data = npz(x=X, y=np.array([object()], dtype=object).astype("U"), z=X)
    assert list(read_npz(data, lambda names: names & {"x", "z", "w"})) == ["x", "z"]


# ----------------------------------------------------------------------------------------------------- what is hostile
def with_head(text: str, version: int = 1, body: bytes = b"") -> bytes:
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode("latin1") + body


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert pickle.PROTO in file.getvalue()
    return file.getvalue()


def promising(size: int) -> bytes:
    """An archive whose directory promises so many bytes in the one array of none."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}\n"
    data = bytearray(zipped({"x.npy": with_head(head)}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (int.from_bytes(data[place : place + 4], "little") + size).to_bytes(4, "little")
    return bytes(data)


def many_names() -> bytes:
    return zipped({f"{'n' * 60}{k}": b"" for k in range(15_000)}, zipfile.ZIP_STORED)


HEAD = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3), }\n"
WRONG = {
    "no file": lambda: read_npz("data/nowhere.npz"),
    "a folder": lambda: read_npy(Path(__file__).parent),
    "no npy": lambda: read_npy(b"PK\x03\x04"),
    "no npz": lambda: read_npz(npy(X)),
    "a cut npz": lambda: read_npz(npz(x=X)[:-30]),
    "a cut npy": lambda: read_npy(npy(X)[:-4]),
    "a longer npy": lambda: read_npy(npy(X) + b"."),
    "objects": lambda: read_npy(pickled()),
    "objects in an npz": lambda: read_npz(zipped({"x.npy": pickled()})),
    "records": lambda: read_npy(npy(np.zeros(2, [("a", "f4"), ("b", "i4")]))),
    "complex numbers": lambda: read_npy(npy(np.zeros(2, complex))),
    "times": lambda: read_npy(npy(np.zeros(2, "datetime64[s]"))),
    "texts of no characters": lambda: read_npy(npy(np.zeros(2, "<U1"))[:-8] + b"\xff" * 8),
    "a giant shape": lambda: read_npy(with_head(HEAD.replace("4, 3", "99999999999, 99999999999"))),
    "a large shape": lambda: read_npz(zipped({"x.npy": with_head(HEAD.replace("4, 3", "999999, 999"))})),
    "an empty giant": lambda: read_npy(with_head(HEAD.replace("4, 3", "0, 999999999999999999, 999"))),
    "a negative shape": lambda: read_npy(with_head(HEAD.replace("4, 3", "-4, 3"))),
    "code in the head": lambda: read_npy(with_head("__import__('os').system('true')")),
    "a long head": lambda: read_npy(with_head("(" * 100_000, 2)),
    "a head of another version": lambda: read_npy(with_head(HEAD, 9)),
    "a type of no size": lambda: read_npy(with_head(HEAD.replace("<f4", "<f5"))),
    "no archive": lambda: read_npz(b"PK\x03\x04" + bytes(100)),
    "another compression": lambda: read_npz(zipped({"x.npy": npy(X)}, zipfile.ZIP_LZMA)),
    "a bomb": lambda: read_npz(promising(300_000_000)),
    "a lying directory": lambda: read_npz(promising(4000)),
    "a long directory": lambda: read_npz(many_names()),
}
REFUSALS = Refusals(
    Path(__file__).parent / "archives_refused.txt",
    WRONG,
    lambda call: said(call).replace(str(Path(__file__).parent), "tests/data"),
)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_in_one_readable_paragraph(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


@pytest.mark.parametrize("name", ["a bomb", "a giant shape", "a large shape", "a long head", "a lying directory"])
def test_no_memory_is_taken_for_a_promise(name):
    tracemalloc.start()
    with pytest.raises(FileFormatError):
        WRONG[name]()
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def test_whatever_bytes_change_only_a_refusal_comes_out():
    random = np.random.default_rng(3)
    for clean, read in ((npy(X), read_npy), (npz(x=X, y=np.array(["a", "b"])), read_npz)):
        for _ in range(counts.scaled(4000, 20)):
            data = bytearray(clean)
            for place in random.integers(0, len(data), random.integers(1, 5)):
                data[place] = random.integers(0, 256)
            try:
                read(bytes(data))
            except FileFormatError:
                continue
