# mypy: allow-untyped-calls
"""Numbers with 106 bits, sums of two floats, and with error bounds: what machine code is made of.

The algorithms and their errors, at most 15 u^2 with u = 2^-53, are those of M. Joldes, J.-M. Muller
and V. Popescu (Tight and rigorous error bounds for basic building blocks of double-word arithmetic,
ACM TOMS 44 (2017)). A bound is the third number of a triple; it is computed in floats, rounded to
nearest, so that whoever reads one multiplies it (`sgdmem.numeric.arithmetic.rounding.INFLATE`).
Complex numbers are two pairs.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic

ROUNDING = 2.0**-101  # relative, of any operation below
TINY = 1e-300  # underflows
_LEAST, _MOST = 1e-250, 1e250  # of a quotient's numbers


def _fused(context: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x y + z, rounded once."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fma(*values)

    return types.float64(types.float64, types.float64, types.float64), code


def _root(context: Any, x: Any) -> Any:
    """Return the square root by an instruction, without C's function."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        (value,) = values
        function = builder.module.declare_intrinsic("llvm.sqrt", [value.type])
        return builder.call(function, values)

    return types.float64(types.float64), code


fused: Any = intrinsic(_fused)
root: Any = intrinsic(_root)
compiled_part: Any = njit(error_model="numpy")  # what is part of a function that is kept


@compiled_part
def plus(xh, xl, yh, yl):  # type: ignore[no-untyped-def]
    """Return the sum of two pairs."""
    high = xh + yh
    part = high - xh
    low = (xh - (high - part)) + (yh - part)
    other = xl + yl
    part = other - xl
    rest = (xl - (other - part)) + (yl - part)
    low += other
    total = high + low
    low = rest + (low - (total - high))
    high = total + low
    return high, low - (high - total)


@compiled_part
def times(xh, xl, yh, yl):  # type: ignore[no-untyped-def]
    """Return the product of two pairs."""
    high = xh * yh
    low = fused(xl, yh, fused(xh, yl, fused(xh, yh, -high)))
    total = high + low
    return total, low - (total - high)


@compiled_part
def over(xh, xl, yh, yl):  # type: ignore[no-untyped-def]
    """Return the quotient of two pairs."""
    first = xh / yh
    ph, pl = times(yh, yl, first, 0.0)
    rh, rl = plus(xh, xl, -ph, -pl)
    second = (rh + rl) / yh
    high = first + second
    return high, second - (high - first)


# With bounds -------------------------------------------------------------------------------------


@compiled_part
def plus_ball(x, y):  # type: ignore[no-untyped-def]
    """Return the sum of two triples."""
    high, low = plus(x[0], x[1], y[0], y[1])
    return high, low, x[2] + y[2] + ROUNDING * abs(high)


@compiled_part
def minus_ball(x, y):  # type: ignore[no-untyped-def]
    """Return the difference of two triples."""
    return plus_ball(x, (-y[0], -y[1], y[2]))


@compiled_part
def times_ball(x, y):  # type: ignore[no-untyped-def]
    """Return the product of two triples."""
    high, low = times(x[0], x[1], y[0], y[1])
    spread = x[2] * (abs(y[0]) + y[2]) + abs(x[0]) * y[2]
    return high, low, spread + ROUNDING * abs(high) + TINY


@compiled_part
def over_ball(x, y):  # type: ignore[no-untyped-def]
    """Return the quotient of two triples; with an infinite bound where it may divide by 0."""
    high, low = over(x[0], x[1], y[0], y[1])
    size = abs(y[0]) * (1 - 2.0**-40)
    room = size - (1 + 2.0**-30) * y[2]
    # the residual is exact where the first number does not vanish in what floats can tell
    exact = (abs(x[0]) > _LEAST) | ((x[0] == 0.0) & (x[1] == 0.0))
    known = (room > _LEAST) & (size < _MOST) & exact
    spread = (x[2] + abs(high) * (1 + 2.0**-50) * y[2]) / room
    bound = spread + 4 * ROUNDING * abs(high) + TINY
    return high, low, bound if known else float("inf")


# Complex -----------------------------------------------------------------------------------------


@compiled_part
def plus_complex(x, y):  # type: ignore[no-untyped-def]
    """Return the sum of complex numbers (four floats)."""
    a, b = plus(x[0], x[1], y[0], y[1])
    c, d = plus(x[2], x[3], y[2], y[3])
    return a, b, c, d


@compiled_part
def times_complex(x, y):  # type: ignore[no-untyped-def]
    """Return the product of complex numbers; it errs by at most 32 u^2 of its size."""
    ah, al = times(x[0], x[1], y[0], y[1])
    bh, bl = times(x[2], x[3], y[2], y[3])
    ch, cl = times(x[0], x[1], y[2], y[3])
    dh, dl = times(x[2], x[3], y[0], y[1])
    rh, rl = plus(ah, al, -bh, -bl)
    ih, il = plus(ch, cl, dh, dl)
    return rh, rl, ih, il
