/* Across lanes: sums in a fixed tree, and transposes of LANES rows. */
#define LIST_2(of, ...) of(0, __VA_ARGS__), of(1, __VA_ARGS__)
#define LIST_4(of, ...) LIST_2(of, __VA_ARGS__), of(2, __VA_ARGS__), of(3, __VA_ARGS__)
#define LIST_8(of, ...)                                                                                \
  LIST_4(of, __VA_ARGS__), of(4, __VA_ARGS__), of(5, __VA_ARGS__), of(6, __VA_ARGS__), of(7, __VA_ARGS__)
#define LIST_16(of, ...)                                                                               \
  LIST_8(of, __VA_ARGS__), of(8, __VA_ARGS__), of(9, __VA_ARGS__), of(10, __VA_ARGS__), of(11, __VA_ARGS__), \
      of(12, __VA_ARGS__), of(13, __VA_ARGS__), of(14, __VA_ARGS__), of(15, __VA_ARGS__)
#if F32_BYTES == 64
#define LIST_f32 LIST_16
#elif F32_BYTES == 32
#define LIST_f32 LIST_8
#elif F32_BYTES == 16
#define LIST_f32 LIST_4
#else
#define LIST_f32 LIST_2
#endif
#if F64_BYTES == 64
#define LIST_f64 LIST_8
#elif F64_BYTES == 32
#define LIST_f64 LIST_4
#else
#define LIST_f64 LIST_2
#endif
#define LIST_i32 LIST_f32
#define LIST_i64 LIST_f64

/* The lanes of a and b that `of` numbers: those of b follow those of a. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLED(t, a, b, of, ...) __builtin_shufflevector(a, b, LIST_##t(of, __VA_ARGS__))
#else
#define SHUFFLED(t, a, b, of, ...) __builtin_shuffle(a, b, (t##kp){LIST_##t(of, __VA_ARGS__)})
#endif

/* Lane k with lane k + half, for half of the lanes, a quarter, ...: the same bits for the same LANES everywhere. */
#define PARTNER(k, distance) ((k) ^ (distance))
#define SUM(t)                                                                                         \
  static inline t sum_##t##v(t##v x) {                                                                 \
    t##p *parts = (t##p *)&x, y;                                                                       \
    for (int half = PARTS(t) / 2; half; half /= 2)                                                     \
      for (int k = 0; k < half; k++) parts[k] += parts[k + half];                                      \
    y = parts[0];                                                                                      \
    if (LANES_OF(t) >= 16) y += SHUFFLED(t, y, y, PARTNER, 8 % LANES_OF(t));                           \
    if (LANES_OF(t) >= 8) y += SHUFFLED(t, y, y, PARTNER, 4 % LANES_OF(t));                            \
    if (LANES_OF(t) >= 4) y += SHUFFLED(t, y, y, PARTNER, 2 % LANES_OF(t));                            \
    y += SHUFFLED(t, y, y, PARTNER, 1);                                                                \
    return y[0];                                                                                       \
  }
SUM(f32) SUM(f64) SUM(i32) SUM(i64)

/* Transposing squares as wide as a part. First squares within blocks of 16 bytes, by interleaving lanes, then lanes
   in pairs; then the blocks. Each step is one instruction a row. */
