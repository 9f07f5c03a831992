"""Optimizers: how gradients become new parameters.

optimizer          Optimizer: a training step as a graph; GradientRule: each parameter by itself
gradient_descent   SGD, Momentum, Nesterov
adam               Adam
schedules          rates that change while training: ConstantRate, StepDecay, ExponentialDecay, Cosine, WarmUp, OneCycle
"""

from chainrule.optim.adam import Adam
from chainrule.optim.gradient_descent import SGD, Momentum, Nesterov
from chainrule.optim.names import OPTIMIZERS, as_optimizer
from chainrule.optim.optimizer import GradientRule, Optimizer, StepResult
from chainrule.optim.schedules import ConstantRate, Cosine, ExponentialDecay, OneCycle, Schedule, StepDecay, WarmUp

__all__ = [
    "OPTIMIZERS", "SGD", "Adam", "ConstantRate", "Cosine", "ExponentialDecay", "GradientRule", "Momentum", "Nesterov",
    "OneCycle", "Optimizer", "Schedule", "StepDecay", "StepResult", "WarmUp", "as_optimizer",
]  # fmt: skip
