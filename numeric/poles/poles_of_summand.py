# mypy: allow-untyped-calls, allow-untyped-defs
"""Kernels: the poles of a noise summand with their weights, and bounds of errors, for a row.

See `sgdmem.numeric.compiled_maps.machine_code_of_all_poles`. A pole has ten rows: real and
imaginary part, a bound of its error, the same of its weight, and four for sums over nodes. That at
infinity of y is the first one. What is no pole, or too far, has no weight, far below 0.
"""

from __future__ import annotations

from math import inf, sqrt

from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack, part
from sgdmem.numeric.poles.crossing_roots import (
    LEAST,
    MOST,
    STEP,
    value_around,
)
from sgdmem.numeric.poles.double_double import (
    TINY,
    modulus,
    over_ball,
    plus_complex,
    times_ball,
    times_complex,
)
from sgdmem.numeric.poles.program_in_pairs import LANES, triple

_SHARP = 2.0**-10  # relative error of a distance from a pole, so that squares do not matter
_FAR = 4.0  # times the largest eigenvalue: farther, no more than this need be known
_LEAST_TOP = 1e-120  # of eigenvalues
_MOST_TOP = 1e120
_LEAST_APART = 1e-140  # of distances from poles, and of poles: for their squares
_MOST_APART = 1e140
_WELL_KNOWN = 2.0**-40
_ROOM = 1 - 2.0**-40
_ABOVE_ALL = 1 + 1e-6
NODE_ROUNDING = 32 * UNIT


@part
def quotient(a, b, c, d):
    """Return (a + ib) / (c + id), as two floats."""
    larger = abs(c) if abs(c) > abs(d) else abs(d)
    c, d = c / larger, d / larger
    size = c * c + d * d
    return (a * c + b * d) / size / larger, (b * c - a * d) / size / larger


@machine_code("f8[::1], i8, i8, i8, f8[::1], f8[::1], f8[::1], f8[::1]")
def slope_at(W, M, i, most, live, roots, radii, out):
    """Fill in y W'(y) at a root, the product of its distances, and a bound of its relative error.

    The result has three rows.
    """
    rounding = 8 * (M + 1) * UNIT
    for p in lanes(LANES):
        yr, yi = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
        h, r = W[LANES * 3 * M + p], W[LANES * (3 * M + 2) + p]
        vr, vi = h * yr, h * yi
        size = modulus(vr, vi)
        error = rounding + r / abs(h) + radii[LANES * i + p] / modulus(yr, yi)
        out[p], out[16 + p] = vr, vi
        out[32 + p] = error if (size > LEAST) & (size < MOST) else inf
    for j in range(most):
        for side in range(2):
            upper, another = 1.0 - 2 * side, j != i or side == 1
            for p in lanes(LANES):
                yr, yi = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 2) + p]
                xr, xi = roots[LANES * 4 * j + p], upper * roots[LANES * (4 * j + 2) + p]
                # the first differences of close ones are exact
                dr = (yr - xr) + (roots[LANES * (4 * i + 1) + p] - roots[LANES * (4 * j + 1) + p])
                di = (yi - xi) + (
                    roots[LANES * (4 * i + 3) + p] - upper * roots[LANES * (4 * j + 3) + p]
                )
                counts = (live[LANES * j + p] > 0.5) & another & ((upper > 0.0) | (xi != 0.0))
                vr, vi, error = out[p], out[16 + p], out[32 + p]
                nr, ni = vr * dr - vi * di, vr * di + vi * dr
                size = modulus(nr, ni)
                rounded = 4 * UNIT * (abs(yr - xr) + abs(yi - xi))
                more = radii[LANES * i + p] + radii[LANES * j + p] + rounded
                more = error + more / modulus(dr, di)
                more = more if (size > LEAST) & (size < MOST) else inf
                out[p], out[16 + p] = nr if counts else vr, ni if counts else vi
                out[32 + p] = more if counts else error
    for p in lanes(LANES):
        out[32 + p] = 1.1 * out[32 + p]


