"""Measurements of chainrule beside its peers, in the same run on the same machine.

row          what a row of the table measures, and which target it has
rows/        the rows, one file per topic: plain tuples
work/        what is timed: chainrule's work and each peer's
worker       one contestant in a process of its own
turns        the conversation between a contestant's work and the process that times it
blocks       contestants in turn, block by block
processes    whole processes, from start to end
statistics   medians, quartiles, intervals
results      what a run found, as data; report and plot show it
"""
