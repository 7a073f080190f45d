"""Power laws that are stable without noise but for a first mode with roots on the unit circle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.exact_list import characteristic, circle_factor
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_BEYOND = 1 + 1e-12  # of the end of an interval in floats, to be on its other side


def is_on_circle(algorithm: Algorithm, spectrum: Spectrum, noiseless: Sequence[Interval]) -> bool:
    """Whether the first mode has roots on the unit circle, none outside, and the others inside.

    Parameters
    ----------
    algorithm : Algorithm
    spectrum : Spectrum
        Of a list that is no power law it is not said.
    noiseless : sequence of (float, float)
        The intervals in which modes are strictly Schur, see `noiseless_floats`.
    """
    law = spectrum.law
    if law is None:
        return False
    first = law.exact[1] + spectrum.weight_decay  # the only one that is a known rational number
    if circle_factor(characteristic(algorithm, first)) is None:
        return False
    if law.count == 1:
        return True
    ends = law.eigenvalues(np.array([2.0, law.count or 2.0]))
    largest, least = ends.upper[0], ends.lower[1] if law.count else 0.0
    return any(low * _BEYOND <= least and largest * _BEYOND < high for low, high in noiseless)
