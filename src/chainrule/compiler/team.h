/* What a compiled program knows of the threads that run it together.

   void work(void *frame, int thread, int threads, struct team *team) is called by all of them at once, and
   team_barrier(team) returns in none before it has been called in all. Sleeping is left to team.c, through two pointers,
   so that nothing of the operating system need be included here: this text is compiled with every program. */
#ifndef CHAINRULE_TEAM_H
#define CHAINRULE_TEAM_H

#include <stdatomic.h>

enum {
    TEAM_LINE = 128,   /* bytes; two cache lines, since processors fetch the neighbour too */
    TEAM_ROUNDS = 1000 /* looks before a thread sleeps: some 10 to 40 microseconds, about what a wake-up costs */
};

/* A number that only grows (and wraps around), and how many threads sleep until it does. */
struct team_counter {
    _Alignas(TEAM_LINE) atomic_uint value;
    atomic_uint sleepers;
};

struct team {
    _Alignas(TEAM_LINE) atomic_uint arrived;
    struct team_counter generation; /* of the barrier */
    _Alignas(TEAM_LINE) unsigned threads;
    void (*sleep)(struct team_counter *, unsigned seen); /* until the value is another than `seen` */
    void (*wake)(struct team_counter *);
};

/* Whether the counter left the value `seen` while it was looked at. */
static inline int team_spin(struct team_counter *counter, unsigned seen) {
    for (int round = 0; round < TEAM_ROUNDS; round++) {
        if (atomic_load_explicit(&counter->value, memory_order_acquire) != seen) return 1;
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }
    return 0;
}

static inline void team_barrier(struct team *team) {
    if (team->threads == 1) return;
    unsigned seen = atomic_load_explicit(&team->generation.value, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 < team->threads) {
        if (!team_spin(&team->generation, seen)) team->sleep(&team->generation, seen);
        return;
    }
    atomic_store_explicit(&team->arrived, 0, memory_order_relaxed); /* published by the next line */
    /* Sequentially consistent, both: either this sees the sleeper, or the sleeper sees the new value. */
    atomic_fetch_add(&team->generation.value, 1);
    if (atomic_load(&team->generation.sleepers)) team->wake(&team->generation);
}

#endif
