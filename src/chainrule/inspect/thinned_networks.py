"""Dropout as a mean over thinned networks: each way to drop neurons is a network of its own, and the test network
stands for the mean of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import UsageError
from chainrule.execute.reference import Program
from chainrule.graph.operation import Array
from chainrule.graph.tensor import Tensor
from chainrule.inspect.dropout_masks import MaskedGraph, masks_of
from chainrule.inspect.style import BLUE, GRAY, LINES, Picture, check_records, draw, draw_grid
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.nn.scope import LayerRecord
from chainrule.train.model import Model, check_model
from chainrule.train.samples import as_inputs, check_inputs
from chainrule.train.step import network_bindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ThinnedNetworks", "plot_layer_deviations", "plot_thinned_mean", "plot_thinned_networks", "thinned_networks"]

_NO_DROPOUT = Message(
    "thinned.no_dropout",
    en="The model has no dropout between its layers, so all of its thinned networks are the network itself. Put"
    " Dropout(rate) behind a layer.",
    zh="模型的各层之间没有 dropout，所有稀疏子网络都是网络本身。请在某一层之后加上 Dropout(rate)。",
)
_COUNT = Message(
    "thinned.count",
    en="networks={networks!r}: give how many thinned networks to draw, at least 2, or None for all of them.",
    zh="networks={networks!r}：请给出要抽取的稀疏子网络个数（至少 2 个），或用 None 表示全部。",
)
_OUTPUT = Message(
    "thinned.output",
    en="The model gives several outputs; the mean of one is looked at. surgery.features cuts a model.",
    zh="模型有多个输出，而此处考察一个输出的平均。可用 surgery.features 截取模型。",
)
_DRAWN = Message(
    "thinned.drawn",
    en="Thinned networks are drawn of dense networks with up to {most} neurons in a layer; this one has layers of"
    " {widths}.",
    zh="只能画出每层至多 {most} 个神经元的全连接网络的稀疏子网络；该网络各层有 {widths} 个神经元。",
)

_MOST_DRAWN, _ROWS = 16, 8192


@dataclass(frozen=True)
class DenseColumn:
    """The neurons of a layer in the order of the layers, and which of the masks, if any, drops some of them."""

    path: str
    width: int
    mask: int | None = None


@dataclass(frozen=True, eq=False, repr=False)
class ThinnedNetworks:
    """What thinned networks give, and what the test network does, which stands for their mean.

    masks        of each dropout layer by path, which neurons each thinned network keeps (S, neurons)
    weights      how probable each network is (S,), summing to 1; where networks were drawn, 1/S each
    outputs      what each gives for the samples (S, samples, …)
    test         what the model gives in inference (samples, …)
    deviations   by layer, |mean over the networks - inference| / |inference| of what it gives, in root mean square
    exact        whether these are all thinned networks there are
    columns      the layers of neurons
    """

    masks: dict[str, Array]
    weights: Array
    outputs: Array
    test: Array
    deviations: dict[str, float]
    exact: bool
    columns: tuple[DenseColumn, ...]

    @property
    def mean(self) -> Array:
        """The mean of the networks' outputs, each as probable as it is."""
        return np.asarray(np.tensordot(self.weights, self.outputs, 1))

    @property
    def error(self) -> float:
        """How far the test network is from the mean: root mean square, as a share of its output's."""
        return _relative(self.mean, self.test)

    def error_of_first(self, count: int) -> float:
        """How far the mean of the first `count` networks is from the test network, as a share of its output's."""
        return _relative(np.average(self.outputs[:count], axis=0, weights=self.weights[:count]), self.test)

    def __repr__(self) -> str:
        what = "all" if self.exact else "drawn"
        return f"ThinnedNetworks({len(self.weights)}, {what}; the test network is {self.error:.1%} off their mean)"


def _relative(a: Array, b: Array) -> float:
    return float(np.sqrt(np.square(a - b).mean() / np.square(b).mean()))


