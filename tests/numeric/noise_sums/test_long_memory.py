"""Algorithms of long memory against closed forms, another recursion and dense operators."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.long_pairs import long_pairs, quick_long_pairs
from sgdmem.numeric.noise_sums.mode_summands import ball_form, mode_summands
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs as half_plane_pairs
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.phase_diagrams.maps.diagram import phase_diagram
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.named_algorithms import aggmo
from sgdmem.symbolic.zoo.past_gradients import delayed_sgd
from tests import naive
from tests.draws import KINDS, random_algorithm

NONE = Fraction(0)


def delayed(learning_rate: Any, delay: int) -> Algorithm:
    """Return SGD with gradients that are so many steps old, which a shift register remembers."""
    D = np.diag(np.ones(delay - 1, dtype=int), -1).tolist()
    b = [0] * (delay - 1) + [-Fraction(learning_rate)]
    return Algorithm(0, b=b, c=[1] + [0] * (delay - 1), D=D)


def limit(delay: int) -> float:
    """Return the largest learning rate for the eigenvalue 1, without noise."""
    return 2 * math.sin(math.pi / (2 * (2 * delay + 1)))


@pytest.mark.parametrize("delay", [1, 3, 8, 9, 27, 40])
def test_limits_of_delayed_gradients(delay: int) -> None:
    end = limit(delay)
    for spectrum in (Spectrum([1, 0.5, 0.01]), Spectrum.power_law(2)):
        assert stability(delayed(end * (1 - 1e-9), delay), spectrum).stable is True
        verdict = stability(delayed(end * (1 + 1e-9), delay), spectrum)
        assert verdict.stable is False
        assert verdict.critical_eigenvalue == pytest.approx(1 / (1 + 1e-9), rel=1e-12)
        assert verdict.binding is (Reason.COMPLEX_ROOTS)


@pytest.mark.slow
def test_a_delay_of_a_hundred_steps() -> None:
    spectrum, end = Spectrum([1, 0.5, 0.01]), limit(100)
    assert [stability(delayed(end * x, 100), spectrum).stable for x in (1 - 1e-9, 1 + 1e-9)] == [
        True,
        False,
    ]
    largest = largest_learning_rate(lambda learning_rate: delayed(learning_rate, 100), spectrum)
    assert largest == pytest.approx(end, rel=1e-12)
    verdict = stability(delayed("0.01", 100), spectrum, batch_size=8)
    s = sum(exact_sum(verdict.algorithm, x) for x in spectrum.eigenvalues)
    assert verdict.noise_sum == pytest.approx(s / 8, rel=1e-12)
    assert verdict.critical_batch_size == pytest.approx(s, rel=1e-12)
    assert "stable above" in str(verdict)


def random_long(rng: np.random.Generator, memory: int) -> Algorithm:
    """Return an algorithm with random roots of D inside the unit circle, and a random Q."""
    radius = rng.uniform(0.3, 0.97, memory // 2)
    roots = radius * np.exp(1j * rng.uniform(0, np.pi, memory // 2))
    real = rng.uniform(-0.95, 0.95, memory % 2)
    d = np.poly(np.concatenate([roots, roots.conj(), real])).real
    P = np.polymul([1.0, -1.0], d)
    q = rng.normal(size=memory + 1) * rng.uniform(0.3, 1) ** np.arange(memory + 1)
    q *= -np.sign(q.sum()) * 0.3 * abs(d.sum()) / max(np.abs(q).sum(), 1e-3)
    return Algorithm.from_recurrence((-P[:0:-1]).tolist(), q[::-1].tolist())


def exact_sum(algorithm: Algorithm, lam: float) -> float:
    """Return s by Astrom and Jury's recursion in the unit disk, in 200 digits; inf if unstable."""
    _, P, Q, _ = algorithm.polynomials
    chi = [p - Fraction(lam) * q for p, q in zip(P, (*Q, 0), strict=True)]
    with mpmath.workdps(200):
        a, b = (
            [mpmath.mpf(x.numerator) / x.denominator for x in reversed(row)]
            for row in (chi, (*Q, Fraction(0)))
        )
        first, total = a[0], mpmath.mpf(0)
        while True:
            total += b[-1] ** 2 / a[0]
            if len(a) == 1:
                return float(mpmath.mpf(lam) ** 2 * total / first)
            k, gain = a[-1] / a[0], b[-1] / a[0]
            if abs(k) >= 1:
                return math.inf
            b = [x - gain * y for x, y in zip(b[:-1], a[:0:-1], strict=True)]
            a = [x - k * y for x, y in zip(a[:-1], a[:0:-1], strict=True)]


