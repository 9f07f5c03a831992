"""Models in another form with the same parameters: cut open, merged, made convolutional.

inner_outputs        features: what inner layers give, as a model
pretrained           Pretrained: a model as a layer of another
collapsing           collapse: dense layers without anything between them are one
folding              fold_batch_normalization: batch normalisation as part of the layer before it
pointwise            to_dense_layers: convolutions that are dense layers
fully_convolutional  to_fully_convolutional: a classifier that takes larger images

assembling   networks from parts of others        affine   finding affine layers in a graph
sliding      a network moved over a larger image; forms: of its tensors there; map_rules: what operations do to maps
"""

from chainrule.surgery.collapsing import *
from chainrule.surgery.folding import *
from chainrule.surgery.fully_convolutional import *
from chainrule.surgery.inner_outputs import *
from chainrule.surgery.pointwise import *
from chainrule.surgery.pretrained import *
