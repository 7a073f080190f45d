"""Scores of Muon without a matrix, against drawn matrices and plain sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from sgdmem.symbolic.errors import InputError
from sgdmem.systems import AssociativeMemory, ReducedMuon


@pytest.mark.parametrize("batch_size", [math.inf, 300])
def test_traces_are_those_of_drawn_gradients(batch_size: float) -> None:
    s = np.array([0.3, 0.03, 0.01])
    found = []
    for seed in range(8):
        memory = AssociativeMemory(64, "1.5", seed=seed)
        values = np.linalg.svd(memory.step(batch_size), compute_uv=False)
        found.append((s[:, None] / (values**2 + s[:, None] ** 2)).mean(1))
    reduced = ReducedMuon(64, "1.5", batch_size=batch_size)
    assert reduced.resolvent_trace(s) == pytest.approx(np.mean(found, 0), rel=0.01)


def test_noise_and_own_scores_are_those_of_drawn_steps() -> None:
    own, noise = [], []
    for seed in range(12):
        memory = AssociativeMemory(64, "1.5", seed=seed)
        W = memory.muon(memory.step())
        noise.append(np.linalg.norm(W) / 64)
        v, u = memory.outputs(0, 256).astype(float), memory.inputs(0, 256).astype(float)
        own.append(np.einsum("ia,ab,ib->i", v, W, u))
    reduced = ReducedMuon(64, "1.5")
    assert reduced.noise == pytest.approx(np.mean(noise), rel=0.02)
    theory = reduced.own_scores(memory.frequencies[:256])
    for part in (slice(0, 8), slice(8, 32), slice(32, 64), slice(64, 256)):
        assert np.mean(own, 0)[part].sum() == pytest.approx(theory[part].sum(), rel=0.1)


def test_sums_and_integrals() -> None:
    """The same for every item, solved by a fixed point, and integrated by QUADPACK."""
    d, N, lam = 40, 1600, 0.01
    reduced = ReducedMuon(d, 2, regularization=lam)
    p = np.arange(1.0, N + 1) ** -2
    p /= p.sum()

    def trace(s: float) -> float:
        m = 1 / s
        for _ in range(4000):
            m = 0.7 * m + 0.3 / (s + (p**2 * m / (1 + (p * m) ** 2)).sum() / d)
        return float(m)

    s = [1.0, 0.05, 0.01]
    assert reduced.resolvent_trace(s) == pytest.approx([trace(x) for x in s], rel=1e-6)

    def integrand(y: float) -> float:
        t = math.exp(y)
        m = float(reduced.resolvent_trace(math.hypot(lam, t))[0])
        return float(t * p[30] * m**2 / (1 + (p[30] * m) ** 2))

    exact = 2 / math.pi * quad(integrand, -16, 12, epsrel=1e-8, limit=200)[0]
    assert reduced.own_scores(p[30]) == pytest.approx(exact, rel=1e-5)
    assert reduced.noise == pytest.approx(math.sqrt((1 - lam * trace(lam)) / d), rel=1e-6)


def test_a_large_regularization_is_sgd() -> None:
    reduced = ReducedMuon(64, "1.5", regularization=1e9)
    assert reduced.amplification == pytest.approx(1, rel=1e-6)
    assert reduced.own_scores(0.1) == pytest.approx(0.1e-9, rel=1e-6)


def test_batches_have_the_items_that_are_expected() -> None:
    for size in (5, 1000, 10**6):
        reduced = ReducedMuon(50, "1.5", 2500, batch_size=size)
        shares, numbers = reduced.shares
        p = AssociativeMemory(50, "1.5", 2500).frequencies
        seen = -np.expm1(-size * p).sum()
        assert numbers.sum() == pytest.approx(seen, rel=1e-3)
        assert shares @ numbers == pytest.approx(1, rel=1e-3)
    few = ReducedMuon(10**4, "1.5", batch_size=20).recovered
    assert few == pytest.approx(1 - np.expm1(-20 * p).sum(), rel=0.03)  # all, and one by chance
    large = ReducedMuon(50, "1.5", batch_size=10**14)
    assert large.recovered == pytest.approx(ReducedMuon(50, "1.5").recovered, rel=1e-3)


def test_learned_items_are_left_out() -> None:
    reduced, memory = ReducedMuon(64, 2, learned=100), AssociativeMemory(64, 2)
    assert reduced.regularization == pytest.approx(memory.regularization(learned=100), rel=1e-6)
    shares, numbers = reduced.shares
    assert numbers.sum() == pytest.approx(64**2 - 100)
    assert shares @ numbers == pytest.approx(memory.frequencies[100:].sum(), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReducedMuon(0, 2), "dimension must be an integer from 1"),
        (lambda: ReducedMuon(9, "0.5"), "exponent must be above 1/2, got '?0.5"),
        (lambda: ReducedMuon(9, 2, 1), "items must be an integer from 2"),
        (lambda: ReducedMuon(9, 2, batch_size=0.5), "batch_size must be at least 1, got 0.5"),
        (lambda: ReducedMuon(9, 2, regularization=0), "regularization must be positive"),
        (lambda: ReducedMuon(9, 2, regularization=1e30), "regularization must be up to 1e9"),
        (lambda: ReducedMuon(9, 2).resolvent_trace([1, 0]), "s must be positive"),
        (lambda: ReducedMuon(9, 2, learned=81), "learned must be an integer from 0 to 80"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
