"""The exceptions of chainrule: one paragraph each, saying what is wrong, where, and what to do.

Every text is a Message declared beside the code that raises it. Each class is also the builtin exception that people
expect there.
"""


class ChainruleError(Exception):
    """Anything chainrule refuses to do; catch this to catch them all."""


class ShapeError(ChainruleError, ValueError):
    """Shapes that do not fit together."""


class NoAxesError(ShapeError, TypeError):
    """One number where several were asked for; by the TypeError, Python knows that there is nothing to iterate over."""


class DTypeError(ChainruleError, TypeError):
    """An element type that an operation does not take."""


class GraphError(ChainruleError, ValueError):
    """A graph that cannot be computed: a cycle, a malformed node, an input that nothing is bound to."""


class GradientError(ChainruleError, ValueError):
    """A derivative that does not exist, such as that of a loss which no parameter can influence."""


class DataError(ChainruleError, ValueError):
    """Samples that cannot be learned from: NaN, labels out of range, inputs and labels of different lengths."""


class FileFormatError(ChainruleError, ValueError):
    """A file that is missing, damaged, or something else than it should be."""


class UsageError(ChainruleError, ValueError):
    """An unknown name or an argument out of range."""


class CompilerError(ChainruleError, RuntimeError):
    """Native code that cannot be made here: no C compiler, one that fails, or nowhere safe to keep the result."""


class DivergedError(ChainruleError, ArithmeticError):
    """A training whose loss or parameters became infinite or NaN."""


class DownloadError(ChainruleError, OSError):
    """Data that no server gives as they should be."""


class SaveError(ChainruleError, OSError):
    """A file that cannot be written; what was there before is still there."""
