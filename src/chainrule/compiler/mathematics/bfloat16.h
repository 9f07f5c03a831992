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

/* Two of them in 32 bits, the first in the lower half; the sum of the products of two pairs. */
typedef i32 bf2;
typedef i32v bf2v;
typedef i32p bf2p;
static inline bf2v splat_bf2v(bf2 x) { return splat_i32v(x); }
static inline bf2 where_bf2(b8 condition, bf2 a, bf2 b) { return where_i32(condition, a, b); }
static inline bf2v where_bf2v(b8v condition, bf2v a, bf2v b) { return where_i32v(condition, a, b); }
static inline void transpose_bf2v(bf2v rows[LANES]) { transpose_i32v(rows); }
static inline bf2 pair_f32(f32 first, f32 second) {
  u32 lower, upper;
  first = round_to_bfloat16_f32(first);
  second = round_to_bfloat16_f32(second);
  __builtin_memcpy(&lower, &first, sizeof lower);
  __builtin_memcpy(&upper, &second, sizeof upper);
  return (bf2)(lower >> 16 | upper);
}
static inline f32 lower_bf2(bf2 x) {
  f32 y;
  x <<= 16;
  __builtin_memcpy(&y, &x, sizeof y);
  return y;
}
static inline f32 upper_bf2(bf2 x) {
  f32 y;
  x &= 0xffff0000;
  __builtin_memcpy(&y, &x, sizeof y);
  return y;
}
static inline f32 add_dot_bf2(f32 sum, bf2 a, bf2 b) {
  sum += upper_bf2(a) * upper_bf2(b); /* in the order of the instruction */
  return sum + lower_bf2(a) * lower_bf2(b);
}
#ifdef __AVX512BF16__
/* In assembly, since compilers disagree on the types of the intrinsics. Both take denormal numbers for zeros. */
static inline f32v add_dot_bf2v(f32v sum, bf2v a, bf2v b) {
  EACH_PART(f32) __asm__("vdpbf16ps %2, %1, %0" : "+v"(PART(f32, sum)) : "v"(PART(bf2, a)), "v"(PART(bf2, b)));
  return sum;
}
#else
static inline f32v add_dot_bf2v(f32v sum, bf2v a, bf2v b) {
  sum += (f32v)(a & 0xffff0000) * (f32v)(b & 0xffff0000);
  return sum + (f32v)(a << 16) * (f32v)(b << 16);
}
#endif
#if defined(__AVX512BF16__) && F32_BYTES == 64
typedef i16 shorts_32 __attribute__((vector_size(64)));
static inline bf2v pair_f32v(f32v first, f32v second) {
  shorts_32 one_after_the_other;
  const shorts_32 side_by_side = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                  8,  24, 9,  25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  __asm__("vcvtne2ps2bf16 %2, %1, %0" : "=v"(one_after_the_other) : "v"(second), "v"(first));
  return (bf2v)__builtin_ia32_permvarhi512_mask(one_after_the_other, side_by_side, one_after_the_other, -1u);
}
#else
static inline bf2v pair_f32v(f32v first, f32v second) {
  const u32v lower = (u32v)round_to_bfloat16_f32v(first), upper = (u32v)round_to_bfloat16_f32v(second);
  return (bf2v)(lower >> 16 | upper);
}
#endif
static inline f32 dot_bf2(bf2 a, bf2 b) { return add_dot_bf2(0, a, b); }
static inline f32v dot_bf2v(bf2v a, bf2v b) { return add_dot_bf2v(splat_f32v(0), a, b); }
