"""A deep-learning framework with nothing hidden."""

from chainrule.version import __version__

__all__ = ["__version__"]
