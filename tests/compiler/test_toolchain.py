"""Compiling and loading: what is kept, what is built again, and what is said where it cannot be done."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chainrule.compiler import toolchain
from chainrule.errors import ChainruleError, CompilerError

ANSWER = "int answer(void) { return 42; }"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test alone."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


@pytest.fixture
def no_programs(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CC", raising=False)


def programs_built(monkeypatch) -> list[str]:
    """What is compiled from now on."""
    built: list[str] = []
    compiled = toolchain._compiled

    def noted(compiler, texts, flags):
        built.extend(texts)
        return compiled(compiler, texts, flags)

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
def test_a_damaged_library_is_built_again(monkeypatch, folder, damage):
    code = f"from chainrule.compiler import toolchain; print(toolchain.load({ANSWER!r}).answer())"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # never damage what is loaded here
    (path,) = folder.iterdir()
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
    toolchain._version.cache_clear()
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
    assert toolchain.find_compiler() == (sys.executable, "-m", "ziglang", "cc")


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


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(CompilerError, match=r"cannot be kept in .*Choose another folder with CHAINRULE_CACHE_DIR"):
        toolchain.load(ANSWER)


def test_the_users_cache_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("CHAINRULE_CACHE_DIR")
    monkeypatch.setattr(toolchain, "user_cache_path", lambda name: tmp_path / name)
    assert toolchain.cache_folder() == tmp_path / "chainrule" / "compiled"
