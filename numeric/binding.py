"""Which condition binds: where a method that is not stable lost its stability."""

from __future__ import annotations

from enum import Enum

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.verdict import Reason, Verdict
from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.scalars import to_float

_MOST_EIGENVALUES = 200  # whose roots are looked at
_SMALLEST = 1e-8  # of them, over the largest, where there are infinitely many
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

    Without noise, where the largest root of P - lambda Q of all eigenvalues is: of a method just
    beyond the edge it is the one that has crossed the unit circle.

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
    roots = np.concatenate([np.roots(np.polysub(P, x * q)) for x in _eigenvalues(spectrum)])
    largest = roots[np.argmax(np.abs(roots))]
    if abs(largest.imag) > _REAL * abs(largest):
        return Binding.COMPLEX_ROOTS
    return Binding.ROOT_AT_1 if largest.real > 0 else Binding.ROOT_AT_MINUS_1


def _eigenvalues(spectrum: Spectrum) -> Array:
    if spectrum.is_infinite:
        largest = spectrum.largest
        return np.geomspace(_SMALLEST * largest, largest, _MOST_EIGENVALUES)
    values: Array = np.unique(spectrum.eigenvalues)
    if len(values) > _MOST_EIGENVALUES:
        values = values[np.linspace(0, len(values) - 1, _MOST_EIGENVALUES).round().astype(int)]
    return values
