# mypy: allow-untyped-calls, allow-untyped-defs
"""Kernels: where two roots of a half-plane form are opposite, enclosed, for a row of members.

See `sgdmem.numeric.compiled_maps.machine_code_of_all_poles`. A polynomial has three rows for each
coefficient (`sgdmem.numeric.poles.double_double`), lowest power first; roots are complex
numbers in pairs, of four rows each. What fails sets ``ok`` to 0.
"""

from __future__ import annotations

from sgdmem.numeric.arithmetic.rounding import INFLATE
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack
from sgdmem.numeric.poles.double_double import (
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
from sgdmem.numeric.poles.program_in_pairs import LANES, put_triple, triple

STEP = 2.0**-98  # relative error of a step of Horner's scheme, in pairs
LEAST = 1e-280  # of products that are known to rounding
MOST = 1e280
UPWARDS = 1 + 2.0**-40
_KNOWN = 2.0**10


@machine_code("f8[::1], f8[::1], i8, f8, f8, f8[::1]")
def first_mode(F, G, n, top, top_r, state):
    """Say whether all pivots at the largest eigenvalue are positive: 1, -1, or 0 for open."""
    A, going = on_stack(768), on_stack(16)
    for k in range(n + 1):
        at, to = 3 * (n - k), 3 * k
        for p in lanes(LANES):
            gh, gl, gr = triple(G, at, p)
            fh, fl, fr = triple(F, at, p)
            ph, pl, pr = times_ball(top, 0.0, top_r, gh, gl, gr)
            ah, al, ar = minus_ball(fh, fl, fr, ph, pl, pr)
            put_triple(A, to, p, ah, al, ar)
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
                xh, xl, xr = triple(A, at, p)
                yh, yl, yr = triple(A, at + 3, p)
                qh, ql, qr = over_ball(xh, xl, xr, yh, yl, yr)
                bh, bl, br = triple(A, 3 * (i + 1), p)
                ph, pl, pr = times_ball(qh, ql, qr, bh, bl, br)
                ah, al, ar = triple(A, 3 * i, p)
                ah, al, ar = minus_ball(ah, al, ar, ph, pl, pr)
                put_triple(A, 3 * i, p, ah, al, ar)


@machine_code("f8[::1], f8[::1], i8, f8[::1]")
def put_crossing(F, G, n, W):
    """Fill in the coefficients of W, lowest first."""
    for k in range(n):
        to = 3 * k
        for p in lanes(LANES):
            put_triple(W, to, p, 0.0, 0.0, 0.0)
        for i in range(k + 1):
            odd, even = 3 * (2 * i + 1), 3 * (2 * (k - i))
            if odd <= 3 * n and even <= 3 * n:
                for p in lanes(LANES):
                    th, tl, tr = triple(W, to, p)
                    xh, xl, xr = triple(F, odd, p)
                    yh, yl, yr = triple(G, even, p)
                    xh, xl, xr = times_ball(xh, xl, xr, yh, yl, yr)
                    th, tl, tr = plus_ball(th, tl, tr, xh, xl, xr)
                    xh, xl, xr = triple(G, odd, p)
                    yh, yl, yr = triple(F, even, p)
                    xh, xl, xr = times_ball(xh, xl, xr, yh, yl, yr)
                    th, tl, tr = minus_ball(th, tl, tr, xh, xl, xr)
                    put_triple(W, to, p, th, tl, tr)


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
        h, low, r = triple(A, highest, p)
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
            ah, al, r = triple(A, k, p)
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
