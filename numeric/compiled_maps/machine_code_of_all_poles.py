r"""Machine code that judges members of any memory by all poles of their noise summand.

With the even and odd parts of :math:`\hat\chi = F - \lambda G`, in :math:`y=z^2`, two roots of it
are opposite exactly where

.. math:: W(y) = F_oG_e - F_eG_o = 0,\qquad \lambda = F_e/G_e = F_o/G_o,

at :math:`z=0`, where :math:`\lambda=0`, or at :math:`z=\infty`, where the leading coefficient
vanishes. Those are the poles of the summand (`sgdmem.symbolic.stability.unit_circle`, with
:math:`c=2(1+y)/(1-y)`):

.. math:: \frac{s_\lambda}{\lambda^2} = \sum_i\frac{w_i}{\lambda_i-\lambda},\qquad
    w_i = \frac{\hat Q_e^2 - y_i\hat Q_o^2}{y_iW'(y_i)},\qquad w_0 = -\frac{p}{F_1},\qquad
    w_\infty = -(-1)^M\frac{\hat Q_M^2}{W_M}

with the pull p and the coefficients of the powers named. Where none lies on
:math:`(0, \lambda_1]`, no root of :math:`\hat\chi` comes to the axis, and all modes are strictly
Schur if the first one is. The roots of W are enclosed by disks of B. T. Smith (Error bounds for
zeros of a polynomial based upon Gerschgorin's theorems, J. ACM 17 (1970)).

A disk of eigenvalues may be as near to a pole as it likes, without touching it: the bounds on it
are sums over the poles, with nothing lost between one operation and the next one.
"""

from __future__ import annotations

from math import inf

from numba import njit
from numpy import empty

from sgdmem.numeric.arithmetic.rounding import INFLATE, UNIT
from sgdmem.numeric.compiled_maps.crossing_roots import (
    are_enclosed,
    ball_at,
    find_roots,
    first_mode,
    put_crossing,
    put_pairs_first,
    refined,
)
from sgdmem.numeric.compiled_maps.double_double import TINY, over_ball
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, STATE
from sgdmem.numeric.compiled_maps.poles_of_summand import are_apart, bound_on_disk, find_poles

_REFINEMENTS = 3
_ROUNDING = 32 * UNIT
_TOLERANCE = 1e-6  # relative error of a noise sum that is told


