"""Rational questions exactly on the boundary of stability, by construction: all are decided."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from flint import fmpq, fmpq_mat

from sgdmem import Algorithm, Noise, Problem, Spectrum, certify, sgd
from sgdmem.errors import ProofError
from sgdmem.numeric.judges.reason import Reason
from sgdmem.proofs import check_proof

ANGLES = [Fraction(3, 5), Fraction(-4, 5), Fraction(5, 13), Fraction(0), Fraction(1, 2)]
TINY = Fraction(1, 10**25)


def some(rng: random.Random, low: int, high: int, parts: int = 12) -> Fraction:
    return Fraction(rng.randint(low * parts, high * parts), parts)


def stable_method(rng: random.Random) -> tuple[Algorithm, list[Fraction]]:
    """Return a method like a mixture of heavy balls, and eigenvalues where it may be stable."""
    memory = rng.randint(0, 3)
    D = [[some(rng, 0, 1) / 2 if i == j else Fraction(0) for j in range(memory)]
         for i in range(memory)]  # fmt: skip
    b = [-some(rng, 0, 1) / 8 for _ in range(memory)]
    a = [some(rng, -1, 1) / 9 for _ in range(memory)] if rng.random() < 0.4 else [0] * memory
    method = Algorithm(some(rng, 1, 2) / 4, b, [Fraction(1)] * memory, D, a)
    return method, [some(rng, 1, 3) / 3 for _ in range(rng.randint(1, 4))]


def summand(method: Algorithm, lam: Fraction) -> Fraction:
    """Return lambda^2 times the sum of squared responses, by the discrete Lyapunov equation."""
    alpha, b, c, D, a, _ = method.blocks
    size = len(b) + 1
    v, r = [-alpha, *c], [Fraction(1), *a]
    free = [[Fraction(1), *b], *([Fraction(0), *line] for line in D)]
    S = [[free[i][j] + lam * v[i] * r[j] for j in range(size)] for i in range(size)]
    whole = fmpq_mat(size * size, size * size, [
        fmpq(int((i, k) == (j, m))) - number(S[i][j] * S[k][m])
        for i in range(size) for k in range(size) for j in range(size) for m in range(size)
    ])  # fmt: skip
    right = fmpq_mat(size * size, 1, [number(x * y) for x in v for y in v])
    Y = whole.solve(right)
    found = sum(number(r[i] * r[k]) * Y[i * size + k, 0] for i in range(size) for k in range(size))
    return lam * lam * Fraction(int(found.p), int(found.q))


def number(x: Any) -> Any:
    return fmpq(*Fraction(x).as_integer_ratio())


def times(*factors: Sequence[Fraction]) -> list[Fraction]:
    """Return the product of polynomials, lowest power first."""
    whole = [Fraction(1)]
    for factor in factors:
        found = [Fraction(0)] * (len(whole) + len(factor) - 1)
        for i, x in enumerate(whole):
            for j, y in enumerate(factor):
                found[i + j] += x * y
        whole = found
    return whole


def method_with_roots(rng: random.Random, chi: list[Fraction], lam: Fraction) -> Algorithm:
    """Return a method for which P - lambda Q is a given polynomial."""
    Q = [some(rng, -2, 2) for _ in chi[:-1]]
    Q[0] += -sum(chi) / lam - sum(Q)  # P(1) = 0
    P = [x + lam * q for x, q in zip(chi, [*Q, Fraction(0)], strict=True)]
    return Algorithm.from_recurrence([-x for x in P[:-1]], Q)


def decided(count: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        critical_batches(rng)
        critical_couplings(rng)
        roots_on_the_circle(rng)


def critical_batches(rng: random.Random) -> None:
    method, lam = stable_method(rng)
    weights = [rng.randint(1, 3) for _ in lam]
    if certify(method, lam).claim != "stable":
        return
    s = [summand(method, x) for x in lam]
    size = sum(x * weight for x, weight in zip(s, weights, strict=True))
    problem = Problem(Spectrum(lam, weights))
    claims = [certify(method, problem, B).claim for B in (size, size + TINY, size - TINY)]
    assert claims == ["boundary", "stable", "unstable"]
    assert certify([method, method], problem, size).claim in ("boundary", "unstable")
    if len(lam) == 1:  # with tau2: s (m - tau2) = B
        tau2 = some(rng, -2, 1, 13) - Fraction(1, 26)  # never 1
        alone = Problem(Spectrum(lam, weights), Noise(1, tau2))
        assert certify(method, alone, s[0] * (weights[0] - tau2)).claim == "boundary"


def critical_couplings(rng: random.Random) -> None:
    method, lam = stable_method(rng)
    if certify(method, lam).claim != "stable":
        return
    size = len(lam)
    s = [summand(method, x) for x in lam]
    T = [[some(rng, 0, 2) if rng.random() < 0.6 else Fraction(0) for _ in lam] for _ in lam]
    v = [some(rng, 1, 3) for _ in lam]
    for i in range(size):
        T[i][i] += Fraction(1, 5)
        row = s[i] * sum((T[i][j] * v[j] for j in range(size)), Fraction(0))
        T[i] = [x * v[i] / row for x in T[i]]  # N v = v at B = 1
    for B, claim in ((1, "boundary"), (1 + TINY, "stable"), (1 - TINY, "unstable")):
        assert certify(method, Problem(Spectrum(lam), Noise.coupled(T)), B).claim == claim


def roots_on_the_circle(rng: random.Random) -> None:
    lam = some(rng, 1, 3)
    factors = [[Fraction(1), -2 * rng.choice(ANGLES), Fraction(1)]
               for _ in range(rng.randint(1, 2))]  # fmt: skip
    if rng.random() < 0.4:
        factors.append([Fraction(1), Fraction(1)])
    if rng.random() < 0.3:
        factors.append(factors[0])  # double roots
    factors += [[-some(rng, -1, 1) / 2, Fraction(1)] for _ in range(rng.randint(0, 2))]
    method = method_with_roots(rng, times(*factors), lam)
    for B in ("inf", 3):
        assert certify(method, Problem(Spectrum([lam, lam])), B).reason is Reason.BOUNDARY
        assert certify([method, method], [lam], B).claim in ("boundary", "unstable")


def test_many_modes_of_very_different_noise_on_the_boundary() -> None:
    """N v = v for a v of 160 decades; then other sets of modes get their noise from these."""
    rng, size = random.Random(1), 24
    v = [some(rng, 1, 3) * Fraction(10) ** rng.randint(-80, 80) for _ in range(size)]
    T = [[some(rng, 1, 3) for _ in v] for _ in v]
    for i, line in enumerate(T):  # s = 1/3
        row = sum((x * y for x, y in zip(line, v, strict=True)), Fraction(0)) / 3
        T[i] = [x * v[i] / row for x in line]
    for more in ("0", "1"):
        for B, claim in ((1, "boundary"), (1 + TINY, "stable"), (1 - TINY, "unstable")):
            problem = Problem(Spectrum([1] * len(T)), Noise.coupled(T))
            assert certify(sgd("1/2"), problem, B).claim == claim
        T = [[*line, Fraction(0)] for line in T] + [[Fraction(1)] * size + [Fraction(more)]]


@pytest.mark.parametrize("twice", [[1, 0, 1], [1, 1]])
def test_roots_on_the_circle_hide_none_outside(twice: list[int]) -> None:
    """Some of them twice: the factor that leaves them once must be taken out twice."""
    rng, squares = random.Random(0), [[Fraction(x) for x in twice]] * 2
    others = [Fraction(1), Fraction(-6, 5), Fraction(1)]
    for root, claim in ((Fraction(1, 2), "boundary"), (Fraction(2), "unstable")):
        chi = times(*squares, others, [-root, Fraction(1)])
        proof = certify(method_with_roots(rng, chi, Fraction(1)), [1])
        assert proof.claim == claim
    factor = [str(x) for x in times(squares[0], others)]
    record = {**proof.record, "claim": "boundary"}
    with pytest.raises(ProofError, match="other roots at the first eigenvalue, 1, lie inside"):
        check_proof({**record, "witness": {"by": "noiseless", "on_circle": [factor]}})


def test_questions_on_the_boundary_are_decided() -> None:
    decided(4, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
def test_many_questions_on_the_boundary_are_decided(seed: int) -> None:
    decided(150, seed)
