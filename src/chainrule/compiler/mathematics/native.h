/* Instructions that C has no words for, where the processor has them; what is not defined here is done in C. */
#define F32_BYTES (4 * LANES < REGISTER ? 4 * LANES : REGISTER)
#define F64_BYTES (8 * LANES < REGISTER ? 8 * LANES : REGISTER)

#if defined(__x86_64__) && !defined(__clang__)
#define DOWN 9 /* rounding mode of floor, without exceptions */
typedef char bytes_16 __attribute__((vector_size(16)));
typedef int words_4 __attribute__((vector_size(16)));
typedef int words_8 __attribute__((vector_size(32)));
typedef int words_16 __attribute__((vector_size(64)));
typedef long long longs_8 __attribute__((vector_size(64)));
#if F32_BYTES == 64
#define LARGER_f32(a, b) __builtin_ia32_maxps512_mask(b, a, a, (unsigned short)-1, 4)
#define SMALLER_f32(a, b) __builtin_ia32_minps512_mask(b, a, a, (unsigned short)-1, 4)
#define SQRT_f32(x) __builtin_ia32_sqrtps512_mask(x, x, (unsigned short)-1, 4)
#define FLOOR_f32(x) __builtin_ia32_rndscaleps_mask(x, DOWN, x, (unsigned short)-1, 4)
#define SCALE_f32(x, k) __builtin_ia32_scalefps512_mask(x, k, x, (unsigned short)-1, 4)
#define WORDS_OF_BYTES(x) __builtin_ia32_pmovzxbd512_mask((bytes_16)(x), (words_16){0}, (unsigned short)-1)
#define BYTES_OF_WORDS(x) __builtin_ia32_pmovdb512_mask((words_16)(x), (bytes_16){0}, (unsigned short)-1)
#elif F32_BYTES == 32
#if LANES == 8
typedef long long longs_2 __attribute__((vector_size(16)));
#define WORDS_OF_BYTES(x) __builtin_ia32_pmovzxbd256((bytes_16)(longs_2){(long long)(x), 0})
#endif
#define LARGER_f32(a, b) __builtin_ia32_maxps256(b, a)
#define SMALLER_f32(a, b) __builtin_ia32_minps256(b, a)
#define SQRT_f32(x) __builtin_ia32_sqrtps256(x)
#define FLOOR_f32(x) __builtin_ia32_roundps256(x, DOWN)
#elif F32_BYTES == 16
#define LARGER_f32(a, b) __builtin_ia32_maxps(b, a)
#define SMALLER_f32(a, b) __builtin_ia32_minps(b, a)
#define SQRT_f32(x) __builtin_ia32_sqrtps(x)
#ifdef __SSE4_1__
#define FLOOR_f32(x) __builtin_ia32_roundps(x, DOWN)
#endif
#endif
#if F64_BYTES == 64
#define LARGER_f64(a, b) __builtin_ia32_maxpd512_mask(b, a, a, (unsigned char)-1, 4)
#define SMALLER_f64(a, b) __builtin_ia32_minpd512_mask(b, a, a, (unsigned char)-1, 4)
#define SQRT_f64(x) __builtin_ia32_sqrtpd512_mask(x, x, (unsigned char)-1, 4)
#define FLOOR_f64(x) __builtin_ia32_rndscalepd_mask(x, DOWN, x, (unsigned char)-1, 4)
#define SCALE_f64(x, k) __builtin_ia32_scalefpd512_mask(x, k, x, (unsigned char)-1, 4)
#define PRODUCT_OF_WORDS(a, b) __builtin_ia32_pmuludq512_mask((words_16)(a), (words_16)(b), (longs_8){0}, (unsigned char)-1)
#define ANY_f64(mask) (__builtin_ia32_cvtq2mask512((longs_8)(mask)) != 0)
#elif F64_BYTES == 32
#define LARGER_f64(a, b) __builtin_ia32_maxpd256(b, a)
#define SMALLER_f64(a, b) __builtin_ia32_minpd256(b, a)
#define SQRT_f64(x) __builtin_ia32_sqrtpd256(x)
#define FLOOR_f64(x) __builtin_ia32_roundpd256(x, DOWN)
#define PRODUCT_OF_WORDS(a, b) __builtin_ia32_pmuludq256((words_8)(a), (words_8)(b))
#define ANY_f64(mask) (__builtin_ia32_movmskpd256((f64p)(mask)) != 0)
#elif F64_BYTES == 16
#define LARGER_f64(a, b) __builtin_ia32_maxpd(b, a)
#define SMALLER_f64(a, b) __builtin_ia32_minpd(b, a)
#define SQRT_f64(x) __builtin_ia32_sqrtpd(x)
#define PRODUCT_OF_WORDS(a, b) __builtin_ia32_pmuludq128((words_4)(a), (words_4)(b))
#define ANY_f64(mask) (__builtin_ia32_movmskpd((f64p)(mask)) != 0)
#ifdef __SSE4_1__
#define FLOOR_f64(x) __builtin_ia32_roundpd(x, DOWN)
#endif
#endif
#elif defined(__clang__) && defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_floor)
#define FLOOR_f32(x) __builtin_elementwise_floor(x)
#define FLOOR_f64(x) __builtin_elementwise_floor(x)
#endif
#if __has_builtin(__builtin_elementwise_sqrt)
#define SQRT_f32(x) __builtin_elementwise_sqrt(x)
#define SQRT_f64(x) __builtin_elementwise_sqrt(x)
#endif
#endif
