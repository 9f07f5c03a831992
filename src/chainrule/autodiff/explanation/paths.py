"""The chain rule along whole paths: the product of all local derivatives between a leaf and the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.autodiff.explanation.formula import Symbol
from chainrule.autodiff.explanation.record import Contribution, DerivativeStep, Path

_MOST_PATHS, _MOST_STEPS = 12, 12  # of all leaves together, and of one path; beyond that nobody reads them


def whole_paths(derivatives: Sequence[DerivativeStep]) -> tuple[Path, ...]:
    """All paths from the leaves to the result, leaf by leaf; none where there are many, or values are arrays."""
    if any(d.value.ndim for d in derivatives):
        return ()
    by_symbol = {d.symbol: d for d in derivatives}
    users = {c.step for d in derivatives for c in d.contributions}
    found: list[Path] = []
    for leaf in (d for d in reversed(derivatives) if d.symbol not in users and d.contributions):
        for path in _to_result(leaf, by_symbol):
            if len(found) == _MOST_PATHS or len(path) > _MOST_STEPS or any(c.local_value is None for c in path):
                return ()
            found.append(_path(leaf.symbol, path))
    return tuple(found) if any(len(path.factors) > 1 for path in found) else ()


def _to_result(start: DerivativeStep, by_symbol: dict[Symbol, DerivativeStep]) -> Iterator[tuple[Contribution, ...]]:
    """The edges of each path, from the result on; one path at a time, for there may be far too many."""
    stack: list[tuple[DerivativeStep, tuple[Contribution, ...]]] = [(start, ())]
    while stack:
        at, path = stack.pop()
        if not at.contributions or len(path) > _MOST_STEPS:
            yield path
        stack.extend((by_symbol[c.step], (c, *path)) for c in reversed(at.contributions) if len(path) <= _MOST_STEPS)


def _path(leaf: Symbol, edges: Sequence[Contribution]) -> Path:
    numbers = [float(c.local_value) for c in edges if c.local_value is not None]
    product = 1.0
    for number in numbers:
        product *= number
    return Path(leaf, tuple(c.local for c in edges), tuple(numbers), product)
