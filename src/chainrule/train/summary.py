"""A network as a table of its layers."""

from __future__ import annotations

import math

from chainrule.graph.extent import Shape, show_shape
from chainrule.messages import Message
from chainrule.nn.network import Network, shape_of
from chainrule.train.table import as_text

_LAYER = Message("summary.layer", en="layer", zh="层")
_KIND = Message("summary.kind", en="kind", zh="类型")
_OUTPUT = Message("summary.output", en="output", zh="输出")
_PARAMETERS = Message("summary.parameters", en="parameters", zh="参数")
_TOTAL = Message("summary.total", en="{count:,} parameters", zh="共 {count:,} 个参数")


def rows(network: Network) -> list[tuple[str, str, str, int]]:
    """Each layer's path, kind, output shape and number of own parameters; inner layers after those they are in."""
    sizes = {name: math.prod(shape_of(p.tensor)) for name, p in network.parameters.items()}
    return [
        (record.path, record.kind, _shown(record.output_shape), sum(sizes[name] for name in record.parameters))
        for record in network.layers
    ]


def _shown(shape: Shape | tuple[Shape, ...]) -> str:
    shapes = [part for part in shape if isinstance(part, tuple)]
    return ", ".join(map(show_shape, shapes)) if shapes else show_shape(shape)  # type: ignore[arg-type]


def head() -> tuple[str, str, str, str]:
    """The names of the columns."""
    return _LAYER(), _KIND(), _OUTPUT(), _PARAMETERS()


def summary(network: Network) -> str:
    """The table as text."""
    lines = as_text([head(), *((path, kind, output, f"{count:,}") for path, kind, output, count in rows(network))])
    rule = lines.split("\n")[1]
    return f"{lines}\n{rule}\n{_TOTAL(count=network.parameter_count)}"
