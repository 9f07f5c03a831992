/* Eight tiles of 16 rows with 64 bytes each: 0 to 3 hold sums, 4 and 5 rows of pairs, 6 and 7 columns of them. A program
   configures them in each thread before use, and releases them. `stride` is in bytes. */
#ifdef AMX
static const struct {
  u8 palette, start, reserved[14];
  __UINT16_TYPE__ bytes[16];
  u8 rows[16];
} tile_shapes __attribute__((aligned(64))) = {
    1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
#define TILES_CONFIGURE() __asm__ volatile("ldtilecfg %0" ::"m"(tile_shapes))
#define TILES_RELEASE() __asm__ volatile("tilerelease" ::: "memory")
#define TILE_ZERO(tile) __asm__ volatile("tilezero %%tmm" #tile ::)
#define TILE_LOAD(tile, from, stride) \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(from), "r"((i64)(stride)) : "memory")
#define TILE_STORE(tile, to, stride) \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(to), "r"((i64)(stride)) : "memory")
#define TILE_ADD_DOTS(sums, rows, columns) \
  __asm__ volatile("tdpbf16ps %%tmm" #columns ", %%tmm" #rows ", %%tmm" #sums ::)
#else
static _Thread_local union {
  f32 sums[16][16];
  bf2 pairs[16][16];
} tiles[8];
#define TILES_CONFIGURE()
#define TILES_RELEASE()
#define TILE_ZERO(tile) __builtin_memset(&tiles[tile], 0, sizeof tiles[tile])
#define TILE_LOAD(tile, from, stride) \
  for (i64 row = 0; row < 16; row++) __builtin_memcpy(tiles[tile].pairs[row], (const char *)(from) + row * (stride), 64)
#define TILE_STORE(tile, to, stride) \
  for (i64 row = 0; row < 16; row++) __builtin_memcpy((char *)(to) + row * (stride), tiles[tile].pairs[row], 64)
#define TILE_ADD_DOTS(of, rows, columns)                                                                     \
  for (i64 row = 0; row < 16; row++)                                                                         \
    for (i64 k = 0; k < 16; k++)                                                                             \
      for (i64 column = 0; column < 16; column++)                                                            \
        tiles[of].sums[row][column] =                                                                        \
            add_dot_bf2(tiles[of].sums[row][column], tiles[rows].pairs[row][k], tiles[columns].pairs[k][column])
#endif
