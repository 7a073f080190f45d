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
    with pytest.raises(InputError, match="3 different eigenvalues, got 2 at the ranks 1 to 2"):
        fit_power_law(Spectrum([1, 2]))
    for short in (Spectrum([1]), Spectrum([1, 1, 1])):
        with pytest.raises(InputError, match="3 different eigenvalues, got 1 at the rank"):
            fit_power_law(short)
    with pytest.raises(InputError, match="first"):
        fit_power_law(Spectrum([1, 2, 3]), first=3, last=2)


@pytest.mark.parametrize("weight", [1e-3, 0.3, 1, 2, 1.5, 1000])
def test_fits_of_densities_do_not_depend_on_how_they_are_normalized(weight: float) -> None:
    k = np.arange(1.0, 1001)
    fit = fit_power_law(Spectrum(k**-1.5, weights=np.full(1000, weight)))
    assert fit.exponent == pytest.approx(1.5, rel=1e-9)
    assert fit.scale == pytest.approx(weight**1.5, rel=1e-9)
    assert (fit.first, fit.last) == pytest.approx((weight, 1000 * weight))
    part = fit_power_law(Spectrum(k**-1.5, weights=np.full(1000, weight)), 10 * weight)
    assert part.first == pytest.approx(10 * weight)


def test_repeated_eigenvalues_are_multiplicities() -> None:
    repeated = Spectrum([8, 4, 4, 2, 1, 1, 1, 0.5])
    assert fit_power_law(repeated) == fit_power_law(Spectrum([8, 4, 2, 1, 0.5], [1, 2, 1, 3, 1]))
