"""Maps on samples: every point against its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem import Problem, heavy_ball, phase_diagram, stability

RATES, MOMENTA = np.geomspace(1e-3, 3, 40), np.array([0, 0.3, 0.5, 0.9, 0.99])


@pytest.fixture
def problem(rng: np.random.Generator) -> Problem:
    return Problem.from_data(rng.standard_t(4, size=(40, 4)) * [3, 1, 1, 0.3])


def test_points_are_verdicts(problem: Problem) -> None:
    found = phase_diagram(
        "heavy-ball", problem, 4, x=("learning_rate", RATES), y=("momentum", MOMENTA)
    )
    assert set(np.unique(found.stable)) == {0, 1}
    for i, momentum in enumerate(MOMENTA.tolist()):
        for k, rate in enumerate(RATES.tolist()):
            verdict = stability(heavy_ball(rate, momentum), problem, 4)
            point = found.isel(momentum=i, learning_rate=k)
            assert int(point.stable) == int(bool(verdict.stable))
            low, high = verdict.noise_sum_interval
            assert float(point.noise_sum_low) <= high and low <= float(point.noise_sum_high)
            estimate = float(point.noise_sum_estimate)
            if verdict.stable:  # what pictures show; the bounds differ by up to 4.7 times
                assert estimate == pytest.approx(verdict.noise_sum, rel=0.05)
                assert float(point.noise_sum_low) <= estimate <= float(point.noise_sum_high) < 1
            elif estimate < np.inf:
                assert estimate >= float(point.noise_sum_low) >= 1
            sum_ = float(point.noise_sum)
            assert np.isnan(sum_) or sum_ == pytest.approx(verdict.noise_sum, rel=1e-5)
    beyond = np.isinf(found.noise_sum.values)
    assert beyond.any() and (found.margin.values[beyond] == -np.inf).all()
    taus: dict[str, Any] = {"x": ("tau1", [1.0, 2.0]), "y": ("tau2", [0.0, -1.0])}
    modelled = phase_diagram("sgd", problem, 4, learning_rate=0.01, **taus)
    assert "noise_sum_low" not in modelled and np.isfinite(modelled.noise_sum).all()
    assert "noise_sum_low" not in phase_diagram(
        "sgd", problem.spectrum, 4, x=("learning_rate", [1.0]), y=("tau1", [1.0])
    )


def test_maps_resume(problem: Problem, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    axes: dict[str, Any] = {"x": ("learning_rate", RATES[::4]), "y": ("batch_size", [1, 2, 40])}
    whole = phase_diagram("sgd", problem, **axes)
    stored = phase_diagram("sgd", problem, store=tmp_path / "map", chunk=4, **axes)
    again = phase_diagram("sgd", problem, store=tmp_path / "map", chunk=4, **axes)
    for other in (stored, again):
        assert np.array_equal(other.stable.values, whole.stable.values)
    np.testing.assert_allclose(again.noise_sum_low.values, stored.noise_sum_low.values)
