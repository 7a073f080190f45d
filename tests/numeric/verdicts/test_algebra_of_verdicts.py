"""What verdicts do not depend on, and how they depend on the rest: exactly, by `certify`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, stability
from sgdmem.symbolic.certificates.modes import Mode
from tests.naive import Raw
from tests.strategies import EIGENVALUES, ENTRIES, raw_algorithms

SPECTRA = st.lists(EIGENVALUES, min_size=1, max_size=4)
SIZES = st.fractions("1/4", 50, max_denominator=8)
TAU2 = st.fractions(-2, 1, max_denominator=4)


def damped(raw: Raw) -> Algorithm:
    """A method of which some draws are stable: small entries, and a step that descends."""
    alpha, b, c, D, a = raw
    calm = [[x / 5 for x in row] for row in D]
    return Algorithm(abs(alpha) / 4, b, [x / 8 for x in c], calm, [x / 2 for x in a])


METHODS = raw_algorithms(least=0, most=3).map(damped)


def asked(method: Algorithm, spectrum: Sequence[Any], size: Any, tau2: Any = 0) -> str:
    """Return the claim of the proof; the verdict must not say the contrary."""
    problem = Problem(Spectrum(spectrum), Noise(tau2=tau2))
    claim = certify(method, problem, size).claim
    told = stability(method, problem, size).stable
    assert told is None or told is (claim == "stable")
    return claim


@given(METHODS, SPECTRA, SIZES, TAU2, st.data())
def test_coordinates_of_the_memory_do_not_matter(
    method: Algorithm, lam: list[Fraction], size: Fraction, tau2: Fraction, data: st.DataObject
) -> None:
    M = method.memory
    assume(M > 0)
    i, j = data.draw(st.integers(0, M - 1)), data.draw(st.integers(0, M - 1))
    factor, added = data.draw(st.fractions("1/3", 3, max_denominator=5)), data.draw(ENTRIES)
    # u_i becomes factor u_i + added u_j
    T = [[Fraction(x == y) for y in range(M)] for x in range(M)]
    T[i][i] = factor
    if i != j:
        T[i][j] = added
    inverse = [[Fraction(x == y) for y in range(M)] for x in range(M)]
    inverse[i][i] = 1 / factor
    if i != j:
        inverse[i][j] = -added / factor
    moved = Algorithm(
        method.alpha,
        _row(method.b, inverse),
        [_dot(line, method.c) for line in T],
        [_row(line, inverse) for line in [_row(line, method.D) for line in T]],
        _row(method.a, inverse),
    )
    assert asked(moved, lam, size, tau2) == asked(method, lam, size, tau2)


def _dot(x: Sequence[Any], y: Sequence[Any]) -> Any:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def _row(x: Sequence[Any], matrix: Sequence[Sequence[Any]]) -> list[Any]:
    return [_dot(x, column) for column in zip(*matrix, strict=True)]


@given(METHODS, SPECTRA, SIZES, TAU2)
def test_only_the_recurrence_matters(
    method: Algorithm, lam: list[Fraction], size: Fraction, tau2: Fraction
) -> None:
    """A method with a != 0 has the verdict of the one with a = 0 and the same P and Q."""
    _, P, Q, _ = method.polynomials
    plain = Algorithm.from_recurrence([-x for x in P[:-1]], Q)
    assert asked(plain, lam, size, tau2) == asked(method, lam, size, tau2)
    again = Algorithm.from_recurrence(*plain.to_recurrence())
    assert asked(again, lam, size, tau2) == asked(plain, lam, size, tau2)


@given(METHODS, SPECTRA, SIZES, TAU2, st.randoms(use_true_random=False))
def test_units_order_and_copies_do_not_matter(
    method: Algorithm, lam: list[Fraction], size: Fraction, tau2: Fraction, random: Any
) -> None:
    claim = asked(method, lam, size, tau2)
    assert asked(method.scaled(Fraction(3, 7)), [x * 7 / 3 for x in lam], size, tau2) == claim
    shuffled = random.sample(lam, len(lam))
    assert asked(method, shuffled, size, tau2) == claim
    twice = Problem(Spectrum(lam, weights=[2] * len(lam)), Noise(tau2=tau2))
    assert certify(method, twice, size).claim == asked(method, [*lam, *lam], size, tau2)


@given(METHODS, SPECTRA, SIZES, TAU2, st.fractions("1/10", 10, max_denominator=10))
def test_larger_batches_and_fewer_modes_keep_stability(
    method: Algorithm, lam: list[Fraction], size: Fraction, tau2: Fraction, more: Fraction
) -> None:
    if asked(method, lam, size, tau2) == "stable":
        assert asked(method, lam, size + more, tau2) == "stable"
        assert asked(method, lam, math.inf) == "stable"
        if len(lam) > 1:
            assert asked(method, lam[1:], size, tau2) == "stable"
        less_noise = Problem(Spectrum(lam), Noise(tau1=Fraction(9, 10), tau2=min(tau2, 0)))
        assert tau2 > 0 or certify(method, less_noise, size).claim == "stable"


@given(METHODS, SPECTRA)
def test_very_large_batches_are_full_ones(method: Algorithm, lam: list[Fraction]) -> None:
    full = asked(method, lam, math.inf)
    large = asked(method, lam, 10**60)
    assert large == ("unstable" if full == "boundary" else full) or full == "boundary"


@given(METHODS, SPECTRA)
def test_the_critical_batch_size_is_on_the_boundary(method: Algorithm, lam: list[Fraction]) -> None:
    """With tau2 = 0 the noise sum times the batch size is the critical one, exactly."""
    assume(asked(method, lam, math.inf) == "stable")
    P, Q = (list(reversed(x)) for x in method.polynomials[1:3])
    mode = Mode(P, [Fraction(0)] * (len(P) - len(Q)) + Q)
    critical = sum((mode.summand(x) or 0 for x in lam), Fraction(0))
    assume(Fraction(1, 10**6) < critical < 10**6)
    assert asked(method, lam, critical) == "boundary"
    tiny = critical / 10**40
    assert asked(method, lam, critical + tiny) == "stable"
    assert asked(method, lam, critical - tiny) == "unstable"
