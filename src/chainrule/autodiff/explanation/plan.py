"""Which nodes of a graph are steps, what each step reads, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.autodiff.explanation.formula import Symbol
from chainrule.graph.operation import Expandable, Operation
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor
from chainrule.graph.traversal import topological


@dataclass(frozen=True, eq=False)
class Plan:
    """The part of a graph from its leaves to its root, in steps.

    Without `landmarks` every node is a step. With them only these nodes are, and a step is all that happens between
    them. Nodes behind the leaves do not belong to the plan.
    """

    root: Tensor
    leaves: frozenset[Tensor] = frozenset()
    landmarks: frozenset[Tensor] | None = None

    @cached_property
    def order(self) -> list[Tensor]:
        """All nodes, inputs before users, but for the numbers in it."""
        return [node for node in topological([self.root], self.inputs) if node.operation is not NUMBER]

    @cached_property
    def steps(self) -> list[Tensor]:
        return [node for node in self.order if not self.given(node)]

    @cached_property
    def sources(self) -> list[Tensor]:
        return [node for node in self.order if self.given(node)]

    def given(self, node: Tensor) -> bool:
        """Whether the node's value comes from outside."""
        return node in self.leaves or node.operation is SOURCE

    def inputs(self, node: Tensor) -> Sequence[Tensor]:
        """What the step of a node reads; what consists of other steps reads it once."""
        if self.given(node):
            return ()
        if not self._direct(node):
            return self._frontiers[node]
        return tuple(dict.fromkeys(node.inputs)) if isinstance(node.operation, Expandable) else node.inputs

    def body(self, node: Tensor) -> Tensor | None:
        """The result of what the step consists of: None where it is a single operation."""
        if not self._direct(node):
            return node
        return node.expansion if isinstance(node.operation, Expandable) else None

    def operation(self, node: Tensor) -> Operation | None:
        """The step's single operation; None where it consists of others."""
        return node.operation if self.body(node) is None else None

    def inside(self, node: Tensor) -> Plan:
        """The steps of a step."""
        body = self.body(node)
        assert body is not None
        return Plan(body, frozenset(self.inputs(node)))

    def _direct(self, node: Tensor) -> bool:
        """Whether the node is its operation on nodes of the plan, with nothing between."""
        return self.landmarks is None or all(self._kept(x) or x.operation is NUMBER for x in node.inputs)

    def _kept(self, node: Tensor) -> bool:
        return self.landmarks is None or node in self.landmarks or self.given(node)

    @cached_property
    def _frontiers(self) -> Mapping[Tensor, tuple[Tensor, ...]]:
        """For every node of the graph, the nearest nodes of the plan that its value is made from."""
        found: dict[Tensor, tuple[Tensor, ...]] = {}
        for node in topological([self.root], lambda node: () if self.given(node) else node.inputs):
            inputs = [x for x in node.inputs if x.operation is not NUMBER] if not self.given(node) else []
            found[node] = tuple(dict.fromkeys(f for x in inputs for f in ((x,) if self._kept(x) else found[x])))
        return found


# ------------------------------------------------------------------------------------------------------------- names
def named(
    plan: Plan, chosen: Mapping[str, Tensor], result: str | None = None, taken: Iterable[str] = ()
) -> dict[Tensor, Symbol]:
    """A symbol for every node of a plan; numbered names are none of those that are taken already.

    In this order: the name that was chosen, the node's own, for the result L if it is one number, else y; x for what
    comes from outside; v₁, v₂, ... for what lies between.
    """
    wanted = {node: name for name, node in chosen.items()}
    if result is not None:
        wanted[plan.root] = result
    for node in plan.order:
        if node.name:
            wanted.setdefault(node, node.name)
    used: set[str] = set()
    names: dict[Tensor, str] = {}
    for node in plan.order:
        if node in wanted:
            names[node] = _unique(wanted[node].replace("/", "."), used)
            used.add(names[node])
    used.update(taken)
    if plan.root not in names:
        names[plan.root] = _unique("L" if plan.root.shape == () else "y", used)
        used.add(names[plan.root])
    others = [node for node in plan.sources if node not in names]
    _number("x", others, names, used, alone=True)
    _number("v", [node for node in plan.order if node not in names], names, used)
    return {node: Symbol(name) for node, name in names.items()}


def _number(
    letter: str, nodes: Sequence[Tensor], names: dict[Tensor, str], taken: set[str], *, alone: bool = False
) -> None:
    count = 0
    for node in nodes:
        name = letter if alone and len(nodes) == 1 else ""
        while not name or name in taken:
            count += 1
            name = f"{letter}{count}"
        names[node] = name
        taken.add(name)


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(other for k in range(1, len(taken) + 2) if (other := f"{name}_{k}") not in taken)
