"""Proofs of the radius of the noise over a period, from exact entries."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.perron import radius_bounds
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.noise_sums.noise_sum import explicit_modes
from sgdmem.numeric.periodic.periodic_radius import leading_noise, pairs_of_modes
from sgdmem.numeric.periodic.proved_products import CycleStates, proved_products
from sgdmem.numeric.periodic.proved_samples import sampled_bounds
from sgdmem.numeric.periodic.proved_tail import proved_tail
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Schedule, Steps, read_schedule
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.polynomials import characteristic_polynomial, dot
from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_MOST_PROVED = 1000  # steps times modes of a matrix whose radius is enclosed
_MOST_PRODUCTS = 2 * 10**5  # of pairs of steps and pairs of modes, with samples
_HEADS = 32, 128, 512, 2048, 4096  # eigenvalues of a law that are taken one by one
_MOST_SUMMED = 3 * 10**4  # steps times modes, where these differ in nothing but their products
_MOST_EXACT = 200  # steps whose product is made of fractions


def _exact_table(rule: Any, schedule: Schedule, length: int) -> list[list[Fraction]]:
    """Return the exact entries of each step, in the order of `Steps.table`."""
    if isinstance(rule, Algorithm):
        rule = [rule] * length
    if isinstance(rule, Schedule):
        return [[Fraction(x) for x in row] for row in schedule.steps(0, length).table.tolist()]
    every = [algorithm.blocks for algorithm in rule][:length]
    rows = [[*blocks._replace(shrink=0).row, blocks.shrink] for blocks in every]
    last = [rows[-1]] * (length - len(rows))  # as a schedule of a list does
    return [[Fraction(x) for x in row] for row in [*rows, *last]]


def prove(
    rule: Any,
    length: int,
    problem: Problem,
    noise: BatchNoise,
    workers: int,
    leading: Array | None = None,
) -> tuple[bool | None, Interval] | None:
    """Return the verdict and bounds of the radius of a rule; None where nothing is proved.

    ``leading`` are the covariances of `leading_noise`, if they are known.
    """
    schedule = read_schedule(rule)
    table, memory = _exact_table(rule, schedule, length), schedule.memory
    decay = Fraction(problem.weight_decay)
    size = len(table[0])
    entries = Ball.exactly([x for row in table for x in row])
    entries = Ball(entries.mid.reshape(-1, size), entries.rad.reshape(-1, size))
    law = problem.spectrum.law
    if law is not None and not noise.by_mode and length * law.modes > _MOST_PROVED:
        steps = schedule.steps(0, length)
        if decay or steps.shrink.any():
            return None
        lam = Ball(np.array([law.scale]))
        if _dies_without_noise(table, memory, lam, decay) is False:
            return False, (math.inf, math.inf)
        return _of_law(law, entries, steps, noise, workers)
    lam, weights = explicit_modes(problem.spectrum)
    pairs = pairs_of_modes(weights.size, noise)
    of_samples = noise.samples is not None
    if length * weights.size > _MOST_PROVED or (
        of_samples and length**2 * pairs[0].size > _MOST_PRODUCTS
    ):
        return None
    drift = lam + Ball.exactly([decay])
    products = proved_products(CycleStates.of(entries, memory, drift), lam, workers, pairs)
    dies = products is not None or _dies_without_noise(table, memory, lam, decay)
    if dies is False:
        return False, (math.inf, math.inf)
    if dies and noise.is_quiet:
        return True, (0.0, 0.0)
    if products is None:
        return None
    if noise.samples is None:
        return _decided(_bounds(products, noise, _feed(noise, weights)))
    if leading is None:
        leading = leading_noise(schedule.steps(0, length), problem, noise, workers)[1]
    return _decided(sampled_bounds(products, leading, noise.samples, float(noise.share)))


def _decided(bounds: Interval) -> tuple[bool | None, Interval]:
    low, high = bounds
    return (True if high < 1 else False if low >= 1 else None), bounds


def _of_law(
    law: PowerLaw, entries: Ball, steps: Steps, noise: BatchNoise, workers: int
) -> tuple[bool | None, Interval] | None:
    """Return the verdict and bounds on a long law: its first modes one by one, then a tail.

    Modes of the tail are one that feeds the noise like all of them, and is fed like each.
    """
    T, memory = len(steps), steps.b.shape[1]
    assert not isinstance(noise.tau2, tuple)  # as it is not given by mode
    alike = noise.tau2 == 0  # then modes differ in nothing but their products
    found = None
    for head in _HEADS:
        if T * head > (_MOST_SUMMED if alike else _MOST_PROVED):
            break
        lam = law.eigenvalues(np.arange(1.0, head + 2))
        end, first = float(lam.upper[-1]), lam[:-1]
        small = Ball(np.array([end / 2]), np.array([end / 2]))
        tail = proved_tail(CycleStates.of(entries, memory, small), steps, end, workers)
        if tail is None:
            continue
        products = proved_products(CycleStates.of(entries, memory, first), first, workers)
        if products is None:
            return None
        if noise.is_quiet:
            return True, (0.0, 0.0)
        total = law.sum()
        trace = Ball(total, 4 * UNIT * total) - first.sum()
        last = _between(tail.low, tail.high)[:, :, None] * trace
        tau1, tau2 = (Ball.exactly([x])[0] for x in (noise.tau1, noise.tau2))
        if alike:
            products = _stacked(products.sum()[:, :, None], last)
            feed = tau1 * np.ones((2, 2))
        else:
            products = _stacked(products, last)
            feed = _feed(noise, np.ones(head + 1))
            own = tau1 - tau2 * (small[0] / trace)  # of one of the tail, over what all feed
            feed.mid[-1, -1], feed.rad[-1, -1] = own.mid, own.rad
        found = _decided(_bounds(products, noise, feed))
        if found[0] is not None:
            break
    return found


def _between(low: Array, high: Array) -> Ball:
    """Return balls that contain intervals of numbers >= 0."""
    middle = (low + high) / 2
    return Ball(middle, (high - low) / 2 + 4 * UNIT * high)


def _stacked(first: Ball, second: Ball) -> Ball:
    """Return balls side by side, along the last axis."""
    parts = ((one.mid, np.broadcast_to(one.rad, one.mid.shape)) for one in (first, second))
    mids, rads = zip(*parts, strict=True)
    return Ball(np.concatenate(mids, axis=-1), np.concatenate(rads, axis=-1))


def _bounds(products: Ball, noise: BatchNoise, feed: Ball) -> Interval:
    """Return proved bounds of the radius of the noise over a period."""
    T, _, N = products.mid.shape
    kappa = Ball.exactly([noise.share])[0]
    matrix = kappa * feed[None, :, None, :] * products[:, None, :, :]
    flat = Ball(matrix.mid.reshape(T * N, T * N), matrix.rad.reshape(T * N, T * N))
    return radius_bounds(flat, flat.upper > 0)


def _feed(noise: BatchNoise, weights: Array) -> Ball:
    """Return by how much the second moment of each mode j feeds the noise of mode i, (N, N)."""
    N = weights.size
    mid, rad = np.zeros((N, N)), np.zeros((N, N))
    if noise.coupling is None:
        tau1 = Ball.exactly([noise.tau1])[0]
        mid[:], rad[:] = tau1.mid, tau1.rad
    first = 0
    for block in noise.coupling or ():
        piece = slice(first, first := first + block.size)
        mid[piece, piece], rad[piece, piece] = block.entries.mid, block.entries.rad
    tau2 = noise.tau2 if isinstance(noise.tau2, tuple) else (noise.tau2,) * N
    own = Ball.exactly(tau2)
    feed = Ball(mid, rad) * weights
    return feed - Ball(np.diag(own.mid), np.diag(own.rad))


def _dies_without_noise(
    table: list[list[Fraction]], memory: int, lam: Ball, decay: Fraction
) -> bool | None:
    """Whether every mode dies out over a period, by exact arithmetic; None where it is not done."""
    if len(table) > _MOST_EXACT or lam.rad.any():
        return None
    for eigenvalue in map(Fraction, lam.mid.tolist()):
        steps = [_state_matrix(row, memory, eigenvalue + decay) for row in table]
        if not _is_schur(reduce(lambda before, S: _product(S, before), steps)):
            return False
    return True


def _state_matrix(row: list[Fraction], M: int, drift: Fraction) -> list[list[Fraction]]:
    """Return S_0 + drift v r^T of one step."""
    still, v, r = Blocks.of_row(row, M).state
    return [
        [x + drift * p * q for x, q in zip(line, r, strict=True)]
        for line, p in zip(still, v, strict=True)
    ]


def _product(left: list[list[Fraction]], right: list[list[Fraction]]) -> list[list[Fraction]]:
    columns = list(zip(*right, strict=True))
    return [[dot(row, c) for c in columns] for row in left]


def _is_schur(matrix: list[list[Fraction]]) -> bool:
    """Whether all eigenvalues lie strictly inside the unit circle, exactly."""
    a = to_half_plane(characteristic_polynomial(matrix))
    signs = [a[0], a[-1], *hurwitz_determinants(tuple(x if a[0] > 0 else -x for x in a))]
    return all(x * a[0] > 0 for x in signs[:2]) and all(x > 0 for x in signs[2:])
