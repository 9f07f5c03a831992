"""A model as data: its graph, its arrays, and where its training stands. No Python code is needed to read it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from chainrule.data.preparation import Preparation
from chainrule.errors import FileFormatError
from chainrule.graph.graph import Graph
from chainrule.graph.operation import Array
from chainrule.graph.records import from_records, to_records
from chainrule.graph.tensor import SOURCE, Tensor
from chainrule.messages import Message
from chainrule.nn.network import Network, Outputs, shape_of
from chainrule.nn.scope import LayerRecord, Mixing, Parameter, Scalar, State
from chainrule.ops import vocabulary
from chainrule.train.checkpoints import joined, separated
from chainrule.train.precision import Precision, as_precision
from chainrule.train.state import TrainingState
from chainrule.train.step import Arrays

_OTHER_ARRAY = Message(
    "saved.other_array",
    en="the saved array '{name}' is {found}, but the architecture needs {wanted}. The files do not belong together; use"
    " an earlier checkpoint.",
    zh="保存的数组“{name}”为 {found}，而架构需要 {wanted}。这些文件不属于同一模型；请使用更早的检查点。",
)
_NOTHING = Message("saved.nothing", en="missing", zh="缺失")


_KEPT = ("scalars", "seed", "precision", "loss", "metrics")  # beside arrays and the state of the training


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What is saved of a model.

    loss, metrics   those of the last training, where they have names
    preparation     how records become its inputs, and its outputs answers; None where it is not known
    """

    network: Network
    parameters: Arrays
    states: Arrays
    scalars: dict[str, float]
    seed: int
    precision: Precision
    loss: str | None
    metrics: list[str] | None
    training_state: TrainingState | None
    preparation: Preparation | None = None


# ----------------------------------------------------------------------------------------------------------- to files
def to_files(model: SavedModel) -> dict[str, bytes]:
    """The files of a model.

    Raises:   GraphError if an operation of the network is not in the vocabulary.
    """
    architecture, constants = _described(model.network)
    files = {
        "architecture.json": _text(architecture),
        "model.safetensors": _packed({**model.parameters, **model.states}),
    }
    if constants:
        files["constants.safetensors"] = _packed(constants)
    if model.preparation is not None:
        files["preparation.json"] = _text(model.preparation.as_data())
    arrays: Arrays = {}
    state = model.training_state
    training = {f.name: getattr(state, f.name) for f in fields(state)} if state is not None else None
    kept = {name: getattr(model, name) for name in _KEPT} | {"training": training}
    if training is not None:
        del training["parameters"], training["states"]  # the model's own
    files["training.json"] = _text(separated(kept, arrays))
    files["optimizer.safetensors"] = _packed(arrays)
    return files


def _described(network: Network) -> tuple[dict[str, Any], Arrays]:
    """The network as records of one graph, whose outputs are everything that a Network names."""
    roles: dict[str, Tensor] = {"seed": network.seed, "step": network.step}
    roles |= _numbered("input", network.inputs)
    roles |= _numbered("inference", _tuple(network.inference)) | _numbered("training", _tuple(network.training))
    roles |= _numbered("penalty", network.penalties)
    roles |= _numbered("share", [m.shares for m in network.mixings])
    roles |= _numbered("turn", [m.turn for m in network.mixings])
    roles |= {f"parameter:{name}": p.tensor for name, p in network.parameters.items()}
    roles |= {f"state:{name}": s.tensor for name, s in network.states.items()}
    roles |= {f"scalar:{name}": s.tensor for name, s in network.scalars.items()}
    roles |= {f"update:{name}": tensor for name, tensor in network.updates.items()}
    for record in network.layers:
        roles |= _numbered(f"layer:{record.path}", _tuple(record.output))
        if record.training_output is not None:
            roles |= _numbered(f"trained:{record.path}", _tuple(record.training_output))
    records, constants = to_records(Graph(roles), vocabulary)
    return {
        "graph": records,
        "states": {name: s.value for name, s in network.states.items()},
        "scalars": {name: s.default for name, s in network.scalars.items()},
        "several_outputs": isinstance(network.inference, tuple),
        "layers": [
            {
                "path": record.path,
                "kind": record.kind,
                "several": isinstance(record.output, tuple),
                "parameters": list(record.parameters),
            }
            for record in network.layers
        ],
    }, constants


def _numbered(role: str, tensors: Iterable[Tensor]) -> dict[str, Tensor]:
    return {f"{role}:{k}": tensor for k, tensor in enumerate(tensors)}


def _tuple(outputs: Outputs) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _text(data: Any) -> bytes:
    return json.dumps(data, allow_nan=False).encode()


def _packed(arrays: Mapping[str, Array]) -> bytes:
    from safetensors.numpy import save  # not until something is saved: its import takes a while

    return save({name: np.array(array, order="C") for name, array in arrays.items()})


