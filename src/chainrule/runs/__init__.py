"""Runs: from what a training is told to a folder that holds its result, and that can be gone on with and used.

setting        what one setting may be, and what is said about it
configuration  Configuration: all settings, by section
mistakes       Mistakes in what somebody wrote, told together
settings       configurations from files and from "section.key=value"; their schema; a commented example
recipes        how each network is trained unless somebody says otherwise
division       what is learned from, and which of it is trained on, validated and tested with
arrangement    arrange: data in parts, prepared; the network; how it is trained
folder         RunFolder: what stands where, how runs are named, found and listed
environment    with what a run was made
recorder       what keeps the folder up to date while it trains
same_data      whether the data are still those that a run was begun with
training       train; rearrange and resume, after a break
scores         how good predictions are, and how good it is to guess
outcome        Outcome: what a run reached, and what it cost
comparison     runs side by side
cross_validation  cross_validate: how much a result depends on the samples that were tested with
wording        what is said of data, plan and result, in a terminal and in a report
report         a run as one page of HTML
trained        load, Trained: predictions for data as people have them
"""

from chainrule.runs.arrangement import Arrangement, arrange
from chainrule.runs.configuration import Configuration
from chainrule.runs.cross_validation import cross_validate
from chainrule.runs.folder import RunFolder
from chainrule.runs.outcome import Outcome
from chainrule.runs.settings import overridden, read_configuration
from chainrule.runs.trained import Trained, load
from chainrule.runs.training import rearrange, resume, train

__all__ = [
    "Arrangement",
    "Configuration",
    "Outcome",
    "RunFolder",
    "Trained",
    "arrange",
    "cross_validate",
    "load",
    "overridden",
    "read_configuration",
    "rearrange",
    "resume",
    "train",
]
