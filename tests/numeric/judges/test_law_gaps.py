"""Power laws and gaps in noiseless stability: only eigenvalues count, not what lies between them.

Between its eigenvalues a law is covered by the nodes and disks of a summation rule. The method here
is unstable in one narrow window of eigenvalues; the law is shifted so that the window falls between
two neighbours, or onto one.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import memory_one

LARGE = 10**6  # a batch size at which noise decides nothing


def double_pole(d: Fraction, zero: Fraction) -> Algorithm:
    """Return P = (x-1)(x-1+d)^2, Q = -(x-1+zero d)^2: unstable near 0.4 d if zero is large."""
    D = [(d - 1) ** 2, 2 * (d - 1), Fraction(1)]
    P = [low - high for low, high in zip([Fraction(0), *D], [*D, Fraction(0)], strict=True)]
    root = zero * d - 1
    return Algorithm.from_recurrence([-p for p in P[:3]], [-root * root, -2 * root, -1])


@lru_cache
def windowed(damping: float, width: float) -> tuple[Algorithm, float, float]:
    """Return a method that is unstable in a window of at most that relative width, and its ends."""
    low, high = Fraction("5.8"), Fraction("5.9")
    for _ in range(40):
        method = double_pole(Fraction(damping), (low + high) / 2)
        intervals = stability(method, Spectrum([1])).noiseless_intervals
        if len(intervals) == 2:
            (_, begin), (end, _) = intervals
            if end / begin - 1 < width:
                return method, begin, end
            high = (low + high) / 2
        else:
            low = (low + high) / 2
    raise AssertionError("no such window")


def shifted(exponent: float, place: float, middle: float, count: int | None = None) -> Spectrum:
    """Return the law whose eigenvalue number ``place`` (a fraction lies between two) is given."""
    return Spectrum.power_law(exponent, middle * place**exponent, count)


@pytest.mark.slow
@pytest.mark.parametrize("count", [None, 10**6])
@pytest.mark.parametrize("k", [600, 5000, 50_000])
@pytest.mark.parametrize("exponent", [1.5, 2, 6])
def test_a_window_between_two_eigenvalues(exponent: float, k: int, count: int | None) -> None:
    method, begin, end = windowed(float(k) ** -exponent, 0.5 * exponent / k)
    middle = math.sqrt(begin * end)
    between = stability(method, shifted(exponent, k + 0.5, middle, count), LARGE)
    assert between.reason in (Reason.STABLE, Reason.UNDECIDED_NOISELESS)
    assert between.stable is True or k > 5000
    on_one = stability(method, shifted(exponent, k, middle, count), LARGE)
    assert on_one.reason in (Reason.NOISELESS, Reason.UNDECIDED_NOISELESS)
    assert on_one.stable is False or k > 5000
    if on_one.stable is False:
        assert f"number {k} " in on_one.detail


def test_a_law_that_ends_before_the_trouble() -> None:
    method = memory_one(-1, 1, "-0.1")  # stable on 0.1 < lambda < 2 only
    for count, stable in ((9999, True), (10_001, False), (10**5, False)):
        law = Spectrum.power_law("0.25", count=count)  # eigenvalue number 10^4 is 0.1
        assert stability(method, law, 10**9).stable is stable
    assert stability(method, Spectrum.power_law("0.25"), 10**9).stable is False


@pytest.mark.exhaustive
def test_scales_leave_every_gap_out() -> None:
    method, begin, end = windowed(1e-4, 0.02)
    verdict = stability(method, Spectrum.power_law(1.5), LARGE)
    scales = verdict.stable_scales
    assert len(scales) > 5
    k = np.arange(1.0, 10**5)
    for low, high in scales:
        for factor in (low + 1e-6 * (high - low), (low + high) / 2, high - 1e-6 * (high - low)):
            moved = factor * k**-1.5
            assert ((moved < begin) | (moved > end)).all()
    assert verdict.stable is False
    assert verdict.root_margin < 0


def test_steep_laws() -> None:
    method = memory_one(1, "0.1", "0.5")
    for exponent in (8, 8.5, 12, 50, 200, 10**4):
        steep = stability(method, Spectrum.power_law(exponent), 1)
        listed = Spectrum.power_law(exponent).law
        assert listed is not None
        few = listed.eigenvalues(np.arange(1.0, 9)).mid
        same = stability(method, Spectrum(few[few > 1e-300]), 1)
        assert steep.stable is True
        assert steep.noise_sum == pytest.approx(same.noise_sum, rel=1e-6)
        low, high = steep.noise_sum_interval
        assert high / low - 1 < 1e-12
