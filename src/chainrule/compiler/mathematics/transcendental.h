#define OF_FLOATS(name) BY_LANES(name, f32, __builtin_##name##f) BY_LANES(name, f64, __builtin_##name)
OF_FLOATS(exp) OF_FLOATS(log) OF_FLOATS(expm1) OF_FLOATS(log1p) OF_FLOATS(tanh) OF_FLOATS(erf) OF_FLOATS(sin) OF_FLOATS(cos)
static inline f32 power_f32(f32 a, f32 b) { return __builtin_powf(a, b); }
static inline f64 power_f64(f64 a, f64 b) { return __builtin_pow(a, b); }
#define POWER(t)                                                                                       \
  static inline t##v power_##t##v(t##v a, t##v b) {                                                    \
    t##v y;                                                                                            \
    EACH_LANE(t, y, power_##t(((t *)&a)[lane], ((t *)&b)[lane]));                                      \
    return y;                                                                                          \
  }
POWER(f32) POWER(f64)
