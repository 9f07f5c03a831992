/* Bytes as vectors of words: elements of images, and truth values in memory.

   Without an instruction in two steps: compilers do it in one step lane by lane. */
static inline i32v words_of_bytes(u8v x) {
#ifdef WORDS_OF_BYTES
  return (i32v)WORDS_OF_BYTES(x);
#else
  return __builtin_convertvector(__builtin_convertvector(x, i16v), i32v);
#endif
}
static inline u8v bytes_of_words(i32v x) {
#ifdef BYTES_OF_WORDS
  return (u8v)BYTES_OF_WORDS(x);
#else
  return __builtin_convertvector(__builtin_convertvector(x, i16v), u8v);
#endif
}
static inline b8v truth_of_words(i32v x) {
  b8v y;
  EACH_PART(i32) PART(i32, y) = (i32p)(PART(i32, x) != 0);
  return y;
}
static inline b8v load_b8v(const u8 *from) { return truth_of_words(words_of_bytes(*(const u8v *)from)); }
static inline void store_b8v(u8 *to, b8v x) { *(u8v *)to = bytes_of_words(x & 1); }
