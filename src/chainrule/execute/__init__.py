"""The reference executor: every operation's own NumPy evaluation, one node after the other."""

from chainrule.execute.reference import Program, evaluate, value_of

__all__ = ["Program", "evaluate", "value_of"]
