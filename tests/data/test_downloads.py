"""Downloads from a server of this machine: whole and right, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import downloads, find_data, load_images, write_idx
from chainrule.data.downloads import DOWNLOADS, Download, download
from chainrule.errors import DownloadError, SaveError, UsageError
from tests.cli.commands import here

pytest.importorskip("pooch", reason="needs the extra download")

SET = {
    "train-images-idx3-ubyte": np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3),
    "train-labels-idx1-ubyte": np.array([0, 1, 2, 1, 0], np.uint8),
    "t10k-images-idx3-ubyte": np.zeros((2, 4, 3), np.uint8),
    "t10k-labels-idx1-ubyte": np.array([1, 2], np.uint8),
}
IMAGES = "train-images-idx3-ubyte"


class Server:
    """Mirrors of this machine: what each path gives, and which were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.promised: dict[str, int] = {}  # where more is promised than comes
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                content = server.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(server.promised.get(self.path, len(content))))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def mirror(self, name: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{name}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    """Two mirrors with a small set in the place of MNIST, and a folder for data."""
    made = Server()
    contents, sizes = {}, {}
    for file, array in SET.items():
        write_idx(tmp_path / "idx", array)
        content = (tmp_path / "idx").read_bytes()
        contents[file], sizes[file] = hashlib.sha256(content).hexdigest(), len(content)
        for mirror in ("one", "two"):
            made.files[f"/{mirror}/{file}.gz"] = gzip.compress(content)
    (tmp_path / "idx").unlink()
    small = Download((made.mirror("one"), made.mirror("two")), contents)
    monkeypatch.setattr(downloads, "DOWNLOADS", {**DOWNLOADS, "mnist": small})
    monkeypatch.setattr(downloads, "_SIZES", sizes)
    monkeypatch.setenv("CHAINRULE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("CHAINRULE_OFFLINE", raising=False)
    yield made
    made.close()


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_set_is_downloaded_once_and_found_then(server):
    assert find_data("mnist") is None
    told: list[str] = []
    folder = download("mnist", told=told.append)
    assert folder == find_data("mnist")
    assert told == list(SET)
    assert held(folder) == sorted(SET)
    np.testing.assert_array_equal(load_images(folder).x_train[..., 0], SET[IMAGES])
    assert all(path.startswith("/one/") for path in server.asked)
    server.asked.clear()
    assert download("mnist") == folder
    assert server.asked == []


WRONG = {
    "there is none": None,
    "another content": gzip.compress(b"something else"),
    "cut off": gzip.compress(b"0123456789" * 9)[:30],
    "no gzip": b"<html>not found</html>",
    "damaged gzip": b"\x1f\x8b\x08\x00" + bytes(50),
    "a bomb": gzip.compress(bytes(20_000_000)),
    "nothing": b"",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_one_mirror_gives_wrong_the_next_gives(server, name):
    path, content = f"/one/{IMAGES}.gz", WRONG[name]
    if content is None:
        del server.files[path]
    else:
        server.files[path] = content
    folder = download("mnist")
    np.testing.assert_array_equal(load_images(folder).x_train[..., 0], SET[IMAGES])
    assert f"/two/{IMAGES}.gz" in server.asked
    assert held(folder) == sorted(SET)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_interrupted_download_is_never_left_as_a_whole_one(server):
    path = f"/one/{IMAGES}.gz"
    server.promised[path] = len(server.files[path])
    server.files[path] = server.files[path][:20]
    assert held(download("mnist")) == sorted(SET)
    assert f"/two/{IMAGES}.gz" in server.asked


def test_some_servers_have_decompressed_what_they_give(server):
    for path, content in server.files.items():
        server.files[path] = gzip.decompress(content)
    assert held(download("mnist")) == sorted(SET)


def test_without_any_mirror_nothing_is_left_and_each_is_named(server, tmp_path):
    server.files = {path: content for path, content in server.files.items() if "t10k-images" not in path}
    server.files["/two/t10k-images-idx3-ubyte.gz"] = gzip.compress(b"something else")
    with pytest.raises(DownloadError) as failure:
        download("mnist")
    said = str(failure.value)
    assert said.startswith("t10k-images-idx3-ubyte of mnist could not be downloaded. http://127.0.0.1")
    assert "/one: 404" in said
    assert "/two: it has another content. Try again later, or copy the four files of the set to" in said
    assert "\n" not in said
    folder = tmp_path / "data" / "mnist"
    assert held(folder) == ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
    assert find_data("mnist") is None
    server.files["/one/t10k-images-idx3-ubyte.gz"] = gzip.compress(
        b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 4, 3)) + bytes(24)
    )
    server.asked.clear()
    download("mnist")
    assert server.asked == ["/one/t10k-images-idx3-ubyte.gz", "/one/t10k-labels-idx1-ubyte.gz"], "what is there is kept"


def test_a_file_that_changed_is_fetched_again(server):
    folder = download("mnist")
    (folder / IMAGES).write_bytes(b"changed")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    download("mnist")
    np.testing.assert_array_equal(load_images(folder).x_train[..., 0], SET[IMAGES])


def test_a_server_that_is_gone_is_said_in_two_words(server):
    server.close()
    with pytest.raises(DownloadError, match=r"/one: no answer\. http://.*/two: no answer\. Try again"):
        download("mnist")


def test_no_network_is_used_where_that_is_forbidden(server, monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_OFFLINE", "1")
    with pytest.raises(UsageError, match="CHAINRULE_OFFLINE forbids"):
        download("mnist")
    assert server.asked == []
    monkeypatch.setenv("CHAINRULE_OFFLINE", "0")
    folder = download("mnist", tmp_path / "elsewhere")
    monkeypatch.setenv("CHAINRULE_OFFLINE", "1")
    assert download("mnist", folder) == folder


def test_where_nothing_can_be_written(server, tmp_path):
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(SaveError, match=r"data.mnist cannot be written into: Not a directory"):
        download("mnist")


def test_an_unknown_set_and_a_missing_extra(monkeypatch, tmp_path):
    with pytest.raises(UsageError, match=r"choose one of: mnist, fashion-mnist. Did you mean 'fashion-mnist'"):
        download("fashion")
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(UsageError, match=r'pip install "chainrule\[download\]"'):
        download("mnist", tmp_path)


def test_the_command_says_where_a_set_is(server, capsys):
    left = here(capsys, "data", "get", "mnist")
    assert left.code == 0
    assert [line.split()[1] for line in left.err.splitlines()] == list(SET)
    assert left.out.startswith("mnist: 5 training and 2 test images in ")
    assert "chainrule train " in left.out
    quiet = here(capsys, "data", "get", "mnist", "--quiet", "--json")
    assert quiet.err == ""
    assert '"training": 5, "test": 2' in quiet.out
    server.files.clear()
    failed = here(capsys, "data", "get", "mnist", "--into", f"{find_data('mnist')}-2", "-q")
    assert (failed.code, failed.out) == (1, "")
    assert "could not be downloaded" in failed.err


@pytest.mark.parametrize("name", DOWNLOADS)
def test_the_digests_are_those_of_the_real_files(name):
    folder = find_data(name)
    if folder is None:
        pytest.skip("needs the full sets: set CHAINRULE_DATA_DIR to the folder that holds them")
    for file, digest in DOWNLOADS[name].contents.items():
        packed = folder / f"{file}.gz"
        content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (folder / file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) == downloads._SIZES[file]
