"""What can be measured of a network and of its training, and the pictures of it.

A measurement is a function that returns a record: a frozen dataclass of arrays and numbers. A picture is a function of
such a record, plot_*, and never computes anything new.

style        Picture and Animation, the one style of all of them, and what to install where the extra is missing
"""

from chainrule.inspect.style import *
