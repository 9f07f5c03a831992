"""The reference executor: every operation's own NumPy evaluation, one node after the other."""

from chainrule.execute.reference import Program, evaluate

__all__ = ["Program", "evaluate"]
