"""Parts of machine code: the poles of a noise summand with their weights, and bounds of errors.

See `sgdmem.numeric.compiled_maps.machine_code_of_all_poles`.
"""

from __future__ import annotations

from math import inf

from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compiled_maps.crossing_roots import (
    LEAST,
    STEP,
    ball_at,
    modulus,
    value_around,
)
from sgdmem.numeric.compiled_maps.double_double import (
    TINY,
    compiled_part,
    over_ball,
    plus_complex,
    root,
    times_ball,
    times_complex,
)

_SHARP = 2.0**-10  # relative error of a distance from a pole, so that squares do not matter
_FAR = 4.0  # times the largest eigenvalue: farther, no more than this need be known
_LEAST_TOP, _MOST_TOP = 1e-120, 1e120  # of eigenvalues
_LEAST, _MOST = 1e-140, 1e140  # of distances from poles, and of poles: for their squares


@compiled_part
def slope_at(W, M, i, count, roots, radii):  # type: ignore[no-untyped-def]
    """Return y W'(y) at a root, the product of its distances, and a bound of its relative error."""
    yr, yi = roots[4 * i], roots[4 * i + 2]
    vr, vi = W[3 * M] * yr, W[3 * M] * yi
    error = 8 * (M + 1) * UNIT + W[3 * M + 2] / abs(W[3 * M]) + radii[i] / modulus(yr, yi)
    if not LEAST < modulus(vr, vi) < 1 / LEAST:
        error = inf
    for j in range(count):
        for upper in (1.0, -1.0):
            if (upper > 0.0 and j == i) or (upper < 0.0 and roots[4 * j + 2] == 0.0):
                continue
            # the first differences of close ones are exact
            dr = (yr - roots[4 * j]) + (roots[4 * i + 1] - roots[4 * j + 1])
            di = (yi - upper * roots[4 * j + 2]) + (roots[4 * i + 3] - upper * roots[4 * j + 3])
            vr, vi = vr * dr - vi * di, vr * di + vi * dr
            apart = modulus(dr, di)
            if not LEAST < modulus(vr, vi) < 1 / LEAST:
                error = inf
            rounded = abs(yr - roots[4 * j]) + abs(yi - upper * roots[4 * j + 2])
            error += (radii[i] + radii[j] + 4 * UNIT * rounded) / apart
    return vr, vi, 1.1 * error


@compiled_part
def quotient(a, b, c, d):  # type: ignore[no-untyped-def]
    """Return (a + ib) / (c + id), as two floats."""
    larger = abs(c) if abs(c) > abs(d) else abs(d)
    c, d = c / larger, d / larger
    size = c * c + d * d
    return (a * c + b * d) / size / larger, (b * c - a * d) / size / larger


@compiled_part
def pole_at(F, G, Q, W, n, i, count, roots, radii, top):  # type: ignore[no-untyped-def]
    """Return a pole, its weight, bounds of their errors, and what a far one adds to s / lambda^2.

    That is -1 where nothing is known; the weight of a far pole is 0.
    """
    M = n - 1
    y, around = (roots[4 * i], roots[4 * i + 1], roots[4 * i + 2], roots[4 * i + 3]), radii[i]
    size = root(modulus(y[0], y[2]))
    b, b_e = value_around(F, 0, 2, n, y, around)
    c, c_e = value_around(G, 0, 2, n, y, around)
    other_b, other_b_e = value_around(F, 1, 2, n, y, around)
    other_c, other_c_e = value_around(G, 1, 2, n, y, around)
    even = modulus(b[0], b[2]) + top * modulus(c[0], c[2])
    odd = modulus(other_b[0], other_b[2]) + top * modulus(other_c[0], other_c[2])
    if odd * size > even:
        b, b_e, c, c_e = other_b, other_b_e, other_c, other_c_e
    first, first_e = value_around(Q, 0, 2, M, y, around)
    square = times_complex(first, first)
    first_size = modulus(first[0], first[2])
    top_e = first_e * (2 * first_size + first_e) + STEP * first_size * first_size
    top_e += TINY
    if M > 0:
        second, second_e = value_around(Q, 1, 2, M, y, around)
        rest = times_complex(times_complex(second, second), y)
        square = plus_complex(square, (-rest[0], -rest[1], -rest[2], -rest[3]))
        second_size = modulus(second[0], second[2])
        far = size * size + around
        top_e += far * (second_e * (2 * second_size + second_e) + STEP * second_size * second_size)
        top_e += around * second_size * second_size + TINY * (1.0 + far)
    er, ei, spread = slope_at(W, M, i, count, roots, radii)
    e_size = modulus(er, ei)
    e_e = spread * e_size
    b_size, c_size = modulus(b[0], b[2]), modulus(c[0], c[2])
    b_e, c_e = 1.001 * b_e, 1.001 * c_e
    room = e_size - 1.01 * e_e
    wr, wi = quotient(square[0], square[2], er, ei)
    weight = modulus(wr, wi)
    weight_e = 1.01 * (top_e + weight * e_e) / room + 16 * UNIT * weight + TINY
    if not room > 0.0:
        return 0.0, 0.0, inf, 0.0, 0.0, inf, -1.0
    near = top * (c_size + c_e) * _FAR
    if b_size - b_e > near:
        # 1 / |B/C - lam| = |C| / |B - lam C|, for lam up to twice the largest eigenvalue
        more = (weight + weight_e) * (c_size + c_e) / ((b_size - b_e) * (1 - 2 / _FAR))
        if not ((c_e <= 2.0**-40 * c_size) & (b_size < _MOST * c_size)):
            return inf, 0.0, 0.0, 0.0, 0.0, 0.0, 1.01 * more
    zr, zi = quotient(b[0], b[2], c[0], c[2])
    pole = modulus(zr, zi)
    room = c_size - 1.01 * c_e
    pole_e = 1.01 * (b_e + pole * c_e) / room + 16 * UNIT * pole
    if not room > 0.0:
        return 0.0, 0.0, inf, 0.0, 0.0, inf, -1.0
    return zr, zi, pole_e, wr, wi, weight_e, 0.0


