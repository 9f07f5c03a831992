"""Compiling and loading: what is kept, what is built again, and what is said where it cannot be done."""

import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chainrule.compiler import toolchain
from chainrule.errors import ChainruleError, CompilerError
from tests.counts import scaled

ANSWER = "int answer(void) { return 42; }"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test alone."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


@pytest.fixture(scope="module")
def built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of ANSWER that another process has built."""
    cache = tmp_path_factory.mktemp("elsewhere")
    code = f"from chainrule.compiler import toolchain; toolchain.load({ANSWER!r})"
    environment = os.environ | {"CHAINRULE_CACHE_DIR": str(cache)}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    (path,) = (cache / "compiled").iterdir()
    return path


@pytest.fixture
def answer_of_another_process(built_elsewhere: Path) -> Callable[[Path], Path]:
    """Puts the library of ANSWER into a cache: a copy, so that what happens to it happens to no library in memory."""

    def put(folder: Path) -> Path:
        folder.mkdir(mode=0o700, parents=True)
        return Path(shutil.copy(built_elsewhere, folder))

    return put


@pytest.fixture
def no_programs(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CC", raising=False)


def programs_built(monkeypatch) -> list[str]:
    """What is compiled from now on."""
    built: list[str] = []
    compiled = toolchain._compiled

    def noted(compiler, texts, flags, folder):
        built.extend(texts)
        return compiled(compiler, texts, flags, folder)

    monkeypatch.setattr(toolchain, "_compiled", noted)
    return built


def test_a_text_is_compiled_once(monkeypatch, folder):
    built = programs_built(monkeypatch)
    assert [toolchain.load(ANSWER).answer() for _ in range(3)] == [42, 42, 42]
    assert built == [ANSWER]
    assert toolchain.load(ANSWER, [*toolchain.FLAGS, "-DOTHER"]).answer() == 42
    assert len(built) == 2
    assert len(list(folder.iterdir())) == 2


def test_the_cache_serves_other_processes(monkeypatch):
    toolchain.load(ANSWER)
    code = (
        "from chainrule.compiler import toolchain\n"
        "toolchain._compiled = None\n"  # must not be needed
        f"print(toolchain.load({ANSWER!r}).answer())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "42\n"


def test_many_at_once(folder):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: toolchain.load(f"int f(void) {{ return {k % 4}; }}").f(), range(16)))
    assert results == [k % 4 for k in range(16)]
    assert all(path.suffix == ".so" for path in folder.iterdir()), "nothing is left behind"


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + b"\1", lambda b: b"text"]
)
def test_a_damaged_library_is_built_again(monkeypatch, folder, answer_of_another_process, damage):
    path = answer_of_another_process(folder)  # never damage what is loaded here
    path.write_bytes(damage(path.read_bytes()))
    built = programs_built(monkeypatch)
    assert toolchain.load(ANSWER).answer() == 42
    assert built == [ANSWER]
    (path,) = folder.iterdir()
    built.clear()
    assert toolchain.load(ANSWER).answer() == 42
    assert not built


def test_the_longest_unused_are_forgotten(monkeypatch, folder):
    for k in range(4):
        toolchain.load(f"int f(void) {{ return {k}; }}")
        for path in folder.iterdir():
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 100))
    size = next(folder.iterdir()).stat().st_size
    toolchain.load("int f(void) { return 0; }")  # used again: the second is the oldest now
    monkeypatch.setattr(toolchain, "LIMIT", int(3.5 * size))
    toolchain.load(ANSWER)
    assert len(list(folder.iterdir())) == 3
    built = programs_built(monkeypatch)
    assert toolchain.load("int f(void) { return 0; }").f() == 0
    assert not built


# --------------------------------------------------------------------------------------------------- several texts
# Names that the C library has too, and calls in both directions.
STEP = """
int work(int);
int step(int x) { return x == 0 ? 1 : x * work(x - 1); }
static int own(void) { return 1; }
int first(void) { return own(); }
"""
WORK = f"""
int step(int), first(void);
int work(int x) {{ return step(x); }}
static int own(void) {{ return 2; }}
{toolchain.EXPORTED} int factorial(int x) {{ return step(x); }}
{toolchain.EXPORTED} int both(void) {{ return 10 * first() + own(); }}
"""


def test_several_texts_are_one_library(monkeypatch):
    built = programs_built(monkeypatch)
    library = toolchain.load([STEP, WORK])
    assert library.factorial(5) == 120
    assert library.both() == 12
    assert toolchain.load((STEP, WORK)).factorial(4) == 24
    assert built == [STEP, WORK]


@pytest.mark.parametrize("texts", [[STEP, WORK], [STEP + WORK.replace("own", "other")]])
def test_only_what_is_marked_is_seen(texts):
    path = Path(toolchain.load(texts)._name)
    listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    assert {line.split()[-1] for line in listed.splitlines()} == {"factorial", "both"}


def test_names_of_other_libraries_do_not_matter(tmp_path):
    other = tmp_path / "other.c"
    other.write_text("int step(int x) { return -1; }")
    preloaded = tmp_path / "other.so"
    subprocess.run([*toolchain.find_compiler(), "-shared", "-fPIC", "-o", preloaded, other], check=True)
    code = (
        "from chainrule.compiler import toolchain\n"
        f"print(toolchain.load([{STEP!r}, {WORK!r}]).factorial(5))\n"
        f"print(toolchain.load('int step(int x) {{ return 5; }} int f(void) {{ return step(0); }}').f())"
    )
    environment = os.environ | {"LD_PRELOAD": str(preloaded)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "120\n5\n"


def test_texts_are_told_apart(monkeypatch):
    texts = ["int f(void) { return 1; }", f"int f(void); {toolchain.EXPORTED} int g(void) {{ return f(); }}"]
    assert toolchain.load(texts).g() == 1
    built = programs_built(monkeypatch)
    assert toolchain.load(["\n".join(texts)]).g() == 1
    assert toolchain.load(texts[::-1]).g() == 1
    assert len(built) == 3


def test_a_compiler_that_fails_on_one_of_several(folder):
    texts = [f"int f{k}(void) {{ return {k}; }}" for k in range(4)]
    texts[2] = "int f2(void) { return missing; }"
    with pytest.raises(CompilerError, match=r"(?s)failed on code that chainrule wrote:.*missing"):
        toolchain.load(texts)
    assert not list(folder.iterdir())


def test_texts_are_compiled_side_by_side(tmp_path, monkeypatch):
    program, log = tmp_path / "compiler", tmp_path / "log"
    program.write_text(f'#!/bin/sh\necho start >> {log}\nsleep 0.2\ngcc "$@"\nr=$?\necho end >> {log}\nexit $r\n')
    program.chmod(0o700)
    monkeypatch.setenv("CC", str(program))
    monkeypatch.setattr(toolchain, "_core_count", lambda: 2)
    assert toolchain.load([STEP, WORK, "int third;"]).factorial(3) == 6
    depth, depths = 0, []
    for line in log.read_text().split():
        depth += 1 if line == "start" else -1
        depths.append(depth)
    assert max(depths) == 2
    assert depth == 0


# --------------------------------------------------------------------------------------------------- which compiler
def test_cc_comes_first(monkeypatch):
    monkeypatch.setenv("CC", "gcc -DGIVEN=1")
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: f"/bin/{name}")
    assert toolchain.find_compiler() == ("gcc", "-DGIVEN=1")
    monkeypatch.delenv("CC")
    assert toolchain.find_compiler() == ("/bin/cc",)
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: f"/bin/{name}" if name == "clang" else None)
    assert toolchain.find_compiler() == ("/bin/clang",)


@pytest.mark.usefixtures("no_programs")
def test_a_python_package_can_be_the_compiler(monkeypatch):
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: object() if name == "ziglang" else None)
    assert toolchain.find_compiler() == (sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline")


@pytest.mark.usefixtures("no_programs")
def test_without_a_compiler(monkeypatch):
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CompilerError, match=r"no C compiler was found.*apt install gcc.*pip install ziglang.*CC "):
        toolchain.load(ANSWER)
    monkeypatch.setenv("CHAINRULE_LANG", "zh")
    with pytest.raises(ChainruleError, match="找不到 C 编译器"):
        toolchain.load(ANSWER)


def test_a_compiler_that_does_not_exist(monkeypatch):
    monkeypatch.setenv("CC", "/no/such/compiler -O2")
    with pytest.raises(CompilerError, match="CC is set to '/no/such/compiler', but there is no such program"):
        toolchain.load(ANSWER)


def test_a_compiler_that_fails(folder):
    with pytest.raises(CompilerError, match=r"(?s)failed on code that chainrule wrote:.*error: .*setting CC"):
        toolchain.load("int answer(void) { return missing; }")
    assert not list(folder.iterdir())


def test_a_compiler_that_builds_something_else(tmp_path, monkeypatch):
    program = tmp_path / "compiler"
    program.write_text('#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = -o ] && echo text > "$2"; shift; done; exit 0\n')
    program.chmod(0o700)
    monkeypatch.setenv("CC", str(program))
    with pytest.raises(CompilerError, match="cannot be loaded"):
        toolchain.load(ANSWER)


# ------------------------------------------------------------------------------------------------------- the folder
def test_the_folder_is_closed_to_others(folder):
    toolchain.load(ANSWER)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert toolchain.cache_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_to_is_refused(folder, mode):
    folder.mkdir(parents=True)
    folder.chmod(mode)
    with pytest.raises(CompilerError, match="others can write to it"):
        toolchain.load(ANSWER)


def test_a_folder_of_somebody_else_is_refused(folder, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(CompilerError, match="others can write to it"):
        toolchain.load(ANSWER)


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch, capfd):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "file"))
    assert [toolchain.load(f"int f(void) {{ return {k}; }}").f() for k in range(3)] == [0, 1, 2]
    (line,) = capfd.readouterr().err.splitlines()
    assert re.search(r"cannot be kept in .*file.compiled: Not a directory.*CHAINRULE_CACHE_DIR", line)


@pytest.mark.parametrize("mode", [0o500, 0o555])
def test_a_folder_that_its_owner_closed_stays_closed(folder, mode):
    toolchain.load(ANSWER)
    folder.chmod(mode)
    assert toolchain.load(ANSWER).answer() == 42
    assert folder.stat().st_mode & 0o777 == 0o500
    folder.chmod(0o700)


def test_the_users_cache_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("CHAINRULE_CACHE_DIR")
    monkeypatch.setattr(toolchain, "user_cache_path", lambda name: tmp_path / name)
    assert toolchain.cache_folder() == tmp_path / "chainrule" / "compiled"


# ------------------------------------------------------------------------------------------- processes that go wrong
def python(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from chainrule.compiler import toolchain\n" + code],
        env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert not errors
    return output


def wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def slow_compiler(tmp_path) -> str:
    """A compiler that starts others, which say who they are and then never finish.

    It prints more than a pipe holds: when it has, somebody is watching it.
    """
    program = tmp_path / "slow"
    program.write_text(
        f"#!/bin/sh\n: > $TMPDIR/cc1\nhead -c 300000 /dev/zero\nsleep 1000 &\necho $! > {tmp_path}/$!.pid\nwait\n"
    )
    program.chmod(0o700)
    return str(program)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
@pytest.mark.parametrize("texts", [[ANSWER], [STEP, WORK, "int other;"]])
def test_an_interrupted_compilation_leaves_nothing(tmp_path, folder, slow_compiler, texts):
    (tmp_path / "temporary").mkdir()
    process = python(f"toolchain.load({texts!r})", CC=slow_compiler, TMPDIR=str(tmp_path / "temporary"))
    expected = min(len(texts), toolchain._core_count())
    wait_for(lambda: len([p for p in tmp_path.glob("*.pid") if p.read_text().strip()]) == expected)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]
    for path in tmp_path.glob("*.pid"):
        wait_for(lambda path=path: not is_alive(int(path.read_text())))
    assert not list((tmp_path / "temporary").iterdir())
    assert not list(folder.iterdir())


def test_a_killed_compilation_does_no_harm(tmp_path, folder):
    """At whatever moment: while it compiles, links, or writes what is kept."""
    (tmp_path / "temporary").mkdir()
    code = f"import sys; print('go', flush=True); toolchain.load([{STEP!r}, {WORK!r} + '/*' + sys.argv[0] + '*/'])"
    process = python(code)
    assert process.stdout is not None
    process.stdout.readline()
    start = time.monotonic()
    process.wait()
    duration = time.monotonic() - start
    process.communicate()
    for path in folder.iterdir():
        path.unlink()
    moments = scaled(100, one_in=20)
    for k in range(moments):
        process = python(code, TMPDIR=str(tmp_path / "temporary"))
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(duration * k / moments)
        process.kill()
        process.communicate()
    assert all(re.fullmatch(r"\w+-\w+\.so", path.name) is not None or path.suffix == "" for path in folder.iterdir())
    assert toolchain.load([STEP, WORK]).factorial(5) == 120


def test_what_killed_processes_left_is_swept(folder):
    toolchain.load(ANSWER)
    old, new = folder / "tmpold", folder / "tmpnew"
    for path in (old, new):
        path.write_text("half a library")
    os.utime(old, (0, time.time() - 2 * toolchain.ABANDONED))
    toolchain.load("int f(void) { return 1; }")
    assert not old.exists()
    assert new.exists(), "somebody is writing it"


def test_two_processes_build_the_same_at_once(folder):
    code = f"print(toolchain.load([{STEP!r}, {WORK!r}]).factorial(5))"
    processes = [python(code) for _ in range(4)]
    assert [said(process) for process in processes] == ["120\n"] * 4
    assert [path.suffix for path in folder.iterdir()] == [".so"]


def test_libraries_are_forgotten_while_others_load_them(folder):
    """Each process finds, loses and builds again what the others forget, and always gets what it asked for."""
    toolchain.load(ANSWER)
    size = next(folder.iterdir()).stat().st_size
    code = f"""
