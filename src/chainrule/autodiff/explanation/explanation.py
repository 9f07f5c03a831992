"""The explanation of a tensor: the steps of its computation and of its derivatives, to be read, opened and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.autodiff.explanation.document import Document, document_of
from chainrule.autodiff.explanation.element import element_document
from chainrule.autodiff.explanation.flow import backward, forward
from chainrule.autodiff.explanation.formula import Symbol
from chainrule.autodiff.explanation.making import Making
from chainrule.autodiff.explanation.paths import whole_paths
from chainrule.autodiff.explanation.plan import named
from chainrule.autodiff.explanation.record import DerivativeStep, Given, Mode, Path, ValueStep
from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.operation import Array
from chainrule.messages import Message, suggestion

_NO_SUCH_NAME = Message(
    "explain.no_such_name",
    en="the explanation has no '{name}'; it has {known}.{suggestion}",
    zh="该解释中没有“{name}”；其中有 {known}。{suggestion}",
)
_NOTHING_INSIDE = Message(
    "explain.nothing_inside",
    en="'{name}' ({operation}) does not consist of other steps that could be shown. Look at one of its elements with "
    "at('{name}', ...).",
    zh="“{name}”（{operation}）不由其他步骤组成，无法展开。可用 at('{name}', ...) 查看它的某个元素。",
)
_NOT_AN_ELEMENT = Message(
    "explain.not_an_element",
    en="'{name}' has shape {shape}, and no element {index}; give one whole number for each axis, counted from 0.",
    zh="“{name}”的形状为 {shape}，没有元素 {index}；请为每个轴给出一个从 0 开始的整数。",
)
_NO_DERIVATIVE = Message(
    "explain.no_derivative",
    en="no derivative of '{name}' is explained here: {known} have one. Name it in `by`, or see whether a "
    "differentiable path joins it to the result.",
    zh="此处没有解释“{name}”的导数；有导数的是 {known}。请在 by 中列出它，或检查它与结果之间是否有可微的路径。",
)

_UNFOLDED = 40  # steps of an explanation in whose HTML those that open can be unfolded


@dataclass(frozen=True, eq=False)
class Explanation:
    """Every step of a computation with its numbers, and of its derivatives by the chain rule.

    given         the values that come from outside
    values        the steps of the forward pass, in order
    derivatives   those of the derivatives in order: from the result back (reverse mode), or along with the values
    paths         the chain rule along whole paths, where all values are single numbers and the paths few

    Shown as text by print, and as HTML in a notebook; `latex()` gives it for a paper, and `inspect.plot_explanation`
    a picture. `open` shows the inside of a step, `at` a single element.
    """

    result: Symbol
    mode: Mode
    given: tuple[Given, ...]
    values: tuple[ValueStep, ...]
    derivatives: tuple[DerivativeStep, ...]
    paths: tuple[Path, ...]
    inside: Symbol | None
    making: Making

    # ------------------------------------------------------------------------------------------------------- numbers
    def value(self, name: str) -> Array:
        """The value of a step, or of what was given."""
        return self._named(name).value

    def derivative(self, name: str) -> Array:
        """The derivative of the result by this variable; in forward mode that of the variable along the direction.

        Raises:   UsageError if there is none.
        """
        step = self._named(name)
        for derived in self.derivatives:
            if derived.node is step.node:
                return derived.value
        known = ", ".join(d.symbol.name for d in self.derivatives) or "none"
        raise UsageError(_NO_DERIVATIVE(name=name, known=known))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all values, in order."""
        return tuple(part.symbol.name for part in self.parts)

    @property
    def parts(self) -> tuple[Given | ValueStep, ...]:
        """What is given and the steps, in order."""
        return (*self.given, *self.values)

    # ---------------------------------------------------------------------------------------------------------- zoom
    def open(self, name: str) -> Explanation:
        """The steps that a step consists of: those of a softmax's body, or those between two landmarks.

        Its derivatives are of the same result, along the paths through this step.

        Raises:   UsageError if no step has this name, or it is a single operation.
        """
        step = self._named(name)
        if not isinstance(step, ValueStep) or not step.opens:
            what = step.operation if isinstance(step, ValueStep) else "given"
            raise UsageError(_NOTHING_INSIDE(name=name, operation=what))
        return opened(self, step)

    def at(self, name: str, *index: int) -> Document:
        """The arithmetic of one element: the products and sums of its value, and of its derivative over all paths.

        Raises:   UsageError if nothing has this name; ShapeError if it has no such element.
        """
        step = self._named(name)
        shape = step.value.shape
        if len(index) != len(shape) or not all(-n <= k < n for k, n in zip(index, shape, strict=True)):
            raise ShapeError(_NOT_AN_ELEMENT(name=name, shape=show_shape(shape), index=index))
        return element_document(self, step, tuple(k % n for k, n in zip(index, shape, strict=True)))

    def _named(self, name: str) -> Given | ValueStep:
        for part in self.parts:
            if part.symbol.name == name.replace("/", "."):
                return part
        raise UsageError(_NO_SUCH_NAME(name=name, known=", ".join(self.names), suggestion=suggestion(name, self.names)))

    # ------------------------------------------------------------------------------------------------------- written
    @property
    def document(self) -> Document:
        """All of it as headings and equations, which every way of writing shares."""
        return document_of(self)

    def text(self) -> str:
        return self.document.text()

    def latex(self) -> str:
        """For LaTeX with the package amsmath: paragraphs and align* environments."""
        return self.document.latex()

    def html(self) -> str:
        """A piece of HTML with MathML in it, which browsers show without any script; what opens can be unfolded."""
        unfolding = 3 if len(self.values) <= _UNFOLDED else 0
        return document_of(self, unfolding=unfolding).html()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        counts = f"{len(self.values)} steps, {len(self.derivatives)} derivatives"
        return f"Explanation({self.result.name}: {counts}, mode={self.mode!r})"

    def _repr_html_(self) -> str:
        return self.html()


def explanation_of(making: Making, result: Symbol, mode: Mode, inside: Symbol | None = None) -> Explanation:
    """The explanation that a plan and the derivatives on it give, with all numbers."""
    arrays, locals_ = making.evaluated()
    derivatives: Any = () if making.flow is None else making.derivatives(arrays, locals_)
    return Explanation(
        result=result,
        mode=mode,
        given=making.given(arrays),
        values=making.values(arrays),
        derivatives=derivatives,
        paths=whole_paths(derivatives) if mode == "reverse" else (),
        inside=inside,
        making=making,
    )


def opened(outer: Explanation, step: ValueStep) -> Explanation:
    """The explanation of what a step consists of; names that the outer one uses mean nothing else in it."""
    making = outer.making
    plan = making.plan.inside(step.node)
    leaves = [x for x in making.plan.inputs(step.node) if x in making.symbols]
    chosen = {making.symbols[x].name: x for x in leaves}
    symbols = named(plan, chosen, step.symbol.name, [symbol.name for symbol in making.symbols.values()])
    flow, notation = making.flow, making.notation
    if flow is None:
        inner = Making(plan, symbols, making.bindings, None, notation)
    elif notation.target is None:
        directions = {x: flow.totals[x] for x in leaves if x in flow.totals}
        inner = Making(plan, symbols, making.bindings, forward(plan, directions), notation)
    elif step.node in flow.totals:
        found = backward(plan, flow.totals[step.node], [x for x in leaves if x in flow.totals])
        inner = Making(plan, symbols, making.bindings, found, notation)
    else:
        inner = Making(plan, symbols, making.bindings, None, notation)
    return explanation_of(inner, outer.result, outer.mode, inside=step.symbol)
