"""Alpha as it is measured: what the correction undoes, and whether stated errors are honest."""

from __future__ import annotations

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.dana_exponent import unbiased_eigenvalues
from sgdmem.systems import measured_alpha, random_features


def test_spikes_are_where_they_are_in_the_population() -> None:
    """A spike l above a bulk of ones is seen at l (1 + (d/n) / (l - 1)) (Baik and Silverstein)."""
    n, d, spike = 400, 200, 10.0
    scale = np.r_[np.sqrt(spike), np.ones(d - 1)]
    seen = []
    for seed in range(10):
        X = np.random.default_rng(seed).normal(size=(n, d)) * scale
        values = np.linalg.svd(X / np.sqrt(n), compute_uv=False) ** 2
        drawn = np.mean(X[:, 0] ** 2)  # most of what is random
        seen.append((values[0] / drawn, unbiased_eigenvalues(values, n)[0] / drawn))
    raw, found = np.mean(seen, axis=0)
    error = np.std(seen, axis=0)[1] / np.sqrt(10)
    assert raw == pytest.approx(1 + d / n / (spike - 1), abs=4 * error)
    assert found == pytest.approx(1, abs=4 * error)
    assert raw - 1 > 8 * error  # the bias would be seen


@pytest.mark.parametrize("alpha", [0.3, 0.7, 1.25])
def test_stated_errors_are_honest(alpha: float) -> None:
    found = [
        measured_alpha(random_features(alpha, 0.7, 100, seed=seed).problem, samples=100)
        for seed in range(20)
    ]
    errors = np.array([x.alpha - alpha for x in found])
    stated = np.array([x.alpha_error for x in found])
    assert np.mean(np.abs(errors) < 2 * stated) >= 0.8
    assert np.sqrt(np.mean(stated**2)) < 2 * np.sqrt(np.mean(errors**2)) + 0.01
    for x in found:
        assert x.kappa_3 == pytest.approx(min(1, 1 / (2 * x.alpha)))
        below, above = (min(1, 1 / (2 * x.alpha + s * 2 * x.alpha_error)) for s in (1, -1))
        assert x.kappa_3_error == pytest.approx((above - below) / 2, rel=0.6, abs=0.03)


def test_what_is_asked() -> None:
    exact = measured_alpha(sgdmem.Spectrum.power_law(1.4, count=500))
    assert exact.alpha == pytest.approx(0.7) and exact.kappa_3 == pytest.approx(1 / 1.4)
    slow = measured_alpha([k**-0.6 for k in range(1, 100)])
    assert slow.kappa_3 == 1 and slow.kappa_3_error == 0
    rows = np.random.default_rng(0).normal(size=(200, 20)) * np.arange(1, 21) ** -0.7
    of_data = sgdmem.Problem.from_data(rows)
    assert measured_alpha(rows) == measured_alpha(of_data) == measured_alpha(of_data, samples=200)
    assert measured_alpha(of_data) != measured_alpha(of_data.spectrum)  # not those of samples
    with pytest.raises(sgdmem.InputError, match="not weights"):
        measured_alpha(sgdmem.Spectrum([2, 1, 0.5], weights=[1, 2, 3]), samples=10)
    with pytest.raises(sgdmem.InputError, match="samples must be 1 or more, got 1e-300"):
        measured_alpha([3, 2, 1, 0.5], samples=1e-300)
    with pytest.raises(sgdmem.InputError, match="samples must be positive"):
        measured_alpha([3, 2, 1, 0.5], samples=0)


def test_features_know_their_samples() -> None:
    features = random_features(1, "0.7", 50)
    assert measured_alpha(features) == measured_alpha(features.problem, samples=50)
