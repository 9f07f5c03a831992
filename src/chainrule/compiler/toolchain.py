"""From C texts to a loaded library: find a compiler, compile once, keep the result, load it.

What is kept is code that will run, so it is kept in a folder that only its owner can write to, and each file's name
holds a digest of its contents: one that is incomplete or damaged is built again, never loaded. A file appears whole,
under a name that no other contents can have, so that processes may build side by side, and be killed. Where nothing can
be kept, everything works but starts more slowly.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import selectors
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

from chainrule.compiler.target import features_of_cpuinfo
from chainrule.errors import CompilerError
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph

if sys.platform != "win32":
    from _ctypes import dlclose, dlopen

# Arithmetic as NumPy does it: no fused multiply-add, integers that wrap around.
FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno", "-fwrapv")
LIBRARIES = ("-lm",)
# Calls within a library stay within it, whatever other libraries call their functions (glibc has a `step`).
LINKING = () if sys.platform == "darwin" else ("-Wl,-Bsymbolic",)  # where that is so in any case
# Of a program in several texts: its texts see each other's functions, and nobody else does.
HIDING = ("-fvisibility=hidden",)
EXPORTED = '__attribute__((visibility("default")))'
"""What stands before the functions of such a program that Python is to call."""
LIMIT = 256 * 2**20  # bytes of libraries kept
ABANDONED = 3600  # seconds after which a file that is still not a library never will be: its process was killed

_complained_of: set[Path] = set()

_NO_COMPILER = Message(
    "toolchain.no_compiler",
    en="no C compiler was found: looked for cc, gcc, clang and the Python package ziglang. Install one, e.g. with "
    "'apt install gcc', 'xcode-select --install' or 'pip install ziglang', or set CC to a compiler's path.",
    zh="找不到 C 编译器：已查找 cc、gcc、clang 以及 Python 包 ziglang。请安装其中之一，例如 'apt install gcc'、"
    "'xcode-select --install' 或 'pip install ziglang'，或将 CC 设为编译器的路径。",
)
_WINDOWS = Message(
    "toolchain.windows",
    en="native code runs on Linux and macOS, not on Windows itself. WSL, the Linux inside Windows, has it: 'wsl"
    " --install', and chainrule installed there.",
    zh="本机代码可在 Linux 和 macOS 上运行，不支持 Windows 本身。Windows 内的 Linux（WSL）可以：运行“wsl --install”，"
    "并在其中安装 chainrule。",
)
_NO_SUCH_COMPILER = Message(
    "toolchain.no_such_compiler",
    en="CC is set to '{command}', but there is no such program. Correct it, or unset CC to use cc, gcc or clang.",
    zh="CC 设为“{command}”，但没有这个程序。请更正，或取消设置 CC 以使用 cc、gcc 或 clang。",
)
_FAILED = Message(
    "toolchain.failed",
    en="the C compiler '{command}' failed on code that chainrule wrote:\n{output}\nTry another compiler by setting CC; "
    "if that fails too, please report it.",
    zh="C 编译器“{command}”在编译 chainrule 生成的代码时失败：\n{output}\n请设置 CC 换用其他编译器；若仍失败，"
    "请报告此问题。",
)
_UNLOADABLE = Message(
    "toolchain.unloadable",
    en="the library that '{command}' built cannot be loaded: {reason}. If the folder {folder} forbids running code, "
    "choose another with CHAINRULE_CACHE_DIR; if CC builds for another machine, set it to a compiler for this one.",
    zh="“{command}”生成的库无法加载：{reason}。若文件夹 {folder} 禁止执行代码，请用 CHAINRULE_CACHE_DIR 另选一个；"
    "若 CC 面向其他机器，请设为适用于本机的编译器。",
)
_NO_FOLDER = Message(
    "toolchain.no_folder",
    en="chainrule: compiled code cannot be kept in {folder}: {reason}. It is compiled again in every process; choose "
    "another folder with CHAINRULE_CACHE_DIR.",
    zh="chainrule：无法在 {folder} 中保存编译后的代码：{reason}。每个进程都要重新编译；可用 CHAINRULE_CACHE_DIR "
    "另选一个文件夹。",
)
_NO_SPACE = Message(
    "toolchain.no_space",
    en="there is nowhere to compile: {reason}. Free some space, or choose another folder with TMPDIR.",
    zh="没有可用于编译的地方：{reason}。请释放一些空间，或用 TMPDIR 另选一个文件夹。",
)
_UNSAFE_FOLDER = Message(
    "toolchain.unsafe_folder",
    en="compiled code is not loaded from {folder}, because others can write to it. Make it yours alone with "
    "'chmod 700', or choose another folder with CHAINRULE_CACHE_DIR.",
    zh="不会从 {folder} 加载编译后的代码，因为其他用户可以写入。请用 'chmod 700' 使其仅归您所有，或用 "
    "CHAINRULE_CACHE_DIR 另选一个文件夹。",
)


def load(sources: str | Sequence[str], flags: Sequence[str] = FLAGS) -> ctypes.CDLL:
    """The library that C texts compile to, from the cache where they have been compiled before.

    One text may be given as it is. Of a sequence of texts, each is compiled on its own, as many at once as there are
    cores; they may use each other's functions, and the library shows only those that are EXPORTED.

    The library is unloaded when Python drops it: whoever uses the address of something in it keeps it as well.

    Raises:   CompilerError where there is no compiler, where it fails, or where the cache is not safe.
    Example:
        >>> load("int twice(int x) { return 2 * x; }").twice(21)
        42
        >>> texts = "int step(void) { return 42; }", f"int step(void); {EXPORTED} int run(void) {{ return step(); }}"
        >>> load(texts).run()
        42
    """
    texts = [sources] if isinstance(sources, str) else list(sources)
    return load_made(repr(texts), lambda: texts, flags if isinstance(sources, str) else [*flags, *HIDING])


def load_made(identity: str, make: Callable[[], Sequence[str]], flags: Sequence[str]) -> ctypes.CDLL:
    """The library of the texts that `make` gives, asked for only where it is not in the cache.

    `identity` says all that the texts depend on.

    Raises:   CompilerError, as load does, and whatever `make` raises.
    """
    compiler = find_compiler()
    folder = cache_folder()
    origin = (compiler, _stamps(compiler), flags, LINKING, LIBRARIES, _machine(compiler, flags), identity)
    key = _digest(repr(origin).encode())
    if library := _found(folder, key):
        return library
    texts = make()
    try:
        with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as name:
            built = _compiled(compiler, texts, flags, Path(name))
            return _kept_or_not(folder, key, built, compiler)
    except OSError as error:
        raise CompilerError(_NO_SPACE(reason=error)) from None


def find_compiler() -> tuple[str, ...]:
    """The command that compiles C: $CC, else cc, gcc or clang, else the one in the Python package ziglang.

    Raises:   CompilerError if there is none, or none where CC says; on Windows always.
    """
    if sys.platform == "win32":  # whose libraries are loaded, and whose threads sleep, in other ways
        raise CompilerError(_WINDOWS())
    chosen = os.environ.get("CC", "")
    try:
        command = shlex.split(chosen)
    except ValueError:  # a quotation that does not end
        command = [chosen]
    if command:
        if shutil.which(command[0]) is None:
            raise CompilerError(_NO_SUCH_COMPILER(command=command[0]))
        return tuple(command)
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return (found,)
    if importlib.util.find_spec("ziglang") is not None:
        # Which otherwise builds for the processor that it runs on, whatever the flags leave out.
        return (sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline")
    raise CompilerError(_NO_COMPILER())


def cache_root() -> Path:
    """Where is kept what can be made again: $CHAINRULE_CACHE_DIR, else the user's cache."""
    chosen = os.environ.get("CHAINRULE_CACHE_DIR")
    return Path(chosen) if chosen else user_cache_path("chainrule")


