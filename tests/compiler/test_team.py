"""The pool of threads: barriers, callers at the same time, forks, signals, the end of the process, idleness, counts."""

import ctypes
import math
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from chainrule.compiler import team, toolchain
from chainrule.errors import UsageError
from chainrule.messages import use_language
from tests import counts

# Programs for the team. Their frames are arrays of int64.
PROGRAMS = r"""
#include <fenv.h>
#include <stdint.h>
#include <time.h>

typedef void (*work_function)(void *, int, int, struct team *);

static void pause_for(long microseconds) {
    nanosleep(&(struct timespec){.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000}, 0);
}

/* Adds 1 to the frame's element of each thread. */
void count(void *frame, int thread, int threads, struct team *team) { ((int64_t *)frame)[thread]++; }

/* frame: generations, errors, then a place for each thread. In every generation each thread writes its place and reads
   all others' after the barrier. Now and then one is late, so that the others fall asleep. */
void stress(void *frame, int thread, int threads, struct team *team) {
    int64_t *generations = frame, *places = generations + 2;
    _Atomic int64_t *errors = (_Atomic int64_t *)(generations + 1);
    for (int64_t g = 1; g <= *generations; g++) {
        if (g % 64 == thread) pause_for(100);
        places[thread] = g;
        team_barrier(team);
        for (int other = 0; other < threads; other++) *errors += places[other] != g;
        team_barrier(team);
    }
}

/* One thread, the frame's number, is late at a barrier, then at the end. */
void late(void *frame, int thread, int threads, struct team *team) {
    if (thread == *(int64_t *)frame) pause_for(100000);
    team_barrier(team);
    if (thread == *(int64_t *)frame) pause_for(100000);
}

/* Does not end before the frame's second element is set; the first says that it has begun. */
void hold(void *frame, int thread, int threads, struct team *team) {
    _Atomic int64_t *begun = frame;
    *begun = 1;
    while (!begun[1]) pause_for(100);
}

/* frame: address of team_run, how many took part in a run inside this one. */
void nested(void *frame, int thread, int threads, struct team *team) {
    int64_t *numbers = frame;
    int64_t places[8] = {0};
    if (thread == 0) numbers[1] = ((int (*)(work_function, void *, int))numbers[0])(count, places, 8);
}

/* Whether a denormal result, a denormal operand, and a quotient rounded downwards, are seen: by their bits, since a
   comparison could itself take a denormal for zero. */
static int64_t bits(volatile float x) {
    union { float number; uint32_t bits; } either = {.number = x};
    return either.bits;
}
static int64_t oddities(void) {
    volatile float small = 1e-30f, denormal = 1e-40f, large = 1e30f, one = 1.0f, three = 3.0f;
    return (bits(small * 1e-10f) != 0) + 2 * (bits(denormal * large) != 0) + 4 * (bits(one / three) == 0x3EAAAAAA);
}
void arithmetic(void *frame, int thread, int threads, struct team *team) { ((int64_t *)frame)[thread] = oddities(); }
int64_t arithmetic_here(void) { return oddities(); }
void round_down(int on) { fesetround(on ? FE_DOWNWARD : FE_TONEAREST); }
"""

# What scripts in other processes begin with.
PROLOGUE = f"""
import ctypes, os, sys, threading, time
from chainrule.compiler import team, toolchain
programs = toolchain.load(team.header() + {PROGRAMS!r}, team.SYSTEM_FLAGS)
team_run = team.library().team_run
team.run_address()
def run(name, frame, threads):
    return team_run(ctypes.cast(programs[name], ctypes.c_void_p), ctypes.addressof(frame), threads)
def counted(threads):
    frame = (ctypes.c_int64 * threads)()
    took_part = run("count", frame, threads)
    return list(frame) == [1] * took_part + [0] * (threads - took_part) and took_part
"""
# The way to sleep where there is no futex, on this system too.
PORTABLE = "from chainrule.compiler import team\nteam.SYSTEM_FLAGS += ('-U__linux__',)\n"
EITHER = pytest.mark.parametrize("beginning", ["", PORTABLE], ids=["native", "portable"])

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")

