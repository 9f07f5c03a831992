/* log2 and log10; power: |x|^y = 2^(y log2 |x|); then the sign, and the cases of C's pow.

   log2 |x| = e + 2/ln 2 atanh(s), s = f / (2 + f). float32 is computed in double precision. float64 needs some 12 bits
   more than it has: high parts of 26 bits, whose products are exact, and low parts. */
#define HIGH(x) ((f64p)((i64p)(x) & ~(i64)0x7ffffff))

static inline f64p short_log2_f64p(f64p x) {
  f64p e, f = mantissa_f64p(x, &e) - 1., s = f / (2. + f), z = s * s;
  return e + s * P6(z, 2.8853900817778490727, 0.96179669411521762522, 0.57707794177150399092,
                    0.41220931678291106171, 0.31990288738491369177, 0.28294253135327880163);
}
/* 2^t, for -200 <= t <= 200. */
static inline f64p short_exp2_f64p(f64p t) {
  f64p k = integer_f64p(t), r = t - k;
  f64p p = P7(r, 0.69314718054150472572, 0.24022651075591659365, 0.055504109623748678278, 0.0096180369148980765974,
              0.0013333431228957518313, 0.00015467117260151347524, 0.000015314811926149148896);
  return (1. + r * p) * (f64p)((i64p)(k + (ROUND_f64 + 1023)) << 52);
}
static inline f64p short_magnitude_f64p(f64p x, f64p y) {
  return short_exp2_f64p(within_f64p(y * short_log2_f64p(x), -200., 200.));
}

/* log2 of x > 0 as a sum. */
static inline f64p log2_sum_f64p(f64p x, f64p *low) {
  f64p e, m = mantissa_f64p(x, &e), f = m - 1., sum = m + 1.;
  /* s = s_high + s_low */
  f64p s = f / sum, s_high = HIGH(s), sum_high = HIGH(sum), sum_low = m - (sum_high - 1.);
  f64p s_low = ((f - s_high * sum_high) - s_high * sum_low) / sum;
  /* atanh(s) = s/3 (3 + s^2 + ...) */
  f64p z = s * s, z_high = s_high * s_high;
  f64p more = s_low * (s_high + s) +
              1.5 * (z * z) * P7(z, 0.40000000000000389268, 0.28571428570993414909, 0.22222222365003473252,
                                 0.18181797300070564326, 0.15386195108424790629, 0.13269088503570350855,
                                 0.13090037148982066085);
  f64p series = HIGH(3. + (z_high + more)), series_low = more - ((series - 3.) - z_high);
  f64p u = s_high * series, v = s_low * series + series_low * s, p = HIGH(u + v), p_low = v - (p - u);
  /* times 2 / (3 ln 2), plus e */
  f64p a = 0x1.ec709d8p-1 * p, a_low = 0x1.0e80ff5d27f05p-27 * p + p_low * 0x1.ec709dc3a03fdp-1;
  f64p log = HIGH(e + (a + a_low));
  *low = a_low - ((log - e) - a);
  return log;
}
static inline f64p magnitude_f64p(f64p x, f64p y) {
  f64p log_low, log = log2_sum_f64p(x, &log_low);
  f64p y_high = HIGH(y), t = y_high * log, t_low = (y - y_high) * log + y * log_low;
  f64p k = within_f64p(integer_f64p(t + t_low), -1100., 1100.), r = (t - k) + t_low;
  r = choose_f64p((i64p)(size_f64p(r) > 1.), all_f64p(0.), r) * 0.69314718055994530942;
  return scaled_f64p(1. + (r + r * r * expm1_series_f64p(r)), k);
}

static inline i64p is_integer_f64p(f64p size) {
  return (i64p)(size >= 0x1p52) | (i64p)((size + 0x1p52) - 0x1p52 == size);
}
static inline f64p power_cases_f64p(f64p x, f64p y, f64p value) {
  f64p size = size_f64p(x), y_size = size_f64p(y), zero = all_f64p(0.), infinite = all_f64p(INFINITE_f64);
  i64p whole = is_integer_f64p(y_size), odd = whole & ~is_integer_f64p(0.5 * y_size);
  i64p falls = (i64p)(y < 0.);
  value = choose_f64p((i64p)(size == 0.), choose_f64p(falls, infinite, zero), value);
  value = choose_f64p((i64p)(size == INFINITE_f64), choose_f64p(falls, zero, infinite), value);
  value = (f64p)((i64p)value | ((i64p)x & odd & SIGN_f64));
  i64p none = (i64p)(x != x) | (i64p)(y != y) | ((i64p)(x < 0.) & (i64p)(size < INFINITE_f64) & ~whole);
  value = choose_f64p(none, all_f64p(NOT_A_NUMBER_f64), value);
  return choose_f64p((i64p)(y == 0.) | (i64p)(x == 1.), all_f64p(1.), value);
}
/* For exponents beyond 2^70 the result is 0, 1 or infinity, as for 2^70, which is as even. */
#define LIMITED(y) within_f64p(y, -0x1p70, 0x1p70)

static inline f64v power_f64v(f64v x, f64v y) {
  f64v z;
  EACH_PART(f64) {
    f64p base = PART(f64, x), exponent = PART(f64, y);
    f64p value = magnitude_f64p(size_f64p(base), LIMITED(exponent));
    PART(f64, z) = power_cases_f64p(base, exponent, value);
  }
  return z;
}
static inline f32v power_f32v(f32v x, f32v y) {
  f64v bases = __builtin_convertvector(x, f64v), exponents = __builtin_convertvector(y, f64v), z;
  EACH_PART(f64) {
    f64p base = PART(f64, bases), exponent = PART(f64, exponents);
    f64p value = short_magnitude_f64p(size_f64p(base), LIMITED(exponent));
    PART(f64, z) = power_cases_f64p(base, exponent, value);
  }
  return __builtin_convertvector(z, f32v);
}

static inline f64p log2_f64p(f64p x) {
  f64p low, high = log2_sum_f64p(x, &low);
  return log_cases_f64p(x, 0, high + low);
}
static inline f64p log10_f64p(f64p x) {
  f64p low, high = log2_sum_f64p(x, &low);
  return log_cases_f64p(x, 0, high * 0x1.3441350000000p-2 + (high * 0x1.3ef3fde623e25p-31 + low * 0.30102999566398119521));
}
BY_PARTS(log2, f64) BY_PARTS(log10, f64)
#define SHORT_LOGARITHM(name, unit)                                                                    \
  static inline f32v name##_f32v(f32v x) {                                                             \
    f64v wide = __builtin_convertvector(x, f64v), y;                                                   \
    EACH_PART(f64) {                                                                                   \
      f64p part_of = PART(f64, wide);                                                                  \
      PART(f64, y) = log_cases_f64p(part_of, 0, short_log2_f64p(part_of) * unit);                      \
    }                                                                                                  \
    return __builtin_convertvector(y, f32v);                                                           \
  }
SHORT_LOGARITHM(log2, 1.)
SHORT_LOGARITHM(log10, 0.30102999566398119521)
