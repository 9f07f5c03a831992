"""Networks: layers, how they become a graph, and what surrounds them.

layer            Layer, what every layer is; scope: what it sees while its function is traced
network          trace(architecture, input_shapes) → Network, the graph in both modes
sequential       layers one behind the other; any function (x, scope) → y that calls layers will do
skip_connection  past a layer, by a sum or a join

dense            the fully connected layer              embedding        a row for each word, user, category
convolution      Conv1D, Conv2D, Conv3D; transposed_convolution, depthwise_convolution
pooling          of windows; whole_pooling: of whole maps, or of a grid
recurrent        SimpleRNN, LSTM, GRU, both ways        attention        MultiHeadAttention
normalization    over the batch, or within samples      dropout          of neurons and of maps
reshaping        Flatten, Reshape, Permute, Rescaling   resizing         UpSampling1D, UpSampling2D
borders          ZeroPadding2D, Cropping2D              noise            Gaussian; dropout by it, and for SELU
activations      by name, and as functions              gates            GELU, SiLU, GLU, Maxout, ...
rectifiers       ReLU, PReLU, ELU, Softplus, ...        saturating       Sigmoid, Tanh, Softmax, ...
augmentation     flips, shifts, crops, cut-out          colors           brightness, contrast, saturation, hue
warping          rotation, zoom, elastic distortion     mixing           MixUp

initializers     first values of parameters; normals: numbers that are normally distributed
penalties        what large parameters cost             activity         what large outputs cost
losses           one number per sample                  models           lenet5, resnet, unet, autoencoder, ...
receptive_field  which part of its input an output sees

names, ranges    refusing names and numbers that a hyper-parameter cannot be
spatial          refusing inputs that are no sequences, images, volumes
"""

from chainrule.nn.activations import *
from chainrule.nn.activity import *
from chainrule.nn.attention import *
from chainrule.nn.augmentation import *
from chainrule.nn.borders import *
from chainrule.nn.colors import *
from chainrule.nn.convolution import *
from chainrule.nn.dense import *
from chainrule.nn.depthwise_convolution import *
from chainrule.nn.dropout import *
from chainrule.nn.embedding import *
from chainrule.nn.gates import *
from chainrule.nn.initializers import *
from chainrule.nn.layer import *
from chainrule.nn.losses import *
from chainrule.nn.mixing import *
from chainrule.nn.models import *
from chainrule.nn.network import *
from chainrule.nn.noise import *
from chainrule.nn.normalization import *
from chainrule.nn.penalties import *
from chainrule.nn.pooling import *
from chainrule.nn.receptive_field import *
from chainrule.nn.rectifiers import *
from chainrule.nn.recurrent import *
from chainrule.nn.reshaping import *
from chainrule.nn.resizing import *
from chainrule.nn.saturating import *
from chainrule.nn.scope import *
from chainrule.nn.sequential import *
from chainrule.nn.skip_connection import *
from chainrule.nn.transposed_convolution import *
from chainrule.nn.warping import *
from chainrule.nn.whole_pooling import *