Run = Callable[[str, "ctypes.Array[ctypes.c_int64]", int], int]


@cache
def programs() -> ctypes.CDLL:
    return toolchain.load(team.header() + PROGRAMS, team.SYSTEM_FLAGS)


def address(name: str) -> int:
    value = ctypes.cast(programs()[name], ctypes.c_void_p).value
    assert value
    return value


def numbers(*values: int) -> "ctypes.Array[ctypes.c_int64]":
    return (ctypes.c_int64 * len(values))(*values)


@pytest.fixture(params=[(), ("-U__linux__",)], ids=["native", "portable"])
def run(request) -> Run:
    """A call of team_run, sleeping on a futex, or as elsewhere on a condition."""
    text = team.header() + Path(team.__file__).with_name("team.c").read_text(encoding="utf-8")
    function = toolchain.load(text, (*team.SYSTEM_FLAGS, *request.param)).team_run
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    return lambda name, frame, threads: function(address(name), ctypes.addressof(frame), threads)


def python(code: str, beginning: str = "") -> str:
    """What a script prints in a process of its own, which must end well and soon."""
    result = subprocess.run(
        [sys.executable, "-c", beginning + PROLOGUE + code], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


# ---- Runs and barriers ----


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_every_thread_takes_part_once(run, threads):
    frame = numbers(*[0] * 8)
    for turn in range(1, 51):
        assert run("count", frame, threads) == threads
        assert list(frame) == [turn] * threads + [0] * (8 - threads)


def test_the_number_of_threads_changes_from_run_to_run(run):
    frame, expected = numbers(*[0] * 8), [0] * 8
    for turn in range(400):
        threads = 1 + (turn * 5) % 8
        assert run("count", frame, threads) == threads
        expected = [count + (k < threads) for k, count in enumerate(expected)]
    assert list(frame) == expected


@pytest.mark.parametrize("threads", range(1, 9))
def test_no_thread_passes_a_barrier_early(run, threads):
    generations = counts.scaled(10_000, one_in=100)
    frame = numbers(generations, 0, *[0] * threads)
    for _ in range(2):
        assert run("stress", frame, threads) == threads
        assert list(frame) == [generations, 0] + [generations] * threads


@pytest.mark.parametrize("asked", [0, -1, 1])
def test_fewer_than_one_thread_is_one(run, asked):
    frame = numbers(0)
    assert run("count", frame, asked) == 1
    assert frame[0] == 1


@pytest.mark.full
def test_no_more_threads_than_the_limit(run):
    frame = numbers(*[0] * team.LIMIT)
    assert run("count", frame, 10 * team.LIMIT) == team.LIMIT
    assert list(frame) == [1] * team.LIMIT


def test_the_calls_of_python(monkeypatch):
    frame = numbers(*[0] * 8)
    team.run(address("count"), ctypes.addressof(frame), 3)
    assert list(frame) == [1, 1, 1, 0, 0, 0, 0, 0]
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "5")
    team._usual_count.cache_clear()
    team.run(address("count"), ctypes.addressof(frame))
    team._usual_count.cache_clear()
    assert list(frame) == [2, 2, 2, 1, 1, 0, 0, 0]
    by_address = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(team.run_address())
    assert by_address(address("count"), ctypes.addressof(frame), 2) == 2
    assert list(frame) == [3, 3, 2, 1, 1, 0, 0, 0]


# ---- Several callers ----


def test_whoever_comes_second_runs_alone(run):
    held, frame = numbers(0, 0), numbers(0, 0)
    holder = threading.Thread(target=run, args=("hold", held, 2))
    holder.start()
    try:
        wait_until(lambda: held[0] == 1)
        assert run("count", frame, 2) == 1
    finally:
        held[1] = 1
        holder.join()
    assert list(frame) == [1, 0]
    assert run("count", frame, 2) == 2, "and with the pool again when it is free"


