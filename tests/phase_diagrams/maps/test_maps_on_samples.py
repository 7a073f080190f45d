"""Maps on samples: every point against its verdict."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    Problem,
    heavy_ball,
    largest_learning_rate,
    phase_diagram,
    stability,
    stability_boundary,
)
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.points import ScatteredPoints
from sgdmem.numeric.noise_sums import sampled_operator
from sgdmem.numeric.sampled_noise import sampled_radius
from sgdmem.symbolic.zoo.families_by_name import find_family

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


def test_a_boundary_takes_few_proofs(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Margins in plain floats find each point, and two proved verdicts enclose it."""
    asked = []

    def counted(images: Any, products: Any, *rest: Any) -> Any:
        asked.append(1)
        return sampled_radius.sampled_radius(images, products, *rest)

    monkeypatch.setattr(sampled_operator, "sampled_radius", counted)
    window: dict[str, Any] = {"x": ("learning_rate", 0.001, 0.3), "y": ("momentum", 0, 0.9)}
    edge = stability_boundary("heavy-ball", problem, 4, **window, resolution=12, flatness=0.03)
    points = edge.sizes["point"]
    assert points > 12 and set(edge.condition.values.tolist()) == {"noise_sum"}
    assert len(asked) < 12**2 + 9 * points  # three of the rest to look whether a chord bends
    for side, expected in (("stable", True), ("unstable", False)):
        pairs = zip(
            edge[f"{side}_learning_rate"].values, edge[f"{side}_momentum"].values, strict=True
        )
        for rate, momentum in list(pairs)[::4]:
            assert stability(heavy_ball(rate, momentum), problem, 4).stable is expected
    apart = [
        (edge[f"stable_{name}"] - edge[f"unstable_{name}"]).values / (high - low)
        for name, low, high in window.values()
    ]
    assert np.hypot(*apart).max() <= 1e-10


def test_estimated_margins_are_those_of_verdicts(problem: Problem) -> None:
    axes = {"learning_rate": [0.01, 0.05, 0.1, 1.5, 0.1], "momentum": [0.5, 0.0, 0.9, 0.3, 1.0]}
    exact = {name: list(map(Fraction, values)) for name, values in axes.items()}
    build = find_family("heavy-ball").varying(list(axes), {})
    judge = FamilyJudge(build, family_program(build, exact), problem, 4)
    margins = judge.estimated_margins(ScatteredPoints(exact, list(axes)))
    for margin, rate, momentum in zip(margins, *axes.values(), strict=True):
        verdict = stability(heavy_ball(rate, momentum), problem, 4)
        if verdict.margin > -1:
            assert margin == pytest.approx(verdict.margin, rel=1e-3)
        else:
            assert margin < -0.5


@pytest.mark.parametrize("share", [1 - 1e-10, 1 + 1e-10])
def test_verdicts_close_to_the_edge_are_decided(share: float, problem: Problem) -> None:
    """The share of the diagonal in what proves the upper bound has to be as small as that."""
    rate = largest_learning_rate("heavy-ball", problem, 4, momentum=0.5)
    assert stability(heavy_ball(rate * share, 0.5), problem, 4).stable is (share < 1)
