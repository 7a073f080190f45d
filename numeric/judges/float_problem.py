"""The condition in plain floats, without error bounds: what roots of it are searched with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import rising_root
from sgdmem.numeric.judges.noiseless import LISTED
from sgdmem.numeric.noise_sums.kinds_of_noise import is_sampled, noise_operator
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, float_summands, members, take
from sgdmem.numeric.noise_sums.noise_operator import NoiseOperator
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.power_law_quadrature import HEAD, LongLaw
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import to_float

_DOUBLINGS = 2000
_BLOCK = 3 * 2**12  # entries of an array at once: all that a form needs stay in a cache
SMALLEST_BATCH = 1e-14  # in units of the largest summand; below it, every batch size is stable
_FINE, _COARSE = 1.5, 3.0  # ratios of the ends of a power law's panels


@dataclass(frozen=True)
class FloatProblem:
    """Midpoints of a problem: quick to evaluate, without error bounds.

    Attributes
    ----------
    lam, weights : ndarray, shape (n,)
        Eigenvalues and multiplicities, or the nodes and weights of a power law.
    operator : NoiseOperator
    weight_decay : float
    sharp : bool
        Whether radii on samples are those of an edge that is traced, to more digits.
    """

    lam: Array
    weights: Array
    operator: NoiseOperator
    weight_decay: float = 0.0
    sharp: bool = False

    @classmethod
    def of(
        cls, spectrum: Spectrum, noise: BatchNoise, gaps: bool = False, fine: bool = True
    ) -> FloatProblem:
        """Read the midpoints of a spectrum.

        With ``gaps`` in noiseless stability more eigenvalues of a power law are listed: between the
        nodes of its rule nothing may happen. ``fine`` nodes are closer than those of the proofs,
        since no disk tells here that poles come near.
        """
        lam, weights = _float_modes(spectrum, noise, gaps, fine)
        decay = to_float(spectrum.weight_decay)
        return cls(lam, weights, noise_operator(noise, spectrum), decay)

    @property
    def noise(self) -> BatchNoise:
        """Of the operator."""
        return self.operator.noise

    @property
    def is_costly(self) -> bool:
        """Whether the margin at a point takes longer than a call."""
        return is_sampled(self.operator)

    def margin(self, form: ModeForm, scale: Array) -> Array:
        """Return min(1 - U', min_k 1 + (tau2/B) s_k); -inf where the noiseless part is unstable.

        ``form`` holds arrays of shape (A, 1), or (1, 1) against ``scale`` of shape (A,), the factor
        on every eigenvalue, and on the weight decay, which the form is without.
        """
        rows = max(1, _BLOCK // self.lam.size)
        if len(scale) > rows:
            pieces = [slice(start, start + rows) for start in range(0, len(scale), rows)]
            single = members(form) == 1  # one form serves every scale
            forms = [form if single else take(form, piece) for piece in pieces]
            parts = [self.margin(f, scale[p]) for f, p in zip(forms, pieces, strict=True)]
            return np.concatenate(parts)
        if self.weight_decay:
            if isinstance(form, HalfPlaneForm):
                form = form.map(lambda entry: np.broadcast_to(entry, (len(scale), 1)))
            form = form.decayed((scale * self.weight_decay)[:, None])
        with np.errstate(all="ignore"):
            lam = scale[:, None] * self.lam
            modes, noise = float_summands(form, lam)
            schur = modes.all(axis=-1)
            if self.noise.is_quiet:
                return np.where(schur, 1.0, -np.inf)
            shares = lam * noise * float(self.noise.inverse_batch)
            least: Array | float = 1.0
            if np.any(self.noise.tau2_values):
                damping = 1 + self.noise.tau2_values * shares
                least, shares = damping.min(axis=-1), shares / damping
            radius = self.operator.estimate(shares, self.weights)
            if is_sampled(self.operator):
                low, high = np.where(schur, radius, np.inf), self.operator.ceiling(shares)
                radius = self.operator.refined(form, scale, low, high, self.sharp)
            margin = np.where(least > 0, np.minimum(1 - radius, least), least)
            return np.where(schur, margin, -np.inf)

    def unsettled(self, form: ModeForm, scale: float) -> float:
        """Return how far the radius may be above that of `margin`, where passes did not settle it.

        That is relative, and 0 where they did. For one form, without weight decay, at the
        eigenvalues times a scale.
        """
        operator = self.operator
        if not is_sampled(operator) or self.noise.is_quiet:
            return 0.0
        if self.weight_decay:
            form = form.decayed(scale * self.weight_decay)
        return operator.unsettled(form, scale)

    def critical_batch_size(self, s: Array) -> float:
        """Return the batch size at which stability begins, given the summands of every mode.

        Zero if it is stable at every batch size, inf if at none.
        """
        tau2 = self.noise.tau2_values
        uncoupled = self.noise.coupling is None
        if self.operator.spectrum.diverges and self.noise.tau1 > 0:
            return math.inf
        floor = max(0.0, float(np.max(-tau2 * s, initial=0.0)))
        if uncoupled and self.noise.tau1 == 0:
            return floor
        if uncoupled and not np.any(tau2):
            return float(self.noise.tau1) * float(s @ self.weights)

        def level(batch_size: float) -> float:
            """Return 1 / radius - 1, which rises through the root, and nearly on a line."""
            room = batch_size + tau2 * s
            if not (room > 0).all():  # at the floor itself
                return -1.0
            radius = float(self.operator.estimate((s / room)[None], self.weights)[0])
            return 1 / radius - 1 if radius > 0 else math.inf

        low, high = floor, max(floor, float(np.max(s)))
        if floor == 0.0 and level(high * SMALLEST_BATCH) >= 0:
            return 0.0
        for _ in range(_DOUBLINGS):
            if level(high) >= 0:
                break
            high *= 2
        return rising_root(level, low, high)


def _float_modes(
    spectrum: Spectrum, noise: BatchNoise, gaps: bool, fine: bool
) -> tuple[Array, Array]:
    """Return eigenvalues and weights, or the nodes and weights of a long spectrum, as floats."""
    long = spectrum.long
    if long is None or noise.by_mode or (gaps and not isinstance(long, LongLaw)):
        return spectrum.eigenvalues, spectrum.weights
    if not isinstance(long, LongLaw):
        nodes = long.rule(HEAD, long.edges(HEAD))
    elif gaps and long.count is not None and long.count <= 2 * LISTED:
        return spectrum.eigenvalues, spectrum.weights
    else:
        head = LISTED if gaps else HEAD
        nodes = long.rule(head, long.edges(head, _FINE if fine else _COARSE))
    return nodes.nodes.mid, nodes.weights
