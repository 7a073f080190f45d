"""Where stability ends: the critical batch size and the stable ranges of scale.

These are floating-point roots without error bounds; only the verdict itself carries a proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.intervals import Interval, positive_intervals
from sgdmem.numeric.problems.coupling import CoupledRadius
from sgdmem.numeric.problems.problem import Noise
from sgdmem.numeric.spectra.power_law_rule import HEAD, LongLaw
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.noise_sum import take
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands

_DOUBLINGS = 2000
_POINTS, _FEWEST_POINTS = 2000, 16  # of scans, in all intervals together and in each
_BLOCK = 2**20  # entries of an array that is held in memory at once
_SMALLEST_BATCH = 1e-14  # in units of the largest summand; below it, every batch size is stable
_FINE, _COARSE = 1.5, 3.0  # ratios of the ends of a power law's panels
_LISTED = 2**12  # eigenvalues of a long power law that are taken one by one where there are gaps


@dataclass(frozen=True)
class FloatProblem:
    """Midpoints of a problem: quick to evaluate, without error bounds.

    Attributes
    ----------
    lam, weights : ndarray, shape (n,)
        Eigenvalues and multiplicities, or the nodes and weights of a power law.
    noise : Noise
    diverges : bool
        Whether the sum of the eigenvalues is infinite.
    """

    lam: Array
    weights: Array
    noise: Noise
    diverges: bool

    @classmethod
    def of(
        cls, spectrum: Spectrum, noise: Noise, gaps: bool = False, fine: bool = True
    ) -> FloatProblem:
        """Read the midpoints of a spectrum.

        With ``gaps`` in noiseless stability more eigenvalues of a power law are listed: between the
        nodes of its rule nothing may happen. ``fine`` nodes are closer than those of the proofs,
        since no disk tells here that poles come near.
        """
        lam, weights = _float_modes(spectrum, noise, gaps, fine)
        return cls(lam, weights, noise, diverges=math.isinf(spectrum.trace))

    @cached_property
    def _coupled(self) -> CoupledRadius | None:
        blocks = self.noise.coupling
        return None if blocks is None else CoupledRadius(self.weights, blocks)

    def margin(self, form: HalfPlaneForm, scale: Array) -> Array:
        """Return min(1 - U', min_k 1 + (tau2/B) s_k); -inf where the noiseless part is unstable.

        ``form`` holds arrays of shape (A, 1), or (1, 1) against ``scale`` of shape (A,), the factor
        on every eigenvalue.
        """
        rows = max(1, _BLOCK // self.lam.size)
        if len(scale) > rows:
            pieces = [slice(start, start + rows) for start in range(0, len(scale), rows)]
            single = form.pull.shape[0] == 1  # one form serves every scale
            forms = [form if single else take(form, piece) for piece in pieces]
            parts = [self.margin(f, scale[p]) for f, p in zip(forms, pieces, strict=True)]
            return np.concatenate(parts)
        with np.errstate(all="ignore"):
            lam = scale[:, None] * self.lam
            pivots, noise, _ = summands(form, lam)
            stacked = np.stack(np.broadcast_arrays(*pivots))
            schur = ((stacked > 0).all(axis=0) | (stacked < 0).all(axis=0)).all(axis=-1)
            s = lam * noise
            inverse_batch = float(self.noise.inverse_batch)
            if inverse_batch == 0:
                return np.where(schur, 1.0, -np.inf)
            damping = 1 + self.noise.tau2_values * inverse_batch * s
            radius = self._radius(s / damping * inverse_batch)
            least = damping.min(axis=-1)
            margin = np.where(least > 0, np.minimum(1 - radius, least), least)
            return np.where(schur, margin, -np.inf)

    def _radius(self, shares: Array) -> Array:
        if self._coupled is not None:
            return np.array([self._coupled(row) for row in shares])
        if self.noise.tau1 == 0:
            return np.zeros(len(shares))
        if self.diverges:
            return np.full(len(shares), np.inf)
        return float(self.noise.tau1) * (shares @ self.weights)

    def critical_batch_size(self, s: Array) -> float:
        """Return the batch size at which stability begins, given the summands of every mode.

        Zero if it is stable at every batch size, inf if at none.
        """
        tau2 = self.noise.tau2_values
        uncoupled = self.noise.coupling is None
        if self.diverges and self.noise.tau1 > 0:
            return math.inf
        floor = max(0.0, float(np.max(-tau2 * s, initial=0.0)))
        if uncoupled and self.noise.tau1 == 0:
            return floor
        if uncoupled and not np.any(tau2):
            return float(self.noise.tau1) * float(s @ self.weights)

        def excess(batch_size: float) -> float:
            room = batch_size + tau2 * s
            if not (room > 0).all():  # at the floor itself
                return math.inf
            return float(self._radius((s / room)[None])[0]) - 1

        # excess falls from the floor to -1 at infinity: bracket the root, then bisect.
        low, high = floor, max(floor, float(np.max(s)))
        if floor == 0.0 and excess(high * _SMALLEST_BATCH) <= 0:
            return 0.0
        for _ in range(_DOUBLINGS):
            if excess(high) <= 0:
                break
            high *= 2
        return _bisect_down(excess, low, high)


def _float_modes(spectrum: Spectrum, noise: Noise, gaps: bool, fine: bool) -> tuple[Array, Array]:
    """Return eigenvalues and weights, or the nodes and weights of a long spectrum, as floats."""
    long = spectrum.long
    by_mode = noise.coupling is not None or isinstance(noise.tau2, tuple)
    if long is None or by_mode or (gaps and not isinstance(long, LongLaw)):
        return spectrum.eigenvalues, spectrum.weights
    if not isinstance(long, LongLaw):
        nodes = long.rule(HEAD, long.edges(HEAD))
    elif gaps and long.count is not None and long.count <= 2 * _LISTED:
        return spectrum.eigenvalues, spectrum.weights
    else:
        head = _LISTED if gaps else HEAD
        nodes = long.rule(head, long.edges(head, _FINE if fine else _COARSE))
    return nodes.nodes.mid, nodes.weights


def stable_scales(
    problem: FloatProblem,
    form: HalfPlaneForm,
    noiseless: Sequence[Interval],
    spectrum: Spectrum,
) -> list[Interval]:
    """Return the intervals of the factor on every eigenvalue for which the problem is stable.

    Parameters
    ----------
    problem, form
        With the form in plain floats of shape (1, 1).
    noiseless
        The eigenvalues at which P - lambda Q is strictly Schur: disjoint ascending intervals.
    spectrum
        Of the problem.
    """
    found: list[Interval] = []
    allowed = _noiseless_scales(noiseless, spectrum)
    grid = max(_FEWEST_POINTS, _POINTS // max(1, len(allowed)))
    for low, high in allowed:
        if not low < high < math.inf:  # as floats: it lies outside their range
            continue
        if problem.noise.inverse_batch == 0:
            found.append((low, high))
            continue

        def margin(scale: Array) -> Array:
            return problem.margin(form, scale)

        found.extend(positive_intervals(margin, low, high, grid=grid))
    return found


def noiseless_margin(noiseless: Sequence[Interval], spectrum: Spectrum) -> float:
    """Return the smallest relative distance of an eigenvalue from the end of its interval.

    Negative if an eigenvalue lies in none; of a long power law the first 4,096 are looked at.
    """
    if not noiseless or (spectrum.is_infinite and noiseless[0][0] > 0):
        return -math.inf
    if len(noiseless) == 1 and noiseless[0][0] == 0:
        return 1 - spectrum.largest / noiseless[0][1]
    lam = _listed(spectrum)
    with np.errstate(divide="ignore"):
        room = [np.minimum(1 - lam / high, 1 - low / lam) for low, high in noiseless]
    return float(np.max(room, axis=0).min())


def _listed(spectrum: Spectrum) -> Array:
    """Return the eigenvalues, of a long power law the first ones."""
    law = spectrum.law
    if law is None or not spectrum.is_long_law:
        return spectrum.eigenvalues
    count = _LISTED if law.count is None else min(law.count, _LISTED)
    return law.eigenvalues(np.arange(1.0, count + 1)).mid


def _noiseless_scales(noiseless: Sequence[Interval], spectrum: Spectrum) -> list[Interval]:
    """Return the factors c for which every c * lambda lies in a noiseless interval."""
    if not noiseless or (spectrum.is_infinite and noiseless[0][0] > 0):
        return []
    if len(noiseless) == 1 and noiseless[0][0] == 0:
        return [(0.0, noiseless[0][1] / spectrum.largest)]
    # Forbidden factors: the gaps between the intervals, divided by each eigenvalue.
    lam = _listed(spectrum)
    ends = [0.0, *(end for interval in noiseless for end in interval), math.inf]
    gaps = [(low, high) for low, high in zip(ends[::2], ends[1::2], strict=True) if low < high]
    with np.errstate(divide="ignore"):
        lows = np.concatenate([low / lam for low, _ in gaps])
        highs = np.concatenate([high / lam for _, high in gaps])
    if spectrum.is_long_law and spectrum.count > lam.size:
        # What brings the eigenvalues that are not listed near a gap is not looked at.
        beyond = noiseless[0][1] / lam[lam.size // 2]
        lows, highs = np.append(lows, beyond), np.append(highs, math.inf)
    order = np.argsort(lows)
    allowed: list[Interval] = []
    reached = 0.0
    for low, high in zip(lows[order], highs[order], strict=True):
        if low > reached:
            allowed.append((reached, float(low)))
        reached = max(reached, float(high))
    return allowed


def _bisect_down(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the root of a falling function, to the last bit."""
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return high
        if function(middle) > 0:
            low = middle
        else:
            high = middle
