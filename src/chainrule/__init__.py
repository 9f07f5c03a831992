"""chainrule: a deep-learning framework with nothing hidden.

tensors          Tensor, tensor, input_tensor, batch, the dtypes
operations       see chainrule.ops: arithmetic, activations, movement, contractions, selection, randomness
transformations  grad, value_and_grad, vjp, jvp, vmap, jacobian, hessian, hvp, check_gradients
execution        evaluate
"""

from chainrule import autodiff, data, ops
from chainrule.autodiff import *
from chainrule.execute import evaluate
from chainrule.graph.dtype import bool_, float32, float64, int32, int64, uint8
from chainrule.graph.extent import batch
from chainrule.graph.tensor import Tensor, input_tensor, tensor
from chainrule.messages import use_language
from chainrule.ops import *
from chainrule.version import __version__

# The graph stands below its vocabulary and its executors; these two lines are all that it gets from above.
Tensor.operators = ops.operators
Tensor.evaluator = lambda tensor: evaluate([tensor])[0]

__all__ = [
    "Tensor",
    "__version__",
    "batch",
    "bool_",
    "data",
    "evaluate",
    "float32",
    "float64",
    "input_tensor",
    "int32",
    "int64",
    "tensor",
    "uint8",
    "use_language",
]
__all__ += autodiff.__all__
__all__ += ops.__all__
