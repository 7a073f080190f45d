"""Noise sums of a family, proved: against exact summands and single verdicts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Spectrum, stability
from sgdmem.methods import evaluator
from sgdmem.symbolic.zoo.families_by_name import USUAL_FAMILIES
from sgdmem.symbolic.zoo.named_algorithms import aggmo, heavy_ball
from tests.numeric.exported_code.test_evaluator import random_points, recurrences

EIGENVALUES = np.array([1.0, 0.7, 0.7, 0.3, 0.02, 1e-4, 1e-7])


MEMORIES = [0, 1, 2, 3, pytest.param(4, marks=pytest.mark.slow)]


@pytest.mark.parametrize("memory", MEMORIES)
def test_sums_are_sums_of_summands(memory: int, rng: np.random.Generator) -> None:
    points = random_points(memory, 60, rng)
    points.pop("lam")
    run = recurrences(memory)
    lams = EIGENVALUES * 10 ** rng.uniform(-3, 0)
    found = run.noise_sums(lams, target="ball", **points)
    assert np.array_equal(run.noise_sums(lams, **points), found.mid, equal_nan=True)
    for place, (mid, rad) in enumerate(zip(found.mid, found.rad, strict=True)):
        values = {name: column[place] for name, column in points.items()}
        exact = sum(run(lam, target="exact", **values) for lam in lams.tolist())
        if math.isinf(exact):
            assert mid == math.inf or math.isnan(mid)
        elif not math.isnan(mid):
            assert abs(Fraction(mid) - exact) <= Fraction(rad)
    assert np.isnan(found.mid).sum() <= 3
    assert np.isfinite(found.mid).sum() > 15


@pytest.mark.parametrize("memory", [1, 2])
@pytest.mark.parametrize("spectrum", [Spectrum(EIGENVALUES), Spectrum.power_law(1.5)])
def test_sums_of_a_law_and_of_nodes(memory: int, spectrum: Spectrum) -> None:
    """The nodes alone leave open what lies near them, and say no more than the spectrum."""
    momenta = ["0.9", "0.5"][:memory]
    run = evaluator(lambda rate: aggmo(rate, momenta))
    rates = np.geomspace(0.01, 20, 200)
    found = run.noise_sums(spectrum, target="ball", rate=rates)
    nodes = run.noise_sums(spectrum.compress(), target="ball", rate=rates)
    assert not np.isnan(found.mid).any()
    told = ~np.isnan(nodes.mid)
    assert (np.isinf(found.mid) == np.isinf(nodes.mid))[told].all()
    summed = np.isfinite(nodes.mid)
    gaps = np.abs(found.mid[summed] - nodes.mid[summed])
    assert (gaps <= (found.rad + nodes.rad)[summed]).all()  # fewer nodes are tried before
    assert np.isnan(nodes.mid).mean() < 0.05
    for k in range(0, 200, 20):
        verdict = stability(aggmo(Fraction(rates[k]), momenta), spectrum, 1)
        assert math.isinf(found.mid[k]) == math.isinf(verdict.noise_sum)
        if math.isfinite(found.mid[k]):
            assert abs(found.mid[k] - verdict.noise_sum) <= found.rad[k] + 1e-12 * found.mid[k]


def test_arrays_are_broadcast_over_threads(rng: np.random.Generator) -> None:
    run = evaluator("heavy-ball")
    rates, momenta = rng.uniform(0.1, 5, (40, 1)), rng.uniform(0, 0.95, 30)
    sums = run.noise_sums(EIGENVALUES, learning_rate=rates, momentum=momenta)
    assert sums.shape == (40, 30)
    alone = run.noise_sums(EIGENVALUES, learning_rate=rates, momentum=momenta, threads=1)
    assert np.array_equal(sums, alone)
    verdict = stability(heavy_ball(Fraction(rates[3, 0]), Fraction(momenta[5])),
                        Spectrum(EIGENVALUES), 1)  # fmt: skip
    assert sums[3, 5] == pytest.approx(verdict.noise_sum, rel=1e-13)


@pytest.mark.parametrize("name", USUAL_FAMILIES)
def test_named_families(name: str) -> None:
    run = evaluator(name)
    values: dict[str, Any] = {key: 0.25 + 0.05 * k for k, key in enumerate(run.parameters)}
    spectrum = Spectrum(EIGENVALUES)
    exact = [run(float(lam), target="exact", **values) for lam in EIGENVALUES]
    assert run.noise_sums(spectrum, **values) == pytest.approx(float(sum(exact)), rel=1e-13)


EXTREME = {
    "sgd": {"learning_rate": [1e-40, 1e-29, 1e-3, 1.5, 2 - 2**-10]},
    "heavy-ball": {
        "learning_rate": [1e-40, 1e-29, 0.1, 3.5 - 2**-10],
        "momentum": [0.75],
    },
    # the leading coefficient of the denominator vanishes with the momentum
    "qhm": {
        "learning_rate": [1e-25, 0.1, 1.5],
        "momentum": [0.0, 1e-200, 1e-70, 1e-30, 0.5],
        "nu": [1e-20, 0.7],
    },
}


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("size", [1, 7, 4999])
def test_poles_far_and_near(name: str, size: int) -> None:
    run = evaluator(name)
    eigenvalues = np.arange(1.0, size + 1) ** -1.5
    grid = np.meshgrid(*EXTREME[name].values(), indexing="ij")
    points: dict[str, Any] = dict(zip(EXTREME[name], (axis.ravel() for axis in grid), strict=True))
    found = run.noise_sums(eigenvalues, **points)
    for place, total in enumerate(found):
        values = {key: column[place] for key, column in points.items()}
        each = [float(run(float(lam), target="exact", **values)) for lam in eigenvalues[:20]]
        each += list(run(eigenvalues[20:], **values)) if size > 20 else []
        assert total == pytest.approx(math.fsum(each), rel=1e-12)


@pytest.mark.parametrize("memory", [1, 2])
def test_no_number_stays_none(memory: int, rng: np.random.Generator) -> None:
    points: dict[str, Any] = random_points(memory, 5, rng)
    points.pop("lam")
    values: dict[str, Any] = {name: np.full(3, column[0]) for name, column in points.items()}
    values["q0"] = np.array([math.nan, math.inf, 1e200])
    found = recurrences(memory).noise_sums([1.0, 0.5], **values)
    assert not (found < math.inf).any()
    assert math.isnan(found[0])


def test_multiplicities_count() -> None:
    run = evaluator("sgd")
    twice = run.noise_sums(Spectrum([1, 0.5], weights=[2, 3]), learning_rate=0.5)
    assert twice == pytest.approx(2 * run(1, learning_rate=0.5) + 3 * run(0.5, learning_rate=0.5))


@pytest.mark.parametrize(
    ("spectrum", "changes", "message"),
    [
        ([1, -1], {}, "eigenvalues"),
        ([], {}, "must not be empty"),
        ([1], {"threads": 0}, "threads must be an integer >= 1, got 0"),
        ([1], {"threads": 1.5}, "threads must be an integer >= 1"),
        ([1], {"target": "exact"}, "target must be one of numba, cuda, ball, got 'exact'"),
        ([1], {"momentum": 0.5}, "unknown parameter 'momentum'"),
        ([1], {"learning_rate": "fast"}, "learning_rate must be a number"),
    ],
)
def test_bad_input(spectrum: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluator("sgd").noise_sums(spectrum, **{"learning_rate": 0.5, **changes})


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(InputError, match=r"learning_rate \(2,\), momentum \(3,\)"):
        evaluator("heavy-ball").noise_sums([1], learning_rate=[1, 2], momentum=[0, 0.1, 0.2])


@pytest.mark.parametrize("spectrum", [Spectrum.power_law(1.1), Spectrum.power_law(1.1, count=9999)])
def test_wide_panels_are_cut(spectrum: Spectrum, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close to the boundary the first panel is too wide for memory 3: a finer rule tells."""

    def slow(*arguments: Any) -> None:
        raise AssertionError("one by one")

    monkeypatch.setattr("sgdmem.numeric.compiled_maps.family_sums._one_by_one", slow)
    momenta = ["0.9", "0.5", "0.2"]
    run = evaluator(lambda rate: aggmo(rate, momenta))
    rates = np.linspace(2.7, 2.955, 60)
    found = run.noise_sums(spectrum, target="ball", rate=rates)
    assert np.isnan(run.noise_sums(spectrum.compressed, rate=rates)).any()
    assert np.isfinite(found.mid).all()
    for k in range(0, 60, 20):
        verdict = stability(aggmo(Fraction(rates[k]), momenta), spectrum, 1)
        assert abs(found.mid[k] - verdict.noise_sum) <= found.rad[k] + 1e-12 * found.mid[k]
