"""The noise of data, estimated from them."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.numeric.problems.noise_estimate import estimate_noise
from sgdmem.symbolic.errors import InputError


def gaussian(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(n, 4)) * [2, 1, 0.5, 0.25]


@pytest.mark.parametrize("kind", ["gaussian", "elliptical", "signs"])
def test_noise_of_data_with_known_parameters(kind: str, rng: np.random.Generator) -> None:
    X = gaussian(40000, rng)
    expected = (1.0, -1.0)
    if kind == "elliptical":  # E rho^2 = 1, E rho^4 = 2
        X *= np.sqrt(rng.exponential(size=(len(X), 1)))
        expected = (2.0, -3.0)
    elif kind == "signs":  # independent, kurtosis 1
        X = np.sign(X) * [2, 1, 0.5, 0.25]
        expected = (1.0, 1.0)
    noise = estimate_noise(X)
    assert abs(noise.tau1 - expected[0]) < 5 * noise.tau1_error + 1e-3
    assert abs(noise.tau2 - expected[1]) < 5 * noise.tau2_error + 1e-3
    assert noise.misfit < 0.1
    assert (noise.samples, noise.modes) == (40000, 4)


def test_noise_that_the_form_does_not_fit(rng: np.random.Generator) -> None:
    X = gaussian(5000, rng)
    X[:, 0] *= rng.random(5000) < 0.02  # one very sparse coordinate
    assert estimate_noise(X).misfit > 0.3
    with pytest.raises(InputError, match="rows"):
        estimate_noise([[1.0, 2.0]])
    assert estimate_noise([[1.0], [-1.0]]).tau1 == 1


def test_noise_does_not_depend_on_units_or_lose_digits(rng: np.random.Generator) -> None:
    X = rng.normal(size=(200, 3))
    plain = estimate_noise(X)
    for scale in (1e-140, 1e-100, 1e100, 1e150):
        assert estimate_noise(X * scale).tau1 == pytest.approx(plain.tau1, rel=1e-9)
    for offset in (1e7, 1e10):  # one mode dominates, and its fourth moment is its square
        assert estimate_noise(X + np.array([offset, 0, 0])).tau1 == pytest.approx(1, abs=1e-6)
    signs = estimate_noise(rng.choice([-3.0, 3.0], size=(200, 1)))
    assert signs.tau2 <= signs.tau1
