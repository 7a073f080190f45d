/* Noise sums: for each point the sum over eigenvalues x of a fraction of polynomials in x, times the
   first of the point's numbers, which are the columns of `numbers`; `count` is a multiple of 4. What
   a summand is, and how many NUMBERS there are, the library derives: see eigenvalue_sums.py.

   In fours two pairs of eigenvalues share a division: a/b + c/d = (a d + c b) / (b d). */

typedef struct {
    double above, below;
} fraction;

#include "summand.h"

static inline fraction both(fraction p, fraction q)
{
    return (fraction){p.above * q.below + q.above * p.below, p.below * q.below};
}

#define SUMS(name, terms, ORDER, ...)                                                              \
    void name(long points, long count, const double *restrict numbers, const double *restrict x,   \
              double *restrict out)                                                                \
    {                                                                                              \
        const long part = count / (terms);                                                         \
        for (long p = 0; p < points; p++) {                                                        \
            double c[NUMBERS], total = 0;                                                          \
            for (long i = 0; i < NUMBERS; i++)                                                     \
                c[i] = numbers[i * points + p];                                                    \
            ORDER                                                                                  \
            for (long k = 0; k < part; k++) {                                                      \
                const fraction s = __VA_ARGS__;                                                    \
                total += s.above / s.below;                                                        \
            }                                                                                      \
            out[p] = c[0] * total;                                                                 \
        }                                                                                          \
    }

#define PAIR(k) both(summand(x[k], c), summand(x[(k) + part], c))

SUMS(in_order, 1, , summand(x[k], c))
SUMS(fours, 4, _Pragma("omp simd reduction(+ : total)"), both(PAIR(k), PAIR(k + 2 * part)))
