"""Arrays that nobody can write into: what was done with one once need not be done again while it is the same object."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.graph.operation import Array


def immutable(array: Array) -> Array:
    """An array with these numbers that stays as it is; the array itself where it is one.

    Its memory belongs to Python's `bytes`, so NumPy refuses to make it writable, which it does not for an array that
    merely says that it is read-only.

    Example:
        >>> immutable(np.ones(2))[0] = 5
        Traceback (most recent call last):
        ...
        ValueError: assignment destination is read-only
    """
    return array if is_immutable(array) else np.ndarray(array.shape, array.dtype, array.tobytes())


def all_immutable(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The same for arrays with names."""
    return {name: immutable(array) for name, array in arrays.items()}


def is_immutable(array: object) -> bool:
    """Whether it is an array that `immutable` made."""
    return type(array) is np.ndarray and isinstance(array.base, bytes)
