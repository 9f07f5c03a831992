"""chainrule: a deep-learning framework with nothing hidden.

tensors          Tensor, tensor, input_tensor, batch, the dtypes
operations       see chainrule.ops: arithmetic, activations, movement, contractions, selection, randomness
transformations  grad, value_and_grad, vjp, jvp, vmap, jacobian, hessian, hvp, check_gradients, explain
graphs           Graph, verify, evaluate
compiler         compile: a function as native code, and every stage of its making to look at
use              load: what a run learned, for data as people have them; runs: from a configuration to its result
networks         Model; nn: layers, losses, lenet5; optim: SGD, Adam; train: callbacks, metrics; data: digits
before training  fast_dev_run, overfit_batches, lr_find
understanding    inspect: measurements and pictures; surgery: a model in another form; signal: linear systems
debugging        diagnosis: what is wrong with a training, with its evidence and a remedy
"""

# What is public is what stands here, `as` and `*` included: type checkers read these forms, and an operation or layer
# that is added to its file's __all__ is public without a second list.
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from chainrule import data as data
from chainrule.autodiff import *
from chainrule.execute import evaluate as evaluate
from chainrule.execute import value_of as _value_of
from chainrule.execute.compiling import compile as compile
from chainrule.graph.dtype import bool_ as bool_
from chainrule.graph.dtype import float32 as float32
from chainrule.graph.dtype import float64 as float64
from chainrule.graph.dtype import int32 as int32
from chainrule.graph.dtype import int64 as int64
from chainrule.graph.dtype import uint8 as uint8
from chainrule.graph.extent import batch as batch
from chainrule.graph.graph import Graph as Graph
from chainrule.graph.graph import Node as Node
from chainrule.graph.tensor import Tensor as Tensor
from chainrule.graph.tensor import input_tensor as input_tensor
from chainrule.graph.tensor import tensor as tensor
from chainrule.graph.verify import verify as verify
from chainrule.messages import in_language as in_language
from chainrule.messages import use_language as use_language
from chainrule.ops.activations import *
from chainrule.ops.adaptive_pooling import *
from chainrule.ops.arrangement import *
from chainrule.ops.attention import *
from chainrule.ops.augmentation import *
from chainrule.ops.bits import *
from chainrule.ops.colors import *
from chainrule.ops.comparison import *
from chainrule.ops.contraction import *
from chainrule.ops.convolution import *
from chainrule.ops.creation import *
from chainrule.ops.depthwise_convolution import *
from chainrule.ops.diagonals import *
from chainrule.ops.dropout import *
from chainrule.ops.elementwise import *
from chainrule.ops.exponential import *
from chainrule.ops.gathering import *
from chainrule.ops.gating import *
from chainrule.ops.indexing import *
from chainrule.ops.mixing import *
from chainrule.ops.movement import *
from chainrule.ops.normalization import *
from chainrule.ops.operators import operators as _operators
from chainrule.ops.ordering import *
from chainrule.ops.parts import *
from chainrule.ops.pooling import *
from chainrule.ops.probability import *
from chainrule.ops.random import *
from chainrule.ops.reductions import *
from chainrule.ops.resizing import *
from chainrule.ops.rounding import *
from chainrule.ops.running import *
from chainrule.ops.selection import *
from chainrule.ops.softmax import *
from chainrule.ops.transposed_convolution import *
from chainrule.ops.trigonometric import *
from chainrule.ops.unfolding import *
from chainrule.ops.warping import *
from chainrule.version import __version__ as __version__

# The graph stands below its vocabulary and its executors; these two lines are all that it gets from above.
Tensor.operators = _operators
Tensor.evaluator = _value_of

# Networks and their training are loaded when they are first named: it halves what 'import chainrule' adds to NumPy's.
if _TYPE_CHECKING:
    from chainrule import diagnosis as diagnosis
    from chainrule import inspect as inspect
    from chainrule import nn as nn
    from chainrule import optim as optim
    from chainrule import runs as runs
    from chainrule import signal as signal
    from chainrule import surgery as surgery
    from chainrule import train as train
    from chainrule.autodiff.explanation.explanation import Explanation as Explanation
    from chainrule.runs.trained import load as load
    from chainrule.train.dry_run import fast_dev_run as fast_dev_run
    from chainrule.train.few_batches import overfit_batches as overfit_batches
    from chainrule.train.model import Model as Model
    from chainrule.train.rate_finding import lr_find as lr_find
else:

    def __getattr__(name: str) -> _Any:
        from importlib import import_module

        if name in ("diagnosis", "inspect", "nn", "optim", "runs", "signal", "surgery", "train"):
            return import_module(f"chainrule.{name}")
        if name in ("Model", "fast_dev_run", "lr_find", "overfit_batches"):
            return getattr(import_module("chainrule.train"), name)
        if name == "load":
            return import_module("chainrule.runs.trained").load
        if name == "Explanation":
            return import_module("chainrule.autodiff.explanation.explanation").Explanation
        raise AttributeError(f"module 'chainrule' has no attribute '{name}'")