def check_against_recursion(algorithm: Algorithm, lam: float) -> None:
    """Compare verdict and noise sum with another recursion in many digits."""
    s = exact_sum(algorithm, lam)
    found = stability(algorithm, Spectrum([lam]), 2)
    assert (found.reason is not Reason.NOISELESS) is math.isfinite(s)
    assert found.noise_sum == pytest.approx(s / 2, rel=1e-10)


@pytest.mark.parametrize("memory", [9, 20, 40])
def test_random_algorithms_against_another_recursion(memory: int, rng: np.random.Generator) -> None:
    for _ in range(2):
        algorithm = random_long(rng, memory)
        end = stability(algorithm, Spectrum([1])).critical_eigenvalue or 1.0
        for lam in (*10 ** rng.uniform(-2, 1.5, 2), end * (1 - 1e-9), end * (1 + 1e-9)):
            check_against_recursion(algorithm, lam)


@pytest.mark.exhaustive
def test_many_random_algorithms_against_another_recursion(rng: np.random.Generator) -> None:
    for memory in range(9, 41):
        for _ in range(8):
            algorithm = random_long(rng, memory)
            for lam in 10 ** rng.uniform(-2, 1.5, 3):
                check_against_recursion(algorithm, lam)


@pytest.mark.parametrize("kind", KINDS)
def test_poles_say_what_the_recursion_says(kind: str, rng: np.random.Generator) -> None:
    lam = Ball(np.geomspace(1e-6, 10, 6))
    for memory in range(5):
        raw = random_algorithm(rng, memory, kind)
        shrink, decay = (Fraction(int(rng.integers(0, 2)), 20) for _ in range(2))
        algorithm = Algorithm(*raw, shrink=shrink)
        found = mode_summands(LongForm.of([algorithm], decay), lam)
        expected = mode_summands(ball_form([algorithm], decay), lam)
        known = expected.schur != 0
        assert (found.schur[known] == expected.schur[known]).all()
        stable = (found.schur == 1) & (expected.schur == 1)
        for name in ("noise", "output_noise"):
            x, y = getattr(found, name), getattr(expected, name)
            assert (np.abs(x.mid - y.mid) <= x.rad + y.rad)[stable].all()
            assert (x.rad <= 1e-10 * x.mid)[stable].all()
        schur, floats = LongForm.of([algorithm], decay).floats(lam.mid[None])
        assert (schur == (found.schur == 1))[found.schur != 0].all()
        assert np.allclose(floats[stable], found.noise.mid[stable], rtol=1e-8, atol=0)


def driven(P: list[Any], Q: list[Any], Q_output: list[Any]) -> Algorithm:
    """Return an algorithm with these polynomials, lowest power first; alpha is 0."""
    P, Q, Q_output = ([*map(Fraction, x)] for x in (P, Q, Q_output))
    det_D, a = (without_one(x) for x in (P, [x - y for x, y in zip(Q, Q_output, strict=True)]))
    M = len(a)
    D = [[Fraction(int(j == i + 1)) for j in range(M)] for i in range(M)]
    D[-1] = [-x for x in det_D[:-1]]
    found = Algorithm(0, b=Q_output[:M], c=[0] * (M - 1) + [1], D=D, a=a)
    assert found.polynomials[1:] == (tuple(P), tuple(Q), tuple(Q_output))
    return found


