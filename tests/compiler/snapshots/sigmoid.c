// sigmoid (batch, 3) float32, sigmoid
// sigmoid[n,i] = 1 / (1 + exp(-x_lanes[n,i]))
// tile 1 point, vectors along lane, loops a1
void k0(f32 *restrict p0, const f32 *restrict p1, const i64 first, const i64 batch) {
  for (i64 a1_1 = 0; a1_1 < 3; a1_1 += 1) {
    const f32v t2 = *(const f32v *)(p1 + a1_1 * 8);
    const f32v t3 = -t2;
    const f32v t4 = exp_f32v(t3);
    const f32v t5 = splat_f32v(1.0f) + t4;
    const f32v t6 = splat_f32v(1.0f) / t5;
    *(f32v *)(p0 + a1_1 * 8) = t6;
  }
}
