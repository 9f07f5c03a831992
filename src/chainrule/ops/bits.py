"""The bits of integers, and of bools, each of which is one: what & | ^ ~ do."""

from __future__ import annotations

from chainrule.ops.kinds.conversion import lift_bits, lift_integers
from chainrule.ops.kinds.elementwise import Elementwise

__all__ = ["bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "shift_right"]

_BITS = "integers and bools only; no gradient passes"

bitwise_and = Elementwise(
    "bitwise_and", "bitwise_and(a, b)", lift=lift_bits, convention=_BITS,
    summary="The bits that both integers have; whether both bools hold.",
    example=">>> bitwise_and([12, 5], 6)\nTensor([4 4], shape=(2,), dtype=int64)",
)  # fmt: skip
bitwise_or = Elementwise(
    "bitwise_or", "bitwise_or(a, b)", lift=lift_bits, convention=_BITS,
    summary="The bits that one or both integers have; whether one or both bools hold.",
    example=">>> bitwise_or([12, 5], 6)\nTensor([14  7], shape=(2,), dtype=int64)",
)  # fmt: skip
bitwise_xor = Elementwise(
    "bitwise_xor", "xor(a, b)", lift=lift_bits, convention=_BITS,
    summary="The bits that one of two integers has; whether one of two bools holds.",
    example=">>> bitwise_xor([12, 5], 6)\nTensor([10  3], shape=(2,), dtype=int64)",
)  # fmt: skip
bitwise_not = Elementwise(
    "bitwise_not", "bitwise_not(x)", lift=lift_bits, convention=_BITS,
    summary="All bits turned, which makes -1 - x of an integer; whether a bool does not hold.",
    example=">>> bitwise_not([12, -1])\nTensor([-13   0], shape=(2,), dtype=int64)",
)  # fmt: skip
shift_right = Elementwise(
    "shift_right", "shift_right(a, b)", lift=lift_integers, convention="integers only; no gradient passes",
    summary="Integer a divided by 2 to the power b, rounded down.",
    example=">>> shift_right([12, 5], 2)\nTensor([3 1], shape=(2,), dtype=int64)",
)  # fmt: skip
