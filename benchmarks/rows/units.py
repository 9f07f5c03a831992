"""How seconds and bytes are shown."""

from benchmarks.row import Unit

STEP = Unit("ms per step", lambda seconds: 1e3 * seconds)
CALL = Unit("µs per call", lambda seconds: 1e6 * seconds)
ANSWER = Unit("ms per answer", lambda seconds: 1e3 * seconds)
ANSWERS = Unit("answers/s", lambda seconds: 1 / seconds, more_is_better=True)
EPOCH = Unit("s per epoch", lambda seconds: seconds)
START = Unit("s", lambda seconds: seconds)
MEMORY = Unit("MB", lambda size: 1e-6 * size)
FLOPS = Unit("GFLOP/s", lambda seconds: 1e-9 / seconds, more_is_better=True)