@compiled_part
def find_poles(F, G, Q, W, n, top, count, roots, radii, poles):  # type: ignore[no-untyped-def]
    """Fill in poles but 0, six numbers each; return how many, and a bound of what far ones add.

    That is -1 where one may lie between 0 and the largest eigenvalue.
    """
    M, found, far = n - 1, 0, 0.0
    for i in range(count):
        real = roots[4 * i + 2] == 0.0
        zr, zi, z_e, wr, wi, w_e, more = pole_at(F, G, Q, W, n, i, count, roots, radii, top)
        if not more >= 0.0:
            return found, -1.0
        far += more * (1.0 if real else 2.0)
        if zr == inf:
            continue
        if real:
            zi = wi = 0.0
        else:
            wr, wi, w_e = 2 * wr, 2 * wi, 2 * w_e
        poles[6 * found], poles[6 * found + 1], poles[6 * found + 2] = zr, zi, z_e
        poles[6 * found + 3], poles[6 * found + 4], poles[6 * found + 5] = wr, wi, w_e
        found += 1
    # the one at infinity
    g, g_r = G[3 * n], G[3 * n + 2]
    if not (g == 0.0 and G[3 * n + 1] == 0.0 and g_r == 0.0):
        square = times_ball(ball_at(Q, M), ball_at(Q, M))
        h, _, r = over_ball(square, ball_at(W, M))
        z, _, z_r = over_ball(ball_at(F, n), ball_at(G, n))
        sign = 1.0 if M % 2 else -1.0
        poles[6 * found], poles[6 * found + 1] = z, 0.0
        poles[6 * found + 2] = 1.001 * z_r + 2 * UNIT * abs(z)
        poles[6 * found + 3], poles[6 * found + 4] = sign * h, 0.0
        poles[6 * found + 5] = 1.001 * r + 2 * UNIT * abs(h)
        found += 1
    return found, far


@compiled_part
def are_apart(poles, found, top, spread):  # type: ignore[no-untyped-def]
    """Return whether every pole is away from [0, top], as far as errors ask for.

    What is not larger than the distance from a pole beside it is taken for the pole's.
    """
    if not _LEAST_TOP < top < _MOST_TOP:
        return False
    for i in range(found):
        z, b, e = poles[6 * i], poles[6 * i + 1], poles[6 * i + 2]
        a = z - top if z > top else (z if z < 0.0 else 0.0)
        size, apart = modulus(z, b), modulus(a, b)
        if not ((apart * _SHARP > e + spread * size) & (apart > _LEAST) & (size < _MOST)):
            return False
    return True


@compiled_part
def bound_on_disk(poles, found, first, first_e, center, reach):  # type: ignore[no-untyped-def]
    """Bound the size of s / lambda on a disk; infinite where a pole may be in it.

    Of a pole z that is smaller than the disk, lambda / (z - lambda) is z / (z - lambda) - 1: what
    such poles have in common with the first number cancels.
    """
    end, constant, total, error = abs(center) + reach, first, 0.0, first_e
    for i in range(found):
        a, b = poles[6 * i] - center, poles[6 * i + 1]
        square = a * a + b * b
        room = root(square) * (1 - 2.0**-40) - reach - poles[6 * i + 2]
        if not ((room > 0.0) & (square > LEAST) & (square < 1 / LEAST)):
            return inf
        weight = modulus(poles[6 * i + 3], poles[6 * i + 4]) + poles[6 * i + 5]
        size = modulus(poles[6 * i], b) + poles[6 * i + 2]
        if size < end:
            constant -= poles[6 * i + 3]
            error += poles[6 * i + 5] + UNIT * (abs(constant) + abs(poles[6 * i + 3]))
        total += weight * (size if size < end else end) / room
    return (abs(constant) + error + total) * (1 + 1e-6)