def without_one(polynomial: list[Fraction]) -> list[Fraction]:
    """Return a polynomial over x - 1, which divides it."""
    *quotient, rest = itertools.accumulate(reversed(polynomial))
    assert rest == 0
    return quotient[::-1]


@pytest.mark.parametrize(
    ("P", "Q", "Q_output"),
    [
        # Q vanishes twice at -1
        (
            ["-1/24", "1/8", "3/8", "-35/24", 1],
            ["1/100", "-3/100", "-9/100", "-1/20"],
            [0, 0, "-4/25", 0],
        ),
        # the Schur parameters of P - Q/2 begin like those of Q / x: a pole at infinity
        (
            ["-1/15", "-8/105", "2/15", "-104/105", 1],
            [0, "1/15", "2/15", -1],
            [0, 0, "-4/5", 0],
        ),
    ],
)
def test_poles_that_do_not_tell_all(P: list[Any], Q: list[Any], Q_output: list[Any]) -> None:
    algorithm, lam = driven(P, Q, Q_output), Ball(np.array([0.25, 0.5]))
    form = LongForm.of([algorithm], NONE)
    found, expected = mode_summands(form, lam), mode_summands(ball_form([algorithm]), lam)
    assert (found.schur == 1).all()
    for name in ("noise", "output_noise"):
        x, y = getattr(found, name), getattr(expected, name)
        assert (np.abs(x.mid - y.mid) <= x.rad + y.rad).all()
        assert (x.rad <= 1e-10 * x.mid).all()
    assert np.allclose(form.floats(lam.mid[None])[1], found.noise.mid, rtol=1e-9)


def test_poles_that_are_close_together() -> None:
    # 20 buffers, each twice as slow as the one before: weights cancel, in many bits and in floats
    method = aggmo("0.1", [1 - Fraction(1, 2**k) for k in range(20)])
    verdict = stability(method, Spectrum([1, 0.5, 0.01]), 8)
    expected = sum(exact_sum(method, x) for x in (1, 0.5, 0.01)) / 8
    assert verdict.noise_sum == pytest.approx(expected, rel=1e-12)
    near = [verdict.critical_scale * x for x in (1 - 1e-9, 1 + 1e-9)]
    found = [stability(method.scaled(Fraction(x)), verdict.problem, 8).stable for x in near]
    assert found == [True, False]
    law = stability(method, Spectrum.power_law(1.5), 50)
    assert law.stable is True
    low, high = law.noise_sum_interval
    assert high - low < 1e-9 * high


def test_edges_of_what_is_known() -> None:
    end = Fraction(limit(12))
    near = Spectrum([mpmath.iv.mpf([1 - 2e-10, 1 + 2e-10])])  # whose upper end is unstable
    assert stability(delayed(end * (1 - Fraction(1, 10**10)), 12), near).stable is None
    assert stability(delayed(end * (1 - Fraction(1, 10**9)), 12), near).stable is True
    # the first eigenvalue of a law is close to a pole
    for share in (0.999, 1 - 1e-6):
        verdict = stability(delayed(limit(40) * share, 40), Spectrum.power_law(1.5), 10**9)
        assert verdict.stable is True
    still = Algorithm(0, b=[0] * 9, c=[1] * 9, D=np.eye(9) / 2, a=["-0.5"] + [0] * 8, shrink="0.1")
    assert stability(still, Spectrum([1]), 8).output_noise_sum == 0


