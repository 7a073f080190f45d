/* Noise sums of the heavy ball: for each pixel the sum over eigenvalues x of K x / (1 + s x). The
   rows of `coefficients` are K and s, and `count` is a multiple of 4.

   In fours two pairs of eigenvalues share a division: a/b + c/d = (a d + c b) / (b d). */

#define SUMS(name, terms, ORDER, ...)                                                              \
    void name(long pixels, long count, const double *restrict coefficients,                        \
              const double *restrict x, double *restrict out)                                      \
    {                                                                                              \
        const long part = count / (terms);                                                         \
        for (long p = 0; p < pixels; p++) {                                                        \
            const double s = coefficients[pixels + p];                                             \
            double total = 0;                                                                      \
            ORDER                                                                                  \
            for (long k = 0; k < part; k++) {                                                      \
                __VA_ARGS__                                                                        \
            }                                                                                      \
            out[p] = coefficients[p] * total;                                                      \
        }                                                                                          \
    }

#define PAIR(a, b, first, second)                                                                  \
    const double b##1 = 1 + s * x[first], b##2 = 1 + s * x[second];                                \
    const double a = x[first] * b##2 + x[second] * b##1, b = b##1 * b##2;

#define FOUR                                                                                       \
    PAIR(a, b, k, k + part)                                                                        \
    PAIR(c, d, k + 2 * part, k + 3 * part)                                                         \
    total += (a * d + c * b) / (b * d);

SUMS(in_order, 1, , total += x[k] / (1 + s * x[k]);)
SUMS(fours, 4, _Pragma("omp simd reduction(+ : total)"), FOUR)
