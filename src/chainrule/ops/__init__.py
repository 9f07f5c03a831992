"""The vocabulary: every operation, by the file that declares it.

kinds/        the kinds of operation: what follows from one declaration
elementwise   arithmetic, the larger and the smaller of two
comparison    comparisons and logic
bits          what & | ^ ~ do to bools and integers
rounding      numbers made whole or shorter, quotients rounded down and their remainders
exponential   exponentials, logarithms, the error function
trigonometric functions of angles and of hyperbolic angles, and their inverses
activations   relu, sigmoid and their like
gating        activations among features: glu, maxout
probability   functions of probabilities and of their logarithms
creation      new tensors, and sizes of axes as numbers
movement      reshape, transpose, broadcast
parts         pad, concatenate, split
contraction   sums, means, matrix products
windows       windows that move along axes: their arithmetic
convolution   convolutions; transposed_convolution, depthwise_convolution; unfolding: im2col
maxima        the largest elements of windows and where they are
selection     the largest and smallest elements along axes
pooling       the largest elements and means of windows; adaptive_pooling: of as many as are wanted
resizing      images of another size
reductions    products, any and all, norms, standard deviations
gathering     gather and scatter, one-hot
indexing      brackets, take
arrangement   squeeze, stack, flip, roll, repeat, tile
diagonals     diagonals and triangles of matrices
running       running totals and products along an axis
ordering      sort, top-k
random        Philox: uniform, normal, Bernoulli
softmax       its logarithm, cross-entropy
dropout       elements dropped by chance
normalization layer, group, RMS, local response, L2 normalisation
attention     weights of attention, and means by them
augmentation  flips, shifts, crops, cut-out
colors        brightness, contrast, saturation, hue
warping       rotation, zoom, elastic distortion
mixing        mix-up

declared      all of them by name
operators     those behind + - * / @ and their like
"""

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
from chainrule.ops.declared import vocabulary as vocabulary
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
from chainrule.ops.operators import operators as operators
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
