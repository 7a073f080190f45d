"""Which condition binds: where a method that is not stable lost its stability."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.noiseless import gaps, noiseless_floats
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_SMALLEST = 1e-12  # of the eigenvalues looked at, over the largest, where there are infinitely many
_REAL = 1e-9  # ratio of imaginary part and modulus of what counts as a real root


def binding(judge: Judge) -> Reason:
    """Return the reason of a judge, refined where the noiseless part is unstable.

    Without noise, where the largest root of P - lambda Q is, at those eigenvalues of the spectrum
    at which it is not stable: just beyond an edge it is the one that has crossed the unit circle.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball, stability
    >>> stability(heavy_ball("3.1", "0.5"), Spectrum([1, 0.5])).binding
    <Reason.ROOT_AT_MINUS_1: 'root_at_minus_1'>
    >>> stability(heavy_ball("0.1", "1.1"), Spectrum([1, 0.5])).binding
    <Reason.COMPLEX_ROOTS: 'complex_roots'>
    """
    if judge.reason is Reason.NO_PULL:
        return Reason.ROOT_AT_1
    if judge.reason is Reason.NOISELESS or judge.is_noiseless_boundary:
        return lost_by_roots(judge.original, judge.original_spectrum, judge.noiseless)
    return judge.reason


def lost_by_roots(
    algorithm: Algorithm, spectrum: Spectrum, noiseless: Sequence[Interval] | None = None
) -> Reason:
    """Return which root is at fault, for a method that is not stable without noise.

    ``noiseless`` are the intervals of `noiseless_floats`, if they are known.
    """
    found = algorithm.polynomials
    if sum(found.Q) == 0 and algorithm.shrink == 0:
        return Reason.ROOT_AT_1
    if noiseless is None:
        noiseless = noiseless_floats(algorithm, spectrum.weight_decay)
    d, q = (np.array([to_float(x) for x in row])[::-1] for row in (found.D, found.Q))
    P = np.polymul([1.0, to_float(algorithm.shrink) - 1], d)
    decay = to_float(spectrum.weight_decay)
    lam = [x + decay for x in _unstable_eigenvalues(spectrum, noiseless)]
    roots = np.concatenate([np.roots(np.polysub(P, x * q)) for x in lam])
    largest = roots[np.argmax(np.abs(roots))]
    if abs(largest.imag) > _REAL * abs(largest):
        return Reason.COMPLEX_ROOTS
    return Reason.ROOT_AT_1 if largest.real > 0 else Reason.ROOT_AT_MINUS_1


def _unstable_eigenvalues(spectrum: Spectrum, noiseless: Sequence[Interval]) -> list[float]:
    """Return the extreme eigenvalues in each interval in which the method is not stable.

    The ends of the intervals where no eigenvalue is seen in them, an edge being that close.
    """
    unstable = gaps(noiseless)
    found = [x for gap in unstable for x in _within(spectrum, *gap)]
    ends = [end for gap in unstable for end in gap if 0 < end < math.inf]
    return found or ends or [spectrum.largest]


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