def test_infinite_laws_and_other_noise() -> None:
    law, algorithm = Spectrum.power_law(2), delayed("0.02", 12)
    many = Spectrum(np.arange(1, 20_001.0) ** -2)
    rest = 0.01 * float(mpmath.zeta(2, 20_001)) / 8  # alpha / 2 times what is left, over B
    infinite, finite = stability(algorithm, law, 8), stability(algorithm, many, 8)
    assert infinite.noise_sum - finite.noise_sum == pytest.approx(rest, rel=1e-3)
    low, high = infinite.noise_sum_interval
    assert high - low < 1e-11 * high
    gaussian = stability(algorithm, Problem(Spectrum([1, 0.5]), Noise(tau2=-1)), 2)
    s = [exact_sum(algorithm, x) for x in (1, 0.5)]
    assert gaussian.noise_sum == pytest.approx(sum(x / (2 - x) for x in s), rel=1e-12)
    decayed = stability(algorithm, Problem(Spectrum([1, 0.5]), weight_decay="0.1"), 2)
    s = [exact_sum(algorithm, x + 0.1) * (x / (x + 0.1)) ** 2 for x in (1, 0.5)]
    assert decayed.noise_sum == pytest.approx(sum(s) / 2, rel=1e-12)


def test_pairs_of_modes(rng: np.random.Generator) -> None:
    lam = np.array([1, 0.7, 0.1, 0.01])
    for delay in (1, 2, 5, 8):
        for decay in (NONE, Fraction(1, 100)):
            algorithm = delayed(limit(delay) * rng.uniform(0.05, 0.95), delay)
            (x, error), form = long_pairs(algorithm, decay, lam), ball_form([algorithm], decay)
            y, more = half_plane_pairs(form, lam)
            assert (np.abs(x - y) <= (error + more) * x).all()
            assert error < 1e-12
            assert np.allclose(quick_long_pairs(algorithm, decay, lam), x, rtol=1e-10)


def test_samples(rng: np.random.Generator) -> None:
    X = rng.normal(size=(6, 2))
    problem, delay = Problem.from_data(X), 9
    largest = largest_learning_rate(lambda learning_rate: delayed(learning_rate, delay), problem, 2)
    end = delayed(largest, delay)
    b, c = ([*map(float, x)] for x in (end.b, end.c))
    raw = naive.Raw(0.0, b, c, np.eye(9, k=-1).tolist(), [0.0] * 9)
    moments = naive.sampled_moment_radius(raw, X[:, None], np.full(6, 1 / 6), 1 / 2)
    assert moments == pytest.approx(1, rel=1e-7)
    for decay in (0, 1):
        problem = Problem.from_data(X, weight_decay=decay)
        largest = largest_learning_rate(partial(delayed, delay=40), problem, 2)
        near = [stability(delayed(largest * x, 40), problem, 2) for x in (1 - 1e-6, 1 + 1e-6)]
        assert [x.stable for x in near] == [True, False]


def test_maps_go_point_by_point() -> None:
    rates, sizes, spectrum = [0.05, 0.074, 0.08], [1, 64], Spectrum([1, 0.5])
    with pytest.warns(UserWarning, match="memory up to 12, not 20"):
        assert family_program(delayed_sgd.fix(delay=20), {"learning_rate": [Fraction(1)]}) is None
    axes: dict[str, Any] = {"x": ("learning_rate", rates), "y": ("batch_size", sizes)}
    found = phase_diagram(delayed_sgd, spectrum, delay=20, **axes)
    for rate, size in itertools.product(rates, sizes):
        verdict = stability(delayed(rate, 20), spectrum, size)
        place = found.sel(learning_rate=rate, batch_size=size)
        assert bool(place.stable) is verdict.stable
        assert float(place.noise_sum) == pytest.approx(verdict.noise_sum, rel=1e-12)


def test_multiples_of_the_rate() -> None:
    spectrum = Spectrum([1, 0.5, 0.01])
    largest = largest_learning_rate(lambda learning_rate: delayed(learning_rate, 30), spectrum, 8)
    at_end = [stability(delayed(largest * x, 30), spectrum, 8) for x in (1 - 1e-8, 1 + 1e-8)]
    assert [x.stable for x in at_end] == [True, False]
    assert at_end[0].critical_scale == pytest.approx(1, abs=1e-7)
    assert at_end[0].noise_sum == pytest.approx(1, abs=1e-3)
