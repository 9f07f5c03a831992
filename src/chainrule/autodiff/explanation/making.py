"""An explanation made from a plan: every number in it comes from one evaluation of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from chainrule.autodiff.explanation.declared import settings, value_formula
from chainrule.autodiff.explanation.edges import Notation, edge_formula
from chainrule.autodiff.explanation.flow import Flow, Share, tangent
from chainrule.autodiff.explanation.formula import Formula, Function, Literal, Symbol
from chainrule.autodiff.explanation.plan import Plan
from chainrule.autodiff.explanation.record import Contribution, DerivativeStep, Given, ValueStep
from chainrule.execute import Program
from chainrule.execute.reference import bound
from chainrule.graph.extent import concrete_shape
from chainrule.graph.operation import Array
from chainrule.graph.tensor import NUMBER, Tensor, input_tensor
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.kinds.indexed import Indexed

_LARGEST_JACOBIAN = 36  # numbers of a local derivative that are worked out where no formula says them


@dataclass(frozen=True, eq=False)
class Making:
    """What explanations of one graph, and of what is inside its steps, are made from.

    symbols     of the plan's nodes
    bindings    the inputs' values
    flow        the derivatives, as a graph; None where only values are explained
    notation    how they are written
    """

    plan: Plan
    symbols: Mapping[Tensor, Symbol]
    bindings: Mapping[Tensor, Array]
    flow: Flow | None
    notation: Notation

    @property
    def batch(self) -> int | None:
        return bound(self.bindings, None)[1]

    def inputs(self, node: Tensor) -> tuple[Formula, ...]:
        """What a step reads, as it is written in its formula."""
        read = node.inputs if self.plan.body(node) is not node else self.plan.inputs(node)
        return tuple(self.symbol(x) for x in read)

    def symbol(self, x: Tensor) -> Formula:
        return Literal(x.attributes["value"]) if x.operation is NUMBER else self.symbols[x]

    # --------------------------------------------------------------------------------------------------- the parts
    def given(self, arrays: Mapping[Tensor, Array]) -> tuple[Given, ...]:
        return tuple(Given(node, self.symbols[node], arrays[node]) for node in self.plan.sources)

    def values(self, arrays: Mapping[Tensor, Array]) -> tuple[ValueStep, ...]:
        return tuple(self._value(node, arrays) for node in self.plan.steps)

    def _value(self, node: Tensor, arrays: Mapping[Tensor, Array]) -> ValueStep:
        symbol, inputs, body = self.symbols[node], self.inputs(node), self.plan.body(node)
        left: Formula = symbol
        if body is None:
            name = node.operation.name
            left, formula = value_formula(node, symbol, inputs)
        elif body is node:
            count = len(self.plan.inside(node).steps)
            name, formula = f"{count} steps", Function("f", inputs)
        else:
            name, formula = node.operation.name, Function(node.operation.name, inputs, settings(node))
        return ValueStep(node, symbol, name, inputs, left, formula, arrays[node], body is not None)

    def derivatives(self, arrays: Mapping[Tensor, Array], locals_: Mapping[Share, Any]) -> tuple[DerivativeStep, ...]:
        """In the order in which they are computed: from the root in reverse mode, from the leaves in forward mode."""
        assert self.flow is not None
        order = self.plan.order if self.notation.target is None else [*reversed(self.plan.order)]
        return tuple(
            DerivativeStep(
                node,
                self.symbols[node],
                self.notation.of(self.symbols[node]),
                tuple(self._contribution(s, arrays, locals_[s]) for s in self.flow.shares.get(node, ())),
                arrays[self.flow.totals[node]],
            )
            for node in order
            if node in self.flow.totals
        )

    def _contribution(self, share: Share, arrays: Mapping[Tensor, Array], local: Array | None) -> Contribution:
        step, x = share.step, share.x
        symbols = self.symbols[step], self.symbols[x]
        operation = self.plan.operation(step)
        written = edge_formula(self.notation, operation, step, share.place, symbols, self.inputs(step), x)
        return Contribution(
            step=self.symbols[share.step],
            source=self.symbols[share.x],
            arriving=written.arriving,
            arriving_value=arrays[share.arriving],
            local=written.local,
            local_formula=written.declared,
            local_value=local,
            left=written.left,
            product=written.product,
            adds=written.adds,
            value=arrays[share.value],
        )

    # --------------------------------------------------------------------------------------------------- its numbers
    def evaluated(self) -> tuple[dict[Tensor, Array], dict[Share, Array | None]]:
        """The numbers of all nodes, totals and shares, and the local derivatives of the edges."""
        shares = [s for group in self.flow.shares.values() for s in group] if self.flow else []
        wanted = list(self.plan.order)
        if self.flow is not None:
            wanted += [*self.flow.totals.values(), *(t for s in shares for t in (s.arriving, s.value))]
        partials = {s: _partial(s) for s in shares if isinstance(self.plan.operation(s.step), Elementwise)}
        wanted += [p for p in partials.values() if isinstance(p, Tensor)]
        bindings, columns = dict(self.bindings), dict[Share, list[Tensor]]()
        for share in shares:
            if share not in partials and not isinstance(self.plan.operation(share.step), Indexed):
                columns[share] = self._columns(share, bindings)
                wanted += columns[share]
        arrays = self.run(wanted, bindings)
        locals_: dict[Share, Array | None] = dict.fromkeys(shares)
        for share, partial in partials.items():
            if partial is not None:
                found = np.asarray(arrays[partial] if isinstance(partial, Tensor) else partial)
                locals_[share] = np.broadcast_to(found.astype(share.step.dtype.numpy), arrays[share.step].shape)
        for share, tangents in columns.items():
            if tangents:
                shape = (*arrays[share.step].shape, *arrays[share.x].shape)
                locals_[share] = np.stack([arrays[t] for t in tangents], -1).reshape(shape)
        return arrays, locals_

    def run(self, wanted: Sequence[Tensor], bindings: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
        outputs = list(dict.fromkeys(wanted))
        found = Program(outputs).run(bindings, batch=self.batch)
        return dict(zip(outputs, found, strict=True))

    def _columns(self, share: Share, bindings: dict[Tensor, Array]) -> list[Tensor]:
        """The local derivative by each element of what is read, where that is few numbers."""
        size, results = (prod(concrete_shape(t.shape, self.batch)) for t in (share.x, share.step))
        if size * results > _LARGEST_JACOBIAN:
            return []
        found = [self.column(share, unit(size, k), bindings) for k in range(size)]
        return [c for c in found if c is not None]

    def column(self, share: Share, direction: Array, bindings: dict[Tensor, Array]) -> Tensor | None:
        """The derivative of a step along a direction of the input that it reads there, which is bound."""
        x = share.x
        along = input_tensor("direction", x.shape, x.dtype)
        bindings[along] = direction.reshape(concrete_shape(x.shape, self.batch)).astype(x.dtype.numpy)
        return tangent(self.plan, share.step, share.place, along)


def unit(size: int, k: int) -> Array:
    """1 at place k, 0 elsewhere."""
    direction = np.zeros(size)
    direction[k] = 1
    return direction


def _partial(share: Share) -> Tensor | float | None:
    assert isinstance(share.step.operation, Elementwise)
    declared = share.step.operation.partials
    return None if declared is None else declared(share.step, *share.step.inputs)[share.place]
