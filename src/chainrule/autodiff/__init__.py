"""Transformations from graph to graph: reverse mode, forward mode, batching, and what is made of them.

reverse     cotangents from a result to its inputs: vjp, grad, value_and_grad
forward     tangents from inputs to a result: jvp
batching    one more axis in front of everything: vmap
matrices    jacobian, hessian, hvp: combinations of the three
check       derivatives against central differences
"""

from chainrule.autodiff.batching import vmap
from chainrule.autodiff.check import check_gradients
from chainrule.autodiff.forward import jvp
from chainrule.autodiff.matrices import hessian, hvp, jacobian
from chainrule.autodiff.reverse import grad, gradients, value_and_grad, vjp

__all__ = [
    "check_gradients", "grad", "gradients", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
