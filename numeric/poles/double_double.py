# mypy: allow-untyped-calls, allow-untyped-defs
"""Numbers with 106 bits, sums of two floats, and with error bounds: parts of kernels.

The algorithms and their errors, at most 15 u^2 with u = 2^-53, are those of M. Joldes, J.-M. Muller
and V. Popescu (Tight and rigorous error bounds for basic building blocks of double-word arithmetic,
ACM TOMS 44 (2017)). A bound is the third number of a triple; it is computed in floats, rounded to
nearest, so that whoever reads one multiplies it (`sgdmem.numeric.arithmetic.rounding.INFLATE`).
Complex numbers are two pairs.
"""

from __future__ import annotations

from math import inf, sqrt

from sgdmem.numeric.compilation.kernel_words import fma, part

ROUNDING = 2.0**-101  # relative, of any operation below
TINY = 1e-300  # underflows
_LEAST_PART = 1e-250  # of the numbers of a quotient
_MOST_PART = 1e250
_BELOW = 1 - 2.0**-40
_ABOVE = 1 + 2.0**-30
_A_LITTLE_ABOVE = 1 + 2.0**-50


@part
def plus(xh, xl, yh, yl):
    """Return the sum of two pairs."""
    high = xh + yh
    part = high - xh
    low = (xh - (high - part)) + (yh - part)
    other = xl + yl
    part = other - xl
    rest = (xl - (other - part)) + (yl - part)
    low = low + other
    total = high + low
    low = rest + (low - (total - high))
    high = total + low
    return high, low - (high - total)


@part
def times(xh, xl, yh, yl):
    """Return the product of two pairs."""
    high = xh * yh
    low = fma(xl, yh, fma(xh, yl, fma(xh, yh, -high)))
    total = high + low
    return total, low - (total - high)


@part
def over(xh, xl, yh, yl):
    """Return the quotient of two pairs."""
    first = xh / yh
    ph, pl = times(yh, yl, first, 0.0)
    rh, rl = plus(xh, xl, -ph, -pl)
    second = (rh + rl) / yh
    high = first + second
    return high, second - (high - first)


@part
def modulus(x, y):
    """Return the modulus of a complex number of two floats, to a few units."""
    larger, smaller = abs(x), abs(y)
    larger, smaller = (
        (larger if larger > smaller else smaller),
        (smaller if larger > smaller else larger),
    )
    share = smaller / larger
    usual = (larger > 0.0) & (larger < inf)
    return larger * sqrt(1.0 + share * share) if usual else larger + smaller


# With bounds -------------------------------------------------------------------------------------


@part
def plus_ball(xh, xl, xr, yh, yl, yr):
    """Return the sum of two triples."""
    high, low = plus(xh, xl, yh, yl)
    return high, low, xr + yr + ROUNDING * abs(high)


@part
def minus_ball(xh, xl, xr, yh, yl, yr):
    """Return the difference of two triples."""
    high, low, bound = plus_ball(xh, xl, xr, -yh, -yl, yr)
    return high, low, bound


@part
def times_ball(xh, xl, xr, yh, yl, yr):
    """Return the product of two triples."""
    high, low = times(xh, xl, yh, yl)
    spread = xr * (abs(yh) + yr) + abs(xh) * yr
    return high, low, spread + ROUNDING * abs(high) + TINY


@part
def over_ball(xh, xl, xr, yh, yl, yr):
    """Return the quotient of two triples; with an infinite bound where it may divide by 0."""
    high, low = over(xh, xl, yh, yl)
    size = abs(yh) * _BELOW
    room = size - _ABOVE * yr
    # the residual is exact where the first number does not vanish in what floats can tell
    exact = (abs(xh) > _LEAST_PART) | ((xh == 0.0) & (xl == 0.0))
    known = (room > _LEAST_PART) & (size < _MOST_PART) & exact
    spread = (xr + abs(high) * _A_LITTLE_ABOVE * yr) / room
    bound = spread + 4 * ROUNDING * abs(high) + TINY
    return high, low, bound if known else inf


# Complex -----------------------------------------------------------------------------------------


@part
def plus_complex(xh, xl, x_ih, x_il, yh, yl, y_ih, y_il):
    """Return the sum of complex numbers (four floats)."""
    a, b = plus(xh, xl, yh, yl)
    c, d = plus(x_ih, x_il, y_ih, y_il)
    return a, b, c, d


@part
def times_complex(xh, xl, x_ih, x_il, yh, yl, y_ih, y_il):
    """Return the product of complex numbers; it errs by at most 32 u^2 of its size."""
    ah, al = times(xh, xl, yh, yl)
    bh, bl = times(x_ih, x_il, y_ih, y_il)
    ch, cl = times(xh, xl, y_ih, y_il)
    dh, dl = times(x_ih, x_il, yh, yl)
    rh, rl = plus(ah, al, -bh, -bl)
    ih, il = plus(ch, cl, dh, dl)
    return rh, rl, ih, il
