"""A computation and its derivatives, step by step.

explanation   Explanation: all steps, to be read, opened and looked at element by element
record        what it consists of, as plain data
plan          which nodes are steps, what they read and what they are called
flow          derivatives through the steps, in both modes
making        an explanation made from these, with all numbers
declared      what operations declare, as formulas
edges         upstream × local, as a formula
paths         the chain rule along whole paths
element       one element, number by number
formula       formulas as small trees
document      headings, equations and remarks
text, latex, mathml, html    the ways of writing them
"""
