/* What every program has: its frame, its ways between rows and lanes, and the loop over its steps. */

struct frame {
  FRAME_FIELDS
  atomic_long taken[PHASES];
};

#ifdef PROFILE
#include <time.h>
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}
#define TIMED(piece, ...) { double began = now(); __VA_ARGS__ if (thread == 0) f->seconds[piece] += now() - began; }
#else
#define TIMED(piece, ...) __VA_ARGS__
#endif

/* Rows to lanes; empty lanes repeat the last sample. */
#define LOAD(to, from, convert)                                                                           \
  static void load_##to##_##from(const from *rows, to *lanes, i64 size, i64 first, i64 batch, const i64 *places) { \
    const from *row[LANES];                                                                               \
    for (i64 l = 0; l < LANES; l++) {                                                                     \
      i64 sample = smaller(first + l, batch - 1);                                                         \
      row[l] = rows + (places ? places[sample] : sample) * size;                                          \
    }                                                                                                     \
    i64 k = 0;                                                                                            \
    for (; k + LANES <= size; k += LANES) {                                                               \
      to##v block[LANES];                                                                                 \
      for (i64 l = 0; l < LANES; l++) block[l] = convert(*(const from##v *)(row[l] + k));                 \
      transpose_##to##v(block);                                                                           \
      for (i64 l = 0; l < LANES; l++) *(to##v *)(lanes + (k + l) * LANES) = block[l];                     \
    }                                                                                                     \
    for (; k < size; k++)                                                                                 \
      for (i64 l = 0; l < LANES; l++) lanes[k * LANES + l] = (to)row[l][k];                               \
  }

/* Rows outside to rows side by side. */
#define GATHER(to, from)                                                                                  \
  static void gather_##to##_##from(const from *rows, to *target, i64 size, i64 lo, i64 hi, const i64 *places) { \
    for (i64 sample = lo; sample < hi; sample++) {                                                        \
      const from *row = rows + (places ? places[sample] : sample) * size;                                 \
      for (i64 k = 0; k < size; k++) target[sample * size + k] = (to)row[k];                              \
    }                                                                                                     \
  }

/* Lanes to rows; empty lanes are left out. */
#define STORE(t)                                                                                          \
  static void store_##t(const t *lanes, t *rows, i64 size, i64 first, i64 batch) {                        \
    i64 samples = smaller(LANES, batch - first);                                                          \
    for (i64 l = 0; l < samples; l++)                                                                     \
      for (i64 k = 0; k < size; k++) rows[(first + l) * size + k] = lanes[k * LANES + l];                 \
  }

/* Lanes to rows of one chunk, `row` elements apart. */
#define TURN(t)                                                                                           \
  static void turn_##t(const t *lanes, t *turned, i64 size, i64 row) {                                    \
    i64 k = 0;                                                                                            \
    for (; k + LANES <= size; k += LANES) {                                                               \
      t##v block[LANES];                                                                                  \
      for (i64 l = 0; l < LANES; l++) block[l] = *(const t##v *)(lanes + (k + l) * LANES);                \
      transpose_##t##v(block);                                                                            \
      for (i64 l = 0; l < LANES; l++) *(t##v *)(turned + l * row + k) = block[l];                         \
    }                                                                                                     \
    for (; k < size; k++)                                                                                 \
      for (i64 l = 0; l < LANES; l++) turned[l * row + k] = lanes[k * LANES + l];                         \
  }
