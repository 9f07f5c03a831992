"""The search for good settings: many short trainings, judged by their validation, never by what is tested with.

space       Space: which settings are varied, and within what bounds
storage     where trials are kept, so that a search goes on and several machines share it (needs the extra `tune`)
sampler     what suggests the settings of the next trial
interrupts  Interrupts: Ctrl-C, which waits until nothing is being stored
objective   one trial: a training with the settings of a trial, broken off where others were better
search      search: trials, until there are enough; Search: what they are about
results     Found: what came of it: the best trials, and which settings mattered
"""

from chainrule.tune.results import Found
from chainrule.tune.search import Search, StudyFolder, search
from chainrule.tune.space import Choices, Range, Space, default_space, read_space

__all__ = ["Choices", "Found", "Range", "Search", "Space", "StudyFolder", "default_space", "read_space", "search"]
