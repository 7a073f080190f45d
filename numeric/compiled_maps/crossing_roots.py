"""Parts of machine code: where two roots of a half-plane form are opposite, enclosed.

See `sgdmem.numeric.compiled_maps.machine_code_of_all_poles`. A polynomial is an array of triples
(`sgdmem.numeric.compiled_maps.double_double`), lowest power first.
"""

from __future__ import annotations

from math import cos, exp, inf, log, sin

from sgdmem.numeric.arithmetic.rounding import INFLATE
from sgdmem.numeric.compiled_maps.double_double import (
    TINY,
    compiled_part,
    minus_ball,
    over_ball,
    plus,
    plus_ball,
    plus_complex,
    root,
    times,
    times_ball,
    times_complex,
)

STEP = 2.0**-98  # relative error of a step of Horner's scheme, in pairs
LEAST = 1e-280  # of products that are known to rounding
_ITERATIONS, _SETTLED = 60, 2.0**-44
_REAL = 2.0**-26  # share of a root that its imaginary part must exceed


@compiled_part
def modulus(x, y):  # type: ignore[no-untyped-def]
    """Return the modulus of a complex number, to a few units."""
    x, y = abs(x), abs(y)
    larger = x if x > y else y
    if not 0.0 < larger < inf:
        return x + y
    share = (y if x > y else x) / larger
    return larger * root(1.0 + share * share)


@compiled_part
def ball_at(A, k):  # type: ignore[no-untyped-def]
    """Return a coefficient."""
    return A[3 * k], A[3 * k + 1], A[3 * k + 2]


@compiled_part
def put_ball(A, k, x):  # type: ignore[no-untyped-def]
    """Change a coefficient."""
    A[3 * k], A[3 * k + 1], A[3 * k + 2] = x


@compiled_part
def first_mode(F, G, n, top, top_r, A):  # type: ignore[no-untyped-def]
    """Return whether all pivots at the largest eigenvalue are positive: 1, -1, or 0 for open."""
    lam = (top, 0.0, top_r)
    for k in range(n + 1):
        put_ball(A, k, minus_ball(ball_at(F, n - k), times_ball(lam, ball_at(G, n - k))))
    first = 0
    while True:
        h, _, r = ball_at(A, first)
        if not h > INFLATE * r:
            return -1 if h < -INFLATE * r else 0
        if first == n:
            return 1
        h, _, r = ball_at(A, first + 1)
        if h < -INFLATE * r:
            return -1
        if not h > INFLATE * r:
            return 0
        if first + 1 < n:
            ratio = over_ball(ball_at(A, first), ball_at(A, first + 1))
            for i in range(first + 2, n, 2):
                put_ball(A, i, minus_ball(ball_at(A, i), times_ball(ratio, ball_at(A, i + 1))))
        first += 1


@compiled_part
def put_crossing(F, G, n, W):  # type: ignore[no-untyped-def]
    """Fill in the coefficients of W, lowest first."""
    for k in range(n):
        total = (0.0, 0.0, 0.0)
        for i in range(k + 1):
            odd, even = 2 * i + 1, 2 * (k - i)
            if odd <= n and even <= n:
                total = plus_ball(total, times_ball(ball_at(F, odd), ball_at(G, even)))
                total = minus_ball(total, times_ball(ball_at(G, odd), ball_at(F, even)))
        put_ball(W, k, total)


@compiled_part
def put_starts(W, M, re, im):  # type: ignore[no-untyped-def]
    """Fill in first approximations of the roots: on circles of the Newton polygon."""
    k, found = 0, 0
    while k < M:
        best, steepest = M, -inf
        for j in range(k + 1, M + 1):
            if W[3 * j] != 0.0:
                slope = (log(abs(W[3 * j])) - log(abs(W[3 * k]))) / (j - k)
                if slope >= steepest:
                    best, steepest = j, slope
        size = exp(-steepest)
        for j in range(best - k):
            angle = 6.283185307179586 * j / (best - k) + 0.7 + 0.3 * k
            re[found], im[found] = size * cos(angle), size * sin(angle)
            found += 1
        k = best


@compiled_part
def find_roots(W, M, re, im):  # type: ignore[no-untyped-def]
    """Approximate the roots in floats, by Aberth's iteration; return whether it settles."""
    if W[0] == 0.0 or W[3 * M] == 0.0:
        return False
    put_starts(W, M, re, im)
    for _ in range(_ITERATIONS):
        largest = 0.0
        for i in range(M):
            x, y = re[i], im[i]
            vr, vi, dr, di = W[3 * M], 0.0, 0.0, 0.0
            for k in range(M - 1, -1, -1):
                dr, di = dr * x - di * y + vr, dr * y + di * x + vi
                vr, vi = vr * x - vi * y + W[3 * k], vr * y + vi * x
            size = vr * vr + vi * vi
            if size == 0.0:
                continue
            # f'/f less the sum of 1 / (x_i - x_j)
            sr, si = (dr * vr + di * vi) / size, (di * vr - dr * vi) / size
            for j in range(M):
                if j != i:
                    a, b = x - re[j], y - im[j]
                    apart = a * a + b * b
                    sr -= a / apart
                    si += b / apart
            size = sr * sr + si * si
            cr, ci = sr / size, -si / size
            re[i], im[i] = x - cr, y - ci
            moved = (abs(cr) + abs(ci)) / (abs(x) + abs(y))
            largest = moved if not moved <= largest else largest
        if largest < _SETTLED:
            return True
        if not largest < inf:
            return False
    return True  # rounding errors, which the enclosures will tell


