/* erfc of float32, in double precision: exp(-t^2) R(1 / (t + 3)) / (t + 3) for t = |x|, which is 0 from 10.1 on; 2 less
   that below 0. What is near 0 keeps all its digits, which 1 - erf(x) loses. */
static inline f64p short_erfc_f64p(f64p x) {
  f64p t = smaller_f64p(size_f64p(x), all_f64p(10.3)), w = 1. / (t + 3.), v = w - 0.2;
  f64p q = P10(v, 1.2769783813105778, 6.9646657811845945, 29.06248387695173, 89.952944972818108, 187.56941858389749,
               176.00519015625011, -273.45746988534913, -950.58329097995, 171.40502305516747, 3362.0116294129135);
  f64p y = short_exp2_f64p(t * t * -1.4426950408889634) * (w * q);
  return choose_f64p((i64p)(x < 0.), 2. - y, y);
}
static inline f32v erfc_f32v(f32v x) {
  f64v wide = __builtin_convertvector(x, f64v), y;
  EACH_PART(f64) PART(f64, y) = short_erfc_f64p(PART(f64, wide));
  return __builtin_convertvector(y, f32v);
}
