"""What can be measured of a network and of its training, and the pictures of it.

A measurement is a function that returns a record: a frozen dataclass of arrays and numbers. A picture is a function of
such a record, plot_*, and never computes anything new.

activation_curves       activations with derivative, range and saturation
approximation           networks of growing width, fitted to one function
augmentation_check      whether labels survive what augmentation does
augmentation_effect     what an augmentation does to a classifier that never saw it, in words
batch_sizes             noise of updates, and speed of training, by the size of the batch
confusion               which classes are taken for which
convolution_arithmetic  one number of a convolution, taken apart
differences             how near differences come to a derivative, against their step
dropout_masks           dropout with its masks given
effective_rates         the learning rate that Adam gives to each parameter; its first steps
exciting_patches        the parts of images that excite a unit most
explanation             a graph with its values and the derivatives that flow through it, drawn and animated
feature_maps            what every layer makes of an image
filters                 what kernels do to a picture; its edges
graph_layout            where the nodes of a drawn graph stand
images                  images for a network to be looked at with, checked
kernels                 the kernels that a layer has learned
learning_rates          the loss while the learning rate rises, and the rate that it suggests
localization            where objects are in larger pictures: detections, how many are right, and their picture
loss_surface            the loss of a network along lines and planes through its parameters
modes                   what reverse and forward mode cost, against numbers of inputs and results
noise                   error at the output against noise at the input
occlusion               the parts of an image that a score needs
parameter_gradients     the gradient by each parameter, as a model stands
penalty_effects         what penalties do to updates and to weights
perceptron              Rosenblatt's rule for one neuron, and its boundary epoch by epoch
pixel_projection        what a unit saw, projected back to the pixels
recording               layers and parameters over a training
receptive_fields        what part of the image each layer sees, and what a dense layer would need for it
regions                 the class that a model gives to each point of a plane
saliency                the pixels that a score answers to
score_maps              a classifier moved over an image, against what it says of each crop
separability            whether a hyperplane separates two classes, with the proof
signals                 signals and systems: stems, verdicts with their evidence, impulse responses, superposition
sliding                 a kernel that slides along a signal, number by number
style                   Picture and Animation, their one style, and what to install where the extra is missing
surfaces                functions of two parameters on which optimizers show their character
terminal                curves and histograms as text
thinned_networks        dropout as a mean over networks with neurons dropped
training_comparison     losses of several networks at several learning rates
training_curves         loss and metrics of a training, epoch by epoch
training_modes          training against inference, layer by layer
trajectories            the paths of optimizers over them
"""

from chainrule.inspect.activation_curves import *
from chainrule.inspect.approximation import *
from chainrule.inspect.augmentation_check import *
from chainrule.inspect.augmentation_effect import *
from chainrule.inspect.batch_sizes import *
from chainrule.inspect.confusion import *
from chainrule.inspect.convolution_arithmetic import *
from chainrule.inspect.differences import *
from chainrule.inspect.effective_rates import *
from chainrule.inspect.exciting_patches import *
from chainrule.inspect.explanation import *
from chainrule.inspect.feature_maps import *
from chainrule.inspect.filters import *
from chainrule.inspect.kernels import *
from chainrule.inspect.learning_rates import *
from chainrule.inspect.localization import *
from chainrule.inspect.loss_surface import *
from chainrule.inspect.modes import *
from chainrule.inspect.noise import *
from chainrule.inspect.occlusion import *
from chainrule.inspect.parameter_gradients import *
from chainrule.inspect.penalty_effects import *
from chainrule.inspect.perceptron import *
from chainrule.inspect.pixel_projection import *
from chainrule.inspect.receptive_fields import *
from chainrule.inspect.recording import *
from chainrule.inspect.regions import *
from chainrule.inspect.saliency import *
from chainrule.inspect.score_maps import *
from chainrule.inspect.separability import *
from chainrule.inspect.signals import *
from chainrule.inspect.sliding import *
from chainrule.inspect.style import *
from chainrule.inspect.surfaces import *
from chainrule.inspect.terminal import *
from chainrule.inspect.thinned_networks import *
from chainrule.inspect.training_comparison import *
from chainrule.inspect.training_curves import *
from chainrule.inspect.training_modes import *
from chainrule.inspect.trajectories import *