def cache_folder() -> Path:
    """Where libraries are kept, in the cache; made if possible, and closed to others.

    Raises:   CompilerError if somebody else owns it or could have written to it.
    """
    folder = cache_root() / "compiled"
    with suppress(OSError):  # without it, nothing is found in it and nothing can be kept
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CompilerError(_UNSAFE_FOLDER(folder=folder))
        if status.st_mode & 0o077:
            folder.chmod(status.st_mode & 0o700)
    return folder


# ------------------------------------------------------------------------------------------ what a library depends on
def _stamps(compiler: Sequence[str]) -> list[tuple[str, int, int]]:
    """Which programs the command is made of: their files change with their version, which takes long to ask for."""
    programs = [Path(found) for word in compiler if (found := shutil.which(word))]
    if "ziglang" in compiler and (package := importlib.util.find_spec("ziglang")) and package.origin:
        programs.append(Path(package.origin).with_name("zig"))
    stamps = []
    for program in programs:
        with suppress(OSError):
            status = program.stat()
            stamps.append((str(program.resolve()), status.st_mtime_ns, status.st_size))
    return stamps


def _machine(compiler: Sequence[str], flags: Sequence[str]) -> tuple[str, ...]:
    """What the code runs on; the processor itself too where the compiler is free to look at it."""
    itself = any("native" in word or "zig" in word for word in (*compiler, *flags))
    return (sys.platform, platform.machine(), *(_processor() if itself else ()))


@cache
def _processor() -> tuple[str, ...]:
    try:
        return tuple(sorted(features_of_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))))
    except OSError:
        return (platform.processor(), platform.release())