@njit(
    "void(f8[:,:,::1], i8, f8[:,::1], f8[::1], f8[::1], f8, f8, f8[::1], f8[::1], f8[::1], b1,"
    "f8[:,::1])",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def judge(  # type: ignore[no-untyped-def]
    numbers, memory, shares, nodes, masses, node_spread, top_spread, centers, reaches, errors,
    damped, out,
):  # fmt: skip
    """Fill the columns of ``out`` with the rows of `judge_source`.

    Parameters
    ----------
    numbers : array, shape (3, count, P)
        The half-plane forms, as `run` fills them in.
    memory : int
    shares : array, shape (2, P)
        tau2 / B, and bounds of their errors.
    nodes, masses
        And weights times nodes.
    node_spread, top_spread : float
        Bounds of the relative errors of nodes, and of the error of the largest eigenvalue.
    centers, reaches, errors
        The disks; the largest eigenvalue is the first node.
    damped : bool
        Whether there is a tau2.
    """
    M, n = memory, memory + 1
    F, G, Q, W, A = empty(48), empty(48), empty(48), empty(48), empty(48)
    re, im, roots, radii, poles = (
        empty(16), empty(16), empty(64), empty(16), empty(108),
    )  # fmt: skip
    g, e = empty(1024), empty(1024)
    top = nodes[0]
    for p in range(out.shape[1]):
        for row in range(4):
            out[row, p] = 0.0
        for part in range(3):
            for k in range(n):
                F[3 * (n - k) + part] = numbers[part, k, p]
                G[3 * (n - k) + part] = numbers[part, n + k, p]
                Q[3 * (M - k) + part] = numbers[part, 2 * n + 1 + k, p]
            F[part] = 0.0
            G[part] = numbers[part, 2 * n, p] * (1.0 if part == 2 else -1.0)
        schur = first_mode(F, G, n, top, top_spread, A)
        if schur < 1:
            out[STATE, p] = schur
            continue
        put_crossing(F, G, n, W)
        count = 0
        if M > 0:
            if not find_roots(W, M, re, im):
                continue
            count = put_pairs_first(M, re, im)
            if count < 0:
                continue
            for i in range(count):
                y = (re[i], 0.0, im[i], 0.0)
                for _ in range(_REFINEMENTS):
                    y = refined(W, M, y)
                roots[4 * i], roots[4 * i + 1], roots[4 * i + 2], roots[4 * i + 3] = y
            if not are_enclosed(W, M, count, roots, radii):
                continue
        found, far = find_poles(F, G, Q, W, n, top, count, roots, radii, poles)
        if far < 0.0 or not are_apart(poles, found, top * (1 + 1e-9), node_spread):
            continue
        h, _, r = over_ball(ball_at(G, 0), ball_at(F, 1))  # minus the pull
        first, first_e = -h, INFLATE * r + UNIT * abs(h)
        disk_e = first_e + 2 * far * top
        share, share_r = (shares[0, p], shares[1, p]) if damped else (0.0, 0.0)
        total, radius, peak, sure = 0.0, 0.0, 0.0, True
        for begin in range(0, nodes.size, 1024):
            size = min(1024, nodes.size - begin)
            for j in range(size):
                g[j], e[j] = 0.0, far + TINY
            for i in range(found):
                z, b, z_e = poles[6 * i], poles[6 * i + 1], poles[6 * i + 2]
                wr, wi, w_e = poles[6 * i + 3], poles[6 * i + 4], poles[6 * i + 5]
                weight = 1.01 * (abs(wr) + abs(wi) + w_e)
                plain, by_pole, by_node = (
                    _ROUNDING * weight + w_e,
                    weight * z_e + TINY,
                    weight * node_spread,
                )
                if b == 0.0:
                    for j in range(size):
                        inverse = 1.0 / (z - nodes[begin + j])
                        apart = abs(inverse)
                        g[j] += wr * inverse
                        e[j] += apart * (plain + apart * (by_pole + by_node * nodes[begin + j]))
                else:
                    for j in range(size):
                        a = z - nodes[begin + j]
                        inverse = 1.0 / (a * a + b * b)
                        apart = (abs(a) + abs(b)) * inverse
                        g[j] += (wr * a + wi * b) * inverse
                        e[j] += apart * (plain + apart * (by_pole + by_node * nodes[begin + j]))
            for j in range(size):
                x = nodes[begin + j]
                value = first + x * g[j]
                error = (
                    first_e + x * e[j] + (node_spread + _ROUNDING) * (abs(first) + x * abs(g[j]))
                )
                if damped:
                    s = x * value
                    damping = 1.0 + share * s
                    off = (
                        abs(share) * x * error + (share_r + _ROUNDING * abs(share)) * abs(s) + UNIT
                    )
                    off += node_spread * abs(share * s)
                    sure &= damping > 1024.0 * off
                    if begin + j == 0 and damping < -1024.0 * off:
                        out[STATE, p] = -1.0
                    inverse = 1.0 / damping
                    value *= inverse
                    error = 1.01 * inverse * (error + abs(value) * off)
                    s = x * value
                    peak = s if s > peak else peak
                total += masses[begin + j] * value
                radius += masses[begin + j] * (error + (node_spread + _ROUNDING) * abs(value))
        for j in range(centers.size):
            # where tau2 > 0 noise damps any stable mode
            if errors[j] > 0.0 or share - share_r < 0.0:
                bound = bound_on_disk(poles, found, first, disk_e, centers[j], reaches[j])
                end, size = centers[j] + reaches[j], abs(share) + share_r
                room = 1.0 - size * end * bound if size > 0.0 else 1.0
                sure &= (room > 0.01) & (end < 2 * top)
                radius += errors[j] * bound / room if errors[j] > 0.0 else 0.0
        # each partial sum is rounded, and the terms are positive but for their errors
        radius += 1.2 * (nodes.size + 8) * UNIT * (abs(total) + radius)
        if sure and radius < inf:
            sharp = radius <= _TOLERANCE * total
            out[NOISE, p], out[RADIUS, p], out[PEAK, p] = total, radius, peak
            out[STATE, p] = 1.0 if sharp else 0.0
