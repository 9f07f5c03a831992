/* exp, expm1, exp2, log, log1p over parts. Coefficients: minimax fits of our own (Remez, relative error under 2^-28 or 2^-56).

   exp:  x = k ln 2 + r, |r| <= ln 2 / 2; exp(x) = 2^k (1 + r + r^2 P(r)).
   exp2: the same, with k the integer next to x and r = (x - k) ln 2.
   log:  x = m 2^e, sqrt(1/2) <= m < sqrt(2), f = m - 1; log(x) = e ln 2 + log(1 + f). ln 2 is the sum of a number with
         so few bits that its products with k and e are exact, and a small one. */
#define P1(x, a) (a)
#define P2(x, a, ...) (P1(x, __VA_ARGS__) * (x) + (a))
#define P3(x, a, ...) (P2(x, __VA_ARGS__) * (x) + (a))
#define P4(x, a, ...) (P3(x, __VA_ARGS__) * (x) + (a))
#define P5(x, a, ...) (P4(x, __VA_ARGS__) * (x) + (a))
#define P6(x, a, ...) (P5(x, __VA_ARGS__) * (x) + (a))
#define P7(x, a, ...) (P6(x, __VA_ARGS__) * (x) + (a))
#define P8(x, a, ...) (P7(x, __VA_ARGS__) * (x) + (a))
#define P9(x, a, ...) (P8(x, __VA_ARGS__) * (x) + (a))
#define P10(x, a, ...) (P9(x, __VA_ARGS__) * (x) + (a))
#define P11(x, a, ...) (P10(x, __VA_ARGS__) * (x) + (a))
#define P12(x, a, ...) (P11(x, __VA_ARGS__) * (x) + (a))
#define P13(x, a, ...) (P12(x, __VA_ARGS__) * (x) + (a))

#define INFINITE_f32 __builtin_inff()
#define INFINITE_f64 __builtin_inf()
#define NOT_A_NUMBER_f32 __builtin_nanf("")
#define NOT_A_NUMBER_f64 __builtin_nan("")
/* x + ROUND_t has the integer next to x in its last bits. */
#define ROUND_f32 0x1.8p23f
#define ROUND_f64 0x1.8p52

/* x 2^k for an integer k held in a float, in two factors, so that neither overflows before the product does. */
static inline f32p scaled_f32p(f32p x, f32p k) {
#ifdef SCALE_f32
  return SCALE_f32(x, k);
#endif
  i32p n = (i32p)(k + ROUND_f32) - (i32)0x4b400000, half = n >> 1;
  return x * (f32p)((half + 127) << 23) * (f32p)((n - half + 127) << 23);
}
static inline f64p scaled_f64p(f64p x, f64p k) {
#ifdef SCALE_f64
  return SCALE_f64(x, k);
#endif
  u64p n = (u64p)(k + ROUND_f64) - 0x4338000000000000 + 2046, half = n >> 1; /* logical shifts exist everywhere */
  return x * (f64p)(half << 52) * (f64p)((n - half) << 52);
}

static inline f32p integer_f32p(f32p x) { return (x + ROUND_f32) - ROUND_f32; }
static inline f64p integer_f64p(f64p x) { return (x + ROUND_f64) - ROUND_f64; }

/* x - k ln 2 */
static inline f32p rest_f32p(f32p x, f32p k) { return (x - k * 0x1.62ep-1f) - k * 0x1.0bfbe8p-15f; }
static inline f64p rest_f64p(f64p x, f64p k) { return (x - k * 0x1.62e42fefap-1) - k * 0x1.cf79abc9e3b3ap-40; }

/* exp(r) */
static inline f32p exp_series_f32p(f32p r) {
  return 1.f + (r + r * r * P5(r, 0.49999993447f, 0.16666520632f, 0.04166838811f, 0.00836871687f, 0.00138145959f));
}
static inline f64p exp_series_f64p(f64p r) {
  f64p p = P10(r, 0.50000000000000102245, 0.1666666666666667453, 0.04166666666652199074, 0.0083333333333222072959,
               0.0013888888947820891418, 0.0001984126988659099934, 0.000024801487326012336596,
               2.7557242336680357124e-6, 2.7632655759332030799e-7, 2.5110049895858716253e-8);
  return 1. + (r + r * r * p);
}
static inline f32p exp_f32p(f32p x) {
  x = within_f32p(x, -104.5f, 89.f);
  f32p k = integer_f32p(x * 1.44269504f);
  return scaled_f32p(exp_series_f32p(rest_f32p(x, k)), k);
}
static inline f32p exp2_f32p(f32p x) {
  x = within_f32p(x, -151.f, 129.f);
  f32p k = integer_f32p(x);
  return scaled_f32p(exp_series_f32p((x - k) * 0.693147181f), k);
}
/* P with the accuracy that exp(r) - 1 needs. */
static inline f64p expm1_series_f64p(f64p r) {
  return P11(r, 0.50000000000000000085, 0.16666666666666676508, 0.04166666666666650874, 0.0083333333333216914553,
             0.0013888888888962390711, 0.00019841269885966258423, 0.000024801587172504274035,
             2.7557244373795882527e-6, 2.755740266774727283e-7, 2.5108979025662134673e-8, 2.0875323421457784364e-9);
}
static inline f64p exp_f64p(f64p x) {
  x = within_f64p(x, -746., 710.);
  f64p k = integer_f64p(x * 1.4426950408889634);
  return scaled_f64p(exp_series_f64p(rest_f64p(x, k)), k);
}
static inline f64p exp2_f64p(f64p x) {
  x = within_f64p(x, -1076., 1025.);
  f64p k = integer_f64p(x);
  return scaled_f64p(exp_series_f64p((x - k) * 0.69314718055994530942), k);
}

