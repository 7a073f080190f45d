# mypy: allow-untyped-calls, allow-untyped-defs
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

from numpy import int64

from sgdmem.numeric.arithmetic.rounding import INFLATE, UNIT
from sgdmem.numeric.compilation.kernel_words import lanes, machine_code, on_stack
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, PEAK, RADIUS, STATE
from sgdmem.numeric.judges.stability_rule import RESOLVED
from sgdmem.numeric.poles.crossing_roots import (
    enclose,
    first_mode,
    put_crossing,
    refine,
)
from sgdmem.numeric.poles.double_double import TINY, over_ball
from sgdmem.numeric.poles.poles_of_summand import (
    NODE_ROUNDING,
    bound_on_disk,
    keep_apart,
    put_pole,
    put_pole_at_infinity,
)
from sgdmem.numeric.poles.program_in_pairs import LANES, run
from sgdmem.numeric.poles.roots_in_floats import find_roots, put_pairs_first

_REFINEMENTS = 3
_SURE = 1024.0


@machine_code(
    "f8[::1], i8, f8[::1], f8[::1], f8[::1], b1, f8[::1], f8[::1], f8, f8[::1]", contract=True
)
def add_over_nodes(poles, found, first, far, share, damped, nodes, masses, node_spread, sums):
    """Add up the summands at nodes, and bounds of their errors.

    The rows are total, radius, peak, whether all modes are surely damped, and whether the first one
    surely is not.
    """
    g, e, unknown = on_stack(16), on_stack(16), node_spread + NODE_ROUNDING
    for j in range(nodes.size):
        x, mass = nodes[j], masses[j]
        for p in lanes(LANES):
            g[p], e[p] = 0.0, far[p] + TINY
        for i in range(found):
            at = 10 * i
            for p in lanes(LANES):
                a, b = poles[LANES * at + p] - x, poles[LANES * (at + 1) + p]
                wr, wi = poles[LANES * (at + 3) + p], poles[LANES * (at + 4) + p]
                plain, by_pole = poles[LANES * (at + 6) + p], poles[LANES * (at + 7) + p]
                by_node, square = poles[LANES * (at + 8) + p], poles[LANES * (at + 9) + p]
                inverse = 1.0 / (a * a + square)
                apart = (abs(a) + abs(b)) * inverse
                g[p] = g[p] + (wr * a + wi * b) * inverse
                e[p] = e[p] + apart * (plain + apart * (by_pole + by_node * x))
        for p in lanes(LANES):
            value = first[p] + x * g[p]
            g[p], e[p] = (
                value,
                first[16 + p] + x * e[p] + unknown * (abs(first[p]) + x * abs(g[p])),
            )
        if damped:
            leads = j == 0
            for p in lanes(LANES):
                value, error, tau, tau_r = g[p], e[p], share[p], share[16 + p]
                s = x * value
                damping = 1.0 + tau * s
                off = abs(tau) * x * error + (tau_r + NODE_ROUNDING * abs(tau)) * abs(s) + UNIT
                off += node_spread * abs(tau * s)
                sums[48 + p] = sums[48 + p] if damping > _SURE * off else 0.0
                sums[64 + p] = 1.0 if leads & (damping < -_SURE * off) else sums[64 + p]
                inverse = 1.0 / damping
                value *= inverse
                error = 1.01 * inverse * (error + abs(value) * off)
                s = x * value
                sums[32 + p] = s if s > sums[32 + p] else sums[32 + p]
                g[p], e[p] = value, error
        for p in lanes(LANES):
            sums[p] = sums[p] + mass * g[p]
            sums[16 + p] = sums[16 + p] + mass * (e[p] + unknown * abs(g[p]))


