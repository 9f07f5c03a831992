/* Scalars: the C library's functions, which need no header by these names. */
#define OF_LIBM(name)                                                                                  \
  static inline f32 name##_f32(f32 x) { return __builtin_##name##f(x); }                               \
  static inline f64 name##_f64(f64 x) { return __builtin_##name(x); }
OF_LIBM(exp) OF_LIBM(expm1) OF_LIBM(log) OF_LIBM(log1p) OF_LIBM(tanh) OF_LIBM(erf) OF_LIBM(sin) OF_LIBM(cos)
static inline f32 power_f32(f32 x, f32 y) { return __builtin_powf(x, y); }
static inline f64 power_f64(f64 x, f64 y) { return __builtin_pow(x, y); }
