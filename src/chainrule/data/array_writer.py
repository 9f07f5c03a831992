"""Writing an array that is larger than the memory, piece by piece, as NumPy has it in a .npy file."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

HEAD = 256  # bytes before the numbers: room for any shape, and a multiple of a cache line

# What native code loads as it is, for each type that samples may have: others would be converted, all at once, by fit.
KEPT = ("float32", "float64", "int32", "int64", "bool", "uint8")
WIDENED = {"float16": "float32", "int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64"}


def kept_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that samples of this one are kept in."""
    return np.dtype(WIDENED.get(dtype.name, dtype.name))


class ArrayWriter:
    """One array's file; how many samples it has is written into its head at the end.

    dtype, shape   of a sample
    count          how many there are so far
    """

    def __init__(self, file: IO[bytes], first: NDArray[Any]) -> None:
        self.file, self.shape, self.dtype, self.count = file, first.shape[1:], kept_type(first.dtype), 0
        file.write(bytes(HEAD))

    def write(self, samples: NDArray[Any]) -> None:
        """Samples of this shape, after those before.

        Raises:   OSError if that is not possible.
        """
        samples = np.ascontiguousarray(samples, self.dtype)
        self.file.write(samples.data if samples.size else b"")
        self.count += len(samples)

    def finish(self) -> None:
        """There are no more of them.

        Raises:   OSError if that is not possible.
        """
        shape = ", ".join(map(str, (self.count, *self.shape))) + ("," if not self.shape else "")
        text = f"{{'descr': '{self.dtype.str}', 'fortran_order': False, 'shape': ({shape}), }}"
        self.file.seek(0)
        self.file.write(b"\x93NUMPY\x01\x00" + (HEAD - 10).to_bytes(2, "little"))
        self.file.write(text.encode("ascii").ljust(HEAD - 11) + b"\n")
        self.file.flush()

    def mapped(self) -> NDArray[Any]:
        """All of them, finished and mapped from the file, which has to be one that may be read, too.

        Raises:   OSError as `finish`.
        """
        self.finish()
        shape = self.count, *self.shape
        if 0 in shape:  # which cannot be mapped
            return np.empty(shape, self.dtype)
        return np.memmap(self.file, self.dtype, "r", HEAD, shape).view(np.ndarray)
