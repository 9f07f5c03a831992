"""Trainings that say what is wrong with them, how one knows, and what to do.

finding     Finding: a stable code, numbers that prove it, a remedy; Findings
task        what a training is about, before its first step
course      what it did so far, as numbers
rewriting   an optimizer with another learning rate, as a line of code
nonfinite   values that are infinite or no number, and where the first came from
labels      labels that do not fit the outputs, class imbalance
label_noise labels that are wrong, with the suspects
scaling     inputs and targets far from the size of 1
neighbors   the samples that are most alike
duplicates  validation samples that were trained on
first_loss  the loss before the first step, beside that of guessing
probabilities  softmax or sigmoid twice
initialization  first weights that are zero, or the same for all units
rehearsals  what shows when copies are trained for a moment
units       dead rectifiers, saturated sigmoids
depth       gradients that vanish or explode on their way to the first layers
each_layer  each layer by itself, in training and in inference
modes       training and inference modes that do not agree
small_batches  batches too small for batch normalisation
checks      all checks and all kinds of findings
diagnosis   Diagnosis: the callback that makes the checks while a model trains
preflight   the checks before a training, by themselves
"""

from chainrule.diagnosis.checks import *
from chainrule.diagnosis.diagnosis import *
from chainrule.diagnosis.finding import *
from chainrule.diagnosis.preflight import *
