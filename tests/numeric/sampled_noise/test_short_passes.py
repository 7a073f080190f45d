"""Passes in short floats before one in long ones, and bounds by what a preview sees shrunk."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem import Problem, heavy_ball, largest_learning_rate, stability
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.problems import previews
from sgdmem.numeric.problems import samples as samples_module
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs
from sgdmem.numeric.sampled_noise.ritz_pair import RitzPair


@pytest.fixture
def few_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_HEAVY", 100)


def samples_of(rows: Array) -> Samples:
    found = Problem.from_data(rows).samples
    assert found is not None
    return found


@pytest.mark.usefixtures("few_heavy")
def test_short_passes_save_long_ones_and_change_no_answer(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    rows = rng.standard_t(4, size=(4000, 6)) * [1, 0.7, 0.5, 0.3, 0.2, 0.1]
    rates, intervals, counts = [], [], []
    for least in (10**9, 1):
        monkeypatch.setattr(samples_module, "_VERY_LONG_PASS", least)
        monkeypatch.setattr(samples_module, "_SHORT_ROWS", 1)
        problem, passes = Problem.from_data(rows), list[int]()
        assert problem.samples is not None
        images = problem.samples.images
        covariance = images.covariance
        assert (images.short is None) == (least > 1)

        def counted(N: Array, covariance=covariance, passes=passes) -> Array:  # type: ignore[no-untyped-def]
            passes.append(1)
            return np.asarray(covariance(N))

        monkeypatch.setattr(images, "covariance", counted)
        rates.append(largest_learning_rate("heavy-ball", problem, 4, momentum="0.9"))
        intervals.append(stability(heavy_ball(0.8 * rates[0], 0.9), problem, 4).noise_sum_interval)
        counts.append(len(passes))
    assert rates[1] == pytest.approx(rates[0], rel=1e-9)
    assert max(low for low, _ in intervals) <= min(high for _, high in intervals)
    assert all(high <= low * (1 + 1e-6) for low, high in intervals)
    assert counts[1] < counts[0]
    assert images.short is not None  # whose Ritz values are no bounds
    ritz = RitzPair(images.short, np.ones((6, 6)))
    assert ritz.value > ritz.lower_bound() == 0


def test_couplings_in_short_floats_are_within_their_bounds(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """And the lower bounds that they give are below those of long floats, by little."""
    rows = rng.standard_t(3, size=(2000, 4)) * [1, 0.7, 0.01, 1e-3]
    diagonal = rng.random((50, 4)) * [1, 1, 1e-6, 1e6]
    exact = samples_of(rows)
    assert exact.rough_coupling[1] == 0
    monkeypatch.setattr(samples_module, "_VERY_LONG_PASS", 1)
    monkeypatch.setattr(samples_module, "_SHORT_ROWS", 1)
    short = samples_of(rows)
    found, blurred = short.rough_coupling
    assert 0 < blurred < 1e-3
    away = np.abs(found - exact.coupling)
    assert away.max() > 0 and (away <= blurred * (exact.coupling + np.eye(4))).all()
    np.testing.assert_allclose(short.coupling, exact.coupling, rtol=1e-12, atol=1e-12)
    bounds = [diagonal_radius(samples, diagonal) for samples in (short, exact)]
    assert (bounds[0] <= bounds[1]).all()
    np.testing.assert_allclose(bounds[0], bounds[1], rtol=3 * blurred)
    weights = np.append(1e-30, np.ones(1999))  # of which the rows may be as long as they like
    lone = Problem.from_data(rows, weights=weights).samples
    assert lone is not None and lone.rough_coupling[1] == 0


@pytest.mark.usefixtures("few_heavy")
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_bounds_by_what_a_preview_sees_shrunk(share: float, rng: np.random.Generator) -> None:
    """Of two groups of samples, one with so much of the other's radius: beside dense operators."""
    rows = np.zeros((4000, 4))
    rows[::2, :2], rows[1::2, 2:] = rng.standard_t(5, size=(2, 2000, 2)) * [1, 0.6]
    samples = samples_of(rows)
    products, error = mode_pairs(ball_form([heavy_ball(0.05, 0.9)]), samples.eigenvalues)
    first = np.abs(samples.axes[:, :2]).max(axis=1) > 0.5
    groups = [leading_value(samples, products * np.outer(x, x)) for x in (first, ~first)]
    inner = first if groups[0] < groups[1] else ~first
    products[np.ix_(inner, inner)] *= share * max(groups) / min(groups)
    radius = leading_value(samples, products)
    ritz = RitzPair(samples.images, products)
    while ritz.residual > 1e-5:
        ritz.extend()
    passes, diagonal = ritz.passes, ritz.upper_bound(error)
    found = ritz.bound_by_preview(error)
    assert ritz.passes == passes <= 3
    assert radius * (1 - 1e-9) <= found <= radius * (1 + 1e-5)
    assert diagonal >= radius * (1 + (1e-3 if share > 0.9 else -1e-9))


def leading_value(samples: Samples, products: Array) -> float:
    """Return the largest eigenvalue of the dense operator."""
    size = len(products)
    basis = np.eye(size * size).reshape(-1, size, size)
    roots = np.sqrt(products)
    images = [roots * samples.covariance(roots * (E + E.T) / 2) for E in basis]
    dense = np.array(images).reshape(size * size, -1)
    return float(np.linalg.eigvalsh((dense + dense.T) / 2)[-1])