def test_a_run_inside_a_run_is_alone():
    frame = numbers(team.run_address(), 0)
    team.run(address("nested"), ctypes.addressof(frame), 2)
    assert frame[1] == 1


def test_two_threads_of_python_at_once(run):
    frames = [numbers(200, 0, 0, 0) for _ in range(2)]
    took_part: list[int] = []

    def series(frame):
        took_part.extend(run("stress", frame, 2) for _ in range(20))

    callers = [threading.Thread(target=series, args=(frame,)) for frame in frames]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
        assert not caller.is_alive()
    assert len(took_part) == 40
    assert set(took_part) <= {1, 2}
    assert 2 in took_part
    assert all(frame[1] == 0 for frame in frames)


# ---- Arithmetic ----


@pytest.mark.parametrize("threads", [1, 3])
def test_denormals_are_zero_inside_and_numbers_outside(run, threads):
    here = programs().arithmetic_here
    before = here()
    frame = numbers(*[-1] * threads)
    assert run("arithmetic", frame, threads) == threads
    assert before & 3 == 3
    assert [value & 3 for value in frame] == [0] * threads
    assert here() == before


def test_a_run_does_not_round_as_its_caller_does(run):
    frame = numbers(-1, -1)
    programs().round_down(1)
    try:
        run("arithmetic", frame, 2)
        here = programs().arithmetic_here()
    finally:
        programs().round_down(0)
    assert here & 4, "the caller's own rounding came back"
    assert [value & 4 for value in frame] == [0, 0]


# ---- The process ----


@EITHER
def test_a_child_forked_from_an_idle_process_has_its_own_workers(beginning):
    code = """
assert counted(4) == 4
for _ in range(5):
    if (child := os.fork()) == 0:
        sys.exit(0 if counted(4) == 4 and counted(6) == 6 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert counted(4) == 4
"""
    assert python(code, beginning) == ""


@EITHER
def test_a_child_forked_in_the_middle_of_a_run(beginning):
    code = """
held = (ctypes.c_int64 * 2)()
holder = threading.Thread(target=run, args=("hold", held, 3))
holder.start()
while not held[0]: time.sleep(0.001)
assert counted(4) == 1
if (child := os.fork()) == 0:
    sys.exit(0 if all(counted(4) == 4 for _ in range(100)) else 1)
assert os.waitpid(child, 0)[1] == 0
held[1] = 1
holder.join()
assert counted(4) == 4
"""
    assert python(code, beginning) == ""


@EITHER
def test_children_forked_at_any_moment(beginning):
    code = f"""
going = True
def series():
    while going: assert counted(3)
runner = threading.Thread(target=series)
runner.start()
for _ in range({counts.scaled(200)}):
    if (child := os.fork()) == 0:
        os._exit(0 if counted(3) == 3 else 1)
    assert os.waitpid(child, 0)[1] == 0
going = False
runner.join()
"""
    assert python(code, beginning) == ""


def test_multiprocessing_by_fork():
    code = """
import multiprocessing
assert counted(2) == 2
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(counted, [2] * 20) == [2] * 20)
"""
    assert python(code) == "True\n"


@EITHER
@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("assert counted(4) == 4; time.sleep(0.05)", 0.5),
        ("assert counted(4) == 4", 0.5),
        ("import atexit; atexit.register(counted, 4)", 0.5),
        ("threading.Thread(target=lambda: [counted(2) for _ in iter(int, 1)], daemon=True).start()\n"
         "time.sleep(0.05)", 1),
        ("held = (ctypes.c_int64 * 2)()\n"
         "threading.Thread(target=run, args=('hold', held, 2), daemon=True).start()\n"
         "while not held[0]: time.sleep(0.001)", 1),
    ],
    ids=["asleep", "spinning", "at-exit", "running", "stuck"],
)  # fmt: skip
def test_the_process_ends_soon_and_well(beginning, code, seconds):
    printed = python(code + "\nprint(time.monotonic())", beginning)
    assert time.monotonic() - float(printed) < seconds