# --------------------------------------------------------------------------------------------------------- from files
def from_files(files: Mapping[str, bytes]) -> SavedModel:
    """The model that to_files made into data, verified: each array has the shape that the graph gives it.

    Raises:   FileFormatError if they do not fit together; others of Python where they are no such data at all.
    """
    constants = _unpacked(files["constants.safetensors"]) if "constants.safetensors" in files else {}
    network = _network(json.loads(files["architecture.json"]), constants)
    _check(network)
    arrays = _unpacked(files["model.safetensors"])
    parameters = _matching({name: p.tensor for name, p in network.parameters.items()}, arrays)
    states = _matching({name: s.tensor for name, s in network.states.items()}, arrays)
    kept = joined(json.loads(files["training.json"]), _unpacked(files["optimizer.safetensors"]))
    training = kept["training"]
    if training is not None:
        training["logs"] = {name: tuple(values) for name, values in training["logs"].items()}
        training["callbacks"] = tuple((kind, memory) for kind, memory in training["callbacks"])
    return SavedModel(
        network=network,
        parameters=parameters,
        states=states,
        scalars={name: float(kept["scalars"][name]) for name in network.scalars},
        seed=int(kept["seed"]),
        precision=as_precision(kept.get("precision", "float32")),  # older files do not say it
        loss=kept["loss"],
        metrics=kept["metrics"],
        training_state=training and TrainingState(parameters=parameters, states=states, **training),
        preparation=(
            Preparation.from_data(json.loads(files["preparation.json"])) if "preparation.json" in files else None
        ),
    )


def _network(saved: Mapping[str, Any], constants: Mapping[str, Array]) -> Network:
    graph = from_records(saved["graph"], vocabulary, constants)
    roles: dict[str, dict[str, Tensor]] = {}
    for key, tensor in graph.outputs.items():
        role, _, name = key.partition(":")
        roles.setdefault(role, {})[name] = tensor

    def outputs(role: str, several: bool = saved["several_outputs"]) -> Outputs:
        found = tuple(roles[role].values())
        return found if several else found[0]

    def of_layer(role: str, record: Mapping[str, Any]) -> Any:
        path = record["path"]
        found = tuple(tensor for name, tensor in roles.get(role, {}).items() if name.rpartition(":")[0] == path)
        if role == "layer" and not found:
            raise LookupError(path)
        return None if not found else found if record["several"] else found[0]

    return Network(
        inputs=tuple(roles["input"].values()),
        parameters={name: Parameter(tensor) for name, tensor in roles.get("parameter", {}).items()},
        states={name: State(tensor, saved["states"][name]) for name, tensor in roles.get("state", {}).items()},
        scalars={name: Scalar(tensor, saved["scalars"][name]) for name, tensor in roles.get("scalar", {}).items()},
        seed=graph.outputs["seed"],
        step=graph.outputs["step"],
        inference=outputs("inference"),
        training=outputs("training"),
        updates=roles.get("update", {}),
        penalties=tuple(roles.get("penalty", {}).values()),
        layers=tuple(
            LayerRecord(
                path=str(r["path"]),
                kind=str(r["kind"]),
                output=of_layer("layer", r),
                parameters=tuple(map(str, r["parameters"])),
                training_output=of_layer("trained", r),
            )
            for r in saved["layers"]
        ),
        mixings=tuple(map(Mixing, roles.get("share", {}).values(), roles.get("turn", {}).values())),
    )


def _check(network: Network) -> None:
    """What holds of every network that was traced, and that nothing else would notice before it is used.

    Raises:   ValueError.
    """
    by_name = (network.parameters, network.states, network.scalars)
    named = [one.tensor for own in by_name for one in own.values()]
    given = [network.seed, network.step, *network.inputs, *named]
    if not network.inputs or any(x.operation is not SOURCE or x.value is not None for x in given):
        raise ValueError("inputs")
    if len(set(given)) < len(given):
        raise ValueError("one input for several")
    if any(new.type != network.states[name].tensor.type for name, new in network.updates.items()):
        raise ValueError("updates")
    if not all(network.parameters.keys() >= set(record.parameters) for record in network.layers):
        raise ValueError("layers")


def _unpacked(content: bytes) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except SafetensorError as reason:
        raise ValueError(str(reason)) from reason


def _matching(wanted: Mapping[str, Tensor], arrays: Mapping[str, Array]) -> Arrays:
    for name, tensor in wanted.items():
        found = arrays.get(name)
        if found is None or found.shape != shape_of(tensor) or found.dtype != tensor.dtype.numpy:
            shown = _NOTHING() if found is None else f"{found.dtype} {found.shape}"
            raise FileFormatError(_OTHER_ARRAY(name=name, found=shown, wanted=tensor.type))
    return {name: arrays[name] for name in wanted}
