"""Optimizers: how gradients become new parameters.

optimizer          Optimizer: a training step as a graph; GradientRule: each parameter by itself
gradient_descent   SGD, Momentum, Nesterov
adam               Adam
schedules          rates that change while training: ConstantRate, StepDecay, ExponentialDecay, Cosine, WarmUp, OneCycle
"""

from chainrule.optim.adam import *
from chainrule.optim.gradient_descent import *
from chainrule.optim.names import *
from chainrule.optim.optimizer import *
from chainrule.optim.schedules import *
