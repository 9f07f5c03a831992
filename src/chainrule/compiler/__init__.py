"""From a graph to native code: each file is a stage, which takes plain data and gives plain data.

expressions   equal expressions are one object; every rewriting applies the same algebra
lowering      tensors become loop nests: equal nodes once, what nothing needs left out
winograd      convolutions in tiles                         convolutions  nests of their form
pairs         sums of products of bfloat16 numbers, two at a time
samples       which nests run sample by sample in vector lanes; masks for empty lanes, sums over a batch in banks
phases        where a value needs the whole batch, the program is cut; repeats: maps that are computed again behind cuts
groups        which nests become one kernel                 group         a nest on its way there
forms         what nests look like
maxima        maxima and their places
updates       values that replace inputs from step to step, written over them
copies        between the caller's rows and the kernels' lanes
strips        steps of a chunk that run part by part, in the nearest cache
layout        where every buffer lives, and how its elements lie
schedule      vector axis, register tile and order of loops of a kernel
kernels       a nest and its schedule as a C function       mathematics   the functions that it calls
assembly      kernels, copies and barriers as the C text of a program
pipeline      all of it, from tensors to C
interface     what programs and their callers agree on      plan          what must be known of one to run it
planning      the plan of a program                         identity      what finds one that was compiled before
formulas      nests as formulas                             show          every stage as text for people
target        instruction sets                              toolchain     a C text becomes a loaded library
team          the threads that run programs
"""
