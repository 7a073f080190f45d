r"""Machine code for random numbers with the standard normal law.

Uniform numbers are those of SFC64 (C. Doty-Humphrey, *Practically Random*), a generator in each of
16 lanes, and normal ones come from pairs of them by the method of G. E. P. Box and M. E. Muller (*A
note on the generation of random normal deviates*, Ann. Math. Statist. 29, 1958): for u in (0, 1]
and an angle, :math:`\sqrt{-2\log u}` times its cosine and sine. The logarithm is that of a
number from :math:`\sqrt{1/2}` to :math:`\sqrt2` and a power of two; the angle is one of the
first quadrant, as seen from its middle, and two bits are signs. Polynomials interpolate at
Chebyshev's nodes; relative errors are below 1e-13. The largest number is 8.49.

No operation is rounded differently elsewhere, so that the numbers are the same on all processors.
"""

from __future__ import annotations

from math import sqrt

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.kernel_words import bits_of, float_of, fma, lanes, machine_code


@machine_code("i8[:,::1], f8[:,::1]")
def draw(streams: Array, numbers: Array) -> None:
    """Fill ``numbers``, shape (2, n), n a multiple of 16, with normal numbers.

    ``streams``, shape (4, 16), are the states of the generators, lane by lane.
    """
    for k in range(0, numbers.shape[1], 16):
        for p in lanes(16):
            x, y, z, count = streams[0, p], streams[1, p], streams[2, p], streams[3, p]
            first = x + y + count
            x, y, z = (
                y ^ ((y >> 11) & 0x1FFFFFFFFFFFFF),
                z + (z << 3),
                (z << 24) | ((z >> 40) & 0xFFFFFF),
            )
            z = z + first
            second = x + y + count + 1
            x, y, z = (
                y ^ ((y >> 11) & 0x1FFFFFFFFFFFFF),
                z + (z << 3),
                (z << 24) | ((z >> 40) & 0xFFFFFF),
            )
            streams[0, p], streams[1, p], streams[2, p], streams[3, p] = x, y, z + second, count + 2
            # u in (0, 1], between sqrt(1/2) and sqrt(2) times a power of two, and its logarithm
            u = 2.0 - float_of(((first >> 12) & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000)
            bits = bits_of(u) + 0x95F619980C433
            halvings = 4503599627371519.0 - float_of(((bits >> 52) & 0xFFF) | 0x4330000000000000)
            f = float_of((bits & 0xFFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD) - 1.0
            square = f * f
            even = 0.07436784608298763
            even = fma(even, square, 0.07149214247041823)
            even = fma(even, square, 0.08316254559902464)
            even = fma(even, square, 0.10001557841299596)
            even = fma(even, square, 0.12499940991401966)
            even = fma(even, square, 0.16666667656524572)
            even = fma(even, square, 0.2499999999398682)
            even = fma(even, square, 0.5000000000000583)
            odd = -0.03657283707050544
            odd = fma(odd, square, -0.07706948124022943)
            odd = fma(odd, square, -0.0754876160182177)
            odd = fma(odd, square, -0.09100382764187441)
            odd = fma(odd, square, -0.11110783390355668)
            odd = fma(odd, square, -0.14285720101396138)
            odd = fma(odd, square, -0.19999999953492875)
            odd = fma(odd, square, -0.3333333333344662)
            log = fma(square, fma(f, odd, even), fma(halvings, 0.6931471805599453, -f))
            # cosine and sine of an angle from -pi/4 to pi/4, turned by pi/4
            turn = float_of(((second >> 12) & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000) - 1.5
            square = turn * turn
            cosine = -2.4850963357813638e-05
            cosine = fma(cosine, square, 0.0009191617369539572)
            cosine = fma(cosine, square, -0.020863468002244645)
            cosine = fma(cosine, square, 0.25366950715370434)
            cosine = fma(cosine, square, -1.2337005501201592)
            cosine = fma(cosine, square, 0.9999999999999444)
            sine = -3.556386260704784e-06
            sine = fma(sine, square, 0.00016042926504495616)
            sine = fma(sine, square, -0.004681752591458209)
            sine = fma(sine, square, 0.07969262615574603)
            sine = fma(sine, square, -0.645964097504309)
            sine = fma(sine, square, 1.57079632679489)
            sine = turn * sine
            length = sqrt(log)
            left, right = length * (cosine - sine), length * (cosine + sine)
            numbers[0, k + p] = float_of(bits_of(left) ^ (second << 63))
            numbers[1, k + p] = float_of(bits_of(right) ^ ((second << 62) & -0x8000000000000000))
