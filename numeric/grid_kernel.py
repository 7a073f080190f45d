"""Machine code around the kernels of a map: axes to parameters, noise sums to verdicts."""

from __future__ import annotations

from math import inf

from numba import njit

from sgdmem.numeric.map_kernel import NOISE, PEAK, RADIUS, STATE
from sgdmem.numeric.quadrature import UNIT

_INFLATE = 1 + 2.0**-30  # radii are rounded to nearest


@njit("void(f8[::1], i8, i8, f8[::1])", cache=True, nogil=True)
def spread(axis, stride, start, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` with the values that an axis has at the points from ``start``.

    Each value holds for ``stride`` points, then the next one; the axis begins again at its end.
    """
    place, left = (start // stride) % axis.size, stride - start % stride
    for p in range(out.size):
        out[p] = axis[place]
        left -= 1
        if left == 0:
            left = stride
            place = place + 1 if place + 1 < axis.size else 0


@njit("void(f8[:,::1], f8[:,::1], b1, i1[::1], f8[::1], f8[::1])", cache=True, nogil=True)
def finish(rows, shares, diverges, stable, noise_sum, margin):  # type: ignore[no-untyped-def]
    """Fill in verdicts, noise sums and margins, see `sgdmem.numeric.batch.BatchOutcome`.

    ``rows`` are those of the kernels, ``shares`` tau1 / B, the bound of its error, and tau2 / B;
    with ``diverges`` the sum is infinite unless tau1 = 0.
    """
    for p in range(stable.size):
        state, share, share_r = rows[STATE, p], shares[0, p], shares[1, p]
        noise, radius = rows[NOISE, p], rows[RADIUS, p]
        total = share * noise
        error = abs(share) * radius + share_r * (abs(noise) + radius) + UNIT * abs(total)
        error = _INFLATE * error + 1e-300
        if diverges:
            total, error = inf if share > 0 else 0.0, 0.0
        sure = state == 1.0 and radius < inf
        if sure and total + error < 1:
            stable[p] = 1
        elif state == -1.0 or (sure and total - error >= 1):
            stable[p] = 0
        else:
            stable[p] = -1
        noise_sum[p] = total if sure else inf
        damping = 1 / (1 - min(shares[2, p], 0.0) * rows[PEAK, p])
        margin[p] = min(1 - total, damping) if sure and total < inf else -inf
