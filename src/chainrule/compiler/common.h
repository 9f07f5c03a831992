/* What kernels and programs have in common. */
static inline i64 larger(i64 a, i64 b) { return a > b ? a : b; }
static inline i64 smaller(i64 a, i64 b) { return a < b ? a : b; }

/* How many banks sums over a batch are kept in: a matter of its size alone, so that no result depends on threads. */
static inline i64 banks_of(i64 batch) {
  i64 chunks = (batch + LANES - 1) / LANES;
  return smaller(smaller(chunks, BANKS_AT_MOST), larger(2, chunks / 2));
}

