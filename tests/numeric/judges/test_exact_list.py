"""Exact decisions about lists of eigenvalues against exact state matrices."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat, fmpq_poly

from sgdmem import Algorithm, Noise, Problem, Spectrum, heavy_ball, sgd, stability
from sgdmem.numeric.compiled_maps.joint_verdicts import judge_jointly
from sgdmem.numeric.judges.coupled_side import side_of_one
from sgdmem.numeric.judges.exact_list import (
    ExactList,
    circle_factor,
    is_schur_polynomial,
    summed,
)
from sgdmem.numeric.judges.reason import Reason
from tests import draws, naive
from tests.asking import noisy
from tests.exact_verdicts import ExactMethod, ExactNoise, inverse_of

X = fmpq_poly([0, 1])
HALF = sgd("1/2")


def asked(
    algorithm: Any, known: ExactNoise, batch_size: Any, counts: list[Fraction] | None = None
) -> ExactList:
    """Return the question of the library's for an oracle's."""
    noise = Noise(known.tau1, known.tau2)
    if known.T is not None:
        noise = Noise.coupled(known.T, known.tau2)
    lam = [Fraction(x) for x in known.eigenvalues]
    weights = [Fraction(1)] * len(lam) if counts is None else counts
    decay = Fraction(known.weight_decay)
    return ExactList(algorithm, lam, weights, noise.at(batch_size), decay)


def expected(s: list[Any] | None, known: ExactNoise, inverse: Any) -> Reason:
    """Return the reason, by the oracle."""
    if s is None:
        return Reason.NOISELESS
    if known.is_stable(s, inverse):
        return Reason.STABLE
    return Reason.MODE_NOISE if known.damped(s, inverse) is None else Reason.NOISE_SUM


def test_random_questions(rng: np.random.Generator) -> None:
    seen = set()
    for draw in range(24):
        alg, lam, tau1, tau2, _ = draws.random_problem(rng, int(rng.integers(4)))
        T: Any = None
        if draw % 3 == 0:
            T, tau2 = draws.random_coupling(rng, len(lam))
        counts = [Fraction(int(x)) for x in rng.integers(1, 9, len(lam))]
        decay = Fraction(1, 50) if draw % 2 else 0
        known = ExactNoise(lam, tau1, tau2, T, None if T else counts, decay)
        algorithm = Algorithm(*alg)
        s = known.summands(ExactMethod(*alg))
        for size in (0.05, 1, 40):
            question = asked(algorithm, known, size, None if T else counts)
            found = question.find()
            assert found.reason is expected(s, known, inverse_of(size))
            seen.add(found.reason)
            if found.reason in (Reason.STABLE, Reason.NOISE_SUM):
                low, high = found.noise_sum
                assert high - low <= 1e-8 * high
                if T is None and s is not None:
                    total: Any = known.noise_sum(s, inverse_of(size))
                    assert fmpq(*low.as_integer_ratio()) <= total <= fmpq(*high.as_integer_ratio())
                    assert question.output_noise_sum() == pytest.approx(
                        _at_w(alg, known, s, size), rel=1e-6
                    )
            elif found.reason is Reason.MODE_NOISE and s is not None:
                assert found.eigenvalue == next(
                    i for i, x in enumerate(s) if 1 + known.own[i] * x * inverse_of(size) <= 0
                )
            else:
                assert found.noise_sum == (math.inf, math.inf)
                assert found.eigenvalue is not None
                mode = ExactMethod(*alg).summand(
                    fmpq(*lam[found.eigenvalue].as_integer_ratio()), fmpq(*decay.as_integer_ratio())
                )
                assert mode is None
    assert seen == {Reason.STABLE, Reason.NOISELESS, Reason.NOISE_SUM, Reason.MODE_NOISE}


def _at_w(alg: naive.Raw, known: ExactNoise, s: list[Any], size: Any) -> float:
    """Return the noise sum seen at w, from responses of the state matrix in floats."""
    inverse, total = float(1 / Fraction(size)), 0.0
    for lam, tau2, x, count in zip(known.eigenvalues, known.own, s, known.weights, strict=True):
        curvature = float(lam) + float(known.weight_decay)
        S = np.array(naive.state_matrix(naive.mapped(alg, float), curvature), float)
        v = np.array([-alg.alpha, *alg.c], float)
        n = len(S)
        moments = np.linalg.solve(np.eye(n * n) - np.kron(S, S), np.kron(v, v))
        room = 1 + float(Fraction(int(tau2.p), int(tau2.q))) * _float(x) * inverse
        total += _float(count) * float(lam) ** 2 * moments[0] / room
    return float(known.tau1) * inverse * total


def _float(x: Any) -> float:
    return float(Fraction(int(x.p), int(x.q)))


def listed(lam: list[Any], tau1: Any = 1, tau2: Any = 0, size: Any = 1) -> ExactList:
    """Return SGD with the rate 1/2, so that s = lam / (4 - lam), on eigenvalues."""
    return asked(HALF, ExactNoise(lam, tau1, tau2), size)


def test_the_boundary_of_the_noise_sum() -> None:
    sizes = Fraction(1, 3) + Fraction(1, 2), Fraction(10)
    for size, gap in product(sizes, (Fraction(1, 10**30), Fraction(1, 2**3000), Fraction(0))):
        tau1 = 1 / (sum(x / (4 - x) for x in (Fraction(1), Fraction(1, 3))) / size)
        for sign in (-1, 1):
            found = listed([1, Fraction(1, 3)], tau1 * (1 + sign * gap), size=size).find()
            if not gap:
                assert (found.reason, found.noise_sum, found.bits) == (
                    Reason.BOUNDARY, (1.0, 1.0), None
                )  # fmt: skip
                continue
            assert found.reason is (Reason.STABLE if sign < 0 else Reason.NOISE_SUM)
            low, high = found.noise_sum
            assert 1 - 1e-15 < low < 1 < high < 1 + 1e-15
            assert found.bits is not None
            shares = [x / (4 - x) for x in (Fraction(1), Fraction(1, 3))]
            _decides_when_rounded(found.bits, tau1 * (1 + sign * gap) / size, shares, sign)
            assert found.bits < 40 + gap.denominator.bit_length()


def _decides_when_rounded(bits: int, feed: Fraction, shares: list[Fraction], sign: int) -> None:
    """Check that shares rounded down, or up by as much, leave the sum on its side."""
    low = Fraction(sum((share * 2**bits).__floor__() for share in shares), 2**bits)
    assert (feed * low > 1) == (sign > 0)
    assert (feed * (low + Fraction(len(shares), 2**bits)) < 1) == (sign < 0)


@pytest.mark.parametrize("feed", [Fraction(1, 2**70), Fraction(1), Fraction(2) ** 90])
def test_bits_suffice_and_are_few(feed: Fraction) -> None:
    """Of many modes, and much or little noise: s = lam / (4 - lam) = share."""
    for number in (1, 40):
        shares = [Fraction(k + 1) for k in range(number)]
        whole = feed * sum(shares)
        shares = [share / whole for share in shares]
        for gap in (Fraction(1, 2**60), Fraction(1, 3)):
            for sign in (-1, 1):
                some = [share * (1 + sign * gap) for share in shares]
                found = listed([4 * s / (1 + s) for s in some], feed).find()
                assert found.reason is (Reason.STABLE if sign < 0 else Reason.NOISE_SUM)
                assert found.bits is not None
                _decides_when_rounded(found.bits, feed, some, sign)
                assert feed * number / gap < 2 ** (found.bits - 30)  # nine digits of the gap
                assert found.bits <= max(0, int(feed * number / gap).bit_length()) + 34


def test_a_sum_of_short_numbers_that_is_exactly_one() -> None:
    for lam in ([2], [Fraction(4, 3), Fraction(4, 3)]):  # s = lam / (4 - lam)
        assert listed(lam).find().reason is Reason.BOUNDARY


def test_matrices_of_the_noise() -> None:
    """s = lam / (4 - lam); T / B times s / (1 + tau2 s / B), times multiplicities."""
    two = listed([1, 2], tau1=5, tau2=-1, size=2)
    assert two.coupling == [[5, 5], [5, 5]]
    assert two.damping == [Fraction(-1, 2)] * 2
    blocks = Noise.coupled([[[2]], [[3, 1], [0, 4]]], [-1, 0, -2]).at(2)
    lam = [Fraction(1), Fraction(2), Fraction(3)]
    asked_of = ExactList(HALF, lam, [Fraction(x) for x in (1, 2, 5)], blocks, Fraction(0))
    assert asked_of.coupling == [[2, 0, 0], [0, 3, 1], [0, 0, 4]]
    assert asked_of.damping == [Fraction(-1, 2), 0, -1]
    shares = [Fraction(1, 3) / (1 - Fraction(1, 6)), Fraction(1), Fraction(3) / (1 - 3)]
    expected_rows = [
        [Fraction(1, 2) * share * t * count for t, count in zip(row, (1, 2, 5), strict=True)]
        for share, row in zip(shares, asked_of.coupling, strict=True)
    ]
    found = [[Fraction(int(x.p), int(x.q)) for x in row] for row in asked_of.matrix()]
    assert found == expected_rows


def test_closer_than_any_bits_it_is_decided_exactly() -> None:
    gap = Fraction(1, 2**9000)
    for sign, reason in ((-1, Reason.STABLE), (1, Reason.NOISE_SUM)):
        found = listed([1], 3 * (1 + sign * gap)).find()
        assert (found.reason, found.bits) == (reason, None)
        assert 1 - 1e-15 < found.noise_sum[0] < 1 < found.noise_sum[1] < 1 + 1e-15


def test_the_boundary_of_a_mode() -> None:
    assert listed([Fraction(1, 2), 1], tau2=-3).find().reason is Reason.MODE_NOISE  # 1 - 3/3 = 0
    assert listed([Fraction(1, 2), 1], tau2=-3).find().eigenvalue == 1
    near = listed([1], tau2=-3 + Fraction(1, 10**40)).find()
    assert near.reason is Reason.NOISE_SUM
    assert listed([1], tau1=0, tau2=-3 + Fraction(1, 10**40)).find().reason is Reason.STABLE
    assert listed([1], size=math.inf).find().noise_sum == (0, 0)


def test_roots_on_the_circle() -> None:
    for lam, circles in (([1, 4], [[1], [1, 1]]), ([4, 1], [[1, 1], [1]])):
        found = listed(lam).find()
        assert (found.reason, found.eigenvalue) == (Reason.BOUNDARY, lam.index(4))
        assert found.circles is not None
        assert [[int(x) for x in factor] for factor in found.circles] == circles
    assert listed([4, 5]).find().reason is Reason.NOISELESS
    assert listed([1, 5, 6]).find().eigenvalue == 2  # the largest one is looked at first
    decayed = asked(HALF, ExactNoise([3], weight_decay=1), 1)
    assert decayed.find().reason is Reason.BOUNDARY
    assert asked(HALF, ExactNoise([2], weight_decay=1), 1).find().reason is not Reason.BOUNDARY
    still = Algorithm(1, [1], [1], [[0]])  # (x - 1) (x + lam)
    assert asked(still, ExactNoise([Fraction(1, 2)]), 1).circles() == [[1, -1]]
    turning = heavy_ball(1, 1)  # the roots of x^2 - x + 1
    assert asked(turning, ExactNoise([1]), 1).circles() == [[1, -1, 1]]


@pytest.mark.parametrize(
    ("polynomial", "circle"),
    [
        ((X - 1) * (2 * X - 1), X - 1),
        ((X + 1) ** 2 * (X - 1) * (3 * X + 1), (X + 1) * (X - 1)),
        (5 * X**2 - 6 * X + 5, 5 * X**2 - 6 * X + 5),  # (3 + 4i) / 5
        (X * (2 * X - 1), X**0),
        ((X - 2) * (2 * X - 1), None),
        ((X - 2) * (X - 1), None),
        ((2 * X + 3) * X**2, None),
        ((5 * X**2 - 6 * X + 5) ** 2 * (X**2 + 1), (5 * X**2 - 6 * X + 5) * (X**2 + 1)),
        ((X**2 + X + 1) * (X - 2) * (2 * X - 1), None),
    ],
)
def test_circle_factors(polynomial: Any, circle: Any) -> None:
    for sign in (1, -1):
        found = circle_factor(sign * polynomial)
        if circle is None:
            assert found is None
        else:
            assert found * circle[circle.degree()] == circle * found[found.degree()]


def test_schur_polynomials() -> None:
    for polynomial, answer in (
        (2 * X - 1, True), (X - 1, False), (X + 1, False), (X * 0 + 3, True), (X - 3, False),
        (X**3, True), (1 - 2 * X**2, True), (X**2 + X + 1, False), (8 * X**3 - 1, True),
        (X / 4 - fmpq(1, 8), True), (X**2 / 9, True), (-(X**2) / 9, True), (X / 8 - 1, False),
        ((2 * X - 1) * (X + 2), False), (-((3 * X + 2) ** 3), True), (X + 3, False),
        ((3 * X - 2) ** 30 * (2 * X**10 - 1), True), ((3 * X - 2) ** 30 * (X**10 - 2), False),
    ):  # fmt: skip
        assert is_schur_polynomial(polynomial) is answer


def test_sums_in_pairs() -> None:
    for size in range(1, 10):
        assert summed(Fraction(1, k) for k in range(1, size + 1)) == sum(
            Fraction(1, k) for k in range(1, size + 1)
        )
    assert summed(["a", "b", "c"], lambda x, y: f"({x}{y})") == "((ab)c)"


def test_coupled_noise_at_its_boundary() -> None:
    """T = ratio u v^T has the radius ratio sum u v s / (B + tau2 s)."""
    u, v = [Fraction(x) for x in (1, 2, 5)], [Fraction(1, 2), Fraction(3), Fraction(1)]
    lam: list[Any] = [Fraction(1), Fraction(1, 3), Fraction(2, 7)]
    s = [x / (4 - x) for x in lam]
    total = sum(x * y * z for x, y, z in zip(u, v, s, strict=True)) / 2
    for gap in (Fraction(0), Fraction(1, 10**40), Fraction(1, 2**700), Fraction(1, 10)):
        for sign in (-1, 1):
            ratio = (1 + sign * gap) / total
            T = [[ratio * x * y for y in v] for x in u]
            found = asked(HALF, ExactNoise(lam, T=T), 2).find().reason
            verdict = stability(HALF, noisy(Spectrum(lam), coupling=T), 2)
            assert found is verdict.reason
            if not gap:
                assert verdict.reason is Reason.BOUNDARY
                assert "the noise radius is exactly 1" in verdict.explanation
                continue
            assert verdict.reason is (Reason.STABLE if sign < 0 else Reason.NOISE_SUM)
            low, high = verdict.noise_sum_interval
            assert low <= 1 + sign * gap <= high
            assert high - low < 1e-12
            assert (high <= 1) if sign < 0 else (low >= 1)


def test_sides_of_one() -> None:
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(60):
        size = int(rng.integers(1, 5))
        A = rng.integers(0, 3, (size, size)) * (rng.random((size, size)) < 0.6)
        radius = fmpq_mat(A.tolist()).charpoly()
        largest = float(np.abs(np.linalg.eigvals(A)).max())
        for scale in (Fraction(1), Fraction(round(1000 * largest) or 1, 1000)):
            N = [[fmpq(int(x)) * scale.denominator / scale.numerator for x in row] for row in A]
            sign, (low, high) = side_of_one(N)
            exactly = radius(fmpq(scale.numerator, scale.denominator)) == 0
            near = abs(largest / float(scale) - 1) < 1e-6
            assert sign == (0 if near and exactly else np.sign(largest / float(scale) - 1))
            assert low - 1e-12 <= largest / float(scale) <= high + 1e-6
            seen.add(sign)
    assert seen == {-1, 0, 1}


def test_batches_of_algorithms_are_decided_exactly_too() -> None:
    """So are maps, which ask about what machine code leaves open."""
    tiny = Fraction(1, 10**30)
    for problem in (Problem(Spectrum([1])), Problem(Spectrum([1]), Noise.coupled([[1]]))):
        for size, stable in ((0, 0), (tiny, 1), (-tiny, 0)):
            noise = problem.noise.at(Fraction(1, 3) + size)
            assert judge_jointly([HALF, sgd("1/4")], problem, noise).stable.tolist() == [stable, 1]
    damped = Problem(Spectrum([1]), Noise(0, -1))  # 1 + tau2 s / B = 1 - 1 / (3 B)
    for size, stable in ((0, 0), (tiny, 1), (-tiny, 0)):
        noise = damped.noise.at(Fraction(1, 3) + size)
        assert judge_jointly([HALF], damped, noise).stable.tolist() == [stable]