@machine_code(
    "f8[::1], i8, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8[::1]",
)
def add_disks(poles, found, first, share, centers, reaches, errors, top, sums):
    """Add bounds of what nodes leave out, and say whether modes are damped in all disks.

    Damped by tau = tau2 / B > 0 the summand is lambda / (1 / v + tau lambda) with v = s / lambda.
    If all v on a disk are in one around a number above its radius, the real part of 1 / v is at
    least that of the largest one, and that of lambda is at least that of the least one.
    """
    bound, disk_e, negative = on_stack(32), on_stack(16), False
    for p in lanes(LANES):
        disk_e[p] = first[32 + p]
        negative |= share[p] - share[16 + p] < 0.0
    for j in range(centers.size):
        # where tau2 > 0 noise damps any stable mode
        if errors[j] > 0.0 or negative:
            bound_on_disk(poles, found, first, disk_e, centers[j], reaches[j], bound)
            end, error, least = centers[j] + reaches[j], errors[j], centers[j] - reaches[j]
            counts = error > 0.0
            reached = end < 2 * top
            for p in lanes(LANES):
                size = abs(share[p]) + share[16 + p]
                room = 1.0 - size * end * bound[p] if size > 0.0 else 1.0
                most = bound[p] / room if room > 0.01 else inf
                damping, size = share[p] - share[16 + p], bound[16 + p]
                room = 1.0 + (damping if least > 0.0 else share[p] + share[16 + p]) * least * size
                damped = (damping > 0.0) & (size > 0.0) & (room > 0.01)
                fed = size / room if damped else inf
                most = fed if fed < most else most
                sure = ((most < inf) & reached) | (not (counts | (damping < 0.0)))
                sums[48 + p] = sums[48 + p] if sure else 0.0
                sums[16 + p] = sums[16 + p] + (error * most if counts else 0.0)


@machine_code(
    "f8[::1], i8[::1], i8, f8[::1], f8[::1], f8[::1], f8, f8, f8[::1], f8[::1], f8[::1], b1, "
    "f8[:,::1], f8[::1]"
)
def judge_row(
    numbers, outputs, memory, share, nodes, masses, node_spread, top_spread, centers, reaches,
    errors, damped, circles, out,
):  # fmt: skip
    """Fill in state, noise sum, bound of its error, and peak of a row of members."""
    M, n, top = memory, memory + 1, nodes[0]
    F, G, Q, W = on_stack(768), on_stack(768), on_stack(768), on_stack(768)
    re, im, roots, radii, live = (
        on_stack(256), on_stack(256), on_stack(1024), on_stack(256), on_stack(256),
    )  # fmt: skip
    poles, far, ok, counts = on_stack(2560), on_stack(16), on_stack(16), on_stack(16)
    most, sums, first = counts.view(int64), on_stack(80), on_stack(48)
    for part in range(3):
        sign = 1.0 if part == 2 else -1.0
        for k in range(n):
            f, g = 3 * outputs[k] + part, 3 * outputs[n + k] + part
            to = 3 * (n - k) + part
            for p in lanes(LANES):
                F[LANES * to + p], G[LANES * to + p] = (
                    numbers[LANES * f + p],
                    numbers[LANES * g + p],
                )
        for k in range(M + 1):
            q, to = 3 * outputs[2 * n + 1 + k] + part, 3 * (M - k) + part
            for p in lanes(LANES):
                Q[LANES * to + p] = numbers[LANES * q + p]
        g = 3 * outputs[2 * n] + part
        for p in lanes(LANES):
            F[LANES * part + p], G[LANES * part + p] = 0.0, sign * numbers[LANES * g + p]
    first_mode(F, G, n, top, top_spread, ok)
    going = False
    for p in lanes(LANES):
        out[p] = ok[p] if ok[p] < 0.5 else 0.0
        out[16 + p], out[32 + p], out[48 + p] = 0.0, 0.0, 0.0
        ok[p] = 1.0 if ok[p] > 0.5 else 0.0
        far[p] = 0.0
        going |= ok[p] > 0.5
    most[0] = 0
    if going:
        put_crossing(F, G, n, W)
        if M > 0:
            find_roots(W, M, circles, re, im, ok)
            put_pairs_first(M, re, im, ok, roots, live, most)
            for i in range(most[0]):
                for _ in range(_REFINEMENTS):
                    refine(W, M, i, roots)
            enclose(W, M, most[0], live, roots, radii, ok)
    going = False
    for p in lanes(LANES):
        going |= ok[p] > 0.5
    if going:
        put_pole_at_infinity(F, G, Q, W, n, top, poles)
        for i in range(most[0]):
            put_pole(F, G, Q, W, n, i, most[0], live, roots, radii, top, poles, far, ok)
        found = most[0] + 1
        keep_apart(poles, found, top * (1 + 1e-9), node_spread, ok)
        for p in lanes(LANES):
            gh, gl, gr = G[p], G[16 + p], G[32 + p]
            fh, fl, fr = F[48 + p], F[64 + p], F[80 + p]
            h, _, r = over_ball(gh, gl, gr, fh, fl, fr)  # minus the pull
            first[p], first[16 + p] = -h, INFLATE * r + UNIT * abs(h)
            first[32 + p] = first[16 + p] + 2 * far[p] * top
            sums[p], sums[16 + p], sums[32 + p], sums[48 + p], sums[64 + p] = (
                0.0, 0.0, 0.0, ok[p], 0.0,
            )  # fmt: skip
        add_over_nodes(poles, found, first, far, share, damped, nodes, masses, node_spread, sums)
        add_disks(poles, found, first, share, centers, reaches, errors, top, sums)
        rounding = 1.2 * (nodes.size + 8) * UNIT
        for p in lanes(LANES):
            # each partial sum is rounded, and the terms are positive but for their errors
            total, radius = sums[p], sums[16 + p]
            radius += rounding * (abs(total) + radius)
            known = (ok[p] > 0.5) & (sums[48 + p] > 0.5) & (radius < inf)
            sharp = radius <= RESOLVED * total
            out[16 + p], out[32 + p] = total if known else 0.0, radius if known else 0.0
            out[48 + p] = sums[32 + p] if known else 0.0
            lost = (ok[p] > 0.5) & (sums[64 + p] > 0.5)
            out[p] = (1.0 if sharp else 0.0) if known else (-1.0 if lost else out[p])


