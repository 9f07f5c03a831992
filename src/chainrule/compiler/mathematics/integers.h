/* Quotients rounded down as in Python, and the 32-bit words of random numbers held in i64. */

/* By zero 0, as in NumPy; the least number by -1 wraps around. Vectors divide lane by lane, by what can not trap, and
   repair. The forms with one constant divisor for all lanes let the compiler multiply and shift instead. */
#define DIVISION(t)                                                                                    \
  static inline t floor_divide_##t(t a, t b) {                                                         \
    if (b == 0) return 0;                                                                              \
    if (b == -1) return -a;                                                                            \
    return a / b - (a % b != 0 && (a < 0) != (b < 0));                                                 \
  }                                                                                                    \
  static inline t remainder_##t(t a, t b) { return b == 0 ? 0 : a - floor_divide_##t(a, b) * b; }      \
  static inline t##v divisor_##t##v(t##v b) {                                                          \
    b8v hazard = equal_##t##v(b, splat_##t##v(0)) | equal_##t##v(b, splat_##t##v(-1));                 \
    return where_##t##v(hazard, splat_##t##v(1), b);                                                   \
  }                                                                                                    \
  /* whether a quotient with this rest was rounded up */                                               \
  static inline b8v rounded_up_##t##v(t##v rest, t##v b) {                                             \
    return not_equal_##t##v(rest, splat_##t##v(0)) & less_##t##v(rest ^ b, splat_##t##v(0));           \
  }                                                                                                    \
  static inline t##v remainder_##t##v(t##v a, t##v b) {                                                \
    t##v divisor = divisor_##t##v(b), rest = a % divisor;                                              \
    return where_##t##v(rounded_up_##t##v(rest, divisor), rest + divisor, rest);                       \
  }                                                                                                    \
  static inline t##v floor_divide_##t##v(t##v a, t##v b) {                                             \
    t##v divisor = divisor_##t##v(b), q = a / divisor, rest = a - q * divisor;                         \
    q = where_##t##v(rounded_up_##t##v(rest, divisor), q - 1, q);                                      \
    q = where_##t##v(equal_##t##v(b, splat_##t##v(-1)), -a, q);                                        \
    return where_##t##v(equal_##t##v(b, splat_##t##v(0)), splat_##t##v(0), q);                         \
  }                                                                                                    \
  static inline __attribute__((always_inline)) t##v floor_divide_by_##t##v(t##v a, t b) {              \
    for (i64 l = 0; l < LANES; l++) a[l] = floor_divide_##t(a[l], b);                                  \
    return a;                                                                                          \
  }                                                                                                    \
  static inline __attribute__((always_inline)) t##v remainder_by_##t##v(t##v a, t b) {                 \
    for (i64 l = 0; l < LANES; l++) a[l] = remainder_##t(a[l], b);                                     \
    return a;                                                                                          \
  }
DIVISION(i32)
DIVISION(i64)
static inline u8 floor_divide_u8(u8 a, u8 b) { return b == 0 ? 0 : a / b; }
static inline u8 remainder_u8(u8 a, u8 b) { return b == 0 ? 0 : a % b; }
static inline u8v divisor_u8v(u8v b) { return where_u8v(equal_u8v(b, splat_u8v(0)), splat_u8v(1), b); }
static inline u8v remainder_u8v(u8v a, u8v b) { return a % divisor_u8v(b); }
static inline u8v floor_divide_u8v(u8v a, u8v b) {
  return where_u8v(equal_u8v(b, splat_u8v(0)), b, a / divisor_u8v(b));
}

#define BITS(t)                                                                                        \
  static inline t xor_##t(t a, t b) { return a ^ b; }                                                  \
  static inline t shift_right_##t(t a, t b) { return a >> b; }                                         \
  static inline t bitwise_and_##t(t a, t b) { return a & b; }                                          \
  static inline t bitwise_or_##t(t a, t b) { return a | b; }                                           \
  static inline t bitwise_not_##t(t a) { return ~a; }                                                  \
  static inline t##v bitwise_and_##t##v(t##v a, t##v b) { return a & b; }                              \
  static inline t##v bitwise_or_##t##v(t##v a, t##v b) { return a | b; }                               \
  static inline t##v bitwise_not_##t##v(t##v a) { return ~a; }                                         \
  static inline t##v xor_##t##v(t##v a, t##v b) { return a ^ b; }                                      \
  static inline t##v shift_right_##t##v(t##v a, t##v b) { return a >> b; }
EACH_INTEGER(BITS)

/* Of numbers from 0 to 2^32 - 1. */
static inline i64 low_word_i64(i64 a) { return a & 0xffffffff; }
static inline i64 multiply_low_i64(i64 a, i64 b) { return (i64)(((u64)a * (u64)b) & 0xffffffff); }
static inline i64 multiply_high_i64(i64 a, i64 b) { return (i64)(((u64)a * (u64)b) >> 32); }
static inline u64v product_of_words(i64v a, i64v b) {
#ifdef PRODUCT_OF_WORDS
  i64v y;
  EACH_PART(i64) PART(i64, y) = (i64p)PRODUCT_OF_WORDS(PART(i64, a), PART(i64, b));
  return (u64v)y;
#else
  return (u64v)a * (u64v)b;
#endif
}
static inline i64v low_word_i64v(i64v a) { return a & 0xffffffff; }
static inline i64v multiply_low_i64v(i64v a, i64v b) { return (i64v)product_of_words(a, b) & 0xffffffff; }
static inline i64v multiply_high_i64v(i64v a, i64v b) { return (i64v)(product_of_words(a, b) >> 32); }

/* Places in an axis of this extent; one that is outside becomes 0, and the fault is told. */
#define WITHIN(t, largest)                                                                            \
  static inline t##v within_##t##v(t##v x, i64 extent, i64 *fault) {                                   \
    t end = extent < largest ? (t)extent : largest;                                                    \
    b8v outside = less_##t##v(x, splat_##t##v(0)) | greater_equal_##t##v(x, splat_##t##v(end));        \
    i32 any = 0;                                                                                       \
    for (i64 l = 0; l < LANES; l++) any |= outside[l];                                                 \
    if (any) *fault = 1;                                                                               \
    return where_##t##v(outside, splat_##t##v(0), x);                                                  \
  }
WITHIN(i32, 0x7fffffff)
WITHIN(i64, 0x7fffffffffffffff)
