/* Maximum, minimum, absolute, sign, negative, copysign, sqrt, floor, round. */

/* b where it is larger (smaller), else a: a where either is NaN, as the instruction has it. */
#define BETTER(name, operator, t)                                                                      \
  static inline t##p name##_##t##p(t##p a, t##p b) {                                                   \
    t##kp mask = (t##kp)(b operator a);                                                                \
    return (t##p)((mask & (t##kp)b) | (~mask & (t##kp)a));                                             \
  }
#define BETTERS(t) BETTER(larger, >, t) BETTER(smaller, <, t)
#ifdef LARGER_f32
static inline f32p larger_f32p(f32p a, f32p b) { return LARGER_f32(a, b); }
static inline f32p smaller_f32p(f32p a, f32p b) { return SMALLER_f32(a, b); }
#else
BETTERS(f32)
#endif
#ifdef LARGER_f64
static inline f64p larger_f64p(f64p a, f64p b) { return LARGER_f64(a, b); }
static inline f64p smaller_f64p(f64p a, f64p b) { return SMALLER_f64(a, b); }
#else
BETTERS(f64)
#endif
BETTERS(i32)
BETTERS(i64)
BETTERS(u8)

/* NaN where either is. The form for a b that is no NaN, such as the 0 of a ReLU, costs one instruction. */
#define EXTREME(name, part_name, operator, t)                                                          \
  static inline t name##_nonan_##t(t a, t b) { return b operator a ? b : a; }                          \
  static inline t name##_##t(t a, t b) { return b != b ? b : name##_nonan_##t(a, b); }                 \
  static inline t##v name##_nonan_##t##v(t##v a, t##v b) {                                             \
    t##v y;                                                                                            \
    EACH_PART(t) PART(t, y) = part_name##_##t##p(PART(t, a), PART(t, b));                              \
    return y;                                                                                          \
  }
#define EXTREME_NAN(name, t)                                                                           \
  static inline t##v name##_##t##v(t##v a, t##v b) {                                                   \
    return where_##t##v(is_nan_##t##v(b), b, name##_nonan_##t##v(a, b));                               \
  }
#define EXTREME_WHOLE(name, t)                                                                         \
  static inline t##v name##_##t##v(t##v a, t##v b) { return name##_nonan_##t##v(a, b); }
#define EXTREMES(t) EXTREME(maximum, larger, >, t) EXTREME(minimum, smaller, <, t)
#define EXTREMES_NAN(t) EXTREME_NAN(maximum, t) EXTREME_NAN(minimum, t)
#define EXTREMES_WHOLE(t) EXTREME_WHOLE(maximum, t) EXTREME_WHOLE(minimum, t)
EACH_NUMBER(EXTREMES)
EACH_FLOAT(EXTREMES_NAN)
EACH_INTEGER(EXTREMES_WHOLE)

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

static inline f32 sqrt_f32(f32 x) { return __builtin_sqrtf(x); }
static inline f64 sqrt_f64(f64 x) { return __builtin_sqrt(x); }
static inline f32 floor_f32(f32 x) { return __builtin_floorf(x); }
static inline f64 floor_f64(f64 x) { return __builtin_floor(x); }
static inline f32 round_f32(f32 x) { return __builtin_rintf(x); }
static inline f64 round_f64(f64 x) { return __builtin_rint(x); }
static inline f32 copysign_f32(f32 x, f32 of) { return __builtin_copysignf(x, of); }
static inline f64 copysign_f64(f64 x, f64 of) { return __builtin_copysign(x, of); }

#define CHOOSE(t)                                                                                      \
  static inline t##p choose_##t##p(t##kp mask, t##p a, t##p b) {                                       \
    return (t##p)((mask & (t##kp)a) | (~mask & (t##kp)b));                                             \
  }                                                                                                    \
  static inline t##p size_##t##p(t##p x) { return (t##p)((t##kp)x & ~SIGN_##t); }                      \
  static inline t##p with_sign_##t##p(t##p x, t##p of) {                                               \
    return (t##p)(((t##kp)x & ~SIGN_##t) | ((t##kp)of & SIGN_##t));                                    \
  }                                                                                                    \
  static inline t##v copysign_##t##v(t##v x, t##v of) {                                                \
    return (t##v)(((t##k)x & ~SIGN_##t) | ((t##k)of & SIGN_##t));                                      \
  }                                                                                                    \
  /* x between two bounds; NaN stays. */                                                               \
  static inline t##p within_##t##p(t##p x, t low, t high) {                                            \
    return larger_##t##p(smaller_##t##p(x, all_##t##p(high)), all_##t##p(low));                        \
  }
#define SIGN_f32 ((i32)0x80000000)
#define SIGN_f64 ((i64)0x8000000000000000)
EACH_FLOAT(CHOOSE)

/* Without an instruction: numbers of at least `whole` are integers; adding it to a smaller one rounds. */
#define FLOOR(t, whole)                                                                                \
  static inline t##p floor_##t##p(t##p x) {                                                            \
    t##p size = size_##t##p(x), near = with_sign_##t##p((size + whole) - whole, x);                    \
    near -= choose_##t##p((t##kp)(near > x), all_##t##p(1), all_##t##p(0));                            \
    return choose_##t##p((t##kp)(size < whole), near, x);                                              \
  }
#ifdef FLOOR_f32
static inline f32p floor_f32p(f32p x) { return FLOOR_f32(x); }
#else
FLOOR(f32, 0x1p23f)
#endif
#ifdef FLOOR_f64
static inline f64p floor_f64p(f64p x) { return FLOOR_f64(x); }
#else
FLOOR(f64, 0x1p52)
#endif

/* To the nearest integer, to the even one of two. */
#define NEAREST(t, whole)                                                                              \
  static inline t##p round_##t##p(t##p x) {                                                            \
    t##p size = size_##t##p(x);                                                                        \
    return choose_##t##p((t##kp)(size < whole), with_sign_##t##p((size + whole) - whole, x), x);       \
  }
NEAREST(f32, 0x1p23f)
NEAREST(f64, 0x1p52)

#define SQRT(t)                                                                                        \
  static inline t##p sqrt_##t##p(t##p x) {                                                             \
    t##p y;                                                                                            \
    for (int lane = 0; lane < LANES_OF(t); lane++) ((t *)&y)[lane] = sqrt_##t(((t *)&x)[lane]); \
    return y;                                                                                          \
  }
#ifdef SQRT_f32
static inline f32p sqrt_f32p(f32p x) { return SQRT_f32(x); }
#else
SQRT(f32)
#endif
#ifdef SQRT_f64
static inline f64p sqrt_f64p(f64p x) { return SQRT_f64(x); }
#else
SQRT(f64)
#endif

/* A function of parts becomes one of vectors. */
#define BY_PARTS(name, t)                                                                              \
  static inline t##v name##_##t##v(t##v x) {                                                           \
    t##v y;                                                                                            \
    EACH_PART(t) PART(t, y) = name##_##t##p(PART(t, x));                \
    return y;                                                                                          \
  }
BY_PARTS(floor, f32) BY_PARTS(floor, f64) BY_PARTS(round, f32) BY_PARTS(round, f64) BY_PARTS(sqrt, f32) BY_PARTS(sqrt, f64)
