"""Interlacing methods: phases, noise and stability of thousands of random ones; theorem D's."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from sgdmem.numeric.acceleration.real_root_algorithms import root_exponents
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.larger_memory.construction import bounded_noise, one_eigenvalue
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    FIRST,
    Interlacing,
    fast_method,
    random_interlacing,
)
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from sgdmem.symbolic.stability.schur import is_schur
from tests.figures import counts, report

COUNTS = counts(100, 3000)


@pytest.mark.parametrize("count", COUNTS)
def test_noise_of_an_eigenvalue(count: int) -> None:
    rng = np.random.default_rng(100)
    phases, noises, crossings, sharpest = np.inf, 0.0, 0.0, 0.0
    for draw in range(count):
        memory = 1 + draw % 4
        method = random_interlacing(rng, memory, decades=8)
        y = 10 ** rng.uniform(np.log10(method.poles[-1]) - 3, 3, 300)
        symbol = method.symbol(y)
        assert (symbol.imag > 0).all() and (symbol.real > 0).all()
        phases = min(phases, float((symbol.imag / abs(symbol) / method.phase(y)).min()))
        modulus = abs(symbol) / np.sqrt(1 + y**2 / 4) / method.modulus(y)
        assert (abs(np.log2(modulus)) <= memory / 2 + 1e-9).all()
        lam = np.append(10 ** rng.uniform(-30, 0, 100), one_eigenvalue.resonant(method))
        at = method.crossing(lam)
        found = one_eigenvalue.noise_summands(method, lam)
        predicted = one_eigenvalue.claim(method, lam, at, 2.0, 1.0)
        noises = max(noises, float((found / predicted.noise).max()))
        sharpest = max(sharpest, float((found * method.phase(at) / at).max()))
        crossings = max(crossings, float((at / method.phase(at) / predicted.crossing).max()))
    report(f"sine / phase {phases:.3f}, s phase / y {sharpest:.2f}, (9) {crossings:.4f}")
    assert phases >= 1 / 6
    assert noises <= 1
    assert crossings <= 1 + 1e-9


@pytest.mark.parametrize("count", COUNTS)
def test_stability_of_interlacing_methods(count: int) -> None:
    # whatever their spacing, in fractions
    rng = np.random.default_rng(101)
    for draw in range(count):
        memory = 1 + draw % 6
        roots = np.unique(rng.integers(1, 2000, 2 * memory + 4))[: 2 * memory]
        ordered = [Fraction(int(x), 1000) for x in roots[::-1]]
        gain = Fraction(int(rng.integers(1, 5000)), 1000)
        method = Interlacing(tuple(ordered[1::2]), tuple(ordered[::2]), gain)
        algorithm, close = method.algorithm, Fraction(1, 10**9)
        assert interlacing_edge(algorithm) == 2 / gain
        inside = [Fraction(float(x)) for x in 10 ** rng.uniform(-40, 0, 4)]
        for share in (*inside, 1 - close):
            assert is_schur(algorithm, share * 2 / gain)
        for share in (1 + close, 1 + inside[0], 1 / inside[1] + 1, -inside[2]):
            assert not is_schur(algorithm, share * 2 / gain)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FIRST, EVERY])
def test_noise_sums_do_not_grow(kind: str) -> None:
    largest = 0.0
    for nu, memory in product((1.25, 1.5, 2.0, 3.0, 4.0), (1, 2, 3, 4)):
        powers, bound = bounded_noise.claim(nu, memory, kind)
        least = 0.9  # horizon; with all constants 1 it must make p_i < z_i
        if kind == FIRST:
            least = 1.01 * 2 ** (1 / (powers[0] * min((nu - 1) ** i for i in range(1, memory + 1))))
        horizons = [T for T in (1.0, 1e2, 1e5, 1e8, 1e11, 1e14) if least < T]
        sums = [bounded_noise.fast_noise_sum(nu, powers, T, kind) for T in horizons]
        report(f"{kind}, nu {nu:g}, M {memory}: " + ", ".join(f"{x:.3f}" for x in sums))
        largest = max(largest, max(sums, default=0.0) / bound)
        if len(sums) > 3:
            assert sums[-1] <= 1.06 * sums[-2]
    report(f"largest over its bound: {largest:.3f}")
    assert largest <= 1


def test_noise_by_responses_step_by_step() -> None:
    """Sums of squared responses in the plane of x, by doubling."""
    rng = np.random.default_rng(102)
    for draw in range(24):
        method = random_interlacing(rng, 1 + draw % 4, decades=1.5)
        lam = 10 ** rng.uniform(-3, 0, 5)
        dynamics = Dynamics.of(method.algorithm)
        S, total = dynamics.matrix(lam), np.outer(dynamics.v, dynamics.v)
        for _ in range(40):
            total = total + S @ total @ S.swapaxes(1, 2)
            S = S @ S
        found = lam**2 * (total @ dynamics.r @ dynamics.r)
        assert found == pytest.approx(one_eigenvalue.noise_summands(method, lam), rel=1e-7)


def test_exact_and_float_methods_agree() -> None:
    powers = [Fraction(3) ** k for k in (1, 3, 7)]  # nu = 3: T = 3^7
    for kind in (FIRST, EVERY):
        exact = fast_method(powers, Fraction(1, 2), Fraction(1), kind)
        rough = fast_method([2187**e for e in root_exponents(3.0, 2)], 0.5, 1.0, kind)
        for mine, theirs in zip(exact, rough, strict=True):
            assert np.allclose(np.array(mine, float), theirs)
