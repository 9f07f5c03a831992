/* tanh and erf over parts: odd functions that end at 1. A polynomial near 0, 1 minus something small further out. */

/* 1 - 2 / (exp(2x) + 1) from 0.55 on. */
static inline f32p tanh_f32p(f32p x) {
  f32p size = size_f32p(x), z = x * x, y = smaller_f32p(2.f * size, all_f32p(20.f));
  f32p k = integer_f32p(y * 1.44269504f), r = rest_f32p(y, k);
  f32p power = (f32p)(((i32p)(k + ROUND_f32) + 127) << 23);
  f32p far = 1.f - 2.f / (power * exp_series_f32p(r) + 1.f);
  f32p near = size + size * z * P5(z, -0.33333320766f, 0.13332622679f, -0.05385133582f, 0.02105440158f, -0.00623675267f);
  return with_sign_f32p(choose_f32p((i32p)(size < 0.55f), near, far), x);
}
static inline f64p tanh_f64p(f64p x) {
  f64p size = size_f64p(x), z = x * x, far = 1. - 2. / (exp_f64p(smaller_f64p(2. * size, all_f64p(40.))) + 1.);
  f64p p = P11(z, -0.33333333333333317122, 0.13333333333328990119, -0.053968253964785015104, 0.021869488407222194972,
               -0.0088632328464252782303, 0.0035920936357856519347, -0.0014555485391575908387,
               0.00058845188220497711405, -0.00023336583349605502715, 0.000083251588538537164294,
               -0.000019432163688174916018);
  return with_sign_f64p(choose_f64p((i64p)(size < 0.55), size + size * z * p, far), x);
}

/* Beyond 1: 1 - exp(Q(x)) with Q close to log(erfc), whose rounding hardly matters below 1. */
static inline f32p erf_f32p(f32p x) {
  f32p size = size_f32p(x), z = x * x, t = smaller_f32p(size, all_f32p(4.f));
  f32p p = P7(z, 0.128379165907f, -0.376126270745f, 0.112835993280f, -0.026854402977f, 0.005189444868f,
              -0.000801994793f, 0.000078858476f);
  f32p q = P9(t, 0.000204377354f, -1.129661242325f, -0.633039435347f, -0.108639202091f, 0.025373698487f,
              -0.004282444446f, 0.000463804229f, -0.000025317165f, 2.514727671e-7f);
  f32p y = choose_f32p((i32p)(size < 1.f), size * (1.f + p), 1.f - exp_f32p(q));
  return with_sign_f32p(y, x);
}
/* Beyond 1: 1 - exp(-x^2) R(1 / (x + 2)). */
static inline f64p erf_f64p(f64p x) {
  f64p size = size_f64p(x), z = x * x, t = smaller_f64p(size, all_f64p(6.)), w = 1. / (t + 2.) - 0.23;
  f64p p = P13(z, 0.12837916709551257377, -0.37612638903183748128, 0.11283791670954881914, -0.0268661706450773627,
               0.0052239776248231534054, -0.00085483269811062415896, 0.00012055331120754247516,
               -0.000014925595466262047769, 1.6461003376288504162e-6, -1.6350340180567312839e-7,
               1.4659939232624162983e-8, -1.137340406781456624e-9, 5.9579861804175684718e-11);
  f64p q = P13(w, 0.22272715951304586798, 1.5601114619773488808, 3.5661106762725936359, 4.950162464490542575,
               1.6468870446419432431, -6.6160873932997648562, -5.6588602793839754145, 14.952900450735249846,
               11.434384176547539871, -48.652767965145961447, -1.1909294183252759779, 162.52852276875772764,
               -212.13296326797513399);
  f64p y = choose_f64p((i64p)(size < 1.), size * (1. + p), 1. - exp_f64p(-(t * t)) * q);
  return with_sign_f64p(y, x);
}
BY_PARTS(tanh, f32) BY_PARTS(tanh, f64) BY_PARTS(erf, f32) BY_PARTS(erf, f64)
