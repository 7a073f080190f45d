"""Power laws near a spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.numeric.problems.power_law_fit import fit_power_law
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError


def test_fit_recovers_a_law_and_covers_the_truth(rng: np.random.Generator) -> None:
    exact = fit_power_law(Spectrum.power_law(1.3, 2, 3000))
    assert (exact.exponent, exact.scale) == pytest.approx((1.3, 2), rel=1e-10)
    assert exact.spectrum().is_infinite
    covered = 0
    for _ in range(200):
        # a smooth wave and noise: what measured spectra look like
        k = np.arange(1.0, 400)
        phase, noise = rng.uniform(0, 2 * np.pi), 0.05 * rng.normal(size=k.size)
        values = k**-1.3 * np.exp(0.1 * np.sin(3 * np.log(k) + phase) + noise)
        fit = fit_power_law(Spectrum(values))
        covered += abs(fit.exponent - 1.3) < 2 * fit.exponent_error
    assert covered > 160
    with pytest.raises(InputError, match="ranks"):
        fit_power_law(Spectrum([1, 2]))
    with pytest.raises(InputError, match="first"):
        fit_power_law(Spectrum([1, 2, 3]), first=3, last=2)
