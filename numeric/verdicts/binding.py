"""Which condition binds: where a method that is not stable lost its stability."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.judge import noiseless_floats
from sgdmem.numeric.verdicts.verdict import Reason, Verdict
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_SMALLEST = 1e-12  # of the eigenvalues looked at, over the largest, where there are infinitely many
_REAL = 1e-9  # ratio of imaginary part and modulus of what counts as a real root


class Binding(Enum):
    """A condition that ends stability; the value is what data files say.

    Attributes
    ----------
    explanation : str
        What it means, in a few words.

    Examples
    --------
    >>> Binding("root_at_minus_1").explanation
    'a root at x = -1'
    """

    NOISE_SUM = "noise_sum"
    MODE_NOISE = "mode_noise"
    ROOT_AT_1 = "root_at_1"
    ROOT_AT_MINUS_1 = "root_at_minus_1"
    COMPLEX_ROOTS = "complex_roots"
    DIVERGENT_SPECTRUM = "divergent_spectrum"
    UNDECIDED = "undecided"

    @property
    def explanation(self) -> str:  # noqa: D102 - described above
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Binding.NOISE_SUM: "the noise sum",
    Binding.MODE_NOISE: "the noise of a single mode",
    Binding.ROOT_AT_1: "a root at x = 1",
    Binding.ROOT_AT_MINUS_1: "a root at x = -1",
    Binding.COMPLEX_ROOTS: "two complex roots",
    Binding.DIVERGENT_SPECTRUM: "a spectrum whose sum diverges",
    Binding.UNDECIDED: "undecided",
}
_BY_REASON = {
    Reason.NOISE_SUM: Binding.NOISE_SUM,
    Reason.MODE_NOISE: Binding.MODE_NOISE,
    Reason.NO_PULL: Binding.ROOT_AT_1,
    Reason.TRACE_DIVERGES: Binding.DIVERGENT_SPECTRUM,
    Reason.SQUARES_DIVERGE: Binding.DIVERGENT_SPECTRUM,
}


def binding(verdict: Verdict) -> Binding:
    """Return which condition binds in a verdict of instability.

    Without noise, where the largest root of P - lambda Q is, at those eigenvalues of the spectrum
    at which it is not stable: just beyond an edge it is the one that has crossed the unit circle.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball, stability
    >>> binding(stability(heavy_ball("3.1", "0.5"), Spectrum([1, 0.5])))
    <Binding.ROOT_AT_MINUS_1: 'root_at_minus_1'>
    >>> binding(stability(heavy_ball("0.1", "1.1"), Spectrum([1, 0.5])))
    <Binding.COMPLEX_ROOTS: 'complex_roots'>
    """
    if verdict.reason is Reason.NOISELESS:
        return _crossing(verdict.problem.algorithm, verdict.problem.spectrum)
    return _BY_REASON.get(verdict.reason, Binding.UNDECIDED)


def _crossing(algorithm: Algorithm, spectrum: Spectrum) -> Binding:
    found = algorithm.polynomials
    d, q = (np.array([to_float(x) for x in row])[::-1] for row in (found.D, found.Q))
    P = np.polymul([1.0, -1.0], d)
    lam = _unstable_eigenvalues(algorithm, spectrum)
    roots = np.concatenate([np.roots(np.polysub(P, x * q)) for x in lam])
    largest = roots[np.argmax(np.abs(roots))]
    if abs(largest.imag) > _REAL * abs(largest):
        return Binding.COMPLEX_ROOTS
    return Binding.ROOT_AT_1 if largest.real > 0 else Binding.ROOT_AT_MINUS_1


def _unstable_eigenvalues(algorithm: Algorithm, spectrum: Spectrum) -> list[float]:
    """Return the extreme eigenvalues in each interval in which the method is not stable.

    The ends of the intervals where no eigenvalue is seen in them, an edge being that close.
    """
    bounds = [0.0, *(end for pair in noiseless_floats(algorithm) for end in pair), math.inf]
    gaps = [(low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high]
    found = [x for gap in gaps for x in _within(spectrum, *gap)]
    return found or [end for gap in gaps for end in gap if 0 < end < math.inf] or [spectrum.largest]


def _within(spectrum: Spectrum, low: float, high: float) -> list[float]:
    """Return the largest and the smallest eigenvalue from low to high."""
    law = spectrum.law
    if law is None:
        inside = spectrum.eigenvalues[
            (spectrum.eigenvalues >= low) & (spectrum.eigenvalues <= high)
        ]
        return [float(inside.max()), float(inside.min())] if inside.size else []
    least = max(low, _SMALLEST * law.scale)
    first = max(1, math.ceil((law.scale / high) ** (1 / law.exponent)))
    last = math.floor((law.scale / least) ** (1 / law.exponent))
    last = last if law.count is None else min(last, law.count)
    return [law.scale * k**-law.exponent for k in (first, last) if first <= last]
