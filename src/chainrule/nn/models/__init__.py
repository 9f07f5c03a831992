"""Complete architectures: functions that give layers, ready for `Model`.

convolutional      lenet5                                published    lenet5_1998, layer by layer as it was
residual           resnet                                dense        mlp
all_convolutional  all_cnn                               tabular      tabular_mlp: numbers beside categories
reconstruction     autoencoder                           series       sensor_cnn
segmentation       unet                                  by_name      those that classify images of bytes
"""

from chainrule.nn.models.all_convolutional import *
from chainrule.nn.models.by_name import *
from chainrule.nn.models.convolutional import *
from chainrule.nn.models.dense import *
from chainrule.nn.models.published import *
from chainrule.nn.models.reconstruction import *
from chainrule.nn.models.residual import *
from chainrule.nn.models.segmentation import *
from chainrule.nn.models.series import *
from chainrule.nn.models.tabular import *
