"""What a process loads to run a program that an earlier one has compiled."""

import os
import subprocess
import sys

_STEP = """
import sys, numpy, chainrule as cr
x, y = numpy.zeros((4, 3), "float32"), numpy.zeros(4, "int64")
cr.Model(cr.nn.Sequential([cr.nn.Dense(2)])).fit(x, y, epochs=1, batch_size=4, executor="native", verbose=0)
print(*sys.modules)
"""


def _loaded(folder) -> set[str]:
    environment = os.environ | {"CHAINRULE_CACHE_DIR": str(folder)}
    return set(
        subprocess.run(
            [sys.executable, "-c", _STEP], capture_output=True, text=True, check=True, env=environment
        ).stdout.split()
    )


def test_a_program_from_the_cache_needs_none_of_the_passes(tmp_path):
    passes = {f"chainrule.compiler.{name}" for name in ("pipeline", "groups", "layout", "kernels", "assembly", "show")}
    assert passes - {"chainrule.compiler.show"} <= _loaded(tmp_path)
    again = _loaded(tmp_path)
    assert not again & passes
    assert "numpy.ma" not in again
