/* Scalars, vectors of LANES lanes, and the parts of them that fit a register.

   A vector may be wider than any register: the compiler splits + - * / and conversions well, and comparisons into
   single lanes, so those are written over parts. Vectors are aligned as their elements are: pointers to them may point
   anywhere, and the code for aligned data is the same. */
#pragma GCC diagnostic ignored "-Wpsabi"

typedef float f32;
typedef double f64;
typedef __INT32_TYPE__ i32;
typedef __INT64_TYPE__ i64;
typedef __UINT8_TYPE__ u8;
typedef __UINT8_TYPE__ b8; /* 0 or 1 */
typedef __INT8_TYPE__ s8;
typedef __INT16_TYPE__ i16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;

#if defined(__AVX512F__)
#define REGISTER 64
#elif defined(__AVX2__)
#define REGISTER 32
#else
#define REGISTER 16
#endif
#define PART_LANES(size) ((size) * LANES < REGISTER ? LANES : REGISTER / (size))

/* tv: all lanes; tp: one part of them. */
#define VECTOR(t, size)                                                           \
  typedef t t##v __attribute__((vector_size(size * LANES), aligned(size), may_alias)); \
  typedef t t##p __attribute__((vector_size(size * PART_LANES(size)), aligned(size), may_alias));
VECTOR(f32, 4) VECTOR(f64, 8) VECTOR(i32, 4) VECTOR(i64, 8) VECTOR(u8, 1)
VECTOR(s8, 1) VECTOR(i16, 2) VECTOR(u32, 4) VECTOR(u64, 8)

/* Lane by lane. */
#define EACH_LANE(t, y, expression) \
  for (int lane = 0; lane < LANES; lane++) ((t *)&y)[lane] = expression
/* A truth value: -1 or 0 in each lane, for elements of every type. In memory it is a byte 0 or 1. */
typedef i32v b8v;

#define LANES_OF(t) lanes_##t
#define LANES_AND_BLOCK(t, size) enum { lanes_##t = PART_LANES(size), block_##t = 16 / size }; /* 16 bytes of them */
LANES_AND_BLOCK(f32, 4) LANES_AND_BLOCK(f64, 8) LANES_AND_BLOCK(i32, 4) LANES_AND_BLOCK(i64, 8) LANES_AND_BLOCK(u8, 1)
#define PARTS(t) (LANES / LANES_OF(t))
#define PART(t, x) (((t##p *)&(x))[part])
#define EACH_PART(t) _Pragma("GCC unroll 2") for (int part = 0; part < PARTS(t); part++)

/* The same for all types, or for those of numbers. */
#define EACH_FLOAT(define) define(f32) define(f64)
#define EACH_INTEGER(define) define(i32) define(i64) define(u8)
#define EACH_NUMBER(define) define(f32) define(f64) define(i32) define(i64) define(u8)

/* x - 0 is x for every x, which 0 + x is not for -0. */
#define SPLAT(t)                                                                                       \
  static inline t##p all_##t##p(t x) { return x - (t##p){0}; }                                         \
  static inline t##v splat_##t##v(t x) {                                                               \
    t##v y;                                                                                            \
    EACH_PART(t) PART(t, y) = all_##t##p(x);                                                           \
    return y;                                                                                          \
  }
EACH_NUMBER(SPLAT)
static inline b8v splat_b8v(b8 x) { return splat_i32v(-(i32)(x != 0)); }

#define iota_i32v ((i32v){LANE_NUMBERS})
#define iota_i64v ((i64v){LANE_NUMBERS})
