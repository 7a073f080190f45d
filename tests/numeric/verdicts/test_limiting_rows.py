"""Which samples limit a learning rate: against the derivative of the radius by their weights."""

from __future__ import annotations

import numpy as np
import pytest

from sgdmem import Algorithm, InputError, Noise, Problem, Spectrum, heavy_ball, sgd, stability
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs
from sgdmem.numeric.sampled_noise.sampled_radius import ritz_pair


@pytest.mark.parametrize("outputs", [1, 2])
def test_shares_are_derivatives_of_the_radius(outputs: int, rng: np.random.Generator) -> None:
    """A sample's probability enters M linearly, as long as the coordinates stay the same."""
    rows = rng.standard_t(3, size=(12, outputs, 3))
    method = heavy_ball("0.01", "0.5")
    problem = Problem.from_data(rows)
    samples, verdict = problem.samples, stability(method, problem, 2)
    assert samples is not None
    products, _ = mode_pairs(ball_form([method]), samples.eigenvalues)

    def radius(weights: np.ndarray) -> float:
        other = Samples(samples.eigenvalues, samples.columns, weights, samples.axes)
        return ritz_pair(other.images, products, lambda ritz: ritz.residual < 1e-9).value

    weights, step = samples.weights, 1e-5
    found = []
    for k in range(12):
        shift = step * np.eye(12)[k]
        found.append((radius(weights + shift) - radius(weights - shift)) / (2 * step))
    shares = weights * np.array(found)
    shares /= shares.sum()
    np.testing.assert_allclose(verdict.rows.shares, shares[verdict.rows.indices], rtol=1e-5)
    assert verdict.rows.shares.sum() == pytest.approx(1)
    assert (np.diff(verdict.rows.shares) <= 0).all()
    assert np.linalg.norm(verdict.rows.directions, axis=1) == pytest.approx(1)


def test_the_direction_is_that_of_the_heavy_row() -> None:
    rows = np.array([[1.0, 0.0]] * 99 + [[0.0, 5.0]])
    verdict = stability(sgd("0.05"), Problem.from_data(rows), 1)
    assert np.abs(verdict.rows.directions[0]) == pytest.approx([0, 1])
    assert "99 (100%), … of 100, counted from 0; as if 1 had equal shares" in str(verdict)
    assert verdict.rows.critical_scale_without(1) == pytest.approx(40)  # the others are alike


@pytest.mark.parametrize("replacement", [True, False])
def test_without_some_samples(replacement: bool, rng: np.random.Generator) -> None:
    rows, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    start = rng.normal(size=3)
    problem = Problem.from_data(rows, y, start=start, replacement=replacement)
    found = problem.without([3, 7])
    kept = np.delete(np.arange(30), [3, 7])
    expected = Problem.from_data(rows[kept], y[kept], start=start, replacement=replacement)
    assert found.spectrum.eigenvalues == pytest.approx(expected.spectrum.eigenvalues)
    assert found.samples is not None and expected.samples is not None
    assert found.start is not None and expected.start is not None
    assert np.abs(found.start) == pytest.approx(np.abs(expected.start))
    assert found.samples.residuals == pytest.approx(expected.samples.residuals)
    assert np.abs(found.samples.axes) == pytest.approx(np.abs(expected.samples.axes))
    with pytest.raises(InputError, match="only a problem of samples"):
        Problem(Spectrum([1])).without([0])
    for indices, message in (([30], "integers below 30"), (range(30), "leave a sample")):
        with pytest.raises(InputError, match=message):
            problem.without(indices)


def test_labels_that_are_fitted_are_no_hindrance(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(6, 8))
    verdict = stability(sgd("0.01"), Problem.from_data(rows, rng.normal(size=6)), 2)
    bare = stability(sgd("0.01"), Problem.from_data(rows), 2)
    for count in (1, 3):
        expected = bare.rows.critical_scale_without(count)
        assert verdict.rows.critical_scale_without(count) == pytest.approx(expected)


def test_where_there_are_none() -> None:
    data = Problem.from_data([[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]])
    with pytest.raises(InputError, match="rows belong to a verdict on samples"):
        _ = stability(sgd("0.1"), Spectrum([1]), 2).rows
    with pytest.raises(InputError, match="no row limits the rate of full batches"):
        _ = stability(sgd("0.1"), data, float("inf")).rows
    with pytest.raises(InputError, match="not stable without noise"):
        _ = stability(sgd("10"), data, 2).rows
    still = stability(Algorithm(0, shrink="0.1"), data, 2)  # gradients do nothing
    with pytest.raises(InputError, match="does nothing with gradients"):
        _ = still.rows
    assert "limiting rows" not in str(still)
    with pytest.raises(InputError, match="count"):
        stability(sgd("0.1"), data, 2).rows.critical_scale_without(3)
    fitted = Problem.from_data(np.eye(3)[:, None], noise=Noise(tau2=-1))
    with pytest.raises(InputError, match="rows belong to"):
        _ = stability(sgd("0.1"), fitted, 2).rows


def test_none_stands_out(rng: np.random.Generator) -> None:
    rows = stability(sgd(0.2), Problem.from_data(rng.normal(size=(3000, 4))), 4).rows
    assert str(rows).startswith("none of 3,000 stands out, as if ")
