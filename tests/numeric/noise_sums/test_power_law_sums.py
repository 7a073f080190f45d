"""Noise sums over long and infinite power laws against mpmath."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named
from tests import naive
from tests.asking import noisy

EXPONENTS = [1.01, 1.1, 1.5, 2, 3, 6]
METHODS = {
    "sgd": named.sgd("0.5"),
    "heavy ball": named.heavy_ball("0.1", "0.99"),
    "nesterov": named.nesterov(1, "0.9"),
    "two rates": named.two_rate("0.01", "0.5", "0.999"),
    "aggmo": named.aggmo("0.1", ["0", "0.9", "0.99"]),
    "complex": Algorithm("0.3", ["0.2", "-0.1"], ["0.1", "0.3"], [["0.3", "0.6"], ["-0.6", "0.3"]]),
}


def raw(algorithm: Algorithm) -> naive.Raw:
    return naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a)


@pytest.mark.slow
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("name", METHODS)
def test_infinite_sums(name: str, exponent: float) -> None:
    verdict = stability(METHODS[name], Spectrum.power_law(exponent), 1000)
    fraction = naive.noise_summand_fraction(raw(METHODS[name]))
    try:
        exact = naive.power_law_sum_mp(fraction, exponent) / 1000
    except ValueError as error:
        pytest.skip(str(error))
    low, high = verdict.noise_sum_interval
    assert abs(verdict.noise_sum / exact - 1) < 1e-12
    assert low <= exact <= high
    assert high / low - 1 < 1e-11


@pytest.mark.parametrize("exponent", [1e-9, 1e-6, 1e-4, 0.003, 0.1, 0.5])
@pytest.mark.parametrize("count", [5000, 20_000, 10**6])
def test_bounds_on_flat_laws(exponent: float, count: int) -> None:
    law = Spectrum.power_law(exponent, count=count)
    low, high = stability(named.sgd("0.5"), law, 10**9).noise_sum_interval
    # s = lambda / (4 - lambda), summed here to 35 digits by a few hundred trapezoids or exactly
    with mpmath.workdps(35):
        nu = mpmath.mpf(exponent)
        terms = (mpmath.power(k, -nu) for k in range(1, count + 1)) if count <= 5000 else None
        if terms is not None:
            exact = mpmath.fsum(lam / (4 - lam) for lam in terms)
        else:
            exact = mpmath.sumem(
                lambda k: 1 / (4 * mpmath.power(k, nu) - 1), [100, count], tol=mpmath.mpf(10) ** -25
            ) + mpmath.fsum(1 / (4 * mpmath.power(k, nu) - 1) for k in range(1, 100))
        assert low <= exact / 10**9 <= high


@pytest.mark.parametrize("exponent", [0.5, 1, 1.3, 4])
@pytest.mark.parametrize("count", [5000, 100_000])
def test_long_laws_are_summed_like_lists(exponent: float, count: int) -> None:
    method = named.nesterov("0.3", "0.9")
    law = Spectrum.power_law(exponent, "0.7", count)
    listed = Spectrum(law.eigenvalues)
    first = stability(method, noisy(law, tau2=-1), 10**6)
    second = stability(method, noisy(listed, tau2=-1), 10**6)
    assert first.noise_sum == pytest.approx(second.noise_sum, rel=1e-12)
    assert first.critical_batch_size == pytest.approx(second.critical_batch_size, rel=1e-11)
    assert first.critical_scale == pytest.approx(second.critical_scale, rel=1e-11)


def test_far_longer_laws_approach_the_infinite_one() -> None:
    method = named.heavy_ball("0.1", "0.9")
    infinite = stability(method, Spectrum.power_law(2), 10).noise_sum
    for count in (10**6, 10**9, 10**15):
        finite = stability(method, Spectrum.power_law(2, count=count), 10).noise_sum
        # the tail is sum_(k > count) alpha_eff / (2 B k^2)
        assert infinite - finite == pytest.approx(1 / (20 * count), rel=1e-2, abs=1e-15)


def test_a_pole_very_near_zero() -> None:
    # damping 1e-8: the summand changes its slope at eigenvalues around 1e-8
    method = named.memory_one(10, "0.5", Fraction(1, 10**8))
    law = Spectrum.power_law(2)
    verdict = stability(method, law, 1000)
    # cited: eq. (25)
    lam = np.arange(1.0, 10**6) ** -2.0
    numerator = (2 - 1e-8) * 1e-7 + lam * 0.5 * (1 + 1e-7)
    denominator = (1e-8 + lam * 0.5) * (4 - 2e-8 - lam * (1 + 1e-7))
    head = float((lam * numerator / denominator).sum()) / 1000
    tail = 10 / 2 / (10**6 - 0.5) / 1000  # alpha_eff lambda / 2 beyond
    assert verdict.noise_sum == pytest.approx(head + tail, rel=1e-6)
    assert verdict.noise_sum_interval[1] / verdict.noise_sum_interval[0] - 1 < 1e-10


def test_slow_laws_diverge_in_the_right_way() -> None:
    method = named.heavy_ball("0.1", "0.9")
    for exponent, reason in [(1, "trace"), (0.8, "trace"), (0.5, "squares"), (0.3, "squares")]:
        verdict = stability(method, Spectrum.power_law(exponent), 64)
        assert verdict.stable is False
        assert verdict.reason.value.startswith(reason)
        assert stability(method, Spectrum.power_law(exponent)).stable is True  # no noise
        finite = stability(method, Spectrum.power_law(exponent, count=100), 10**4)
        assert finite.stable is True


def test_marginal_memory_on_an_infinite_law_is_not_called_stable() -> None:
    undamped = Algorithm("0.5", b=1, c=0, D=1)  # u never decays and pushes w forever
    assert stability(undamped, Spectrum.power_law(2), 10).stable is not True
    oscillating = Algorithm("0.5", b="0.1", c="0.1", D=-1)
    assert stability(oscillating, Spectrum.power_law(2), 10).stable is not True


def test_noiseless_instability_in_the_head() -> None:
    verdict = stability(named.sgd("2.1"), Spectrum.power_law(2), 10)
    assert verdict.reason is Reason.NOISELESS
    assert "number 1" in verdict.explanation


def test_oracle_of_the_tests_is_right() -> None:
    with mpmath.workdps(30):
        direct = mpmath.zeta(2) / 2
        found = naive.power_law_sum_mp(([0, Fraction(1, 2)], [1]), 2)
        assert abs(found - direct) < mpmath.mpf(10) ** -25


def test_exponents_just_above_one() -> None:
    for exponent in (1 + 2**-52, 1 + 1e-14, 1 + 1e-13, 1 + 1e-9):
        law = Spectrum.power_law(exponent)
        assert stability(named.sgd(1), law).stable is True
        noisy = stability(named.sgd(1), law, 1e20)
        assert noisy.stable is True
        # s = lambda / (2 - lambda) and the sum of lambda dominates
        assert noisy.noise_sum == pytest.approx(law.trace / 2 / 1e20, rel=1e-6)


def test_panels_of_any_length() -> None:
    for exponent, count in ((0.5, 10_000), (0.3, 10**5), (0.7, 4200), (0.55, 8192)):
        assert stability(named.sgd(0.1), Spectrum.power_law(exponent, count=count), 1e6).stable


def test_units_far_from_one() -> None:
    plain = stability(named.sgd(1), Spectrum.power_law(1.5), 8)
    for scale, rate in (("1e200", "1e-200"), ("1e-200", "1e200"), ("1e-100", "1e100")):
        far = stability(named.sgd(rate), Spectrum.power_law(1.5, scale), 8)
        assert far.noise_sum == pytest.approx(plain.noise_sum, rel=1e-13)
        assert far.critical_scale == pytest.approx(plain.critical_scale, rel=1e-12)
        assert far.margin == pytest.approx(plain.margin, rel=1e-12)


@pytest.mark.slow
def test_poles_that_come_near_the_law() -> None:
    # poles of the summand at z (1 +- i small), between the eigenvalues number 1000 and 1001
    z, small = Fraction(1, 31646), Fraction(1, 2500)
    q2, q1 = Fraction(1, 2), Fraction(1, 10)
    q0 = (4 - small) * z * (q2 - q1) * q1
    p2, p1 = z * (q2 - q1), z * (q1 - q0)
    k = 8 / (1 + p1 + p2)
    D = [k / 8 * value for value in (1 - p2 + p1, 2 * (p1 - 1), 1 + p2 + p1)]
    Q = [-k / 4 * value for value in (q2 - q1 + q0, 2 * (q0 - q2), q2 + q1 + q0)]
    method = Algorithm.from_recurrence([D[0], D[1] - D[0], D[2] - D[1]], Q)
    law = Spectrum.power_law(1.5, count=20_000)
    first, second = (stability(method, x, 1e5) for x in (law, law.listed()))
    assert first.stable is second.stable is True
    assert first.noise_sum == pytest.approx(second.noise_sum, rel=1e-11)
    assert first.critical_scale == pytest.approx(second.critical_scale, rel=1e-9)
    assert first.critical_batch_size == pytest.approx(second.critical_batch_size, rel=1e-11)
