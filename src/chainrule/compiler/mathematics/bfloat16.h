/* Numbers with 8 binary digits in float32's range: the upper half of a float32. */

/* To the nearest, of two to the one whose last digit is 0; a NaN stays one, and becomes quiet. */
static inline f32 round_to_bfloat16_f32(f32 x) {
  u32 bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  bits = x != x ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
  bits &= 0xffff0000;
  __builtin_memcpy(&x, &bits, sizeof bits);
  return x;
}
static inline f32v round_to_bfloat16_f32v(f32v x) {
  const u32v bits = (u32v)x, nan = (u32v)is_nan_f32v(x);
  const u32v rounded = bits + 0x7fff + (bits >> 16 & 1);
  return (f32v)(((nan & (bits | 0x400000)) | (~nan & rounded)) & 0xffff0000);
}
static inline f64 round_to_bfloat16_f64(f64 x) { return round_to_bfloat16_f32((f32)x); }
static inline f64v round_to_bfloat16_f64v(f64v x) {
  return f64v_from_f32v(round_to_bfloat16_f32v(f32v_from_f64v(x)));
}
