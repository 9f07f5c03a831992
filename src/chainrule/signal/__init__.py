"""Signals and the systems that change them: what convolution is before it is a layer.

convolution  convolve, correlate: of one signal with another, of a picture with a kernel
window       System: what a function makes of the part of a signal that is computed
systems      linearity and shift_invariance of a system, each a verdict with its evidence
impulse      ImpulseResponse, which is the whole system where both hold; kronecker_delta
filters      moving_average, echo, difference, by their impulse responses
superposition a signal as a sum of impulses, a response as the sum of theirs
kernels      sobel, gaussian, laplacian and their like, for pictures
edges        where a picture's brightness changes, how fast and in which direction
"""

from chainrule.signal.convolution import *
from chainrule.signal.edges import *
from chainrule.signal.filters import *
from chainrule.signal.impulse import *
from chainrule.signal.kernels import *
from chainrule.signal.superposition import *
from chainrule.signal.systems import *
from chainrule.signal.window import *
