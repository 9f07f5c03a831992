"""Optimizers: how gradients become new parameters.

optimizer          Optimizer: a training step as a graph; GradientOptimizer: from the gradients; GradientRule: each
                   parameter by itself
gradient_descent   SGD, Momentum, Nesterov
adam               Adam, AdamW, AMSGrad, Nadam, Adamax
squares            Adagrad, Adadelta, RMSProp, CenteredRMSProp
lion               Lion
lbfgs              LBFGS: quasi-Newton steps on all samples
perturbation       RandomPerturbation: search without gradients
wrapper            Wrapper: an optimizer around an optimizer
clipping           ClipByValue, ClipByNorm, ClipByGlobalNorm: bounds on gradients
max_norm           MaxNorm: a bound on weights
averaging          ExponentialAverage, StochasticWeightAverage: means of the weights over the training
accumulation       AccumulateGradients: one update from several batches
skipping           SkipNonFinite: no step where loss or gradients are not finite
names              OPTIMIZERS: the optimizers by name
schedules          rates that change while training: ConstantRate, StepDecay, ExponentialDecay, Cosine, WarmUp, OneCycle
rates              which numbers a rate can be
"""

from chainrule.optim.accumulation import *
from chainrule.optim.adam import *
from chainrule.optim.averaging import *
from chainrule.optim.clipping import *
from chainrule.optim.gradient_descent import *
from chainrule.optim.lbfgs import *
from chainrule.optim.lion import *
from chainrule.optim.max_norm import *
from chainrule.optim.names import *
from chainrule.optim.optimizer import *
from chainrule.optim.perturbation import *
from chainrule.optim.schedules import *
from chainrule.optim.skipping import *
from chainrule.optim.squares import *
from chainrule.optim.wrapper import *
