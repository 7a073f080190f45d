"""Machine code that runs any program on numbers of 106 bits with error bounds, many at a time.

The program is data, so that no family takes a compilation of its own.
"""

from __future__ import annotations

from numba import njit

from sgdmem.numeric.compiled_maps.double_double import (
    minus_ball,
    over_ball,
    plus_ball,
    times_ball,
)


@njit(
    "void(i8[:,::1], f8[:,::1], i8[::1], f8[:,:,::1], f8[:,:,::1], f8[:,:,::1])",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def run(steps, constants, outputs, values, out, space):  # type: ignore[no-untyped-def]
    """Fill ``out``, shape (3, results, P): numbers, their second halves, and bounds of errors.

    Parameters
    ----------
    steps : int array, shape (S, 3)
        A kind, and two arguments: 0 with the row of an input, 1 with the column of a constant, or
        2 to 5, the operations + - * /, with the numbers of two earlier steps.
    constants : array, shape (3, C)
    outputs : int array
        The steps that are the results.
    values : array, shape (3, K, P)
        Of the inputs.
    space : array, shape (3, S, members side by side)
    """
    for begin in range(0, values.shape[2], space.shape[2]):
        count = min(space.shape[2], values.shape[2] - begin)
        for i in range(steps.shape[0]):
            kind, a, b = steps[i, 0], steps[i, 1], steps[i, 2]
            if kind < 2:
                for part in range(3):
                    for p in range(count):
                        known = values[part, a, begin + p] if kind == 0 else constants[part, a]
                        space[part, i, p] = known
                continue
            for p in range(count):
                x = space[0, a, p], space[1, a, p], space[2, a, p]
                y = space[0, b, p], space[1, b, p], space[2, b, p]
                if kind == 2:
                    found = plus_ball(x, y)
                elif kind == 3:
                    found = minus_ball(x, y)
                elif kind == 4:
                    found = times_ball(x, y)
                else:
                    found = over_ball(x, y)
                space[0, i, p], space[1, i, p], space[2, i, p] = found
        for k in range(outputs.size):
            for part in range(3):
                for p in range(count):
                    out[part, k, begin + p] = space[part, outputs[k], p]
