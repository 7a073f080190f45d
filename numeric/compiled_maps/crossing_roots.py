# mypy: allow-untyped-calls, allow-untyped-defs
"""Kernels: where two roots of a half-plane form are opposite, enclosed, for a row of members.

See `sgdmem.numeric.compiled_maps.machine_code_of_all_poles`. A polynomial has three rows for each
coefficient (`sgdmem.numeric.compiled_maps.double_double`), lowest power first; roots are complex
numbers in pairs, of four rows each. What fails sets ``ok`` to 0.
"""

from __future__ import annotations

from math import inf

from numpy import int64

from sgdmem.numeric.arithmetic.rounding import INFLATE
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack
from sgdmem.numeric.compiled_maps.double_double import (
    TINY,
    minus_ball,
    modulus,
    over_ball,
    plus,
    plus_ball,
    plus_complex,
    times_ball,
    times_complex,
)
from sgdmem.numeric.compiled_maps.program_in_pairs import LANES

STEP = 2.0**-98  # relative error of a step of Horner's scheme, in pairs
LEAST = 1e-280  # of products that are known to rounding
MOST = 1e280
UPWARDS = 1 + 2.0**-40
_ITERATIONS = 60
_SETTLED = 2.0**-44
_REAL = 2.0**-26  # share of a root that its imaginary part must exceed
_ONE = 1023 * 2**52  # its bits
_STEEP = -(2**62)
_KNOWN = 2.0**10


@machine_code("f8[::1], f8[::1], i8, f8, f8, f8[::1]")
def first_mode(F, G, n, top, top_r, state):
    """Say whether all pivots at the largest eigenvalue are positive: 1, -1, or 0 for open."""
    A, going = on_stack(768), on_stack(16)
    for k in range(n + 1):
        at, to = 3 * (n - k), 3 * k
        for p in lanes(LANES):
            gh, gl, gr = G[LANES * at + p], G[LANES * (at + 1) + p], G[LANES * (at + 2) + p]
            fh, fl, fr = F[LANES * at + p], F[LANES * (at + 1) + p], F[LANES * (at + 2) + p]
            ph, pl, pr = times_ball(top, 0.0, top_r, gh, gl, gr)
            ah, al, ar = minus_ball(fh, fl, fr, ph, pl, pr)
            A[LANES * to + p], A[LANES * (to + 1) + p], A[LANES * (to + 2) + p] = ah, al, ar
    for p in lanes(LANES):
        state[p], going[p] = 1.0, 1.0
    for first in range(n + 1):
        for ahead in range(min(2, n + 1 - first)):
            at = 3 * (first + ahead)
            for p in lanes(LANES):
                h, r = A[LANES * at + p], INFLATE * A[LANES * (at + 2) + p]
                fails = (going[p] > 0.5) & (not h > r)
                state[p] = (-1.0 if h < -r else 0.0) if fails else state[p]
                going[p] = 0.0 if fails else going[p]
        for i in range(first + 2, n, 2):
            at = 3 * first
            for p in lanes(LANES):
                xh, xl, xr = A[LANES * at + p], A[LANES * (at + 1) + p], A[LANES * (at + 2) + p]
                yh, yl, yr = (
                    A[LANES * (at + 3) + p],
                    A[LANES * (at + 4) + p],
                    A[LANES * (at + 5) + p],
                )
                qh, ql, qr = over_ball(xh, xl, xr, yh, yl, yr)
                bh, bl, br = (
                    A[LANES * 3 * (i + 1) + p],
                    A[LANES * (3 * (i + 1) + 1) + p],
                    A[LANES * (3 * (i + 1) + 2) + p],
                )
                ph, pl, pr = times_ball(qh, ql, qr, bh, bl, br)
                ah, al, ar = (
                    A[LANES * 3 * i + p],
                    A[LANES * (3 * i + 1) + p],
                    A[LANES * (3 * i + 2) + p],
                )
                ah, al, ar = minus_ball(ah, al, ar, ph, pl, pr)
                A[LANES * 3 * i + p] = ah
                A[LANES * (3 * i + 1) + p] = al
                A[LANES * (3 * i + 2) + p] = ar


