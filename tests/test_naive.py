"""The oracles of tests/naive.py, each against another one that shares no step with it."""

from __future__ import annotations

import functools
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from tests import draws, naive
from tests.naive import Raw

KINDS = pytest.mark.parametrize("kind", draws.KINDS)
SGD = Raw(Fraction(1, 2), [], [], [], [])
NESTEROV = Raw(0.05, [0.9], [-0.05], [[0.9]], [0.9])


def mpf(x: naive.Number) -> Any:
    return mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator


def as_float(matrix: Any) -> naive.Array:
    return np.array(matrix, float)


@KINDS
@pytest.mark.parametrize("memory", range(6))
def test_characteristic_polynomial(kind: str, memory: int, rng: np.random.Generator) -> None:
    alg = naive.mapped(draws.random_algorithm(rng, memory, kind), Fraction)
    P, Q = naive.P_and_Q(alg)
    lam = Fraction(int(rng.integers(1, 100)), 7)
    chi = naive.characteristic_polynomial(alg, lam)
    assert chi == [p - lam * q for p, q in zip(P, [*Q, Fraction(0)], strict=True)]
    assert P[-1] == 1 and sum(P) == 0  # monic, P(1) = 0
    # Cayley and Hamilton
    S = np.array(naive.state_matrix(alg, lam), object)
    total = np.zeros_like(S)
    for coefficient in reversed(chi):
        total = total @ S + coefficient * np.eye(memory + 1, dtype=int)
    assert not total.any()


@KINDS
def test_schur_against_the_roots(kind: str, rng: np.random.Generator) -> None:
    decided = Counter[bool]()
    for memory in [0, 1, 2, 3, 4, 5] * 5:
        alg = naive.mapped(draws.random_algorithm(rng, memory, kind), Fraction)
        lam = Fraction(2 ** int(rng.integers(16)), 2**10)
        roots = np.roots(as_float(naive.characteristic_polynomial(alg, lam))[::-1])
        largest = np.abs(roots).max()
        if abs(largest - 1) > 1e-4:  # clusters of roots are found to few digits only
            assert naive.is_schur(alg, lam) == (largest < 1)
            decided[bool(largest < 1)] += 1
    assert min(decided.values()) >= 3


def test_effective_learning_rate() -> None:
    for momentum in (0, Fraction(9, 10), Fraction(-1, 2)):
        alg = Raw(Fraction(1, 10), [momentum], [-Fraction(1, 10)], [[momentum]], [momentum])
        assert naive.effective_learning_rate(alg) == Fraction(1, 10) / (1 - momentum)
    assert naive.effective_learning_rate(Raw(1, [1], [1], [[1]], [0])) == math.inf


@pytest.mark.slow
@pytest.mark.parametrize("memory", range(6))
def test_lyapunov_against_direct_sums(memory: int, rng: np.random.Generator) -> None:
    done = 0
    while done < 3:
        alg, (lam, *_), *_ = draws.random_problem(rng, memory)
        S = as_float(naive.state_matrix(alg, lam))
        if np.abs(np.linalg.eigvals(S)).max() > 0.99 or np.linalg.norm(S) > 100:
            continue
        done += 1
        exact = naive.impulse_response_sums(alg, lam)
        precise = naive.impulse_response_sums(alg, lam, digits=30)
        v, r = as_float([-alg.alpha, *alg.c]), as_float([1, *alg.a])
        e0 = np.eye(memory + 1)[0]
        direct = np.zeros(4)
        power = np.eye(memory + 1)
        for _ in range(4000):
            direct += np.square([r @ power @ v, e0 @ power @ v, r @ power @ e0, e0 @ power @ e0])
            power = power @ S
        assert as_float(exact) == pytest.approx(direct, rel=1e-7)
        with mpmath.workdps(30):
            for x, y in zip(exact, precise, strict=True):
                assert abs(y - mpf(x)) <= mpf(1e-25) * abs(y)
    with pytest.raises(ValueError, match="diverge"):
        naive.impulse_response_sums(SGD, 5)