/* 2^k r + (2^k - 1) + 2^k (exp(r) - 1 - r), in this order, which rounds least; halved until the end, because 2^k may
   overflow where the result does not. x itself where its half might be flushed to zero. */
static inline f32p expm1_f32p(f32p x) {
  f32p y = within_f32p(x, -30.f, 89.f);
  f32p k = integer_f32p(y * 1.44269504f), r = rest_f32p(y, k), half = scaled_f32p(all_f32p(0.5f), k);
  f32p p = P6(r, 0.50000000808f, 0.16666666757f, 0.04166624054f, 0.00833328601f, 0.00139485928f, 0.00019907585f);
  f32p z = 2.f * ((half * r + (half - 0.5f)) + half * (r * r * p));
  return with_sign_f32p(choose_f32p((i32p)(size_f32p(x) < 0x1p-30f), x, z), x);
}
static inline f64p expm1_f64p(f64p x) {
  f64p y = within_f64p(x, -60., 710.);
  f64p k = integer_f64p(y * 1.4426950408889634), r = rest_f64p(y, k), half = scaled_f64p(all_f64p(0.5), k);
  f64p z = 2. * ((half * r + (half - 0.5)) + half * (r * r * expm1_series_f64p(r)));
  return with_sign_f64p(choose_f64p((i64p)(size_f64p(x) < 0x1p-60), x, z), x);
}

/* m and e of x > 0; x = 0, infinity and NaN give any. */
static inline f32p mantissa_f32p(f32p x, f32p *e) {
  i32p low = (i32p)(x < 0x1p-126f);
  x = choose_f32p(low, x * 0x1p25f, x);
  i32p power = ((i32p)x - 0x3f3504f3) >> 23;
  *e = __builtin_convertvector(power + (low & -25), f32p);
  return (f32p)((i32p)x - (power << 23));
}
static inline f64p mantissa_f64p(f64p x, f64p *e) {
  i64p low = (i64p)(x < 0x1p-1022);
  x = choose_f64p(low, x * 0x1p54, x);
  u64p power = ((u64p)x - 0x3fe6a09e667f3bcd + 0x4000000000000000) >> 52; /* plus 1024 */
  *e = ((f64p)(power + 0x4330000000000000) - (0x1p52 + 1024)) - (f64p)(low & (i64p)all_f64p(54.));
  return (f64p)((u64p)x - (power << 52) + 0x4000000000000000);
}

/* e ln 2 + log(1 + f) */
static inline f32p log_of_f32p(f32p e, f32p f) {
  f32p p = P9(f, 0.3333331255f, -0.2500000945f, 0.2000212274f, -0.1666800889f, 0.1421946550f, -0.1240527535f,
              0.1188856777f, -0.1167787822f, 0.0674842234f);
  f32p square = f * f;
  return e * 0x1.62ep-1f + (f + (square * (f * p - 0.5f) + e * 0x1.0bfbe8p-15f));
}
/* log(1 + f) = f - f^2/2 + s (f^2/2 + z R(z)), s = f / (2 + f), z = s^2 */
static inline f64p log_of_f64p(f64p e, f64p f) {
  f64p s = f / (2. + f), z = s * s, half = 0.5 * (f * f);
  f64p p = P7(z, 0.66666666666667101211, 0.39999999999514225273, 0.28571428730821777539, 0.22222198910110334084,
              0.18183581874897864168, 0.15312880911542500743, 0.14813510045290970651);
  return e * 0x1.62e42fefap-1 + (f - (half - (s * (half + z * p) + e * 0x1.cf79abc9e3b3ap-40)));
}

#define LOGARITHMS(t, far)                                                                             \
  /* y, but -inf for x = pole, NaN below, and x itself where that is infinity or NaN. */               \
  static inline t##p log_cases_##t##p(t##p x, t pole, t##p y) {                                        \
    y = choose_##t##p((t##kp)(x < INFINITE_##t), y, x);                                                \
    y = choose_##t##p((t##kp)(x < pole), all_##t##p(NOT_A_NUMBER_##t), y);                             \
    return choose_##t##p((t##kp)(x == pole), all_##t##p(-INFINITE_##t), y);                            \
  }                                                                                                    \
  static inline t##p log_##t##p(t##p x) {                                                              \
    t##p e, m = mantissa_##t##p(x, &e);                                                                \
    return log_cases_##t##p(x, 0, log_of_##t##p(e, m - (t)1));                                         \
  }                                                                                                    \
  /* 1 + x = m 2^e rounds; f = x 2^-e + (2^-e - 1) does so harmlessly. Far out the 1 is lost anyway. */ \
  static inline t##p log1p_##t##p(t##p x) {                                                            \
    t##p e, m = mantissa_##t##p((t)1 + x, &e), near = scaled_##t##p(all_##t##p(1), -e);                \
    t##p f = choose_##t##p((t##kp)(x < (t)far), x * near + (near - (t)1), m - (t)1);                   \
    t##p y = with_sign_##t##p(log_of_##t##p(e, f), x);                                                 \
    return log_cases_##t##p(x, -1, y);                                                                 \
  }
LOGARITHMS(f32, 0x1p60)
LOGARITHMS(f64, 0x1p60)
BY_PARTS(exp, f32) BY_PARTS(exp, f64) BY_PARTS(expm1, f32) BY_PARTS(expm1, f64) BY_PARTS(exp2, f32) BY_PARTS(exp2, f64)
BY_PARTS(log, f32) BY_PARTS(log, f64) BY_PARTS(log1p, f32) BY_PARTS(log1p, f64)