def thinned_networks(model: Model, x: Any, networks: int | None = None, *, seed: int = 0) -> ThinnedNetworks:
    """What a network with dropout gives with neurons dropped, in many thinned networks, against its test network.

        mean = Σ_D p(D) M(x; θ, D),  p(D) = Π q^Dᵢ (1 - q)^(1 - Dᵢ)      against  M(x; θ) in inference

    networks   how many to draw, with masks by NumPy's generator and this seed; None: all 2^n, for a small network

    Each thinned network is the same for all samples. The mean is exactly what the test network gives if only linear
    layers come behind the dropout, else nearly. What else training does otherwise than inference, such as batch
    normalisation, it does here. Networks are computed by the reference executor, and means in float64.

    Raises:   UsageError if there is no dropout, there are too many networks to list, or the model has several outputs;
              DataError if x does not fit.
    Source:   Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, sections 1 and 7.5
    Example:
        >>> from chainrule.nn import Dense, Dropout, Sequential
        >>> model = Model(Sequential([Dense(4, "tanh"), Dropout(0.5), Dense(1)]), (2,))
        >>> thinned_networks(model, [[1.0, 2.0]])
        ThinnedNetworks(16, all; the test network is 0.0% off their mean)
    """
    check_model(model)
    samples = as_inputs(x)
    network = model.network
    check_inputs(samples, network)
    if isinstance(network.training, tuple):
        raise UsageError(_OUTPUT())
    if networks is not None and not (isinstance(networks, Integral) and networks >= 2):
        raise UsageError(_COUNT(networks=networks))
    records = [r for r in network.layers if isinstance(r.training_output, Tensor) and isinstance(r.output, Tensor)]
    thinned = MaskedGraph.of([network.training, *(_trained(r) for r in records)])
    if not thinned.masks:
        raise UsageError(_NO_DROPOUT())
    bindings = network_bindings(network, model.parameters, model.states, model.scalars)
    bindings |= {network.seed: model.seed, network.step: 0}
    rates = [float(Program([node.inputs[1]]).run(bindings)[0]) for node in thinned.masks]
    masks, weights = masks_of(list(thinned.masks), rates, networks, seed)
    given = dict(zip(network.inputs, samples.inputs, strict=True))
    test, *own = Program([_inferred(network), *(_output(r) for r in records)]).run({**bindings, **given})
    means, outputs = _means(thinned, {**bindings, **given}, masks, weights, len(samples), network.inputs)
    paths = [_path(node, records) for node in thinned.masks]
    return ThinnedNetworks(
        masks=dict(zip(paths, masks, strict=True)),
        weights=weights,
        outputs=outputs,
        test=test.astype(np.float64),
        deviations={r.path: _relative(m, o) for r, m, o in zip(records, means, own, strict=True) if o.any()},
        exact=networks is None,
        columns=_columns(network, list(thinned.masks)),
    )


def _trained(record: LayerRecord) -> Tensor:
    assert isinstance(record.training_output, Tensor)
    return record.training_output


def _output(record: LayerRecord) -> Tensor:
    assert isinstance(record.output, Tensor)
    return record.output


def _inferred(network: Network) -> Tensor:
    assert isinstance(network.inference, Tensor)
    return network.inference


def _path(node: Tensor, records: Sequence[LayerRecord]) -> str:
    return next((r.path for r in reversed(records) if r.training_output is node), node.describe())


