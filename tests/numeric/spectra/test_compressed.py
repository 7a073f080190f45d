"""Compressed spectra against the spectra themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from sgdmem import InputError, Spectrum, heavy_ball, nesterov, stability
from sgdmem.methods import evaluator
from sgdmem.numeric.noise_sums.noise_sum import compressed_noise_sum
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.compression import quickened

LISTS = {
    "power": np.arange(1, 10**5 + 1.0) ** -1.3,
    "steep": np.arange(1, 10**4 + 1.0) ** -6,
    "uniform": np.random.default_rng(3).random(10**5) + 1e-9,
    "clustered": np.repeat([1.0, 0.999999, 0.5, 1e-3], 25000),
    "bulk with outliers": np.append(
        [40.0, 7.0, 6.99999], np.random.default_rng(4).gamma(0.3, 0.01, 10**5) + 1e-12
    ),
    "two scales": np.append(1 + 1e-12 * np.arange(2000), 1e-7 * np.arange(1, 2001)),
    "short": np.arange(1, 8.0),
}
POLES = [-3.0, -0.5, -0.1, 1.3, 2.0, 50.0]  # over the largest eigenvalue


def total(found: CompressedSpectrum, pole: float) -> float:
    """Return the sum of lambda / (1 - lambda / pole)."""
    return float((found.weights * found.nodes / (1 - found.nodes / pole)).sum())


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("relative_error", [1e-12, 1e-8, 1e-3])
def test_lists(name: str, relative_error: float) -> None:
    lam = LISTS[name]
    found = Spectrum(lam).compress(relative_error)
    assert (found.weights > 0).all()
    assert (found.nodes > 0).all()
    assert len(found) <= min(lam.size, 300)
    for pole in POLES:
        place = pole * lam.max()
        exact = float(np.sum((lam / (1 - lam / place)).astype(np.longdouble)))
        assert abs(total(found, place) / exact - 1) < relative_error
        # and the bound for this very summand: |g| <= 1 / |1 - lambda / pole| on a disk
        distance = np.abs(1 - found.centers / place) - found.reaches / abs(place)
        if (distance > 0).all():
            bound = float((found.errors / distance).sum()) + 1e-15 * exact
            assert abs(total(found, place) - exact) <= bound


@pytest.mark.parametrize(
    ("exponent", "count"),
    [(1.02, None), (1.5, None), (3.0, None), (6.0, None), (12.0, None), (0.4, 10**12),
     (1.0, 10**6), (2.5, 150_000), (0.05, 10**7)],
)  # fmt: skip
def test_power_laws(exponent: float, count: int | None) -> None:
    spectrum = Spectrum.power_law(exponent, 3, count)
    found = spectrum.compress()
    assert (found.weights > 0).all()
    assert len(found) <= 200
    assert abs((found.weights * found.nodes).sum() / spectrum.trace - 1) < 1e-12
    # a geometric series in power sums, which are Hurwitz zeta functions
    for ratio in (0.3, -0.5):
        exact = mpf(0)
        for power in range(1, 60):
            exact += spectrum.power_sum(power) * mpf(ratio / 3) ** (power - 1)
        assert abs(total(found, 3 / ratio) / exact - 1) < mp.mpf(1e-12)


@given(
    exponent=st.floats(1.005, 10),
    digits=st.integers(1, 11),
    count=st.none() | st.integers(10**5 + 1, 10**9),
)
def test_weights_are_positive(exponent: float, digits: int, count: int | None) -> None:
    spectrum = Spectrum.power_law(exponent, 1, count)
    try:
        found = spectrum.compress(10.0**-digits)
    except InputError as error:
        assume("range of floating-point" not in str(error))
        raise
    assert (found.weights > 0).all()
    assert (found.nodes > 0).all()
    assert abs((found.weights * found.nodes).sum() / spectrum.trace - 1) < 10.0**-digits


@pytest.mark.parametrize("name", [*LISTS, "law"])
def test_nodes_are_compressed_in_turn(name: str) -> None:
    """The error bound holds for poles anywhere but in a disk, of both signs, also close to 0."""
    spectrum = Spectrum.power_law(1.5) if name == "law" else Spectrum(LISTS[name])
    short = spectrum.compressed
    quick = quickened(short)
    assert quick is short or len(quick) <= 0.9 * len(short)
    told = 0
    for pole in [*POLES, *(-(10.0 ** -np.arange(1, 8, 0.25)))]:
        place = pole * spectrum.largest
        distances = [np.abs(1 - x.centers / place) - x.reaches / abs(place) for x in (short, quick)]
        if min(distance.min(initial=1) for distance in distances) > 0:
            told += 1
            first, second = (total(x, place) for x in (short, quick))
            bounds = [x.errors / d for x, d in zip((short, quick), distances, strict=True)]
            bound = float(np.concatenate(bounds).sum()) + 1e-15 * first
            assert abs(first - second) <= min(bound, 1e-12 * first)
    assert told > len(POLES)
    # and every eigenvalue is a node itself or lies in a disk
    lam = LISTS.get(name, np.arange(1, 10**5 + 1.0) ** -1.5)
    known = np.isin(lam, quick.eigenvalues)
    for center, reach in zip(quick.centers, quick.reaches, strict=True):
        known |= np.abs(lam - center) <= reach
    assert known.all()


def test_fewer_nodes_for_a_larger_error() -> None:
    spectrum = Spectrum.power_law(1.5)
    assert len(spectrum.compress(1e-4)) < len(spectrum.compress(1e-8)) < len(spectrum.compress())


@pytest.mark.parametrize("count", [10**6, pytest.param(10**7, marks=pytest.mark.exhaustive)])
def test_millions_of_eigenvalues(count: int) -> None:
    lam = np.arange(1, count + 1.0) ** -1.1
    found = Spectrum(lam).compress()
    assert len(found) < 200
    assert abs((found.weights * found.nodes).sum() / lam.sum() - 1) < 1e-13


def test_noise_sums_have_a_bound() -> None:
    lam = LISTS["power"]
    method = nesterov("0.2", "0.9")
    value, error = compressed_noise_sum(method, Spectrum(lam).compress())
    exact = stability(method, Spectrum(lam), batch_size=1).noise_sum
    assert abs(value - exact) <= error < 1e-12 * value


def test_a_pole_among_the_eigenvalues_is_told() -> None:
    # stable: the slow modes hold 1 + momentum - lr lambda / 2 away from 0 only down to 1.9
    spectrum = Spectrum(np.linspace(1, 3.79999, 10**5))
    compressed = spectrum.compress()
    with pytest.raises(InputError, match="no error bound: a pole of the noise summand may lie"):
        compressed_noise_sum(heavy_ball(1, "0.9000025"), compressed)
    with pytest.raises(InputError, match=r"not certainly stable at the node 3\.79999"):
        compressed_noise_sum(heavy_ball(2, "0.9"), compressed)


def test_nodes_serve_elsewhere() -> None:
    spectrum = Spectrum.power_law(1.5)
    compressed = spectrum.compress()
    nodes = Spectrum(compressed.nodes, compressed.weights)
    method = heavy_ball("0.1", "0.9")
    whole, short = (stability(method, x, batch_size=8).noise_sum for x in (spectrum, nodes))
    assert abs(whole / short - 1) < 1e-12
    sums = evaluator("heavy-ball").noise_sums(spectrum, learning_rate=0.1, momentum=0.9)
    assert abs(sums / 8 / whole - 1) < 1e-12


@pytest.mark.parametrize("value", [0, 1e-13, 0.5, "many"])
def test_bad_relative_errors(value: object) -> None:
    with pytest.raises(InputError, match="relative_error"):
        Spectrum([1, 2]).compress(value)


def test_what_cannot_be_compressed() -> None:
    with pytest.raises(InputError, match="infinite trace"):
        Spectrum.power_law(0.9).compress()
    with pytest.raises(InputError, match="rounding errors leave"):
        Spectrum.power_law(1e-4, count=10**6).compress()