@machine_code("f8[::1], f8[::1], i8, f8[::1]")
def put_crossing(F, G, n, W):
    """Fill in the coefficients of W, lowest first."""
    for k in range(n):
        to = 3 * k
        for p in lanes(LANES):
            W[LANES * to + p], W[LANES * (to + 1) + p], W[LANES * (to + 2) + p] = 0.0, 0.0, 0.0
        for i in range(k + 1):
            odd, even = 3 * (2 * i + 1), 3 * (2 * (k - i))
            if odd <= 3 * n and even <= 3 * n:
                for p in lanes(LANES):
                    th, tl, tr = W[LANES * to + p], W[LANES * (to + 1) + p], W[LANES * (to + 2) + p]
                    xh, xl, xr = (
                        F[LANES * odd + p],
                        F[LANES * (odd + 1) + p],
                        F[LANES * (odd + 2) + p],
                    )
                    yh, yl, yr = (
                        G[LANES * even + p],
                        G[LANES * (even + 1) + p],
                        G[LANES * (even + 2) + p],
                    )
                    xh, xl, xr = times_ball(xh, xl, xr, yh, yl, yr)
                    th, tl, tr = plus_ball(th, tl, tr, xh, xl, xr)
                    xh, xl, xr = (
                        G[LANES * odd + p],
                        G[LANES * (odd + 1) + p],
                        G[LANES * (odd + 2) + p],
                    )
                    yh, yl, yr = (
                        F[LANES * even + p],
                        F[LANES * (even + 1) + p],
                        F[LANES * (even + 2) + p],
                    )
                    xh, xl, xr = times_ball(xh, xl, xr, yh, yl, yr)
                    th, tl, tr = minus_ball(th, tl, tr, xh, xl, xr)
                    W[LANES * to + p], W[LANES * (to + 1) + p], W[LANES * (to + 2) + p] = th, tl, tr


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


@machine_code("f8[::1], i8, i8, i8, f8[::1], i8, f8[::1], f8[::1]")
def value_around(A, first, stride, last, roots, i, around, out):
    """Fill in a real polynomial at a root, four rows, and a bound of its error in a disk around it.

    Its coefficients are those at ``first``, ``first + stride``, ..., up to ``last``.
    """
    size, reach, error, bound, slope = (
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
        on_stack(16),
    )
    count = (last - first) // stride + 1
    weight, highest = count * STEP, 3 * (first + (count - 1) * stride)
    for p in lanes(LANES):
        h, low = A[LANES * highest + p], A[LANES * (highest + 1) + p]
        r = A[LANES * (highest + 2) + p]
        out[p], out[16 + p], out[32 + p], out[48 + p] = h, low, 0.0, 0.0
        size[p] = modulus(roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]) * UPWARDS
        reach[p] = size[p] + around[p]
        error[p] = weight * abs(h) + r + TINY
        bound[p], slope[p] = abs(h) + r, 0.0
    for step in range(1, count):
        k = highest - 3 * step * stride
        for p in lanes(LANES):
            yh, yl = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 1) + p]
            y_ih, y_il = roots[LANES * (4 * i + 2) + p], roots[LANES * (4 * i + 3) + p]
            ah, al, r = A[LANES * k + p], A[LANES * (k + 1) + p], A[LANES * (k + 2) + p]
            xh, xl, x_ih, x_il = times_complex(
                out[p], out[16 + p], out[32 + p], out[48 + p], yh, yl, y_ih, y_il
            )
            xh, xl = plus(xh, xl, ah, al)
            out[p], out[16 + p], out[32 + p], out[48 + p] = xh, xl, x_ih, x_il
            slope[p] = slope[p] * reach[p] + bound[p]
            bound[p] = bound[p] * reach[p] + (abs(ah) + r)
            error[p] = error[p] * size[p] + (weight * abs(ah) + r + TINY)
    for p in lanes(LANES):
        out[64 + p] = 1.02 * (error[p] + slope[p] * around[p])


