/* Across lanes: sums in a fixed tree, lane k with lane k + half; transposes of LANES rows. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, indices, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, indices, ...) __builtin_shuffle(a, b, (indices){__VA_ARGS__})
#endif

#define SUM(t)                                                                                         \
  static inline t sum_##t##v(t##v x) {                                                                 \
    for (int half = LANES / 2; half; half /= 2)                                                        \
      for (int lane = 0; lane < half; lane++) ((t *)&x)[lane] += ((t *)&x)[lane + half];               \
    return x[0];                                                                                       \
  }
SUM(f32) SUM(f64) SUM(i32) SUM(i64)

#define TRANSPOSE(t)                                                                                   \
  static inline void transpose_##t##v(t##v rows[LANES]) {                                              \
    t##v columns[LANES];                                                                               \
    for (int i = 0; i < LANES; i++)                                                                    \
      for (int k = 0; k < LANES; k++) ((t *)&columns[k])[i] = ((t *)&rows[i])[k];                      \
    for (int i = 0; i < LANES; i++) rows[i] = columns[i];                                              \
  }
EACH_NUMBER(TRANSPOSE)
