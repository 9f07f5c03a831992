/* Instructions that C has no words for, where the processor has them; what is not defined here is done in C. */
#define F32_BYTES (4 * LANES < REGISTER ? 4 * LANES : REGISTER)
#define F64_BYTES (8 * LANES < REGISTER ? 8 * LANES : REGISTER)

#if defined(__x86_64__) && !defined(__clang__)
#define DOWN 9 /* rounding mode of floor, without exceptions */
#if F32_BYTES == 64
#define LARGER_f32(a, b) __builtin_ia32_maxps512_mask(b, a, a, (unsigned short)-1, 4)
#define SMALLER_f32(a, b) __builtin_ia32_minps512_mask(b, a, a, (unsigned short)-1, 4)
#define SQRT_f32(x) __builtin_ia32_sqrtps512_mask(x, x, (unsigned short)-1, 4)
#define FLOOR_f32(x) __builtin_ia32_rndscaleps_mask(x, DOWN, x, (unsigned short)-1, 4)
#define SCALE_f32(x, k) __builtin_ia32_scalefps512_mask(x, k, x, (unsigned short)-1, 4)
#elif F32_BYTES == 32
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
#define ANY_f64(mask) (__builtin_ia32_cvtq2mask512((long long __attribute__((vector_size(64))))(mask)) != 0)
#elif F64_BYTES == 32
#define LARGER_f64(a, b) __builtin_ia32_maxpd256(b, a)
#define SMALLER_f64(a, b) __builtin_ia32_minpd256(b, a)
#define SQRT_f64(x) __builtin_ia32_sqrtpd256(x)
#define FLOOR_f64(x) __builtin_ia32_roundpd256(x, DOWN)
#define ANY_f64(mask) (__builtin_ia32_movmskpd256((f64p)(mask)) != 0)
#elif F64_BYTES == 16
#define LARGER_f64(a, b) __builtin_ia32_maxpd(b, a)
#define SMALLER_f64(a, b) __builtin_ia32_minpd(b, a)
#define SQRT_f64(x) __builtin_ia32_sqrtpd(x)
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
