"""Graphs as data: records that JSON can hold, beside the arrays of the numbers that are part of a graph.

An operation is saved by its name in the vocabulary, or, where it is made from texts such as an index formula, by the
vocabulary's name for its class and those texts. Nothing else is needed to read a graph back: no code, no pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, FileFormatError, GraphError
from chainrule.graph.dtype import DTYPES, DType
from chainrule.graph.extent import Batch
from chainrule.graph.graph import Graph, Node, Vocabulary
from chainrule.graph.operation import Array, Operation, Type
from chainrule.graph.tensor import NUMBER, SOURCE, Tensor, caller, frozen
from chainrule.messages import Message

_NOT_IN_VOCABULARY = Message(
    "records.not_in_vocabulary",
    en="{tensor}: its operation is not in the vocabulary, so a file with it could not be read back. Make it a "
    "composite of operations that are.",
    zh="{tensor}：其操作不在词汇表中，含有它的文件将无法读回。请将其改为由词汇表中的操作组成的复合操作。",
)
_NOT_PLAIN = Message(
    "records.not_plain",
    en="{tensor}: its attribute {name}={value} is not plain data and cannot be saved.",
    zh="{tensor}：其属性 {name}={value} 不是普通数据，无法保存。",
)
_UNREADABLE = Message(
    "records.unreadable",
    en="the saved graph cannot be read; it is damaged, or made by another version: {problem}",
    zh="无法读取保存的图；它已损坏，或由其他版本生成：{problem}",
)
_TWICE = Message("records.twice", en="two nodes are called '{node}'.", zh="两个节点同名“{node}”。")
_NO_ARRAY = Message(
    "records.no_array",
    en="the numbers of node '{node}', {type}, are not there.",
    zh="缺少节点“{node}”的数值（{type}）。",
)
_OTHER_TYPE = Message(
    "records.other_type",
    en="node '{node}' was saved as {saved}, but its operation gives {found}.",
    zh="节点“{node}”保存时为 {saved}，但其操作给出 {found}。",
)
_NOT_RECORDS = Message(
    "records.not_records", en="it does not have the form of a graph ({reason}).", zh="其格式不是图（{reason}）。"
)

_DTYPES = {dtype.name: dtype for dtype in DTYPES}
_LEAVES: Vocabulary = {SOURCE.name: SOURCE, NUMBER.name: NUMBER}


# ---------------------------------------------------------------------------------------------------- graph to data
def to_records(graph: Graph, vocabulary: Vocabulary) -> tuple[dict[str, Any], dict[str, Array]]:
    """The graph as data for JSON, and the numbers of its sources that have some, by node name.

    The user's lines are left out: the same architecture gives the same data. A composite that the vocabulary does not
    have is saved as its body.

    Raises:   GraphError if another operation is not in the vocabulary, or an attribute is not plain data.
    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> records, arrays = to_records(Graph({"y": input_tensor("x", (3,))}), {})
        >>> records["outputs"], records["nodes"]
        ({'y': 'x'}, [{'name': 'x', 'operation': 'source', 'known': False, 'shape': [3], 'dtype': 'float32'}])
    """
    known = {**_LEAVES, **vocabulary}
    graph = graph.expanded(keep={o for o in known.values() if isinstance(o, Operation)})
    names = graph.names
    classes = {made: key for key, made in known.items() if isinstance(made, type)}
    nodes: list[dict[str, Any]] = []
    for name, node in graph.nodes.items():
        operation = node.operation
        if known.get(operation.name) is operation:
            saved: str | dict[str, str] = operation.name
        elif type(operation) in classes:
            saved = {"kind": classes[type(operation)], **asdict(operation)}  # type: ignore[call-overload]
        else:
            raise GraphError(_NOT_IN_VOCABULARY(tensor=node.describe()))
        record: dict[str, Any] = {"name": name, "operation": saved}
        if operation is SOURCE:
            record["known"] = node.value is not None
        else:
            record["inputs"] = [names[x] for x in node.inputs]
            record["attributes"] = {key: _encoded(value, node, key) for key, value in node.attributes.items()}
        shape = [_encoded(extent, node, "shape") for extent in node.shape]
        nodes.append(record | {"shape": shape, "dtype": node.dtype.name})
    arrays = {name: node.value for name, node in graph.nodes.items() if node.operation is SOURCE}
    outputs = {output: names[node] for output, node in graph.outputs.items()}
    return {"outputs": outputs, "nodes": nodes}, {name: a for name, a in arrays.items() if a is not None}


def _encoded(value: Any, node: Tensor, name: str) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if isfinite(value) else {"float": str(float(value))}
        case DType():
            return {"dtype": value.name}
        case Batch():
            return {"batch": value.multiple}
        case tuple():
            return [_encoded(v, node, name) for v in value]
    raise GraphError(_NOT_PLAIN(tensor=node.describe(), name=name, value=value))


# ---------------------------------------------------------------------------------------------------- data to graph
def from_records(records: Mapping[str, Any], vocabulary: Vocabulary, arrays: Mapping[str, Array]) -> Graph:
    """The graph that to_records made into data, verified: every node has the type that it was saved with.

    Nodes have the names that the records give them; `graph.inputs` are those that a value must be bound to.

    Raises:   FileFormatError if the data is not a graph, has a cycle, names an operation that the vocabulary does not
              have, or does not pass `verify`.
    Example:
        >>> from chainrule.graph.tensor import input_tensor
        >>> records, arrays = to_records(Graph({"y": input_tensor("x", (3,))}), {})
        >>> from_records(records, {}, arrays).outputs
        {'y': Tensor(x, shape=(3,), dtype=float32)}
    """
    try:
        known = {**_LEAVES, **vocabulary}
        nodes: dict[str, Tensor | Node] = {}
        types: dict[str, Type] = {}
        for record in records["nodes"]:
            name = str(record["name"])
            if name in nodes:
                raise GraphError(_TWICE(node=name))
            types[name] = Type(_decoded(record["shape"]), _DTYPES[record["dtype"]])
            if record["operation"] == SOURCE.name:
                nodes[name] = _source(name, types[name], arrays.get(name) if record["known"] else None, record["known"])
            else:
                attributes = {key: _decoded(value) for key, value in record["attributes"].items()}
                nodes[name] = Node(_operation(record["operation"], known), tuple(record["inputs"]), attributes)
        graph = Graph.from_edges(nodes, records["outputs"], known)
        for name, node in graph.nodes.items():
            if node.type != types[name]:
                raise GraphError(_OTHER_TYPE(node=name, saved=types[name], found=node.type))
    except ChainruleError as problem:
        raise FileFormatError(_UNREADABLE(problem=problem)) from problem
    except (LookupError, TypeError, ValueError, AttributeError) as reason:  # what Python says of unexpected data
        shown = f"{type(reason).__name__}: {reason}"
        raise FileFormatError(_UNREADABLE(problem=_NOT_RECORDS(reason=shown))) from reason
    return graph


def _source(name: str, type: Type, value: Array | None, known: bool) -> Tensor:
    if known and (value is None or value.shape != type.shape or value.dtype != type.dtype.numpy):
        raise GraphError(_NO_ARRAY(node=name, type=type))
    value = None if value is None else frozen(np.array(value, order="C"))
    attributes = {"shape": type.shape, "dtype": type.dtype}
    return Tensor(SOURCE, (), attributes, type, name=name, value=value, where=caller())


def _operation(saved: str | Mapping[str, str], vocabulary: Vocabulary) -> str | Operation:
    """The name of an operation, or one made from its texts by its class in the vocabulary."""
    if isinstance(saved, str):
        return saved
    texts = dict(saved)
    kind = texts.pop("kind")
    made = vocabulary.get(kind)
    return made(**texts) if isinstance(made, type) else kind


def _decoded(value: Any) -> Any:
    match value:
        case None | bool() | int() | str() | float():
            return value
        case list():
            return tuple(map(_decoded, value))
        case {"float": str(text)}:
            return float(text)
        case {"dtype": str(name)}:
            return _DTYPES[name]
        case {"batch": int(multiple)}:
            return Batch(multiple)
    raise ValueError(value)
