"""Training from arrays that are mapped: the same bits, pages asked for in time, and no copy of the data in memory."""

from __future__ import annotations

import mmap
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Blocks, epoch_order
from chainrule.data.stored import store
from chainrule.train import ahead
from chainrule.train.ahead import Ahead
from chainrule.train.samples import Samples

pytestmark = pytest.mark.skipif(not hasattr(mmap, "MADV_WILLNEED"), reason="this system cannot be asked for pages")


class Asked(mmap.mmap):
    """Anonymous memory that notes what it is asked for."""

    requests: list[tuple[int, int]]

    def madvise(self, option: int, start: int = 0, length: int = 0) -> None:
        assert option == mmap.MADV_WILLNEED
        assert start % mmap.PAGESIZE == 0
        assert 0 <= start < start + length <= len(self)
        self.requests.append((start, start + length))


def asked_for(samples: int, stride: int) -> tuple[Asked, np.ndarray]:
    memory = Asked(-1, 5000 + samples * stride)
    memory.requests = []
    return memory, np.frombuffer(memory, np.uint8, samples * stride, 5000).reshape(samples, stride)


def covered(memory: Asked, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in memory.requests)


def run(reader: Ahead) -> None:
    thread = reader._thread
    reader._waiting.put(None)
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def test_what_fits_the_memory_is_asked_for_as_a_whole():
    memory, x = asked_for(4000, 1000)
    reader = Ahead(Samples((x,)))
    reader.begin(np.arange(4000), 0)
    run(reader)
    assert max(last - first for first, last in memory.requests) <= ahead._PIECE
    assert memory.requests[0][0] == 4096
    assert memory.requests[-1][1] == 5000 + 4_000_000
    assert all(b[0] <= a[1] for a, b in zip(memory.requests, memory.requests[1:], strict=False))


def test_an_order_with_windows_is_asked_for_one_window_ahead():
    memory, x = asked_for(4000, 1000)
    blocks = Blocks(100, 4)
    order = epoch_order(4000, 0, 0, blocks)
    reader = Ahead(Samples((x,)), blocks.span)
    reader.begin(order, 450)
    run(reader)
    for place in order[400:1200]:  # the window that 450 lies in, and the next one
        assert covered(memory, 5000 + place * 1000, 5000 + place * 1000 + 1)
    asked = sum(last - first for first, last in memory.requests)
    assert asked < 1.3 * 800 * 1000, "and nothing else but what lies beside them on a page"
    assert len(memory.requests) <= 2 * 8 + 2, "neighbours are asked for together"


def test_samples_that_are_chosen_are_asked_for_where_they_are(monkeypatch):
    monkeypatch.setattr(ahead, "memory_size", lambda: 0)  # too small for the data
    memory, x = asked_for(100, 200_000)
    reader = Ahead(Samples((x,), chosen=np.array([70, 3, 99])))
    reader.begin(np.array([1, 0, 2]), 0)
    run(reader)
    pages = {first // 200_000 for first, _ in memory.requests}
    assert {3, 70, 99} <= pages
    assert len(pages) <= 6


def test_arrays_in_memory_need_no_thread():
    reader = Ahead(Samples((np.zeros((2000, 1000)),)))
    reader.begin(np.arange(2000), 0)
    assert reader._thread is None
    reader.end()


def stored_set(folder) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(2).integers(0, 256, (1500, 28, 28, 1), np.uint8)
    return x, (x.mean((1, 2, 3)) > 127).astype(np.int64)


@pytest.mark.parametrize("executor", ["native", "reference"])
def test_a_training_from_the_disk_gives_the_bits_of_one_in_memory(tmp_path, monkeypatch, executor):
    monkeypatch.setattr(ahead, "memory_size", lambda: 0)
    x, y = stored_set(tmp_path)
    data = store(zip(x, y, strict=True), tmp_path / "set")
    for shuffle in (True, Blocks(50, 4)):
        found = []
        for given_x, given_y in ((x, y), (data.x, data.y)):
            model = cr.Model(cr.nn.mlp((4,), 2, scale=1 / 255), (28, 28, 1))
            model.fit(
                given_x,
                given_y,
                epochs=2,
                batch_size=50,
                shuffle=shuffle,
                validation_split=0.2,
                verbose=0,
                executor=executor,
            )
            found.append(model.parameters)
        for name, value in found[0].items():
            np.testing.assert_array_equal(found[1][name], value)


def test_a_training_in_blocks_goes_on_in_the_middle_of_an_epoch(tmp_path):
    x, y = stored_set(tmp_path)

    class Stop(cr.train.Callback):
        def wants_step(self, step):
            return True

        def on_train_batch_end(self, training):
            if training.steps_done == 7:
                raise KeyboardInterrupt

    def fitted(*callbacks, model=None, **more):
        model = model or cr.Model(cr.nn.mlp((4,), 2, scale=1 / 255), (28, 28, 1))
        model.fit(
            x,
            y,
            epochs=1,
            batch_size=50,
            shuffle=Blocks(20, 10),
            verbose=0,
            callbacks=callbacks,
            executor="reference",
            **more,
        )
        return model

    whole = fitted()
    broken = cr.Model(cr.nn.mlp((4,), 2, scale=1 / 255), (28, 28, 1))
    with pytest.raises(KeyboardInterrupt):
        fitted(Stop(), model=broken)
    fitted(model=broken, resume=True)
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(broken.parameters[name], value)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and limits memory as Linux does")
def test_the_memory_of_a_training_does_not_grow_with_the_data(tmp_path):
    """128 MB of data, 48 MB of memory beyond what the process has: a copy would not fit, and is tried."""
    code = """
    import re, resource, sys
    import numpy as np
    import chainrule as cr
    from chainrule.data.stored import store

    rows = (((np.full(1 << 12, k % 251, np.uint8)), k % 2) for k in range(1 << 15))
    data = store(rows, sys.argv[1])
    model = cr.Model(cr.nn.Sequential([cr.nn.Rescaling(1 / 255), cr.nn.Dense(2)]), (1 << 12,))
    model.fit(data.x[:64], data.y[:64], batch_size=32, verbose=0)
    used = 1024 * int(re.search(r"VmData:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    resource.setrlimit(resource.RLIMIT_DATA, (used + (48 << 20), resource.RLIM_INFINITY))
    try:
        np.array(data.x)
    except MemoryError:
        model.fit(data.x, data.y, batch_size=64, shuffle=cr.data.Blocks(64, 4), validation_split=0.1, verbose=0)
        print("trained")
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "set")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "trained", done.stderr
