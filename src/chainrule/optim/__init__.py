"""Optimizers: how gradients become new parameters.

optimizer          Optimizer: a training step as a graph; GradientRule: each parameter by itself
gradient_descent   SGD, Momentum, Nesterov
adam               Adam
schedules          rates that change while training
"""

from chainrule.optim.adam import Adam
from chainrule.optim.gradient_descent import SGD, Momentum, Nesterov
from chainrule.optim.names import OPTIMIZERS, as_optimizer
from chainrule.optim.optimizer import GradientRule, Optimizer, StepResult
from chainrule.optim.schedules import Schedule

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "GradientRule",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "Schedule",
    "StepResult",
    "as_optimizer",
]
