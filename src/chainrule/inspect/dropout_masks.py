"""Dropout with its masks given: the graph of a training in which somebody else says what is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from chainrule.errors import UsageError
from chainrule.graph.operation import Array
from chainrule.graph.seeds import random_generator
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.ops.dropout import DROPOUT, INVERTED_DROPOUT
from chainrule.ops.elementwise import where
from chainrule.surgery.assembling import with_inputs

_TOO_MANY = Message(
    "thinned.too_many",
    en="{neurons} neurons may be dropped, which makes 2^{neurons} thinned networks; all are listed up to 2^{most} only."
    " Draw some: networks=1000.",
    zh="可丢弃的神经元有 {neurons} 个，即 2^{neurons} 个稀疏子网络；最多只能列出全部 2^{most} 个。"
    "请抽取一部分：networks=1000。",
)

_MOST_LISTED = 14


@dataclass(frozen=True, eq=False)
class MaskedGraph:
    """A graph whose dropouts take their masks as inputs: outputs, and the mask of each dropout."""

    outputs: list[Tensor]
    masks: dict[Tensor, Tensor]

    @classmethod
    def of(cls, roots: Sequence[Tensor]) -> MaskedGraph:
        made: dict[Tensor, Tensor] = {}
        masks: dict[Tensor, Tensor] = {}
        for node in topological(roots):
            sources = tuple(made[x] for x in node.inputs)
            if node.operation is DROPOUT or node.operation is INVERTED_DROPOUT:
                masks[node] = input_tensor(f"mask_{len(masks)}", node.attributes["shape"], node.dtype)
                x, rate = sources[:2]
                kept = x * masks[node]
                inverted = node.operation is INVERTED_DROPOUT
                made[node] = kept / where(rate < 1.0, 1.0 - rate, 1.0) if inverted else kept
            else:
                made[node] = with_inputs(node, sources)
        return cls([made[root] for root in roots], masks)


def masks_of(
    nodes: Sequence[Tensor], rates: Sequence[float], networks: int | None, seed: int
) -> tuple[list[Array], Array]:
    """A mask (S, neurons) for each dropout, and how probable each network is."""
    sizes = [prod(e for e in node.attributes["shape"] if isinstance(e, int)) for node in nodes]
    keep = np.repeat(1.0 - np.array(rates), sizes)
    if networks is None:
        neurons = sum(sizes)
        if neurons > _MOST_LISTED:
            raise UsageError(_TOO_MANY(neurons=neurons, most=_MOST_LISTED))
        kept = (np.arange(2**neurons)[:, None] >> np.arange(neurons) & 1).astype(bool)
        weights = np.where(kept, keep, 1.0 - keep).prod(1)
    else:
        kept = random_generator(seed).random((networks, len(keep))) < keep
        weights = np.full(networks, 1.0 / networks)
    return np.split(kept, np.cumsum(sizes)[:-1], axis=1), weights
