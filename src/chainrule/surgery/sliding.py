"""A network moved over a larger image: the form that each of its nodes has when maps have more positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from chainrule.errors import ChainruleError, UsageError
from chainrule.graph.extent import Batch, Shape
from chainrule.graph.operation import Expandable
from chainrule.graph.tensor import Tensor, input_tensor
from chainrule.graph.traversal import topological
from chainrule.messages import Message
from chainrule.nn.network import Network
from chainrule.nn.scope import Parameter
from chainrule.ops.convolution import conv1d, conv2d, conv3d
from chainrule.ops.elementwise import where
from chainrule.ops.kinds.elementwise import Elementwise
from chainrule.ops.movement import broadcast_to, reshape
from chainrule.surgery.assembling import as_tuple
from chainrule.surgery.forms import Form, Map, Positions, Window
from chainrule.surgery.map_rules import RULES, WHOLE_MAP

_REFUSED = Message(
    "sliding.refused",
    en="The model cannot be made fully convolutional: {node}{layer}: {reason}",
    zh="无法将该模型变为全卷积网络：{node}{layer}：{reason}",
)
_OF_LAYER = Message("sliding.of_layer", en=", in layer '{path}'", zh="，位于层“{path}”")
_BY_PLACE = Message(
    "sliding.by_place",
    en="its other operand {operand} has numbers of its own for each position, of which a larger image has more. Use one"
    " number for each channel.",
    zh="另一个操作数 {operand} 对每个位置有各自的数值，而更大的图像有更多位置。请对每个通道使用一个数值。",
)
_MIXED = Message(
    "sliding.mixed",
    en="it joins what is known of the whole image with what is known of each place. On a larger image these are not of"
    " the same places.",
    zh="它把整幅图像的信息与各个位置的信息结合在一起；在更大的图像上，两者不再对应相同的位置。",
)
_FLATTENED = Message(
    "sliding.flattened",
    en="behind a flattened map there must be a dense layer, with at most functions of single numbers before it."
    " Normalise, or drop, before the map is flattened.",
    zh="展平的特征图之后应是全连接层，其间至多有逐元素的函数。请在展平之前进行归一化等操作。",
)

_CONV = {1: conv1d, 2: conv2d, 3: conv3d}


class Sliding:
    """The nodes of a network, each in the form that it has on a larger image; None if it does not depend on images.

    parameters   those with other shapes than before: kernels of convolutions that were matrices
    """

    def __init__(self, network: Network, spatial: Sequence[int]) -> None:
        self.network = network
        self.rank = len(spatial)
        (x,) = network.inputs
        self.input = input_tensor(x.name, (x.shape[0], *spatial, x.shape[-1]), x.dtype)
        self.forms: dict[Tensor, Form | None] = {x: Map(self.input)}
        self.parameters: dict[str, Parameter] = {}
        self._names = {p.tensor: name for name, p in network.parameters.items()}
        self._uses = Counter(x for node in topological(as_tuple(network.inference)) for x in node.inputs)
        self._paths = _paths(network)

    def run(self, outputs: Sequence[Tensor]) -> None:
        """Find the forms of all that these outputs depend on.

        Raises:   UsageError that names the node, its layer and the reason, where there is none.
        """
        for node in topological(outputs):
            if node not in self.forms:
                self.forms[node] = self._form(node)

    def _form(self, node: Tensor) -> Form | None:
        sources = [self.forms[x] for x in node.inputs]
        if all(form is None for form in sources):
            return None
        try:
            return self._rule(node, sources)
        except UsageError:
            raise
        except ChainruleError as reason:
            raise self.refusal(node, str(reason)) from reason

    def _rule(self, node: Tensor, sources: Sequence[Form | None]) -> Form:
        name = node.operation.name
        if self._fills_borders(node):
            return self._with_borders(node)
        if isinstance(node.operation, Elementwise) or (name not in RULES and self._elementwise_body(node)):
            return self._elementwise(node, sources)
        if name == "matmul":
            return self._product(node, sources)
        if name == "reshape":
            return self._reshaped(node, sources[0])
        kinds = {type(form) for form in sources if form is not None}
        if kinds == {Positions}:
            return self._at_each_position(node)
        if kinds != {Map}:
            raise self.refusal(node, _FLATTENED() if Window in kinds else _MIXED())
        if name in RULES:
            return RULES[name](self, node)
        if isinstance(node.operation, Expandable):
            try:
                self.run([node.expansion])
            except UsageError:
                raise self.refusal(node, WHOLE_MAP()) from None  # by the name that the user knows
            form = self.forms[node.expansion]
            assert form is not None
            return form
        raise self.refusal(node, WHOLE_MAP())

    # ----------------------------------------------------------------------------------------- what rules are made of
    def refusal(self, node: Tensor, reason: str) -> UsageError:
        path = self._paths.get(node)
        layer = _OF_LAYER(path=path) if path else ""
        return UsageError(_REFUSED(node=node.describe(), layer=layer, reason=reason))

    def spatial(self, shape: Shape) -> tuple[int, ...]:
        """The sizes of the spatial axes."""
        return tuple(extent for extent in shape[1 : self.rank + 1] if isinstance(extent, int))

    def moved(self, node: Tensor, **attributes: Any) -> Tensor:
        """The node's operation on what became of its inputs."""
        inputs = tuple(x if (form := self.forms[x]) is None else form.tensor for x in node.inputs)
        attributes = {**node.attributes, **attributes}
        type = node.operation.infer(inputs, attributes)
        return Tensor(node.operation, inputs, attributes, type, name=node.name, where=node.where)

    def as_kernel(self, w: Tensor, shape: tuple[int, ...]) -> Tensor:
        """A matrix as the kernel of a convolution: where it is a parameter, and only that, it has the new shape."""
        if w not in self._names or self._uses[w] > 1:
            return reshape(w, shape)
        name = self._names[w]
        self.parameters[name] = Parameter(input_tensor(name, shape, w.dtype))
        return self.parameters[name].tensor

    # ------------------------------------------------------------------------------------------------------ the rules
    def _elementwise_body(self, node: Tensor) -> bool:
        if not isinstance(node.operation, Expandable):
            return False
        inner = topological([node.expansion], lambda n: () if n in self.forms else n.inputs)
        return all(n in self.forms or not n.inputs or isinstance(n.operation, Elementwise) for n in inner)

    def _elementwise(self, node: Tensor, sources: Sequence[Form | None]) -> Form:
        forms = [form for form in sources if form is not None]
        first = forms[0]
        if len({(type(form), form.extents if isinstance(form, Window) else ()) for form in forms}) > 1:
            raise self.refusal(node, _MIXED())
        for x, form in zip(node.inputs, sources, strict=True):
            if form is None and not self._for_all_places(x, node, first):
                raise self.refusal(node, _BY_PLACE(operand=x.describe()))
        tensor = self.moved(node)
        if isinstance(first, Window):
            return Window(tensor, first.extents)
        return Map(tensor) if isinstance(first, Map) else Positions(tensor)

    def _fills_borders(self, node: Tensor) -> bool:
        """Whether it puts another number than 0 where padding is, by a mask of places, as max pooling does."""
        if node.operation.name != "where":
            return False
        mask, padded, _ = node.inputs
        return self.forms[mask] is None and mask.operation.name == padded.operation.name == "pad"

    def _with_borders(self, node: Tensor) -> Form:
        mask, padded, number = node.inputs
        inner, outer = self.forms[padded.inputs[0]], self.forms[padded]
        assert inner is not None
        assert outer is not None
        inside, shape = broadcast_to(True, inner.tensor.shape), outer.tensor.shape
        type = mask.operation.infer([inside], {"shape": shape})
        return Map(where(Tensor(mask.operation, (inside,), {"shape": shape}, type), outer.tensor, number))

    def _for_all_places(self, x: Tensor, node: Tensor, form: Form) -> bool:
        """Whether an operand that does not depend on the image has no numbers for single places."""
        if isinstance(form, Window):
            return all(extent == 1 for extent in x.shape)
        if isinstance(form, Positions):
            return x.ndim < node.ndim or x.shape[0] == 1
        missing = node.ndim - x.ndim
        return all(x.shape[axis - missing] == 1 for axis in range(1, self.rank + 1) if axis >= missing)

    def _product(self, node: Tensor, sources: Sequence[Form | None]) -> Form:
        """A dense layer: at each position by itself, or of a window."""
        (x, w), form = node.inputs, sources[0]
        if form is None or sources[1] is not None or w.ndim != 2:
            raise self.refusal(node, WHOLE_MAP())
        if isinstance(form, Positions) and x.ndim > 2:
            return self._at_each_position(node)
        window = form.extents if isinstance(form, Window) else (1,) * self.rank
        depth, units = form.tensor.shape[-1], w.shape[-1]
        assert isinstance(depth, int)
        assert isinstance(units, int)
        y = _CONV[self.rank](form.tensor, self.as_kernel(w, (*window, depth, units)))
        return Map(y) if isinstance(form, Map) else Positions(y)

    def _reshaped(self, node: Tensor, form: Form | None) -> Form:
        before, after = node.inputs[0].shape, node.shape
        if form is None or isinstance(form, Window) or after[:1] != before[:1]:
            raise self.refusal(node, _FLATTENED() if isinstance(form, Window) else WHOLE_MAP())
        places = self.rank + 1
        lead = form.tensor.shape[:places]
        if isinstance(form, Positions):
            return Positions(reshape(form.tensor, (*lead, *after[1:])))
        if after[:places] == before[:places]:
            return Map(reshape(form.tensor, (*lead, *after[places:])))
        extents = self.spatial(before)
        if all(extent == 1 for extent in extents):
            return Positions(reshape(form.tensor, (*lead, *after[1:])))
        if node.ndim == 2 and len(before) == places + 1:
            return Window(form.tensor, extents)
        raise self.refusal(node, WHOLE_MAP())

    def _at_each_position(self, node: Tensor) -> Positions:
        """Any operation on what has no spatial axes: positions are more samples."""
        lead: Shape = ()
        inputs = []
        for x in node.inputs:
            form = self.forms[x]
            if form is None:
                inputs.append(x)
                continue
            lead = form.tensor.shape[: self.rank + 1]
            inputs.append(reshape(form.tensor, (_samples(lead), *x.shape[1:])))
        many = _samples(lead)
        attributes = {key: _more_samples(value, many) for key, value in node.attributes.items()}
        type = node.operation.infer(inputs, attributes)
        if type.shape[:1] != (many,):
            raise self.refusal(node, WHOLE_MAP())
        y = Tensor(node.operation, tuple(inputs), attributes, type, name=node.name, where=node.where)
        return Positions(reshape(y, (*lead, *y.shape[1:])))


def _samples(lead: Shape) -> Batch:
    samples, *places = lead
    assert isinstance(samples, Batch)
    for extent in places:
        assert isinstance(extent, int)
        samples = Batch(samples.multiple * extent)
    return samples


def _more_samples(value: Any, many: Batch) -> Any:
    """An attribute in which the number of samples is another one."""
    if isinstance(value, Batch):
        return Batch(value.multiple * many.multiple)
    return tuple(_more_samples(part, many) for part in value) if isinstance(value, tuple) else value


def _paths(network: Network) -> dict[Tensor, str]:
    """The layer that each node belongs to: the innermost."""
    paths: dict[Tensor, str] = {}
    for record in sorted(network.layers, key=lambda record: -record.path.count("/")):
        own = {network.parameters[name].tensor for name in record.parameters}
        for node in as_tuple(record.output):
            paths.setdefault(node, record.path)
        for node in topological(as_tuple(record.output)):
            if not own.isdisjoint(node.inputs):
                paths.setdefault(node, record.path)
    return paths
