/* Comparisons, logic, and the choice between two values. */

/* The mask that comparing two vectors of a type gives, and what it is as a truth value. */
typedef i32v f32k;
typedef i64v f64k;
typedef i32v i32k;
typedef i64v i64k;
typedef s8v u8k;
typedef i32p f32kp;
typedef i64p f64kp;
typedef i32p i32kp;
typedef i64p i64kp;
typedef s8p u8kp;
static inline b8v truth_f32(i32v mask) { return mask; }
static inline b8v truth_i32(i32v mask) { return mask; }
static inline b8v truth_f64(i64v mask) { return __builtin_convertvector(mask, i32v); }
static inline b8v truth_i64(i64v mask) { return __builtin_convertvector(mask, i32v); }
static inline b8v truth_u8(s8v mask) {
  return __builtin_convertvector(__builtin_convertvector(mask, i16v), i32v);
}
static inline i32v mask_f32(b8v truth) { return truth; }
static inline i32v mask_i32(b8v truth) { return truth; }
static inline i64v mask_f64(b8v truth) { return __builtin_convertvector(truth, i64v); }
static inline i64v mask_i64(b8v truth) { return __builtin_convertvector(truth, i64v); }
static inline s8v mask_u8(b8v truth) {
  return __builtin_convertvector(__builtin_convertvector(truth, i16v), s8v);
}

#define COMPARISON(name, operator, t)                                                                  \
  static inline b8 name##_##t(t a, t b) { return a operator b; }                                       \
  static inline b8v name##_##t##v(t##v a, t##v b) {                                                    \
    t##k mask;                                                                                         \
    EACH_PART(t) ((t##kp *)&mask)[part] = (t##kp)(PART(t, a) operator PART(t, b));                     \
    return truth_##t(mask);                                                                            \
  }

/* (mask & a) | (~mask & b) is the form in which compilers see a masked move. */
#define WHERE(t)                                                                                       \
  static inline t where_##t(b8 condition, t a, t b) { return condition ? a : b; }                      \
  static inline t##v where_##t##v(b8v condition, t##v a, t##v b) {                                     \
    t##k mask = mask_##t(condition);                                                                   \
    return (t##v)((mask & (t##k)a) | (~mask & (t##k)b));                                               \
  }

#define TRUTH(t)                                                                                       \
  COMPARISON(equal, ==, t)                                                                             \
  COMPARISON(not_equal, !=, t)                                                                         \
  COMPARISON(less, <, t)                                                                               \
  COMPARISON(less_equal, <=, t)                                                                        \
  COMPARISON(greater, >, t)                                                                            \
  COMPARISON(greater_equal, >=, t)                                                                     \
  WHERE(t)                                                                                             \
  static inline b8 is_nan_##t(t x) { return x != x; }                                                  \
  static inline b8v is_nan_##t##v(t##v x) { return not_equal_##t##v(x, x); }
EACH_NUMBER(TRUTH)

static inline b8 logical_and_b8(b8 a, b8 b) { return a & b; }
static inline b8 logical_or_b8(b8 a, b8 b) { return a | b; }
static inline b8 logical_not_b8(b8 a) { return a ^ 1; }
static inline b8v logical_and_b8v(b8v a, b8v b) { return a & b; }
static inline b8v logical_or_b8v(b8v a, b8v b) { return a | b; }
static inline b8v logical_not_b8v(b8v a) { return ~a; }

/* False is less than true. */
#define TRUTHS(name, scalar, vector)                                                                   \
  static inline b8 name##_b8(b8 a, b8 b) { return scalar; }                                            \
  static inline b8v name##_b8v(b8v a, b8v b) { return vector; }
TRUTHS(equal, a == b, ~(a ^ b))
TRUTHS(not_equal, a != b, a ^ b)
TRUTHS(less, a < b, ~a & b)
TRUTHS(less_equal, a <= b, ~a | b)
TRUTHS(greater, a > b, a & ~b)
TRUTHS(greater_equal, a >= b, a | ~b)
TRUTHS(maximum, a | b, a | b)
TRUTHS(minimum, a & b, a & b)
static inline b8 is_nan_b8(b8 x) { return x & 0; }
static inline b8v is_nan_b8v(b8v x) { return x & 0; }
static inline b8 where_b8(b8 condition, b8 a, b8 b) { return condition ? a : b; }
static inline b8v where_b8v(b8v condition, b8v a, b8v b) { return (condition & a) | (~condition & b); }
