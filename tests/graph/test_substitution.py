"""The same graph on other nodes."""

import chainrule as cr
from chainrule.graph.substitution import substituted
from chainrule.graph.tensor import Tensor


def test_rebuilt_nodes_keep_name_and_line_and_take_new_values():
    x = cr.input_tensor("x", ())
    square = x * x
    named = Tensor(square.operation, square.inputs, square.attributes, square.type, name="hidden", where="here.py:1")
    (root,) = substituted([named + 1.0], {x: cr.tensor(3.0)})
    hidden = root.inputs[0]
    assert (hidden.name, hidden.where) == ("hidden", "here.py:1")
    assert float(root) == 10
