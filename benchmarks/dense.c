/* Dense noise sums of algorithms with memory 1: for each pixel the sum over eigenvalues x of

       K x (1 + g x) / (1 + x (s1 + x s2)),

   or K x / (1 + s1 x) where g = s2 = 0 (heavy ball). The rows of `coefficients` are K, g, s1, s2,
   `x` holds the eigenvalues and then their squares, and `count` is a multiple of 4.

   In pairs two eigenvalues share a division: a/b + c/d = (a d + c b) / (b d); in fours two pairs
   do. In the variants with squares these are loaded instead of Horner's scheme.

   The last two variants are translations of the library's own loops. */

#define PIXEL                                                                                      \
    const double K = coefficients[p], g = coefficients[pixels + p];                                \
    const double s1 = coefficients[2 * pixels + p], s2 = coefficients[3 * pixels + p];             \
    double total = 0;                                                                              \
    (void)g, (void)s2;

#define SUMS(name, ORDER, terms, ...)                                                              \
    void name(long pixels, long count, const double *restrict coefficients,                        \
              const double *restrict x, double *restrict out, int threads)                         \
    {                                                                                              \
        (void)threads;                                                                             \
        const long part = count / (terms);                                                         \
        const double *restrict squares = x + count;                                                \
        (void)squares;                                                                             \
        _Pragma("omp parallel for num_threads(threads) schedule(dynamic, 16)")                     \
        for (long p = 0; p < pixels; p++) {                                                        \
            PIXEL                                                                                  \
            ORDER                                                                                  \
            for (long k = 0; k < part; k++) {                                                      \
                __VA_ARGS__                                                                        \
            }                                                                                      \
            out[p] = K * total;                                                                    \
        }                                                                                          \
    }

#define ANY_ORDER _Pragma("omp simd reduction(+ : total)")

/* Numerator and denominator at eigenvalue k. */
#define LONG_TOP(k) (x[k] * (1 + g * x[k]))
#define LONG_BOTTOM(k) (1 + x[k] * (s1 + x[k] * s2))
#define SQUARE_TOP(k) (x[k] + g * squares[k])
#define SQUARE_BOTTOM(k) (1 + s1 * x[k] + s2 * squares[k])
#define SHORT_TOP(k) (x[k])
#define SHORT_BOTTOM(k) (1 + s1 * x[k])

#define ONE(TOP, BOTTOM) total += TOP(k) / BOTTOM(k);

#define PAIR(a, b, first, second, TOP, BOTTOM)                                                     \
    const double b##1 = BOTTOM(first), b##2 = BOTTOM(second);                                      \
    const double a = TOP(first) * b##2 + TOP(second) * b##1, b = b##1 * b##2;

#define TWO(TOP, BOTTOM)                                                                           \
    PAIR(a, b, k, k + part, TOP, BOTTOM)                                                           \
    total += a / b;

#define FOUR(TOP, BOTTOM)                                                                          \
    PAIR(a, b, k, k + part, TOP, BOTTOM)                                                           \
    PAIR(c, d, k + 2 * part, k + 3 * part, TOP, BOTTOM)                                            \
    total += (a * d + c * b) / (b * d);

SUMS(long_in_order, , 1, ONE(LONG_TOP, LONG_BOTTOM))
SUMS(long_ones, ANY_ORDER, 1, ONE(LONG_TOP, LONG_BOTTOM))
SUMS(long_pairs, ANY_ORDER, 2, TWO(LONG_TOP, LONG_BOTTOM))
SUMS(long_fours, ANY_ORDER, 4, FOUR(LONG_TOP, LONG_BOTTOM))
SUMS(long_pairs_squares, ANY_ORDER, 2, TWO(SQUARE_TOP, SQUARE_BOTTOM))
SUMS(long_fours_squares, ANY_ORDER, 4, FOUR(SQUARE_TOP, SQUARE_BOTTOM))

SUMS(short_in_order, , 1, ONE(SHORT_TOP, SHORT_BOTTOM))
SUMS(short_ones, ANY_ORDER, 1, ONE(SHORT_TOP, SHORT_BOTTOM))
SUMS(short_pairs, ANY_ORDER, 2, TWO(SHORT_TOP, SHORT_BOTTOM))
SUMS(short_fours, ANY_ORDER, 4, FOUR(SHORT_TOP, SHORT_BOTTOM))

/* Denominators divided by s2, from outside the loop. */
#define MONIC_ORDER const double linear = s1 / s2, constant = 1 / s2, h = g / s2; ANY_ORDER
#define MONIC_TOP(k) (x[k] * (constant + h * x[k]))
#define MONIC_BOTTOM(k) ((x[k] + linear) * x[k] + constant)

SUMS(long_pairs_monic, MONIC_ORDER, 2, TWO(MONIC_TOP, MONIC_BOTTOM))

/* Groups of four eigenvalues as polynomials in the place of the pole, see `pole_groups`, which
   `x` holds; the largest eigenvalue is 1, and `count` is the number of groups. */
#define MEMBERS 64
#define GROUPS 256
void short_groups(long pixels, long count, const double *restrict coefficients,
                  const double *restrict x, double *restrict out, int threads)
{
    (void)threads;
    _Pragma("omp parallel for num_threads(threads) schedule(dynamic, 1)")
    for (long first = 0; first < pixels; first += MEMBERS) {
        const long last = first + MEMBERS < pixels ? first + MEMBERS : pixels;
        for (long p = first; p < last; p++)
            out[p] = 0;
        for (long begin = 0; begin < count; begin += GROUPS) {
            const long end = begin + GROUPS < count ? begin + GROUPS : count;
            for (long p = first; p < last; p++) {
                const double c = -1 / coefficients[2 * pixels + p] - 1;
                double total = 0;
                ANY_ORDER
                for (long j = begin; j < end; j++) {
                    const double *d = x + j, *n = d + 4 * count;
                    const double top =
                        ((n[3 * count] * c + n[2 * count]) * c + n[count]) * c + n[0];
                    const double bottom =
                        (((c + d[3 * count]) * c + d[2 * count]) * c + d[count]) * c + d[0];
                    total += top / bottom;
                }
                out[p] += total;
            }
        }
        for (long p = first; p < last; p++)
            out[p] *= -coefficients[p] / coefficients[2 * pixels + p];
    }
}