def test_ctrl_c_reaches_the_main_thread():
    code = """
frame = (ctypes.c_int64 * 10)(20)
try:
    print("ready", flush=True)
    while True: run("stress", frame, 4)
except KeyboardInterrupt:
    print("interrupted", time.monotonic())
assert frame[1] == 0
assert counted(4) == 4
"""
    with subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.1)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            printed, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
    assert printed.startswith("interrupted ")
    assert float(printed.split()[1]) - sent < 0.5


@needs_proc
@EITHER
def test_workers_end_before_their_code_is_unmapped(beginning):
    code = """
import _ctypes
others = os.listdir("/proc/self/task")
assert counted(4) == 4
library = team.library()
_ctypes.dlclose(library._handle)
if library._name not in open("/proc/self/maps").read():
    print(os.listdir("/proc/self/task") == others)
"""
    assert python(code, beginning) == "True\n"


@needs_proc
def test_workers_take_no_signals_but_their_own_faults():
    code = """
from signal import SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGINT, SIGSEGV, SIGTERM, SIGUSR1
def blocked(task):
    status = open(f"/proc/self/task/{task}/status").read()
    bits = int(status.split("SigBlk:")[1].split()[0], 16)
    signals = (SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL)
    return [bits >> (number - 1) & 1 for number in signals]
others = set(os.listdir("/proc/self/task"))
assert counted(3) == 3
workers = set(os.listdir("/proc/self/task")) - others
print([blocked(task) for task in workers] == [[1, 1, 1, 1, 0, 0, 0, 0]] * 2, sum(blocked(os.getpid())))
"""
    assert python(code) == "True 0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_where_threads_cannot_start_there_are_fewer():
    code = """
import resource
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (size + 2**26, limit[1]))
few = counted(64)
resource.setrlimit(resource.RLIMIT_AS, limit)
print(1 < few < 12, counted(64))
"""
    assert python(code) == "True 64\n"


# ---- Idleness and growth ----


def test_a_pool_that_waits_costs_no_time(run):
    assert run("count", numbers(*[0] * 8), 8) == 8
    time.sleep(0.01)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.01


@pytest.mark.parametrize("who", [0, 1])
def test_threads_that_wait_for_one_sleep(run, who):
    frame = numbers(who)
    run("late", frame, 4)
    before, begun = time.process_time(), time.monotonic()
    run("late", frame, 4)
    assert time.monotonic() - begun > 0.19
    assert time.process_time() - before < 0.03


