"""Headings, equations and remarks: what is written, whichever way it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.autodiff.explanation import html, latex, text
from chainrule.autodiff.explanation.formula import (
    Derivative,
    Equation,
    Formula,
    Literal,
    Numbers,
    Product,
    Truth,
    abbreviated,
    literal,
    product,
    rewritten,
    rounded,
    total,
    with_numbers,
)
from chainrule.autodiff.explanation.record import Contribution, DerivativeStep, ValueStep
from chainrule.messages import Message

if TYPE_CHECKING:
    from chainrule.autodiff.explanation.explanation import Explanation

_TITLE = Message("explain.title", en="{result}, step by step", zh="逐步解释 {result}")
_INSIDE = Message("explain.inside", en="inside {step}", zh="{step} 的内部")
_GIVEN = Message("explain.given", en="Given", zh="已知")
_VALUES = Message(
    "explain.values", en="Forward pass: values, from what is given to the result", zh="前向传播：从已知量到结果的值"
)
_BACKWARD = Message(
    "explain.backward",
    en="Backward pass: derivatives, from the result back; what arrived at the next step (upstream) × that step's own "
    "derivative (local), summed over the paths",
    zh="反向传播：从结果往回的导数；到达下一步的导数（上游）× 该步自身的导数（局部），并对各路径求和",
)
_TANGENTS = Message(
    "explain.tangents",
    en="Forward mode: derivatives, along with the values; each is local × what arrives, summed over the inputs",
    zh="前向模式：导数与值一起前进；每个导数为局部 × 传入，并对各输入求和",
)
_PATHS = Message("explain.paths", en="The chain rule along whole paths", zh="沿整条路径的链式法则")
_START = Message("explain.start", en="start", zh="起点")
_ARRIVES = Message("explain.arrives", en="arrives from outside", zh="从外部传入")
_THROUGH = Message("explain.through", en="through {step}", zh="经由 {step}")
_HERE = Message("explain.here", en="along the paths through {step}", zh="沿经过 {step} 的路径")
_OPENS = Message(
    "explain.opens", en="{operation}; open('{name}') shows its steps", zh="{operation}；open('{name}') 可展开其步骤"
)
_NO_PATH = Message(
    "explain.no_path",
    en="nothing that has a derivative depends on it",
    zh="没有可导的量依赖于它",
)

_LEGEND = Message("explain.legend", en="How to read it", zh="符号说明")
_LEGEND_D = Message(
    "explain.legend_d",
    en="d is a derivative along all paths; ∂ that of one step, its other inputs held still",
    zh="d 表示沿所有路径的导数；∂ 表示单个步骤的导数，其他输入保持不变",
)
_LEGEND_TRUTH = Message(
    "explain.legend_truth",
    en="[...] is 1 where the condition holds, 0 elsewhere",
    zh="[...] 在条件成立时为 1，否则为 0",
)
_LEGEND_EACH = Message("explain.legend_each", en="⊙ multiplies element by element", zh="⊙ 表示逐元素相乘")
_LEGEND_PLACE = Message(
    "explain.legend_place",
    en="⁽¹⁾ and ⁽²⁾ tell apart the places where a step reads the same variable",
    zh="⁽¹⁾ 与 ⁽²⁾ 区分同一步骤中读取同一变量的不同位置",
)
_LEGEND_DIGITS = Message("explain.legend_digits", en="numbers are written with five digits", zh="数值保留五位有效数字")


@dataclass(frozen=True)
class Entry:
    """Equations that belong together: a number or name for them, a remark, and what unfolds below them."""

    equations: tuple[Equation, ...]
    label: str = ""
    remark: str = ""
    inner: Document | None = None


@dataclass(frozen=True)
class Section:
    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Document:
    """What explains something: written as text, in LaTeX, or as HTML."""

    title: str
    sections: tuple[Section, ...]
    legend: tuple[str, ...] = ()

    def text(self) -> str:
        return text.written(self)

    def latex(self) -> str:
        return latex.written(self)

    def html(self) -> str:
        return html.written(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Document({self.title!r}, {sum(len(s.entries) for s in self.sections)} entries)"

    def _repr_html_(self) -> str:
        return self.html()


# --------------------------------------------------------------------------------------------------- an explanation's
def document_of(explanation: Explanation, *, unfolding: int = 0) -> Document:
    """An explanation; what its steps consist of stands inside them, so many levels deep."""
    sections = [
        Section(_GIVEN(), tuple(Entry((Equation((g.symbol, literal(g.value))),)) for g in explanation.given)),
        Section(_VALUES(), tuple(_values(explanation, unfolding))),
    ]
    if explanation.derivatives:
        heading = _BACKWARD() if explanation.mode == "reverse" else _TANGENTS()
        sections.append(Section(heading, tuple(_derivatives(explanation))))
    if explanation.paths:
        sections.append(Section(_PATHS(), tuple(_paths(explanation))))
    title = _TITLE(result=text.formula(explanation.result))
    if explanation.inside is not None:
        title += f": {_INSIDE(step=text.formula(explanation.inside))}"
    found = tuple(s for s in sections if s.entries)
    return Document(title, found, legend_of(found))


def _values(explanation: Explanation, unfolding: int) -> list[Entry]:
    numbers = numbers_of(explanation)
    entries = []
    for k, step in enumerate(explanation.values, 1):
        inner = None
        if step.opens and unfolding:
            inner = document_of(explanation.open(step.symbol.name), unfolding=unfolding - 1)
        remark = _OPENS(operation=step.operation, name=step.symbol.name) if step.opens else step.operation
        entries.append(Entry((value_equation(step, numbers),), f"{k}", remark, inner))
    return entries


def numbers_of(explanation: Explanation) -> dict[Formula, Formula]:
    """The single numbers among the values, by their symbols."""
    return {p.symbol: literal(p.value) for p in explanation.parts if not p.value.ndim}


def value_equation(step: ValueStep, numbers: dict[Formula, Formula]) -> Equation:
    """y = formula = formula with numbers = value; the numbers only where all are single ones."""
    sides = [step.left, step.formula]
    if not step.value.ndim and all(x in numbers or isinstance(x, Literal) for x in step.inputs):
        sides.append(with_numbers(step.formula, numbers))
    return Equation((*sides, literal(step.value)))


def _derivatives(explanation: Explanation) -> list[Entry]:
    numbers = numbers_of(explanation)
    leaves = {g.symbol for g in explanation.given}
    places = {step.symbol: f"{k}" for k, step in enumerate(explanation.values, 1)}
    entries: list[Entry] = []
    for step in explanation.derivatives:
        here = explanation.inside is not None and explanation.mode == "reverse" and step.symbol in leaves
        if step.contributions:
            remark = _HERE(step=text.formula(explanation.inside)) if here and explanation.inside else ""
        else:
            start = explanation.inside is None
            remark = _START() if start else _ARRIVES()
        label = places.get(step.symbol, "") if explanation.mode == "forward" else f"{len(places) + len(entries) + 1}"
        entries.append(Entry(derivative_equations(step, numbers), label, remark))
    return entries


def derivative_equations(step: DerivativeStep, numbers: dict[Formula, Formula]) -> tuple[Equation, ...]:
    """The local derivatives, and their products with what arrives, which add up."""
    if not step.contributions:
        return (Equation((step.derivative, literal(step.value))),)
    if all(not part.value.ndim and not part.arriving_value.ndim for part in step.contributions):
        return _of_numbers(step, numbers)
    found = []
    several = len(step.contributions) > 1
    for part in step.contributions:
        if part.local_formula is not None or part.local_value is not None:
            found.append(_local(part, numbers))
        label = _THROUGH(step=text.formula(part.step)) if several else ""
        left = () if several and not part.adds else (part.left,)  # one of several is not the whole derivative
        relation = "+=" if part.adds else "="
        found.append(Equation((*left, part.product, literal(part.value)), relation, label))
    if several:
        found.append(
            Equation((step.derivative, total(tuple(literal(p.value) for p in step.contributions)), literal(step.value)))
        )
    return tuple(found)


def _of_numbers(step: DerivativeStep, numbers: dict[Formula, Formula]) -> tuple[Equation, ...]:
    known: dict[Formula, Formula] = {}
    for part in step.contributions:
        known[part.arriving] = literal(part.arriving_value)
        if part.local_value is not None:
            known[part.local] = literal(part.local_value)
    products = total(tuple(part.product for part in step.contributions))
    sides = [step.derivative, products]
    if all(part.local_value is not None for part in step.contributions):
        sides.append(with_numbers(products, known))
    return (*(_local(part, numbers) for part in step.contributions), Equation((*sides, literal(step.value))))


def _local(part: Contribution, numbers: dict[Formula, Formula]) -> Equation:
    """∂y/∂x = formula = formula with numbers = value."""
    sides = [part.local]
    if part.local_formula is not None:
        sides.append(part.local_formula)
        if part.local_value is not None and not part.local_value.ndim:
            sides.append(with_numbers(part.local_formula, numbers))
    if part.local_value is not None and not isinstance(part.local_formula, Literal):  # which says the numbers already
        sides.append(literal(part.local_value))
    return Equation(tuple(sides))


def _paths(explanation: Explanation) -> list[Entry]:
    """dL/dw = product of local derivatives, summed over the paths of each leaf."""
    entries = []
    for symbol in dict.fromkeys(path.leaf for path in explanation.paths):
        paths = [path for path in explanation.paths if path.leaf == symbol]
        derivative = Derivative(explanation.result, symbol)
        sides = [
            total(tuple(product(*path.factors) for path in paths)),
            total(tuple(product(*(Literal(n) for n in path.numbers)) for path in paths)),
            total(tuple(Literal(path.value) for path in paths)),
            Literal(sum(path.value for path in paths)),
        ]
        entries.append(Entry((Equation((derivative, *sides)),)))
    return entries


# ---------------------------------------------------------------------------------------------------------- the legend
def legend_of(sections: Sequence[Section]) -> tuple[str, ...]:
    """What signs mean, of those that occur."""
    met: set[str] = set()

    def look(part: Formula) -> Formula:
        if isinstance(part, Derivative):
            met.add("d" if part.partial else "D")
            if part.place:
                met.add("place")
        elif isinstance(part, Truth):
            met.add("truth")
        elif isinstance(part, Product) and part.elementwise:
            met.add("each")
        elif (isinstance(part, Literal) and rounded(part.value)) or (
            isinstance(part, Numbers) and abbreviated(part.value) is None and any(map(rounded, part.value.flat))
        ):
            met.add("digits")
        return part

    for section in sections:
        for entry in section.entries:
            for equation in entry.equations:
                for side in equation.sides:
                    rewritten(side, look)
    known = {
        "d": _LEGEND_D, "truth": _LEGEND_TRUTH, "each": _LEGEND_EACH, "place": _LEGEND_PLACE, "digits": _LEGEND_DIGITS,
    }  # fmt: skip
    return tuple(message() for sign, message in known.items() if sign in met)
