"""Bounds of the spectral radius of nonnegative matrices, and how couplings may be written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.problems.coupling import CoupledRadius, coupled_radius, read_blocks
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, sgd
from tests.asking import judged, noisy

SPECTRUM = Spectrum([4, 1, 0.25])
METHOD = heavy_ball("0.05", "0.9")


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_bounds_contain_the_radius_and_are_tight(size: int, rng: np.random.Generator) -> None:
    for _ in range(20):
        T = rng.uniform(0, 1, (size, size)) * (rng.random((size, size)) < rng.uniform(0.1, 1))
        shares, weights = rng.uniform(0, 2, size), rng.integers(1, 4, size).astype(float)
        radius = np.abs(np.linalg.eigvals(shares[:, None] * T * weights)).max()
        low, high = coupled_radius(Ball(shares[None]), weights, read_blocks(T))
        assert low - 1e-12 <= radius <= high + 1e-12
        assert high - low <= 1e-11 * max(float(high[0]), 1)
        quick = CoupledRadius(weights, read_blocks(T))
        for _ in range(2):  # the second call starts from the vectors of the first
            assert quick(shares) == pytest.approx(radius, rel=1e-11, abs=1e-12)


def test_a_cyclic_matrix() -> None:
    T = np.roll(np.eye(4), 1, axis=1)
    low, high = coupled_radius(Ball(np.array([[1.0, 2.0, 4.0, 2.0]])), np.ones(4), read_blocks(T))
    assert (*low, *high) == pytest.approx((2.0, 2.0), rel=1e-12)


def test_an_entry_that_underflows_does_not_cut_a_cycle() -> None:
    T = np.zeros((9, 9))
    T[range(8), range(1, 9)], T[8, 0] = 1e100, 1e-100
    spectrum = Spectrum([1] * 8 + ["1e-250"])
    assert (
        stability(METHOD, noisy(spectrum, coupling=T), 10).stable is not True
    )  # the radius is 3e49


def test_entries_are_exact() -> None:
    third = Fraction(1, 3)
    coupling = [[third, 0], ["1/3", 2**60 + 1]]
    blocks = read_blocks(coupling)
    assert blocks[0].diagonal == (third, Fraction(2**60 + 1))
    assert blocks[0].entries.rad[0, 0] > 0
    above = third + Fraction(1, 10**30)
    with pytest.raises(InputError, match="diagonal"):
        Noise.coupled([[third]], above)
    # of floats the diagonal is known up to rounding, and raised to what it must be at least
    (block,) = Noise.coupled([[float(third)]], above).coupling or ()
    assert block.diagonal == (above,)
    assert block.entries[0, 0].contains(above)
    with pytest.raises(InputError, match="diagonal"):
        Noise.coupled([[float(third)]], above + Fraction(1, 10**9))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_couplings_of_data_pass_their_own_check(kind: Any, rng: np.random.Generator) -> None:
    Z = rng.choice([-1.0, 1.0], size=(1000, 4)) * rng.choice([0.3, 1.7], size=4)
    Z = (Z / np.sqrt((Z**2).mean(axis=0))).astype(kind)  # every square is 1, up to rounding
    T = (Z**2).T @ Z**2 / kind(1000) * (1 - 4 * np.finfo(kind).eps)
    assert Noise.coupled(T, 1).by_mode
    below = np.eye(2, dtype=kind)
    below[0, 1] = -np.finfo(kind).eps
    assert Noise.coupled(below) == Noise.coupled(np.eye(2))


def test_noise_by_mode_on_a_long_law() -> None:
    law = Spectrum.power_law(1.5, count=5000)
    plain = stability(METHOD, law, 8)
    blocks = stability(METHOD, noisy(law, coupling=[(5000, 1)]), 8)
    for other in (stability(METHOD, noisy(law, tau2=[0] * 5000), 8), blocks):
        assert other.noise_sum == pytest.approx(plain.noise_sum, rel=1e-12)
        assert other.critical_batch_size == pytest.approx(plain.critical_batch_size, rel=1e-9)
    assert blocks.critical_scale == pytest.approx(plain.critical_scale, rel=1e-9)


def test_a_large_coupling_is_searched_quickly(rng: np.random.Generator) -> None:
    size = 60
    spectrum = Spectrum(np.arange(1, size + 1) ** -1.5)
    T = rng.uniform(0, 2, (size, size))
    verdict = stability(METHOD, noisy(spectrum, coupling=T), 8)
    scale = verdict.critical_scale
    for factor, stable in ((1 - 1e-6, True), (1 + 1e-6, False)):
        moved = stability(METHOD.scaled(Fraction(scale * factor)), noisy(spectrum, coupling=T), 8)
        assert moved.stable is stable


def test_ways_to_write_the_same_coupling() -> None:
    plain = stability(METHOD, noisy(SPECTRUM, tau1=2), 4)
    for coupling in (2, 2 * np.ones((3, 3)), [[2, 2, 2]] * 3, [(3, 2)], [2 * np.ones((3, 3))]):
        same = stability(METHOD, noisy(SPECTRUM, coupling=coupling), 4)
        assert same.noise_sum == pytest.approx(plain.noise_sum, rel=1e-12)
        assert same.critical_batch_size == pytest.approx(plain.critical_batch_size, rel=1e-9)
        assert same.critical_scale == pytest.approx(plain.critical_scale, rel=1e-9)


def test_blocks_are_independent_problems() -> None:
    blocks = [2 * np.ones((2, 2)), [[3.0]]]
    joint = stability(METHOD, noisy(SPECTRUM, coupling=blocks), 4)
    first = stability(METHOD, noisy(Spectrum([4, 1]), tau1=2), 4)
    second = stability(METHOD, noisy(Spectrum([0.25]), tau1=3), 4)
    assert joint.noise_sum == pytest.approx(max(first.noise_sum, second.noise_sum), rel=1e-12)
    assert stability(
        METHOD, noisy(SPECTRUM, coupling=[(2, 2), (1, 3)]), 4
    ).noise_sum == pytest.approx(joint.noise_sum, rel=1e-12)


def test_weights_are_repeated_modes() -> None:
    T = np.array([[2.0, 0.5], [0.25, 3.0]])
    weighted = stability(
        METHOD, noisy(Spectrum([4, 1], weights=[2, 3]), tau2=[1, -1], coupling=T), 4
    )
    repeat = np.repeat([0, 1], [2, 3])
    written_out = stability(
        METHOD,
        noisy(
            Spectrum(np.array([4.0, 1.0])[repeat]),
            tau2=np.array([1, -1])[repeat],
            coupling=T[np.ix_(repeat, repeat)],
        ),
        4,
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
def test_bad_noise(arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        judged(METHOD, SPECTRUM, **arguments)
    if "coupling" in arguments or isinstance(arguments.get("tau2"), list):
        with pytest.raises(InputError):
            judged(METHOD, Spectrum.power_law(2), **arguments)


def test_rows_as_tuples_are_not_taken_for_pairs() -> None:
    pair = Spectrum([1, 1])
    with pytest.raises(InputError, match="could be pairs"):
        stability(METHOD, noisy(pair, coupling=((1, 1), (1, 1))), 2)
    with pytest.raises(InputError, match="could be pairs"):
        Noise.coupled([(np.int64(1), 1), (np.int64(1), 1)])
    assert Noise.coupled([(np.int64(2), 3), (1, 1)]) == Noise.coupled([(2, 3), (1, 1)])
    assert stability(METHOD, noisy(pair, coupling=[[1, 1], [1, 1]]), 2).stable is not None
    with pytest.raises(InputError, match="coupling"):
        stability(METHOD, noisy(pair, coupling=[(10**9, 1)]), 2)
    with pytest.raises(InputError, match="coupling"):
        stability(METHOD, noisy(pair, coupling=np.array([[1j, 0], [0, 1]])), 2)


def test_a_wide_range_of_entries() -> None:
    T = [[1e3, 1e-9, 1e-5], [1e-8, 1e-18, 1e6], [1e-18, 1e-9, 10]]
    verdict = stability(sgd(1), noisy(Spectrum([1, 1, 1]), coupling=T), 2000)
    assert verdict.noise_sum == pytest.approx(0.5, rel=1e-12)
    assert verdict.critical_batch_size == pytest.approx(1000, rel=1e-9)


def test_a_verdict_does_not_change_with_its_input() -> None:
    T = np.ones((3, 3))
    verdict = stability(METHOD, noisy(SPECTRUM, coupling=T), 8)
    T *= 100
    same = stability(METHOD, noisy(SPECTRUM, coupling=1), 8)
    assert verdict.critical_batch_size == pytest.approx(same.critical_batch_size, rel=1e-9)
