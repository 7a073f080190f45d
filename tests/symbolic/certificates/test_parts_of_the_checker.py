"""Parts of the checker, each against something that shares nothing with it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.symbolic.certificates.coupled import _require_kept
from sgdmem.symbolic.certificates.law_modes import PowerLawModes
from sgdmem.symbolic.certificates.listed_modes import ListedModes, ListedNoise
from sgdmem.symbolic.certificates.modes import (
    Mode,
    Step,
    _Range,
    is_schur,
    square_integral,
    transfer_polynomials,
)
from sgdmem.symbolic.certificates.noise_sums import _common_factor
from sgdmem.symbolic.certificates.periods import (
    Period,
    _after,
    is_positive_definite,
    is_semidefinite,
)
from sgdmem.symbolic.certificates.positivity import _bernstein, _halves, is_positive
from sgdmem.symbolic.certificates.power_laws import _sum
from sgdmem.symbolic.certificates.sampled_steps import SampledStep, moved
from sgdmem.symbolic.errors import ProofError

NUMBERS = st.fractions(-2, 2, max_denominator=40)


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_schur_test_agrees_with_roots(coefficients: list[Fraction]) -> None:
    A = [Fraction(1), *coefficients]
    radius = np.abs(np.roots([float(x) for x in A])).max(initial=0.0)
    if abs(radius - 1) > 1e-6:
        for factor in (1, 3, Fraction(-1, 3)):
            assert is_schur([factor * x for x in A]) is bool(radius < 1)


@given(st.lists(NUMBERS, min_size=2, max_size=5), st.lists(NUMBERS, min_size=2, max_size=5))
def test_integral_is_the_sum_of_squares(inner: list[Fraction], B: list[Fraction]) -> None:
    size = min(len(inner), len(B))
    A = [Fraction(1), *(x / 5 for x in inner[: size - 1])]  # small: strictly Schur
    response, past = [], [0.0] * size
    for t in range(400):
        value = float(B[t]) if t < size else 0.0
        value -= sum(float(a) * y for a, y in zip(A[1:], past, strict=False))
        past = [value, *past[:-1]]
        response.append(value)
    found = square_integral(A, B[:size])
    if found is not None:
        assert float(found) == pytest.approx(sum(x * x for x in response), rel=1e-9, abs=1e-12)


@given(st.lists(NUMBERS, min_size=15, max_size=15), NUMBERS)
def test_polynomials_are_those_of_the_state(entries: list[Fraction], lam: Fraction) -> None:
    S = [entries[3 * i : 3 * i + 3] for i in range(3)]
    v, r = entries[9:12], entries[12:]
    P, Q = transfer_polynomials(S, v, r)
    moved = np.array(S, float) + float(lam) * np.outer(np.array(v, float), np.array(r, float))
    chi = [float(x) for x in Mode(P, Q).characteristic(lam)]
    assert chi == pytest.approx(np.poly(moved), rel=1e-8, abs=1e-8)


@given(st.lists(st.fractions(-50, 50, max_denominator=9), min_size=1, max_size=8))
def test_positive_polynomials(coefficients: list[Fraction]) -> None:
    points = np.linspace(0.25, 2.125, 2001)
    least = np.polynomial.polynomial.polyval(points, [float(x) for x in coefficients]).min()
    if abs(least) > 1e-3:
        assert is_positive(coefficients, Fraction(1, 4), Fraction(17, 8)) is bool(least > 0)


@given(st.lists(NUMBERS, min_size=6, max_size=6))
def test_positive_definite_matrices(entries: list[Fraction]) -> None:
    a, b, c, d, e, f = entries
    X = [[a, b, c], [b, d, e], [c, e, f]]
    least = np.linalg.eigvalsh(np.array(X, float))[0]
    if abs(least) > 1e-9:
        assert is_positive_definite(X) is bool(least > 0)
        assert is_semidefinite(X) is bool(least > 0)


def test_a_mode_that_is_never_schur() -> None:
    heavy_ball = transfer_polynomials(
        [[Fraction(1), Fraction(9, 10)], [Fraction(0), Fraction(9, 10)]],
        [Fraction(-1, 10), Fraction(-1, 10)],
        [Fraction(1), Fraction(0)],
    )
    mode = Mode(*heavy_ball)
    assert mode.is_nowhere_schur(Fraction(39), Fraction(39001, 1000))
    assert not mode.is_nowhere_schur(Fraction(37), Fraction(40))  # stable below 38
    assert not mode.is_nowhere_schur(Fraction(1), Fraction(2))
    for size in (1, 2, 3):  # the root 1 - lam, and others at 0
        zeros = [Fraction(0)] * (size - 1)
        mode = Mode([Fraction(1), Fraction(-1), *zeros], [Fraction(0), Fraction(-1), *zeros])
        for low, high, never in ((2, 2, True), (2, 3, True), (3, 9, True), (0, 0, True),
                                 (1, 2, False), (0, 1, False), (0, 2, False)):  # fmt: skip
            assert mode.is_nowhere_schur(Fraction(low), Fraction(high)) is never


def quarters(rng: np.random.Generator, *shape: int) -> list[Any]:
    """Return a matrix or a vector of fractions, exact as floats too."""
    drawn = rng.integers(-6, 7, shape)
    found: list[Any] = np.vectorize(lambda x: Fraction(int(x), 4), otypes=[object])(drawn).tolist()
    return found


def flint(lines: list[list[Fraction]]) -> Any:
    return fmpq_mat([[fmpq(x.numerator, x.denominator) for x in line] for line in lines])


def floats(values: Any) -> Any:
    return np.vectorize(float, otypes=[float])(np.array(values, object))


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_second_moments_of_samples_are_the_mean_of_each(seed: int, outputs: int) -> None:
    """Batches of a sample, or without any noise, or between these, with a Gram matrix."""
    rng = np.random.default_rng(seed)
    step = Step(quarters(rng, 2, 2), quarters(rng, 2), quarters(rng, 2))
    rows, C, half = quarters(rng, 3 * outputs, 2), quarters(rng, 3, 2), quarters(rng, 4, 4)
    gram = floats(C).T @ floats(C)
    X = [[half[i][j] + half[j][i] for j in range(4)] for i in range(4)]
    decay, share, weights = Fraction(1, 4), Fraction(3, 8), np.array([0.5, 0.125, 0.375])
    sampled = SampledStep(
        step,
        flint(rows),
        outputs,
        [fmpq(1, 2), fmpq(1, 8), fmpq(3, 8)],
        flint(C).transpose() * flint(C),
        fmpq(3, 8),
        fmpq(1, 4),
    )
    free, v, r, y = map(floats, (step.free, step.v, step.r, rows))
    each = [y[s : s + outputs].T @ y[s : s + outputs] @ gram for s in range(0, len(y), outputs)]
    mean = sum(p * A for p, A in zip(weights, each, strict=True))
    *steps, drift = (
        np.kron(free, np.eye(2)) + np.kron(np.outer(v, r), A + float(decay) * np.eye(2))
        for A in (*each, mean)
    )
    alone = sum(p * S @ floats(X) @ S.T for p, S in zip(weights, steps, strict=True))
    expected = float(share) * alone + float(1 - share) * drift @ floats(X) @ drift.T
    found = [[Fraction(int(x.p), int(x.q)) for x in line] for line in
             moved(sampled, flint(X)).tolist()]  # fmt: skip
    assert floats(found) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert sampled.is_schur() is bool(abs(np.linalg.eigvals(drift)).max() < 1)


@pytest.mark.parametrize("coupled", [False, True])
def test_second_moments_of_a_period_are_those_of_its_formula(coupled: bool) -> None:
    rng = np.random.default_rng(3)
    size, lam, counts = 2, [Fraction(3, 4), Fraction(1, 2)], [Fraction(2), Fraction(1, 2)]
    feed: Any = quarters(rng, 2, 2) if coupled else Fraction(5, 4)
    noise = ListedNoise(lam, counts, feed, quarters(rng, 2), Fraction(1, 4))
    steps = [Step(quarters(rng, 2, 2), quarters(rng, 2), quarters(rng, 2)) for _ in range(2)]
    halves = [quarters(rng, size, size) for _ in lam]
    family = [[[X[i][j] + X[j][i] for j in range(size)] for i in range(size)] for X in halves]
    T = floats(feed) * np.ones((2, 2)) * floats(counts)
    expected, eigenvalues = [floats(X) for X in family], floats(lam)
    for step in steps:
        free, v, r = floats(step.free), floats(step.v), floats(step.r)
        read = np.array([r @ X @ r for X in expected])
        fed = eigenvalues * (T @ (eigenvalues * read) - floats(noise.damping) * eigenvalues * read)
        each = [free + (x + 0.25) * np.outer(v, r) for x in eigenvalues]
        expected = [S @ X @ S.T + x * np.outer(v, v)
                    for S, X, x in zip(each, expected, fed, strict=True)]  # fmt: skip
    found = _after(Period(steps, noise), family)
    assert floats(found) == pytest.approx(np.array(expected), rel=1e-12)


def test_intervals_hold_what_their_numbers_give() -> None:
    low, high, turned, negative = (
        _Range(Fraction(x), Fraction(y)) for x, y in ((-1, 2), (3, 4), (-3, 5), (-2, -1))
    )
    assert low.times(turned) == turned.times(low) == _Range(Fraction(-6), Fraction(10))
    assert high.times(negative) == _Range(Fraction(-8), Fraction(-3))
    assert low.minus(high) == _Range(Fraction(-5), Fraction(-1))
    assert low.over(high) == _Range(Fraction(-1, 3), Fraction(2, 3))


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_halves_of_an_interval_have_the_coefficients_of_each(polynomial: list[Fraction]) -> None:
    low, high = Fraction(-1, 3), Fraction(5, 3)
    middle = (low + high) / 2
    halves = _halves(_bernstein(polynomial, low, high))
    for found, ends in zip(halves, ((low, middle), (middle, high)), strict=True):
        expected = _bernstein(polynomial, *ends)
        top = max(range(len(expected)), key=lambda k: abs(expected[k]))  # each up to a factor
        assert [x * expected[top] for x in found] == [x * found[top] for x in expected]
        assert found[top] * expected[top] >= 0


def test_sums_of_constants_have_no_room() -> None:
    mode = Mode([Fraction(1), Fraction(-1)], [Fraction(0), Fraction(-1, 2)])
    law = PowerLawModes(mode, Fraction(3), Fraction(2), 9, Fraction(1), Fraction(0))
    assert _sum(law, [Fraction(1, 4)], 3, 9, 8) == (Fraction(7, 4), Fraction(7, 4))
    assert Fraction(3, 81) - Fraction(1, 2**60) < law.least < Fraction(3, 81)
    low, high = _sum(law, [Fraction(-5), Fraction(0), Fraction(2)], 1, 3, 64)
    assert low < -15 + 18 * (1 + Fraction(1, 2**4) + Fraction(1, 3**4)) < high
    assert high - low < Fraction(1, 2**54)


def test_common_factors_of_polynomials() -> None:
    for m, n, common in ((4, 3, 1), (6, 4, 2), (7, 1, 1), (9, 6, 3), (5, 10, 5)):
        A, B = ([Fraction(1), *[Fraction(0)] * (k - 1), Fraction(-1)] for k in (m, n))  # x^k - 1
        found = _common_factor(A, B)
        assert [x / found[0] for x in found] == [1, *[0] * (common - 1), -1]


@pytest.mark.parametrize("members", [[1], [2, 0], [3, 0, 2], [1, 3, 0, 2]])
def test_a_vector_that_a_set_keeps_is_found(members: list[int]) -> None:
    rng = np.random.default_rng(len(members))
    mode = Mode([Fraction(1), Fraction(-1)], [Fraction(0), Fraction(-1)])
    counts, damped = [Fraction(1), Fraction(2), Fraction(1, 3), Fraction(5)], [Fraction(1, 7)] * 4
    feed = [[abs(x) for x in line] for line in quarters(rng, 4, 4)]
    x = [1 + Fraction(k, 3) for k in (*range(1, len(members)), 0)]

    def keeps(vector: list[Fraction], change: Fraction = Fraction(0), row: int = 0) -> None:
        """Feed the first of the set so that N keeps a vector, and one entry more."""
        T = [list(line) for line in feed]
        for i, value in zip(members, vector, strict=True):
            others = sum(T[i][j] * counts[j] * y for j, y in zip(members, vector, strict=True))
            T[i][i] += (value / damped[i] - others) / (counts[i] * (value or 1))
        T[row][members[-1]] += change
        noise = ListedNoise([Fraction(1)] * 4, counts, T, [Fraction(0)] * 4, Fraction(0))
        _require_kept(ListedModes(mode, noise), damped, members)

    keeps(x)
    for row in range(4):
        if row in members:
            with pytest.raises(ProofError, match="in the set of zeros"):
                keeps(x, Fraction(1, 10**9), row)
        else:
            keeps(x, Fraction(1), row)
    if len(members) > 1:
        for fed in (range(4), members[-1:]):  # all keep themselves, or the last alone
            T = [[Fraction(7 * (i == j) * (i in fed)) / counts[j] for j in range(4)]
                 for i in range(4)]  # fmt: skip
            noise = ListedNoise([Fraction(1)] * 4, counts, T, [Fraction(0)] * 4, Fraction(0))
            with pytest.raises(ProofError, match="in the set of zeros"):
                _require_kept(ListedModes(mode, noise), damped, members)
        for wrong in (Fraction(0), Fraction(-1)):
            with pytest.raises(ProofError, match="in the set of zeros"):
                keeps([wrong, *x[1:]])
