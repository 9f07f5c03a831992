"""Optimizers: how gradients become new parameters.

optimizer          Optimizer: a training step as a graph; GradientOptimizer: from the gradients; GradientRule: each
                   parameter by itself
gradient_descent   SGD, Momentum, Nesterov
adam               Adam, AdamW, AMSGrad, Nadam, Adamax
squares            Adagrad, Adadelta, RMSProp, CenteredRMSProp
lion               Lion
names              OPTIMIZERS: the optimizers by name
schedules          rates that change while training: ConstantRate, StepDecay, ExponentialDecay, Cosine, WarmUp, OneCycle
rates              which numbers a rate can be
"""

from chainrule.optim.adam import *
from chainrule.optim.gradient_descent import *
from chainrule.optim.lion import *
from chainrule.optim.names import *
from chainrule.optim.optimizer import *
from chainrule.optim.schedules import *
from chainrule.optim.squares import *
