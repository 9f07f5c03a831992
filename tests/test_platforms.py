"""Nothing needs Linux: all but native code works where Python has no more than it has everywhere."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.commands import environment

# What Windows lacks is taken away, and it says that it is Windows: after the libraries that chainrule stands on, whose
# business that is, but before anything of chainrule. os.name stays: without "posix", this system's paths fail.
WITHOUT = """
import mmap, os, signal, subprocess, sys, types
import narwhals, numpy, PIL.Image, platformdirs, rich.console, rich.live, rich.table, safetensors.numpy, threadpoolctl
import typer, typer.main

for module in ("fcntl", "resource", "termios", "pwd", "grp", "syslog", "_posixshmem"):
    sys.modules[module] = None
for module, names in {
    os: "O_DIRECTORY fork forkpty getuid geteuid getgid getpgid killpg register_at_fork sched_getaffinity sysconf"
        " statvfs fchmod fchown RTLD_NOW RTLD_LOCAL posix_fadvise",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGALRM SIGCHLD SIGPIPE setitimer alarm pthread_sigmask",
    mmap: "MADV_WILLNEED MADV_SEQUENTIAL MADV_DONTNEED PROT_READ MAP_SHARED",
    sys.modules["_ctypes"]: "dlopen dlclose",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lambda file, mode, size: None)
sys.platform = "win32"
"""
TRAINED = """
from chainrule.cli import main

def said(*arguments):
    try:
        main(arguments)
    except SystemExit as left:
        assert not left.code, left.code

with open("fruit.csv", "w", encoding="utf-8") as file:
    file.write("mass,fruit\\n")
    file.writelines(f"{mass},{'cherry' if mass < 50 else 'apple'}\\n" for mass in [8, 9, 150, 170] * 20)
said("train", "fruit.csv", "--target", "fruit", "--epochs", "20", "--quiet")
said("runs", "--json")

import numpy as np
import chainrule as cr
from chainrule.data.stored import store, stored

trained = cr.load("runs/latest")
assert trained.predict("fruit.csv").values[:3].tolist() == ["cherry", "cherry", "apple"]
kept = store(((np.full(3, k, "float32"), k % 2) for k in range(40)), "kept")
model = cr.Model(cr.nn.Sequential([cr.nn.Dense(2)]))
model.fit(kept.x, kept.y, epochs=2, verbose=0)
model.save("model")
assert (cr.Model.load("model").predict(kept.x) == model.predict(kept.x)).all()
"""


def test_without_what_only_linux_or_macos_has_everything_but_native_code_works(tmp_path):
    """A run with its folder and lock, saving and loading, and data that are mapped; native code is missed in words."""
    script = tmp_path / "without.py"
    script.write_text(WITHOUT + TRAINED, encoding="utf-8")
    left = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-W", "error", str(script)],
        cwd=tmp_path, capture_output=True, encoding="utf-8", env=environment(CHAINRULE_LANG="en"), timeout=120,
    )  # fmt: skip
    assert left.returncode == 0, left.stderr
    assert "accuracy 100.00%" in left.stdout
    assert left.stderr.count("running in NumPy") == 1
    assert "not on Windows itself" in left.stderr
