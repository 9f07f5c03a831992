"""Graphs as data: what is saved is read back bit for bit, and damage is refused in words."""

import copy
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import FileFormatError, GraphError
from chainrule.execute import Program
from chainrule.graph.graph import Graph
from chainrule.graph.records import from_records, to_records
from chainrule.ops import vocabulary
from chainrule.ops.kinds.composite import Composite
from chainrule.ops.kinds.elementwise import Elementwise
from tests.counts import full, scaled
from tests.graph import examples
from tests.graph.test_verify import derived
from tests.ops.cases import CASES


def through_json(graph):
    records, arrays = to_records(graph, vocabulary)
    return from_records(json.loads(json.dumps(records)), vocabulary, arrays)


@pytest.mark.parametrize("name", list(CASES)[:: 1 if full() else 3])
@given(data=st.data())
@settings(max_examples=scaled(20))
def test_every_operation_and_its_derivatives_survive(name, data):
    case = data.draw(CASES[name])
    graph = derived(case, symbolic=bool(case.batch))
    back = through_json(graph)
    assert to_records(back, vocabulary)[0] == to_records(graph, vocabulary)[0]
    given_values = dict(zip((f"x{k}" for k in range(len(case.inputs))), case.inputs, strict=True))
    values = []
    for g in (graph, back):
        bindings = {node: given_values[name] for name, node in g.inputs.items() if name in given_values}
        if "cotangent" in g.inputs:
            shape = Program([g.outputs["y0"]]).run(bindings)[0].shape
            bindings[g.inputs["cotangent"]] = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
        batch = case.samples if case.batch else None
        values.append(Program([*g.outputs.values()]).run(bindings, batch=batch))
    for before, after in zip(*values, strict=True):
        np.testing.assert_array_equal(before, after, strict=True)


def test_names_and_inputs_stay():
    back = through_json(examples.network())
    assert list(back.inputs) == ["images", "conv/kernel", "dense/kernel", "labels"]
    assert list(back.outputs) == ["probabilities", "loss"]
    assert back.nodes["conv2d"].name == "conv2d"
    assert back.nodes["conv2d"].where.startswith("test_records.py:")


def test_the_same_architecture_gives_the_same_data():
    assert to_records(examples.network(), vocabulary) == to_records(examples.network(), vocabulary)


def test_attributes_keep_their_kind():
    x = cr.input_tensor("x", (cr.batch, 2))
    y = cr.reshape(x, (cr.batch * 2, 1)) * float("-inf") + cr.cast(cr.arange(1), "float32")
    back = through_json(Graph({"y": y}))
    assert [(n.operation, n.attributes) for n in back.nodes.values()] == [
        (n.operation, n.attributes) for n in Graph({"y": y}).nodes.values()
    ]


def test_arrays_are_those_of_sources_with_numbers_and_are_copied():
    x = cr.tensor(np.float64([1.0, 2.0]))
    y = x * 2
    y.numpy()  # a value that is known by now, but follows from others
    records, arrays = to_records(Graph({"y": y}), vocabulary)
    assert list(arrays) == ["constant"]
    given_array = arrays["constant"].copy()
    back = from_records(records, vocabulary, {"constant": given_array})
    given_array[:] = 0
    np.testing.assert_array_equal(back.outputs["y"].numpy(), [2.0, 4.0])


def test_a_composite_of_ones_own_is_saved_as_its_body():
    double = Composite("double_softmax", lambda x, times: cr.softmax(x * times))
    back = through_json(Graph({"y": cr.relu(double(cr.tensor([1.0, 2.0]), times=3.0))}))
    assert [n.operation.name for n in back.nodes.values()] == ["source", "number", "multiply", "softmax", "relu"]
    np.testing.assert_allclose(back.outputs["y"].numpy(), cr.softmax([3.0, 6.0]).numpy())


def test_what_could_not_be_read_back_is_not_saved():
    cube = Elementwise("cube", "x * x * x", partials=lambda y, x: (3 * x * x,))
    with pytest.raises(GraphError, match=r"cube \(1,\), built at test_records.py:\d+: its operation is not in"):
        to_records(Graph({"y": cube([1.0])}), vocabulary)
    impostor = Elementwise("tanh", "x", partials=lambda y, x: (1,))  # not the vocabulary's, though it has its name
    with pytest.raises(GraphError, match="not in the vocabulary"):
        to_records(Graph({"y": impostor([1.0])}), vocabulary)
    y = cr.softmax([1.0])
    y.attributes = {"axes": [0]}
    with pytest.raises(GraphError, match=r"softmax .*: its attribute axes=\[0\] is not plain data"):
        to_records(Graph({"y": y}), vocabulary)


