"""Bounds of the spectral radius of nonnegative matrices, and how couplings may be written."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.numeric.ball import Ball
from sgdmem.numeric.coupling import CoupledRadius, coupled_radius, read_blocks
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.stability import stability
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.named import heavy_ball

SPECTRUM = Spectrum([4, 1, 0.25])
METHOD = heavy_ball("0.05", "0.9")


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_bounds_contain_the_radius_and_are_tight(size: int, rng: np.random.Generator) -> None:
    for _ in range(20):
        T = rng.uniform(0, 1, (size, size)) * (rng.random((size, size)) < rng.uniform(0.1, 1))
        shares, weights = rng.uniform(0, 2, size), rng.integers(1, 4, size).astype(float)
        radius = np.abs(np.linalg.eigvals(shares[:, None] * T * weights)).max()
        low, high = coupled_radius(Ball(shares), weights, read_blocks(T))
        assert low - 1e-12 <= radius <= high + 1e-12
        assert high - low <= 1e-11 * max(high, 1)
        quick = CoupledRadius(weights, read_blocks(T))
        for _ in range(2):  # the second call starts from the vectors of the first
            assert quick(shares) == pytest.approx(radius, rel=1e-11, abs=1e-12)


def test_a_cyclic_matrix() -> None:
    T = np.roll(np.eye(4), 1, axis=1)
    low, high = coupled_radius(Ball(np.array([1.0, 2.0, 4.0, 2.0])), np.ones(4), read_blocks(T))
    assert (low, high) == pytest.approx((2.0, 2.0), rel=1e-12)


def test_ways_to_write_the_same_coupling() -> None:
    plain = stability(METHOD, SPECTRUM, 4, tau1=2)
    for coupling in (2, 2 * np.ones((3, 3)), [[2, 2, 2]] * 3, [(3, 2)], [2 * np.ones((3, 3))]):
        same = stability(METHOD, SPECTRUM, 4, coupling=coupling)
        assert same.noise_sum == pytest.approx(plain.noise_sum, rel=1e-12)
        assert same.critical_batch_size == pytest.approx(plain.critical_batch_size, rel=1e-9)
        assert same.critical_scale == pytest.approx(plain.critical_scale, rel=1e-9)


def test_blocks_are_independent_problems() -> None:
    blocks = [2 * np.ones((2, 2)), [[3.0]]]
    joint = stability(METHOD, SPECTRUM, 4, coupling=blocks)
    first = stability(METHOD, Spectrum([4, 1]), 4, tau1=2)
    second = stability(METHOD, Spectrum([0.25]), 4, tau1=3)
    assert joint.noise_sum == pytest.approx(max(first.noise_sum, second.noise_sum), rel=1e-12)
    assert stability(METHOD, SPECTRUM, 4, coupling=[(2, 2), (1, 3)]).noise_sum == pytest.approx(
        joint.noise_sum, rel=1e-12
    )


def test_weights_are_repeated_modes() -> None:
    T = np.array([[2.0, 0.5], [0.25, 3.0]])
    weighted = stability(METHOD, Spectrum([4, 1], weights=[2, 3]), 4, tau2=[1, -1], coupling=T)
    repeat = np.repeat([0, 1], [2, 3])
    written_out = stability(
        METHOD,
        Spectrum(np.array([4.0, 1.0])[repeat]),
        4,
        tau2=np.array([1, -1])[repeat],
        coupling=T[np.ix_(repeat, repeat)],
    )
    assert weighted.noise_sum == pytest.approx(written_out.noise_sum, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"coupling": np.ones((2, 2))}, "coupling"),
        ({"coupling": np.ones((3, 2))}, "square"),
        ({"coupling": -np.ones((3, 3))}, "entries"),
        ({"coupling": "strong"}, "coupling"),
        ({"coupling": 0.5, "tau2": 1}, "diagonal"),
        ({"coupling": np.eye(3) / 2, "tau2": 1}, "diagonal"),
        ({"tau2": [1, 1]}, "tau2"),
        ({"tau2": [1, 1, float("nan")]}, "tau2"),
        ({"tau1": -1}, "tau1"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": -3}, "batch_size"),
        ({"batch_size": float("nan")}, "batch_size"),
        ({"batch_size": None}, "batch_size"),
    ],
)
def test_bad_noise(arguments: dict[str, object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        stability(METHOD, SPECTRUM, **arguments)
    if "coupling" in arguments or isinstance(arguments.get("tau2"), list):
        with pytest.raises(InputError):
            stability(METHOD, Spectrum.power_law(2), **arguments)
