// matmul (batch, 2) float32, matmul
// matmul[n,o] = Σ_{i} x_lanes[n,i]·w[i,o]
// tile 1 point, vectors along lane, loops o
void k0(f32 *restrict p0, const f32 *restrict p1, const f32 *restrict p2, const i64 first, const i64 batch) {
  for (i64 o_1 = 0; o_1 < 2; o_1 += 1) {
    const f32v t2 = *(const f32v *)(p1 + 0);
    const f32v t3 = splat_f32v(*(p2 + o_1));
    const f32v t4 = t2 * t3;
    const f32v t5 = *(const f32v *)(p1 + 8);
    const f32v t6 = splat_f32v(*(p2 + o_1 + 2));
    const f32v t7 = t5 * t6;
    const f32v t8 = t4 + t7;
    const f32v t9 = *(const f32v *)(p1 + 16);
    const f32v t10 = splat_f32v(*(p2 + o_1 + 4));
    const f32v t11 = t9 * t10;
    const f32v t12 = t8 + t11;
    *(f32v *)(p0 + o_1 * 8) = t12;
  }
}