@needs_proc
def test_nothing_grows(run):
    def used() -> tuple[int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(os.listdir("/proc/self/task")), pages

    frame = numbers(*[0] * 4)
    for _ in range(100):
        run("count", frame, 4)
    threads, pages = used()
    for _ in range(counts.scaled(10_000)):
        assert run("count", frame, 4) == 4
    threads_after, pages_after = used()
    assert threads_after <= threads
    assert pages_after - pages < 64


# ---- How many ----


@pytest.fixture
def free(monkeypatch, tmp_path) -> tuple[Path, Path]:
    """No number set, and empty places for control groups and the membership in them."""
    monkeypatch.delenv("CHAINRULE_NUM_THREADS", raising=False)
    return tmp_path / "groups", tmp_path / "membership"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("membership", "files", "quotas"),
    [
        ("", {}, []),
        ("0::/\n", {"cpu.max": "max 100000\n"}, []),
        ("0::/\n", {"cpu.max": "100000 100000\n"}, [1.0]),
        ("0::/\n", {"cpu.max": "110000 100000\n"}, [1.1]),
        ("0::/\n", {"cpu.max": "1000 100000\n"}, [0.01]),
        ("0::/a/b\n", {"cpu.max": "max 100000\n", "a/cpu.max": "90000 100000\n", "a/b/cpu.max": "max 5\n"}, [0.9]),
        ("0::/a/b\n", {"a/b/cpu.max": "50000 50000\n", "a/cpu.max": "900000 100000\n"}, [1.0, 9.0]),
        ("0::/only/outside\n", {"cpu.max": "50000 100000\n"}, [0.5]),
        ("0::/../..\n", {"cpu.max": "50000 100000\n"}, [0.5]),
        ("4:memory:/a\n3:cpu,cpuacct:/a\n",
         {"cpu,cpuacct/a/cpu.cfs_quota_us": "50000\n", "cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"}, [0.5]),
        ("3:cpu,cpuacct:/host/a\n",
         {"cpu,cpuacct/cpu.cfs_quota_us": "120000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, [1.2]),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, []),
        ("0::/\n", {"cpu.max": "damaged\n"}, []),
        ("damaged\n", {"cpu.max": "100000 100000\n"}, []),
    ],
)  # fmt: skip
def test_control_groups_limit_the_cores(free, membership, files, quotas):
    groups, path = free
    path.write_text(membership)
    write(groups, files)
    assert team.thread_count(groups, path) == min([CORES, *(max(1, math.ceil(quota)) for quota in quotas)])


def test_without_control_groups_all_the_cores(free):
    assert team.thread_count(*free) == min(CORES, team.LIMIT)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="binds a process to a core")
def test_the_cores_this_process_is_bound_to(monkeypatch):
    monkeypatch.delenv("CHAINRULE_NUM_THREADS", raising=False)
    assert python("os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); print(team.thread_count())") == "1\n"


@pytest.mark.parametrize("count", [1, 3, 256])
def test_a_number_that_is_set_decides(free, monkeypatch, count):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", str(count))
    free[1].write_text("0::/\n")
    write(free[0], {"cpu.max": "100000 100000\n"})
    assert team.thread_count(*free) == count


def test_an_empty_number_is_none(free, monkeypatch):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "")
    assert team.thread_count(*free) == min(CORES, team.LIMIT)


WRONG: Sequence[str] = ["0", "-1", "257", "two", "1.5", " ", "1_0", "²", "４"]


@pytest.mark.parametrize("text", WRONG)
def test_a_number_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", text)
    with pytest.raises(UsageError, match=f"CHAINRULE_NUM_THREADS is '{text}', but must be a whole number"):
        team.thread_count()
    use_language("zh")
    try:
        with pytest.raises(UsageError, match="应为 1 到 256 之间的整数"):
            team.thread_count()
    finally:
        use_language(None)


_BEGUN = """
import os, pathlib
from chainrule.compiler import team
compiler = pathlib.Path(os.environ["CHAINRULE_CACHE_DIR"], "cc")
compiler.write_text(f'#!/bin/sh\\necho once >> {compiler}.log\\nexec {os.environ["REAL_CC"]} "$@"\\n')
compiler.chmod(0o700)
os.environ["CC"] = str(compiler)
team.begin()
assert team.library() is team.library()
team.begin()
print(pathlib.Path(f"{compiler}.log").read_text().count("once"))
"""


def test_the_pool_is_compiled_once_while_its_user_does_something_else(tmp_path):
    environment = os.environ | {"CHAINRULE_CACHE_DIR": str(tmp_path), "REAL_CC": shlex.join(toolchain.find_compiler())}
    ran = subprocess.run([sys.executable, "-c", _BEGUN], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.split() == ["1"]


def test_a_pool_that_cannot_be_compiled_is_refused_where_it_is_needed(tmp_path):
    code = "from chainrule.compiler import team; team.begin(); team.library()"
    environment = os.environ | {"CHAINRULE_CACHE_DIR": str(tmp_path), "CC": "/bin/false"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert ran.returncode
    assert ran.stderr.count("Traceback") == 1
    assert "CompilerError" in ran.stderr
