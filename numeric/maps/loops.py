"""Machine code around the kernels of a map: axes to parameters, noise sums to verdicts."""

from __future__ import annotations

from math import inf

from numba import b1, f8, i1, i8, njit, types
from numpy import empty

from sgdmem.numeric.maps.node_code import NOISE, PEAK, RADIUS, ROWS, STATE
from sgdmem.numeric.maps.pieces import CHUNK
from sgdmem.numeric.spectra.quadrature import UNIT

_INFLATE = 1 + 2.0**-30  # radii are rounded to nearest


@njit("void(f8[:,:,::1], i8[::1], i8[::1], i8, f8[:,:,::1])", cache=True, nogil=True)
def spread(axes, sizes, strides, start, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the values, and the bounds of their errors, at the points from ``start``.

    ``axes`` holds both for each parameter, padded. A value holds for as many points as the stride
    says, then the next one does; an axis begins again at its end.
    """
    for k in range(sizes.size):
        size, stride = sizes[k], strides[k]
        place, left = (start // stride) % size, stride - start % stride
        for p in range(out.shape[2]):
            out[0, k, p] = axes[0, k, place]
            out[1, k, p] = axes[1, k, place]
            left -= 1
            if left == 0:
                left = stride
                place = place + 1 if place + 1 < size else 0


@njit("void(f8[:,::1], f8[:,::1], i8, i8, b1, i1[::1], f8[::1], f8[::1])", cache=True, nogil=True)
def finish(rows, shares, stride, start, diverges, stable, noise_sum, margin):  # type: ignore[no-untyped-def]
    """Fill in verdicts, noise sums and margins, see `sgdmem.numeric.maps.points.BatchOutcome`.

    ``rows`` are those of the kernels for the points from ``start``; ``shares`` is an axis of
    tau1 / B, the bound of its error, and tau2 / B. With ``diverges`` the sum is infinite unless
    tau1 = 0.
    """
    size = shares.shape[1]
    place, left = (start // stride) % size, stride - start % stride
    for p in range(stable.size):
        share, share_r, share2 = shares[0, place], shares[1, place], shares[2, place]
        left -= 1
        if left == 0:
            left = stride
            place = place + 1 if place + 1 < size else 0
        state, noise, radius = rows[STATE, p], rows[NOISE, p], rows[RADIUS, p]
        total = share * noise
        error = abs(share) * radius + share_r * (abs(noise) + radius) + UNIT * abs(total)
        error = _INFLATE * error + 1e-300
        if diverges:
            total, error = inf if share + share_r > 0 else 0.0, 0.0
        sure = state == 1.0 and radius < inf
        if sure and 1 - total > error:
            stable[p] = 1
        elif state == -1.0 or (sure and total - 1 >= error):
            stable[p] = 0
        else:
            stable[p] = -1
        noise_sum[p] = total if sure else inf
        least = 1 / (1 - share2 * rows[PEAK, p]) if share2 < 0 else 1.0  # 1 + (tau2/B) s
        margin[p] = min(1 - total, least) if sure and total < inf else -inf


_VECTOR, _MATRIX, _AXES = (types.Array(f8, n, "C") for n in (1, 2, 3))
_COEFFICIENTS = types.FunctionType(types.void(_MATRIX, _MATRIX, _MATRIX, _MATRIX, i8, i8))
_JUDGE = types.FunctionType(types.void(_MATRIX, _MATRIX, _MATRIX, i8, f8, f8, _MATRIX, i8, i8))
_SIZES, _FLAGS = types.Array(i8, 1, "C"), types.Array(i1, 1, "C")


@njit(
    types.void(
        *(_COEFFICIENTS, i8, _JUDGE, _MATRIX, i8, f8, f8),
        *(_AXES, _SIZES, _SIZES, _MATRIX, i8, b1, _FLAGS, _VECTOR, _VECTOR, i8),
    ),
    cache=True,
    nogil=True,
)
def judge_by_poles(  # type: ignore[no-untyped-def]
    coefficients, count, judge, table, first, largest, spread_of_largest,
    axes, sizes, strides, shares, share_stride, diverges, stable, noise_sum, margin, start,
):  # fmt: skip
    """Judge the points from ``start``, chunk by chunk, all in machine code.

    ``coefficients`` and ``count`` are those of a `FamilyProgram`, ``judge`` that of
    `sgdmem.numeric.maps.pole_code`, the four numbers after it a `PoleTable`; the others are those
    of `spread` and `finish`.
    """
    parameters, numbers = sizes.size, empty(2 * count * CHUNK)
    given, rows = empty(2 * parameters * CHUNK), empty(ROWS * CHUNK)
    for begin in range(0, stable.size, CHUNK):
        end = min(begin + CHUNK, stable.size)
        n = end - begin
        values = given[: 2 * parameters * n].reshape((2, parameters, n))
        spread(axes, sizes, strides, start + begin, values)
        both = numbers[: 2 * count * n].reshape((2, count, n))
        coefficients(values[0], values[1], both[0], both[1], 0, n)
        found = rows[: ROWS * n].reshape((ROWS, n))
        judge(both[0], both[1], table, first, largest, spread_of_largest, found, 0, n)
        outcome = stable[begin:end], noise_sum[begin:end], margin[begin:end]
        finish(found, shares, share_stride, start + begin, diverges, *outcome)