#define ZIP(k, t, width, from)                                                                         \
  (k / block_##t * block_##t + from * block_##t / 2 + k % block_##t / (2 * width) * width + k % width + \
   k / width % 2 * lanes_##t)
#define EVERY_OTHER_BLOCK(k, t, half, from)                                                            \
  (k / block_##t % half * 2 * block_##t + from * block_##t + k % block_##t + k / block_##t / half * lanes_##t)
#define PAIR(t, i, j, of, n)                                                                           \
  {                                                                                                    \
    t##p a = rows[i], b = rows[j];                                                                     \
    rows[i] = SHUFFLED(t, a, b, of, t, n, 0);                                                          \
    rows[j] = SHUFFLED(t, a, b, of, t, n, 1);                                                          \
  }
#define UNROLLED _Pragma("GCC unroll 16")
#define SQUARES(t, last)                                                                               \
  static inline void squares_##t(t##p rows[]) {                                                        \
    UNROLLED for (int i = 0; i < LANES_OF(t); i += 2) PAIR(t, i, i + 1, ZIP, 1)                        \
    last                                                                                               \
  }
#define SQUARES_OF_FOUR(t)                                                                             \
  UNROLLED for (int i = 0; i < LANES_OF(t); i += 4) {                                                  \
    PAIR(t, i, i + 2, ZIP, 2)                                                                          \
    PAIR(t, i + 1, i + 3, ZIP, 2)                                                                      \
    t##p second = rows[i + 2];                                                                         \
    rows[i + 2] = rows[i + 1];                                                                         \
    rows[i + 1] = second;                                                                              \
  }
#define BLOCKS(t, half, distance)                                                                      \
  UNROLLED for (int i = 0; i < LANES_OF(t); i++) if (!(i & (distance))) PAIR(t, i, i + (distance), EVERY_OTHER_BLOCK, half)
#if F32_BYTES == 64
#define BLOCKS_f32(t) SQUARES_OF_FOUR(t) BLOCKS(t, 2, 4) BLOCKS(t, 2, 8)
#elif F32_BYTES == 32
#define BLOCKS_f32(t) SQUARES_OF_FOUR(t) BLOCKS(t, 1, 4)
#elif F32_BYTES == 16
#define BLOCKS_f32(t) SQUARES_OF_FOUR(t)
#endif
#if F64_BYTES == 64
#define BLOCKS_f64(t) BLOCKS(t, 2, 2) BLOCKS(t, 2, 4)
#elif F64_BYTES == 32
#define BLOCKS_f64(t) BLOCKS(t, 1, 2)
#else
#define BLOCKS_f64(t)
#endif
SQUARES(f64, BLOCKS_f64(f64))
#ifdef BLOCKS_f32
SQUARES(f32, BLOCKS_f32(f32))
#endif

/* Square by square; lane by lane where there is none. */
#define TRANSPOSE(t)                                                                                   \
  static inline void transpose_##t##v(t##v rows[LANES]) {                                              \
    if (PARTS(t) == 1) {                                                                               \
      squares_##t((t##p *)rows);                                                                       \
      return;                                                                                          \
    }                                                                                                  \
    t##p square[LANES_OF(t)], other[LANES_OF(t)];                                                      \
    for (int i = 0; i < PARTS(t); i++)                                                                 \
      for (int j = 0; j <= i; j++) {                                                                   \
        for (int k = 0; k < LANES_OF(t); k++) square[k] = ((t##p *)&rows[i * LANES_OF(t) + k])[j];     \
        for (int k = 0; k < LANES_OF(t); k++) other[k] = ((t##p *)&rows[j * LANES_OF(t) + k])[i];      \
        squares_##t(square);                                                                           \
        squares_##t(other);                                                                            \
        for (int k = 0; k < LANES_OF(t); k++) ((t##p *)&rows[j * LANES_OF(t) + k])[i] = square[k];     \
        for (int k = 0; k < LANES_OF(t); k++) ((t##p *)&rows[i * LANES_OF(t) + k])[j] = other[k];      \
      }                                                                                                \
  }
#define TRANSPOSE_BY_LANES(t)                                                                          \
  static inline void transpose_##t##v(t##v rows[LANES]) {                                              \
    t##v columns[LANES];                                                                               \
    for (int i = 0; i < LANES; i++)                                                                    \
      for (int k = 0; k < LANES; k++) ((t *)&columns[k])[i] = ((t *)&rows[i])[k];                      \
    for (int i = 0; i < LANES; i++) rows[i] = columns[i];                                              \
  }
TRANSPOSE(f64)
#ifdef BLOCKS_f32
TRANSPOSE(f32)
#else
TRANSPOSE_BY_LANES(f32)
#endif
static inline void transpose_i32v(i32v rows[LANES]) { transpose_f32v((f32v *)rows); }
static inline void transpose_i64v(i64v rows[LANES]) { transpose_f64v((f64v *)rows); }
TRANSPOSE_BY_LANES(u8)
