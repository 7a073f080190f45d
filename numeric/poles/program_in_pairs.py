# mypy: allow-untyped-calls, allow-untyped-defs
"""Machine code that runs any program on numbers of 106 bits with error bounds, many at a time.

The program is data, so that no family takes a compilation of its own.
"""

from __future__ import annotations

from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, part
from sgdmem.numeric.poles.double_double import (
    over_ball,
    plus_ball,
    times_ball,
)

LANES = 16  # members side by side: a row


@part
def triple(rows, k, p):
    """Return the entries of three rows from row k on: a number, its second half, and a bound."""
    return rows[LANES * k + p], rows[LANES * (k + 1) + p], rows[LANES * (k + 2) + p]


@part
def put_triple(rows, k, p, high, low, bound):
    """Fill in these."""
    rows[LANES * k + p], rows[LANES * (k + 1) + p], rows[LANES * (k + 2) + p] = high, low, bound


@machine_code("i8[:,::1], f8[:,::1], f8[::1], f8[::1]")
def run(steps, constants, given, space):
    """Fill ``space`` with three rows for each step: numbers, their second halves, and bounds.

    Parameters
    ----------
    steps : int array, shape (S, 3)
        A kind, and two arguments: 0 with the number of an input, 1 with the column of a constant,
        or 2 to 5, the operations + - * /, with the numbers of two earlier steps.
    constants : array, shape (3, C)
    given : array
        Three rows for each input.
    space : array
    """
    for i in range(steps.shape[0]):
        kind, a, b, to = steps[i, 0], 3 * steps[i, 1], 3 * steps[i, 2], 3 * i
        if kind == 0:
            for p in lanes(LANES):
                high, low, bound = triple(given, a, p)
                put_triple(space, to, p, high, low, bound)
        elif kind == 1:
            column = steps[i, 1]
            high, low, bound = constants[0, column], constants[1, column], constants[2, column]
            for p in lanes(LANES):
                put_triple(space, to, p, high, low, bound)
        elif kind == 2 or kind == 3:
            sign = 1.0 if kind == 2 else -1.0
            for p in lanes(LANES):
                xh, xl, xr = triple(space, a, p)
                yh, yl, yr = triple(space, b, p)
                high, low, bound = plus_ball(xh, xl, xr, sign * yh, sign * yl, yr)
                put_triple(space, to, p, high, low, bound)
        elif kind == 4:
            for p in lanes(LANES):
                xh, xl, xr = triple(space, a, p)
                yh, yl, yr = triple(space, b, p)
                high, low, bound = times_ball(xh, xl, xr, yh, yl, yr)
                put_triple(space, to, p, high, low, bound)
        else:
            for p in lanes(LANES):
                xh, xl, xr = triple(space, a, p)
                yh, yl, yr = triple(space, b, p)
                high, low, bound = over_ball(xh, xl, xr, yh, yl, yr)
                put_triple(space, to, p, high, low, bound)
