"""Inequalities of the proofs on memory 1 that changes with time, on thousands of instances."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem.numeric.theorems.check import widen
from sgdmem.numeric.theorems.larger_memory.changing_memory import energy, fejer, rounds, windows
from tests.figures import counts, report

COUNTS = counts(300, 5000)


@pytest.mark.parametrize("count", counts(300, 30_000))
def test_energies(count: int) -> None:
    found = energy.largest_needed(count, np.random.default_rng(200), energy.claim())
    report(", ".join(f"{name} {needed:.3g}" for name, (needed, _) in found.items()))
    assert all(needed <= allowed for needed, allowed in found.values())


@pytest.mark.parametrize("count", COUNTS)
def test_rounds(count: int) -> None:
    rng, bounds = np.random.default_rng(201), rounds.claim()
    found: dict[str, float] = {}
    for T in (40, 80, 160):
        for most in (3.0, 30.0):
            drawn = rounds.draw(rng, T, count // 15, most=most)
            widen(found, rounds.largest_ratios(drawn, bounds))
    slow = rounds.draw(rng, 2000, count // 50, most=3.0, long=1)
    found["adiabatic"] = rounds.largest_adiabatic(slow, bounds)
    report(", ".join(f"{name} {x:.3g}" for name, x in found.items()))
    assert max(found.values()) <= 1


@pytest.mark.parametrize("count", COUNTS)
def test_fejer_steps(count: int) -> None:
    rng, pattern = np.random.default_rng(202), fejer.claim()
    for m in (9, 11, 21, 51, 101):
        found = fejer.product_ratios(m, count, rng, pattern)
        found |= fejer.block_ratios(m, count, rng, pattern)
        report(f"m = {m}: " + ", ".join(f"{name} {x:.4g}" for name, x in found.items()))
        assert max(found.values()) <= 1 + 1e-9


@pytest.mark.parametrize("count", COUNTS)
def test_windows(count: int) -> None:
    rng, bounds = np.random.default_rng(203), windows.claim()
    assert all(windows.chain_error(rng, bounds.sign) == 0 for _ in range(count))
    found = windows.largest_ratios(count, rng, bounds)
    report(", ".join(f"{name} {x:.5g}" for name, x in found.items()))
    assert max(found.values()) <= 1 + 1e-5  # covariances may be nearly singular


@pytest.mark.slow
def test_exponents_between_both_theorems() -> None:
    for nu in np.geomspace(1.05, 12, 60):
        y = 1 - 1 / nu
        assert windows.largest_sum(nu) == pytest.approx(1 + y + y * y / 2, abs=1e-9)
    for nu in np.linspace(1.05, 2.98, 60):
        assert fejer.exponent_ratio(nu, fejer.claim()) < 1