@machine_code(
    "i8[:,::1], f8[:,::1], i8[::1], i8, f8[:,:,::1], f8[:,::1], f8[::1], f8[::1], f8, f8, f8[::1], "
    "f8[::1], f8[::1], b1, f8[:,::1], f8[::1], f8[:,::1]"
)
def judge(
    steps, constants, outputs, memory, values, shares, nodes, masses, node_spread, top_spread,
    centers, reaches, errors, damped, circles, space, out,
):  # fmt: skip
    """Fill the columns of ``out`` with the rows of `judge_source`.

    Parameters
    ----------
    steps, constants
        A program, as `run` takes them.
    outputs : int array
        The steps that are the half-plane forms.
    memory : int
    values : array, shape (3, K, P)
        Its inputs: numbers, their second halves, and bounds of errors.
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
    circles : array
        `first_angles`.
    space : array
        Three rows for each input and each step.
    """
    share, found = on_stack(32), on_stack(80)
    inputs, members = values.shape[1], values.shape[2]
    given, done = space[: 3 * LANES * inputs], space[3 * LANES * inputs :]
    for begin in range(0, members, LANES):
        for p in range(LANES):
            member = min(begin + p, members - 1)
            for k in range(inputs):
                for part in range(3):
                    given[LANES * (3 * k + part) + p] = values[part, k, member]
            share[p] = shares[0, member] if damped else 0.0
            share[16 + p] = shares[1, member] if damped else 0.0
        run(steps, constants, given, done)
        judge_row(
            done, outputs, memory, share, nodes, masses, node_spread, top_spread, centers,
            reaches, errors, damped, circles, found,
        )  # fmt: skip
        for p in range(min(LANES, members - begin)):
            out[STATE, begin + p], out[NOISE, begin + p] = found[p], found[16 + p]
            out[RADIUS, begin + p], out[PEAK, begin + p] = found[32 + p], found[48 + p]
