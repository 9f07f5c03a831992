/* What a run is given. `places` tells, for each sample of each step, where it is in the caller's arrays.
   Python knows these fields as execute.native.Frame; a program's own counters follow them. */
#define FRAME_FIELDS                                                        \
  char *shared, *banks, *batches, *rows, *scratch;                          \
  void **outside;                                                           \
  const i64 *types; /* of the caller's arrays: see TYPES */                 \
  const i64 *places;                                                        \
  const char *feeds; /* numbers that each step begins with, 8 bytes each */ \
  char *results;     /* numbers that each step ends with */                 \
  double *seconds;   /* of thread 0, for each piece of the program, where it is profiled */ \
  i64 batch, steps, done, watched, fault;
