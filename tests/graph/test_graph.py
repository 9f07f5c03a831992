"""Graphs as values and as edges: names, order, cycles, unknown names, expansion."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import DTypeError, GraphError, ShapeError
from chainrule.execute import Program
from chainrule.graph.graph import Graph, Node
from chainrule.graph.operation import Expandable
from chainrule.graph.traversal import ordered, topological
from chainrule.ops import vocabulary
from tests.graph import examples


def x(shape=(3,)):
    return cr.input_tensor("x", shape)


# ------------------------------------------------------------------------------------------------------------- names
def test_nodes_stand_behind_their_inputs():
    graph = examples.network()
    seen = set()
    for node in graph.nodes.values():
        assert all(i in seen for i in node.inputs)
        seen.add(node)
    assert seen == set(topological(graph.outputs.values()))


def test_names_are_given_ones_then_outputs_then_operations_and_unique():
    a, b = cr.input_tensor("add", (2,)), cr.input_tensor("add", (2,))
    graph = Graph({"total": (a + b) + a, "add_1": a * b})
    assert list(graph.nodes) == ["add", "add_1", "add_2", "total", "add_1_1"]
    assert graph.nodes["add_1"] is b
    assert {name: graph.nodes[graph.names[node]] is node for name, node in graph.nodes.items()} == dict.fromkeys(
        graph.nodes, True
    )


def test_inputs_are_the_nodes_without_a_value():
    graph = Graph({"y": x() + cr.tensor([1.0, 2.0, 3.0])})
    assert list(graph.inputs) == ["x"]
    assert list(graph.nodes) == ["x", "constant", "y"]


# ------------------------------------------------------------------------------------------------------------- edges
def test_edges_in_any_order_make_a_graph():
    nodes = {"y": Node("multiply", ["h", "x"]), "h": Node("tanh", ["x"]), "x": x()}
    graph = Graph.from_edges(nodes, {"result": "y"}, vocabulary)
    (value,) = Program([graph.outputs["result"]]).run({nodes["x"]: [0.0, 1.0, 2.0]})
    np.testing.assert_allclose(value, np.tanh([0, 1, 2]) * [0, 1, 2], rtol=1e-6)
    assert list(graph.nodes) == ["x", "h", "y"]
    assert graph.outputs["result"].where.startswith("test_graph.py:")


def test_operations_may_stand_for_themselves_and_take_attributes():
    nodes = {"x": x((2, 3)), "y": Node(cr.ops.vocabulary["reshape"], ["x"], {"shape": (3, 2)})}
    assert Graph.from_edges(nodes, {"y": "y"}).outputs["y"].shape == (3, 2)


def test_a_node_may_have_the_same_input_twice():
    assert Graph.from_edges({"x": x(), "y": Node("add", ["x", "x"])}, {"y": "y"}, vocabulary).nodes["y"].shape == (3,)


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["a"]}, "a → a"),
        ({"a": ["b"], "b": ["a"]}, "a → b → a"),
        ({"in": [], "a": ["in", "c"], "b": ["a"], "c": ["b"], "d": ["in"]}, "a → b → c → a"),
    ],
)
def test_a_cycle_is_refused_and_its_nodes_named(edges, cycle):
    nodes = {name: Node("add", [*inputs, *inputs][:2]) if inputs else x() for name, inputs in edges.items()}
    with pytest.raises(GraphError) as caught:
        Graph.from_edges(nodes, {}, vocabulary)
    assert f"the graph has a cycle: {cycle}." in str(caught.value)


def test_a_cycle_made_by_force_is_found_too():
    a = x() + 1
    b = a * 2
    a.inputs = (b, a.inputs[1])
    with pytest.raises(GraphError, match=r"cycle: .*multiply.* → .*add.* → .*multiply"):
        topological([b])


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3)))
def test_order_or_cycle(edges):
    """Against the definition: either every node stands behind its inputs, or the named nodes do form a cycle."""
    inputs = {n: edges.get(n, []) for n in range(10)}
    try:
        order = ordered(inputs, inputs.__getitem__, str)
    except GraphError as error:
        path = [int(n) for n in str(error).split(": ")[1].split(".")[0].split(" → ")]
        assert path[0] == path[-1]
        assert len(path) > 1
        assert all(before in inputs[after] for before, after in pairwise(path))
    else:
        assert sorted(order) == list(range(10))
        place = {n: k for k, n in enumerate(order)}
        assert all(place[i] < place[n] for n in order for i in inputs[n])


def test_a_long_chain_of_edges_needs_no_recursion():
    count = 20_000
    nodes = {"n0": x()} | {f"n{k}": Node("negative", [f"n{k - 1}"]) for k in reversed(range(1, count))}
    assert len(Graph.from_edges(nodes, {"y": f"n{count - 1}"}, vocabulary).nodes) == count
    nodes["n0"] = Node("negative", [f"n{count - 1}"])
    with pytest.raises(GraphError, match="cycle"):
        Graph.from_edges(nodes, {"y": "n1"}, vocabulary)


@pytest.mark.parametrize(
    ("nodes", "outputs", "words"),
    [
        ({"x": x(), "y": Node("tanhh", ["x"])}, {"y": "y"}, "node 'y' applies 'tanhh'.* Did you mean 'tanh'?"),
        ({"x": x(), "y": Node("indexed", ["x"])}, {"y": "y"}, "'indexed', which is not in the vocabulary"),
        ({"input": x(), "y": Node("tanh", ["imput"])}, {"y": "y"}, "input of node 'y' .*'imput'.*mean 'input'?"),
        ({"x": x()}, {"out": "z"}, "the output 'out' refers to 'z'"),
        ({"x": x(), "y": Node("reshape", ["x"])}, {"y": "y"}, "node 'y': reshape cannot be applied to .*KeyError"),
        ({"x": x(), "y": Node("tanh", ["x", "x"])}, {"y": "y"}, "node 'y': tanh cannot be applied"),
        ({"x": x(), "y": Node("tanh", ["x"], {"a": []})}, {"y": "y"}, r"attribute a=\[\] is not plain data"),
    ],
)
def test_edges_that_make_no_graph_are_refused(nodes, outputs, words):
    with pytest.raises(GraphError, match=words):
        Graph.from_edges(nodes, outputs, vocabulary)


def test_an_operation_refuses_inputs_in_its_own_words():
    with pytest.raises(ShapeError, match=r"add: shapes \(3,\) and \(4,\) do not broadcast"):
        Graph.from_edges({"x": x(), "z": x((4,)), "y": Node("add", ["x", "z"])}, {"y": "y"}, vocabulary)
    with pytest.raises(ShapeError, match=r"reshape: \(3,\) has 3 elements, but \(2, 2\) has 4"):
        Graph.from_edges({"x": x(), "y": Node("reshape", ["x"], {"shape": (2, 2)})}, {"y": "y"}, vocabulary)
    with pytest.raises(DTypeError):
        Graph.from_edges({"x": x(), "y": Node("gather", ["x", "x"], {"batch_dims": 0})}, {"y": "y"}, vocabulary)


# --------------------------------------------------------------------------------------------------------- expansion
def test_the_expanded_graph_has_the_same_values_and_no_composite():
    graph = examples.network()
    expanded = graph.expanded()
    assert not any(isinstance(n.operation, Expandable) for n in expanded.nodes.values())
    assert expanded.inputs == graph.inputs
    generator = np.random.default_rng(0)
    data = {
        graph.inputs["images"]: generator.standard_normal((4, 6, 6, 1)),
        graph.inputs["conv/kernel"]: generator.standard_normal((3, 3, 1, 2)),
        graph.inputs["dense/kernel"]: generator.standard_normal((18, 5)),
        graph.inputs["labels"]: [0, 1, 2, 3],
    }
    values = [Program([*g.outputs.values()]).run(data) for g in (graph, expanded)]
    for a, b in zip(*values, strict=True):
        np.testing.assert_array_equal(a, b)


def test_kept_composites_stay_and_nodes_without_composites_are_the_same_objects():
    graph = examples.network()
    keep = {vocabulary["softmax"], vocabulary["one_hot"]}
    left = {n.operation for n in graph.expanded(keep).nodes.values() if isinstance(n.operation, Expandable)}
    assert left == keep
    assert graph.expanded().nodes["conv2d"] is graph.nodes["conv2d"]


def test_the_body_of_a_composite_stands_on_the_line_that_applied_it():
    y = cr.softmax(x())
    line = y.where
    assert line.startswith("test_graph.py:")
    cr.tensor([1.0])  # elsewhere
    assert {n.where for n in Graph({"y": y}).expanded().nodes.values() if n.inputs} == {line}