@machine_code(
    "f8[::1], f8[::1], f8[::1], f8[::1], i8, i8, i8, f8[::1], f8[::1], f8[::1], f8, f8[::1], "
    "f8[::1], f8[::1]"
)
def put_pole(
    F, G, Q, W, n, i, most, live, roots, radii, top, poles, far, ok,
):  # fmt: skip
    """Fill in the pole of a root of W; add to ``far`` what a far one adds to s / lambda^2.

    What is not known to be away from the eigenvalues sets ``ok`` to 0.
    """
    even_f, even_g, odd_f, odd_g = on_stack(80), on_stack(80), on_stack(80), on_stack(80)
    even_q, odd_q, slope, around = on_stack(80), on_stack(80), on_stack(48), on_stack(16)
    M = n - 1
    for p in lanes(LANES):
        around[p] = radii[LANES * i + p]
    value_around(F, 0, 2, n, roots, i, around, even_f)
    value_around(G, 0, 2, n, roots, i, around, even_g)
    value_around(F, 1, 2, n, roots, i, around, odd_f)
    value_around(G, 1, 2, n, roots, i, around, odd_g)
    value_around(Q, 0, 2, M, roots, i, around, even_q)
    value_around(Q, 1, 2, M, roots, i, around, odd_q)
    slope_at(W, M, i, most, live, roots, radii, slope)
    to = 10 * (i + 1)
    for p in lanes(LANES):
        yh, yl = roots[LANES * 4 * i + p], roots[LANES * (4 * i + 1) + p]
        y_ih, y_il = roots[LANES * (4 * i + 2) + p], roots[LANES * (4 * i + 3) + p]
        here = live[LANES * i + p] > 0.5
        size = sqrt(modulus(yh, y_ih))
        even = modulus(even_f[p], even_f[32 + p]) + top * modulus(even_g[p], even_g[32 + p])
        odd = modulus(odd_f[p], odd_f[32 + p]) + top * modulus(odd_g[p], odd_g[32 + p])
        use = odd * size > even
        br, bi = (odd_f[p] if use else even_f[p]), (odd_f[32 + p] if use else even_f[32 + p])
        cr, ci = (odd_g[p] if use else even_g[p]), (odd_g[32 + p] if use else even_g[32 + p])
        b_e = 1.001 * (odd_f[64 + p] if use else even_f[64 + p])
        c_e = 1.001 * (odd_g[64 + p] if use else even_g[64 + p])
        # the weight
        ah, al, bh, bl = even_q[p], even_q[16 + p], even_q[32 + p], even_q[48 + p]
        first_size, first_e = modulus(ah, bh), even_q[64 + p]
        sh, sl, s_ih, s_il = times_complex(ah, al, bh, bl, ah, al, bh, bl)
        ah, al, bh, bl = odd_q[p], odd_q[16 + p], odd_q[32 + p], odd_q[48 + p]
        second_size, second_e = modulus(ah, bh), odd_q[64 + p]
        th, tl, t_ih, t_il = times_complex(ah, al, bh, bl, ah, al, bh, bl)
        th, tl, t_ih, t_il = times_complex(th, tl, t_ih, t_il, yh, yl, y_ih, y_il)
        sh, sl, s_ih, s_il = plus_complex(sh, sl, s_ih, s_il, -th, -tl, -t_ih, -t_il)
        top_e = first_e * (2 * first_size + first_e) + STEP * first_size * first_size
        beyond = size * size + around[p]
        top_e += TINY
        top_e += beyond * (
            second_e * (2 * second_size + second_e) + STEP * second_size * second_size
        )
        top_e += around[p] * second_size * second_size + TINY * (1.0 + beyond)
        er, ei = slope[p], slope[16 + p]
        e_size = modulus(er, ei)
        e_e = slope[32 + p] * e_size
        room = e_size - 1.01 * e_e
        wr, wi = quotient(sh, s_ih, er, ei)
        weight = modulus(wr, wi)
        weight_e = 1.01 * (top_e + weight * e_e) / room + 16 * UNIT * weight + TINY
        # 1 / |B/C - lam| = |C| / |B - lam C|, for lam up to twice the largest eigenvalue
        b_size, c_size = modulus(br, bi), modulus(cr, ci)
        more = 1.01 * (weight + weight_e) * (c_size + c_e) / ((b_size - b_e) * (1 - 2 / _FAR))
        vague = not ((c_e <= _WELL_KNOWN * c_size) & (b_size < _MOST_APART * c_size))
        is_far = (b_size - b_e > top * (c_size + c_e) * _FAR) & vague
        zr, zi = quotient(br, bi, cr, ci)
        pole, pole_room = modulus(zr, zi), c_size - 1.01 * c_e
        pole_e = 1.01 * (b_e + pole * c_e) / pole_room + 16 * UNIT * pole
        known = (room > 0.0) & ((more >= 0.0) if is_far else (pole_room > 0.0))
        ok[p] = ok[p] if known | (not here) else 0.0
        is_real = y_ih == 0.0
        far[p] = far[p] + (more * (1.0 if is_real else 2.0) if is_far & here else 0.0)
        kept, twice = here & (not is_far), 1.0 if is_real else 2.0
        poles[LANES * to + p] = zr if kept else -_FAR * top
        poles[LANES * (to + 1) + p] = zi if kept & (not is_real) else 0.0
        poles[LANES * (to + 2) + p] = pole_e if kept else 0.0
        poles[LANES * (to + 3) + p] = twice * wr if kept else 0.0
        poles[LANES * (to + 4) + p] = twice * wi if kept & (not is_real) else 0.0
        poles[LANES * (to + 5) + p] = twice * weight_e if kept else 0.0