# ---------------------------------------------------------------------------------------------------------- compiling
def _compiled(compiler: Sequence[str], texts: Sequence[str], flags: Sequence[str], folder: Path) -> Path:
    """The library's file: from one text in one call, from several by way of objects."""
    parts = [folder / f"part{k}.c" for k in range(len(texts))]
    for path, text in zip(parts, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    if len(parts) > 1:
        alone = [*compiler, *(flag for flag in flags if flag != "-shared"), "-c", "-o"]
        longest_first = sorted(parts, key=lambda path: -path.stat().st_size)
        _run_all([[*alone, str(path.with_suffix(".o")), str(path)] for path in longest_first], compiler, folder)
        parts = [path.with_suffix(".o") for path in parts]
    library = folder / "library.so"
    _run_all([[*compiler, *flags, *LINKING, "-o", str(library), *map(str, parts), *LIBRARIES]], compiler, folder)
    return library


def _run_all(commands: Sequence[Sequence[str]], compiler: Sequence[str], folder: Path) -> None:
    """Run commands of the compiler, as many at once as there are cores; where one fails, none is left running."""
    waiting = list(reversed(commands))
    with selectors.DefaultSelector() as running:
        try:
            while waiting or running.get_map():
                while waiting and len(running.get_map()) < _core_count():
                    process = _started(waiting.pop(), compiler, folder)
                    running.register(process.stdout or -1, selectors.EVENT_READ, (process, bytearray()))
                for key, _ in running.select():
                    process, printed = key.data
                    if part := os.read(key.fd, 2**16):
                        printed += part
                        continue
                    running.unregister(key.fileobj)
                    process.communicate()
                    if process.returncode != 0:
                        text = printed.decode(errors="replace").strip()[:2000] or f"exit status {process.returncode}"
                        raise CompilerError(_FAILED(command=shlex.join(compiler), output=text))
        finally:
            for key in running.get_map().values():
                with suppress(OSError):
                    os.killpg(key.data[0].pid, signal.SIGKILL)  # with all that it started
                key.data[0].communicate()


def _started(command: Sequence[str], compiler: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
            env=os.environ | {"TMPDIR": str(folder), "ZIG_LOCAL_CACHE_DIR": str(folder)},
        )  # fmt: skip
    except OSError as error:
        raise CompilerError(_FAILED(command=shlex.join(compiler), output=error.strerror)) from None


def _core_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---------------------------------------------------------------------------------------------------------- the cache
def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]


def _found(folder: Path, key: str) -> ctypes.CDLL | None:
    """The library from the cache; files of its name that are something else are deleted."""
    for path in folder.glob(f"{key}-*.so"):
        with suppress(OSError):
            if path.stem == f"{key}-{_digest(path.read_bytes())}":
                library = _opened(path)
                with suppress(OSError):
                    os.utime(path)  # used just now, so forgotten last
                return library
        with suppress(OSError):
            path.unlink()
    return None


def _kept_or_not(folder: Path, key: str, built: Path, compiler: Sequence[str]) -> ctypes.CDLL:
    """The library that was built: from the cache, or from where it is, since it stays when the file is gone."""
    path = None
    try:
        path = _kept(folder, key, built.read_bytes())
        return _opened(path)
    except OSError as error:
        reason = error.strerror or error
    try:
        library = _opened(built)
    except OSError as error:
        raise CompilerError(_UNLOADABLE(command=shlex.join(compiler), reason=error, folder=folder)) from None
    forgotten = path is not None and not path.exists()  # by another process, just now
    if not forgotten and folder not in _complained_of:
        _complained_of.add(folder)
        print_paragraph(_NO_FOLDER(folder=folder, reason=reason), sys.stderr)
    return library


def _opened(path: Path) -> ctypes.CDLL:
    handle = dlopen(str(path), os.RTLD_NOW | os.RTLD_LOCAL)
    library = ctypes.CDLL(str(path), handle=handle)
    # Its functions keep the library, so nothing of it runs any more; except at exit, when other threads still may.
    weakref.finalize(library, dlclose, handle).atexit = False
    return library


def _kept(folder: Path, key: str, content: bytes) -> Path:
    """The path of a library in the cache, whole from the moment it can be seen."""
    path = folder / f"{key}-{_digest(content)}.so"
    handle, temporary = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    _forget_unused(folder, path)
    return path


def _forget_unused(folder: Path, new: Path) -> None:
    """Delete the files unused for longest while they are too many bytes together; other processes may do the same."""
    files = []
    for path in folder.iterdir():
        with suppress(OSError):
            status = path.stat()
            if path.suffix != ".so" and time.time() - status.st_mtime > ABANDONED:
                path.unlink()
            else:
                files.append((path != new, -status.st_mtime, status.st_size, path))
    total = 0
    for _, _, size, path in sorted(files):
        total += size
        if total > LIMIT and path.suffix == ".so" and path != new:
            with suppress(OSError):
                path.unlink()
