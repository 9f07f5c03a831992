/* The threads of this process that run compiled programs: started when first needed, used by all programs in turn,
   asleep in between. Compiled after team.h, once. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

typedef void (*team_work)(void *frame, int thread, int threads, struct team *team);

enum { TEAM_LIMIT = 256, TEAM_STACK = 8 << 20 /* bytes, as the main thread has; elsewhere the default can be tiny */ };

struct worker {
    struct team_counter orders; /* how many runs it was told to take part in */
    pthread_t thread;
};

static struct {
    _Alignas(TEAM_LINE) atomic_uint taken; /* by the thread that runs a program now */
    _Alignas(TEAM_LINE) atomic_uint unfinished; /* workers still in the run */
    struct team_counter completed; /* runs */
    struct team team;
    team_work work; /* NULL: stop */
    void *frame;
    unsigned started; /* workers */
    struct worker workers[TEAM_LIMIT - 1];
} pool;

/* ---- Sleeping ---- */

#ifdef __linux__
static void wait_while(atomic_uint *value, unsigned seen) {
    /* The kernel compares once more before it puts the thread to sleep; a signal or a change ends the call. */
    while (atomic_load(value) == seen) syscall(SYS_futex, value, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void wake_all(atomic_uint *value) { syscall(SYS_futex, value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

static void forget_sleepers(void) {}
#else
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

static void wait_while(atomic_uint *value, unsigned seen) {
    pthread_mutex_lock(&sleeping);
    while (atomic_load(value) == seen) pthread_cond_wait(&woken, &sleeping);
    pthread_mutex_unlock(&sleeping);
}

static void wake_all(atomic_uint *value) {
    (void)value; /* one condition for all: who is not meant looks and sleeps again */
    pthread_mutex_lock(&sleeping);
    pthread_cond_broadcast(&woken);
    pthread_mutex_unlock(&sleeping);
}

static void forget_sleepers(void) {
    pthread_mutex_init(&sleeping, NULL);
    pthread_cond_init(&woken, NULL);
}
#endif

static void counter_sleep(struct team_counter *counter, unsigned seen) {
    atomic_fetch_add(&counter->sleepers, 1);
    wait_while(&counter->value, seen);
    atomic_fetch_sub(&counter->sleepers, 1);
}

static void counter_wake(struct team_counter *counter) { wake_all(&counter->value); }

static void counter_await(struct team_counter *counter, unsigned seen) {
    if (!team_spin(counter, seen)) counter_sleep(counter, seen);
}

static void counter_advance(struct team_counter *counter) {
    atomic_fetch_add(&counter->value, 1);
    if (atomic_load(&counter->sleepers)) counter_wake(counter);
}

/* ---- Arithmetic ---- */

/* Denormal numbers are taken and given as zero, since they take many times as long. All other settings are the usual
   ones in every thread, whatever the caller's were: results must not depend on who computes what. */
#if defined(__SSE2__)
typedef unsigned arithmetic;
static arithmetic begin_arithmetic(void) {
    arithmetic before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(0x1F80 /* to nearest, no traps */ | 0x8000 /* results */ | 0x0040 /* operands */);
    return before;
}
static void end_arithmetic(arithmetic before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
typedef unsigned long arithmetic;
static arithmetic begin_arithmetic(void) {
    arithmetic before, within = 1ul << 24; /* results and operands */
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(within));
    return before;
}
static void end_arithmetic(arithmetic before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }
#else
typedef int arithmetic;
static arithmetic begin_arithmetic(void) { return 0; }
static void end_arithmetic(arithmetic before) { (void)before; }
#endif

static void call(team_work work, void *frame, int thread, struct team *team) {
    arithmetic before = begin_arithmetic();
    work(frame, thread, (int)team->threads, team);
    end_arithmetic(before);
}

/* ---- Workers ---- */

static void *worker_main(void *argument) {
    struct worker *self = argument;
    int thread = (int)(self - pool.workers) + 1;
    for (unsigned orders = 0;; orders++) {
        counter_await(&self->orders, orders);
        if (!pool.work) return NULL;
        call(pool.work, pool.frame, thread, &pool.team);
        if (atomic_fetch_sub(&pool.unfinished, 1) == 1) counter_advance(&pool.completed);
    }
}

/* Fewer than wanted where the system gives no more; the next run asks again. */
static unsigned start_workers(unsigned wanted) {
    if (pool.started >= wanted) return wanted;
    /* Signals are for Python's main thread. Faults stay open: they concern the thread itself, and its traceback. */
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (int k = 0; k < 4; k++) sigdelset(&blocked, (const int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL}[k]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, TEAM_STACK);
    while (pool.started < wanted) {
        struct worker *worker = &pool.workers[pool.started];
        if (pthread_create(&worker->thread, &attributes, worker_main, worker)) break;
        pool.started++;
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool.started;
}

static int run_together(team_work work, void *frame, unsigned threads) {
    threads = 1 + start_workers(threads - 1);
    pool.work = work;
    pool.frame = frame;
    pool.team.threads = threads;
    pool.team.sleep = counter_sleep;
    pool.team.wake = counter_wake;
    unsigned completed = atomic_load(&pool.completed.value);
    atomic_store(&pool.unfinished, threads - 1);
    for (unsigned k = 0; k < threads - 1; k++) counter_advance(&pool.workers[k].orders);
    call(work, frame, 0, &pool.team);
    if (threads > 1) counter_await(&pool.completed, completed);
    return (int)threads;
}

static int take_pool(void) {
    unsigned expected = 0;
    return atomic_compare_exchange_strong(&pool.taken, &expected, 1);
}

/* Run `work` on so many threads, or alone where the pool is taken: by another thread, by this one further out, or for
   good because the process ends. Returns how many took part. */
int team_run(team_work work, void *frame, int threads) {
    if (threads > 1 && take_pool()) {
        int took_part = run_together(work, frame, threads < TEAM_LIMIT ? (unsigned)threads : TEAM_LIMIT);
        atomic_store(&pool.taken, 0);
        return took_part;
    }
    struct team alone = {.threads = 1};
    call(work, frame, 0, &alone);
    return 1;
}

/* ---- The process ---- */

/* Only the thread that forked lives on in the child: no workers, and no run that could still be going on. */
static void begin_child(void) {
    memset(&pool, 0, sizeof pool);
    forget_sleepers();
}

/* The pool stays taken. A run that does not end soon is left to end with the process. */
static void stop_workers(void) {
    for (int milliseconds = 0; !take_pool(); milliseconds++) {
        if (milliseconds == 100) return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    pool.work = NULL;
    for (unsigned k = 0; k < pool.started; k++) counter_advance(&pool.workers[k].orders);
    for (unsigned k = 0; k < pool.started; k++) pthread_join(pool.workers[k].thread, NULL);
}

__attribute__((constructor)) static void begin_process(void) {
    pthread_atfork(NULL, NULL, begin_child);
    atexit(stop_workers);
}