# ------------------------------------------------------------------------------------------------------------ damage
def node(records, name):
    return next(n for n in records["nodes"] if n["name"] == name)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda r: node(r, "relu").update(operation="rulu"), "'relu' applies 'rulu', .* Did you mean 'relu'?"),
        (lambda r: node(r, "conv2d")["operation"].update(kind="idexed"), "'conv2d' applies 'idexed'"),
        (lambda r: node(r, "conv2d")["operation"].update(formula="y[n] += x["), "the formula 'y.n. .. x.' cannot be"),
        (lambda r: node(r, "pad").update(inputs=["relu"]), "the graph has a cycle: pad → conv2d → relu → pad"),
        (lambda r: node(r, "relu").update(inputs=["conv"]), "input of node 'relu' refers to 'conv'.*mean 'conv2d'?"),
        (
            lambda r: node(r, "relu").update(shape=[6]),
            r"node 'relu' was saved as float32 \(6,\), but .* \(batch, 6, 6, 2",
        ),
        (lambda r: node(r, "conv/kernel").update(shape=[2, 3, 1, 2]), "node 'conv2d' was saved as"),
        (lambda r: node(r, "images").update(known=True), "the numbers of node 'images', .*, are not there"),
        (
            lambda r: node(r, "images").update(dtype="float16"),
            r"it does not have the form of a graph \(KeyError: 'float16'",
        ),
        (lambda r: r["nodes"].append(r["nodes"][0]), "two nodes are called 'images'"),
        (lambda r: r["outputs"].update(loss="lost"), "the output 'loss' refers to 'lost'.* Did you mean 'loss'?"),
        (lambda r: r.pop("nodes"), r"form of a graph \(KeyError: 'nodes'\)"),
        (lambda r: r.update(nodes=[1]), r"form of a graph \(TypeError"),
    ],
)
def test_damage_is_refused_and_told(damage, words):
    records, arrays = to_records(examples.network(), vocabulary)
    damage(records)
    with pytest.raises(FileFormatError, match=f"^the saved graph cannot be read; .*{words}"):
        from_records(records, vocabulary, arrays)


@pytest.mark.parametrize("wrong", [np.zeros(2, "f4"), np.zeros(3, "f8")])
def test_other_numbers_than_were_saved_are_refused(wrong):
    records, _ = to_records(Graph({"y": cr.tensor([1.0, 2.0, 3.0]) * 2}), vocabulary)
    with pytest.raises(FileFormatError, match=r"the numbers of node 'constant', float32 \(3,\), are not there"):
        from_records(records, vocabulary, {"constant": wrong})


JUNK = [
    0,
    1,
    -1,
    2,
    10**6,
    1.5,
    True,
    None,
    "",
    "x",
    "relu",
    [],
    [1],
    [[1]],
    {},
    {"batch": 1},
    {"batch": 0},
    {"float": "nan"},
]


def paths(data, path=()):
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(value, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


def test_whatever_is_damaged_the_data_is_refused_or_is_a_graph_that_can_be_drawn():
    """One part at a time is removed, or replaced by junk or by another part; nothing but a FileFormatError may come."""
    graph = Graph(examples.network().outputs | examples.gradient().outputs)
    records, arrays = to_records(graph, vocabulary)
    everywhere = [path for path in paths(records) if path]
    generator = random.Random(0)
    refused = 0
    for _ in range(scaled(5000)):
        damaged, path = copy.deepcopy(records), generator.choice(everywhere)
        parent = at(damaged, path[:-1])
        match generator.randrange(3):
            case 0:
                del parent[path[-1]]
            case 1:
                parent[path[-1]] = generator.choice(JUNK)
            case 2:
                parent[path[-1]] = copy.deepcopy(at(records, generator.choice(everywhere)))
        try:
            from_records(damaged, vocabulary, arrays).text()
        except FileFormatError:
            refused += 1
    assert refused > scaled(2500)
