"""Networks: layers, how they become a graph, and what surrounds them.

layer          Layer, what every layer is; scope: what it sees while its function is traced
network        trace(architecture, input_shapes) → Network, the graph in both modes
sequential     layers one behind the other; any function (x, scope) → y that calls layers will do
dense          the fully connected layer
activations    by name, as functions, as layers
initializers   first values of parameters      penalties   what large parameters cost
losses         one number per sample
"""

from chainrule.nn.activations import (
    ELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Step,
    Tanh,
    as_activation,
)
from chainrule.nn.dense import Dense
from chainrule.nn.initializers import (
    Constant,
    Glorot,
    He,
    Initializer,
    LeCun,
    Normal,
    Orthogonal,
    Uniform,
    as_initializer,
)
from chainrule.nn.layer import Layer
from chainrule.nn.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SquaredDistance,
    as_loss,
)
from chainrule.nn.network import Network, trace
from chainrule.nn.penalties import L2, Penalty
from chainrule.nn.scope import LayerRecord, Parameter, Scalar, Scope, State
from chainrule.nn.sequential import Sequential

__all__ = [
    "ELU",
    "L2",
    "Activation",
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Constant",
    "Dense",
    "Glorot",
    "He",
    "Huber",
    "Identity",
    "Initializer",
    "Layer",
    "LayerRecord",
    "LeCun",
    "LeakyReLU",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Network",
    "Normal",
    "Orthogonal",
    "Parameter",
    "Penalty",
    "ReLU",
    "Scalar",
    "Scope",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "SquaredDistance",
    "State",
    "Step",
    "Tanh",
    "Uniform",
    "as_activation",
    "as_initializer",
    "as_loss",
    "trace",
]
