/* Maximum, minimum, absolute, sign, negative, floor, sqrt. */

/* b where it is larger (smaller), else a: a where either is NaN. */
#define LARGER(name, compare, t)                                                                       \
  static inline t##p name##_##t##p(t##p a, t##p b) {                                                   \
    t##kp mask = (t##kp)(b compare a);                                                                 \
    return (t##p)((mask & (t##kp)b) | (~mask & (t##kp)a));                                             \
  }
#define LARGER_OF_EACH(t) LARGER(larger, >, t) LARGER(smaller, <, t)
EACH_NUMBER(LARGER_OF_EACH)

/* NaN where either is. The form for a b that is no NaN, such as the 0 of a ReLU, costs one instruction. */
#define EXTREME(name, part_name, compare, t)                                                           \
  static inline t name##_##t(t a, t b) { return a compare b || a != a ? a : b; }                       \
  static inline t name##_nonan_##t(t a, t b) { return b compare a && a != b ? b : a; }                 \
  static inline t##v name##_nonan_##t##v(t##v a, t##v b) {                                             \
    t##v y;                                                                                            \
    EACH_PART(t) PART(t, y) = part_name##_##t##p(PART(t, a), PART(t, b));                              \
    return y;                                                                                          \
  }                                                                                                    \
  static inline t##v name##_##t##v(t##v a, t##v b) {                                                   \
    return where_##t##v(is_nan_##t##v(b), b, name##_nonan_##t##v(a, b));                               \
  }
#define EXTREMES(t) EXTREME(maximum, larger, >=, t) EXTREME(minimum, smaller, <=, t)
EACH_NUMBER(EXTREMES)

#define NEGATIVE(t)                                                                                    \
  static inline t negative_##t(t x) { return -x; }                                                     \
  static inline t##v negative_##t##v(t##v x) { return -x; }
EACH_NUMBER(NEGATIVE)

/* 1, 0 or -1; NaN stays. */
#define SIGN(t)                                                                                        \
  static inline t sign_##t(t x) { return x != x ? x : (t)((x > 0) - (x < 0)); }                        \
  static inline t##v sign_##t##v(t##v x) {                                                             \
    t##v zero = splat_##t##v(0), one = splat_##t##v(1);                                                \
    t##v y = where_##t##v(less_##t##v(x, zero), -one, where_##t##v(equal_##t##v(x, zero), zero, x));   \
    return where_##t##v(greater_##t##v(x, zero), one, y);                                              \
  }
EACH_NUMBER(SIGN)

static inline f32 absolute_f32(f32 x) { return __builtin_fabsf(x); }
static inline f64 absolute_f64(f64 x) { return __builtin_fabs(x); }
static inline i32 absolute_i32(i32 x) { return x < 0 ? -x : x; }
static inline i64 absolute_i64(i64 x) { return x < 0 ? -x : x; }
static inline u8 absolute_u8(u8 x) { return x; }
static inline f32v absolute_f32v(f32v x) { return (f32v)((i32v)x & 0x7fffffff); }
static inline f64v absolute_f64v(f64v x) { return (f64v)((i64v)x & 0x7fffffffffffffff); }
static inline i32v absolute_i32v(i32v x) { return maximum_i32v(x, -x); }
static inline i64v absolute_i64v(i64v x) { return maximum_i64v(x, -x); }
static inline u8v absolute_u8v(u8v x) { return x; }

/* Lane by lane. */
#define EACH_LANE(t, y, expression)                                                                    \
  for (int lane = 0; lane < LANES; lane++) ((t *)&y)[lane] = expression
#define BY_LANES(name, t, function)                                                                    \
  static inline t name##_##t(t x) { return function(x); }                                              \
  static inline t##v name##_##t##v(t##v x) {                                                           \
    t##v y;                                                                                            \
    EACH_LANE(t, y, function(((t *)&x)[lane]));                                                        \
    return y;                                                                                          \
  }
BY_LANES(floor, f32, __builtin_floorf)
BY_LANES(floor, f64, __builtin_floor)
BY_LANES(sqrt, f32, __builtin_sqrtf)
BY_LANES(sqrt, f64, __builtin_sqrt)
