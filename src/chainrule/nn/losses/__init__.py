"""Losses of single samples. A loss maps outputs and targets to one number per sample; training takes their mean.

loss             what a loss is, and how labels and targets are made to fit
distances        of numbers: squares, absolute values, Huber, log-cosh, quantiles, the angle
cross_entropies  of probabilities against labels, focal ones too
margins          hinges, and the order of distances
likelihoods      of distributions: KL divergence, counts, numbers with their variance
names            by name
"""

from chainrule.nn.losses.cross_entropies import *
from chainrule.nn.losses.distances import *
from chainrule.nn.losses.likelihoods import *
from chainrule.nn.losses.loss import *
from chainrule.nn.losses.margins import *
from chainrule.nn.losses.names import *