@compiled_part
def put_pairs_first(M, re, im):  # type: ignore[no-untyped-def]
    """Put the real ones, and upper ones of conjugate pairs, first; return how many; -1 if odd."""
    upper = 0
    for i in range(M):
        if abs(im[i]) <= _REAL * abs(re[i]):
            im[i] = 0.0
    count = 0
    for i in range(M):
        if im[i] >= 0.0:
            re[count], re[i] = re[i], re[count]
            im[count], im[i] = im[i], im[count]
            upper += 1 if im[count] > 0.0 else 0
            count += 1
    return count if count + upper == M else -1


@compiled_part
def value_around(A, first, stride, last, y, around):  # type: ignore[no-untyped-def]
    """Return a real polynomial at a complex number, and a bound of its error in a disk around it.

    Its coefficients are those at ``first``, ``first + stride``, ..., up to ``last``.
    """
    size, count = modulus(y[0], y[2]) * (1 + 2.0**-40), (last - first) // stride + 1
    k = first + (count - 1) * stride
    total = (A[3 * k], A[3 * k + 1], 0.0, 0.0)
    weight = count * STEP
    error = weight * abs(A[3 * k]) + A[3 * k + 2] + TINY
    bound, slope = abs(A[3 * k]) + A[3 * k + 2], 0.0
    real = (y[2] == 0.0) & (y[3] == 0.0)
    while k > first:
        k -= stride
        if real:
            h, low = times(total[0], total[1], y[0], y[1])
            h, low = plus(h, low, A[3 * k], A[3 * k + 1])
            total = (h, low, 0.0, 0.0)
        else:
            total = times_complex(total, y)
            h, low = plus(total[0], total[1], A[3 * k], A[3 * k + 1])
            total = (h, low, total[2], total[3])
        slope = slope * (size + around) + bound
        bound = bound * (size + around) + (abs(A[3 * k]) + A[3 * k + 2])
        error = error * size + (weight * abs(A[3 * k]) + A[3 * k + 2] + TINY)
    return total, 1.02 * (error + slope * around)


@compiled_part
def refined(W, M, y):  # type: ignore[no-untyped-def]
    """Return a root after one step of Newton's iteration."""
    total, _ = value_around(W, 0, 1, M, y, 0.0)
    dr, di = M * W[3 * M], 0.0
    for k in range(M - 1, 0, -1):
        dr, di = dr * y[0] - di * y[2] + k * W[3 * k], dr * y[2] + di * y[0]
    size = dr * dr + di * di
    vr, vi = total[0], total[2]
    return plus_complex(y, (-(vr * dr + vi * di) / size, 0.0, -(vi * dr - vr * di) / size, 0.0))


@compiled_part
def are_enclosed(W, M, count, roots, radii):  # type: ignore[no-untyped-def]
    """Fill in the radii of disks that hold one root each; return whether they are apart."""
    h, _, r = ball_at(W, M)
    if not abs(h) > 2**10 * r:
        return False
    for i in range(count):
        y = (roots[4 * i], roots[4 * i + 1], roots[4 * i + 2], roots[4 * i + 3])
        total, error = value_around(W, 0, 1, M, y, 0.0)
        product = (abs(h) - INFLATE * r) / M
        for j in range(count):
            dr, di = y[0] - roots[4 * j], y[2] - roots[4 * j + 2]
            if j != i:
                product *= modulus(dr, di)
            if roots[4 * j + 2] != 0.0:
                product *= modulus(dr, y[2] + roots[4 * j + 2])
            if not LEAST < product < 1 / LEAST:
                return False
        # the distances are those of the first halves
        radii[i] = 1.01 * (modulus(total[0], total[2]) + error) / product
    for i in range(count):
        dr, di = roots[4 * i], roots[4 * i + 2]
        if di != 0.0 and not 2 * di > 4 * radii[i]:
            return False
        if not radii[i] < 1e-3 * modulus(dr, di):
            return False
        for j in range(i):
            apart = modulus(dr - roots[4 * j], di - roots[4 * j + 2])
            if not apart > 2 * (radii[i] + radii[j]) + 1e-12 * modulus(dr, di):
                return False
    return True