import random
toolchain.LIMIT = {int(2.5 * size)}
for _ in range({scaled(300, one_in=30)}):
    k = random.randrange(4)
    assert toolchain.load(f"int f(void) {{{{ return {{k}}; }}}}").f() == k
"""
    for process in [python(code) for _ in range(3)]:
        said(process)
    assert len(list(folder.iterdir())) <= 5, "each process may just have added one"


def test_a_library_forgotten_before_it_is_loaded(monkeypatch, capfd):
    kept = toolchain._kept

    def kept_for_a_moment(folder, key, content):
        path = kept(folder, key, content)
        path.unlink()  # as another process does
        return path

    monkeypatch.setattr(toolchain, "_kept", kept_for_a_moment)
    assert toolchain.load(ANSWER).answer() == 42
    assert capfd.readouterr().err == "", "nothing is wrong with the folder"


# ------------------------------------------------------------------------------------ entries that are something else
def entry_key(folder: Path) -> str:
    (path,) = folder.iterdir()
    return path.name.split("-")[0]


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("/nowhere"), lambda path: path.write_text("")]
)
def test_foreign_entries_are_not_loaded(monkeypatch, folder, answer_of_another_process, make):
    path = answer_of_another_process(folder)
    foreign = path.with_name(f"{entry_key(folder)}-{'0' * 32}.so")
    path.unlink()
    make(foreign)
    assert toolchain.load(ANSWER).answer() == 42
    built = programs_built(monkeypatch)
    assert toolchain.load(ANSWER).answer() == 42
    assert not built


def test_another_librarys_contents_under_the_right_name_are_not_loaded(folder, answer_of_another_process):
    path = answer_of_another_process(folder)
    said(python("toolchain.load('int answer(void) { return 13; }')"))
    (other,) = set(folder.iterdir()) - {path}
    shutil.copy(other, path)
    assert toolchain.load(ANSWER).answer() == 42


def test_libraries_of_other_compilers_and_processors_are_not_taken(tmp_path, monkeypatch):
    built = programs_built(monkeypatch)
    native = [*toolchain.FLAGS, "-march=native"]
    program = tmp_path / "compiler"
    program.write_text('#!/bin/sh\nexec cc "$@"\n')
    program.chmod(0o700)
    for count, change in enumerate(
        (
            lambda: monkeypatch.setattr(toolchain, "_processor", lambda: ("fma", "sse2")),
            lambda: monkeypatch.setattr(toolchain, "_processor", lambda: ("avx512f", "fma", "sse2")),
            lambda: monkeypatch.setenv("CC", str(program)),
            lambda: program.write_text('#!/bin/sh\nexec gcc "$@"\n'),
        ),
        start=1,
    ):
        change()
        assert [toolchain.load(ANSWER, native).answer() for _ in range(2)] == [42, 42]
        assert len(built) == count
    built.clear()
    assert toolchain.load(ANSWER).answer() == 42  # which does not look at the processor
    monkeypatch.setattr(toolchain, "_processor", lambda: ("avx2",))
    assert toolchain.load(ANSWER).answer() == 42
    assert len(built) == 1
    monkeypatch.setenv("CC", "cc -march=native")
    assert toolchain.load(ANSWER).answer() == 42
    monkeypatch.setattr(toolchain, "_processor", lambda: ("avx",))
    assert toolchain.load(ANSWER).answer() == 42
    assert len(built) == 3


# ----------------------------------------------------------------------------------------- folders that take no files
def in_own_mounts(prepare: str, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python where some shell commands, such as mount, change the file system for it alone."""
    program = "from chainrule.compiler import toolchain\n" + code
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-e", "-c", f'{prepare}\nexec "$@"',
         "sh", sys.executable, "-c", program],
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip


