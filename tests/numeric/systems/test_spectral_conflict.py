"""One momentum for all tokens: against each of them alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.sparse_momentum import SparseInputs
from sgdmem.numeric.systems.spectral_conflict import spectral_conflict, zipf_tokens
from sgdmem.numeric.theorems.sparse_momentum.spectral_conflict import claim
from sgdmem.symbolic.errors import InputError


def test_losses_are_those_of_each_token_alone() -> None:
    """Also where a token diverges so far that the sum of all leaves the range of floats."""
    tokens = zipf_tokens(5, dimension=3)
    found = spectral_conflict(tokens, 64, 1000, learning_rate=12, momenta=["0", "0.9"])
    assert np.isinf(found.losses[0, 0]) and np.isfinite(found.losses[0, 2:]).all()
    for row, momentum in zip(found.losses, ("0", "0.9"), strict=True):
        method = sgdmem.methods.sgdm(12, momentum)
        for k in range(5):
            p = tokens.probabilities[k]
            noise = sgdmem.Noise(1 / p, 1)
            alone = sgdmem.Problem(sgdmem.Spectrum([p], [3]), noise, target=[1])
            exact = sgdmem.losses(method, alone, 64, 1000)[-1]
            assert row[k] == pytest.approx(exact, rel=1e-9)


def test_what_oscillates_and_what_a_single_momentum_costs() -> None:
    momenta = [0.0, 0.5, 0.9, 0.99]
    found = spectral_conflict(zipf_tokens(50), 64, 300, learning_rate=1, momenta=momenta)
    expected = [[claim(β, p) for p in found.probabilities] for β in momenta]
    assert (found.oscillates == expected).all()
    total = found.losses.sum(axis=1)
    assert found.single_momentum == momenta[int(total.argmin())]
    assert found.cost == pytest.approx(total.min() / found.losses.min(axis=0).sum())
    assert found.cost > 1
    assert (np.diff(found.best_momenta)[:10] >= 0).all()  # of those that are learned, rarer ones
    assert "times the loss" in str(found)


def test_the_best_momentum_of_a_token_is_that_of_the_theorem() -> None:
    """After many steps of the mean alone; batches of 10^9 are without noise."""
    p = zipf_tokens(1).only(0).probabilities[0] / 100
    tokens = SparseInputs(p, activity="exclusive", signs=True)
    root = (1 - 0.01) / (1 + 0.01)
    momenta = np.linspace(0.9, 0.999, 199)
    found = spectral_conflict(tokens, 1e9, 2000, learning_rate=1, momenta=momenta)
    assert found.best_momenta[0] == pytest.approx(root**2, abs=2e-3)
    assert math.isclose(found.cost, 1)


@pytest.mark.parametrize(("rate", "cost"), [(1, 1.0), (1e9, math.nan)])
def test_costs_without_a_loss_or_with_none_that_is_finite(rate: float, cost: float) -> None:
    """One token of probability 1 is learned in a step of rate 1; at rate 10^9 all diverge."""
    found = spectral_conflict(zipf_tokens(1), 8, 1000, learning_rate=rate, momenta=["0", "0.5"])
    assert found.cost == pytest.approx(cost, nan_ok=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zipf_tokens(0), "count must be"),
        (lambda: zipf_tokens(3, 0), "exponent must be positive"),
        (lambda: zipf_tokens(3, 1e3), "exponent must leave the last of 3 tokens"),
        (lambda: zipf_tokens(1e300), "count must be an integer from"),
        (
            lambda: spectral_conflict(zipf_tokens(2), 8, 9, learning_rate=1, momenta=0.5),
            "momenta must be a list",
        ),
        (
            lambda: spectral_conflict(SparseInputs([0.1]), 8, 9, learning_rate=1),
            'must be SparseInputs of activity "exclusive"',
        ),
        (
            lambda: spectral_conflict(zipf_tokens(2), 8, 9, learning_rate=1, momenta=[]),
            "momenta must not be empty",
        ),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
