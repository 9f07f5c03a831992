"""chainrule: a deep-learning framework with nothing hidden."""

from chainrule import ops
from chainrule.autodiff import *
from chainrule.execute import evaluate
from chainrule.graph.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.ops import *
from chainrule.version import __version__

# The graph stands below its vocabulary and its executors; these two lines are all that it gets from above.
Tensor.operators = ops.operators
Tensor.evaluator = lambda tensor: evaluate([tensor])[0]