@pytest.mark.slow
@pytest.mark.parametrize("memory", range(6))
def test_noise_summand_as_a_fraction(memory: int, rng: np.random.Generator) -> None:
    for kind in ("averaging", "aggmo", "generic")[: 3 if memory < 4 else 1]:
        alg = draws.random_algorithm(rng, memory, kind, "fraction")
        top, bottom = naive.noise_summand_fraction(alg)
        assert len(top) == len(bottom) == memory + 2
        for lam in (Fraction(1, 3), Fraction(1, 50)):
            if naive.is_schur(alg, lam):
                up, down = (sum(x * lam**n for n, x in enumerate(p)) for p in (top, bottom))
                assert naive.noise_summand_exact(alg, lam) * down == up


def test_noise_summand_of_sgd() -> None:
    lam = Fraction(3, 5)  # s = alpha lam / (2 - alpha lam)
    assert naive.noise_summand_exact(SGD, lam) == lam / (4 - lam)
    averaged = Raw(SGD.alpha / 8, [Fraction(1, 8)], [-SGD.alpha * 7 / 8], [[Fraction(7, 8)]], [1])
    assert naive.noise_summand_exact(averaged, lam) == lam / (4 - lam)


@pytest.mark.slow
@KINDS
def test_operator_against_the_recursion(kind: str, rng: np.random.Generator) -> None:
    for _ in range(3):
        alg, eigenvalues, tau1, tau2, _ = draws.random_problem(rng, kind=kind)
        modes, size = len(eigenvalues), len(alg.b) + 1
        coupling, own = draws.random_coupling(rng, modes)
        batch, c2 = float(rng.uniform(0.5, 20)), rng.random(modes).tolist()
        for noise in ((tau1, tau2, None), (0, own, coupling)):
            exactly = functools.partial(naive.second_moment_operator, number=Fraction)
            A = exactly(alg, eigenvalues, batch, *noise)
            rounded = naive.second_moment_operator(alg, eigenvalues, batch, *noise)
            assert rounded == pytest.approx(as_float(A), rel=1e-9, abs=1e-9)
            start = np.zeros((modes, size * (size + 1) // 2), object)
            start[:, 0] = [Fraction(x) for x in c2]
            moments, losses = start.ravel(), []
            lams = np.array([Fraction(lam) for lam in eigenvalues])
            for _ in range(4):
                losses.append(lams @ moments.reshape(modes, -1)[:, 0] / 2)
                moments = A @ moments
            recursion = naive.moment_recursion(alg, eigenvalues, c2, 3, batch, *noise)
            assert recursion == pytest.approx(as_float(losses), rel=1e-6)


@pytest.mark.slow
def test_growth_of_the_losses_is_the_radius(rng: np.random.Generator) -> None:
    grew = Counter[bool]()
    while grew.total() < 14:
        alg, eigenvalues, tau1, tau2, kind = draws.random_problem(rng)
        batch = float(10 ** rng.uniform(-1, 3))
        problem = (batch, tau1, min(tau2, 0))  # tau2 <= 0: the radius is an eigenvalue
        rate = math.log(naive.second_moment_radius(alg, eigenvalues, *problem))
        if kind == "ill_conditioned" or not 0.02 < abs(rate) < 1:
            continue
        steps = int(300 / abs(rate)) if abs(rate) > 0.2 else 1500
        c2 = [1] * len(eigenvalues)
        losses = naive.moment_recursion(alg, eigenvalues, c2, steps, *problem)
        measured = math.log(losses[-1] / losses[steps // 2]) / (steps - steps // 2)
        assert measured == pytest.approx(rate, abs=20 / steps)
        grew[rate > 0] += 1
    assert min(grew.values()) >= 3


@pytest.mark.parametrize(
    "alg",
    [
        Raw(0.3, [], [], [], []),
        NESTEROV,
        Raw(0.1, [0.3, -0.1], [-0.2, 0.1], [[0.5, 0.2], [-0.3, 0.6]], [0.4, 0.2]),
    ],
    ids=["sgd", "nesterov", "memory 2"],
)
def test_monte_carlo_against_the_recursion(alg: Raw, rng: np.random.Generator) -> None:
    eigenvalues, c, steps, batch = [1.0, 0.5, 0.2], [1.0, -2.0, 1.5], 12, 3
    mean, error = naive.monte_carlo_losses(alg, eigenvalues, c, steps, batch, 20_000, rng)
    exact = naive.moment_recursion(alg, eigenvalues, np.square(c).tolist(), steps, batch, 1, -1)
    assert mean[0] == pytest.approx(exact[0], rel=1e-12)
    assert (np.abs(mean - exact)[1:] < 5 * error[1:]).all()
    assert (error[1:] < 0.1 * exact[1:]).all()


def test_radius_of_sgd() -> None:
    # One mode: radius = (1 - alpha lam)^2 + (tau1 - tau2) (alpha lam)^2 / B.
    alg, lam, batch = Raw(0.3, [], [], [], []), 1.7, 3
    step = Fraction(0.3) * Fraction(1.7)
    radius = (1 - step) ** 2 + Fraction(3, 2) * step**2 / batch
    args = (alg, [lam], batch, 1, -0.5)
    assert naive.second_moment_radius(*args) == pytest.approx(float(radius), rel=1e-14)
    low, high = naive.second_moment_radius_bounds(*args)
    assert low <= radius <= high < low + 1e-13
    low, high = naive.second_moment_radius_mp(*args, digits=50)
    with mpmath.workdps(60):
        assert low <= mpf(radius) <= high < low + mpf(10) ** -49


@pytest.mark.slow
def test_bounds_of_the_radius_agree(rng: np.random.Generator) -> None:
    cases, sure = 0, 0
    while cases < 40:
        memory = int(rng.integers(4))
        alg, eigenvalues, tau1, tau2, kind = draws.random_problem(rng, memory)
        args = (alg, eigenvalues[:2], float(10 ** rng.uniform(-1, 3)), tau1, tau2)
        cases += 1
        low, high = naive.second_moment_radius_bounds(*args)
        exactly_low, exactly_high = naive.second_moment_radius_mp(*args, digits=12)
        assert max(low, exactly_low) <= min(high, exactly_high)
        if kind != "ill_conditioned":
            assert exactly_high - exactly_low < 1e-10 * exactly_high
            sure += high - low < 1e-8 * high
    assert sure > 25


def test_a_verdict_at_the_critical_batch_size() -> None:
    alg = Raw(1, [], [], [], [])  # radius 1/B
    assert naive.moments_contract(alg, [1], 1 + 2**-50, 1, 0) is True
    assert naive.moments_contract(alg, [1], 1 - 2**-50, 1, 0) is False
    assert naive.moments_contract(alg, [1], 1, 1, 0) is None
    alg = Raw(Fraction(1, 10), [Fraction(9, 10)], [Fraction(-1, 10)], [[Fraction(9, 10)]], [0])
    critical = sum(naive.noise_summand_exact(alg, lam) for lam in (1, 2, 3))
    shift = critical / 10**20
    assert naive.moments_contract(alg, [1, 2, 3], critical + shift, 1, 0) is True
    assert naive.moments_contract(alg, [1, 2, 3], critical - shift, 1, 0) is False


@pytest.mark.slow
def test_power_law_sum_of_sgd() -> None:
    digits = 40
    top, bottom = [0, Fraction(1, 2)], [2, -Fraction(1, 2)]  # alpha lam / (2 - alpha lam)
    with mpmath.workdps(digits + 10):
        tolerance = mpf(10) ** -digits
        # nu = 2: the partial fractions of the cotangent.
        x = mpmath.sqrt(mpf(3) / 4)
        closed = (1 - mpmath.pi * x * mpmath.cot(mpmath.pi * x)) / 2
        found = naive.power_law_sum_mp((top, bottom), 2, 3, digits)
        assert abs(found - closed) < tolerance
        # Any nu: sum_k sum_j (alpha/2)^j k^(-j nu), summed over k first.
        for nu in (Fraction(101, 100), Fraction(3, 2), 6):
            zeta = [mpmath.zeta(j * mpf(nu)) / mpf(4) ** j for j in range(1, 150)]
            found = naive.power_law_sum_mp((top, bottom), nu, 1, digits)
            assert abs(found - mpmath.fsum(zeta)) < tolerance * found


@pytest.mark.slow
def test_power_law_sum_of_a_function() -> None:
    def summand(lam: Any) -> Any:
        return lam / (4 - lam)

    pair = naive.noise_summand_fraction(SGD)
    for nu in (1.25, 3):
        found = naive.power_law_sum_mp(summand, nu, 2, 30)
        with mpmath.workdps(40):
            assert abs(found - naive.power_law_sum_mp(pair, nu, 2, 30)) < mpf(10) ** -30
    with pytest.raises(ValueError, match="diverges"):
        naive.power_law_sum_mp(summand, 1, 2)
    with pytest.raises(ValueError, match="too near 0"):
        naive.power_law_sum_mp(lambda lam: lam / (1 + 10**9 * lam), 1.1)


@pytest.mark.slow
def test_random_cases_are_a_mixture(rng: np.random.Generator) -> None:
    problems = [draws.random_problem(rng) for _ in range(200)]
    assert {len(p.alg.b) for p in problems} == set(range(6))
    assert {len(p.eigenvalues) for p in problems} == set(range(1, 7))
    assert {p.kind for p in problems} == set(draws.KINDS)
    assert min(min(p.eigenvalues) for p in problems) > 0
    stable = sum(all(naive.is_schur(p.alg, lam) for lam in p.eigenvalues) for p in problems)
    ahead = sum(any(p.alg.a) for p in problems)
    fractions = sum(isinstance(p.eigenvalues[0], Fraction) for p in problems)
    assert 0.5 < stable / 200 < 0.85
    assert 0.35 < ahead / 200 < 0.65
    assert 0.4 < fractions / 200 < 0.6
    for p in problems:
        entries = [p.alg.alpha, *p.alg.b, *p.alg.c, *p.alg.a, *(x for row in p.alg.D for x in row)]
        kind = Fraction if isinstance(p.eigenvalues[0], Fraction) else float
        assert all(isinstance(x, kind | int) for x in [*entries, *p.eigenvalues])


def test_random_batch_sizes_straddle_the_critical_one(rng: np.random.Generator) -> None:
    critical, sides = 0, Counter[bool | None]()
    for _ in range(60):
        alg, eigenvalues, tau1, tau2, _ = draws.random_problem(rng, int(rng.integers(4)))
        batches = draws.straddling_batch_sizes(alg, eigenvalues, tau1, tau2, rng)
        assert min(batches) > 0 and batches[-1] == math.inf
        if len(batches) > 2:
            critical += 1
            above, below, *_ = batches
            assert below < above
            for batch in (above, below):
                low, high = naive.second_moment_radius_bounds(alg, eigenvalues, batch, tau1, tau2)
                sides[None if low <= 1 <= high else (high < 1) == (batch == above)] += 1
    assert critical > 20
    assert sides[True] > 0.8 * sides.total() and not sides[False]


def test_a_coupling_has_its_critical_batch_size_too(rng: np.random.Generator) -> None:
    for _ in range(10):
        alg, eigenvalues, *_ = draws.random_problem(rng, 1, "heavy_ball")
        coupling, own = draws.random_coupling(rng, len(eigenvalues))
        assert (np.diag(coupling) >= own).all() and np.min(coupling) >= 0
        for batch in draws.straddling_batch_sizes(alg, eigenvalues, 0, own, rng, coupling)[:2]:
            low, high = naive.second_moment_radius_bounds(alg, eigenvalues, batch, 0, own, coupling)
            assert (
                low <= naive.second_moment_radius(alg, eigenvalues, batch, 0, own, coupling) <= high
            )
