/* sin, cos, tan: x = k pi/2 + r, |r| <= pi/4. pi/2 is a sum of numbers whose products with k are exact.

   Lane by lane in the C library, for all lanes of a part, where |x| is too large for that (infinity and NaN included),
   or r so small that the rounding of its last terms shows. */
#ifndef ANY_f64
static inline int any_f64p(i64p mask) {
  i64 any = 0;
  for (int lane = 0; lane < LANES_OF(f64); lane++) any |= mask[lane];
  return any != 0;
}
#define ANY_f64(mask) any_f64p(mask)
#endif

/* sin(r) or cos(r) by the last bit of `quarter`, its sign by the bit before. */
#define WAVE(name, sine, cosine)                                                                       \
  static inline f64p name(f64p r, i64p quarter) {                                                      \
    f64p z = r * r, s = with_sign_f64p(r + r * z * (sine), r), c = (1. - 0.5 * z) + z * z * (cosine);  \
    i64p odd = -(quarter & 1);                                                                         \
    return (f64p)(((odd & (i64p)c) | (~odd & (i64p)s)) ^ (quarter >> 1 << 63));                        \
  }
WAVE(wave_f64p,
     P6(z, -0.16666666666666642148, 0.0083333333333236621704, -0.0001984126983014439407, 2.7557313651853180508e-6,
        -2.5050734571069488772e-8, 1.5894710581634463828e-10),
     P6(z, 0.041666666666666651329, -0.0013888888888882839138, 0.000024801587294628005435,
        -2.7557315738613275721e-7, 2.0875897738682841919e-9, -1.1367981880469046194e-11))
WAVE(short_wave_f64p,
     P4(z, -0.16666666644202189556, 0.0083333293267064684072, -0.00019839260753528924853, 2.7173418372622550019e-6),
     P3(z, 0.041666654644613373354, -0.0013887653892761891424, 0.000024463770328904252409))

#define PERIODIC(name, quarter)                                                                        \
  static inline f64p name##_f64p(f64p x) {                                                             \
    f64p shifted = x * 0x1.45f306dc9c883p-1 + ROUND_f64, k = shifted - ROUND_f64;                      \
    f64p r = (x - k * 0x1.921fb4p+0) - k * 0x1.4442dp-24;                                              \
    r -= k * 0x1.846988p-48 + k * 0x1.8cc51701b839ap-72;                                               \
    f64p y = wave_f64p(r, (i64p)shifted + quarter);                                                    \
    i64p hard = ~(i64p)(size_f64p(x) < 0x1p30) | ((i64p)(size_f64p(r) < 0x1p-15) & (i64p)(k != 0.));   \
    if (__builtin_expect(ANY_f64(hard), 0))                                                            \
      for (int lane = 0; lane < LANES_OF(f64); lane++) y[lane] = __builtin_##name(x[lane]);            \
    return y;                                                                                          \
  }                                                                                                    \
  BY_PARTS(name, f64)                                                                                  \
  /* In double precision, where two numbers for pi/2 suffice. */                                       \
  static inline f64p short_##name##_f64p(f64p x) {                                                     \
    f64p shifted = x * 0x1.45f306dc9c883p-1 + ROUND_f64, k = shifted - ROUND_f64;                      \
    f64p r = (x - k * 0x1.921fb544p+0) - k * 0x1.0b4611a626331p-34;                                    \
    f64p y = short_wave_f64p(r, (i64p)shifted + quarter);                                              \
    if (__builtin_expect(ANY_f64(~(i64p)(size_f64p(x) < 0x1p20)), 0))                                  \
      for (int lane = 0; lane < LANES_OF(f64); lane++) y[lane] = __builtin_##name(x[lane]);            \
    return y;                                                                                          \
  }                                                                                                    \
  static inline f32v name##_f32v(f32v x) {                                                             \
    f64v wide = __builtin_convertvector(x, f64v), y;                                                   \
    EACH_PART(f64) PART(f64, y) = short_##name##_f64p(PART(f64, wide)); \
    return __builtin_convertvector(y, f32v);                                                           \
  }
PERIODIC(sin, 0)
PERIODIC(cos, 1)

/* Of float32 alone: the quotient of two numbers of float64 is off by too much. */
static inline f32v tan_f32v(f32v x) {
  f64v wide = __builtin_convertvector(x, f64v), y;
  EACH_PART(f64) PART(f64, y) = short_sin_f64p(PART(f64, wide)) / short_cos_f64p(PART(f64, wide));
  return __builtin_convertvector(y, f32v);
}
