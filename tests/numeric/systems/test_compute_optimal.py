from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError
from sgdmem.numeric.systems.compute_optimal import METHODS
from sgdmem.systems import compute_phase, deterministic_features, sgd_frontier


def table(a: Any, b: Any) -> Any:
    """Return phase, -log P* / log f and log d* / log f of Table 2 of arXiv 2405.15074."""
    zeta = 2 * a + 2 * b - 1
    if 2 * b < 1:
        if 2 * a > 1:
            return "Ia", zeta / (2 * a + 1), 1 / (2 * a + 1)
        return "Ib", zeta / 2, Fraction(1, 2)
    if 2 * a > 1:
        if b < a:
            return "II", zeta / (2 * (a + b)), b / (a + b)
        return "III", (4 * a - 1) / (4 * a), Fraction(1, 2)
    if 4 * a < 1:
        below = 6 * a + 4 * b - 2 - 4 * a * b
        return "Ic", 2 * a * zeta / below, zeta / below
    if 2 * (1 - a) ** 2 < 1:
        return "IVa", a, Fraction(1, 2)
    below = 2 * a * b + a - 2 * b
    return "IVb", -(1 - 2 * a) * zeta / (2 * below), (a - b) / below


def test_the_linear_program_is_the_table_of_the_paper() -> None:
    rng, seen = np.random.default_rng(0), set()
    for _ in range(200):
        a, b = (Fraction(int(n), 997) for n in rng.integers(30, 1500, 2))
        if 2 * (a + b) > 1 and a != b:
            found = compute_phase(a, b)
            assert (found.name, found.risk, found.width) == table(a, b)
            assert found.rate == max(Fraction(0), 1 - 2 * a) * found.width
            seen.add(found.name)
    assert len(seen) == 7


def test_the_best_rate_gains_in_phase_iv_alone() -> None:
    for alpha, beta in [("1", "0.3"), ("1", "0.7"), ("0.7", "1"), ("0.3", "0.4"), ("0.2", "0.8")]:
        assert compute_phase(alpha, beta, "sgd-any-rate").risk == compute_phase(alpha, beta).risk
    for a, b in [(Fraction("0.4"), Fraction("0.8")), (Fraction("0.27"), Fraction("0.8"))]:
        best = 1 / (1 + 1 / (2 * a) + (1 - 2 * a) / (2 * a + 2 * b - 1))
        assert compute_phase(a, b, "sgd-any-rate").risk == best > compute_phase(a, b).risk


def test_exponents_are_continuous_across_the_phases() -> None:
    """A step of 1e-6 changes the exponent by 1e-5 at most, wherever it is made."""
    rng = np.random.default_rng(1)
    points = [*rng.uniform(0.05, 1.5, (6, 2)), (0.25, 0.8), (0.5, 0.3), (0.5, 0.9), (0.9, 0.5)]
    for a, b in [(float(a), float(b)) for a, b in points if a + b > 0.51]:
        for method in METHODS:
            here = compute_phase(a, b, method).risk
            for near in ((a + 1e-6, b), (a, b + 1e-6)):
                assert abs(compute_phase(*near, method).risk - here) < 1e-5


@pytest.mark.slow
def test_the_frontier_is_below_every_width() -> None:
    found = sgd_frontier("0.4", "0.8", [1e7])
    for d in np.geomspace(1e2, 1e5, 7):
        features = deterministic_features("0.4", "0.8", d)
        risk = features.risks(features.stable_rate() / 2, 1, 1e7 / d)
        assert risk >= found.risks[0] * (1 - 1e-6)
    features = deterministic_features(10, "0.3", 90)  # few of them
    best = sgd_frontier(10, "0.3", [1e30]).risks[0]
    assert best <= features.risks(features.stable_rate() / 2, 1, 1e30 / 90) < 1.01 * best
    any_rate = sgd_frontier("0.4", "0.8", [1e7], any_rate=True)
    assert any_rate.risks[0] < found.risks[0]


def test_bad_exponents_are_refused() -> None:
    with pytest.raises(InputError, match="method must be among sgd, "):
        compute_phase(1, 1, "adam")
    with pytest.raises(InputError, match="beta must exceed"):
        compute_phase("0.2", "0.2")
    for compute, share, text in (
        ([10], "0.5", "compute must be 1000 batches or more"),
        ([], "0.5", "compute must be 1000 batches or more"),
        ([1e45], "0.5", "compute must be less"),
        ([1e300], "0.5", "compute must be less"),
        ([[1e6]], "0.5", "compute must be 1000 batches or more"),
        ([1e6], 2**0.5, "share must be smaller"),
        ([1e6], 3, "share must be smaller"),
        ([1e6], 1e-9, "compute must be more"),
    ):
        with pytest.raises(InputError, match=text):
            sgd_frontier(1, "0.7", compute, share=share)
