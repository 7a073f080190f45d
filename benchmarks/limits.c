/* What one core can do at most: packed divisions alone, and packed multiply-adds alone, in loops
   whose operands stay in registers and that do not wait for one another's results. Each function
   returns how many numbers it went through. */

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define WIDTH (BYTES / 8)
#define CHAINS 12 /* in flight: more than latency times units, fewer than registers */
#if defined(__x86_64__)
#define REGISTER "+x"
#else
#define REGISTER "+w"
#endif

typedef double pack __attribute__((vector_size(BYTES)));

static pack filled(double value)
{
    pack x;
    for (int i = 0; i < WIDTH; i++)
        x[i] = value + 1e-3 * i;
    return x;
}

#define EACH(STEP)                                                                                 \
    STEP(x0) STEP(x1) STEP(x2) STEP(x3) STEP(x4) STEP(x5)                                          \
    STEP(x6) STEP(x7) STEP(x8) STEP(x9) STEP(x10) STEP(x11)

#define DECLARE(x) pack x = filled(seed);
#define KEEP(x) __asm__ volatile("" : REGISTER(x)); /* or the compiler would merge equal chains */
#define SHOW(x) last += x;

#define LIMIT(name, STEP)                                                                          \
    long name(long rounds, double seed, double *out)                                               \
    {                                                                                              \
        const pack a = filled(seed), b = filled(1 / seed);                                         \
        (void)a, (void)b;                                                                          \
        pack last = filled(0);                                                                     \
        EACH(DECLARE)                                                                              \
        EACH(KEEP)                                                                                 \
        for (long i = 0; i < rounds; i++) {                                                        \
            EACH(STEP)                                                                             \
            EACH(KEEP)                                                                             \
        }                                                                                          \
        EACH(SHOW)                                                                                 \
        out[0] = last[0];                                                                          \
        return rounds * CHAINS * WIDTH;                                                            \
    }

#define DIVIDE(x) x = a / x;
#define MULTIPLY_ADD(x) x = x * b + a;

LIMIT(divisions, DIVIDE)
LIMIT(multiply_adds, MULTIPLY_ADD)
