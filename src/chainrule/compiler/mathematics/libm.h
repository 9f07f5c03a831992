/* Scalars: the C library's functions, which need no header by these names. */
#define OF_LIBM(name)                                                                                  \
  static inline f32 name##_f32(f32 x) { return __builtin_##name##f(x); }                               \
  static inline f64 name##_f64(f64 x) { return __builtin_##name(x); }
OF_LIBM(exp) OF_LIBM(expm1) OF_LIBM(exp2) OF_LIBM(log) OF_LIBM(log1p) OF_LIBM(log2) OF_LIBM(log10)
OF_LIBM(tanh) OF_LIBM(erf) OF_LIBM(erfc) OF_LIBM(sin) OF_LIBM(cos) OF_LIBM(tan) OF_LIBM(atan) OF_LIBM(asinh)
static inline f32 power_f32(f32 x, f32 y) { return __builtin_powf(x, y); }
static inline f64 power_f64(f64 x, f64 y) { return __builtin_pow(x, y); }
static inline f32 atan2_f32(f32 y, f32 x) { return __builtin_atan2f(y, x); }
static inline f64 atan2_f64(f64 y, f64 x) { return __builtin_atan2(y, x); }
static inline f32 hypot_f32(f32 a, f32 b) { return __builtin_hypotf(a, b); }
static inline f64 hypot_f64(f64 a, f64 b) { return __builtin_hypot(a, b); }

/* Vectors, lane by lane, of what is too rare to be worth more. */
#define BY_LANES(name, t)                                                                              \
  static inline t##v name##_##t##v(t##v x) {                                                           \
    t##v y;                                                                                            \
    EACH_LANE(t, y, name##_##t(((t *)&x)[lane]));                                                      \
    return y;                                                                                          \
  }
#define BY_LANES_OF_TWO(name, t)                                                                       \
  static inline t##v name##_##t##v(t##v a, t##v b) {                                                   \
    t##v y;                                                                                            \
    EACH_LANE(t, y, name##_##t(((t *)&a)[lane], ((t *)&b)[lane]));                                     \
    return y;                                                                                          \
  }
BY_LANES(tan, f64) BY_LANES(erfc, f64) BY_LANES(asinh, f32) BY_LANES(asinh, f64)
BY_LANES_OF_TWO(atan2, f32) BY_LANES_OF_TWO(atan2, f64) BY_LANES_OF_TWO(hypot, f64)

/* Squares of float32 neither overflow nor round in double precision. */
static inline f32v hypot_f32v(f32v a, f32v b) {
  f64v x = __builtin_convertvector(a, f64v), y = __builtin_convertvector(b, f64v);
  f32v z = __builtin_convertvector(sqrt_f64v(x * x + y * y), f32v), infinite = splat_f32v(__builtin_inff());
  b8v far = equal_f32v(absolute_f32v(a), infinite) | equal_f32v(absolute_f32v(b), infinite); /* even beside NaN */
  return where_f32v(far, infinite, z);
}

/* Quotients of floats rounded down, and what they leave, which has the sign of b: as in Python and NumPy. */
#define FLOAT_DIVISION(t, fmod, copysign, floor)                                                       \
  static inline t remainder_##t(t a, t b) {                                                            \
    t rest = fmod(a, b);                                                                               \
    if (rest == 0) return copysign(0, b);                                                              \
    return (rest < 0) != (b < 0) ? rest + b : rest;                                                    \
  }                                                                                                    \
  static inline t floor_divide_##t(t a, t b) {                                                         \
    if (b == 0) return a / b;                                                                          \
    t rest = fmod(a, b), q = (a - rest) / b - (rest != 0 && (rest < 0) != (b < 0)), whole = floor(q);  \
    if (q == 0) return copysign(0, a / b);                                                             \
    return q - whole > (t)0.5 ? whole + 1 : whole; /* where the division has rounded */                \
  }                                                                                                    \
  BY_LANES_OF_TWO(remainder, t)                                                                        \
  BY_LANES_OF_TWO(floor_divide, t)
FLOAT_DIVISION(f32, __builtin_fmodf, __builtin_copysignf, __builtin_floorf)
FLOAT_DIVISION(f64, __builtin_fmod, __builtin_copysign, __builtin_floor)
