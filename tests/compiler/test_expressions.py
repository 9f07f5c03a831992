"""Expressions of one compilation: each kept once, rewritten part by part."""

from __future__ import annotations

from chainrule.compiler.expressions import Expressions
from chainrule.graph.affine import Affine, Axis
from chainrule.graph.dtype import float32
from chainrule.graph.expression import Buffer, Guard, Read, call
from chainrule.graph.scalar import ADD


def test_axes_are_put_in_the_place_of_others_once():
    """Also where a term falls away, and the other one, in which it has been done, is what is left of the sum."""
    i, j, k = Axis("i", 3), Axis("j", 3), Axis("k", 3)
    x = Buffer("x", (3, 3), float32)
    kept = Read(x, (Affine.of(i), Affine.of(j)))
    gone = Guard(((Affine.of(k) - 2, 1),), kept)
    shifted = {j: Affine.of(i), i: Affine.of(k), k: Affine()}
    expressions = Expressions()
    found = expressions.substituted(expressions.adopted(call(ADD, gone, kept)), shifted)
    assert found == Read(x, (Affine.of(k), Affine.of(i)))
