# mypy: allow-untyped-calls, allow-untyped-defs
"""Kernels: roots of real polynomials, approximated in floats, for a row of members.

They have rows as in `sgdmem.numeric.poles.crossing_roots`, of which the first of each
coefficient counts.
"""

from __future__ import annotations

from math import inf

from numpy import int64

from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack
from sgdmem.numeric.poles.program_in_pairs import LANES

_ITERATIONS = 60
_SETTLED = 2.0**-44
_REAL = 2.0**-26  # share of a root that its imaginary part must exceed
_ONE = 1023 * 2**52  # its bits
_STEEP = -(2**62)


@machine_code("f8[::1], i8, f8[:,::1], f8[::1], f8[::1]")
def put_starts(W, M, circles, re, im):
    """Fill in first approximations of the roots: on circles of the Newton polygon.

    Its slopes are those of the bits of numbers, which are their logarithms but for a twelfth.
    """
    sizes = on_stack(32)
    bits = sizes.view(int64)
    for p in range(LANES):
        for k in range(M + 1):
            sizes[k] = abs(W[LANES * 3 * k + p])
        k, found = 0, 0
        for _ in range(M):
            if k == M:
                break
            best, steepest = M, _STEEP
            for j in range(k + 1, M + 1):
                if sizes[j] != 0.0:
                    slope = (bits[j] - bits[k]) // (j - k)
                    if slope >= steepest:
                        best, steepest = j, slope
            bits[16] = _ONE - steepest
            for j in range(best - k):
                re[LANES * found + p] = sizes[16] * circles[best - k, 2 * j]
                im[LANES * found + p] = sizes[16] * circles[best - k, 2 * j + 1]
                found += 1
            k = best


@machine_code("f8[::1], i8, f8[:,::1], f8[::1], f8[::1], f8[::1]")
def find_roots(W, M, circles, re, im, ok):
    """Approximate the roots in floats, by Aberth's iteration, until that settles.

    Where rounding errors do not let it the enclosures will tell.
    """
    put_starts(W, M, circles, re, im)
    moving, largest, vr, vi, dr, di, sr, si = (
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
    )
    for p in lanes(LANES):
        ok[p] = ok[p] if (W[p] != 0.0) & (W[LANES * 3 * M + p] != 0.0) else 0.0
        moving[p] = ok[p]
    for _ in range(_ITERATIONS):
        for p in lanes(LANES):
            largest[p] = 0.0
        for i in range(M):
            for p in lanes(LANES):
                vr[p], vi[p], dr[p], di[p] = W[LANES * 3 * M + p], 0.0, 0.0, 0.0
            for step in range(M):
                k = 3 * (M - 1 - step)
                for p in lanes(LANES):
                    x, y = re[LANES * i + p], im[LANES * i + p]
                    a, b, c, d = vr[p], vi[p], dr[p], di[p]
                    dr[p], di[p] = c * x - d * y + a, c * y + d * x + b
                    vr[p], vi[p] = a * x - b * y + W[LANES * k + p], a * y + b * x
            for p in lanes(LANES):
                # f'/f less the sum of 1 / (x_i - x_j)
                a, b, c, d = vr[p], vi[p], dr[p], di[p]
                size = a * a + b * b
                sr[p], si[p] = (c * a + d * b) / size, (d * a - c * b) / size
            for j in range(M):
                if j != i:
                    for p in lanes(LANES):
                        a, b = (
                            re[LANES * i + p] - re[LANES * j + p],
                            (im[LANES * i + p] - im[LANES * j + p]),
                        )
                        apart = a * a + b * b
                        sr[p], si[p] = sr[p] - a / apart, si[p] + b / apart
            for p in lanes(LANES):
                x, y = re[LANES * i + p], im[LANES * i + p]
                a, b = sr[p], si[p]
                size = a * a + b * b
                cr, ci = a / size, -b / size
                moves = (moving[p] > 0.5) & (vr[p] * vr[p] + vi[p] * vi[p] != 0.0)
                re[LANES * i + p] = x - cr if moves else x
                im[LANES * i + p] = y - ci if moves else y
                moved = (abs(cr) + abs(ci)) / (abs(x) + abs(y)) if moves else 0.0
                largest[p] = moved if not moved <= largest[p] else largest[p]
        going = False
        for p in lanes(LANES):
            lost = (moving[p] > 0.5) & (not largest[p] < inf)
            ok[p] = 0.0 if lost else ok[p]
            moving[p] = 0.0 if lost | (largest[p] < _SETTLED) else moving[p]
            going |= moving[p] > 0.5
        if not going:
            break


@machine_code("i8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1]")
def put_pairs_first(M, re, im, ok, roots, live, most):
    """Put the real ones, and upper ones of conjugate pairs, first; say which ones these are.

    The integer is how many there are of any member.
    """
    most[0] = 0
    for p in range(LANES):
        upper, count = 0, 0
        for i in range(M):
            x, y = re[LANES * i + p], im[LANES * i + p]
            live[LANES * i + p] = 0.0
            if abs(y) <= _REAL * abs(x):
                y = 0.0
            if y >= 0.0:
                roots[LANES * 4 * count + p], roots[LANES * (4 * count + 1) + p] = x, 0.0
                roots[LANES * (4 * count + 2) + p], roots[LANES * (4 * count + 3) + p] = y, 0.0
                upper += 1 if y > 0.0 else 0
                live[LANES * count + p] = 1.0
                count += 1
        for i in range(count, M):
            for k in range(4):
                roots[LANES * (4 * i + k) + p] = 1.0
        if count + upper != M:
            ok[p] = 0.0
        if ok[p] > 0.5 and count > most[0]:
            most[0] = count
