"""IDX files: what is written is read, and whatever happens to a file, only FileFormatError comes out."""

import gzip
import math
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.data import read_idx, write_idx
from chainrule.errors import DTypeError, FileFormatError

DTYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]
LABELS = bytes.fromhex("00000801 00000003 050004")  # the first three of MNIST, by the format's definition


def any_array():
    shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    return st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(dtype, shapes))


@pytest.fixture(scope="module")
def path(tmp_path_factory):  # one for all examples of hypothesis
    return tmp_path_factory.mktemp("idx") / "file"


@given(array=any_array(), name=st.sampled_from(["plain", "packed.gz"]))
def test_what_is_written_is_read(path, array, name):
    write_idx(path.with_name(name), array)
    back = read_idx(path.with_name(name))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()  # NaN included
    assert back.flags.writeable
    assert back.dtype.isnative


def test_what_unpacks_to_more_than_data_do_is_refused_before_it_fills_the_memory(path, monkeypatch):
    monkeypatch.setattr("chainrule.data.unpacking._HARMLESS", 1 << 22)
    head = bytes([0, 0, 8, 1]) + (30_000_000).to_bytes(4, "big")
    path.write_bytes(gzip.compress(head + bytes(30_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=r"unpacks to .* times its size"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


def test_the_bytes_are_those_of_the_format(path):
    path.write_bytes(LABELS)
    assert read_idx(path).tolist() == [5, 0, 4]
    write_idx(path, np.array([5, 0, 4], np.uint8))
    assert path.read_bytes() == LABELS


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("08", "ff", 255),
        ("09", "ff", -1),
        ("0b", "0102", 258),
        ("0c", "fffffffe", -2),
        ("0d", "3fc00000", 1.5),
        ("0e", "c004000000000000", -2.5),
    ],
)
def test_all_types_are_big_endian(path, code, value, expected):
    path.write_bytes(bytes.fromhex(f"0000{code}01 00000001 {value}"))
    assert read_idx(path).tolist() == [expected]


def test_a_large_file_is_mapped_and_not_read(tmp_path):
    path, head = tmp_path / "large", bytes([0, 0, 8, 2]) + np.array([1 << 14, (1 << 14) + 1], ">u4").tobytes()
    path.write_bytes(head)
    os.truncate(path, len(head) + (1 << 28) + (1 << 14))  # a hole of a quarter of a GB
    tracemalloc.start()
    array = read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert array.shape == (1 << 14, (1 << 14) + 1)
    array[-1, -1] = 7
    assert read_idx(path)[-1, -1] == 0, "what is written stays here"
    for size, complaint in ((-1, "only 268451839 follow"), (1, "more bytes follow")):
        os.truncate(path, len(head) + (1 << 28) + (1 << 14) + size)
        with pytest.raises(FileFormatError, match=complaint):
            read_idx(path)


def test_the_same_array_gives_the_same_file(tmp_path):
    array = np.arange(1000, dtype=np.int32)
    for name in ("one.gz", "two.gz"):
        write_idx(tmp_path / name, array)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


@pytest.mark.parametrize(("dtype", "instead"), [("int64", "int32"), ("bool", "int32"), ("float16", "float64")])
def test_types_that_the_format_lacks(tmp_path, dtype, instead):
    with pytest.raises(DTypeError, match=rf"cannot hold {dtype}.*astype\('{instead}'\)"):
        write_idx(tmp_path / "file", np.zeros(3, dtype))
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not an IDX file"),
        ("000008", "not an IDX file"),
        ("89504e47 0d0a1a0a", "starts with the bytes '89 50 4e 47'"),
        ("00000701 00000003 050004", "not an IDX file"),  # no such type
        ("00000803 00000001", "ends within its header.* 3 axes"),
        ("00000801 00000003 0500", "promises 3 bytes for shape \\(3,\\) of uint8, but only 2"),
        ("00000801 00000003 05000409", "more bytes follow than the 3"),
        ("00000c01 00000002 00000001 000000", "promises 8 bytes .* but only 7"),
        ("00000803 7fffffff 7fffffff 7fffffff 00", "more than any memory holds"),
        ("00000804 00000000 ffffffff ffffffff ffffffff", "more than any memory holds"),  # empty, yet unaddressable
        ("00000821" + 33 * "00000001" + "07", "more than any memory holds"),  # more axes than NumPy has
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_and_foreign_files(tmp_path, content, complaint, compressed):
    path = tmp_path / "file"
    data = bytes.fromhex(content)
    path.write_bytes(gzip.compress(data) if compressed else data)
    with pytest.raises(FileFormatError, match=complaint) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("compressed", [False, True])
def test_memory_grows_with_the_file_and_not_with_what_its_header_claims(tmp_path, compressed):
    path = tmp_path / "file"
    claim = bytes.fromhex("00000803 00010000 00010000 00000010") + bytes(100)  # 64 GiB
    path.write_bytes(gzip.compress(claim) if compressed else claim)
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="but only 100"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_small_header_does_not_let_a_large_file_expand(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes.fromhex("00000801 00000003") + bytes(64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match="more bytes follow than the 3"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", range(1, len(gzip.compress(LABELS)) - 1))
def test_a_gzip_file_cut_anywhere(tmp_path, cut):
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(LABELS)[:-cut])
    with pytest.raises(FileFormatError, match="damaged"):
        read_idx(path)


def test_a_wrong_checksum(tmp_path):
    path = tmp_path / "labels.gz"
    packed = bytearray(gzip.compress(LABELS))
    packed[-8] ^= 1
    path.write_bytes(packed)
    with pytest.raises(FileFormatError, match=r"cannot be decompressed \(CRC"):
        read_idx(path)


def test_a_missing_file_suggests_its_neighbour(tmp_path):
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(1, np.uint8))
    with pytest.raises(FileFormatError, match="Did you mean 'train-labels-idx1-ubyte'"):
        read_idx(tmp_path / "train-label-idx1-ubyte")
    with pytest.raises(FileFormatError, match="There is no file"):
        read_idx(tmp_path / "no" / "folder")


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_idx(tmp_path)


def damaged(data):
    """One to four changes of a file: a byte altered, inserted or removed, the end cut off or bytes added."""
    byte = st.integers(0, 255)
    place = st.integers(0, max(0, len(data) - 1))
    change = st.one_of(
        st.tuples(st.just("alter"), place, byte),
        st.tuples(st.just("insert"), place, byte),
        st.tuples(st.just("remove"), place, st.just(0)),
        st.tuples(st.just("cut"), place, st.just(0)),
    )
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: apply(bytearray(data), changes))


def apply(data, changes):
    for kind, place, byte in changes:
        match kind:
            case "alter":
                data[place : place + 1] = [byte]
            case "insert":
                data[place:place] = [byte]
            case "remove":
                del data[place : place + 1]
            case "cut":
                del data[place:]
    return bytes(data)


IMAGES = bytes.fromhex("00000d03 00000002 00000003 00000002") + bytes(range(48))


@given(data=st.one_of(damaged(IMAGES), damaged(gzip.compress(IMAGES)), st.binary(max_size=64)))
def test_whatever_happens_to_a_file_only_a_format_error_comes_out(path, data):
    path.write_bytes(data)
    try:
        array = read_idx(path)
    except FileFormatError:
        return
    # Damage to the values or to an idle byte of the gzip header leaves a readable file; it must be what it says.
    assert array.nbytes == math.prod(array.shape) * array.dtype.itemsize
