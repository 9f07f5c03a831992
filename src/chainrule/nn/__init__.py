"""Networks: layers, how they become a graph, and what surrounds them.

layer           Layer, what every layer is; scope: what it sees while its function is traced
network         trace(architecture, input_shapes) → Network, the graph in both modes
sequential      layers one behind the other; any function (x, scope) → y that calls layers will do
dense           the fully connected layer
convolution     Conv1D, Conv2D, ZeroPadding2D          pooling         MaxPool2D, AveragePooling2D
reshaping       Flatten, Rescaling                     activations     by name, as functions, as layers
dropout         Dropout                                normalization   BatchNormalization
initializers    first values of parameters             penalties       what large parameters cost
losses          one number per sample
models          lenet5, mlp                            published       lenet5_1998, layer by layer as it was
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
from chainrule.nn.convolution import Conv1D, Conv2D, ZeroPadding2D
from chainrule.nn.dense import Dense
from chainrule.nn.dropout import Dropout
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
from chainrule.nn.models import MODELS, lenet5, mlp
from chainrule.nn.network import Network, trace
from chainrule.nn.normalization import BatchNormalization
from chainrule.nn.penalties import L2, Penalty
from chainrule.nn.pooling import AveragePooling2D, MaxPool2D
from chainrule.nn.published import lenet5_1998
from chainrule.nn.reshaping import Flatten, Rescaling
from chainrule.nn.scope import LayerRecord, Parameter, Scalar, Scope, State
from chainrule.nn.sequential import Sequential

__all__ = [
    "ELU", "L2", "MODELS", "Activation", "AveragePooling2D", "BatchNormalization", "BinaryCrossEntropy",
    "CategoricalCrossEntropy", "Constant", "Conv1D", "Conv2D", "Dense", "Dropout", "Flatten", "Glorot", "He", "Huber",
    "Identity", "Initializer", "Layer", "LayerRecord", "LeCun", "LeakyReLU", "Loss", "MaxPool2D", "MeanAbsoluteError",
    "MeanSquaredError", "Network", "Normal", "Orthogonal", "Parameter", "Penalty", "ReLU", "Rescaling", "Scalar",
    "Scope", "Sequential", "Sigmoid", "Softmax", "Softplus", "SquaredDistance", "State", "Step", "Tanh", "Uniform",
    "ZeroPadding2D", "as_activation", "as_initializer", "as_loss", "lenet5", "lenet5_1998", "mlp", "trace",
]  # fmt: skip
