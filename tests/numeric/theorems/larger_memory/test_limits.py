"""Where exponents of schedules end: inequalities of the proofs on thousands of random instances."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

import sgdmem
from sgdmem.methods import anchored
from sgdmem.numeric.acceleration.real_root_algorithms import root_exponents
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import fast_method
from sgdmem.numeric.theorems.larger_memory.limits import (
    clusters,
    extrapolated_outputs,
    leaks,
    potential,
    row_bounds,
)
from sgdmem.numeric.theorems.larger_memory.stationary.methods import heavy_balls, random_methods
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests.figures import counts, report

COUNTS = counts(100, 3000)


@pytest.mark.parametrize("count", counts(30, 500))
def test_potentials(count: int) -> None:
    """Lemma P on random measures, and polynomials with adversarial roots."""
    rng = np.random.default_rng(0)
    lowest = dict.fromkeys((1.1, 1.2, 1.5, 2.0, 3.0, 4.0, 6.0), 0.0)
    near, roots = 0.0, 0.0
    for _ in range(count):
        nu, L, delta = (
            float(rng.choice([*lowest])),
            rng.uniform(12, 38),
            10 ** rng.uniform(-2.5, -0.9),
        )
        first = math.ceil(L / (8 * delta))
        last = first * 10 ** rng.uniform(0.4, 1.7)
        measure = potential.Circles(nu, float(L), float(delta), np.arange(first, last + 1.0))
        chosen = np.unique(np.geomspace(1, measure.k.size, 60).astype(int)) - 1
        low, lost = potential.ratios(measure, measure.k[chosen])
        lowest[nu], near = max(lowest[nu], low), max(near, lost)
        if measure.k.size < 2000:
            roots = max(roots, _roots(rng, measure))
    figures = ", ".join(f"{nu:g}: {low:.2f}" for nu, low in lowest.items())
    report(f"-min G over L k_1^(nu s): {figures}; on circles {near:.4f}; roots {roots:.9f}")
    assert max(lowest.values()) <= 0.5
    assert near <= 1
    assert roots <= 1 + 1e-9


def _roots(rng: np.random.Generator, measure: potential.Circles) -> float:
    """Return means of log |f| over their bound, at random roots, on circles and by descents."""
    on_circles = np.array([measure.on_circle(k) for k in measure.k])
    anywhere = np.exp(rng.uniform(np.log(measure.k[-1] ** -measure.nu) - 2, 1, 200))
    turned = measure.potential(anywhere * np.exp(2j * np.pi * rng.random(200)))
    found = [turned, rng.choice(on_circles, 50), potential.descended(rng, measure, 1)]
    worst = [np.sort(x)[: int(rng.integers(1, x.size + 1))].mean() for x in found]
    return float(min(worst) / on_circles.min())


@pytest.mark.parametrize(
    ("nus", "degrees"),
    [
        ((4.0, 8.0), (3,)),
        pytest.param(
            (2.0, 2.6, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0),
            (3, 30, 1000),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_potentials_about_the_origin(nus: tuple[float, ...], degrees: tuple[int, ...]) -> None:
    """Lemma P′ at circles as it asks for them, C = 1; a disc 16 times as large is too large."""
    for degree in degrees:
        allowed: list[float] = []
        found: dict[float, list[float]] = {1 / 4: [], 1.0: [], 4.0: []}
        for nu in nus:
            measure = _circles_for(nu, degree)
            if measure.k[-1] > 400_000:
                continue
            mass = measure.weights.sum()
            first = measure.L * measure.k[0] ** (nu * (0.5 - measure.delta))
            allowed.append(degree * first / mass + 1 / 4)
            chosen = measure.k[np.unique(np.geomspace(1, measure.k.size, 40).astype(int)) - 1]
            chosen = np.union1d(chosen, measure.k[-20:])
            for reach, values in found.items():
                least = min(measure.on_circle(k, reach) for k in chosen)
                sizes = np.geomspace(1e-3, 1e4, 15) * measure.k[-1] ** -nu
                for turn in (-1, 1, 1j):
                    on_axis = [measure.potential(np.array([turn * r]), reach)[0] for r in sizes]
                    least = min(least, *on_axis)
                values.append(-degree * least / mass)
        shown = [f"{min(x):.3g} to {max(x):.3g} at {reach:g}" for reach, x in found.items()]
        report(
            f"d = {degree}, {len(allowed)} nu: -d min psi {', '.join(shown)} lambda_*, "
            f"allowed {min(allowed):.2f} to {max(allowed):.2f}"
        )
        assert all(x <= bound for x, bound in zip(found[1 / 4], allowed, strict=True))
        if degree >= 30:
            assert all(x > bound for x, bound in zip(found[4.0], allowed, strict=True))


def _circles_for(nu: float, degree: int) -> potential.Circles:
    """Return the circles of Lemma P′ with 1 for its constants."""
    last, L = 0.0, 20.0
    for _ in range(30):
        delta = 1 / (8 * math.log(2 + degree * L))
        first = math.ceil(L / delta)
        last = max(2.0 * first, first * (degree * L) ** (1 / (nu * (0.5 - delta))))
        L = math.log(24 * last * degree)
    return potential.Circles(nu, L, delta, np.arange(first, min(last, 400_001) + 1.0))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", row_bounds.KINDS)
def test_bounds_on_rows(kind: str, count: int) -> None:
    ratios = row_bounds.largest_ratios(kind, count, np.random.default_rng(100))
    report(f"{kind}: " + ", ".join(f"{name} {ratio:.4f}" for name, ratio in ratios.items()))
    assert max(ratios.values()) <= 1 + 1e-9


@pytest.mark.parametrize("count", COUNTS)
def test_leaky_methods(count: int) -> None:
    rng = np.random.default_rng(101)
    signals, losses = leaks.largest_ratios(random_methods(rng, count), rng)
    balls = leaks.largest_ratios(heavy_balls(), rng)
    report(
        f"signals {signals:.6f}, losses {losses:.3f}; heavy balls {balls[0]:.3f}, {balls[1]:.3f}"
    )
    assert max(signals, losses, *balls) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("nu", [2.0, 3.0])
def test_exponents_of_leaky_am1(nu: float) -> None:
    """Theorem J: twice that of the learning rate, where noise would decide."""
    problem = sgdmem.Problem.power_law(nu, zeta=3)
    theta, found = 2 - 1 / nu, dict[str, list[float]]()
    for T in (32.0, 128.0, 512.0, 2048.0, 8192.0):
        method = fast_method([T**e for e in root_exponents(nu, 1)], 0.5, 0.3).algorithm
        steps = int(2.5 * T * math.log(T))
        for name, rule in (("leaky", _leaky(method, T)), ("plain", method)):
            last = float(sgdmem.losses(rule, problem, 8, steps)[steps])
            found.setdefault(name, []).append(last)
    for name, values in found.items():
        slopes = ", ".join(f"{math.log(a / b) / math.log(4):.3f}" for a, b in pairwise(values))
        report(f"nu = {nu:g}, {name}: {slopes} (leaky {2 * theta:.3f}), last {values[-1]:.2g}")
    leaky = found["leaky"]
    assert math.log(leaky[-2] / leaky[-1]) / math.log(4) == pytest.approx(2 * theta, abs=0.05)


def _leaky(method: Algorithm, T: float) -> Algorithm:
    """Return the method with w - w_0 and its memory times T / (T + 1) after each step."""
    kept = T / (T + 1)
    alpha, M = kept * float(method.alpha), method.memory
    b, c = (kept * np.array(x, float) for x in (method.b, method.c))
    D = np.zeros((M + 1, M + 1))
    D[:M, :M], D[M, :M], D[M, M] = kept * np.array(method.D, float).reshape(M, M), b, kept
    return Algorithm(alpha, [*b, kept - 1], [*c, -alpha], D.tolist(), floats=True)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("decay", "exponent"), [(0.1, 1.7), (0.25, 2.0)])
def test_decay_towards_the_start_for_ten_million_steps(decay: float, exponent: float) -> None:
    problem = sgdmem.Problem.power_law(2, zeta=3)
    found = sgdmem.losses(anchored(sgdmem.sgd("0.3"), decay), problem, 3, 10_000_000)
    local = math.log10(found[1_000_000] / found[10_000_000])
    report(f"C = {decay:g}: {local:.4f} ({exponent:g})")
    assert local == pytest.approx(exponent, abs=0.006)


@pytest.mark.slow
def test_extrapolated_outputs() -> None:
    rng = np.random.default_rng(0)
    assert all(
        extrapolated_outputs.difference(rng, m, slice(None)) == 0
        for m in range(1, 7)
        for _ in "abc"
    )
    largest = 0.0
    for nu in (2.0, 2.5, 3.0, 4.0, 6.0):
        for memory in (1, 2, 3):
            horizons = (1e6, 1e9, 1e12, 1e15)
            found = [extrapolated_outputs.noises(nu, memory, T) for T in horizons]
            slopes = [math.log10(b[0] / a[0]) / 3 for a, b in pairwise(found)]
            predicted = extrapolated_outputs.claim(nu, memory).exponent
            largest = max(largest, *(x[1] for x in found))
            shown = ", ".join(f"{x:.4f}" for x in slopes)
            report(f"nu = {nu:g}, M = {memory}: {shown} ({predicted:.4f})")
            assert abs(slopes[-1] - predicted) <= 0.01
    report(f"an eigenvalue: {largest:.3f}")
    assert largest <= 0.75


@pytest.mark.parametrize("count", counts(50, 1000))
def test_clustered_spectra(count: int) -> None:
    """W is analytic in the disk, for random clusters and exponents above 2."""
    rng = np.random.default_rng(102)
    worst, top = 0.0, 0.0
    for _ in range(count):
        beta = 10 ** rng.uniform(0.9, 3)
        admitted = [x for x in np.arange(2.02, 4, 0.02) if _margin(x, beta) > 1.1]
        theta = float(rng.choice(admitted))
        A = clusters.claim(beta, theta, height=rng.uniform(0.3, 0.7)).A
        b = math.pi**2 * theta / math.log(beta)
        phase = math.pi * (1 - theta / 2) + A * math.sinh(b)
        slope = math.pi * (1 - A * 2 * b / math.pi * math.cosh(b) / theta)
        power = math.ceil(theta * math.log(3 / min(phase, slope)) / math.log(beta))
        worst = max(worst, clusters.negative_share(beta, theta, A, power))
        top = max(top, clusters.noise_and_peak(beta, theta, A, power)[1])
    report(f"negative frequencies {worst:.2g}, largest W {top:.0f}")
    assert worst <= 0.01  # of a pole in the disk it is of the order 1; the grid ends somewhere


def _margin(theta: float, beta: float) -> float:
    b = math.pi**2 * theta / math.log(beta)
    return math.tanh(b) / b / (1 - 2 / theta)