@machine_code("f8[::1], i8, i8, f8[::1]")
def refine(W, M, i, roots):
    """Take a step of Newton's iteration to a root."""
    value, dr, di, nothing = on_stack(80), on_stack(16), on_stack(16), on_stack(16)
    degree = 1.0 * M
    for p in lanes(LANES):
        nothing[p] = 0.0
        dr[p], di[p] = degree * W[LANES * 3 * M + p], 0.0
    value_around(W, 0, 1, M, roots, i, nothing, value)
    for step in range(1, M):
        k = M - step
        power = 1.0 * k
        for p in lanes(LANES):
            x, y = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
            a, b = dr[p], di[p]
            dr[p], di[p] = a * x - b * y + power * W[LANES * 3 * k + p], a * y + b * x
    for p in lanes(LANES):
        a, b = dr[p], di[p]
        size, vr, vi = a * a + b * b, value[p], value[32 + p]
        yh, yl = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 1) + p]
        y_ih, y_il = roots[LANES * (4 * i + 2) + p], roots[LANES * (4 * i + 3) + p]
        yh, yl, y_ih, y_il = plus_complex(
            yh, yl, y_ih, y_il, -(vr * a + vi * b) / size, 0.0, -(vi * a - vr * b) / size, 0.0
        )
        roots[LANES * 4 * i + p], roots[LANES * (4 * i + 1) + p] = yh, yl
        roots[LANES * (4 * i + 2) + p], roots[LANES * (4 * i + 3) + p] = y_ih, y_il


@machine_code("f8[::1], i8, i8, f8[::1], f8[::1], f8[::1], f8[::1]")
def enclose(W, M, most, live, roots, radii, ok):
    """Fill in the radii of disks that hold one root each, where they are apart."""
    value, nothing, product = on_stack(80), on_stack(16), on_stack(16)
    degree = 1.0 * M
    for p in lanes(LANES):
        nothing[p] = 0.0
        ok[p] = ok[p] if abs(W[LANES * 3 * M + p]) > _KNOWN * W[LANES * (3 * M + 2) + p] else 0.0
    for i in range(most):
        value_around(W, 0, 1, M, roots, i, nothing, value)
        for p in lanes(LANES):
            h, r = W[LANES * 3 * M + p], W[LANES * (3 * M + 2) + p]
            product[p] = (abs(h) - INFLATE * r) / degree
        for j in range(most):
            another = j != i
            for p in lanes(LANES):
                x, y = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
                x2, y2 = roots[LANES * 4 * j + p], roots[LANES * (4 * j + 2) + p]
                there = live[LANES * j + p] > 0.5
                first, second = modulus(x - x2, y - y2), modulus(x - x2, y + y2)
                first = first if there & another else 1.0
                second = second if there & (y2 != 0.0) else 1.0
                # the distances are those of the first halves
                found = product[p] * first
                found = found * second
                within = (found > LEAST) & (found < MOST)
                product[p] = found
                ok[p] = ok[p] if within | (live[LANES * i + p] < 0.5) else 0.0
        for p in lanes(LANES):
            radii[LANES * i + p] = (
                1.01 * (modulus(value[p], value[32 + p]) + value[64 + p]) / (product[p])
            )
    for i in range(most):
        for p in lanes(LANES):
            x, y = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
            radius = radii[LANES * i + p]
            above = (y == 0.0) | (2 * y > 4 * radius)
            small = radius < 1e-3 * modulus(x, y)
            ok[p] = ok[p] if (above & small) | (live[LANES * i + p] < 0.5) else 0.0
        for j in range(i):
            for p in lanes(LANES):
                x, y = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
                x2, y2 = roots[LANES * 4 * j + p], roots[LANES * (4 * j + 2) + p]
                both = 2 * (radii[LANES * i + p] + radii[LANES * j + p]) + 1e-12 * modulus(x, y)
                ok[p] = (
                    ok[p] if (modulus(x - x2, y - y2) > both) | (live[LANES * i + p] < 0.5) else 0.0
                )