def _means(
    thinned: MaskedGraph,
    bindings: Mapping[Tensor, Any],
    masks: Sequence[Array],
    weights: Array,
    samples: int,
    inputs: Sequence[Tensor],
) -> tuple[list[Array], Array]:
    """The mean of each layer's outputs over the networks, and the model's outputs in each: some networks at a time."""
    program = Program(thinned.outputs)
    several = max(_ROWS // samples, 1)
    means: list[Any] = [0.0] * (len(thinned.outputs) - 1)
    outputs = []
    for start in range(0, len(weights), several):
        part = weights[start : start + several]
        rows = {x: np.tile(bindings[x], (len(part), *[1] * (x.ndim - 1))) for x in inputs}
        for mask, tensor in zip(masks, thinned.masks.values(), strict=True):
            shape = tuple(e for e in tensor.shape if isinstance(e, int))
            rows[tensor] = np.repeat(mask[start : start + several], samples, 0).reshape(-1, *shape).astype(np.float32)
        y, *inner = program.run({**bindings, **rows})
        outputs.append(y.astype(np.float64).reshape(len(part), samples, *y.shape[1:]))
        for k, value in enumerate(inner):
            means[k] += np.tensordot(part, value.astype(np.float64).reshape(len(part), samples, *value.shape[1:]), 1)
    return means, np.concatenate(outputs)


def _columns(network: Network, dropouts: Sequence[Tensor]) -> tuple[DenseColumn, ...]:
    """The input, and each dense layer's neurons, with the mask that drops some of them."""
    numbers = {node: k for k, node in enumerate(dropouts)}
    x = network.inputs[0]
    columns = [DenseColumn("input", _width(x))]
    for record in network.layers:
        if isinstance(record.training_output, Tensor) and record.training_output in numbers:
            columns[-1] = replace(columns[-1], mask=numbers[record.training_output])
        elif record.kind == "Dense":
            columns.append(DenseColumn(record.path, _width(_output(record))))
    return tuple(columns)


def _width(y: Tensor) -> int:
    return prod(e for e in y.shape[1:] if isinstance(e, int))


def plot_thinned_mean(records: ThinnedNetworks | Mapping[str, ThinnedNetworks]) -> Picture:
    """How far the mean of the first n drawn networks is from the test network, against n; gray: as 1/√n falls.

    Where a curve stays level, the mean itself differs from the test network: that is what the test network costs. Of
    all networks, in no order, there is a dashed line.

    Raises:   UsageError if there is no record.
    """
    named = {"": records} if isinstance(records, ThinnedNetworks) else records
    check_records(named, ThinnedNetworks, "thinned_networks")

    def drawing(axes: Axes) -> None:
        most, first = 1, 0.0
        for k, (name, record) in enumerate(named.items()):
            color = LINES[k % len(LINES)]
            if record.exact:
                axes.axhline(record.error, color="black", linestyle="--", label=f"{name}: all {len(record.weights):,}")
                continue
            counts = np.unique(np.geomspace(1, len(record.weights), 40).astype(int))
            errors = [record.error_of_first(int(n)) for n in counts]
            axes.loglog(counts, errors, color=color, label=name or None)
            most, first = max(most, int(counts[-1])), max(first, errors[0])
        if first:
            axes.loglog([1, most], [first, first / np.sqrt(most)], color=GRAY, linestyle=":", label="as 1/√n")
            axes.set_xlim(1, most)
        axes.set_xlabel("thinned networks in the mean, n")
        axes.set_ylabel("|mean − test network| / |test network|")
        axes.figure.legend(loc="outside right upper")

    return draw(drawing, size=(7.2, 3.4))


def plot_layer_deviations(records: Mapping[str, ThinnedNetworks]) -> Picture:
    """Layer by layer, how far the mean over thinned networks is from what the layer gives in inference.

    Raises:   UsageError if there is no record.
    """
    check_records(records, ThinnedNetworks, "thinned_networks")
    paths = list(dict.fromkeys(path for record in records.values() for path in record.deviations))

    def drawing(axes: Axes) -> None:
        height = 0.8 / len(records)
        for k, (name, record) in enumerate(records.items()):
            rows = [paths.index(path) + (k + 0.5) * height - 0.4 for path in record.deviations]
            sizes = [100 * deviation for deviation in record.deviations.values()]
            bars = axes.barh(rows, sizes, height=0.9 * height, color=LINES[k % len(LINES)], label=name)
            axes.bar_label(bars, [f" {size:.1f}" for size in sizes], fontsize=7)
        axes.set_yticks(range(len(paths)), paths)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        axes.set_xlabel("|mean over thinned networks − inference| (% of inference)")
        axes.figure.legend(loc="outside right upper")

    return draw(drawing, size=(7.2, 1.0 + 0.42 * len(paths)))


def plot_thinned_networks(record: ThinnedNetworks, which: Sequence[int] = (0, 1, 2)) -> Picture:
    """The whole network, and some thinned ones: neurons that are dropped are hollow, and nothing passes through them.

    Raises:   UsageError if a layer has too many neurons to be drawn.
    """
    widths = [column.width for column in record.columns]
    if max(widths) > _MOST_DRAWN:
        raise UsageError(_DRAWN(most=_MOST_DRAWN, widths=", ".join(map(str, widths))))
    masks = list(record.masks.values())

    def drawing(axes: list[list[Axes]]) -> None:
        _network(axes[0][0], [np.ones(width, bool) for width in widths], "the whole network")
        for one, k in zip(axes[0][1:], which, strict=True):
            kept = [
                np.ones(column.width, bool) if column.mask is None else masks[column.mask][k]
                for column in record.columns
            ]
            _network(one, kept, f"thinned network {k}")

    return draw_grid(1, len(which) + 1, drawing, size=(2.1 * (len(which) + 1), 2.6))


def _network(axes: Axes, kept: Sequence[Array], title: str) -> None:
    places = [(np.full(len(own), float(k)), (len(own) - 1) / 2 - np.arange(len(own))) for k, own in enumerate(kept)]
    for (x0, y0), (x1, y1), before, after in zip(places, places[1:], kept, kept[1:], strict=False):
        a, b = np.nonzero(np.outer(before, after))
        axes.plot([x0[a], x1[b]], [y0[a], y1[b]], color=GRAY, linewidth=0.5, zorder=1)
    for (x, y), own in zip(places, kept, strict=True):
        axes.plot(x[~own], y[~own], "o", markersize=8, color="0.85", markerfacecolor="white", zorder=2)
        axes.plot(x[own], y[own], "o", markersize=8, color=BLUE, zorder=2)
    axes.set_axis_off()
    axes.margins(0.12)
    axes.set_title(title)