def has_own_mounts() -> bool:
    try:
        test = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        return subprocess.run(test, capture_output=True).returncode == 0
    except OSError:
        return False


own_mounts = pytest.mark.skipif(not has_own_mounts(), reason="this system does not let us mount folders")
THREE = "for k in range(3): print(toolchain.load(f'int f(void) {{ return {k}; }}').f())"


@own_mounts
def test_a_folder_that_can_only_be_read(folder):
    said(python(THREE.replace("3", "1")))
    (path,) = folder.iterdir()
    path.with_name(path.name[:33] + "0" * 32 + ".so").write_text("damaged")
    read_only = f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}"
    done = in_own_mounts(read_only, "toolchain._compiled = None\n" + THREE.replace("3", "1"))
    assert (done.stdout, done.stderr) == ("0\n", ""), "what is there is used"
    done = in_own_mounts(read_only, THREE)
    assert done.stdout == "0\n1\n2\n"
    (line,) = done.stderr.splitlines()
    assert re.search("cannot be kept in .*: Read-only file system.*CHAINRULE_CACHE_DIR", line)
    assert "无法在" in in_own_mounts(read_only, THREE, CHAINRULE_LANG="zh").stderr


@own_mounts
def test_a_full_disk(folder):
    folder.mkdir(parents=True, mode=0o700)
    full = f"mount -t tmpfs -o size=4k,mode=0700 tmpfs {folder}"
    done = in_own_mounts(full, THREE + f"\nimport os; print(os.listdir({str(folder)!r}))")
    assert done.stdout == "0\n1\n2\n[]\n", "no half files"
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line


