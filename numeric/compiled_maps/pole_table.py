r"""A table of :math:`T(z) = \sum_k w_k\lambda_k/(1+z\lambda_k)` with error bounds.

For memories 0 and 1 everything that a map needs of the spectrum is this one function of the poles
of the noise summand (theory page "Everything sits in M + 1 poles"). It is tabulated over
:math:`v = 1 + z\lambda_1 > 0`, where it decreases from a pole at 0: pieces whose width is a 32nd
part of a power of 2, with a Taylor polynomial on each. As :math:`\lambda_k x_k/\lambda_1\le 1/v`
for :math:`x_k = 1/(1+z\lambda_k)`, each coefficient is at most 1/v times the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.compressed import CompressedSpectrum

DEGREE = 9
SHIFT = 47  # of the bits of v: what is left is its piece
LOWEST, HIGHEST = 2.0**-12, 2.0**10  # of v
# columns beyond the coefficients
CENTER, HALF, ERROR, SLOPE_ERROR, QUADRATURE, MOVING_QUADRATURE = range(DEGREE + 1, DEGREE + 7)
_REACH = 1.5  # half-widths from the center up to which a piece is used
_ROUNDING = 40  # units: a sum of positive terms in pairs, with Horner's scheme


@dataclass(frozen=True, eq=False)
class PoleTable:
    r"""Rows of Taylor coefficients in v - center, and of error bounds.

    Attributes
    ----------
    rows : ndarray, shape (pieces, DEGREE + 7)
        The relative errors of T and of its divided differences are ``ERROR`` and ``SLOPE_ERROR``.
        ``QUADRATURE`` bounds the error of the compressed spectrum in T, that is for
        :math:`g = x`, and ``MOVING_QUADRATURE`` times :math:`1/\lambda_1` that for
        :math:`g = \lambda x^2`. Infinite where there is no bound.
    first : int
        The piece of the first row.
    largest, spread : float
        The largest eigenvalue, and a bound of its error.
    """

    rows: Array
    first: int
    largest: float
    spread: float


@lru_cache(maxsize=16)  # by identity: a spectrum keeps what it is compressed to
@np.errstate(over="ignore")  # bounds beyond floats are infinite
def pole_table(spectrum: CompressedSpectrum) -> PoleTable:
    """Tabulate T for a compressed spectrum.

    Examples
    --------
    >>> from sgdmem.numeric.spectra.spectrum import Spectrum
    >>> table = pole_table(Spectrum([2, 1]).compressed)
    >>> row = table.rows[(np.float64(1.0).view(np.int64) >> SHIFT) - table.first]
    >>> round(float(row[: DEGREE + 1] @ (1 - row[CENTER]) ** np.arange(DEGREE + 1)), 12)
    3.0
    """
    first, last = (int(np.float64(v).view(np.int64)) >> SHIFT for v in (LOWEST, HIGHEST))
    ends = (np.arange(first, last + 1, dtype=np.int64) << SHIFT).view(np.float64)
    center, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
    largest = float(spectrum.eigenvalues[0])
    nodes, mass = spectrum.nodes, spectrum.weights * spectrum.nodes
    # 1 + z lambda without a difference of what is close: lambda_1 - lambda is sharp
    x = largest / ((largest - nodes) + nodes * center[:, None])
    step = nodes / largest * x
    rows = np.empty((center.size, DEGREE + 7))
    term = mass * x  # in place: new arrays would take longer to be made than to be filled
    for k in range(DEGREE + 1):
        rows[:, k] = term.sum(axis=1)
        term *= step
    rows[:, 1 : DEGREE + 1 : 2] *= -1
    low, high = center - _REACH * half, center + _REACH * half
    q = _REACH * half / low
    rows[:, CENTER], rows[:, HALF] = center, half
    known = _ROUNDING * UNIT + 2 * spectrum.node_spread * (1 + 1 / low)
    rows[:, ERROR] = known + q ** (DEGREE + 1) / (1 - q)
    rows[:, SLOPE_ERROR] = 2 * known + (DEGREE + 1) * q**DEGREE / (1 - q) ** 2
    far = spectrum.centers + spectrum.reaches
    # concave in z, so least at an end
    least = np.minimum(*(_distances(spectrum, (v - 1) / largest) for v in (low, high)))
    with np.errstate(divide="ignore"):
        most = np.where(least > 0, 1 / least, np.inf)  # of |x|
    errors = spectrum.errors
    rows[:, QUADRATURE] = 1.01 * (most @ errors if far.size else 0.0)
    moving = errors * (far / largest)
    rows[:, MOVING_QUADRATURE] = 1.01 * (most**2 @ moving if far.size else 0.0)
    return PoleTable(rows, first, largest, float(spectrum.spreads[0]))


def _distances(spectrum: CompressedSpectrum, z: Array) -> Array:
    """Return lower bounds of |1 + z lambda| on the disks, shape (pieces, d)."""
    found = 1 + z[:, None] * spectrum.centers - np.abs(z)[:, None] * spectrum.reaches
    return np.asarray(found)
