"""Transformations from graph to graph: reverse mode, forward mode, batching, and what is made of them.

reverse     cotangents from a result to its inputs: vjp, grad, value_and_grad
forward     tangents from inputs to a result: jvp
batching    one more axis in front of everything: vmap
matrices    jacobian, hessian, hvp: combinations of the three
check       derivatives against central differences
explain     every step of a value and its derivatives, with numbers: what is in explanation/
"""

from chainrule.autodiff.batching import vmap
from chainrule.autodiff.check import check_gradients
from chainrule.autodiff.explain import explain
from chainrule.autodiff.forward import jvp
from chainrule.autodiff.matrices import hessian, hvp, jacobian
from chainrule.autodiff.reverse import grad, gradients, value_and_grad, vjp

__all__ = [
    "check_gradients", "explain", "grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "value_and_grad",
    "vjp", "vmap",
]  # fmt: skip
