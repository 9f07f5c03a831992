"""From loop nests to native code.

toolchain   a C text becomes a loaded library, kept on disk
naive       loop nests become plain C, one function each
running     the functions called with arrays: what the tests compare with the reference executor
"""

from chainrule.compiler.naive import Kernel, emit
from chainrule.compiler.running import Runner, compile_nests, run, run_all

__all__ = ["Kernel", "Runner", "compile_nests", "emit", "run", "run_all"]
