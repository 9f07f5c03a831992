"""Explanations say what is true: their numbers are those of grad and jvp, and their formulas come to their numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.autodiff.explanation import latex
from chainrule.autodiff.explanation.formula import Literal, Numbers
from chainrule.autodiff.forward import pushforward
from chainrule.autodiff.reverse import gradients
from chainrule.errors import GradientError, UsageError
from chainrule.execute import evaluate
from chainrule.graph.dtype import float64
from chainrule.graph.tensor import number, tensor
from chainrule.messages import use_language
from chainrule.ops.kinds.conversion import lift_bits, lift_integers
from chainrule.ops.kinds.elementwise import Elementwise
from tests.autodiff.test_random_graphs import Grower
from tests.autodiff.written_formulas import worked_out
from tests.counts import scaled
from tests.refusals import Refusals


def neuron(**options):
    """The neuron with two inputs: ReLU(w₁x₁ + w₂x₂) and a squared loss."""
    w1, w2, x1, x2, t = (cr.input_tensor(name, ()) for name in ("w1", "w2", "x1", "x2", "t"))
    z = w1 * x1 + w2 * x2
    y = cr.relu(z)
    L = cr.square(y - t)
    values = {"w1": 0.5, "w2": -1.0, "x1": 3.0, "x2": 1.0, "t": 2.0}
    return cr.explain(L, names=locals(), **{"by": ["w1", "w2"], "values": values, **options})


def layers():
    """A dense layer with softmax and cross-entropy, on two samples."""
    x = cr.tensor([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]], "float64")
    w = cr.tensor([[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], "float64")
    b = cr.tensor([0.1, -0.1], "float64")
    h = x @ w
    z = h + b
    losses = cr.cross_entropy(z, [0, 1])
    L = cr.mean(losses)
    return L, {k: v for k, v in locals().items() if isinstance(v, cr.Tensor)}


# ------------------------------------------------------------------------------------------------- the numbers are true
def grown(seed):
    g = Grower(seed)
    return g, ops.sum(g.nodes[-1] * g.fresh(g.nodes[-1].shape))


def test_gradients_of_random_graphs_are_those_of_grad():
    for seed in range(scaled(1000, one_in=50)):
        g, loss = grown(seed)
        explanation = cr.explain(loss)
        names = {part.node: part.symbol.name for part in explanation.given}
        reached = {d.node for d in explanation.derivatives}
        for x in g.inputs:
            if x in reached:
                (wanted,) = evaluate(gradients(loss, [x]))
                found = explanation.derivative(names[x])
                np.testing.assert_allclose(found, wanted, 1e-12, 1e-12, err_msg=f"seed {seed}")
            elif x in names:
                with pytest.raises(GradientError, match="only through"):
                    gradients(loss, [x])
        for d in explanation.derivatives:
            if d.contributions:
                total = sum(part.value for part in d.contributions)
                np.testing.assert_allclose(total, d.value, 1e-10, 1e-12, err_msg=f"seed {seed}")


def test_tangents_of_random_graphs_are_those_of_forward_mode():
    for seed in range(scaled(200, one_in=40)):
        g, loss = grown(seed)
        within = {p.node for p in cr.explain(loss, steps="named").parts}
        direction = {x: g.fresh(x.shape) for x in g.inputs if x in within}
        explanation = cr.explain(loss, direction={x: v.numpy() for x, v in direction.items()})
        (wanted,) = pushforward([loss], direction)
        if wanted is not None:
            np.testing.assert_allclose(
                explanation.derivative("L"), wanted.numpy(), 1e-10, 1e-12, err_msg=f"seed {seed}"
            )


_SMOOTHLY = [
    o for o in ops.vocabulary.values() if isinstance(o, Elementwise) and o.lift not in (lift_bits, lift_integers)
]


@pytest.mark.parametrize("operation", _SMOOTHLY, ids=lambda o: o.name)
def test_every_elementwise_formula_comes_to_its_number(operation):
    """The value and the declared partial derivatives, as they are written with numbers."""
    inputs = [_inside(operation.interval(k), 0.37 + 0.2 * k) for k in range(len(operation.arguments))]
    y = operation(*[number(v, float64) if k else tensor(v, "float64") for k, v in enumerate(inputs)])
    explanation = cr.explain(y, names={"x": _source(y)})
    for entry in explanation.document.sections[1].entries:
        for equation in entry.equations:
            _check(equation)
    for step in explanation.derivatives:
        for part in step.contributions:
            column = (part.arriving_value * part.local_value).item()
            assert column == pytest.approx(part.value.item(), rel=1e-12)
    if len(explanation.document.sections) > 2:
        for entry in explanation.document.sections[2].entries:
            for equation in entry.equations:
                _check(equation)


def _check(equation):
    written, result = equation.sides[-2:]
    if not _symbolic(written):
        assert worked_out(written) == pytest.approx(worked_out(result), rel=1e-9, abs=1e-12)


def _inside(interval, wanted):
    low, high = interval
    return wanted if low < wanted < high else low + 0.4


def _source(y):
    return next(x for x in cr.Graph({"y": y}).nodes.values() if x.value is not None and not x.inputs)


def _symbolic(part):
    try:
        worked_out(part)
    except (TypeError, KeyError):  # a symbol, or a function that is no scalar function
        return True
    return False


# ------------------------------------------------------------------------------------------------------------ a neuron
def test_a_neuron_is_explained_so_that_a_step_can_be_redone_by_hand():
    text = str(neuron())
    for line in (
        "  3  z = v₁ + v₂ = 1.5 + (-1) = 0.5   (add)",
        "  4  y = max(z, 0) = max(0.5, 0) = 0.5   (relu)",
        "  6  L = v₃² = (-1.5)² = 2.25   (square)",
        "   8  ∂L/∂v₃ = 2·v₃ = 2·(-1.5) = -3",
        "      dL/dv₃ = dL/dL · ∂L/∂v₃ = 1·(-3) = -3",
        "  10  ∂y/∂z = [y > 0] = [0.5 > 0] = 1",
        "  14  ∂v₁/∂w₁ = x₁ = 3",
        "      dL/dw₁ = dL/dv₁ · ∂v₁/∂w₁ = (-3)·3 = -9",
        "  dL/dw₁ = ∂L/∂v₃ · ∂v₃/∂y · ∂y/∂z · ∂z/∂v₁ · ∂v₁/∂w₁ = (-3)·1·1·1·3 = -9",
        "[...] is 1 where the condition holds, 0 elsewhere",
    ):
        assert line in text.splitlines(), line
    assert "dL/dx" not in text  # which nobody asked for


def test_forward_mode_takes_the_derivatives_along():
    explanation = neuron(by=None, direction={"w1": 1.0})
    assert "     dz/dw₁ = ∂z/∂v₁ · dv₁/dw₁ = 1·3 = 3" in str(explanation).splitlines()
    assert explanation.derivative("L") == -9
    assert neuron(by=None, direction={"w1": 1.0, "w2": 2.0}).derivative("L") == -9 + 2 * -3


def test_paths_add_up():
    x = cr.tensor(3.0)
    square, twice = x * x, 2.0 * x
    text = str(cr.explain(square + twice, names={"x": x, "a": square, "b": twice}))
    assert "a = x·x = 3·3 = 9" in text
    assert "dL/dx = dL/db · ∂b/∂x + dL/da · ∂a/∂x⁽¹⁾ + dL/da · ∂a/∂x⁽²⁾ = 1·2 + 1·3 + 1·3 = 8" in text
    assert "= 1·2 + 1·3 + 1·3 = 2 + 3 + 3 = 8" in text  # along the three whole paths


def test_shares_of_arrays_are_told_apart_from_their_sum():
    w = cr.tensor([1.0, 2.0, 3.0])
    lines = str(cr.explain(w @ w, names={"w": w})).splitlines()
    assert lines.count("     through L: dL/dL · w[i] = [1, 2, 3]") == 2
    assert "     dL/dw = [1, 2, 3] + [1, 2, 3] = [2, 4, 6]" in lines


def test_where_relu_is_off_nothing_passes():
    explanation = neuron(values={"w1": -0.5, "w2": -1.0, "x1": 3.0, "x2": 1.0, "t": 2.0})
    assert "∂y/∂z = [y > 0] = [0 > 0] = 0" in str(explanation)
    assert explanation.derivative("w1") == 0


# ---------------------------------------------------------------------------------------------------------------- zoom
def test_an_element_of_a_weight_is_the_sum_over_its_paths():
    L, names = layers()
    text = str(cr.explain(L, by="w", names=names).at("w", 0, 1))
    assert "Its derivative: the sum over 2 paths, of upstream × local each" in text
    assert "dL/dh[0,1] · x[0,0] + dL/dh[1,1] · x[1,0]" in text
    assert "h[0,1] = x[0,0]·w[0,1] + x[0,1]·w[1,1] + x[0,2]·w[2,1] = 1·0.2 + 2·(-0.4) + 3·0.6 = 1.2" in str(
        cr.explain(L, names=names).at("h", 0, 1)
    )


def _tall(g):
    """Functions whose elements are looked at: broadcast, contracted, windowed, chosen, moved."""
    x, w = tensor(g.normal(size=(1, 5, 5, 2))), tensor(g.normal(size=(2, 2, 2, 3)))
    c = cr.conv2d(x, w, strides=2)
    c = cr.tanh(c + tensor(g.normal(size=3)))
    flat = cr.reshape(cr.max_pool(c, 2, strides=1), -1)
    chosen = cr.sort(flat)[1:] * cr.softmax(flat)[:-1]
    return cr.sum(chosen * tensor(g.normal(size=chosen.shape))), x, w


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_the_arithmetic_of_elements_comes_to_their_numbers(mode):
    g = np.random.default_rng(3)
    loss, x, w = _tall(g)
    directions = {"x": g.normal(size=x.shape), "w": g.normal(size=w.shape)}
    options = {"direction": directions} if mode == "forward" else {}
    explanation = cr.explain(loss, names={"x": x, "w": w}, **options)
    seen = 0
    for part in explanation.parts:
        index = tuple(g.integers(0, n) for n in part.value.shape)
        for section in explanation.at(part.symbol.name, *index).sections:
            *_, written, result = section.entries[0].equations[0].sides
            if not _symbolic(written):
                seen += 1
                assert worked_out(written) == pytest.approx(worked_out(result), rel=1e-9, abs=1e-12), part.symbol
    assert seen > 15


def test_what_is_named_are_the_steps_and_what_lies_between_can_be_opened():
    L, names = layers()
    explanation = cr.explain(L, by=["w", "b"], names={k: names[k] for k in "xwbzL"}, steps="named")
    assert [step.symbol.name for step in explanation.values] == ["z", "L"]
    inner = explanation.open("z")
    assert [step.operation for step in inner.values] == ["matmul", "add"]
    for name in ("w", "b"):
        np.testing.assert_allclose(inner.derivative(name), explanation.derivative(name), 1e-12)
    full = cr.explain(L, by=["w", "b"], names=names)
    np.testing.assert_allclose(full.derivative("w"), explanation.derivative("w"), 1e-12)


def test_a_composite_opens_into_its_body_down_to_single_operations():
    L, names = layers()
    explanation = cr.explain(L, by="w", names=names)
    inner = explanation.open("losses")
    assert inner.values[-1].symbol.name == "losses"
    np.testing.assert_array_equal(inner.values[-1].value, explanation.value("losses"))
    np.testing.assert_allclose(inner.derivative("z"), explanation.derivative("z"), 1e-12)
    deeper = inner.open(next(s.symbol.name for s in inner.values if s.opens))
    assert {"exp", "log"} <= {step.operation for step in deeper.values}
    forward = cr.explain(L, names=names, direction={"b": [1.0, 0.0]})
    np.testing.assert_allclose(forward.open("losses").derivative("losses"), forward.derivative("losses"), 1e-12)


def test_a_sample_of_a_batch_is_explained_with_values_for_its_inputs():
    x = cr.input_tensor("x", (cr.batch, 2))
    w = cr.tensor([[1.0], [2.0]])
    explanation = cr.explain(cr.mean(x @ w), by=w, names={"w": w}, values={x: [[1.0, 2.0], [3.0, 4.0]]})
    np.testing.assert_allclose(explanation.derivative("w"), [[2.0], [3.0]])
    assert "dL/dv₁[1,0] · x[1,0]" in str(explanation.at("w", 0, 0))


def test_the_steps_of_a_network_are_its_layers():
    model = cr.Model(cr.nn.Sequential([cr.nn.Dense(20, "tanh", name="hidden"), cr.nn.Dense(2, name="scores")]), (30,))
    labels = cr.input_tensor("labels", (cr.batch,), "int64")
    loss = cr.mean(cr.cross_entropy(model.network.inference, labels))
    x = np.random.default_rng(0).normal(size=(4, 30))
    explanation = cr.explain(
        loss,
        by=list(model.parameters),
        values={**model.parameters, "x": x, "labels": [0, 1, 1, 0]},
        names={record.path: record.output for record in model.network.layers},
        steps="named",
    )
    assert [step.symbol.name for step in explanation.values] == ["hidden", "scores", "L"]
    inner = explanation.open("hidden")
    assert [step.operation for step in inner.values] == ["matmul", "add", "tanh"]
    value = inner.at("v1", 2, 5).sections[0].entries[0].equations[0]
    kernel = model.parameters["hidden/kernel"]
    products = sorted((x[2].astype("float32") * kernel[:, 5]).tolist(), key=abs)
    others = value.sides[-2].terms[-1]
    assert others.count == 30 - 8
    assert others.value == pytest.approx(sum(products[:-8]), abs=1e-5)  # the largest are written out


def test_large_arrays_are_abbreviated():
    text = str(cr.explain(cr.sum(cr.tanh(cr.tensor(np.linspace(-1, 1, 6000).reshape(60, 100)))), names={}))
    assert "60×100: 6,000 numbers from -1 to 1" in text
    assert len(text) < 2000


def test_a_result_of_several_numbers_has_its_values_explained():
    explanation = cr.explain(cr.softmax([1.0, 2.0]))
    assert explanation.mode == "none"
    assert explanation.open("y").values[-1].operation == "divide"


# -------------------------------------------------------------------------------------------------- the ways of writing
def _documents():
    L, names = layers()
    explanation = cr.explain(L, names=names)
    image = cr.tensor(np.arange(25.0).reshape(1, 5, 5, 1))
    convolved = cr.explain(cr.sum(cr.leaky_relu(cr.conv2d(image, np.ones((2, 2, 1, 1)), strides=2), 0.1)))
    return [
        neuron().document, neuron(by=None, direction={"w1": 1.0}).document, explanation.document,
        explanation.open("losses").document, explanation.at("w", 2, 1), convolved.document,
        cr.explain(L, names={"z/out": names["z"]}, steps="named").document,
    ]  # fmt: skip


def test_every_formula_is_mathematics_that_matplotlib_sets():
    from matplotlib.mathtext import MathTextParser

    equations = [e for d in _documents()[::2] for s in d.sections for entry in s.entries for e in entry.equations]
    sides = [side for e in equations for side in e.sides if not isinstance(side, Numbers)]  # it knows no matrices
    forms = {re.sub(r"\d+", "1", formula): formula for formula in map(latex.formula, sides)}
    parser = MathTextParser("path")
    for formula in forms.values():  # one of those that differ in numbers only
        parser.parse(f"${formula}$")
    assert len(forms) > 50


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_sets_every_document(tmp_path: Path):
    packages = r"\usepackage[utf8]{inputenc}\usepackage{amsmath}"
    body = "\n".join(document.latex() for document in _documents())
    source = rf"\documentclass{{article}}{packages}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "steps.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "steps.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_html_is_well_formed_and_needs_nothing_from_elsewhere():
    L, names = layers()
    pages = [document.html() for document in _documents()] + [cr.explain(L, names=names)._repr_html_()]
    for page in pages:
        root = ElementTree.fromstring(page)
        assert root.findall(".//math")
        assert not {element.tag for element in root.iter()} & {"script", "link", "img"}
        assert "http" not in page
    assert len(ElementTree.fromstring(pages[-1]).findall(".//details")) > 3  # what opens can be unfolded


def test_headings_are_in_the_language_that_is_spoken():
    use_language("zh")
    try:
        assert "反向传播" in str(neuron())
    finally:
        use_language(None)


def test_numbers_have_five_digits_and_it_is_said():
    text = str(cr.explain(cr.tensor(2.0) / 3.0))
    assert "0.66667" in text
    assert text.endswith("numbers are written with five digits")
    assert latex.formula(Literal(1.5e-7)) == r"1.5 \cdot 10^{-7}"


# ------------------------------------------------------------------------------------------------------------ refusals
def _long(steps):
    y = cr.tensor(1.0)
    for _ in range(steps):
        y = y * 1.01
    return y


def _integers():
    x = cr.tensor([1, 2])
    return cr.explain(cr.cast(cr.sum(x), "float32"), by=x)


unchecked: Any = cr.explain  # called as the type checker would not allow
WRONG = {
    "not a tensor": lambda: unchecked(3.0),
    "no value": lambda: neuron(values={"w1": 1.0}),
    "no such input": lambda: neuron(values={"w3": 1.0}),
    "wrong shape": lambda: neuron(values={name: [1.0] for name in ("w1", "w2", "x1", "x2", "t")}),
    "values without names": lambda: unchecked(cr.tensor(1.0) * 2.0, values=[1.0]),
    "a direction without names": lambda: unchecked(cr.tensor(1.0) * 2.0, direction=[1.0]),
    "by a number": lambda: unchecked(cr.tensor(1.0) * 2.0, by=3),
    "by numbers": lambda: unchecked(cr.tensor(1.0) * 2.0, by=[3]),
    "no such variable": lambda: neuron(by=["w11"]),
    "of another graph": lambda: cr.explain(cr.tensor(1.0) * 2.0, by=cr.tensor([1.0])),
    "a whole number": _integers,
    "nothing passes": lambda: cr.explain(cr.sign(x := cr.tensor(1.0)), by=x),
    "many results": lambda: cr.explain(cr.softmax(x := cr.tensor([1.0, 2.0])), by=x),
    "both modes": lambda: neuron(direction={"w1": 1.0}),
    "a direction of another shape": lambda: neuron(by=None, direction={"w1": [1.0, 2.0]}),
    "unknown steps": lambda: neuron(steps="names"),
    "too many steps": lambda: cr.explain(_long(201)),
    "open an operation": lambda: neuron().open("z"),
    "open what is given": lambda: neuron().open("w1"),
    "open nothing": lambda: neuron().open("zz"),
    "no such element": lambda: neuron().at("z", 1),
    "no derivative": lambda: neuron().derivative("x1"),
}
REFUSALS = Refusals(Path(__file__).parent / "explanation_messages.txt", WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_explained_is_refused(name):
    REFUSALS.check(name)


def test_no_refusal_is_left_over():
    REFUSALS.check_that_none_is_left_over()


def test_a_long_graph_is_explained_between_its_landmarks():
    middle = _long(150)
    y = middle
    for _ in range(150):
        y = y + 0.5
    with pytest.raises(UsageError, match="300 steps"):
        cr.explain(y)
    explanation = cr.explain(y, names={"middle": middle}, steps="named")
    assert len(explanation.values) == 2
    assert explanation.derivative("x") == pytest.approx(1.01**150, rel=1e-5)
