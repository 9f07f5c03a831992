"""Training: the model, its loop, and everything around them.

model        Model: fit, evaluate, predict, summary, save, load
loop         Training: the loop, as callbacks see it
arguments    what Model and fit are given, once it is certain what is meant
plan         a training as it is asked for, which fit runs and rehearsals look at
online       OnlineTraining: samples from a stream, learned from as they come
callback     Callback, whose moments the loop calls, and what callbacks remember
callbacks    EarlyStopping, Checkpoint, ReduceLearningRateOnPlateau
metrics      what is reported beside the loss, and Objective, both together
goal         loss and metrics as they were given: in a new training, a resumed one, an evaluation
history      History: the means of each epoch
samples      the arrays of a training, checked once
precision    what is multiplied: float32 or bfloat16, and what the processor must have for it
step         TrainingStep and EvaluationStep: pure graphs, and how they run
stepper      runs steps, in NumPy or in native code
evaluation   the means of loss and metrics over samples that nothing is learned from
few_batches  overfit_batches: whether a network can learn a few samples by heart
memorization  Memorization: how it did, in numbers and words
rate_finding lr_find: the range test, which suggests a learning rate
learning_rate_range  LearningRateRange: its losses, in numbers and words
dry_run      fast_dev_run: one batch through all that a training does
rehearsal    Rehearsal: the stages that went through
guessing     what a loss is for answers that need no network: the same one for all inputs, and the best
stand_in     a model to try things on in place of another one
timeline     the state of a training, ahead by steps and back again
past         steps that can be taken back: moments that are remembered
resuming     whether what is given now belongs to the training that is to go on
means        means over an epoch's batches
predictor    a network's inference, made into programs when they are first needed
state        TrainingState: all that an exact resume needs
saved        a model as data
checkpoints  folders that are written all or not at all
progress     a line per epoch
summary      a network as a table
statistics   what can be told of a step in a few numbers, as nodes of its graph
recording    Recording: these numbers over a training
table        rows of text
notebook     models and histories as a notebook shows them
"""

from chainrule.train.callback import *
from chainrule.train.callbacks import *
from chainrule.train.dry_run import *
from chainrule.train.few_batches import *
from chainrule.train.history import *
from chainrule.train.learning_rate_range import *
from chainrule.train.loop import *
from chainrule.train.memorization import *
from chainrule.train.metrics import *
from chainrule.train.model import *
from chainrule.train.online import *
from chainrule.train.progress import *
from chainrule.train.rate_finding import *
from chainrule.train.recording import *
from chainrule.train.rehearsal import *
from chainrule.train.state import *
from chainrule.train.step import *