@own_mounts
def test_a_folder_whose_files_must_not_run(folder):
    folder.mkdir(parents=True, mode=0o700)
    done = in_own_mounts(f"mount -t tmpfs -o noexec,mode=0700 tmpfs {folder}", THREE)
    assert done.stdout == "0\n1\n2\n"
    assert len(done.stderr.splitlines()) == 1


@own_mounts
def test_nowhere_to_compile(tmp_path):
    code = f"""
from chainrule.errors import CompilerError
try:
    toolchain.load({ANSWER!r} + " " * 10000)
except CompilerError as error:
    print(error)
"""
    done = in_own_mounts(f"mount -t tmpfs -o size=4k tmpfs {tmp_path}", code, TMPDIR=str(tmp_path))
    assert re.search("nowhere to compile: .*No space left on device.*TMPDIR", done.stdout)


# -------------------------------------------------------------------------------------------------------- unloading
def loaded(folder: Path) -> int:
    """How many libraries of the cache are in memory."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return len({line.split(maxsplit=5)[5] for line in lines if str(folder) in line})


linux = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at memory as Linux shows it")


@linux
def test_a_library_is_unloaded_when_it_is_dropped(folder):
    library = toolchain.load(ANSWER)
    again = toolchain.load(ANSWER)
    function = library.answer
    assert loaded(folder) == 1
    del library, again
    gc.collect()
    assert loaded(folder) == 1
    assert function() == 42, "a function keeps its library"
    del function
    gc.collect()
    assert loaded(folder) == 0


@linux
def test_memory_does_not_grow(folder):
    files, maps = len(os.listdir("/proc/self/fd")), Path("/proc/self/maps").read_text().count("\n")
    for k in range(scaled(1000, one_in=50)):
        assert toolchain.load(f"int f(void) {{ return {k}; }}").f() == k  # compiled
        assert toolchain.load("int f(void) { return 0; }").f() == 0  # found
        if k % 10 == 9:
            gc.collect()
    gc.collect()
    assert loaded(folder) == 0
    assert len(os.listdir("/proc/self/fd")) == files
    assert Path("/proc/self/maps").read_text().count("\n") < maps + 30


def test_a_library_stays_while_it_runs():
    """Also where everything but the call itself forgot it."""
    text = "#include <time.h>\nint f(void) { nanosleep(&(struct timespec){.tv_nsec = 200000000}, 0); return 42; }"
    flags = ["-D_GNU_SOURCE", *toolchain.FLAGS]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: toolchain.load(text, flags).f())
        while not running.done():
            gc.collect()
            time.sleep(0.01)
        assert running.result() == 42


def test_nothing_is_unloaded_at_exit():
    """Other threads may still run it."""
    code = """
import ctypes, threading
text = "#include <unistd.h>\\nvoid spin(void) { for (;;) usleep(1); }"
library = toolchain.load(text, ["-D_GNU_SOURCE", *toolchain.FLAGS])
threading.Thread(target=library.spin, daemon=True).start()
"""
    assert said(python(code)) == ""
