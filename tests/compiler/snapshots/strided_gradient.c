// conv1d/x (1, 11, 1) float32, conv1d/x
// conv1d/x[0,2·i,0] = Σ_{p} [0 ≤ i-p < 5]·w[2·p,0,0]
// tile 1 point, vectors along nothing, loops o1'
void k0(f32 *restrict p0, const f32 *restrict p1, const i64 lo, const i64 hi, const i64 batch) {
  const i64 banks = banks_of(batch);
  (void)banks;
  for (i64 o1_1 = 0; o1_1 < 6; o1_1++) {
    f32 g2 = 0.0f;
    if ((u64)(o1_1) < (u64)(5)) {
      const f32 t3 = p1[(0) + (0) + (0)];
      g2 = t3;
    }
    f32 g4 = 0.0f;
    if ((u64)(o1_1 - 1) < (u64)(5)) {
      const f32 t5 = p1[(2) + (0) + (0)];
      g4 = t5;
    }
    const f32 t6 = g2 + g4;
    p0[(0) * 11 + (o1_1 * 2) + (0)] = t6;
  }
}

// conv1d/x (1, 11, 1) float32, conv1d/x
// conv1d/x[0,2·i+1,0] = w[1,0,0]
// tile 1 point, vectors along nothing, loops o1'
void k1(f32 *restrict p0, const f32 *restrict p1, const i64 lo, const i64 hi, const i64 batch) {
  const i64 banks = banks_of(batch);
  (void)banks;
  for (i64 o1_1 = 0; o1_1 < 5; o1_1++) {
    const f32 t2 = p1[(1) + (0) + (0)];
    p0[(0) * 11 + (o1_1 * 2 + 1) + (0)] = t2;
  }
}
