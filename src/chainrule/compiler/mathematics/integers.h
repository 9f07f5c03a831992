/* Integer arithmetic: quotients rounded down as in Python, and the 32-bit words of random numbers held in i64. */

/* Division by zero gives 0, as in NumPy, and so does the one quotient that does not fit... wraps around. */
#define DIVISION(t)                                                                                    \
  static inline t floor_divide_##t(t a, t b) {                                                         \
    if (b == 0) return 0;                                                                              \
    if (b == (t)-1 && (t)-1 < 0) return -a;                                                            \
    t q = a / b;                                                                                       \
    return q - (a % b != 0 && (a < 0) != (b < 0));                                                     \
  }                                                                                                    \
  static inline t remainder_##t(t a, t b) {                                                            \
    if (b == 0 || (b == (t)-1 && (t)-1 < 0)) return 0;                                                 \
    t r = a % b;                                                                                       \
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;                                                   \
  }                                                                                                    \
  static inline t##v floor_divide_##t##v(t##v a, t##v b) {                                             \
    t##v y;                                                                                            \
    EACH_LANE(t, y, floor_divide_##t(((t *)&a)[lane], ((t *)&b)[lane]));                               \
    return y;                                                                                          \
  }                                                                                                    \
  static inline t##v remainder_##t##v(t##v a, t##v b) {                                                \
    t##v y;                                                                                            \
    EACH_LANE(t, y, remainder_##t(((t *)&a)[lane], ((t *)&b)[lane]));                                  \
    return y;                                                                                          \
  }
DIVISION(i32) DIVISION(i64) DIVISION(u8)

#define WORDS(name, scalar_type, expression)                                                           \
  static inline scalar_type name##_##scalar_type(scalar_type a, scalar_type b) { return expression; }  \
  static inline scalar_type##v name##_##scalar_type##v(scalar_type##v a, scalar_type##v b) { return expression; }
WORDS(xor, i32, a ^ b)
WORDS(xor, i64, a ^ b)
WORDS(xor, u8, a ^ b)
WORDS(shift_right, i32, a >> b)
WORDS(shift_right, i64, a >> b)
WORDS(shift_right, u8, a >> b)
static inline i64 low_word_i64(i64 a) { return a & 0xffffffff; }
static inline i64v low_word_i64v(i64v a) { return a & 0xffffffff; }
static inline i64 multiply_low_i64(i64 a, i64 b) { return (i64)(((u64)a * (u64)b) & 0xffffffff); }
static inline i64 multiply_high_i64(i64 a, i64 b) { return (i64)(((u64)a * (u64)b) >> 32); }
static inline i64v multiply_low_i64v(i64v a, i64v b) { return (a * b) & 0xffffffff; }
static inline i64v multiply_high_i64v(i64v a, i64v b) { return (i64v)(((u64v)a * (u64v)b) >> 32); }
