/* <to>_from_<from>. Floats lose their fraction towards zero; b8 is x != 0. */
#define CONVERSION(to, from)                                                                           \
  static inline to to##_from_##from(from x) { return (to)x; }                                          \
  static inline to##v to##v_from_##from##v(from##v x) { return __builtin_convertvector(x, to##v); }
#define THROUGH_WORDS(t)                                                                               \
  static inline u8 u8_from_##t(t x) { return (u8)(i64)x; }                                             \
  static inline t t##_from_u8(u8 x) { return (t)x; }                                                   \
  static inline u8v u8v_from_##t##v(t##v x) { return bytes_of_words(__builtin_convertvector(x, i32v)); } \
  static inline t##v t##v_from_u8v(u8v x) { return __builtin_convertvector(words_of_bytes(x), t##v); }
#define TO_TRUTH(t)                                                                                    \
  static inline b8 b8_from_##t(t x) { return x != 0; }                                                 \
  static inline t t##_from_b8(b8 x) { return (t)x; }                                                   \
  static inline b8v b8v_from_##t##v(t##v x) { return not_equal_##t##v(x, splat_##t##v(0)); }
CONVERSION(f32, f32) CONVERSION(f32, f64) CONVERSION(f32, i32) CONVERSION(f32, i64)
CONVERSION(f64, f32) CONVERSION(f64, f64) CONVERSION(f64, i32) CONVERSION(f64, i64)
CONVERSION(i32, f32) CONVERSION(i32, f64) CONVERSION(i32, i32) CONVERSION(i32, i64)
CONVERSION(i64, f32) CONVERSION(i64, f64) CONVERSION(i64, i32) CONVERSION(i64, i64)
CONVERSION(u8, u8) CONVERSION(b8, b8)
THROUGH_WORDS(f32) THROUGH_WORDS(f64) THROUGH_WORDS(i32) THROUGH_WORDS(i64)
EACH_NUMBER(TO_TRUTH)
static inline f32v f32v_from_b8v(b8v x) { return where_f32v(x, splat_f32v(1), splat_f32v(0)); }
static inline f64v f64v_from_b8v(b8v x) { return where_f64v(x, splat_f64v(1), splat_f64v(0)); }
static inline i32v i32v_from_b8v(b8v x) { return x & 1; }
static inline i64v i64v_from_b8v(b8v x) { return __builtin_convertvector(x & 1, i64v); }
static inline u8v u8v_from_b8v(b8v x) { return bytes_of_words(x & 1); }