@machine_code("f8[::1], f8[::1], f8[::1], f8[::1], i8, f8, f8[::1]")
def put_pole_at_infinity(F, G, Q, W, n, top, poles):
    """Fill in the pole of y at infinity."""
    f, q, sign = 3 * n, 3 * (n - 1), 1.0 - 2 * (n % 2)
    for p in lanes(LANES):
        gh, gl, gr = triple(G, f, p)
        fh, fl, fr = triple(F, f, p)
        qh, ql, qr = triple(Q, q, p)
        wh, wl, wr = triple(W, q, p)
        qh, ql, qr = times_ball(qh, ql, qr, qh, ql, qr)
        h, _, r = over_ball(qh, ql, qr, wh, wl, wr)
        z, _, z_r = over_ball(fh, fl, fr, gh, gl, gr)
        kept = not ((gh == 0.0) & (gl == 0.0) & (gr == 0.0))
        poles[p] = z if kept else -_FAR * top
        poles[16 + p], poles[64 + p] = 0.0, 0.0
        poles[32 + p] = 1.001 * z_r + 2 * UNIT * abs(z) if kept else 0.0
        poles[48 + p] = sign * h if kept else 0.0
        poles[80 + p] = 1.001 * r + 2 * UNIT * abs(h) if kept else 0.0


@machine_code("f8[::1], i8, f8, f8, f8[::1]")
def keep_apart(poles, found, top, spread, ok):
    """Set ``ok`` to 0 unless every pole is away from [0, top], as far as errors ask for.

    What is not larger than the distance from a pole beside it is taken for the pole's. The last
    rows of poles are filled in: bounds of errors in sums over nodes, and a square.
    """
    for i in range(found):
        at = 10 * i
        for p in lanes(LANES):
            z, b, e = triple(poles, at, p)
            wr, wi, w_e = triple(poles, at + 3, p)
            a = z - top if z > top else (z if z < 0.0 else 0.0)
            size, apart = modulus(z, b), modulus(a, b)
            within = (top > _LEAST_TOP) & (top < _MOST_TOP) & (size < _MOST_APART)
            away = (apart * _SHARP > e + spread * size) & (apart > _LEAST_APART)
            ok[p] = ok[p] if away & within else 0.0
            weight = 1.01 * (abs(wr) + abs(wi) + w_e)
            poles[LANES * (at + 6) + p] = NODE_ROUNDING * weight + w_e
            poles[LANES * (at + 7) + p] = weight * e + (TINY if weight > 0.0 else 0.0)
            poles[LANES * (at + 8) + p] = weight * spread
            poles[LANES * (at + 9) + p] = b * b


@machine_code("f8[::1], i8, f8[::1], f8[::1], f8, f8, f8[::1]")
def bound_on_disk(poles, found, first, first_e, center, reach, out):
    """Bound the size of s / lambda on a disk; infinite where a pole may be in it.

    Of a pole z that is smaller than the disk, lambda / (z - lambda) is z / (z - lambda) - 1: what
    such poles have in common with the first number cancels. The second row is the largest number
    of a disk that holds all values, or 0 where it holds 0, too. With u = z - center the values of
    ``1 / (z - lambda)`` are a disk around ``conj(u) / (|u|^2 - reach^2)``.
    """
    constant, error, value, spread = on_stack(16), on_stack(16), on_stack(16), on_stack(16)
    end = abs(center) + reach
    for p in lanes(LANES):
        constant[p], error[p], out[p], value[p], spread[p] = first[p], first_e[p], 0.0, 0.0, 0.0
    for i in range(found):
        at = 10 * i
        for p in lanes(LANES):
            z, b, e = triple(poles, at, p)
            wr, wi, w_e = triple(poles, at + 3, p)
            a = z - center
            square = a * a + b * b
            distance = sqrt(square) * _ROOM - e
            room = distance - reach
            outside = (room > 0.0) & (square > LEAST) & (square < MOST)
            weight, size = modulus(wr, wi) + w_e, modulus(z, b) + e
            inside = size < end
            less = constant[p] - wr
            more = w_e + UNIT * (abs(less) + abs(wr))
            constant[p] = less if inside else constant[p]
            error[p] = error[p] + more if inside else error[p]
            total = out[p] + weight * (size if inside else end) / room
            out[p] = total if outside else inf
            pr, pi = wr * z - wi * b if inside else center * wr, wr * b + wi * z
            pi, more = pi if inside else center * wi, 0.0 if inside else reach * reach * wr
            product, size_there = room * (distance + reach), size if inside else end
            value[p] = value[p] + (pr * a + pi * b + more) / product
            slack = 5 * (2 * _WELL_KNOWN * distance + e) / room
            unknown = (w_e + (NODE_ROUNDING + slack) * weight) * size_there + weight * e
            apart = weight * size * reach / product + unknown / room
            spread[p] = spread[p] + (apart if slack < 0.1 else inf)
    for p in lanes(LANES):
        out[p] = (abs(constant[p]) + error[p] + out[p]) * _ABOVE_ALL
        found = constant[p] + value[p]
        apart = _ABOVE_ALL * (error[p] + spread[p]) + NODE_ROUNDING * (
            abs(constant[p]) + abs(found)
        )
        out[16 + p] = (found + apart) * _ABOVE_ALL if (found > apart) & (out[p] < inf) else 0.0
